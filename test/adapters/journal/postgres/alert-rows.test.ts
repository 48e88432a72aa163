// What is kept of the alert book from one transaction to the next, while transactions of one process overlap.
import { expect, test } from 'vitest';
import { AlertRows } from '../../../../src/adapters/journal/postgres/alert-rows.ts';
import type { Transaction } from '../../../../src/adapters/journal/postgres/transaction.ts';
import { EMPTY_BOOK } from '../../../../src/core/alerts/records.ts';
import { aStory } from '../../../support/alert-rows.ts';

/** One in an empty database that says this version of the book. */
const at = (book: number): Transaction => ({
  query: async () => ({ rows: [], rowCount: 0 }),
  schema: 's',
  now: 0,
  versions: { version: 1, minReader: 1, minWriter: 1, fleet: 0, book },
});
const putting = (id: string) => async () => ({ putStories: [aStory(id)] });

test('what was committed is known, and read again only where the version is another', async () => {
  const rows = new AlertRows(() => undefined);
  const written = at(0);
  await rows.update(written, putting('a'));
  rows.settle(written);
  expect((await rows.book(at(1))).stories).toEqual([aStory('a')]);
  expect(await rows.book(at(2))).toEqual(EMPTY_BOOK);
});

test('a change that was rolled back is not known, also if the end of the one before it is heard later', async () => {
  const rows = new AlertRows(() => undefined);
  const [first, second] = [at(0), at(1)];
  await rows.update(first, putting('a'));
  await rows.update(second, putting('b'));
  rows.settle(first);
  // Another process has written this version since.
  expect(await rows.book(at(2))).toEqual(EMPTY_BOOK);
});
