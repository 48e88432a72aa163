// The contract of the Journal port (src/core/ports.ts), run against every adapter. `journalContract` holds for all of
// them, `sharedJournalContract` for those that several processes use at once.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOTHING_SAID } from '../../src/core/answers.ts';
import { afterBadWrite } from '../../src/core/lanes.ts';
import type { Journal, Revision } from '../../src/core/ports.ts';
import { EMPTY_FLEET, type TargetState } from '../../src/core/records.ts';
import { MINUTE } from '../../src/core/time.ts';
import { anyFleet, anyRotation, anyTarget } from '../support/any-record.ts';
import { tries } from '../support/campaign.ts';
import { aFleet, counted, oneMore } from '../support/fleet.ts';
import { aRotation, aTarget, child, finished, NOW } from '../support/journal.ts';

const RUNS = { numRuns: tries(60) };

/** `open` gives a journal with nothing in it, closed by the opener after the test. */
export function journalContract(name: string, open: () => Promise<Journal>): void {
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

    test('a lease is exclusive until it expires or is released by its owner', async () => {
      const journal = await open();
      const take = (token: string, at: number): Promise<boolean> => journal.acquireLease('k', token, at, 2 * MINUTE);
      expect(await take('a', NOW)).toBe(true);
      expect(await take('b', NOW)).toBe(false);
      expect(await journal.acquireLease('another', 'b', NOW, MINUTE)).toBe(true);
      expect(await take('a', NOW + MINUTE)).toBe(true);
      expect(await take('b', NOW + 3 * MINUTE - 1)).toBe(false);
      expect(await take('b', NOW + 3 * MINUTE)).toBe(true);
      await journal.releaseLease('k', 'a');
      expect(await take('c', NOW + 3 * MINUTE)).toBe(false);
      await journal.releaseLease('k', 'b');
      expect(await take('c', NOW + 3 * MINUTE)).toBe(true);
    });

    test('a lease is renewed by its owner alone, also late if nobody took it', async () => {
      const journal = await open();
      const renew = (token: string, at: number): Promise<boolean> => journal.renewLease('k', token, at, MINUTE);
      expect(await renew('a', NOW)).toBe(false);
      await journal.acquireLease('k', 'a', NOW, MINUTE);
      expect(await renew('b', NOW)).toBe(false);
      expect(await renew('a', NOW + 5 * MINUTE)).toBe(true);
      expect(await journal.acquireLease('k', 'b', NOW + 6 * MINUTE - 1, MINUTE)).toBe(false);
      expect(await journal.acquireLease('k', 'b', NOW + 6 * MINUTE, MINUTE)).toBe(true);
      expect(await renew('a', NOW + 6 * MINUTE)).toBe(false);
      await journal.releaseLease('k', 'b');
      expect(await renew('b', NOW + 6 * MINUTE)).toBe(false);
    });

    test('a lease of a clock that was wrong is void', async () => {
      const journal = await open();
      await journal.acquireLease('k', 'a', NOW + MINUTE, MINUTE);
      expect(await journal.acquireLease('k', 'b', NOW, MINUTE)).toBe(false);
      expect(await journal.acquireLease('k', 'b', NOW - 1, MINUTE)).toBe(true);
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

/** `open` opens the same file again and again. */
export function sharedJournalContract(name: string, place: () => { path: string; open: () => Promise<Journal> }): void {
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
