// The journal in memory: the shared contract, and the bound that keeps a mirror small.
import { expect, test } from 'vitest';
import { createMemoryJournal } from '../../../src/adapters/journal/memory.ts';
import { alertBookContract } from '../../contract/alert-book.ts';
import { journalContract } from '../../contract/journal.ts';
import { aRotation, finished } from '../../support/journal.ts';

journalContract('the memory journal', async () => createMemoryJournal());
alertBookContract('the memory journal', async () => createMemoryJournal());

test('a bounded journal forgets the oldest finished rotations, and no open one', async () => {
  const journal = createMemoryJournal({ maxFinished: 3 });
  const open = aRotation();
  const rows = [open, ...[1, 2, 3, 4].map(() => finished(aRotation()))];
  for (const rotation of rows) await journal.commit({ rotation });
  const kept = (await journal.rotations({ limit: 10 })).map(({ id }) => id);
  expect(kept).toEqual([rows[4]?.id, rows[3]?.id, open.id]);
});
