// What replicas share beside the journal: who is there, what a dead one has left open, and what requests were answered.
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openPostgresDaemonJournal } from '../../../../src/adapters/journal/postgres/journal.ts';
import type { DaemonJournal } from '../../../../src/core/journal-ports.ts';
import type { ReplicaReport } from '../../../../src/core/records.ts';
import { HandClock } from '../../../support/clock.ts';
import { aRotation, aTarget, finished, NOW } from '../../../support/journal.ts';
import { type Pglite, startPglite } from '../../../support/pglite.ts';
import { postgresPlace } from '../../../support/postgres-journal.ts';

let server: Pglite;
let schemas = 0;
beforeAll(async () => {
  server = await startPglite();
  return () => server.close();
});

let clock: HandClock;
let journal: DaemonJournal;
beforeEach(async () => {
  schemas += 1;
  clock = new HandClock(NOW);
  journal = await openPostgresDaemonJournal(postgresPlace(server.url(`r${schemas}`)), {
    clock,
    process: 'daemon:me',
    time: () => `${clock.now()}::bigint`,
    onChange: () => undefined,
  });
  onTestFinished(() => journal.close());
});

const shared = () => {
  if (journal.replicas === undefined) throw new Error('it is shared by replicas');
  return journal.replicas;
};

function aReport(name: string, change: Partial<ReplicaReport> = {}): ReplicaReport {
  const said = { skewMs: null, aheadMs: null, rejected: null, stalledSince: null, leads: false };
  return { name, version: '1.2.3', startedAt: 1, configuration: 'abc', targets: 3, ...said, ...change };
}

test('a replica is known with what it said last, since when, and for how long it has said nothing', async () => {
  await shared().report(aReport('b'));
  await shared().report(aReport('a', { leads: true }));
  clock.step(30_000);
  await shared().report(aReport('b', { skewMs: 70_000 }));
  clock.step(5_000);
  expect(await shared().replicas()).toEqual([
    { ...aReport('a', { leads: true }), seenAt: NOW, silentMs: 35_000, knownMs: 35_000, left: false },
    { ...aReport('b', { skewMs: 70_000 }), seenAt: NOW + 30_000, silentMs: 5_000, knownMs: 35_000, left: false },
  ]);
});

test('one that said goodbye is new when it comes back, and one that said nothing for a day is forgotten', async () => {
  await shared().report(aReport('a'));
  await shared().report(aReport('b'));
  await shared().leave('a');
  expect((await shared().replicas()).map(({ name, left }) => [name, left])).toEqual([
    ['a', true],
    ['b', false],
  ]);
  clock.step(60_000);
  await shared().report(aReport('a'));
  expect((await shared().replicas())[0]).toMatchObject({ name: 'a', left: false, knownMs: 0 });
  clock.step(24 * 3_600_000 - 1);
  expect((await shared().replicas()).map(({ name }) => name)).toEqual(['a']);
});

test('a target is abandoned that has an open rotation and no lease that holds', async () => {
  const { key, name } = aTarget();
  const row = aRotation({ targetKey: key, target: name });
  await journal.commit({ rotation: row });
  expect(await shared().abandoned()).toEqual([key]);
  await journal.acquireLease(key, 'daemon:other');
  expect(await shared().abandoned()).toEqual([]);
  clock.step(45_001);
  expect(await shared().abandoned()).toEqual([key]);
  await journal.commit({ rotation: finished(row) });
  expect(await shared().abandoned()).toEqual([]);
});

test('an answer is kept for 24 h', async () => {
  expect(await shared().answered('digest')).toBeUndefined();
  const answer = { targetKey: 'a|b|c', id: 'rotation-1' };
  await shared().keepAnswer('digest', answer);
  expect(await shared().answered('digest')).toEqual(answer);
  clock.step(24 * 3_600_000 + 1);
  expect(await shared().answered('digest')).toBeUndefined();
});
