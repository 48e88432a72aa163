// The journal of a daemon: one daemon for each journal; it goes on in memory while the file cannot be written, from a
// copy of what could be read; and the file gets what is new once it can be written again, and nothing else.
import { mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DaemonJournalOptions, openDaemonJournal } from '../../../src/adapters/journal/journal.ts';
import { MIGRATIONS } from '../../../src/adapters/journal/migrations.ts';
import { EMPTY_BOOK } from '../../../src/core/alerts/records.ts';
import type { RotatorError } from '../../../src/core/errors.ts';
import type { DaemonJournal, Journal } from '../../../src/core/journal-ports.ts';
import { EMPTY_FLEET } from '../../../src/core/records.ts';
import { alertBookContract } from '../../contract/alert-book.ts';
import { journalContract } from '../../contract/journal.ts';
import { aChannel, aStory } from '../../support/alert-rows.ts';
import { HandClock } from '../../support/clock.ts';
import { aRotation, aTarget, finished, folder, NOW, ownJournal } from '../../support/journal.ts';

interface Scene {
  readonly path: string;
  readonly journal: DaemonJournal;
  readonly clock: HandClock;
  /** The file was given up (the message), or is written again (`well`). */
  readonly changes: string[];
  readonly warnings: RotatorError[];
}

async function start(path = join(folder(), 'journal.db'), options: Partial<DaemonJournalOptions> = {}): Promise<Scene> {
  const clock = new HandClock(NOW);
  const changes: string[] = [];
  const warnings: RotatorError[] = [];
  const journal = await openDaemonJournal(
    { path },
    {
      who: { instance: 'prod', pid: 17, host: 'vm-1' },
      leaseHolder: 'daemon:',
      process: 'daemon:me',
      clock,
      busyTimeoutMs: 20,
      onChange: (reason) => changes.push(reason?.message ?? 'well'),
      warn: (reason) => warnings.push(reason),
      ...options,
    },
  );
  onTestFinished(() => journal.close());
  return { path, journal, clock, changes, warnings };
}

/** Keeps everybody from writing to the journal, as long as the result is not called; it can be read meanwhile. */
function hold(path: string): () => void {
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const end = () => other.isOpen && other.close();
  onTestFinished(() => void end());
  return () => void end();
}

/** A folder in the place of the journal: it can be neither written nor read. */
function blocked(): { readonly path: string; readonly clear: () => void } {
  const path = join(folder(), 'journal.db');
  mkdirSync(path);
  return { path, clear: () => rmdirSync(path) };
}

/** What the file holds, as another process sees it. */
const fileOf = (path: string): Promise<Journal> => ownJournal(path, { mode: 'read' });

/** So much later that the file is tried again. */
function tryAgain({ clock }: Scene): Promise<void> {
  return clock.advance(30_000);
}

const inMemory = async (clock = new HandClock(NOW)) => (await start(blocked().path, { clock })).journal;
journalContract('the journal of a daemon without its file', inMemory);
alertBookContract('the journal of a daemon without its file', inMemory);

describe('the lock', () => {
  test('is held by one daemon, and freed when it closes', async () => {
    const { path, journal } = await start();
    await expect(start(path)).rejects.toMatchObject({ code: 'ERR_DAEMON_RUNNING' });
    await journal.close();
    await start(path);
  });

  test('ends the leases of the daemon that held it before, and those of nobody else', async () => {
    const path = join(folder(), 'journal.db');
    const before = await ownJournal(path);
    const leases = { a: 'daemon:1', b: 'daemon:2', c: 'once:daemon:', d: 'Daemon:3', e: 'daemon%' };
    for (const [key, token] of Object.entries(leases)) await before.acquireLease(key, token);
    const { journal } = await start(path);
    const taken = Object.keys(leases).map((key) => journal.acquireLease(key, 'x'));
    expect(await Promise.all(taken)).toEqual([true, true, false, false, false]);
  });

  test('is not held by a daemon that was refused for another reason', async () => {
    const path = join(folder(), 'journal.db');
    const newer = [...MIGRATIONS, (db: DatabaseSync) => db.exec('CREATE TABLE b (a)')];
    await (await ownJournal(path, { migrations: newer })).close();
    await expect(start(path)).rejects.toMatchObject({ code: 'ERR_JOURNAL_NEWER' });
    await start(path, { migrations: newer });
  });

  test('that another daemon took meanwhile keeps a daemon that began without it in memory', async () => {
    const path = join(folder(), 'journal.db');
    mkdirSync(`${path}.lock`);
    const first = await start(path);
    rmdirSync(`${path}.lock`);
    const second = await start(path);
    await tryAgain(first);
    expect(first.journal.degraded?.error.code).toBe('ERR_DAEMON_RUNNING');
    expect(first.warnings.map(({ code }) => code)).toEqual(['ERR_DAEMON_RUNNING']);
    await second.journal.close();
    await tryAgain(first);
    expect(first.journal.degraded).toBeUndefined();
  });
});

describe('a file that cannot be written', () => {
  test('at the start is told once, and everything works without it', async () => {
    const { path, clear } = blocked();
    const scene = await start(path);
    const { journal, changes } = scene;
    expect(changes).toEqual([`journal ${path} is a folder, not a file`]);
    expect(journal.degraded).toMatchObject({ since: NOW, error: { code: 'ERR_JOURNAL_UNWRITABLE' } });
    await journal.commit({ target: aTarget(), rotation: aRotation() });
    expect(await journal.targets()).toEqual([aTarget()]);
    clear();
    await tryAgain(scene);
    expect(changes.slice(1)).toEqual(['well']);
    expect(journal.degraded).toBeUndefined();
  });

  test('later: the copy in memory knows everything that the file holds, and the call that failed is made there', async () => {
    const { path, journal, changes } = await start();
    const [open, done] = [aRotation(), finished(aRotation())];
    const book = { putStories: [aStory('a')], putChannels: [aChannel('ops')] };
    await journal.commit({ target: aTarget(), rotation: open });
    await journal.commit({ rotation: done });
    await journal.updateAlerts(() => book);
    await (await ownJournal(path)).commit({ target: aTarget({ name: 'blog', key: 'blog' }) });
    hold(path);
    await journal.commit({ target: aTarget({ lastPassAt: NOW }) });
    expect(changes).toEqual([`journal ${path} is held by another process`]);
    expect((await journal.targets()).map(({ name, lastPassAt }) => [name, lastPassAt])).toEqual([
      ['blog', null],
      ['shop-prod', NOW],
    ]);
    expect(await journal.rotations({ limit: 9 })).toEqual([done, open]);
    expect((await journal.alertBook()).stories).toEqual(book.putStories);
    expect((await (await fileOf(path)).target(aTarget().key))?.lastPassAt).toBeNull();
  });

  test('an update during which it fails is made once more, in memory', async () => {
    const { path, journal } = await start();
    await journal.updateAlerts(() => ({ putStories: [aStory('a')] }));
    hold(path);
    const seen: number[] = [];
    await journal.updateAlerts(({ stories }) => {
      seen.push(stories.length);
      return { putStories: [aStory('b')] };
    });
    expect(seen).toEqual([1]);
    expect((await journal.alertBook()).stories.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('because its folder is read-only: the copy is read from the file', async () => {
    const path = join(folder(), 'journal.db');
    const before = await ownJournal(path);
    await before.commit({ target: aTarget() });
    await before.close();
    mkdirSync(`${path}.lock`);
    expect(await (await start(path)).journal.targets()).toEqual([aTarget()]);
  });

  test('because a row is damaged: the others are in memory, and it stays so until the row is repaired', async () => {
    const path = join(folder(), 'journal.db');
    const before = await ownJournal(path);
    const rotation = finished(aRotation());
    await before.commit({ target: aTarget(), rotation });
    await before.commit({ target: aTarget({ name: 'blog', key: 'blog' }) });
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    const set = (state: string) =>
      other.prepare("UPDATE targets SET document = json_set(document, '$.state', ?) WHERE key = 'blog'").run(state);
    set('splendid');
    const scene = await start(path);
    expect(scene.changes).toEqual([expect.stringMatching(/is damaged: its target does not fit \(state: /)]);
    expect(await scene.journal.targets()).toEqual([aTarget()]);
    expect(await scene.journal.rotations({ limit: 9 })).toEqual([rotation]);
    await tryAgain(scene);
    expect(scene.journal.degraded).toBeDefined();
    set('healthy');
    await tryAgain(scene);
    expect((await scene.journal.targets()).map(({ name, state }) => [name, state])).toEqual([
      ['blog', 'healthy'],
      ['shop-prod', 'unknown'],
    ]);
  });

  test('because a newer program migrated it meanwhile', async () => {
    const { path, journal } = await start();
    const newer = [...MIGRATIONS, (db: DatabaseSync) => db.exec('CREATE TABLE b (a)')];
    await ownJournal(path, { migrations: newer });
    await journal.commit({ target: aTarget() });
    expect(journal.degraded?.error.code).toBe('ERR_JOURNAL_NEWER');
    expect(await journal.targets()).toEqual([aTarget()]);
  });

  test('is tried again after 30 s by the steady clock and not before', async () => {
    const scene = await start();
    const { path, journal, clock } = scene;
    const letGo = hold(path);
    await journal.commit({ target: aTarget() });
    letGo();
    clock.step(3_600_000);
    await clock.advance(29_999);
    expect(journal.degraded).toBeDefined();
    await clock.advance(1);
    expect(journal.degraded).toBeUndefined();
  });

  test('does not swallow a mistake of the caller', async () => {
    const { journal, changes } = await start();
    const rotation = finished(aRotation());
    await journal.commit({ rotation });
    await expect(journal.commit({ rotation: { ...rotation, outcome: 'failed' } })).rejects.toThrow(TypeError);
    expect(changes).toEqual([]);
  });
});

describe('when the file can be written again', () => {
  /** A daemon whose file is held after `before`, does `meanwhile`, and gets it back. */
  async function away(before: (journal: Journal) => Promise<unknown>, meanwhile: (scene: Scene) => Promise<unknown>) {
    const scene = await start();
    await before(scene.journal);
    const letGo = hold(scene.path);
    await scene.journal.updateFleet((fleet) => fleet);
    await meanwhile(scene);
    letGo();
    await tryAgain(scene);
    expect(scene.changes.slice(1)).toEqual(['well']);
    return { ...scene, file: await fileOf(scene.path) };
  }

  test('it gets every rotation that is new or was finished meanwhile, oldest first, with the state of its target', async () => {
    const [old, open] = [finished(aRotation()), aRotation()];
    const done = finished(open);
    const [first, second] = [finished(aRotation()), aRotation()];
    const written = aTarget({ lastPassAt: NOW + 1, renewalAt: NOW + 9 });
    const blog = aTarget({ name: 'blog', key: 'blog', lastPassAt: NOW });
    const { file } = await away(
      async (journal) => {
        await journal.commit({ target: aTarget(), rotation: old });
        await journal.commit({ target: blog, rotation: open });
      },
      async ({ journal }) => {
        for (const rotation of [done, first, second]) await journal.commit({ target: written, rotation });
        await journal.commit({ target: { ...blog, lastPassAt: NOW + 1 } });
      },
    );
    expect(await file.rotations({ limit: 9 })).toEqual([second, first, done, old]);
    expect(await file.target(written.key)).toEqual(written);
    // Nothing was rotated there: its next pass reads the provider.
    expect(await file.target('blog')).toEqual(blog);
  });

  test('it keeps what the fleet was, because only reading tells what is so now', async () => {
    const { file } = await away(
      async () => undefined,
      ({ journal }) => journal.updateFleet((fleet) => ({ ...fleet, apple: {} })),
    );
    expect(await file.fleet()).toEqual(EMPTY_FLEET);
  });

  test('a rotation that another process finished, and a later state of a target, stay as that process left them', async () => {
    const open = aRotation();
    const theirs = finished(open, { outcome: 'failed' });
    const later = aTarget({ lastPassAt: NOW + 5 });
    const scene = await start();
    await scene.journal.commit({ target: aTarget(), rotation: open });
    // To this daemon the disk is full; another process can write.
    renameSync(scene.path, `${scene.path}.away`);
    await scene.journal.commit({ target: aTarget({ lastPassAt: NOW }), rotation: finished(open) });
    await scene.journal.commit({ rotation: finished(aRotation()) });
    renameSync(`${scene.path}.away`, scene.path);
    const other = await ownJournal(scene.path);
    await other.commit({ target: later, rotation: theirs });
    await tryAgain(scene);
    const file = await fileOf(scene.path);
    expect((await file.rotations({ limit: 9 })).map(({ outcome }) => outcome)).toEqual(['succeeded', 'failed']);
    expect(await file.target(later.key)).toEqual(later);
  });

  test('a write that the process which ended its row did not know of has a row of its own', async () => {
    const opened = aRotation({ fingerprint: null, intent: null });
    const theirs = finished(opened, { outcome: 'failed' });
    const written = { ...opened, ...aRotation({ id: opened.id, fingerprint: 'cd'.repeat(32) }) };
    const lost = aRotation({ fingerprint: null, intent: null });
    const scene = await start();
    for (const rotation of [opened, lost]) await scene.journal.commit({ target: aTarget(), rotation });
    renameSync(scene.path, `${scene.path}.away`);
    await scene.journal.commit({ rotation: finished(written) });
    await scene.journal.commit({ rotation: { ...written, id: lost.id, fingerprint: 'ef'.repeat(32) } });
    renameSync(`${scene.path}.away`, scene.path);
    const other = await ownJournal(scene.path);
    for (const rotation of [theirs, finished(lost, { outcome: 'failed' })]) await other.commit({ rotation });
    await tryAgain(scene);
    const rows = await (await fileOf(scene.path)).rotations({ limit: 9 });
    expect(rows).toHaveLength(4);
    expect(rows).toContainEqual(theirs);
    expect(rows.find(({ fingerprint }) => fingerprint?.startsWith('cd'))).toMatchObject({
      outcome: 'succeeded',
      settles: opened.id,
    });
    expect(rows.find(({ fingerprint }) => fingerprint?.startsWith('ef'))).toMatchObject({
      outcome: 'failed',
      settles: null,
      finishedAt: NOW,
    });
  });

  test('alerts are as they are in memory, and rows of another process stay', async () => {
    const rows = {
      putStories: [aStory('ends'), aStory('stays')],
      putChannels: [aChannel('ops', { failures: 1 })],
      memo: { watchedSince: { shop: 1 } },
    };
    const scene = await start();
    await scene.journal.updateAlerts(() => rows);
    renameSync(scene.path, `${scene.path}.away`);
    await scene.journal.updateAlerts(() => ({
      putStories: [aStory('new'), aStory('stays', { told: {} })],
      removeStories: ['ends'],
      putChannels: [aChannel('ops', { digestAt: 6 })],
      memo: { watchedSince: {} },
    }));
    const book = await scene.journal.alertBook();
    renameSync(`${scene.path}.away`, scene.path);
    await (await ownJournal(scene.path)).updateAlerts(() => ({ putStories: [aStory('theirs')] }));
    await tryAgain(scene);
    const { stories, channels, memo } = await (await fileOf(scene.path)).alertBook();
    expect(new Set(stories)).toEqual(new Set([...book.stories, aStory('theirs')]));
    expect([channels, memo]).toEqual([book.channels, book.memo]);
  });

  test('a file that could not even be read keeps its states, its memo and what it has open, and gets what is new', async () => {
    const path = join(folder(), 'journal.db');
    const before = await ownJournal(path);
    const known = aTarget({ lastPassAt: NOW - 1, configKeys: ['Issuer'] });
    await before.commit({ target: known });
    await before.updateAlerts(() => ({
      putStories: [aStory('old')],
      memo: { watchedSince: { [known.key]: 1 } },
    }));
    await before.close();
    renameSync(path, `${path}.away`);
    mkdirSync(path);
    const scene = await start(path);
    expect(await scene.journal.alertBook()).toEqual(EMPTY_BOOK);
    const rotation = finished(aRotation());
    const fresh = aTarget({ name: 'fresh', key: 'fresh' });
    await scene.journal.commit({ target: aTarget({ lastPassAt: NOW }), rotation });
    await scene.journal.commit({ target: fresh });
    await scene.journal.updateAlerts(() => ({
      putStories: [aStory('new')],
      memo: { watchedSince: { [known.key]: 9 } },
    }));
    rmdirSync(path);
    renameSync(`${path}.away`, path);
    await tryAgain(scene);
    const file = await fileOf(path);
    expect(await file.rotations({ limit: 9 })).toEqual([rotation]);
    expect(await file.targets()).toEqual([fresh, known]);
    const { stories, memo } = await file.alertBook();
    expect(stories.map(({ id }) => id)).toEqual(['old', 'new']);
    expect(memo).toEqual({ watchedSince: { [known.key]: 1 } });
  });

  test('a file that was deleted is begun anew with all that was known', async () => {
    const scene = await start();
    const rotation = finished(aRotation());
    const blog = aTarget({ name: 'blog', key: 'blog' });
    await scene.journal.commit({ target: aTarget(), rotation });
    await scene.journal.commit({ target: blog });
    await scene.journal.updateAlerts(() => ({ putStories: [aStory('a')] }));
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${scene.path}${suffix}`, { force: true });
    await scene.journal.commit({ target: aTarget({ lastPassAt: NOW }) });
    expect(scene.changes[0]).toContain('was moved, deleted or replaced while it was open');
    await tryAgain(scene);
    const file = await fileOf(scene.path);
    expect(await file.targets()).toEqual([blog, aTarget({ lastPassAt: NOW })]);
    expect(await file.rotations({ limit: 9 })).toEqual([rotation]);
    expect((await file.alertBook()).stories).toEqual([aStory('a')]);
  });

  test('a lease outlives its going and coming, and is lost if somebody took it meanwhile', async () => {
    const { journal } = await away(
      async (own) => {
        await own.acquireLease('a', 'daemon:1');
      },
      async (scene) => {
        expect(await scene.journal.renewLease('a', 'daemon:1')).toBe(true);
        await scene.journal.acquireLease('b', 'daemon:2');
      },
    );
    const renewed = ['a', 'b'].map((key, i) => journal.renewLease(key, `daemon:${i + 1}`));
    expect(await Promise.all(renewed)).toEqual([true, true]);
  });

  test('what it does not get at the first attempt it gets at the next, and once', async () => {
    const scene = await start();
    const letGo = hold(scene.path);
    const rotation = finished(aRotation());
    await scene.journal.commit({ rotation });
    await tryAgain(scene);
    expect(scene.changes).toHaveLength(1);
    letGo();
    await tryAgain(scene);
    const letGoAgain = hold(scene.path);
    await scene.journal.updateFleet((fleet) => fleet);
    letGoAgain();
    await tryAgain(scene);
    expect(await (await fileOf(scene.path)).rotations({ limit: 9 })).toEqual([rotation]);
    expect(scene.changes.filter((change) => change === 'well')).toHaveLength(2);
  });

  test('closing is one more attempt', async () => {
    const scene = await start();
    const letGo = hold(scene.path);
    await scene.journal.commit({ target: aTarget(), rotation: finished(aRotation()) });
    letGo();
    await scene.journal.close();
    expect(await (await fileOf(scene.path)).rotations({ limit: 9 })).toHaveLength(1);
  });
});
