// The degradable journal: the shared contract over SQLite, and going on while the storage fails, at open or later,
// for real (a locked file, a deleted one) and by a storage that fails on demand.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDegradableJournal } from '../../../src/adapters/journal/degradable.ts';
import { createMemoryJournal } from '../../../src/adapters/journal/memory.ts';
import { openSqliteJournal } from '../../../src/adapters/journal/sqlite.ts';
import { type AlertBook, EMPTY_BOOK, EMPTY_MEMO } from '../../../src/core/alerts/records.ts';
import { RotatorError } from '../../../src/core/errors.ts';
import type { DegradableJournal, Journal } from '../../../src/core/ports.ts';
import { MINUTE } from '../../../src/core/time.ts';
import { alertBookContract, sharedAlertBookContract } from '../../contract/alert-book.ts';
import { journalContract, sharedJournalContract } from '../../contract/journal.ts';
import { aChannel, aCondition, aDelivery } from '../../support/alert-rows.ts';
import { aWritten } from '../../support/builders.ts';
import { aFleet, counted, oneMore } from '../../support/fleet.ts';
import { aRotation, aTarget, finished, folder, MovableClock, NOW } from '../../support/journal.ts';

const HALF_MINUTE = 30_000;

const trouble = (): RotatorError =>
  new RotatorError('ERR_JOURNAL_UNWRITABLE', 'journal j cannot grow: the disk is full', { hint: 'Free space.' });

/** A storage that lasts and can be made to fail; `broken` also fails its opening. */
class Storage {
  readonly rows = createMemoryJournal();
  broken = false;
  opened = 0;
  closed = 0;

  open = async (): Promise<Journal> => {
    this.opened += 1;
    if (this.broken) throw trouble();
    const close = async (): Promise<void> => {
      this.closed += 1;
    };
    const failing = <A extends unknown[], T>(call: (...args: A) => Promise<T>) => {
      return async (...args: A): Promise<T> => {
        if (this.broken) throw trouble();
        return call(...args);
      };
    };
    const { rows } = this;
    return {
      target: failing(rows.target),
      targets: failing(rows.targets),
      commit: failing(rows.commit),
      openRotations: failing(rows.openRotations),
      rotations: failing(rows.rotations),
      fleet: failing(rows.fleet),
      updateFleet: failing(rows.updateFleet),
      acquireLease: failing(rows.acquireLease),
      renewLease: failing(rows.renewLease),
      releaseLease: failing(rows.releaseLease),
      endLeases: failing(rows.endLeases),
      alertBook: failing(rows.alertBook),
      updateAlerts: failing(rows.updateAlerts),
      close,
    };
  };
}

interface Scene {
  readonly journal: DegradableJournal;
  readonly clock: MovableClock;
  /** What onChange was told: messages, or `well`. */
  readonly told: string[];
}

async function over(open: () => Promise<Journal>): Promise<Scene> {
  const clock = new MovableClock();
  const told: string[] = [];
  const journal = await openDegradableJournal({
    open,
    clock,
    onChange: (reason) => told.push(reason?.message ?? 'well'),
  });
  onTestFinished(() => journal.close());
  return { journal, clock, told };
}

function sqliteAt(path: string, busyTimeoutMs = 5000): () => Promise<Journal> {
  return () => openSqliteJournal({ path, clock: new MovableClock(), mode: 'write', busyTimeoutMs });
}

const overSqlite = async (): Promise<Journal> => {
  const { journal, told } = await over(sqliteAt(join(folder(), 'journal.db')));
  onTestFinished(() => expect(told).toEqual([]));
  return journal;
};
const overNothing = async (): Promise<Journal> => {
  const storage = new Storage();
  storage.broken = true;
  return (await over(storage.open)).journal;
};
const shared = (): { path: string; open: () => Promise<Journal> } => {
  const path = join(folder(), 'journal.db');
  return { path, open: async () => (await over(sqliteAt(path))).journal };
};
journalContract('the degradable journal', overSqlite);
alertBookContract('the degradable journal', overSqlite);
journalContract('the degradable journal without its storage', overNothing);
alertBookContract('the degradable journal without its storage', overNothing);
sharedJournalContract('the degradable journal', 'degradable', shared);
sharedAlertBookContract('the degradable journal', 'degradable', shared);

describe('a storage that fails', () => {
  test('at open: it is told once, everything works, and nothing throws', async () => {
    const storage = new Storage();
    storage.broken = true;
    const { journal, told } = await over(storage.open);
    expect(journal.degraded).toMatchObject({ code: 'ERR_JOURNAL_UNWRITABLE', message: trouble().message });
    const target = aTarget();
    await journal.commit({ target, rotation: aRotation() });
    expect(await journal.target(target.key)).toEqual(target);
    expect(await journal.openRotations(target.key)).toHaveLength(1);
    expect(await journal.acquireLease('k', 'a', NOW, MINUTE)).toBe(true);
    expect(await journal.acquireLease('k', 'b', NOW, MINUTE)).toBe(false);
    expect(counted(await journal.updateFleet(oneMore))).toBe(1);
    expect(told).toEqual([trouble().message]);
    expect(storage.opened).toBe(1);
  });

  test('later: the mirror knows what the storage held before this process began', async () => {
    const storage = new Storage();
    const [target, open, old] = [aTarget(), aRotation(), finished(aRotation())];
    await storage.rows.commit({ target, rotation: old });
    await storage.rows.commit({ rotation: open });
    await storage.rows.updateFleet(oneMore);
    const { journal, told } = await over(storage.open);
    expect(journal.degraded).toBeUndefined();
    storage.broken = true;
    expect(await journal.target(target.key)).toEqual(target);
    expect(journal.degraded).toMatchObject({ message: trouble().message });
    expect(await journal.targets()).toEqual([target]);
    expect(await journal.openRotations(target.key)).toEqual([open]);
    expect(await journal.rotations({ limit: 5 })).toEqual([open, old]);
    expect(await journal.fleet()).toEqual(aFleet(1));
    expect(told).toEqual([trouble().message]);
    expect(storage.closed).toBe(1);
  });

  test('later: the mirror knows an old open rotation that newer history hides', async () => {
    const storage = new Storage();
    const open = aRotation();
    await storage.rows.commit({ target: aTarget(), rotation: open });
    for (let i = 0; i < 250; i += 1) await storage.rows.commit({ rotation: finished(aRotation()) });
    const { journal } = await over(storage.open);
    storage.broken = true;
    expect(await journal.openRotations(open.targetKey)).toEqual([open]);
  });

  test('later: the mirror knows what this process and others wrote meanwhile, as far as it was read', async () => {
    const storage = new Storage();
    const { journal } = await over(storage.open);
    const rotation = aRotation();
    await journal.commit({ target: aTarget({ lastPassAt: 1 }), rotation });
    await journal.commit({ rotation: finished(rotation) });
    await storage.rows.commit({ target: aTarget({ name: 'other', lastPassAt: 2 }) });
    await storage.rows.updateFleet(oneMore);
    await journal.targets();
    await journal.fleet();
    storage.broken = true;
    expect((await journal.targets()).map(({ lastPassAt }) => lastPassAt)).toEqual([2, 1]);
    expect(await journal.rotations({ limit: 5 })).toEqual([finished(rotation)]);
    expect(counted(await journal.fleet())).toBe(1);
  });

  test('is tried again after 30 s and not before, and told once when it is back', async () => {
    const storage = new Storage();
    const { journal, clock, told } = await over(storage.open);
    storage.broken = true;
    await journal.commit({ target: aTarget({ lastPassAt: 1 }) });
    storage.broken = false;
    clock.advance(HALF_MINUTE - 1);
    await journal.commit({ target: aTarget({ lastPassAt: 2 }) });
    expect([journal.degraded?.code, storage.opened]).toEqual(['ERR_JOURNAL_UNWRITABLE', 1]);
    expect(await storage.rows.targets()).toEqual([]);
    clock.advance(1);
    expect((await journal.target(aTarget().key))?.lastPassAt).toBe(2);
    expect([journal.degraded, storage.opened]).toEqual([undefined, 2]);
    expect(await storage.rows.targets()).toEqual([aTarget({ lastPassAt: 2 })]);
    expect(told).toEqual([trouble().message, 'well']);
  });

  test('is tried again every 30 s by the steady clock for as long as it fails', async () => {
    const storage = new Storage();
    storage.broken = true;
    const { journal, clock, told } = await over(storage.open);
    for (let i = 0; i < 4; i += 1) {
      clock.advance(HALF_MINUTE);
      await Promise.all([journal.targets(), journal.fleet(), journal.targets()]);
    }
    clock.wall += 365 * 24 * 60 * MINUTE;
    await journal.targets();
    expect(storage.opened).toBe(5);
    expect(told).toEqual([trouble().message]);
  });

  test('does not swallow a mistake of the caller', async () => {
    const storage = new Storage();
    const { journal, told } = await over(storage.open);
    const done = finished(aRotation());
    await journal.commit({ rotation: done });
    await expect(journal.commit({ rotation: { ...done, outcome: 'failed' } })).rejects.toThrow('never changes again');
    const fault = new Error('a fault of the pass');
    const failing = (): never => {
      throw fault;
    };
    await expect(journal.updateFleet(failing)).rejects.toBe(fault);
    expect(told).toEqual([]);
  });

  test('of a newer program is not gone on without', async () => {
    const newer = new RotatorError('ERR_JOURNAL_NEWER', 'journal j is of schema 2', { hint: 'Restore.' });
    await expect(over(() => Promise.reject(newer))).rejects.toBe(newer);
  });

  test('in a way that nobody foresaw is gone on without', async () => {
    const { journal, told } = await over(() => Promise.reject(new Error('no such module')));
    expect(journal.degraded?.code).toBe('ERR_INTERNAL');
    expect(told).toEqual(['unexpected: no such module']);
  });
});

describe('when the storage is back', () => {
  async function away(): Promise<Scene & { storage: Storage; back: () => Promise<unknown> }> {
    const storage = new Storage();
    const scene = await over(storage.open);
    await scene.journal.updateFleet(oneMore);
    storage.broken = true;
    await scene.journal.fleet();
    const back = (): Promise<unknown> => {
      storage.broken = false;
      scene.clock.advance(HALF_MINUTE);
      return scene.journal.fleet();
    };
    return { ...scene, storage, back };
  }

  test('it gets every rotation in the order in which they began, open and finished', async () => {
    const { journal, storage, back } = await away();
    const [first, second] = [aRotation({ emergency: true }), aRotation({ emergency: true })];
    await journal.commit({ target: aTarget({ lastRotationAt: NOW }), rotation: first });
    await journal.commit({ rotation: second });
    await journal.commit({ rotation: finished(first) });
    await back();
    expect(await storage.rows.rotations({ limit: 5 })).toEqual([second, finished(first)]);
    expect(await storage.rows.target(first.targetKey)).toEqual(aTarget({ lastRotationAt: NOW }));
  });

  test('changes of the fleet are made again on what it holds by then', async () => {
    const { journal, storage, back } = await away();
    await journal.updateFleet(oneMore);
    await storage.rows.updateFleet(() => aFleet(10));
    expect(await back()).toEqual(aFleet(11));
    expect(await journal.fleet()).toEqual(aFleet(11));
  });

  test('a later pass of another process outranks ours, unless its clock was wrong', async () => {
    const { journal, storage, clock, back } = await away();
    const ours = { state: 'failed', lastPassAt: NOW } as const;
    for (const name of ['older', 'later', 'wrong']) await journal.commit({ target: aTarget({ name, ...ours }) });
    const theirs = { older: NOW - 1, later: NOW + 1, wrong: clock.now() + 24 * 60 * MINUTE };
    for (const [name, lastPassAt] of Object.entries(theirs)) {
      await storage.rows.commit({ target: aTarget({ name, state: 'healthy', lastPassAt }) });
    }
    await back();
    expect((await journal.targets()).map(({ name, state }) => [name, state])).toEqual([
      ['later', 'healthy'],
      ['older', 'failed'],
      ['wrong', 'failed'],
    ]);
  });

  test('what it knew of a target before anybody could read it stays known, beside what was seen meanwhile', async () => {
    const storage = new Storage();
    const written = aWritten({ shape: 'masked' });
    const { fingerprint, keyId, issuedAt, expiresAt } = written;
    const hidden = { fingerprint: null, keyId: null, issuedAt: null, expiresAt: null, shape: 'masked' } as const;
    const old = aTarget({
      state: 'healthy',
      written,
      deployed: { fingerprint, keyId, issuedAt, expiresAt, shape: 'masked' },
      renewalAt: NOW + 1,
      lastRotationAt: written.at,
      lastPassAt: NOW - 1,
      keyThumbprints: { [keyId]: written.thumbprint },
      configKeys: ['Issuer'],
      foreign: [{ fingerprint: 'f', at: NOW - 5 }],
      dueSince: NOW - 9,
    });
    await storage.rows.commit({ target: old });
    storage.broken = true;
    const { journal, clock } = await over(storage.open);
    const seen = aTarget({
      state: 'pending',
      lastPassAt: NOW,
      lastGatherAt: NOW,
      deployed: hidden,
      configKeys: ['Issuer', 'Scope'],
      dueSince: NOW,
    });
    await journal.commit({ target: seen });
    const rewritten = aTarget({ name: 'rewritten', written: aWritten({ fingerprint: 'new' }), lastPassAt: NOW });
    await storage.rows.commit({ target: { ...rewritten, written, lastPassAt: NOW - 1 } });
    await journal.commit({ target: rewritten });
    storage.broken = false;
    clock.advance(HALF_MINUTE);
    const known = { ...old, state: 'pending', lastPassAt: NOW, lastGatherAt: NOW, configKeys: ['Issuer', 'Scope'] };
    expect(await journal.target(old.key)).toEqual(known);
    expect((await storage.rows.target(rewritten.key))?.written?.fingerprint).toBe('new');
  });

  test('a rotation that another process finished stays as it left it', async () => {
    const storage = new Storage();
    const rotation = aRotation();
    await storage.rows.commit({ target: aTarget(), rotation });
    const { journal, clock } = await over(storage.open);
    storage.broken = true;
    await journal.commit({ rotation: finished(rotation, { outcome: 'failed' }) });
    await storage.rows.commit({ rotation: finished(rotation) });
    storage.broken = false;
    clock.advance(HALF_MINUTE);
    expect(await journal.rotations({ limit: 5 })).toEqual([finished(rotation)]);
    expect(journal.degraded).toBeUndefined();
  });

  test('what it did not get at the first attempt it gets at the next', async () => {
    const { journal, storage, clock, told } = await away();
    const done = finished(aRotation());
    await journal.commit({ target: aTarget(), rotation: done });
    storage.broken = false;
    const { updateFleet } = storage.rows;
    await journal.updateFleet(oneMore);
    storage.rows.updateFleet = () => Promise.reject(trouble());
    clock.advance(HALF_MINUTE);
    await journal.targets();
    expect([journal.degraded?.code, told]).toEqual(['ERR_JOURNAL_UNWRITABLE', [trouble().message]]);
    storage.rows.updateFleet = updateFleet;
    clock.advance(HALF_MINUTE);
    await journal.targets();
    expect(told).toEqual([trouble().message, 'well']);
    expect(await storage.rows.rotations({ limit: 5 })).toEqual([done]);
    expect(counted(await storage.rows.fleet())).toBe(2);
  });

  test('a lease outlives its going and coming, and is lost if somebody took it meanwhile', async () => {
    const storage = new Storage();
    const { journal, clock } = await over(storage.open);
    for (const key of ['kept', 'taken']) await journal.acquireLease(key, 'ours', clock.now(), 2 * MINUTE);
    storage.broken = true;
    expect(await journal.renewLease('kept', 'ours', clock.now(), 2 * MINUTE)).toBe(true);
    expect(await journal.renewLease('taken', 'ours', clock.now(), 2 * MINUTE)).toBe(true);
    await storage.rows.releaseLease('taken', 'ours');
    await storage.rows.acquireLease('taken', 'theirs', clock.now(), 2 * MINUTE);
    storage.broken = false;
    clock.advance(HALF_MINUTE);
    expect(await journal.renewLease('kept', 'ours', clock.now(), 2 * MINUTE)).toBe(true);
    expect(await journal.renewLease('taken', 'ours', clock.now(), 2 * MINUTE)).toBe(false);
    storage.broken = true;
    expect(await journal.renewLease('taken', 'ours', clock.now(), 2 * MINUTE)).toBe(false);
    expect(await journal.renewLease('kept', 'ours', clock.now(), 2 * MINUTE)).toBe(true);
  });

  test('a lease that came back with it outlives its next going as well', async () => {
    const storage = new Storage();
    const { journal, clock } = await over(storage.open);
    await journal.acquireLease('k', 'ours', clock.now(), 2 * MINUTE);
    for (let i = 0; i < 2; i += 1) {
      storage.broken = true;
      await journal.fleet();
      storage.broken = false;
      clock.advance(HALF_MINUTE);
      await journal.fleet();
    }
    storage.broken = true;
    expect(await journal.acquireLease('k', 'another', clock.now(), 2 * MINUTE)).toBe(false);
    expect(await journal.renewLease('k', 'ours', clock.now(), 2 * MINUTE)).toBe(true);
  });

  test('it gets what it missed once, and not again after its next going', async () => {
    const { journal, storage, back } = await away();
    const target = aTarget({ state: 'failed' });
    await journal.commit({ target });
    await journal.updateFleet(oneMore);
    await back();
    const theirs = { ...target, state: 'healthy' } as const;
    await storage.rows.commit({ target: theirs });
    storage.broken = true;
    await journal.fleet();
    await back();
    expect(await storage.rows.target(target.key)).toEqual(theirs);
    expect(counted(await storage.rows.fleet())).toBe(2);
  });

  test('closing writes back what it can', async () => {
    const { journal, storage } = await away();
    await journal.commit({ target: aTarget() });
    storage.broken = false;
    await journal.close();
    expect(await storage.rows.targets()).toEqual([aTarget()]);
    expect(storage.closed).toBe(2);
  });

  test('a backlog beyond its bound loses its oldest rotations alone', async () => {
    const { journal, storage, back } = await away();
    const rows = Array.from({ length: 1002 }, () => finished(aRotation()));
    for (const rotation of rows) await journal.commit({ rotation });
    await back();
    const kept = await storage.rows.rotations({ limit: 2000 });
    expect([kept.length, kept[0]?.id, kept.at(-1)?.id]).toEqual([1000, rows[1001]?.id, rows[2]?.id]);
  });
});

describe('the alert book without its storage', () => {
  const told = { memo: { digestAt: NOW, watchedSince: { k: NOW } } };

  /** A storage with a condition, two deliveries and a channel, known to the journal; then it fails. */
  async function away() {
    const storage = new Storage();
    const [first, second] = [aDelivery(), aDelivery()];
    await storage.rows.updateAlerts(() => ({
      putConditions: [aCondition('a'), aCondition('b')],
      addDeliveries: [first, second],
      putChannels: [aChannel('ops'), aChannel('boss')],
      ...told,
    }));
    const scene = await over(storage.open);
    storage.broken = true;
    await scene.journal.fleet();
    const back = async (): Promise<AlertBook> => {
      storage.broken = false;
      scene.clock.advance(HALF_MINUTE);
      await scene.journal.fleet();
      return storage.rows.alertBook();
    };
    return { ...scene, storage, first, second, back };
  }

  test('is the one that it held, and is changed in memory', async () => {
    const { journal, storage, first, second } = await away();
    const before = await storage.rows.alertBook();
    expect(await journal.alertBook()).toEqual(before);
    const third = aDelivery();
    await journal.updateAlerts(() => ({ removeDeliveries: [first.id], addDeliveries: [third] }));
    expect((await journal.alertBook()).deliveries).toEqual([second, third]);
    expect(await storage.rows.alertBook()).toEqual(before);
  });

  test('also knows what this process and others changed meanwhile, as far as it was read', async () => {
    const storage = new Storage();
    const { journal } = await over(storage.open);
    await storage.rows.updateAlerts(() => ({ putConditions: [aCondition('theirs')] }));
    await journal.updateAlerts(() => ({ putConditions: [aCondition('ours')] }));
    storage.broken = true;
    expect((await journal.alertBook()).conditions).toEqual([aCondition('theirs'), aCondition('ours')]);
    storage.broken = false;
  });

  test('an update during which the storage fails is made once more, in memory', async () => {
    const storage = new Storage();
    const { updateAlerts } = storage.rows;
    let isFailing = false;
    storage.rows.updateAlerts = async (change) => {
      if (!isFailing) return updateAlerts(change);
      change(await storage.rows.alertBook());
      throw trouble();
    };
    const { journal } = await over(storage.open);
    isFailing = true;
    let asked = 0;
    await journal.updateAlerts(() => {
      asked += 1;
      return { putConditions: [aCondition(`asked-${asked}`)] };
    });
    expect((await journal.alertBook()).conditions).toEqual([aCondition('asked-2')]);
    expect(journal.degraded?.code).toBe('ERR_JOURNAL_UNWRITABLE');
  });

  test('what was delivered, added and changed from memory is so in the storage when it is back', async () => {
    const { journal, first, second, back } = await away();
    const [third, fourth] = [aDelivery(), aDelivery()];
    const escalated = aCondition('b', { toldAt: NOW + 1 });
    const failing = aChannel('ops', { failures: 1 });
    await journal.updateAlerts(() => ({
      removeConditions: ['a'],
      putConditions: [escalated, aCondition('c')],
      addDeliveries: [third, fourth],
      putChannels: [failing],
      removeChannels: ['boss'],
      memo: { digestAt: NOW + 1, watchedSince: {} },
    }));
    await journal.updateAlerts(() => ({ removeDeliveries: [first.id, third.id] }));
    const after = {
      conditions: [escalated, aCondition('c')],
      deliveries: [second, fourth],
      channels: [failing],
      memo: { digestAt: NOW + 1, watchedSince: {} },
    };
    expect(await back()).toEqual(after);
    expect(await journal.alertBook()).toEqual(after);
  });

  test("another process's rows stay, and so does what it changed of ours that we did not", async () => {
    const { journal, storage, first, second, back } = await away();
    const theirs = aDelivery({ channel: 'theirs' });
    const changed = aCondition('b', { toldAt: NOW + 9 });
    await storage.rows.updateAlerts(() => ({
      putConditions: [aCondition('theirs'), changed],
      addDeliveries: [theirs],
      putChannels: [aChannel('theirs'), aChannel('ops', { failures: 9 })],
      memo: { digestAt: NOW + 9, watchedSince: {} },
    }));
    await journal.updateAlerts(() => ({ putConditions: [aCondition('a', { toldAt: NOW + 1 })] }));
    expect(await back()).toEqual({
      conditions: [aCondition('a', { toldAt: NOW + 1 }), changed, aCondition('theirs')],
      deliveries: [first, second, theirs],
      channels: [aChannel('ops', { failures: 9 }), aChannel('boss'), aChannel('theirs')],
      memo: { digestAt: NOW + 9, watchedSince: {} },
    });
  });

  test('a storage that was replaced gets everything that is known', async () => {
    const { journal, storage, first, second, back } = await away();
    await journal.updateAlerts(() => ({ removeDeliveries: [first.id] }));
    const known = await journal.alertBook();
    await storage.rows.updateAlerts(({ conditions, deliveries, channels }) => ({
      removeConditions: conditions.map(({ finding }) => finding.id),
      removeDeliveries: deliveries.map(({ id }) => id),
      removeChannels: channels.map(({ name }) => name),
      memo: EMPTY_MEMO,
    }));
    expect(await back()).toEqual({ ...known, deliveries: [second] });
  });

  test('what is delivered after a return that failed half-way does not wait in the storage', async () => {
    const { journal, storage, clock, first, second, back } = await away();
    const third = aDelivery();
    await journal.updateAlerts(() => ({ addDeliveries: [third], putConditions: [aCondition('c')] }));
    const { alertBook } = storage.rows;
    const half = { ...storage.rows, alertBook: () => Promise.reject(trouble()) };
    Object.assign(storage.rows, half);
    storage.broken = false;
    clock.advance(HALF_MINUTE);
    await journal.fleet();
    expect(journal.degraded?.code).toBe('ERR_JOURNAL_UNWRITABLE');
    expect((await alertBook()).deliveries).toEqual([first, second, third]);
    storage.rows.alertBook = alertBook;
    await journal.updateAlerts(() => ({ removeDeliveries: [second.id, third.id], removeConditions: ['c'] }));
    const { conditions, deliveries } = await back();
    expect([conditions, deliveries]).toEqual([[aCondition('a'), aCondition('b')], [first]]);
    expect(journal.degraded).toBeUndefined();
  });

  test('a condition found while the stored one was not known keeps whom that one was told', async () => {
    const storage = new Storage();
    storage.broken = true;
    await storage.rows.updateAlerts(() => ({
      putConditions: [aCondition('a', { foundAt: NOW - 5, told: { ops: 'old', pager: 'p' } })],
      ...told,
    }));
    const { journal, clock } = await over(storage.open);
    await journal.updateAlerts(() => ({ putConditions: [aCondition('a', { told: { ops: 'new' } })] }));
    storage.broken = false;
    clock.advance(HALF_MINUTE);
    expect(await journal.alertBook()).toEqual({
      ...EMPTY_BOOK,
      conditions: [aCondition('a', { foundAt: NOW - 5, told: { ops: 'new', pager: 'p' } })],
      ...told,
    });
  });

  test('a memo that was begun while the stored one was not known does not begin anew what that one knows', async () => {
    const storage = new Storage();
    storage.broken = true;
    await storage.rows.updateAlerts(() => told);
    const { journal, clock } = await over(storage.open);
    await journal.updateAlerts(() => ({ memo: { digestAt: NOW + 1, watchedSince: { k: NOW + 2, fresh: NOW + 2 } } }));
    storage.broken = false;
    clock.advance(HALF_MINUTE);
    expect((await journal.alertBook()).memo).toEqual({ digestAt: NOW, watchedSince: { k: NOW, fresh: NOW + 2 } });
  });

  test('does not swallow a mistake of the caller', async () => {
    const storage = new Storage();
    const { journal, told } = await over(storage.open);
    await expect(journal.updateAlerts(() => ({ addDeliveries: [aDelivery({ at: Number.NaN })] }))).rejects.toThrow(
      'the journal cannot keep this change of alerts: addDeliveries.0.at: ',
    );
    expect(told).toEqual([]);
  });
});

describe('over a real file', () => {
  test('that another process holds: it goes on, and the file has everything afterwards', async () => {
    const path = join(folder(), 'journal.db');
    const { journal, clock, told } = await over(sqliteAt(path, 20));
    await journal.commit({ target: aTarget({ lastPassAt: 1 }) });
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    await journal.commit({ target: aTarget({ lastPassAt: 2 }), rotation: aRotation() });
    expect(told).toEqual([`journal ${path} is held by another process`]);
    other.exec('ROLLBACK');
    clock.advance(HALF_MINUTE);
    await journal.fleet();
    expect(journal.degraded).toBeUndefined();
    expect(other.prepare("SELECT document ->> 'lastPassAt' AS at FROM targets").all()).toEqual([{ at: 2 }]);
    expect(other.prepare('SELECT count(*) AS n FROM rotations').get()).toEqual({ n: 1 });
  });

  test('that another process holds: what waits to be delivered is in the file afterwards, and nothing else', async () => {
    const path = join(folder(), 'journal.db');
    const { journal, clock } = await over(sqliteAt(path, 20));
    const [first, second] = [aDelivery(), aDelivery()];
    await journal.updateAlerts(() => ({ addDeliveries: [first] }));
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    await journal.updateAlerts(() => ({ addDeliveries: [second], putConditions: [aCondition('a')] }));
    await journal.updateAlerts(() => ({ removeDeliveries: [first.id] }));
    expect(journal.degraded?.message).toBe(`journal ${path} is held by another process`);
    other.exec('ROLLBACK');
    clock.advance(HALF_MINUTE);
    await journal.alertBook();
    expect(journal.degraded).toBeUndefined();
    expect(other.prepare('SELECT id FROM alert_deliveries').all()).toEqual([{ id: second.id }]);
    expect(other.prepare('SELECT id FROM alert_conditions').all()).toEqual([{ id: 'a' }]);
  });

  test('that somebody deleted: the new one gets all that the mirror knows', async () => {
    const path = join(folder(), 'journal.db');
    const { journal, clock, told } = await over(sqliteAt(path));
    const open = aRotation();
    await journal.commit({ target: aTarget(), rotation: open });
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`);
    expect(await journal.targets()).toEqual([aTarget()]);
    expect(told).toEqual([`journal ${path} was moved, deleted or replaced while it was open`]);
    clock.advance(HALF_MINUTE);
    await journal.fleet();
    const second = await sqliteAt(path)();
    onTestFinished(() => second.close());
    expect(await second.targets()).toEqual([aTarget()]);
    expect(await second.openRotations(open.targetKey)).toEqual([open]);
  });
});
