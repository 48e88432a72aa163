// A journal that cannot be written, and one that everybody may write, are told of by `once`. Under a daemon:
// test/system/minutes, and a disk that becomes full: test/system/disk.
import { chmodSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { alertPlace } from '../support/alert-place.ts';

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
