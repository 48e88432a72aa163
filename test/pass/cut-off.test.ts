// A pass that is stopped, and a program that dies in the middle of one: what is left behind, and how the next pass
// finds out what happened.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import { providerView } from '../../src/adapters/provider/fields.ts';
import { fingerprint } from '../../src/core/client-secret.ts';
import type { Journal } from '../../src/core/journal-ports.ts';
import type { Rotation } from '../../src/core/records.ts';
import type { PassTools } from '../../src/pass/pass.ts';
import { ENV_ID, IDS, type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

/** A journal of a process of its own that dies for good at the n-th commit; its leases stay. */
function dyingJournal(n: number, journal: Journal): PassTools['journal'] {
  let commits = 0;
  const die = async (): Promise<never> => {
    throw new Error('the process is gone');
  };
  return {
    ...journal,
    commit: async (change) => {
      commits += 1;
      return commits >= n ? die() : journal.commit(change);
    },
    updateFleet: async (change) => (commits >= n ? die() : journal.updateFleet(change)),
    releaseLease: async (...args) => (commits >= n ? undefined : journal.releaseLease(...args)),
  };
}

/** Runs a pass that dies right after its write, and comes back three minutes later. */
async function crashAfterWrite(): Promise<void> {
  const { provider } = rig.tools;
  let written = false;
  const gone = {
    ...provider,
    write: async (...args: Parameters<typeof provider.write>) => {
      const answer = await provider.write(...args);
      written = true;
      return answer;
    },
    read: async (...args: Parameters<typeof provider.read>) => {
      if (written) throw new Error('the process is gone');
      return provider.read(...args);
    },
  };
  const own = await openJournal({ path: rig.journalPath }, { mode: 'write', clock: rig.clock });
  await rig.pass({}, { tools: { provider: gone, journal: dyingJournal(3, own) } }).catch(() => undefined);
  await own.close();
  const [row] = await rig.rotations();
  expect(row).toMatchObject({ outcome: null, intent: expect.anything() });
  rig.events.length = 0;
  rig.clock.pass(180_000);
}

describe('a crash after the write', () => {
  test('that arrived: the row ends succeeded in the next life, and nothing is written again', async () => {
    await crashAfterWrite();
    const { state } = await rig.pass();
    expect(state).toMatchObject({ state: 'healthy', written: { fingerprint: fingerprint(rig.secret()) } });
    expect(await rig.rotations()).toMatchObject([{ outcome: 'succeeded' }]);
    expect(rig.events[0]).toMatchObject({ event: 'rotation.succeeded', resumed: true });
    expect(rig.writes()).toHaveLength(1);
  });

  test('that shows late: it is waited for in the next life', async () => {
    await crashAfterWrite();
    rig.world.behaviour.staleReads = 3;
    rig.clock.slept.length = 0;
    expect((await rig.pass()).state).toMatchObject({
      state: 'healthy',
      written: { fingerprint: fingerprint(rig.secret()) },
    });
    expect(rig.clock.slept.slice(0, 4)).toEqual([0, 2_000, 3_000, 5_000]);
    expect(await rig.rotations()).toMatchObject([{ outcome: 'succeeded' }]);
    expect(rig.writes()).toHaveLength(1);
  });

  test('that lost AuthorizationEndpoint: it is restored in the next life', async () => {
    rig.world.behaviour.rediscovery = 'once';
    const wanted = rig.provider().Config['AuthorizationEndpoint'];
    await crashAfterWrite();
    expect(rig.provider().Config['AuthorizationEndpoint']).not.toBe(wanted);
    expect((await rig.pass()).state).toMatchObject({ state: 'healthy', providerChanges: [] });
    expect(rig.provider().Config['AuthorizationEndpoint']).toBe(wanted);
  });

  test('that lost a field kept as a digest, and met an edit outside Config: both are reported in the next life', async () => {
    rig.put(rig.mint(5), { Proxy: 'http://user:password@proxy' });
    await crashAfterWrite();
    rig.world.patchConfig(ENV_ID, 'apple', { Proxy: null });
    rig.world.providers.put(ENV_ID, { ...rig.provider(), Id: 'apple', On: 'FALSE' });
    const { state } = await rig.pass();
    expect(state.providerChanges).toMatchObject([
      { path: 'On', by: 'somebody-else' },
      { path: 'Config.Proxy', by: 'our-write' },
    ]);
    expect((await rig.rotations())[0]).toMatchObject({ outcome: 'failed', error: { code: 'ERR_PROVIDER_CHANGED' } });
    expect(rig.provider()['On']).toBe('FALSE');
  });

  test('of a provider that is gone since: unknown', async () => {
    await crashAfterWrite();
    rig.world.providers.delete(ENV_ID, 'apple');
    expect((await rig.pass()).state).toMatchObject({ error: { code: 'ERR_PROVIDER_NOT_FOUND' } });
    expect(await rig.rotations()).toMatchObject([{ outcome: 'failed', error: { code: 'ERR_OUTCOME_UNKNOWN' } }]);
  });

  test('of an environment that is gone since: unknown', async () => {
    await crashAfterWrite();
    rig.world.providers.deleteEnvironment(ENV_ID);
    expect((await rig.pass()).state).toMatchObject({ error: { code: 'ERR_CLOUDBASE_REFUSED' } });
    expect(await rig.rotations()).toMatchObject([{ outcome: 'failed', error: { code: 'ERR_OUTCOME_UNKNOWN' } }]);
  });

  test('that was replaced meanwhile by somebody: their secret stays', async () => {
    await crashAfterWrite();
    const theirs = rig.mint(150);
    rig.world.patchConfig(ENV_ID, 'apple', { ClientSecret: theirs });
    await rig.pass();
    expect((await rig.rotations()).at(-1)).toMatchObject({ outcome: 'failed', error: { code: 'ERR_CONFLICT' } });
    expect(rig.secret()).toBe(theirs);
  });

  test('that cannot be read: unknown, and rotated again at once', async () => {
    await rig.stop();
    rig = await startRig({ showSecret: 'masked', target: {} });
    await rig.pass();
    const first = rig.secret();
    await rig.journal.commit({ rotation: await openRow('masked') });
    rig.clock.pass(180_000);
    expect((await rig.pass()).state).toMatchObject({ state: 'unverified', reason: 'RenewalDue', maybeWritten: null });
    expect(rig.secret()).not.toBe(first);
    expect((await rig.rotations()).map(({ outcome, error }) => error?.code ?? outcome)).toContain(
      'ERR_OUTCOME_UNKNOWN',
    );
  });
});

describe('a crash before the write', () => {
  test('with the intent recorded: the old secret is still there, and is rotated now', async () => {
    await rig.journal.commit({ rotation: await openRow('clear') });
    expect((await rig.pass()).state.state).toBe('rotated');
    expect((await rig.rotations()).map(({ outcome, error }) => error?.code ?? outcome)).toEqual([
      'succeeded',
      'ERR_NOT_APPLIED',
    ]);
  });

  test('without an intent: the row ends interrupted', async () => {
    await rig.journal.commit({ rotation: { ...(await openRow('clear')), intent: null, fingerprint: null } });
    await rig.pass();
    expect((await rig.rotations()).map(({ outcome, error }) => error?.code ?? outcome)).toEqual([
      'succeeded',
      'ERR_INTERRUPTED',
    ]);
  });
});

async function openRow(shapeBefore: 'clear' | 'masked'): Promise<Rotation> {
  const now = rig.clock.now();
  const candidate = rig.mint(180);
  return {
    id: '019aa000-0000-7000-8000-000000000001',
    targetKey: rig.target.key,
    target: 'shop',
    envId: ENV_ID,
    reason: 'RenewalDue',
    trigger: 'schedule',
    requestedBy: null,
    keyId: IDS.keyId,
    fingerprint: fingerprint(candidate),
    issuedAt: now,
    expiresAt: now + 1_000_000,
    previousFingerprint: fingerprint(rig.secret()),
    previousExpiresAt: null,
    startedAt: now - 1_000,
    finishedAt: null,
    outcome: null,
    proof: null,
    settles: null,
    appleCheck: { candidate: 'accepted', deployed: 'accepted' },
    appleCheckWaived: false,
    requestIds: [],
    error: null,
    intent: {
      thumbprint: 'x',
      teamId: IDS.teamId,
      clientId: IDS.clientId,
      fields: providerView(rig.provider()).fields.forJournal(),
      shapeBefore,
      at: now,
    },
  };
}

describe('a stop', () => {
  test('drops a pass that has no intent: no failure is counted, the row ends interrupted', async () => {
    const stopping = new AbortController();
    // The second question is about the candidate, for which a row is open.
    rig.world.requests.before('apple', 'token', async () => {
      if (rig.asked().length === 3) stopping.abort(new Error('stopping'));
    });
    const result = await rig.pass({ drop: stopping.signal });
    expect(result).toMatchObject({ state: { retry: { failures: 0 } } });
    expect(await rig.rotations()).toMatchObject([{ outcome: 'failed', error: { code: 'ERR_INTERRUPTED' } }]);
    expect(rig.writes()).toHaveLength(0);
  });

  test('drops a pass that starts over after its intent, because nothing was written', async () => {
    const stopping = new AbortController();
    let reads = 0;
    rig.world.requests.before('tcb', 'GetProviders', async () => {
      reads += 1;
      if (reads === 2) rig.world.patchConfig(ENV_ID, 'apple', { Scope: 'openid email' });
      if (reads === 3) stopping.abort(new Error('stopping'));
    });
    expect(await rig.pass({ drop: stopping.signal })).toMatchObject({ state: { retry: { failures: 0 } } });
    expect(await rig.rotations()).toMatchObject([{ outcome: 'failed', error: { code: 'ERR_INTERRUPTED' } }]);
    expect(rig.writes()).toHaveLength(0);
  });

  test('lets a pass that has its intent finish', async () => {
    const stopping = new AbortController();
    rig.world.requests.before('tcb', 'ModifyProvider', async () => stopping.abort(new Error('stopping')));
    expect(await rig.pass({ drop: stopping.signal })).toMatchObject({ outcome: 'succeeded' });
  });

  test('that cuts it off all the same leaves the outcome unknown, and the next life reads it', async () => {
    const cutOff = new AbortController();
    const remove = rig.world.requests.before('tcb', 'ModifyProvider', async () => cutOff.abort(new Error('stopped')));
    expect(said((await rig.pass({ cutOff: cutOff.signal })).state.error)).toMatchObject({
      code: 'ERR_OUTCOME_UNKNOWN',
      message: expect.stringContaining('the program had to stop'),
    });
    remove();
    rig.clock.pass(180_000);
    const { state } = await rig.pass();
    expect(['healthy', 'rotated']).toContain(state.state);
    expect(state.maybeWritten).toBeNull();
  });
});
