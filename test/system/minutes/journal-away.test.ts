// A journal that cannot be written silences nobody: the alert, the heartbeat and `/readyz` tell of it, an emergency is
// still rotated, what fails meanwhile is told from memory, and nothing is told twice when the journal is back.
import { mkdirSync, rmdirSync } from 'node:fs';
import { test } from 'vitest';
import { expectBack, expectOnDuty, expectTold, start } from '../../support/journal-story.ts';

test('before its start: the daemon starts without, and takes the journal up when it can be written', async () => {
  const place = await start();
  // A folder in the place of the journal: nobody, root included, can write that file.
  const inTheWay = [place.journalFile, `${place.journalFile}.lock`];
  for (const path of inTheWay) mkdirSync(path);
  const daemon = place.daemon();
  await expectTold(place, daemon);
  const key = await expectOnDuty(place, daemon);
  for (const path of inTheWay) rmdirSync(path);
  await expectBack(place, daemon, key);
}, 420_000);
