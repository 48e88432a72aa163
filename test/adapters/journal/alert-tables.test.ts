// The alert book on SQLite: a row that somebody or the disk damaged silences no other, and the file holds no secret.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RotatorError } from '../../../src/core/errors.ts';
import type { Journal } from '../../../src/core/journal-ports.ts';
import { aChannel, aFinding, aStory } from '../../support/alert-rows.ts';
import { folder, NOW, ownJournal } from '../../support/journal.ts';

interface Scene {
  readonly path: string;
  readonly journal: Journal;
  readonly db: DatabaseSync;
  /** What the journal told of damaged rows. */
  readonly told: RotatorError[];
}

async function scene(): Promise<Scene> {
  const path = join(folder(), 'journal.db');
  const told: RotatorError[] = [];
  const journal = await ownJournal(path, { warn: (reason) => told.push(reason) });
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  return { path, journal, db, told };
}

const count = (db: DatabaseSync, table: string): unknown =>
  db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];

describe('a damaged row', () => {
  const rows = {
    putStories: [aStory('a'), aStory('b')],
    putChannels: [aChannel('ops'), aChannel('boss')],
    memo: { watchedSince: { shop: NOW } },
  };

  test.each([
    [
      'alert_stories',
      "json_set(document, '$.members[0].finding.condition', 'NotOfThisWorld') WHERE id = 'a'",
      { stories: [aStory('b')] },
      /^journal \S+ is damaged: its story a does not fit \(members\.0\.finding\.condition: invalid .*\) and is removed; the others are kept$/,
    ],
    [
      'alert_stories',
      "json_set(document, '$.id', 'b') WHERE id = 'a'",
      { stories: [aStory('b')] },
      /its story a does not fit \(its key is another\) and is removed/,
    ],
    [
      'alert_stories',
      "json_remove(document, '$.members[0].finding.facts.failures') WHERE id = 'a'",
      { stories: [aStory('b')] },
      /its story a does not fit \(members\.0\.finding\.facts\.failures: invalid/,
    ],
    [
      'alert_channels',
      "json_set(document, '$.failures', 'many') WHERE name = 'ops'",
      { channels: [aChannel('boss')] },
      /its channel state ops does not fit \(failures: invalid/,
    ],
    ['alert_memo', "'{}'", { memo: { watchedSince: {} } }, /its memo of alerts does not fit \(watchedSince: /],
    [
      'alert_channels',
      "'[]' WHERE name = 'ops'",
      { channels: [aChannel('boss')] },
      /its channel state ops does not fit \(the whole: invalid/,
    ],
  ])('of %s (%s) is left out, told, and removed by the next update', async (table, damage, left, message) => {
    const { journal, db, told } = await scene();
    await journal.updateAlerts(() => rows);
    const before = await journal.alertBook();
    const full = Number(count(db, table));
    db.exec(`UPDATE ${table} SET document = ${damage}`);

    const found = { ...before, ...left };
    expect(await journal.alertBook()).toEqual(found);
    expect(told.map(({ code }) => code)).toEqual(['ERR_JOURNAL_UNWRITABLE']);
    expect(told[0]?.message).toMatch(message);
    expect(told[0]?.hint).toBe('Check its disk, and see what is open: apple-secret-rotator alerts');
    expect(count(db, table)).toBe(full);

    await journal.updateAlerts(() => ({}));
    expect(count(db, table)).toBe(full - 1);
    expect(await journal.alertBook()).toEqual(found);
    expect(told).toHaveLength(1);
  });

  test('stays until an update holds, and may be replaced by it', async () => {
    const { journal, db } = await scene();
    await journal.updateAlerts(() => rows);
    db.exec("UPDATE alert_stories SET document = '{}' WHERE id = 'a'");
    const failing = (): never => {
      throw new Error('not this time');
    };
    await expect(journal.updateAlerts(failing)).rejects.toThrow('not this time');
    expect(count(db, 'alert_stories')).toBe(2);
    const anew = aStory('a', { since: NOW + 1 });
    await journal.updateAlerts(() => ({ putStories: [anew] }));
    expect((await journal.alertBook()).stories).toEqual([aStory('b'), anew]);
    expect(count(db, 'alert_stories')).toBe(2);
  });

  test('does not keep a command from showing the others', async () => {
    const { path, journal, db } = await scene();
    await journal.updateAlerts(() => rows);
    db.exec("UPDATE alert_stories SET document = '{}' WHERE id = 'a'");
    const reader = await ownJournal(path, { mode: 'read' });
    expect((await reader.alertBook()).stories).toEqual([aStory('b')]);
    await expect(reader.updateAlerts(() => ({ removeStories: ['b'] }))).rejects.toMatchObject({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} is not writable by this user`,
    });
  });
});

test('no secret of an alert is in any byte of the files', async () => {
  const { path, journal } = await scene();
  const jwt = `eyJhbGciOiJFUzI1NiIsImtpZCI6IksxIn0.${'QUJD'.repeat(20)}.${'x'.repeat(86)}`;
  const error = { code: 'ERR_INTERNAL', message: jwt, hint: `Bearer ${'s3cret'.repeat(4)}` } as const;
  const finding = aFinding();
  const leaking = { ...finding, error, target: { key: jwt, name: jwt, envId: jwt, providerId: null } };
  const story = aStory('a', { finding: leaking });
  const [told] = Object.values(story.told);
  if (told === undefined) throw new TypeError('nobody was told');
  await journal.updateAlerts(() => ({
    putStories: [{ ...story, told: { ops: { ...told, thread: jwt, next: jwt } } }],
    putChannels: [aChannel('ops', { error })],
    memo: { watchedSince: { [jwt]: 1 } },
  }));
  const home = join(path, '..');
  const bytes = readdirSync(home)
    .map((name) => readFileSync(join(home, name), 'latin1'))
    .join('\n');
  expect(bytes).toContain('[redacted JWT]');
  for (const secret of ['eyJhbGciOiJFUzI1NiIsImtpZCI6', 'QUJDQUJD', 'xxxxxxxxxx', 's3crets3cret']) {
    expect(bytes).not.toContain(secret);
  }
});
