// The contract of the Journal port (src/core/journal-ports.ts), run against every adapter. `journalContract` holds for all of
// them, `sharedJournalContract` for those that several processes use at once.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOTHING_SAID } from '../../src/core/answers.ts';
import type { Journal, Revision, SeenTarget } from '../../src/core/journal-ports.ts';
import { afterBadWrite, type WriteRank } from '../../src/core/lanes.ts';
import { EMPTY_FLEET, type TargetState } from '../../src/core/records.ts';
import { MINUTE } from '../../src/core/time.ts';
import { anyFleet, anyRotation, anyTarget } from '../support/any-record.ts';
import { tries } from '../support/campaign.ts';
import { HandClock } from '../support/clock.ts';
import { aFleet, counted, oneMore } from '../support/fleet.ts';
import { aRotation, aTarget, child, finished, folder, NOW } from '../support/journal.ts';

const CALM: WriteRank = { failedAt: null, urgent: false, requested: false, neededBy: NOW };
/** Of a target that nobody has written. */
const NEW: SeenTarget = { revision: 0, open: 0 };
const RUNS = { numRuns: tries(60) };

/** `open` gives a journal with nothing in it, by this clock if one is given, and closes it after the test. */
export function journalContract(name: string, open: (clock?: HandClock) => Promise<Journal>): void {
  describe(`${name} keeps the journal's contract`, () => {
    test('knows nothing at first', async () => {
      const journal = await open();
      expect(await journal.target('nobody')).toBeUndefined();
      expect(await journal.targets()).toEqual([]);
      expect(await journal.rotations({ limit: 10 })).toEqual([]);
      expect(await journal.openRotations('nobody')).toEqual([]);
      expect(await journal.fleet()).toEqual(EMPTY_FLEET);
    });

    test('gives back every field of a target', async () => {
      const journal = await open();
      await fc.assert(
        fc.asyncProperty(anyTarget, async (target) => {
          await journal.commit({ target });
          expect(await journal.target(target.key)).toEqual(target);
          expect(await journal.targets()).toContainEqual(target);
        }),
        RUNS,
      );
    });

    test('gives back every field of a rotation', async () => {
      const journal = await open();
      await fc.assert(
        fc.asyncProperty(anyRotation, async (drawn) => {
          const rotation = { ...drawn, id: aRotation().id };
          await journal.commit({ rotation });
          expect(await journal.rotations({ limit: 1 })).toEqual([rotation]);
          expect(await journal.rotations({ target: rotation.target, limit: 1 })).toEqual([rotation]);
          const open = await journal.openRotations(rotation.targetKey);
          if (rotation.outcome === null) expect(open).toContainEqual(rotation);
          else expect(open).not.toContainEqual(rotation);
        }),
        RUNS,
      );
    });

    test('gives back every field of the fleet', async () => {
      const journal = await open();
      await fc.assert(
        fc.asyncProperty(anyFleet, async (fleet) => {
          expect(await journal.updateFleet(() => fleet)).toEqual(fleet);
          expect(await journal.fleet()).toEqual(fleet);
        }),
        RUNS,
      );
    });

    test('what it gave out and took in is a copy', async () => {
      const journal = await open();
      const configKeys = ['Issuer'];
      const target = aTarget({ configKeys });
      await journal.commit({ target });
      configKeys.push('changed by the caller');
      for (const read of await journal.targets()) (read.configKeys as string[]).push('changed by a reader');
      expect((await journal.target(target.key))?.configKeys).toEqual(['Issuer']);
    });

    test('lists targets by name, and replaces the state of a renamed one', async () => {
      const journal = await open();
      for (const name of ['c', 'a', 'b']) await journal.commit({ target: aTarget({ name }) });
      await journal.commit({ target: aTarget({ ...aTarget({ name: 'a' }), name: 'z' }) });
      expect((await journal.targets()).map(({ name }) => name)).toEqual(['b', 'c', 'z']);
    });

    test('tells which targets were written since a look, in the order of writing, each once', async () => {
      const journal = await open();
      const since = async (revision?: Revision, limit = 100) => {
        const changed = await journal.changedSince(revision, limit);
        return [changed.states.map(({ name }) => name), changed.revision] as const;
      };
      const put = (name: string, overrides: Partial<TargetState> = {}) =>
        journal.commit({ target: aTarget({ name, ...overrides }) });
      const [none, atFirst] = await since();
      expect(none).toEqual([]);
      for (const name of ['c', 'a', 'b']) await put(name);
      const [all, later] = await since(atFirst);
      expect(all).toEqual(['c', 'a', 'b']);
      expect((await since(later))[0]).toEqual([]);
      await put('b');
      await put('c');
      await put('b', { lastPassAt: NOW });
      expect((await since(later))[0]).toEqual(['c', 'b']);
      expect((await journal.changedSince(later, 100)).states).toEqual([
        aTarget({ name: 'c' }),
        aTarget({ name: 'b', lastPassAt: NOW }),
      ]);
      await journal.updateAlerts((_, recorded) => {
        expect(recorded.changedSince(later, 100).states.map(({ name }) => name)).toEqual(['c', 'b']);
        return {};
      });
      expect((await since())[0]).toEqual(['a', 'c', 'b']);
      const [first, on] = await since(undefined, 2);
      expect([first, (await since(on, 2))[0]]).toEqual([['a', 'c'], ['b']]);
    });

    test('a revision of another journal says nothing: everything has changed', async () => {
      const [one, other] = [await open(), await open()];
      for (let i = 0; i < 3; i += 1) await other.commit({ target: aTarget({ lastPassAt: i }) });
      await one.commit({ target: aTarget() });
      const { revision } = await other.changedSince(undefined, 100);
      expect((await one.changedSince(revision, 100)).states).toEqual([aTarget()]);
    });

    test('an open rotation grows, is finished once, and never changes again', async () => {
      const journal = await open();
      const rotation = aRotation();
      await journal.commit({ rotation });
      await journal.commit({ rotation: { ...rotation, requestIds: ['a'] } });
      expect((await journal.openRotations(rotation.targetKey)).map(({ requestIds }) => requestIds)).toEqual([['a']]);
      const done = finished(rotation, { requestIds: ['a'] });
      await journal.commit({ rotation: done });
      expect(await journal.openRotations(rotation.targetKey)).toEqual([]);

      await journal.commit({ rotation: done });
      for (const changed of [rotation, { ...done, outcome: 'failed' as const }, { ...done, requestIds: [] }]) {
        await expect(journal.commit({ rotation: changed })).rejects.toThrow(
          new TypeError(`rotation ${rotation.id} is finished and never changes again`),
        );
      }
      expect(await journal.rotations({ limit: 10 })).toEqual([done]);
    });

    test('among the last rotations of a target, those that wrote a secret are found', async () => {
      const journal = await open();
      const ofSecret = (fingerprint: string) => finished(aRotation({ fingerprint }));
      const [old, first, second, last] = [ofSecret('a'), ofSecret('b'), ofSecret('b'), ofSecret('c')];
      const other = finished(aRotation({ fingerprint: 'b', target: 'other', targetKey: 'other' }));
      for (const rotation of [old, first, second, other, last]) await journal.commit({ rotation });
      const wrote = (fingerprint: string, limit = 3) =>
        journal.rotations({ target: aTarget().key, limit, fingerprint });
      expect(await wrote('b')).toEqual([second, first]);
      expect(await wrote('b', 2)).toEqual([second]);
      expect(await wrote('a')).toEqual([]);
      expect(await wrote('a', 4)).toEqual([old]);
    });

    test('a rotation keeps its target and its beginning', async () => {
      const journal = await open();
      const rotation = aRotation();
      await journal.commit({ rotation });
      for (const changed of [{ targetKey: 'another' }, { startedAt: NOW + 1 }]) {
        await expect(journal.commit({ rotation: { ...rotation, ...changed } })).rejects.toThrow(/another time/);
      }
      expect(await journal.rotations({ limit: 10 })).toEqual([rotation]);
    });

    test('a commit of which one half fails leaves nothing', async () => {
      const journal = await open();
      const done = finished(aRotation());
      await journal.commit({ rotation: done });
      const target = aTarget();
      await expect(journal.commit({ target, rotation: { ...done, outcome: 'failed' } })).rejects.toThrow(TypeError);
      expect(await journal.target(target.key)).toBeUndefined();
      const unfit = { ...aRotation(), expiresAt: Number.NaN };
      await expect(journal.commit({ target, rotation: unfit })).rejects.toThrow(
        'the journal cannot keep this rotation: expiresAt: ',
      );
      expect(await journal.targets()).toEqual([]);
      expect(await journal.rotations({ limit: 10 })).toEqual([done]);
    });

    test('lists rotations in the order of recording, whatever the clock said', async () => {
      const journal = await open();
      const wrongClock = finished(aRotation({ startedAt: NOW * 2, target: 'old-name' }));
      const first = aRotation({ startedAt: NOW - MINUTE });
      const second = aRotation({ startedAt: NOW });
      const other = aRotation({ target: 'other', targetKey: 'other-key' });
      for (const rotation of [wrongClock, first, other, second]) await journal.commit({ rotation });
      await journal.commit({ rotation: { ...first, requestIds: ['later'] } });

      const ids = async (target: string | undefined, limit: number): Promise<string[]> =>
        (await journal.rotations(target === undefined ? { limit } : { target, limit })).map(({ id }) => id);
      expect(await ids(undefined, 10)).toEqual([second.id, other.id, first.id, wrongClock.id]);
      expect(await ids(undefined, 2)).toEqual([second.id, other.id]);
      expect(await ids('shop-prod', 10)).toEqual([second.id, first.id]);
      expect(await ids(first.targetKey, 10)).toEqual([second.id, first.id, wrongClock.id]);
      expect((await journal.openRotations(first.targetKey)).map(({ id }) => id)).toEqual([first.id, second.id]);
    });

    test('a lease is exclusive until its owner releases it, however long that takes', async () => {
      const clock = new HandClock(NOW);
      const journal = await open(clock);
      const take = (token: string): Promise<boolean> => journal.acquireLease('k', token);
      expect([await take('a'), await take('b'), await take('a')]).toEqual([true, false, true]);
      expect(await journal.acquireLease('another', 'b')).toBe(true);
      await clock.advance(5 * MINUTE);
      expect(await take('b')).toBe(false);
      await journal.releaseLease('k', 'b');
      expect(await take('b')).toBe(false);
      await journal.releaseLease('k', 'a');
      expect(await take('b')).toBe(true);
    });

    test('a lease is renewed by its owner alone', async () => {
      const journal = await open();
      const renew = (token: string): Promise<boolean> => journal.renewLease('k', token);
      expect(await renew('a')).toBe(false);
      await journal.acquireLease('k', 'a');
      expect([await renew('b'), await renew('a')]).toEqual([false, true]);
      await journal.releaseLease('k', 'a');
      expect(await renew('a')).toBe(false);
    });

    test('a commit under a lease ends it, if it says so, and is refused without it as a whole', async () => {
      const journal = await open();
      const [target, rotation] = [aTarget(), aRotation()];
      const lease = { key: target.key, token: 'a' };
      const refused = expect.objectContaining({ code: 'ERR_LEASE_LOST' });
      await expect(journal.commit({ target, rotation, lease: { ...lease, ends: false } })).rejects.toEqual(refused);
      expect([await journal.targets(), await journal.rotations({ limit: 1 })]).toEqual([[], []]);
      await journal.acquireLease(target.key, 'a');
      await journal.commit({ rotation, lease: { ...lease, ends: false } });
      await journal.commit({ target, lease: { ...lease, ends: true } });
      expect(await journal.renewLease(target.key, 'a')).toBe(false);
      await expect(journal.commit({ target, lease: { ...lease, ends: true } })).rejects.toEqual(refused);
    });

    test('a commit of what was seen is refused where the target was written since, or somebody holds its lease', async () => {
      const journal = await open();
      const target = aTarget();
      const refused = expect.objectContaining({ code: 'ERR_LEASE_HELD' });
      expect(await journal.record(target.key)).toEqual({ state: undefined, seen: NEW, open: [], isHeld: false });
      await journal.commit({ target, seen: NEW });
      const { state, seen } = await journal.record(target.key);
      expect(state).toEqual(target);
      await expect(journal.commit({ target, seen: NEW })).rejects.toEqual(refused);
      await journal.commit({ target: aTarget({ name: 'another' }) });
      await journal.acquireLease(target.key, 'a');
      expect(await journal.record(target.key)).toEqual({ state, seen, open: [], isHeld: true });
      await expect(journal.commit({ target, seen })).rejects.toEqual(refused);
      await journal.releaseLease(target.key, 'a');
      await journal.commit({ target, seen });
      const rotation = aRotation({ targetKey: target.key });
      const now = await journal.record(target.key);
      await journal.commit({ rotation });
      expect((await journal.record(target.key)).open).toEqual([rotation]);
      await expect(journal.commit({ target, seen: now.seen })).rejects.toEqual(refused);
    });

    test('a lease begins with a commit of what was seen, or neither is taken', async () => {
      const journal = await open();
      const [target, rotation] = [aTarget(), aRotation({ targetKey: aTarget().key })];
      const { key } = target;
      const begin = (token: string, seen: SeenTarget) =>
        journal.commit({ rotation, seen, lease: { key, token, begins: () => undefined } });
      const refused = expect.objectContaining({ code: 'ERR_LEASE_HELD' });
      await journal.commit({ target });
      await expect(begin('a', NEW)).rejects.toEqual(refused);
      const { seen } = await journal.record(key);
      expect([await journal.rotations({ limit: 1 }), await journal.renewLease(key, 'a')]).toEqual([[], false]);
      await begin('a', seen);
      await expect(begin('b', { ...seen, open: 1 })).rejects.toEqual(refused);
      expect([await journal.openRotations(key), await journal.renewLease(key, 'a')]).toEqual([[rotation], true]);
      await journal.commit({ target, lease: { key, token: 'a', ends: true } });
      expect((await journal.record(key)).isHeld).toBe(false);
    });

    test('a lane has one turn at a time', async () => {
      const journal = await open();
      const take = (token: string, lane = 'l') => journal.takeTurn(lane, token, CALM);
      expect([await take('a'), await take('b'), await take('b', 'another')]).toEqual([true, false, true]);
      await journal.endTurn('l', 'a');
      expect(await take('b')).toBe(true);
    });

    test('a change of the fleet that throws changes nothing', async () => {
      const journal = await open();
      await journal.updateFleet(() => aFleet(2));
      const fault = new Error('not this time');
      const failing = (): never => {
        throw fault;
      };
      await expect(journal.updateFleet(failing)).rejects.toBe(fault);
      expect(await journal.fleet()).toEqual(aFleet(2));
    });

    test('changes of the fleet at one time all count', async () => {
      const journal = await open();
      await Promise.all(Array.from({ length: 50 }, () => journal.updateFleet(oneMore)));
      expect(counted(await journal.fleet())).toBe(50);
    });

    test('finds again what lies behind a host whose name looks like a token', async () => {
      const journal = await open();
      const endpoint = 'https://newgateway-proxy.internal-company.example';
      const key = `${endpoint}|e|apple`;
      const target = aTarget({ endpoint, key });
      const rotation = aRotation({ targetKey: key });
      await journal.commit({ target, rotation });
      expect(await journal.target(key)).toEqual(target);
      expect(await journal.openRotations(key)).toEqual([rotation]);
      const apple = { [`${endpoint}/token`]: { ...NOTHING_SAID, firstAskedAt: NOW } };
      await journal.updateFleet((fleet) => ({ ...fleet, apple }));
      expect((await journal.fleet()).apple).toEqual(apple);
    });

    test('keeps no secret that an error message carries, and keeps a thumbprint that looks like one', async () => {
      const journal = await open();
      const thumbprint = `eyJ${'a'.repeat(40)}`;
      const jwt = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(40)}.${'c'.repeat(86)}`;
      const error = { code: 'ERR_INTERNAL', message: `unexpected: ${jwt}`, hint: jwt } as const;
      const target = aTarget({ error });
      const rotation = finished(aRotation({ error, requestedBy: jwt }));
      await journal.commit({ target, rotation });
      const keys = { K1: { teamId: 'T', thumbprint }, K2: { teamId: 'T', thumbprint: jwt } };
      await journal.updateFleet((fleet) => ({ ...fleet, keys, lanes: afterBadWrite({}, jwt, error, NOW) }));
      const kept = [await journal.targets(), await journal.rotations({ limit: 1 }), await journal.fleet()];
      expect(JSON.stringify(kept)).not.toContain(jwt.slice(0, 20));
      const hidden = aTarget({ key: `k|${jwt}|apple`, envId: jwt });
      await journal.commit({ target: hidden, rotation: aRotation({ targetKey: hidden.key, envId: jwt }) });
      const named = [await journal.targets(), await journal.rotations({ limit: 1 })];
      expect(JSON.stringify(named)).not.toContain(jwt.slice(0, 20));
      const { K1, K2 } = (await journal.fleet()).keys;
      expect([K1?.thumbprint, K2?.thumbprint]).toEqual([thumbprint, '[redacted JWT]']);
    });
  });
}

/** A file, or the URL of a database; `open` opens it again and again, as another process with a clock of its own would. */
export interface SharedPlace {
  readonly path: string;
  readonly open: (clock?: HandClock) => Promise<Journal>;
}

export function sharedJournalContract(name: string, place: () => SharedPlace): void {
  describe(`${name}, shared by processes`, () => {
    async function bothRun(...children: ReturnType<typeof child>[]): Promise<string[][]> {
      for (const each of children) expect(await each.line()).toBe('ready');
      for (const each of children) each.go();
      const ends = await Promise.all(children.map((each) => each.end()));
      for (const { lines, stderr } of ends) expect([stderr, lines.at(-1)]).toEqual(['', 'done']);
      return ends.map(({ lines }) => lines);
    }

    test('of two processes that want a lease one has it', async () => {
      const { path, open } = place();
      await (await open()).close();
      const racers = ['a', 'b'].map((token) => child('leases', path, token, '100'));
      const won = (await bothRun(...racers)).map(([first]) => JSON.parse(first ?? '') as number[]);
      expect(won.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    });

    /** Two processes; time goes by for the one that runs, and for both where that is not said. */
    async function two(offMs = 0) {
      const { open } = place();
      const clocks = [new HandClock(NOW), new HandClock(NOW + offMs)] as const;
      const [one, other] = await Promise.all([open(clocks[0]), open(clocks[1])]);
      return { one, other, clocks, both: (ms: number) => Promise.all(clocks.map((clock) => clock.advance(ms))) };
    }
    const target = aTarget();
    const { key } = target;

    test('a lease of a process that stands still is free after 45 s, and not before', async () => {
      const { one, other, clocks } = await two();
      await one.acquireLease(key, 'a');
      await clocks[1].advance(45_000 - 1);
      expect(await other.acquireLease(key, 'b')).toBe(false);
      await clocks[1].advance(1);
      expect(await other.acquireLease(key, 'b')).toBe(true);
    });

    test('a lease of a process that runs never is, and one that was closed is after 45 s', async () => {
      const { one, other, both } = await two();
      await one.acquireLease(key, 'a');
      await both(10 * MINUTE);
      expect(await other.acquireLease(key, 'b')).toBe(false);
      await one.close();
      await both(45_000);
      expect(await other.acquireLease(key, 'b')).toBe(true);
    });

    test('a process that wakes after another has taken its lease over writes nothing any more, and hears of it', async () => {
      const { one, other, clocks } = await two();
      const [lost, rotation] = [[] as string[], aRotation()];
      await one.acquireLease(key, 'a', () => lost.push('a'));
      await one.commit({ rotation, lease: { key, token: 'a', ends: false } });
      await clocks[1].advance(MINUTE);
      await other.acquireLease(key, 'b');
      const done = finished(rotation, { outcome: 'failed' });
      await other.commit({ target, rotation: done, lease: { key, token: 'b', ends: false } });
      const theirs = { target: aTarget({ lastPassAt: NOW }), rotation: finished(rotation) };
      for (const ends of [true, false])
        await expect(one.commit({ ...theirs, lease: { key, token: 'a', ends } })).rejects.toMatchObject({
          code: 'ERR_LEASE_LOST',
        });
      await one.releaseLease(key, 'x');
      expect(lost).toEqual([]);
      await clocks[0].advance(10_000);
      expect(lost).toEqual(['a']);
      await clocks[0].advance(10 * MINUTE);
      expect(lost).toEqual(['a']);
      expect([await one.target(key), await one.rotations({ limit: 9 })]).toEqual([target, [done]]);
      expect(await other.renewLease(key, 'b')).toBe(true);
    });

    test('a lease that began with a commit is renewed, and its loss told, as one that was taken', async () => {
      const { one, other, clocks, both } = await two();
      const lost: string[] = [];
      const rotation = aRotation({ targetKey: key });
      const { seen } = await one.record(key);
      await one.commit({ rotation, seen, lease: { key, token: 'a', begins: () => lost.push('a') } });
      await both(10 * MINUTE);
      expect(await other.acquireLease(key, 'b')).toBe(false);
      await clocks[1].advance(MINUTE);
      expect(await other.acquireLease(key, 'b')).toBe(true);
      await clocks[0].advance(10_000);
      expect(lost).toEqual(['a']);
    });

    test('a renewal writes only where the last one is 10 s old, and tells of a lease that was lost', async () => {
      const { one, other, clocks } = await two();
      const lost: string[] = [];
      await one.acquireLease('k', 'a', () => lost.push('a'));
      await clocks[0].advance(10_000 - 1);
      expect(await one.renewLease('k', 'a')).toBe(true);
      await clocks[1].advance(45_000);
      expect(await other.acquireLease('k', 'b')).toBe(true);
      expect([await one.renewLease('k', 'a'), lost]).toEqual([false, ['a']]);
    });

    test('a renewal that nobody made for 10 s is made at once', async () => {
      const { open } = place();
      const at = (ms: number) => open(new HandClock(NOW + ms));
      const [one, other, later] = [await at(0), await at(20_000), await at(65_000 - 1)];
      await one.acquireLease('k', 'a');
      expect(await other.renewLease('k', 'a')).toBe(true);
      expect(await later.acquireLease('k', 'b')).toBe(false);
    });

    test.each([
      ['ahead', 60 * MINUTE],
      ['behind', -60 * MINUTE],
    ])('of two processes whose clocks differ the one that took a lease last has it: an hour %s', async (_name, off) => {
      const { one, other, both } = await two(off);
      await one.acquireLease(key, 'a');
      // To this clock the lease is over, or lies further ahead than any lease.
      expect(await other.acquireLease(key, 'b')).toBe(true);
      const lease = { key, ends: false };
      await expect(one.commit({ target, lease: { ...lease, token: 'a' } })).rejects.toMatchObject({
        code: 'ERR_LEASE_LOST',
      });
      await other.commit({ target, lease: { ...lease, token: 'b' } });
      await both(MINUTE);
      expect([await one.renewLease(key, 'a'), await other.renewLease(key, 'b')]).toEqual([false, true]);
    });

    test('what a look has seen is not written over what another process has recorded since', async () => {
      const { one, other } = await two();
      const { seen } = await one.record(key);
      await other.commit({ target, seen });
      await expect(one.commit({ target: aTarget({ lastPassAt: NOW }), seen })).rejects.toMatchObject({
        code: 'ERR_LEASE_HELD',
      });
      expect(await one.target(key)).toEqual(target);
    });

    test('of two processes that race for a lane one writes at a time', async () => {
      const { path, open } = place();
      await (await open()).close();
      const log = join(folder(), 'turns');
      await bothRun(...['a', 'b'].map((token) => child('turns', path, token, '40', log)));
      const turns = readFileSync(log, 'utf8').trim().split('\n');
      expect(turns).toHaveLength(160);
      for (let i = 0; i < turns.length; i += 2) expect(turns[i + 1]).toBe(turns[i]?.replace('begin', 'end'));
    });

    test('of the writes that wait in several processes the most urgent has the next turn, then the one that came first', async () => {
      const { open } = place();
      const journals = await Promise.all(['a', 'b', 'c', 'd'].map(async (token) => ({ token, journal: await open() })));
      const ranks: Record<string, WriteRank> = {
        a: CALM,
        b: { ...CALM, neededBy: Number.POSITIVE_INFINITY },
        c: { ...CALM, urgent: true },
        d: CALM,
      };
      const turns: string[] = [];
      const ask = async () => {
        for (const { token, journal } of journals)
          if (!turns.includes(token) && (await journal.takeTurn('l', token, ranks[token] ?? CALM))) turns.push(token);
      };
      for (let i = 0; i < 4; i += 1) {
        await ask();
        const last = turns.at(-1) ?? '';
        await journals.find(({ token }) => token === last)?.journal.endTurn('l', last);
      }
      expect(turns).toEqual(['a', 'c', 'd', 'b']);
    });

    test('a turn is kept for a further write, unless a more urgent one waits elsewhere', async () => {
      const { one, other } = await two();
      expect([await one.takeTurn('l', 'a', CALM), await one.takeTurn('l', 'a', CALM)]).toEqual([true, true]);
      expect(await other.takeTurn('l', 'b', { ...CALM, urgent: true })).toBe(false);
      expect(await one.takeTurn('l', 'a', CALM)).toBe(false);
      expect(await other.takeTurn('l', 'b', { ...CALM, urgent: true })).toBe(true);
    });

    test('a process that stands still in the line of a lane, or leaves it, holds up nobody', async () => {
      const { one, other, clocks } = await two();
      await one.takeTurn('l', 'a', CALM);
      await other.takeTurn('l', 'b', { ...CALM, urgent: true });
      const third = await one.takeTurn('l', 'c', CALM);
      await one.endTurn('l', 'a');
      expect([third, await one.takeTurn('l', 'c', CALM)]).toEqual([false, false]);
      await other.endTurn('l', 'b');
      expect(await one.takeTurn('l', 'c', CALM)).toBe(true);
      await other.takeTurn('l', 'b', { ...CALM, urgent: true });
      await one.endTurn('l', 'c');
      await clocks[0].advance(10_000);
      expect(await one.takeTurn('l', 'c', CALM)).toBe(true);
    });

    test('a turn in a lane is lost as a lease is', async () => {
      const { one, other, clocks } = await two();
      const lost: string[] = [];
      await one.takeTurn('l', 'a', CALM, () => lost.push('a'));
      await clocks[1].advance(MINUTE);
      expect(await other.takeTurn('l', 'b', CALM)).toBe(true);
      await clocks[0].advance(MINUTE);
      expect(lost).toEqual(['a']);
      await one.endTurn('l', 'a');
      expect(await one.takeTurn('l', 'a', CALM)).toBe(false);
    });

    test('processes know of each other from opening to closing', async () => {
      const { open } = place();
      const clock = new HandClock(NOW);
      const one = await open(clock);
      expect(await one.company()).toEqual({ others: false, leftMsAgo: undefined });
      const other = await open(clock);
      for (const each of [one, other]) expect(await each.company()).toEqual({ others: true, leftMsAgo: undefined });
      await other.close();
      await clock.advance(300);
      expect(await one.company()).toEqual({ others: false, leftMsAgo: 300 });
      await clock.advance(60 * MINUTE);
      expect(await one.company()).toEqual({ others: false, leftMsAgo: undefined });
      await clock.advance(25 * 60 * MINUTE);
      expect((await (await open(clock)).company()).others).toBe(true);
    });

    test('the places of a pace are taken one after another, whichever process takes them', async () => {
      const { one, other, clocks, both } = await two();
      expect([await one.takePlace('p', 100), await other.takePlace('p', 100), await other.takePlace('q', 100)]).toEqual(
        [0, 100, 0],
      );
      expect(await one.takePlace('p', 250)).toBe(200);
      expect(await other.takePlace('p', 100)).toBe(450);
      await both(MINUTE);
      expect(await one.takePlace('p', 100)).toBe(0);
      // A place that a clock took which was wrong by an hour.
      clocks[1].step(60 * MINUTE);
      await other.takePlace('p', 100);
      expect(await one.takePlace('p', 100)).toBe(0);
    });

    test('changes of the fleet by two processes all count, from a file that neither had made', async () => {
      const { path, open } = place();
      await bothRun(child('count', path, '100'), child('count', path, '100'));
      expect(counted(await (await open()).fleet())).toBe(200);
    });

    test('what a process had committed is there after it was killed, whenever that was', async () => {
      const { path, open } = place();
      const [target, rotation] = [aTarget(), aRotation()];
      let last = -1;
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 50 }), async (commits) => {
          const victim = child('commits', path, ...[target, rotation, last + 1].map((value) => JSON.stringify(value)));
          expect(await victim.line()).toBe('ready');
          victim.go();
          for (let i = 0; i < commits; i += 1) last = Number(await victim.line());
          victim.process.kill('SIGKILL');
          last = Number((await victim.end()).lines.at(-1) ?? last);
          const journal = await open();
          const kept = (await journal.target(target.key))?.lastPassAt ?? -1;
          // The commit that it died in is there as a whole, or not at all.
          expect([last, last + 1]).toContain(kept);
          expect(await journal.openRotations(target.key)).toHaveLength(kept + 1);
          await journal.close();
          last = kept;
        }),
        { numRuns: tries(2), endOnFailure: true },
      );
    });

    test('what another process wrote has changed too', async () => {
      const { open } = place();
      const [one, other] = [await open(), await open()];
      await one.commit({ target: aTarget({ name: 'a' }) });
      const { revision } = await one.changedSince(undefined, 100);
      await other.commit({ target: aTarget({ name: 'b' }) });
      expect((await one.changedSince(revision, 100)).states.map(({ name }) => name)).toEqual(['b']);
    });

    test('a reader sees what another has written at once, and keeps nobody from writing', async () => {
      const { open } = place();
      const [writer, reader] = [await open(), await open()];
      for (let i = 0; i < 20; i += 1) {
        await writer.commit({ target: aTarget({ lastPassAt: i }) });
        expect((await reader.target(aTarget().key))?.lastPassAt).toBe(i);
      }
    });
  });
}
