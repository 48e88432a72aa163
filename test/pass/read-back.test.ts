// Each way a write can turn out, as the read-back sees it: nothing is written over what may be somebody else's, and
// what our own write spoiled is mended.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { HOUR } from '../../src/core/time.ts';
import { ENV_ID, type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

/** After every write the provider holds `config` instead of what was written. */
function spoil(config: { ClientSecret: string }): void {
  rig.world.requests.before('tcb', 'GetProviders', async () => {
    if (rig.writes().length > 0) rig.world.patchConfig(ENV_ID, 'apple', config);
  });
}

test('a write that is shown late is waited for: 0, 2, 5 and 10 s', async () => {
  rig.world.behaviour.staleReads = 3;
  expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
  expect(rig.clock.slept.filter((ms) => ms === 0 || ms >= 2_000)).toEqual([0, 2_000, 3_000, 5_000]);
  expect(rig.writes()).toHaveLength(1);
});

test('one that never shows is not applied: nothing more is written, and it is tried again', async () => {
  rig.world.behaviour.staleReads = 100;
  const result = await rig.pass();
  expect(result).toMatchObject({
    outcome: 'failed',
    state: { state: 'failed', error: { code: 'ERR_NOT_APPLIED' }, retry: { failures: 1 }, written: null },
  });
  expect(rig.writes()).toHaveLength(1);
  expect(rig.eventNames()).toEqual(['rotation.started', 'rotation.failed', 'retry.scheduled']);
});

test('and one that shows only after that is ours all the same, and nobody else’s replacement', async () => {
  rig.world.behaviour.staleReads = 100;
  await rig.pass();
  rig.world.behaviour.staleReads = 0;
  rig.clock.pass(60_000);
  const { state } = await rig.pass();
  expect(state).toMatchObject({ state: 'healthy', replaced: null, lastRotationAt: expect.any(Number) });
  expect(state.written?.fingerprint).toBe(fingerprint(rig.secret()));
  expect(rig.writes()).toHaveLength(1);
  const [late, failed] = await rig.rotations();
  expect(late).toMatchObject({ outcome: 'succeeded', settles: failed?.id, proof: { readBack: 'seen' } });
  expect(failed).toMatchObject({ outcome: 'failed', settles: null });
});

test('one that shows only after a later write is ours as well, and its row is settled', async () => {
  const { provider } = rig.tools;
  let late = '';
  const frozen: typeof provider = {
    ...provider,
    write: async (_env, _id, { clientSecret }) => {
      late = clientSecret;
      throw new Error('it stands still');
    },
  };
  await rig.pass({}, { tools: { provider: frozen } });
  rig.clock.pass(60_000);
  expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
  rig.put(late);
  rig.clock.pass(60_000);
  const { state } = await rig.pass();
  expect(state).toMatchObject({ state: 'healthy', replaced: null, written: { fingerprint: fingerprint(late) } });
  const [settled, second, first] = await rig.rotations();
  expect(settled).toMatchObject({ outcome: 'succeeded', settles: first?.id, fingerprint: fingerprint(late) });
  expect([second?.outcome, first?.outcome]).toEqual(['succeeded', 'failed']);
  expect(rig.writes()).toHaveLength(1);
});

describe('a write whose answer is lost', () => {
  test('though it was applied, succeeds by reading', async () => {
    rig.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'reset-after', times: 1 });
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
    expect((await rig.state()).written?.fingerprint).toBe(fingerprint(rig.secret()));
  });

  test('and that was not applied, fails with the error of the write', async () => {
    rig.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'reset-before', times: 1 });
    expect(await rig.pass()).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_CLOUDBASE_NETWORK' } } });
    expect(rig.writes()).toHaveLength(1);
  });

  test('and hangs, is cut off by its time limit and found by reading', async () => {
    rig.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'hang', times: 1 });
    expect((await rig.pass()).state.error?.code).toBe('ERR_CLOUDBASE_TIMEOUT');
  });

  test('with a secret that does not show, is of unknown outcome: the earlier expiry counts, and the target is due', async () => {
    await rig.stop();
    rig = await startRig({ showSecret: 'masked', target: {} });
    await rig.pass();
    const firstExpiry = (await rig.state()).deployed?.expiresAt;
    rig.clock.pass(60 * 86_400_000);
    rig.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'reset-after', times: 1 });
    const result = await rig.pass({ force: true });
    expect(result.state).toMatchObject({
      error: { code: 'ERR_OUTCOME_UNKNOWN' },
      deployed: { expiresAt: firstExpiry },
      maybeWritten: { fingerprint: fingerprint(rig.secret()) },
    });
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state).toMatchObject({ reason: 'RenewalDue', state: 'unverified', maybeWritten: null });
  });
});

test('after a write of unknown outcome, a reading that shows our secret settles it without another write', async () => {
  let blind = true;
  rig.world.requests.before('tcb', 'GetProviders', async () => {
    if (blind && rig.writes().length > 0)
      rig.world.faults.add({ service: 'tcb', action: 'GetProviders', kind: 'status', status: 502, times: 1 });
  });
  expect((await rig.pass()).state).toMatchObject({ error: { code: 'ERR_OUTCOME_UNKNOWN' } });
  blind = false;
  rig.world.faults.clear();
  rig.clock.pass(60_000);
  const { state } = await rig.pass();
  expect(state).toMatchObject({ state: 'healthy', maybeWritten: null, replaced: null });
  expect(state.written?.fingerprint).toBe(fingerprint(rig.secret()));
  expect(rig.writes()).toHaveLength(1);
});

test('a provider that is gone after the write leaves the outcome unknown, and nothing is written again', async () => {
  rig.world.requests.before('tcb', 'GetProviders', async () => {
    if (rig.writes().length > 0) rig.world.providers.delete(ENV_ID, 'apple');
  });
  const { outcome, state } = await rig.pass();
  expect({ outcome, error: said(state.error) }).toMatchObject({
    outcome: 'failed',
    error: { code: 'ERR_OUTCOME_UNKNOWN', message: expect.stringContaining('has been deleted') },
  });
  expect(rig.writes()).toHaveLength(1);
});

test('a third secret that is readable and not expired is somebody else’s', async () => {
  const theirs = rig.mint(30);
  spoil({ ClientSecret: theirs });
  expect(await rig.pass()).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_CONFLICT' } } });
  expect([rig.secret(), rig.writes().length]).toEqual([theirs, 1]);
});

describe('a write that leaves no usable secret', () => {
  test.each([
    ['nothing', ''],
    ['text that is no secret', 'broken'],
    ['our secret cut short', (ours: string) => ours.slice(0, -20)],
    ['our secret in quotes', (ours: string) => `"${ours}"`],
    ['our secret with a line break', (ours: string) => `${ours.slice(0, 40)}\n${ours.slice(40)}`],
    [
      'our claims with another signature',
      (ours: string) => `${ours.slice(0, ours.lastIndexOf('.'))}.${'A'.repeat(86)}`,
    ],
  ])('but %s is undone: the old one is put back', async (_name, ClientSecret) => {
    const old = rig.secret();
    let spoilt = false;
    rig.world.requests.before('tcb', 'GetProviders', async () => {
      if (rig.writes().length === 1 && !spoilt) {
        spoilt = true;
        rig.world.patchConfig(ENV_ID, 'apple', {
          ClientSecret: typeof ClientSecret === 'string' ? ClientSecret : ClientSecret(rig.secret()),
        });
      }
    });
    expect(await rig.pass()).toMatchObject({ outcome: 'rolled-back', state: { error: { code: 'ERR_ROLLED_BACK' } } });
    expect([rig.secret(), rig.writes().length]).toEqual([old, 2]);
    expect(rig.eventNames()).toEqual(['rotation.started', 'rotation.rolled_back', 'retry.scheduled']);
  });

  test('and shows the old one no more than the new one cannot be verified, and is due again', async () => {
    spoil({ ClientSecret: '' });
    const result = await rig.pass();
    expect(result).toMatchObject({ outcome: 'unverified', state: { maybeWritten: expect.anything() } });
    expect((await rig.rotations())[0]?.proof).toMatchObject({ readBack: 'not-shown' });
  });

  test('and takes the old one back no more than the new one is a failure that says what to do', async () => {
    spoil({ ClientSecret: 'broken' });
    const result = await rig.pass();
    expect(result).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_ROLLBACK_FAILED' } } });
    expect(said(result.state.error)?.hint).toMatch(/by hand now/);
  });

  test('over an expired one has nothing to put back', async () => {
    rig.put(rig.mint(-1));
    spoil({ ClientSecret: '' });
    expect(await rig.pass()).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_READ_BACK' } } });
    expect(rig.writes()).toHaveLength(1);
  });
});

test('a definite refusal of the write is told with CAM’s own words, and nothing is read back', async () => {
  rig.world.faults.add({
    service: 'tcb',
    action: 'ModifyProvider',
    kind: 'error',
    code: 'UnauthorizedOperation',
    message: 'you are not authorized to perform operation (tcb:ModifyProvider) resource (qcs::tcb:::env/shop)',
  });
  const { state } = await rig.pass();
  expect(state).toMatchObject({ error: { code: 'ERR_CLOUDBASE_DENIED' }, retry: { failures: 1 } });
  expect(said(state.error)?.message).toContain('qcs::tcb:::env/shop');
  expect(rig.reads()).toHaveLength(2);
});

test('a field that our write emptied is not restored where that would write another one’s mask', async () => {
  rig.world.requests.before('tcb', 'GetProviders', async () => {
    if (rig.writes().length > 0) rig.world.patchConfig(ENV_ID, 'apple', { UserinfoEndpoint: '', Scope: '******' });
  });
  expect((await rig.pass()).state).toMatchObject({ error: { code: 'ERR_PROVIDER_CHANGED' } });
  expect(rig.writes()).toHaveLength(1);
});
