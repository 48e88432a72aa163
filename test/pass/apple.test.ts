// What Apple says, and what is made of it when it says nothing or the same to everybody.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseClientSecret } from '../../src/core/client-secret.ts';
import { DAY } from '../../src/core/time.ts';
import { IDS, type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

/** Teaches the journal that Apple's answers mean something: a control rejected, a secret of ours accepted. */
async function calibrate(): Promise<void> {
  rig.put(rig.mint(5));
  await rig.pass();
  rig.clock.pass(2 * DAY);
}

/** A second key, at the same id, that Apple does not know; the provider's secret stays as it is. */
function unknownKey(keyId: string): void {
  rig.useKey(keyId);
  rig.world.appleKeys.revoke(keyId);
}

const OTHER = { adopt: true, ids: { ...IDS, keyId: 'KEYBBBBBBB' } };
const compare = () => rig.pass({}, { target: { adopt: true } });
const compareOther = () => rig.pass({}, { target: OTHER });

describe('compare', () => {
  test('a rejected candidate never replaces a secret that works', async () => {
    await calibrate();
    unknownKey('KEYBBBBBBB');
    const old = rig.secret();
    expect(await compareOther()).toMatchObject({
      outcome: 'blocked',
      state: { error: { code: 'ERR_APPLE_REJECTED' } },
    });
    expect(rig.secret()).toBe(old);
    expect(rig.eventNames().slice(-2)).toEqual(['rotation.started', 'rotation.blocked']);
    expect((await rig.rotations())[0]?.appleCheck).toEqual({ candidate: 'rejected', deployed: 'accepted' });
  });

  test('by hand the block is overridden, and the journal says so', async () => {
    await calibrate();
    unknownKey('KEYBBBBBBB');
    const result = await rig.pass({ waiveAppleCheck: true }, { target: OTHER });
    expect(result).toMatchObject({ outcome: 'succeeded' });
    expect((await rig.rotations())[0]).toMatchObject({
      appleCheckWaived: true,
      appleCheck: { candidate: 'not-asked', deployed: 'not-asked' },
    });
  });

  test('--force does not override a block', async () => {
    await calibrate();
    unknownKey('KEYBBBBBBB');
    expect(await rig.pass({ force: true }, { target: OTHER })).toMatchObject({ outcome: 'blocked' });
  });

  test.each([
    ['an expired one', () => rig.put(rig.mint(-1))],
    ['none at all', () => rig.put(undefined)],
    ['one that Apple rejects as well', () => rig.world.appleKeys.revoke(IDS.keyId)],
  ])('a rejected candidate replaces %s', async (_name, arrange) => {
    await calibrate();
    unknownKey('KEYBBBBBBB');
    arrange();
    expect(await compareOther()).toMatchObject({ outcome: 'succeeded' });
  });

  test('no answer: a key that signed the deployed secret is proven', async () => {
    rig.put(rig.mint(50));
    rig.world.behaviour.apple = 'unavailable';
    expect(await compare()).toMatchObject({ outcome: 'succeeded' });
    expect((await rig.rotations())[0]?.appleCheck.candidate).toBe('unknown');
  });

  test('no answer: an unproven key waits, as a failure that may pass', async () => {
    rig.put(rig.mint(50));
    rig.useKey('KEYBBBBBBB');
    rig.world.behaviour.apple = 'unavailable';
    const result = await compareOther();
    expect(result).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_APPLE_UNKNOWN' } } });
    expect(result.state.retry.nextAttemptAt).toBe(rig.clock.now() + 60_000);
    expect(rig.writes()).toHaveLength(0);
  });

  test('no answer in an emergency: an unproven key goes ahead', async () => {
    rig.put(rig.mint(10));
    rig.useKey('KEYBBBBBBB');
    rig.world.behaviour.apple = 'unavailable';
    expect(await compareOther()).toMatchObject({
      outcome: 'succeeded',
    });
  });

  test('blind, because Apple rejects everybody: the readable secret is replaced, both being rejected', async () => {
    rig.world.behaviour.apple = 'invalid_client';
    expect(await compare()).toMatchObject({ outcome: 'succeeded' });
    expect((await rig.rotations())[0]?.appleCheck).toEqual({ candidate: 'rejected', deployed: 'rejected' });
  });

  test('blind, over a secret that cannot be read, a rejection blocks', async () => {
    rig.world.behaviour.apple = 'invalid_client';
    rig.world.behaviour.showSecret = 'masked';
    expect(await compare()).toMatchObject({ outcome: 'blocked' });
  });

  test('blind, because Apple accepts everybody: the control tells, and the rotation goes ahead', async () => {
    rig.world.behaviour.apple = 'invalid_grant';
    expect(await compare()).toMatchObject({ outcome: 'succeeded' });
    expect(Object.values((await rig.journal.fleet()).apple)).toMatchObject([{ controlRejectedAt: null }]);
  });
});

describe('how often Apple is asked', () => {
  test('once for control, candidate and deployed secret; the control bears the candidate’s claims', async () => {
    await rig.pass();
    expect(rig.asked()).toHaveLength(3);
    expect(Object.values((await rig.journal.fleet()).apple)).toMatchObject([
      { controlRejectedAt: expect.any(Number), oursAcceptedAt: expect.any(Number) },
    ]);
  });

  test('not at all while an acceptance of the key is younger than a day, so that retries do not ask again', async () => {
    rig.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'reset-before', times: 1 });
    await rig.pass();
    const asked = rig.asked().length;
    rig.clock.pass(DAY - 60_000);
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
    expect(rig.asked()).toHaveLength(asked);
  });

  test('again once the acceptance is a day old', async () => {
    await rig.pass();
    const asked = rig.asked().length;
    rig.clock.pass(DAY);
    await rig.pass({ force: true });
    expect(rig.asked()).toHaveLength(asked + 3);
  });
});

describe('require', () => {
  const required = () => rig.pass({}, { target: { appleCheck: 'require', adopt: true } });

  test('an accepted candidate is pushed', async () => {
    expect(await required()).toMatchObject({ outcome: 'succeeded' });
  });

  test('no answer stops even a proven key', async () => {
    rig.world.behaviour.apple = 'unavailable';
    expect((await required()).state.error?.code).toBe('ERR_APPLE_UNKNOWN');
  });

  test.each([
    ['no answer goes ahead over a missing secret', 'unavailable', 'succeeded'],
    ['a rejection blocks even over a missing secret', 'invalid_client', 'blocked'],
  ] as const)('%s', async (_name, apple, outcome) => {
    rig.put(undefined);
    rig.world.behaviour.apple = apple;
    expect(await required()).toMatchObject({ outcome });
  });
});

test('off: Apple is not asked', async () => {
  expect(await rig.pass({}, { target: { appleCheck: 'off' } })).toMatchObject({ outcome: 'succeeded' });
  expect(rig.asked()).toHaveLength(0);
});

describe('a key id that is known with another public key', () => {
  async function another(register: boolean): Promise<void> {
    await calibrate();
    rig.useKey(IDS.keyId);
    if (!register) rig.world.appleKeys.revoke(IDS.keyId);
  }

  test('is refused while Apple does not accept the candidate', async () => {
    await another(false);
    const old = rig.secret();
    const { state } = await compare();
    expect(said(state.error)).toMatchObject({
      code: 'ERR_KEY_BINDING',
      message: expect.stringContaining('another public key'),
    });
    expect(rig.secret()).toBe(old);
  });

  test('is believed as soon as Apple accepts the candidate', async () => {
    await another(true);
    expect(await compare()).toMatchObject({ outcome: 'succeeded', state: { reason: 'SignatureInvalid' } });
    expect(parseClientSecret(rig.secret())?.keyId).toBe(IDS.keyId);
  });

  test('is refused where Apple is not asked', async () => {
    await another(true);
    const result = await rig.pass({}, { target: { appleCheck: 'off', adopt: true } });
    expect(result.state.error?.code).toBe('ERR_KEY_BINDING');
  });
});
