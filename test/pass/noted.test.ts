// What a pass notes for those who watch: since when a rotation waits, what is known of logins, the clock's skew, what our
// writes spoiled, and who else wrote.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { judgeLogins } from '../../src/core/logins.ts';
import type { TargetState } from '../../src/core/records.ts';
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
    rig.put(undefined);
    const { state } = await rig.pass({}, { target: { appleCheck: 'off' } });
    expect(state).toMatchObject({ state: 'pending', dueSince: null });
  });

  test('is due since now where a clock that was wrong says since tomorrow', async () => {
    rig.put(rig.mint(50));
    await rig.pass({}, shut);
    const state = await rig.state();
    await rig.journal.commit({ target: { ...state, dueSince: rig.clock.now() + DAY } });
    expect((await rig.pass({}, shut)).state.dueSince).toBe(rig.clock.now());
  });
});

const loginsOf = (state: TargetState) => judgeLogins(state, { now: rig.clock.now(), skewMs: 0, since: 0 });

describe('the question about the deployed secret', () => {
  beforeEach(() => rig.put(rig.mint(120)));

  test('its acceptance says that logins work, for 48 hours', async () => {
    const { state } = await rig.pass();
    expect(state.apple).toMatchObject({
      deployed: { answer: { verdict: 'accepted', counts: true, fingerprint: fingerprint(rig.secret()) } },
      acceptedSecret: fingerprint(rig.secret()),
    });
    expect(loginsOf(state)).toMatchObject({ state: 'works', until: state.deployed?.expiresAt, because: null });
    rig.clock.pass(48 * HOUR);
    expect(loginsOf(state).state).toBe('unknown');
  });

  test('is put once a day, its key every four hours, and the control twice a day', async () => {
    await rig.pass();
    rig.world.requests.clearLog();
    for (let hour = 0; hour < 72; hour += 1) {
      rig.clock.pass(HOUR);
      await rig.pass();
    }
    const controls = 72 / 12;
    expect(rig.asked().length).toBeGreaterThanOrEqual(72 / 5 + controls - 2);
    expect(rig.asked().length).toBeLessThanOrEqual(72 / 4 + controls + 1);
  });

  test('finds a key that was revoked within hours: asked again after 5 minutes, then logins fail, until it is mended', async () => {
    await rig.pass();
    rig.world.appleKeys.revoke(IDS.keyId);
    rig.clock.pass(4 * HOUR + 60_000);
    const first = await rig.pass();
    expect(first.state).toMatchObject({ state: 'failed', error: { code: 'ERR_APPLE_REJECTED_ONCE' } });
    expect(loginsOf(first.state).state).toBe('unknown');
    rig.clock.wall = first.state.retry.nextAttemptAt ?? 0;
    const asked = rig.asked().length;
    const second = await rig.pass();
    expect(second).toMatchObject({ outcome: 'blocked', state: { error: { code: 'ERR_APPLE_REJECTED' } } });
    // The candidate is of the same identity, and was rejected beside it 5 minutes ago.
    expect(rig.asked()).toHaveLength(asked + 1);
    expect(loginsOf(second.state)).toMatchObject({ state: 'fails', because: 'secret', until: null });
    expect(rig.writes()).toHaveLength(0);
    rig.useKey('KEYBBBBBBB');
    rig.clock.pass(60_000);
    const mended = await rig.pass({}, { target: { ids: { ...IDS, keyId: 'KEYBBBBBBB' } } });
    expect(mended.state).toMatchObject({ state: 'rotated', reason: 'RejectedByApple' });
    expect(loginsOf(mended.state).state).toBe('works');
  });

  test('in a fresh journal: a secret of a revoked key gives way to a key that Apple accepts', async () => {
    rig.world.appleKeys.revoke(IDS.keyId);
    rig.useKey('KEYBBBBBBB');
    const mended = { target: { ids: { ...IDS, keyId: 'KEYBBBBBBB' } } };
    expect((await rig.pass({}, mended)).state.error?.code).toBe('ERR_APPLE_REJECTED_ONCE');
    rig.clock.pass(5 * 60_000);
    expect((await rig.pass({}, mended)).state).toMatchObject({ state: 'rotated', reason: 'RejectedByApple' });
  });

  test('that has no answer is put again an hour later, and does not undo a rejection', async () => {
    rig.world.behaviour.apple = 'unavailable';
    expect((await rig.pass()).state.apple.deployed).toMatchObject({ askedAt: expect.any(Number), answer: null });
    rig.world.requests.clearLog();
    rig.clock.pass(40 * 60_000);
    await rig.pass();
    expect(rig.asked()).toHaveLength(0);
    rig.world.behaviour.apple = 'invalid_client';
    rig.clock.pass(20 * 60_000);
    expect((await rig.pass()).state.apple.deployed.answer).toMatchObject({ verdict: 'rejected', counts: false });
    rig.world.behaviour.apple = 'unavailable';
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state.apple.deployed.answer).toMatchObject({ verdict: 'rejected' });
  });

  test('is not put where Apple is not to be asked', async () => {
    await rig.pass({}, { target: { appleCheck: 'off' } });
    await rig.pass({ waiveAppleCheck: true });
    expect(rig.asked()).toHaveLength(0);
  });

  test('is put while the window is shut, and about a secret of somebody else', async () => {
    rig.put(rig.mint(50));
    expect(loginsOf((await rig.pass({}, shut)).state).state).toBe('works');
    rig.world.appleKeys.generate({ teamId: IDS.teamId, keyId: 'KEYOLDOLDA', clientIds: [IDS.clientId] });
    rig.put(rig.mint(90, 'KEYOLDOLDA'));
    rig.clock.pass(2 * DAY);
    expect(loginsOf((await rig.pass()).state).state).toBe('works');
    rig.world.appleKeys.revoke('KEYOLDOLDA');
    rig.clock.pass(2 * DAY);
    expect((await rig.pass()).state.error?.code).toBe('ERR_APPLE_REJECTED_ONCE');
  });

  test('changes nothing about what is deployed, and never pushes what it minted', async () => {
    await rig.pass();
    expect(rig.writes()).toHaveLength(0);
    expect(await rig.rotations()).toEqual([]);
  });
});

describe('the question about a secret that is hidden', () => {
  beforeEach(async () => {
    await rig.stop();
    rig = await startRig({ showSecret: 'masked' });
    rig.put(rig.mint(120));
    await rig.pass();
    rig.clock.pass(2 * DAY);
    rig.world.requests.clearLog();
  });

  test('is about a fresh one of the same identity, which nobody pushes, and an acceptance proves no more', async () => {
    const deployed = rig.secret();
    const { state } = await rig.pass();
    expect(state.apple.deployed.answer).toMatchObject({ verdict: 'accepted' });
    expect(state.apple.deployed.answer?.fingerprint).not.toBe(fingerprint(deployed));
    expect(loginsOf(state)).toMatchObject({ state: 'unknown', until: state.deployed?.expiresAt });
    expect([rig.secret(), rig.writes().length]).toEqual([deployed, 0]);
  });

  test('finds that its key was revoked', async () => {
    rig.world.appleKeys.revoke(IDS.keyId);
    expect((await rig.pass()).state.error?.code).toBe('ERR_APPLE_REJECTED_ONCE');
    rig.clock.pass(5 * 60_000);
    expect(loginsOf((await rig.pass()).state)).toMatchObject({ state: 'fails', because: 'secret' });
  });

  test('is put by the corrected clock, so that the answer is not about the clock', async () => {
    rig.world.behaviour.dateOffsetSeconds = -200;
    expect((await rig.pass()).state.apple.deployed.answer).toMatchObject({ verdict: 'accepted' });
  });
});

test('a rotation counts as a question about what it wrote', async () => {
  const { state } = await rig.pass();
  expect(state.apple.deployed.answer).toMatchObject({ verdict: 'accepted', fingerprint: fingerprint(rig.secret()) });
  rig.world.requests.clearLog();
  rig.clock.pass(3 * HOUR);
  await rig.pass();
  expect(rig.asked()).toHaveLength(0);
});

describe('the login check', () => {
  const asks: string[] = [];
  let verdict: 'rejected' | 'unknown';
  const observed = () => ({
    tools: {
      loginCheck: {
        ask: async ({ envId }: { envId: string }) => {
          asks.push(envId);
          return { verdict, detail: { trouble: 'code' as const, code: 'invalid_client' } };
        },
      },
    },
  });
  beforeEach(() => {
    asks.length = 0;
    verdict = 'unknown';
    rig.put(rig.mint(120));
  });

  test('is asked once a day and after a rotation; what it says is part of the proof', async () => {
    for (let hour = 0; hour < 30; hour += 1) {
      await rig.pass({}, observed());
      rig.clock.pass(HOUR);
    }
    expect(asks).toHaveLength(2);
    await rig.pass({ force: true }, observed());
    expect(asks).toHaveLength(3);
    expect((await rig.rotations())[0]?.proof).toEqual({ readBack: 'seen', apple: 'accepted', loginCheck: 'unknown' });
  });

  test('two rejections 5 minutes apart say that logins fail, unless Apple accepts the secret, and nothing is written', async () => {
    verdict = 'rejected';
    const off = { ...observed(), target: { appleCheck: 'off' as const } };
    const first = await rig.pass({}, off);
    expect(loginsOf(first.state).state).toBe('unknown');
    rig.clock.wall = first.wakeAt ?? 0;
    const second = await rig.pass({}, off);
    expect(loginsOf(second.state)).toMatchObject({ state: 'fails', because: 'login-check' });
    expect(rig.writes()).toHaveLength(0);
    expect(loginsOf((await rig.pass({}, observed())).state).state).toBe('works');
  });
});

describe('a provider that is gone', () => {
  test('at two reads 5 minutes apart: logins fail, until it is there again', async () => {
    rig.put(rig.mint(120));
    await rig.pass();
    rig.world.providers.delete(ENV_ID, 'apple');
    rig.clock.pass(HOUR);
    const first = await rig.pass();
    expect(loginsOf(first.state).evidence[0]).toMatchObject({ detail: 'not-found-once' });
    rig.clock.wall = first.state.retry.nextAttemptAt ?? 0;
    expect(loginsOf((await rig.pass()).state)).toMatchObject({ state: 'fails', because: 'provider', until: null });
    rig.put(rig.mint(120));
    rig.clock.pass(HOUR);
    expect(loginsOf((await rig.pass()).state).state).toBe('works');
  });

  test.each(['ResourceNotFound.EnvNotFound', 'ResourceUnavailable.ResourceOverdue', 'ResourceUnavailable.Isolated'])(
    'or its environment, by %s',
    async (code) => {
      rig.world.faults.add({ service: 'tcb', kind: 'error', code, times: 2 });
      await rig.pass();
      rig.clock.pass(5 * 60_000);
      const { state } = await rig.pass();
      expect(loginsOf(state).evidence[0]).toMatchObject({ verdict: 'fails', detail: 'environment-gone' });
    },
  );
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
    await rig.journal.acquireLease(rig.target.key, 'somebody');
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

  test('is settled by its value before that write, however many rotations were tried since', async () => {
    rig.world.behaviour.rediscovery = true;
    const was = wanted();
    await rig.pass();
    rig.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'UnauthorizedOperation' });
    for (let tried = 0; tried < 12; tried += 1) {
      rig.clock.pass(HOUR);
      await rig.pass({ force: true });
    }
    expect((await rig.state()).providerChanges).toHaveLength(1);
    rig.world.patchConfig(ENV_ID, 'apple', { AuthorizationEndpoint: was as string });
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state.providerChanges).toEqual([]);
  });

  test('is settled by that value although the clock was set back before the next rotation', async () => {
    rig.world.behaviour.rediscovery = true;
    const was = wanted();
    await rig.pass();
    rig.clock.wall -= 90_000;
    expect((await rig.pass({ force: true })).state.providerChanges).toHaveLength(1);
    rig.world.patchConfig(ENV_ID, 'apple', { AuthorizationEndpoint: was as string });
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state.providerChanges).toEqual([]);
  });

  test('is settled by that value although the clock was set back before the rotation ended', async () => {
    rig.world.behaviour.rediscovery = true;
    const was = wanted();
    const ask = async () => {
      rig.clock.wall -= 90_000;
      return { verdict: 'unknown' as const, detail: { trouble: 'code' as const, code: 'invalid_client' } };
    };
    const { state } = await rig.pass({}, { tools: { loginCheck: { ask } } });
    const [row] = await rig.rotations();
    expect(row?.finishedAt).toBeLessThan(state.providerChanges[0]?.at ?? 0);
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
      replaced: { fingerprint: fingerprint(theirs), at: expect.any(Number) },
    });
  });

  test('is noted once, since when it is there, and of our own identity as such', async () => {
    await rig.pass();
    rig.clock.pass(DAY);
    rig.put(rig.mint(150));
    const at = rig.clock.now();
    for (let day = 0; day < 9; day += 1) {
      await rig.pass();
      rig.clock.pass(DAY);
    }
    const { replaced } = (await rig.pass()).state;
    expect(replaced).toMatchObject({ fingerprint: fingerprint(rig.secret()), kind: 'own-identity' });
    expect(replaced?.at).toBeLessThan(at + HOUR);
  });

  test('of our identity counts as ours where the daemon before may have written it while the journal was away', async () => {
    await rig.pass();
    rig.clock.pass(DAY);
    rig.put(rig.mint(180));
    const crashed = { tools: { crashedBefore: rig.clock.now() } };
    const { state } = await rig.pass({}, crashed);
    expect(state).toMatchObject({
      state: 'healthy',
      replaced: null,
      written: { fingerprint: fingerprint(rig.secret()) },
    });
    rig.clock.pass(DAY);
    rig.put(rig.mint(180));
    expect((await rig.pass({}, crashed)).state.replaced).toMatchObject({ kind: 'own-identity' });
  });
});
