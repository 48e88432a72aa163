// A journal that cannot be written silences nobody: the alert, the heartbeat and `/readyz` tell of it, an emergency is
// still rotated, what fails meanwhile is told from memory, and nothing is told twice when the journal is back.
// A disk that becomes full under the running daemon: test/system/disk.
import { chmodSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { alertPlace } from '../support/alert-place.ts';
import { expectBack, expectOnDuty, expectTold, start } from '../support/journal-story.ts';

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
}, 300_000);

test('a once that nobody watches tells each time that it has no journal', async () => {
  const place = await alertPlace({ daysLeft: 175, settings: { apple: { check: 'off' } } });
  place.configure({ heartbeat: { url: `${place.sandbox.url}/inbox/alive` } });
  mkdirSync(place.journalFile);
  for (const times of [1, 2]) {
    const { code, stderr } = await place.run(['once']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^sent an alert over ops: .*\nerror: .*ERR_JOURNAL_UNW/)]);
    expect(place.heard()).toEqual(Array.from({ length: times }, () => 'raised JournalUnwritable'));
  }
  expect(place.pings('alive')).toEqual(Array.from({ length: 2 }, () => '/fail the journal cannot be written'));
  rmdirSync(place.journalFile);
  expect((await place.run(['once'])).code).toBe(0);
  expect(place.heard()).toHaveLength(2);
  expect(place.pings('alive').at(-1)).toBe('ok');
}, 60_000);

test('a journal that everybody may write is told of, once, and when it no longer is', async () => {
  const place = await alertPlace({ daysLeft: 175, settings: { apple: { check: 'off' } } });
  const once = async () => (await place.run(['once'])).stderr;
  await once();
  expect(place.heard()).toEqual([]);
  const places = [place.journalFile, dirname(place.journalFile)];
  for (const path of places) chmodSync(path, statSync(path).mode | 0o022);
  for (const path of places) expect(await once()).toContain(`every user of this machine may write ${path} (mode `);
  for (const path of places) chmodSync(path, statSync(path).mode & ~0o002);
  expect(await once()).not.toContain('every user');
  expect(place.heard()).toEqual(['raised JournalExposed', 'cleared JournalExposed']);
}, 60_000);
