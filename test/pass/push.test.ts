// Between our reading and our writing: whoever else works on the provider loses nothing, and what cannot be sent
// back without harm is not sent.
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import type { Journal } from '../../src/core/journal-ports.ts';
import { DAY, MINUTE } from '../../src/core/time.ts';
import { ENV_ID, type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

/** Acts once, when the n-th request of an action arrives. */
function at(action: 'GetProviders' | 'ModifyProvider', n: number, act: () => Promise<void> | void): void {
  let seen = 0;
  rig.world.requests.before('tcb', action, async () => {
    seen += 1;
    if (seen === n) await act();
  });
}

test('a mask that differs at each read starts the pass over once, and is then compared as a mask only', async () => {
  await rig.stop();
  rig = await startRig({ showSecret: 'varying' });
  expect(await rig.pass()).toMatchObject({ outcome: 'unverified' });
  expect(rig.writes()).toHaveLength(1);
});

describe('an administrator who edits the provider', () => {
  test('between our snapshot and our push keeps the edit, and the pass starts over', async () => {
    at('GetProviders', 2, () => rig.world.patchConfig(ENV_ID, 'apple', { Scope: 'openid email' }));
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
    expect(rig.provider().Config['Scope']).toBe('openid email');
    expect(rig.writes()).toHaveLength(1);
  });

  test('again and again is left in peace after the second time', async () => {
    let scope = 0;
    rig.world.requests.before('tcb', 'GetProviders', async () => {
      scope += 1;
      rig.world.patchConfig(ENV_ID, 'apple', { Scope: `openid ${scope}` });
    });
    const result = await rig.pass();
    expect(result).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_PROVIDER_MOVING' } } });
    expect(said(result.state.error)?.message).toContain('Config.Scope');
    expect(rig.writes()).toHaveLength(0);
  });

  test('by putting a healthy secret there ends our rotation unwritten', async () => {
    const theirs = rig.mint(170);
    at('GetProviders', 2, () => rig.world.patchConfig(ENV_ID, 'apple', { ClientSecret: theirs }));
    const result = await rig.pass();
    expect(result.state.state).toBe('healthy');
    expect([rig.secret(), rig.writes().length]).toEqual([theirs, 0]);
    expect(await rig.rotations()).toMatchObject([{ outcome: 'failed', error: { code: 'ERR_SUPERSEDED' } }]);
    expect(rig.eventNames()).toEqual(['rotation.started', 'rotation.failed', 'pass.healthy']);
  });

  test('between push and read-back keeps the edit, and it is reported', async () => {
    at('GetProviders', 3, () => rig.world.patchConfig(ENV_ID, 'apple', { Scope: 'openid' }));
    const { state } = await rig.pass();
    expect(state).toMatchObject({ state: 'rotated', providerChanges: [{ path: 'Config.Scope', by: 'somebody-else' }] });
    expect(rig.provider().Config['Scope']).toBe('openid');
    expect(rig.warnings()).toMatchObject([{ code: 'ERR_PROVIDER_CHANGED' }]);
  });

  test('of a top-level field between push and read-back keeps it too', async () => {
    at('GetProviders', 3, () => rig.world.providers.put(ENV_ID, { ...rig.provider(), Id: 'apple', On: 'FALSE' }));
    expect((await rig.pass()).state.providerChanges).toMatchObject([{ path: 'On', by: 'somebody-else' }]);
    expect(rig.provider()['On']).toBe('FALSE');
  });

  test('by putting another secret there after our push keeps it', async () => {
    const theirs = rig.mint(100);
    at('GetProviders', 3, () => rig.world.patchConfig(ENV_ID, 'apple', { ClientSecret: theirs }));
    expect(await rig.pass()).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_CONFLICT' } } });
    expect([rig.secret(), rig.writes().length]).toEqual([theirs, 1]);
  });
});

describe('a provider that cannot be sent back', () => {
  test.each([
    ['a masked value', { Proxy: 'http://u:****@proxy' }, 'Config.Proxy is shown masked'],
    ['a number beyond 2^53', { Version: 2 ** 53 }, 'Config.Version is a number'],
    ['a fraction', { Version: 1.5 }, 'Config.Version is a number'],
  ])('for %s is not written', async (_name, config, words) => {
    rig.put(rig.mint(5), config);
    const { state } = await rig.pass();
    expect(state.error).toMatchObject({ code: 'ERR_PROVIDER_NOT_ROUNDTRIPPABLE' });
    expect(said(state.error)?.message).toContain(words);
    expect(rig.writes()).toHaveLength(0);
  });

  test('for a key that is gone is not written, until the provider is accepted as it is', async () => {
    rig.put(rig.mint(120), { Extra: 'x' });
    await rig.pass();
    rig.put(rig.mint(5));
    rig.clock.pass(60_000);
    expect(said((await rig.pass()).state.error)).toMatchObject({
      code: 'ERR_PROVIDER_NOT_ROUNDTRIPPABLE',
      message: expect.stringContaining('Config.Extra was there before'),
      hint: expect.stringContaining('once --force'),
    });
    rig.clock.pass(60_000);
    expect(await rig.pass({ force: true })).toMatchObject({ outcome: 'succeeded' });
    expect((await rig.state()).configKeys).not.toContain('Extra');
  });
});

describe('the form `secret`', () => {
  const form = { target: { write: 'secret' } } as const;

  test('sends nothing else, so that what a read hides survives', async () => {
    rig.world.behaviour.hiddenKeys = 'both';
    const { Config, ...fields } = rig.provider();
    expect(await rig.pass({}, form)).toMatchObject({ outcome: 'succeeded' });
    expect(rig.provider()).toEqual({ ...fields, Config: { ...Config, ClientSecret: rig.secret() } });
    expect(rig.warnings()).toEqual([]);
  });

  test('that changed other fields is told and not used again until somebody says so', async () => {
    rig.world.behaviour.configWrite = 'replace';
    await rig.pass({}, form);
    expect(rig.warnings()).toMatchObject([{ code: 'ERR_PROVIDER_NOT_ROUNDTRIPPABLE' }]);
    expect(await rig.state()).toMatchObject({ secretFormHarmed: true });
    rig.clock.pass(8 * DAY);
    rig.put(rig.mint(30));
    const writes = rig.writes().length;
    expect((await rig.pass({}, form)).state.error).toMatchObject({
      code: 'ERR_PROVIDER_NOT_ROUNDTRIPPABLE',
      params: { problem: 'form' },
    });
    expect(rig.writes()).toHaveLength(writes);
    await rig.pass({ force: true }, form);
    expect(rig.writes().length).toBeGreaterThan(writes);
  });
});

describe('the lease', () => {
  /** Another process has the lease until it is told to end. */
  const other = () => openJournal({ path: rig.journalPath }, { mode: 'write', clock: rig.clock });
  const steal = (token: string) => {
    const db = new DatabaseSync(rig.journalPath);
    db.prepare('UPDATE leases SET token = ? WHERE key = ?').run(token, rig.target.key);
    db.close();
  };

  test('of somebody else keeps the pass away', async () => {
    await rig.journal.acquireLease(rig.target.key, 'other');
    const result = await rig.pass();
    expect(result.waitsFor).toMatchObject({ code: 'ERR_LEASE_HELD' });
    expect(rig.reads()).toHaveLength(0);
  });

  test('of a process that died is waited for as long as was asked', async () => {
    const dead = await other();
    await dead.acquireLease(rig.target.key, 'other');
    await dead.close();
    expect(await rig.pass({ leaseWaitMs: 30_000 })).toMatchObject({ waitsFor: { code: 'ERR_LEASE_HELD' } });
    expect(await rig.pass({ leaseWaitMs: 30_000 })).toMatchObject({ outcome: 'succeeded' });
  });

  test('is not taken by a pass that only looks, and taken by one that is asked to rotate', async () => {
    rig.put(rig.mint(120));
    const taken: string[] = [];
    const { acquireLease, commit } = rig.journal;
    const journal: Journal = {
      ...rig.journal,
      acquireLease(key, ...rest) {
        taken.push(key);
        return acquireLease(key, ...rest);
      },
      commit(change) {
        if (change.lease !== undefined && 'begins' in change.lease) taken.push(change.lease.key);
        return commit(change);
      },
    };
    await rig.pass({}, { tools: { journal } });
    expect(taken).toEqual([]);
    await rig.pass({ force: true }, { tools: { journal } });
    expect(taken).toEqual([rig.target.key]);
  });

  test('is renewed while the pass runs, however long that takes', async () => {
    at('GetProviders', 2, () => rig.clock.pass(5_000));
    at('ModifyProvider', 1, async () => {
      rig.clock.pass(120_000);
      expect(await (await other()).acquireLease(rig.target.key, 'thief')).toBe(false);
    });
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
  });

  test('lost before the push stops the write, and the row is left to whoever has the target now', async () => {
    at('GetProviders', 2, () => steal('thief'));
    const { waitsFor, outcome } = await rig.pass();
    expect([waitsFor?.code, outcome]).toEqual(['ERR_LEASE_LOST', null]);
    expect(rig.writes()).toHaveLength(0);
    expect(rig.warnings()).toMatchObject([{ code: 'ERR_LEASE_LOST' }]);
    expect(await rig.rotations()).toMatchObject([{ outcome: null }]);
    expect(await rig.state()).toBeUndefined();
    await rig.journal.releaseLease(rig.target.key, 'thief');
    expect((await rig.pass()).state.state).toBe('rotated');
    expect((await rig.rotations()).map(({ outcome }) => outcome)).toEqual(['succeeded', 'failed']);
  });

  test('lost in the middle of a call ends the call', async () => {
    const hangs = Promise.withResolvers<void>();
    at('GetProviders', 3, () => {
      steal('thief');
      rig.clock.pass(10_000);
      return hangs.promise;
    });
    expect((await rig.pass()).waitsFor?.code).toBe('ERR_LEASE_LOST');
    hangs.resolve();
    expect(await rig.rotations()).toMatchObject([{ outcome: null, intent: expect.anything() }]);
  });

  test('is free again after the pass', async () => {
    await rig.pass();
    expect(await rig.journal.acquireLease(rig.target.key, 'next')).toBe(true);
  });
});

describe('transactions', () => {
  /** What a pass does to the journal, by method. */
  async function counted(request: Parameters<typeof rig.pass>[0] = {}) {
    const calls: string[] = [];
    const journal = new Proxy(rig.journal, {
      get: (whole, name, self) => {
        const method: unknown = Reflect.get(whole, name, self);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          calls.push(String(name));
          return method(...args);
        };
      },
    });
    await rig.pass(request, { tools: { journal } });
    return calls;
  }
  const WRITES = ['commit', 'updateFleet', 'acquireLease', 'renewLease', 'releaseLease', 'takeTurn', 'endTurn'];

  test('a healthy pass reads its target once, and writes once', async () => {
    await rig.pass();
    const calls = await counted();
    expect(calls.filter((name) => WRITES.includes(name))).toEqual(['commit']);
    expect(calls.filter((name) => ['record', 'target', 'openRotations', 'rotations'].includes(name))).toEqual([
      'record',
    ]);
  });

  test('a rotation ends its row, its state and its lease in one', async () => {
    await rig.pass();
    rig.clock.pass(8 * DAY);
    rig.put(rig.mint(5));
    const calls = await counted();
    // Row and lease, what Apple said, intent, and the end of all. A lease that is fresh is not written when it is renewed.
    expect(calls.slice(calls.indexOf('commit')).filter((name) => WRITES.includes(name))).toEqual([
      ...['commit', 'updateFleet', 'commit', 'renewLease', 'commit'],
    ]);
  });

  test('what another process has written meanwhile is not overwritten by a look', async () => {
    rig.put(rig.mint(120));
    await rig.pass();
    rig.clock.pass(MINUTE);
    const theirs = { ...(await rig.state()), lastPassAt: rig.clock.now() + 1 };
    at('GetProviders', 1, () => rig.journal.commit({ target: theirs }));
    expect((await rig.pass()).waitsFor?.code).toBe('ERR_LEASE_HELD');
    expect(await rig.state()).toEqual(theirs);
  });

  test('a look that was overtaken is made again under the lease, where the caller waits', async () => {
    rig.put(rig.mint(120));
    await rig.pass();
    let looks = 0;
    // Another process checks the target in the middle of every look.
    const keySource = {
      async read(signal: AbortSignal) {
        looks += 1;
        const { seen, isHeld } = await rig.journal.record(rig.target.key);
        if (!isHeld) await rig.journal.commit({ target: { ...(await rig.state()), lastPassAt: looks }, seen });
        return rig.tools.keySource.read(signal);
      },
    };
    const { state, waitsFor } = await rig.pass({ leaseWaitMs: MINUTE }, { tools: { keySource } });
    expect([state.state, waitsFor, looks]).toEqual(['healthy', null, 2]);
  });
});

describe('the clock', () => {
  test.each([
    ['61 s ahead, nothing urgent', 61, 50, 'ERR_CLOCK_SKEWED'],
    ['59 s ahead, nothing urgent', 58, 50, undefined],
    ['61 s ahead in an emergency', 61, 5, undefined],
    ['5 minutes ahead in an emergency', 300, 5, 'ERR_CLOCK_SKEWED'],
    ['5 minutes behind in an emergency', -300, 5, 'ERR_CLOCK_SKEWED'],
    ['5 minutes ahead over an expired secret', 300, -1, undefined],
    ['5 minutes behind over an expired secret', -300, -1, undefined],
    ['5 minutes behind over a secret that has expired by the other clock alone', -300, 2 / 1440, 'ERR_CLOCK_SKEWED'],
    ['5 minutes ahead over a secret that has expired by our clock alone', 300, -2 / 1440, 'ERR_CLOCK_SKEWED'],
  ])('%s', async (_name, seconds, daysLeft, code) => {
    rig.put(rig.mint(daysLeft));
    rig.world.behaviour.dateOffsetSeconds = -seconds;
    expect((await rig.pass()).state.error?.code).toBe(code);
    expect(rig.writes()).toHaveLength(code === undefined ? 1 : 0);
  });

  test('that lets more than ten seconds go by between read and write starts the pass over', async () => {
    const { provider } = rig.tools;
    let alone = 0;
    const slow = {
      ...provider,
      read: async (...args: Parameters<typeof provider.read>) => {
        const reading = await provider.read(...args);
        alone += args[2].maxAgeMs === 0 ? 1 : 0;
        return reading;
      },
    };
    const journal = {
      ...rig.journal,
      renewLease: async (...args: Parameters<typeof rig.journal.renewLease>) => {
        if (alone === 1) rig.clock.pass(11_000);
        return rig.journal.renewLease(...args);
      },
    };
    expect(await rig.pass({}, { tools: { provider: slow, journal } })).toMatchObject({ outcome: 'succeeded' });
    expect(alone).toBeGreaterThanOrEqual(4);
  });
});
