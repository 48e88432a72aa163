// The alert book on SQLite: a row that somebody or the disk damaged silences no other, and the file holds no secret.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RotatorError } from '../../../src/core/errors.ts';
import type { Journal } from '../../../src/core/ports.ts';
import { aChannel, aCondition, aDelivery } from '../../support/alert-rows.ts';
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
    putConditions: [aCondition('a'), aCondition('b')],
    addDeliveries: [aDelivery({ id: 'd1' }), aDelivery({ id: 'd2' })],
    putChannels: [aChannel('ops'), aChannel('boss')],
    memo: { digestAt: NOW, watchedSince: {} },
  };

  test.each([
    [
      'alert_conditions',
      "json_set(document, '$.finding.condition', 'NotOfThisWorld') WHERE id = 'a'",
      { conditions: [aCondition('b')] },
      /^journal \S+ is damaged: its condition a does not fit \(finding\.condition: invalid .*\) and is removed; the others are kept$/,
    ],
    [
      'alert_conditions',
      "json_set(document, '$.finding.id', 'b') WHERE id = 'a'",
      { conditions: [aCondition('b')] },
      /its condition a does not fit \(its key is another\) and is removed/,
    ],
    [
      'alert_conditions',
      "json_remove(document, '$.finding.facts.failures') WHERE id = 'a'",
      { conditions: [aCondition('b')] },
      /its condition a does not fit \(finding\.facts\.failures: invalid/,
    ],
    [
      'alert_deliveries',
      "'[]' WHERE id = 'd1'",
      { deliveries: [rows.addDeliveries[1]] },
      /its delivery d1 does not fit \(the whole: invalid/,
    ],
    [
      'alert_channels',
      "json_set(document, '$.failures', 'many') WHERE name = 'ops'",
      { channels: [aChannel('boss')] },
      /its channel state ops does not fit \(failures: invalid/,
    ],
    [
      'alert_memo',
      "'{}'",
      { memo: { digestAt: null, watchedSince: {} } },
      /its memo of alerts does not fit \(digestAt: /,
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
    db.exec("UPDATE alert_conditions SET document = '{}' WHERE id = 'a'");
    const failing = (): never => {
      throw new Error('not this time');
    };
    await expect(journal.updateAlerts(failing)).rejects.toThrow('not this time');
    expect(count(db, 'alert_conditions')).toBe(2);
    const anew = aCondition('a', { foundAt: NOW + 1 });
    await journal.updateAlerts(() => ({ putConditions: [anew] }));
    expect((await journal.alertBook()).conditions).toEqual([aCondition('b'), anew]);
    expect(count(db, 'alert_conditions')).toBe(2);
  });

  test('does not keep a command from showing the others', async () => {
    const { path, journal, db } = await scene();
    await journal.updateAlerts(() => rows);
    db.exec("UPDATE alert_conditions SET document = '{}' WHERE id = 'a'");
    const reader = await ownJournal(path, { mode: 'read' });
    expect((await reader.alertBook()).conditions).toEqual([aCondition('b')]);
    await expect(reader.updateAlerts(() => ({ removeConditions: ['b'] }))).rejects.toMatchObject({
      code: 'ERR_JOURNAL_UNWRITABLE',
      message: `journal ${path} is not writable by this user`,
    });
  });
});

test('an outbox can be looked through by channel', async () => {
  const { journal, db } = await scene();
  await journal.updateAlerts(() => ({ addDeliveries: [aDelivery({ id: 'd1', channel: 'boss' })] }));
  expect(db.prepare('SELECT id, channel FROM alert_deliveries').all()).toEqual([{ id: 'd1', channel: 'boss' }]);
});

test('no secret of an alert is in any byte of the files', async () => {
  const { path, journal } = await scene();
  const jwt = `eyJhbGciOiJFUzI1NiIsImtpZCI6IksxIn0.${'QUJD'.repeat(20)}.${'x'.repeat(86)}`;
  const error = { code: 'ERR_INTERNAL', message: jwt, hint: `Bearer ${'s3cret'.repeat(4)}` } as const;
  const { finding } = aCondition('a');
  const leaking = { ...finding, error, target: { key: jwt, name: jwt, envId: jwt, providerId: null } };
  const subject = { kind: 'condition', status: 'raised', finding: leaking, since: 1, until: null } as const;
  await journal.updateAlerts(() => ({
    putConditions: [aCondition('a', { finding: leaking, told: { ops: jwt } })],
    addDeliveries: [aDelivery({ subject: { ...subject, thread: jwt, closes: [jwt] } })],
    putChannels: [aChannel('ops', { error })],
    memo: { digestAt: null, watchedSince: { [jwt]: 1 } },
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
