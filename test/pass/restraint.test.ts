// What holds a wanted rotation back, or refuses it: a good secret, a write of late, the window, a wrong provider; and what a pass leaves behind when it cannot even look.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWindow } from '../../src/core/cron.ts';
import { DAY } from '../../src/core/time.ts';
import { ENV_ID, fullProvider, IDS, type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

const closed = { isOpen: () => false, nextOpening: () => undefined };

describe('a good secret', () => {
  beforeEach(() =>
    rig.world.appleKeys.generate({ teamId: IDS.teamId, keyId: 'KEYOLDOLDA', clientIds: [IDS.clientId] }),
  );

  test('of another key is left alone, also where this journal has never written', async () => {
    rig.put(rig.mint(90, 'KEYOLDOLDA'));
    expect((await rig.pass()).state).toMatchObject({ state: 'healthy', replaced: null });
    await rig.pass({ force: true });
    rig.clock.pass(2 * DAY);
    rig.put(rig.mint(120, 'KEYOLDOLDA'));
    const theirs = rig.secret();
    expect((await rig.pass()).state).toMatchObject({ state: 'healthy', replaced: { kind: 'other' } });
    rig.clock.pass(30 * DAY);
    expect((await rig.pass()).state.state).toBe('healthy');
    expect(rig.secret()).toBe(theirs);
    rig.clock.pass(60 * DAY);
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded', state: { reason: 'RenewalDue' } });
  });

  test('is replaced when it has expired', async () => {
    rig.put(rig.mint(-1, 'KEYOLDOLDA'));
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded', state: { reason: 'SecretExpired' } });
  });

  test('of ours gives way to a new key at the source', async () => {
    await rig.pass();
    rig.clock.pass(DAY);
    rig.useKey('KEYNEWNEWA');
    const result = await rig.pass({}, { target: { ids: { ...IDS, keyId: 'KEYNEWNEWA' } } });
    expect(result).toMatchObject({ outcome: 'succeeded', state: { reason: 'KeyChanged' } });
  });
});

describe('a second write', () => {
  const eager = { policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 179.5 * DAY, window: undefined } };

  test('of the same identity and policy waits for a day', async () => {
    await rig.pass();
    rig.clock.pass(DAY - 60_000);
    const result = await rig.pass({}, { target: eager });
    expect(said(result.state.error)).toMatchObject({
      code: 'ERR_WRITTEN_LATELY',
      message: 'a new client secret was written within the last 24 h, and again renewal is due',
    });
    expect(rig.writes()).toHaveLength(1);
    rig.clock.pass(60_000);
    expect(await rig.pass({}, { target: eager })).toMatchObject({ outcome: 'succeeded' });
  });

  test('does not wait where it was asked for, another lifetime is wanted, or logins fail by the secret', async () => {
    await rig.pass({ force: true });
    rig.clock.pass(60_000);
    expect(await rig.pass({ force: true })).toMatchObject({ outcome: 'succeeded' });
    rig.clock.pass(60_000);
    const shorter = { policy: { lifetimeMs: 90 * DAY, renewBeforeMs: 181 * DAY, window: undefined } };
    expect(await rig.pass({}, { target: shorter })).toMatchObject({ outcome: 'succeeded' });
    rig.put(rig.mint(-1));
    rig.clock.pass(60_000);
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded', state: { reason: 'SecretExpired' } });
  });

  test('for a secret that shows differently each time waits for a week', async () => {
    await rig.pass();
    const reasons: string[] = [];
    for (let day = 0; day < 8; day += 1) {
      rig.clock.pass(DAY + 60_000);
      rig.put(`mask-${day}-${'*'.repeat(8)}`);
      const { outcome, state } = await rig.pass();
      reasons.push(outcome ?? state.error?.code ?? '');
    }
    expect(reasons[0]).toBe('succeeded');
    expect(new Set(reasons.slice(1, 7))).toEqual(new Set(['ERR_WRITTEN_LATELY']));
    expect(reasons[7]).toBe('succeeded');
  });
});

describe('the maintenance window', () => {
  const policy = { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY, window: closed };

  test('holds back a renewal', async () => {
    rig.put(rig.mint(50));
    const result = await rig.pass({}, { target: { policy } });
    expect(result.state).toMatchObject({ state: 'due', reason: 'RenewalDue', error: null });
    expect(rig.eventNames()).toEqual(['pass.deferred']);
    expect(await rig.rotations()).toEqual([]);
  });

  test.each([
    ['an emergency', () => rig.put(rig.mint(17))],
    ['a missing secret', () => rig.put(undefined)],
  ])('does not hold back %s', async (_name, arrange) => {
    arrange();
    expect(await rig.pass({}, { target: { policy } })).toMatchObject({ outcome: 'succeeded' });
  });

  test('does not hold back what was asked for', async () => {
    rig.put(rig.mint(50));
    expect(await rig.pass({ force: true }, { target: { policy } })).toMatchObject({ outcome: 'succeeded' });
  });

  test('lets the renewal go when it is open', async () => {
    rig.put(rig.mint(50));
    const window = createWindow({ cron: '* * * * *', durationMs: 60_000, timezone: 'UTC' });
    expect(await rig.pass({}, { target: { policy: { ...policy, window } } })).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('refused', () => {
  test('a provider that does not exist', async () => {
    rig.world.providers.delete(ENV_ID, 'apple');
    const { state } = await rig.pass();
    expect(said(state.error)).toMatchObject({
      code: 'ERR_PROVIDER_NOT_FOUND',
      message: `environment ${ENV_ID} has no provider apple`,
    });
    expect(rig.eventNames()).toEqual(['pass.failed', 'retry.scheduled']);
    expect(state.retry.nextAttemptAt).toBe(rig.clock.now() + 300_000);
  });

  test('a provider of another client id, with which every login would break', async () => {
    const full = fullProvider(rig.mint(5));
    rig.world.providers.put(ENV_ID, { ...full, Config: { ...full.Config, ClientId: 'com.example.other' } });
    expect(said((await rig.pass()).state.error)).toMatchObject({
      code: 'ERR_CLIENT_ID_MISMATCH',
      message: 'the Client ID of the provider is com.example.other, that of the target is com.example.shop.web',
    });
    expect(rig.writes()).toHaveLength(0);
  });

  test('a provider that is switched off is kept fresh all the same, and it is noted', async () => {
    rig.world.providers.put(ENV_ID, { ...fullProvider(rig.mint(5)), On: 'FALSE' });
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded', state: { provider: { enabled: false } } });
    expect(rig.provider()['On']).toBe('FALSE');
  });
});

describe('a pass that cannot look', () => {
  test('without its key file fails, and leaves what it knew', async () => {
    rig.put(rig.mint(100));
    await rig.pass();
    rmSync(rig.keyFile);
    const { state } = await rig.pass();
    expect(state).toMatchObject({
      state: 'failed',
      error: { code: 'ERR_KEY_NOT_FOUND' },
      retry: { failures: 1, nextAttemptAt: null },
    });
    expect(state.deployed?.expiresAt).not.toBeNull();
  });

  test('tries again at 1, 2, 5 minutes while CloudBase does not answer, and starts anew after a success', async () => {
    rig.put(rig.mint(100));
    rig.world.faults.add({ service: 'tcb', kind: 'status', status: 503, times: 3 });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const { state } = await rig.pass();
      waits.push((state.retry.nextAttemptAt ?? 0) - rig.clock.now());
    }
    expect(waits).toEqual([60_000, 120_000, 300_000]);
    expect((await rig.pass()).state.retry).toEqual({ failures: 0, nextAttemptAt: null });
  });

  test('in an emergency waits no longer than ten minutes, whatever failed', async () => {
    rig.put(rig.mint(10));
    await rig.pass({}, { target: { policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY, window: closed } } });
    rmSync(rig.keyFile);
    rig.put(rig.mint(10));
    rig.clock.pass(60_000);
    const { state } = await rig.pass();
    expect(state.retry.nextAttemptAt).toBe(rig.clock.now() + 600_000);
  });

  test('without its key still sees that the provider is gone, and what is deployed', async () => {
    rig.put(rig.mint(100));
    rmSync(rig.keyFile);
    expect((await rig.pass()).state).toMatchObject({
      error: { code: 'ERR_KEY_NOT_FOUND' },
      deployed: { from: 'read', expiresAt: expect.any(Number), identity: null },
    });
    rig.world.providers.delete(ENV_ID, 'apple');
    rig.clock.pass(60_000);
    await rig.pass();
    rig.clock.pass(300_000);
    expect((await rig.pass()).state).toMatchObject({
      error: { code: 'ERR_KEY_NOT_FOUND' },
      provider: { trouble: 'gone' },
    });
  });

  test('warns of a key file that everybody may read, and uses it', async () => {
    chmodSync(rig.keyFile, 0o644);
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
    expect(rig.warnings()[0]?.message).toMatch(/every user of this machine may read/);
  });

  test('reads the key afresh at every pass', async () => {
    writeFileSync(rig.keyFile, 'no key');
    expect((await rig.pass()).state.error?.code).toBe('ERR_KEY_INVALID');
    rig.useKey(IDS.keyId);
    rig.put(rig.mint(100));
    rig.clock.pass(60_000);
    expect((await rig.pass()).state.state).toBe('healthy');
  });
});

test('a setting that is not as the configuration says is noted, and not written', async () => {
  const before = rig.provider();
  const stated = { scope: 'openid', name: 'Apple', linkByPhone: false };
  const { state } = await rig.pass({}, { target: { stated } });
  expect(state.provider.differs).toEqual([
    { name: 'scope', found: 'openid email name', wanted: 'openid' },
    { name: 'linkByPhone', found: null, wanted: false },
  ]);
  expect({ ...rig.provider(), Config: null }).toEqual({ ...before, Config: null });
  expect(rig.provider().Config['Scope']).toBe('openid email name');
});

test('after a failure the provider is read anew: a reading from before it is no all-clear', async () => {
  rig.put(rig.mint(170));
  expect(await rig.pass()).toMatchObject({ state: { state: 'healthy' } });
  // Another process fails within the half minute in which a reading may be shared.
  const state = await rig.state();
  await rig.journal.commit({ target: { ...state, state: 'failed', retry: { failures: 1, nextAttemptAt: null } } });
  const code = 'AuthFailure.SecretIdNotFound';
  rig.world.faults.add({ service: 'tcb', action: 'GetProviders', kind: 'error', code, message: 'no such key' });
  const after = await rig.pass();
  expect(after.state).toMatchObject({ state: 'failed', error: { code: 'ERR_CREDENTIALS_REJECTED' } });
});
