// What a pass notes for those who watch: since when a rotation waits, what Apple says of the deployed secret day by
// day, the clock's skew, what our writes spoiled, and who else wrote.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { DAY, HOUR } from '../../src/core/time.ts';
import { ENV_ID, IDS, type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

const closed = { isOpen: () => false, nextOpening: () => undefined };
const shut = { target: { policy: { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY, window: closed } } };

describe('a rotation that is put off', () => {
  test('is due since the first pass that put it off, through failures, until a pass ends well', async () => {
    rig.put(rig.mint(50));
    const { state } = await rig.pass({}, shut);
    expect(state).toMatchObject({ state: 'due', dueSince: rig.clock.now() });
    const since = state.dueSince;
    rig.clock.pass(HOUR);
    expect((await rig.pass({}, shut)).state.dueSince).toBe(since);
    rig.world.faults.add({ service: 'tcb', kind: 'status', status: 503, times: 1 });
    rig.clock.pass(HOUR);
    expect((await rig.pass({}, shut)).state).toMatchObject({ state: 'failed', dueSince: since });
    rig.clock.pass(HOUR);
    expect((await rig.pass({}, shut)).state).toMatchObject({ state: 'due', dueSince: since });
    expect((await rig.pass()).state).toMatchObject({ state: 'rotated', dueSince: null });
  });

  test('also by a journal that cannot be written, but not where logins are at risk', async () => {
    rig.put(rig.mint(50));
    const { state } = await rig.pass({}, { tools: { isDegraded: () => true } });
    expect(state).toMatchObject({
      state: 'due',
      dueSince: rig.clock.now(),
      error: { code: 'ERR_JOURNAL_UNWRITABLE', params: { problem: 'waiting' } },
    });
    rig.put(rig.mint(5));
    rig.clock.pass(60_000);
    expect((await rig.pass({}, { tools: { isDegraded: () => true } })).state).toMatchObject({ state: 'rotated' });
  });

  test('is not one that waits for a person', async () => {
    rig.world.appleKeys.generate({ teamId: IDS.teamId, keyId: 'KEYOLDOLDA', clientIds: [IDS.clientId] });
    rig.put(rig.mint(90, 'KEYOLDOLDA'));
    expect((await rig.pass()).state).toMatchObject({ state: 'pending', dueSince: null });
  });

  test('is due since now where a clock that was wrong says since tomorrow', async () => {
    rig.put(rig.mint(50));
    await rig.pass({}, shut);
    const state = await rig.state();
    await rig.journal.commit({ target: { ...state, dueSince: rig.clock.now() + DAY } });
    expect((await rig.pass({}, shut)).state.dueSince).toBe(rig.clock.now());
  });
});

describe('the daily question', () => {
  beforeEach(() => rig.put(rig.mint(120)));
  const ours = () => ({ keyId: IDS.keyId, fingerprint: fingerprint(rig.secret()) });

  test('is about the deployed secret, and its acceptance is noted', async () => {
    const { state } = await rig.pass();
    expect(state.appleAsked).toMatchObject({ verdict: 'accepted', asked: 'deployed', ...ours() });
    expect(Object.values((await rig.journal.fleet()).apple)).toEqual([
      {
        controlAskedAt: expect.any(Number),
        controlRejectedAt: expect.any(Number),
        oursAcceptedAt: expect.any(Number),
        firstAskedAt: expect.any(Number),
        answeredAt: expect.any(Number),
      },
    ]);
  });

  test('is put once a day, however often the target is checked', async () => {
    await rig.pass();
    rig.world.requests.clearLog();
    for (let hour = 0; hour < 72; hour += 1) {
      rig.clock.pass(HOUR);
      await rig.pass();
    }
    // The first after half a day to a day and a half, and a control with each that comes a day after the last control.
    expect(rig.asked().length).toBeGreaterThanOrEqual(2 + 1);
    expect(rig.asked().length).toBeLessThanOrEqual(3 + 3);
  });

  test('finds a key that was revoked months before the secret expires, and that it was mended within the hour', async () => {
    await rig.pass();
    rig.world.appleKeys.revoke(IDS.keyId);
    rig.clock.pass(2 * DAY);
    expect((await rig.pass()).state).toMatchObject({
      state: 'healthy',
      appleAsked: { verdict: 'rejected', ...ours() },
    });
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state.appleAsked).toMatchObject({ verdict: 'rejected', at: rig.clock.now() });
    rig.useKey('KEYBBBBBBB');
    rig.clock.pass(60_000);
    const mended = await rig.pass({}, { target: { ids: { ...IDS, keyId: 'KEYBBBBBBB' }, adopt: true } });
    expect(mended.state).toMatchObject({
      state: 'rotated',
      appleAsked: {
        verdict: 'accepted',
        asked: 'deployed',
        keyId: 'KEYBBBBBBB',
        fingerprint: fingerprint(rig.secret()),
      },
    });
  });

  test('that has no answer is put again an hour later, and does not undo a rejection', async () => {
    rig.world.behaviour.apple = 'unavailable';
    expect((await rig.pass()).state.appleAsked).toMatchObject({ verdict: 'unknown' });
    rig.world.requests.clearLog();
    rig.clock.pass(40 * 60_000);
    await rig.pass();
    expect(rig.asked()).toHaveLength(0);
    rig.world.behaviour.apple = 'invalid_client';
    rig.clock.pass(20 * 60_000);
    expect((await rig.pass()).state.appleAsked).toMatchObject({ verdict: 'rejected' });
    rig.world.behaviour.apple = 'unavailable';
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state.appleAsked).toMatchObject({ verdict: 'rejected', at: expect.any(Number) });
  });

  test('is not put where Apple is not to be asked', async () => {
    await rig.pass({}, { target: { appleCheck: 'off' } });
    await rig.pass({ waiveAppleCheck: true });
    expect(rig.asked()).toHaveLength(0);
  });

  test('is put while the window is shut, and about a secret that waits for adoption, without a control', async () => {
    rig.put(rig.mint(50));
    expect((await rig.pass({}, shut)).state.appleAsked).toMatchObject({ verdict: 'accepted' });
    rig.world.appleKeys.generate({ teamId: IDS.teamId, keyId: 'KEYOLDOLDA', clientIds: [IDS.clientId] });
    rig.put(rig.mint(90, 'KEYOLDOLDA'));
    rig.world.requests.clearLog();
    rig.clock.pass(2 * DAY);
    expect((await rig.pass()).state).toMatchObject({
      state: 'pending',
      appleAsked: { verdict: 'accepted', keyId: 'KEYOLDOLDA' },
    });
    expect(rig.asked()).toHaveLength(1);
  });

  test('changes nothing about what is deployed, and never pushes what it minted', async () => {
    await rig.pass();
    expect(rig.writes()).toHaveLength(0);
    expect(await rig.rotations()).toEqual([]);
  });
});

describe('the daily question about a secret that is hidden', () => {
  beforeEach(async () => {
    await rig.stop();
    rig = await startRig({ showSecret: 'masked', target: { adopt: true } });
    rig.put(rig.mint(120));
    await rig.pass();
    rig.clock.pass(2 * DAY);
    rig.world.requests.clearLog();
  });

  test('is about a fresh one of the same key, which nobody pushes', async () => {
    const deployed = rig.secret();
    const { state } = await rig.pass();
    expect(state.appleAsked).toMatchObject({ verdict: 'accepted', asked: 'same-key', keyId: IDS.keyId });
    expect(state.appleAsked?.fingerprint).not.toBe(fingerprint(deployed));
    expect([rig.secret(), rig.writes().length]).toEqual([deployed, 0]);
  });

  test('finds that its key was revoked', async () => {
    rig.world.appleKeys.revoke(IDS.keyId);
    expect((await rig.pass()).state).toMatchObject({
      state: 'healthy',
      appleAsked: { verdict: 'rejected', asked: 'same-key' },
    });
  });

  test('is not put by a clock that is wrong: the answer would be about the clock', async () => {
    rig.world.behaviour.dateOffsetSeconds = -61;
    await rig.pass();
    expect(rig.asked()).toHaveLength(0);
  });
});

describe('a rotation counts as a day’s question', () => {
  test('by the candidate that Apple accepted and that was pushed', async () => {
    const { state } = await rig.pass();
    const print = fingerprint(rig.secret());
    expect(state.appleAsked).toMatchObject({ verdict: 'accepted', asked: 'deployed', fingerprint: print });
    rig.world.requests.clearLog();
    rig.clock.pass(11 * HOUR);
    await rig.pass();
    expect(rig.asked()).toHaveLength(0);
  });

  test('by an acceptance of its key that was reused', async () => {
    const first = await rig.pass();
    rig.clock.pass(HOUR);
    const { state } = await rig.pass({ force: true });
    const at = Object.values(first.state.acceptedKeys)[0];
    expect(state.appleAsked).toMatchObject({ verdict: 'accepted', asked: 'same-key', fingerprint: null, at });
  });

  test('by the deployed secret, where the candidate was blocked', async () => {
    rig.put(rig.mint(5));
    await rig.pass();
    rig.clock.pass(2 * DAY);
    rig.useKey('KEYBBBBBBB');
    rig.world.appleKeys.revoke('KEYBBBBBBB');
    const { outcome, state } = await rig.pass({}, { target: { ids: { ...IDS, keyId: 'KEYBBBBBBB' } } });
    expect([outcome, state.appleAsked]).toMatchObject([
      'blocked',
      { verdict: 'accepted', keyId: IDS.keyId, fingerprint: fingerprint(rig.secret()) },
    ]);
    expect(state.appleAsked?.at).toBeGreaterThan(rig.clock.now() - HOUR);
  });
});

describe('the skew of the clock', () => {
  test('is told with the result of every pass that read the provider', async () => {
    rig.put(rig.mint(120));
    rig.world.behaviour.dateOffsetSeconds = -50;
    const { skewMs } = await rig.pass();
    expect(skewMs).toBeGreaterThan(48_000);
    expect(skewMs).toBeLessThan(52_000);
  });

  test('also where the time of the signature was refused', async () => {
    rig.world.behaviour.dateOffsetSeconds = -400;
    rig.world.faults.add({ service: 'tcb', kind: 'error', code: 'AuthFailure.SignatureExpire' });
    const { skewMs, state } = await rig.pass();
    expect(said(state.error)).toMatchObject({
      code: 'ERR_CLOUDBASE_CLOCK',
      message: expect.stringContaining('was refused because of the time of its signature'),
    });
    expect(skewMs).toBeGreaterThan(390_000);
  });

  test('is not known where nothing was read', async () => {
    await rig.journal.acquireLease(rig.target.key, 'somebody', rig.clock.now(), 120_000);
    expect((await rig.pass()).skewMs).toBeUndefined();
  });
});

test('a read that finds no provider is a look at it all the same', async () => {
  rig.world.providers.delete(ENV_ID, 'apple');
  expect((await rig.pass()).state).toMatchObject({ state: 'failed', lastGatherAt: rig.clock.now() });
});

describe('a field that our write changed', () => {
  const wanted = () => rig.provider().Config['AuthorizationEndpoint'];

  test('is noted until somebody puts it back as it was', async () => {
    rig.world.behaviour.rediscovery = true;
    const was = wanted();
    const { state } = await rig.pass();
    const change = { path: 'Config.AuthorizationEndpoint', by: 'our-write' };
    expect(state).toMatchObject({ error: { code: 'ERR_PROVIDER_CHANGED' }, providerChanges: [change] });
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state).toMatchObject({ state: 'healthy', providerChanges: [change] });
    expect((await rig.pass({ force: true })).state).toMatchObject({ state: 'rotated', providerChanges: [change] });
    rig.world.patchConfig(ENV_ID, 'apple', { AuthorizationEndpoint: was as string });
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state.providerChanges).toEqual([]);
  });

  test('stays noted while a whole map is lost, by each field of it', async () => {
    const ProfileMetaMap = { Email: 'email', Name: 'name' };
    const { Config, ...others } = rig.provider();
    rig.world.providers.put(ENV_ID, { ...others, Id: 'apple', Config: { ...Config, ProfileMetaMap } });
    rig.world.requests.before('tcb', 'GetProviders', async () => {
      if (rig.writes().length > 0) rig.world.patchConfig(ENV_ID, 'apple', { ProfileMetaMap: null });
    });
    const changes = [{ path: 'Config.ProfileMetaMap.Email' }, { path: 'Config.ProfileMetaMap.Name' }];
    expect((await rig.pass()).state).toMatchObject({
      error: { code: 'ERR_PROVIDER_CHANGED' },
      providerChanges: changes,
    });
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state).toMatchObject({ state: 'healthy', providerChanges: changes });
  });

  test('and that is left alone because of somebody else’s doing is said to be', async () => {
    rig.world.requests.before('tcb', 'GetProviders', async () => {
      if (rig.writes().length > 0) rig.world.patchConfig(ENV_ID, 'apple', { UserinfoEndpoint: '', Scope: '******' });
    });
    await rig.pass();
    expect(rig.warnings().find(({ message }) => message.includes('left as it is: Config.Scope'))).toMatchObject({
      code: 'ERR_PROVIDER_CHANGED',
    });
  });
});

describe('somebody else’s secret', () => {
  test('that shows after our write is noted at once', async () => {
    const theirs = rig.mint(30);
    rig.world.requests.before('tcb', 'GetProviders', async () => {
      if (rig.writes().length > 0) rig.world.patchConfig(ENV_ID, 'apple', { ClientSecret: theirs });
    });
    const { state } = await rig.pass();
    expect(state).toMatchObject({
      error: { code: 'ERR_CONFLICT' },
      foreign: [{ fingerprint: fingerprint(theirs), at: expect.any(Number) }],
    });
  });

  test('is noted once, since when it is there, however long it stays', async () => {
    await rig.pass();
    rig.clock.pass(DAY);
    rig.put(rig.mint(150));
    const at = rig.clock.now();
    for (let day = 0; day < 9; day += 1) {
      await rig.pass();
      rig.clock.pass(DAY);
    }
    expect((await rig.pass()).state.foreign).toEqual([{ fingerprint: fingerprint(rig.secret()), at }]);
  });
});
