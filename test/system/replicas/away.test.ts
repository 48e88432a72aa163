// The database away: calls end within a bounded time, the pool recovers by itself, and a daemon goes on in memory with
// what it has followed, and gives the database what is new.
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openDaemonJournal } from '../../../src/adapters/journal/journal.ts';
import { EMPTY_BOOK } from '../../../src/core/alerts/records.ts';
import type { DaemonJournal, Journal } from '../../../src/core/journal-ports.ts';
import { alertBookContract } from '../../contract/alert-book.ts';
import { journalContract } from '../../contract/journal.ts';
import { aChannel, aStory } from '../../support/alert-rows.ts';
import { HandClock } from '../../support/clock.ts';
import { aFleet } from '../../support/fleet.ts';
import { freePort } from '../../support/free-port.ts';
import { aRotation, aTarget, child, finished, NOW } from '../../support/journal.ts';
import { PASSWORD, type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { ownPostgresJournal, postgresPlace } from '../../support/postgres-journal.ts';
import { type TcpProxy, tcpProxy } from '../../support/tcp-proxy.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

/** A database that hangs is given up after so long; a busy one answers sooner. */
const WAIT_MS = 1_500;
/** Longer than a call may take in which each of four statements is waited for, on a busy machine. */
const BOUND_MS = 30_000;
/** For the database to be found, on a busy machine. */
const PATIENCE = { timeout: 40_000 };

interface Scene {
  readonly journal: DaemonJournal;
  readonly clock: HandClock;
  readonly changes: string[];
  readonly proxy: TcpProxy;
  /** Another process, that nothing stands before. */
  readonly other: Journal;
  readonly url: string;
}

async function start(name = 'daemon:me'): Promise<Scene> {
  const url = await server.database();
  const proxy = await tcpProxy(server.port);
  const other = await ownPostgresJournal(url);
  const clock = new HandClock(NOW);
  const changes: string[] = [];
  const journal = await daemon(url.replace(`:${server.port}/`, `:${proxy.port}/`), clock, changes, name);
  // Its first look at the database has ended.
  await later({ clock });
  return { journal, clock, changes, proxy, other, url };
}

async function daemon(url: string, clock: HandClock, changes: string[] = [], process = 'daemon:me') {
  const journal = await openDaemonJournal(postgresPlace(url), {
    who: { instance: 'prod', pid: 17, host: 'vm-1' },
    leaseHolder: 'daemon:',
    process,
    clock,
    waitMs: WAIT_MS,
    onChange: (reason) => changes.push(reason?.message ?? 'well'),
    warn: () => undefined,
  });
  onTestFinished(() => journal.close());
  return journal;
}

/** The next time that the database is tried or followed. */
const later = ({ clock }: Pick<Scene, 'clock'>) => clock.advance(10_000);
const isBack = ({ clock, changes }: Pick<Scene, 'clock' | 'changes'>) =>
  vi.waitFor(async () => {
    await later({ clock });
    expect(changes.at(-1)).toBe('well');
  }, PATIENCE);

const nowhere = async (clock = new HandClock(NOW)) =>
  daemon(`postgres://rotator:${PASSWORD}@127.0.0.1:${await freePort()}/rotator`, clock);
journalContract('the journal of a daemon without its database', nowhere);
alertBookContract('the journal of a daemon without its database', () => nowhere());

const FAILURES: readonly (readonly [how: string, fail: (proxy: TcpProxy) => void, said: RegExp])[] = [
  ['hangs', (proxy) => proxy.hang(), /does not answer in time/],
  ['is cut off', (proxy) => proxy.cut(), /cannot be reached|does not answer in time/],
  ['is cut off before it answers', (proxy) => proxy.cutAnswers(), /cannot be reached/],
];

describe.each(FAILURES)('a database that %s', (_, fail, said) => {
  test('leaves a daemon what it has followed; what it does then is in the database later, once', async () => {
    const scene = await start();
    const { journal, proxy, other, changes } = scene;
    const [known, open, past] = [aTarget({ name: 'known' }), aRotation(), finished(aRotation())];
    await other.commit({ target: known, rotation: open });
    await other.commit({ rotation: past });
    await other.updateFleet(() => aFleet(2));
    await other.updateAlerts(() => ({ putStories: [aStory('a')], putChannels: [aChannel('ops')] }));
    await journal.acquireLease(open.targetKey, 'daemon:1');
    await later(scene);
    fail(proxy);
    const [target, begun] = [aTarget(), aRotation({ id: aRotation().id })];
    const asked = performance.now();
    await journal.commit({ target, rotation: begun, lease: { key: target.key, token: 'daemon:1', ends: false } });
    expect(performance.now() - asked).toBeLessThan(BOUND_MS);
    expect(changes).toEqual([expect.stringMatching(said)]);
    expect(journal.degraded).toMatchObject({ error: { code: 'ERR_JOURNAL_UNWRITABLE' } });
    expect((await journal.targets()).map(({ name }) => name)).toEqual(['known', 'shop-prod']);
    expect(await journal.openRotations(open.targetKey)).toEqual([open, begun]);
    expect(await journal.fleet()).toEqual(aFleet(2));
    expect((await journal.alertBook()).stories).toEqual([aStory('a')]);
    const done = finished(begun);
    await journal.commit({ target, rotation: done, lease: { key: target.key, token: 'daemon:1', ends: false } });
    await journal.updateAlerts(() => ({
      putStories: [aStory('b')],
      removeStories: ['a'],
      putChannels: [aChannel('ops', { digestAt: NOW })],
    }));
    await other.commit({ target: aTarget({ name: 'meanwhile' }) });
    await later(scene);
    expect(journal.degraded).toBeDefined();

    proxy.pass();
    await isBack(scene);
    expect(changes).toHaveLength(2);
    expect(journal.degraded).toBeUndefined();
    expect((await other.targets()).map(({ name }) => name)).toEqual(['known', 'meanwhile', 'shop-prod']);
    expect(await other.rotations({ limit: 9 })).toEqual([done, past, open]);
    const book = await other.alertBook();
    expect([book.stories, book.channels]).toEqual([[aStory('b')], [aChannel('ops', { digestAt: NOW })]]);
    // The lease was kept all the time.
    expect(await other.acquireLease(target.key, 'another')).toBe(false);
    expect(await journal.renewLease(target.key, 'daemon:1')).toBe(true);
    expect(await journal.targets()).toEqual(await other.targets());
  });

  test('is found by a daemon that does nothing, at its next look', async () => {
    const scene = await start();
    await later(scene);
    fail(scene.proxy);
    await later(scene);
    expect(scene.changes).toEqual([expect.stringMatching(said)]);
    scene.proxy.pass();
    await isBack(scene);
  });

  test('fails each call of a command within a bounded time, and the next one works', async () => {
    const url = await server.database();
    const proxy = await tcpProxy(server.port);
    const journal = await ownPostgresJournal(url.replace(`:${server.port}/`, `:${proxy.port}/`), { waitMs: WAIT_MS });
    await journal.commit({ target: aTarget() });
    fail(proxy);
    const asked = performance.now();
    const calls = await Promise.allSettled(Array.from({ length: 12 }, () => journal.commit({ target: aTarget() })));
    expect(performance.now() - asked).toBeLessThan(BOUND_MS);
    for (const call of calls) expect(call).toMatchObject({ reason: { code: 'ERR_JOURNAL_UNWRITABLE' } });
    proxy.pass();
    await vi.waitFor(() => journal.commit({ target: aTarget({ lastPassAt: NOW }) }), PATIENCE);
    expect(await journal.targets()).toEqual([aTarget({ lastPassAt: NOW })]);
  });
});

test('a slow network is no trouble', async () => {
  const proxy = await tcpProxy(server.port);
  proxy.delay(50);
  const url = (await server.database()).replace(`:${server.port}/`, `:${proxy.port}/`);
  const journal = await ownPostgresJournal(url);
  await journal.commit({ target: aTarget(), rotation: aRotation() });
  expect(await journal.targets()).toEqual([aTarget()]);
});

test('a server that is stopped and started again', async () => {
  const own = await startPostgres();
  onTestFinished(() => own.end());
  const url = await own.database();
  const [clock, changes] = [new HandClock(NOW), [] as string[]];
  const journal = await daemon(url, clock, changes);
  await journal.commit({ target: aTarget() });
  await own.stop();
  await journal.commit({ rotation: finished(aRotation()) });
  expect(changes).toEqual([expect.stringMatching(/cannot be reached/)]);
  await own.start();
  await isBack({ clock, changes });
  expect(await (await ownPostgresJournal(url)).rotations({ limit: 9 })).toHaveLength(1);
});

test('a daemon that began without its database takes part once that is there', async () => {
  const proxy = await tcpProxy(server.port);
  proxy.cut();
  const url = (await server.database()).replace(`:${server.port}/`, `:${proxy.port}/`);
  const [clock, changes] = [new HandClock(NOW), [] as string[]];
  const other = await ownPostgresJournal(url.replace(`:${proxy.port}/`, `:${server.port}/`));
  const memo = { watchedSince: { k: NOW } };
  await other.updateAlerts(() => ({ memo, putStories: [aStory('a')] }));
  await other.commit({ target: aTarget({ lastPassAt: NOW }) });
  const journal = await daemon(url, clock, changes);
  await journal.commit({ target: aTarget({ lastPassAt: NOW + 1 }), rotation: finished(aRotation()) });
  await journal.updateAlerts(() => ({ memo: { watchedSince: {} } }));
  proxy.pass();
  await isBack({ clock, changes });
  // It knew nothing: what others have recorded stays.
  expect(await journal.targets()).toEqual([aTarget({ lastPassAt: NOW })]);
  expect(await journal.rotations({ limit: 9 })).toHaveLength(1);
  expect(await journal.alertBook()).toEqual({ ...EMPTY_BOOK, memo, stories: [aStory('a')] });
});

test('a row that somebody edited keeps a daemon in memory, without the row, until it is mended', async () => {
  const scene = await start();
  const { journal, other, url, changes } = scene;
  for (const name of ['a', 'b']) await other.commit({ target: aTarget({ name }) });
  await later(scene);
  const edit = (from: string, to: string) =>
    server.sql(
      `UPDATE rotator.targets SET document = replace(document, '${from}', '${to}'), revision = revision + 10 WHERE name = 'a'`,
      url.slice(url.lastIndexOf('/') + 1),
    );
  await edit('"unknown"', '"splendid"');
  await later(scene);
  await expect(other.target(aTarget({ name: 'a' }).key)).rejects.toThrow(/its target does not fit \(state/);
  expect(await journal.target(aTarget({ name: 'a' }).key)).toEqual(aTarget({ name: 'a' }));
  expect(changes).toEqual([expect.stringContaining('its target does not fit')]);
  for (let i = 0; i < 3; i += 1) await later(scene);
  expect(await journal.targets()).toHaveLength(2);
  expect(changes).toHaveLength(1);
  await edit('"splendid"', '"unknown"');
  await isBack(scene);
});

test('a process that stands still inside a transaction holds up the others for some seconds at most', async () => {
  const url = await server.database();
  const journal = await ownPostgresJournal(url, { waitMs: 15_000 });
  const frozen = child('standStill', url);
  expect(await frozen.line()).toBe('ready');
  frozen.go();
  expect(await frozen.line()).toBe('inside');
  // It would be refused if it waited for longer.
  await journal.commit({ target: aTarget() });
  // What it would have written is gone.
  expect((await frozen.end()).lines.join()).toContain('ERR_JOURNAL_UNWRITABLE');
  expect(await journal.fleet()).toMatchObject({ lanes: {} });
}, 30_000);

test('writers of several processes wait for one another, and none is refused', async () => {
  const url = await server.database();
  const [one, other] = [await ownPostgresJournal(url), await ownPostgresJournal(url)];
  const commits = Array.from({ length: 200 }, (_, i) =>
    [one, other].map((journal, n) => journal.commit({ target: aTarget({ name: `${n}-${i}` }) })),
  );
  await Promise.all(commits.flat());
  const { states } = await one.changedSince(undefined, 1000);
  expect(states).toHaveLength(400);
});
