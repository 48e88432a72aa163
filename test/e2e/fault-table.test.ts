// A sample of the table of faults; test/campaigns has all of it.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allCells, rowsOf, tableOf } from '../support/fault-table.ts';
import { Place } from '../support/histories/place.ts';

/** A prime, so that each sample has cells of every call. */
const EVERY = 29;

const place = new Place();
beforeAll(() => place.open(0));
afterAll(() => place.close());

test('the program makes of these faults what the table says', async () => {
  const cells = allCells().filter(({ fault }, index) => index % EVERY === 0 && fault !== 'no answer');
  const table = readFileSync(new URL('../campaigns/fault-table.txt', import.meta.url), 'utf8');
  expect(rowsOf(await tableOf(place, cells), cells)).toBe(rowsOf(table, cells));
});
