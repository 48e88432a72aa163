// What Apple says, what counts of it, and what is pushed when it says nothing or the same to everybody.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseClientSecret } from '../../src/core/client-secret.ts';
import { judgeLogins } from '../../src/core/logins.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { IDS, type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

/** One rotation of our own, long enough ago that another one may follow. */
async function rotateOnce(): Promise<void> {
  rig.put(rig.mint(5));
  await rig.pass();
  rig.clock.pass(2 * DAY);
}

/** A second key that Apple does not know; the provider's secret stays as it is. */
function unknownKey(keyId: string): void {
  rig.useKey(keyId);
  rig.world.appleKeys.revoke(keyId);
}

const OTHER = { ids: { ...IDS, keyId: 'KEYBBBBBBB' } };
const passOther = () => rig.pass({}, { target: OTHER });
const record = async () => Object.values((await rig.journal.fleet()).apple)[0];
const code = async (pass: Promise<{ state: { error: { code: string } | null } }>) => (await pass).state.error?.code;
const logins = async () => {
  const now = rig.clock.now();
  return judgeLogins(await rig.state(), { now, skewMs: 0, since: now });
};

describe('a rejected candidate', () => {
  test('is tried again in 5 minutes, then told, and never replaces a secret that works', async () => {
    await rotateOnce();
    unknownKey('KEYBBBBBBB');
    const old = rig.secret();
    const first = await passOther();
    expect(first).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_APPLE_REJECTED_ONCE' } } });
    expect(first.state.retry.nextAttemptAt).toBe((first.state.apple.candidate.askedAt ?? 0) + 5 * MINUTE);
    expect((await rig.rotations())[0]?.appleCheck).toEqual({ candidate: 'rejected', deployed: 'accepted' });
    rig.clock.pass(5 * MINUTE);
    expect(await passOther()).toMatchObject({ outcome: 'blocked', state: { error: { code: 'ERR_APPLE_REJECTED' } } });
    const asked = rig.asked().length;
    rig.clock.pass(10 * MINUTE);
    expect(await code(passOther())).toBe('ERR_APPLE_REJECTED');
    expect(rig.asked()).toHaveLength(asked);
    rig.clock.pass(HOUR);
    expect(await code(passOther())).toBe('ERR_APPLE_REJECTED');
    expect(rig.asked().length).toBeGreaterThan(asked);
    expect(rig.secret()).toBe(old);
  });

  test.each([
    ['none at all', () => rig.put(undefined)],
    ['one that Apple rejects as well', () => rig.world.appleKeys.revoke(IDS.keyId)],
  ])('replaces not even %s', async (_name, arrange) => {
    await rotateOnce();
    unknownKey('KEYBBBBBBB');
    arrange();
    const writes = rig.writes().length;
    await passOther();
    rig.clock.pass(5 * MINUTE);
    expect(await code(passOther())).toBe('ERR_APPLE_REJECTED_ONCE');
    expect(rig.writes()).toHaveLength(writes);
  });

  test('replaces not even an expired one, where Apple accepts others', async () => {
    await rotateOnce();
    unknownKey('KEYBBBBBBB');
    rig.put(rig.mint(-1));
    const writes = rig.writes().length;
    for (const wanted of ['ERR_APPLE_REJECTED_ONCE', 'ERR_APPLE_REJECTED']) {
      await rig.journal.updateFleet((fleet) => ({
        ...fleet,
        apple: Object.fromEntries(
          Object.entries(fleet.apple).map(([url, known]) => [url, { ...known, acceptedAt: rig.clock.now() }]),
        ),
      }));
      expect(await code(passOther())).toBe(wanted);
      rig.clock.pass(5 * MINUTE);
    }
    expect(rig.writes()).toHaveLength(writes);
  });

  test('is not pushed by --force, and is by --no-apple-check, which the journal notes', async () => {
    await rotateOnce();
    unknownKey('KEYBBBBBBB');
    const writes = rig.writes().length;
    await rig.pass({ force: true }, { target: OTHER });
    expect(rig.writes()).toHaveLength(writes);
    const result = await rig.pass({ waiveAppleCheck: true, force: true }, { target: OTHER });
    expect(result).toMatchObject({ outcome: 'succeeded' });
    expect((await rig.rotations())[0]).toMatchObject({
      appleCheckWaived: true,
      appleCheck: { candidate: 'not-asked', deployed: 'not-asked' },
    });
  });
});

describe('a rejection that does not count', () => {
  test('forbids all the same, and is told as Apple’s when it lasts an hour', async () => {
    rig.world.behaviour.apple = 'invalid_client';
    rig.put(rig.mint(50));
    const old = rig.secret();
    const codes: (string | undefined)[] = [];
    for (const wait of [0, 5 * MINUTE, HOUR, HOUR]) {
      rig.clock.pass(wait);
      codes.push(await code(rig.pass()));
    }
    expect(new Set(codes)).toEqual(new Set(['ERR_APPLE_REJECTED_ONCE']));
    expect(rig.secret()).toBe(old);
    expect(await record()).toMatchObject({ acceptedAt: null, rejections: { count: expect.any(Number) } });
    rig.put(rig.mint(150));
    rig.clock.pass(HOUR);
    expect(await code(rig.pass())).toBe('ERR_APPLE_REJECTED');
  });

  test('gives way over an expired secret, whose replacement is critical until Apple accepts it', async () => {
    rig.put(rig.mint(-1));
    rig.world.behaviour.apple = 'invalid_client';
    const pushed = await rig.pass();
    expect(pushed).toMatchObject({
      outcome: 'succeeded',
      state: { state: 'failed', error: { code: 'ERR_APPLE_UNKNOWN' }, unproven: expect.any(String) },
    });
    expect((await rig.rotations())[0]).toMatchObject({ outcome: 'succeeded', error: null });
    rig.clock.pass(10 * MINUTE);
    const waiting = await rig.pass();
    expect(waiting.state).toMatchObject({ state: 'failed', error: { code: 'ERR_APPLE_UNKNOWN' } });
    expect(rig.writes()).toHaveLength(1);
    rig.world.behaviour.apple = 'real';
    rig.clock.pass(2 * HOUR);
    expect((await rig.pass()).state).toMatchObject({ state: 'healthy', unproven: null });
    expect(await logins()).toMatchObject({ state: 'works' });
  });
});

describe('no usable answer', () => {
  test('lets a new secret of the same identity go, whose signature is verified', async () => {
    rig.put(rig.mint(50));
    rig.world.behaviour.apple = 'unavailable';
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
    expect((await rig.rotations())[0]?.appleCheck.candidate).toBe('unknown');
  });

  test('lets an identity wait that is not proven, also in an emergency, and wakes it at the end', async () => {
    rig.put(rig.mint(10));
    await rig.journal.commit({ target: { ...(await rig.pass()).state } });
    rig.useKey('KEYBBBBBBB');
    rig.world.behaviour.apple = 'unavailable';
    rig.clock.pass(172 * DAY);
    const result = await passOther();
    expect(result).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_APPLE_UNKNOWN' } } });
    expect(result.wakeAt).toBe(result.state.deployed?.expiresAt);
    expect(rig.writes()).toHaveLength(1);
    rig.clock.pass(9 * DAY);
    expect(await passOther()).toMatchObject({ outcome: 'succeeded' });
  });

  test('where even false secrets are accepted', async () => {
    rig.world.behaviour.apple = 'invalid_grant';
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
    expect(await record()).toMatchObject({ control: 'accepted' });
    expect(await logins()).toMatchObject({
      state: 'unknown',
      evidence: expect.arrayContaining([expect.objectContaining({ detail: 'accepted-uncounted' })]),
    });
    rig.useKey('KEYBBBBBBB');
    rig.clock.pass(2 * DAY);
    expect(await code(passOther())).toBe('ERR_APPLE_UNKNOWN');
  });
});

test('an endpoint that begins to accept everything is found out before an identity that was never accepted', async () => {
  await rotateOnce();
  await rig.pass();
  rig.clock.pass(HOUR);
  rig.world.behaviour.apple = 'invalid_grant';
  const old = rig.secret();
  const mistyped = { ids: { ...IDS, teamId: 'TEAM999999' } };
  expect((await rig.pass({ force: true }, { target: mistyped })).outcome).not.toBe('succeeded');
  expect(rig.secret()).toBe(old);
});

describe('how often Apple is asked', () => {
  test('for control, deployed secret and candidate in a first pass; the control bears the candidate’s claims', async () => {
    await rig.pass();
    expect(rig.asked()).toHaveLength(3);
    expect(await record()).toMatchObject({ control: 'rejected', acceptedAt: expect.any(Number) });
  });

  test('a retry within the hour uses the acceptance again, and one after it does not', async () => {
    rig.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'reset-before', times: 2 });
    await rig.pass();
    const asked = rig.asked().length;
    rig.clock.pass(50 * MINUTE);
    await rig.pass();
    expect(rig.asked()).toHaveLength(asked);
    rig.clock.pass(70 * MINUTE);
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
    expect(rig.asked()).toHaveLength(asked + 1);
  });

  test('again about a key that was revoked since it was accepted', async () => {
    await rotateOnce();
    const old = rig.secret();
    rig.world.appleKeys.revoke(IDS.keyId);
    expect(await rig.pass({ force: true })).toMatchObject({ outcome: 'failed' });
    expect(rig.secret()).toBe(old);
  });
});

describe('require', () => {
  const required = () => rig.pass({}, { target: { appleCheck: 'require' } });

  test('an accepted candidate is pushed', async () => {
    expect(await required()).toMatchObject({ outcome: 'succeeded' });
  });

  test('no answer stops even a proven key, but over what is certainly useless', async () => {
    rig.world.behaviour.apple = 'unavailable';
    expect(await code(required())).toBe('ERR_APPLE_UNKNOWN');
    rig.put(undefined);
    rig.clock.pass(MINUTE);
    expect(await code(required())).toBe('ERR_APPLE_UNKNOWN');
    rig.put(rig.mint(-1));
    rig.clock.pass(MINUTE);
    expect(await required()).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('off', () => {
  const off = { target: { appleCheck: 'off' as const } };

  test('a verified identity is renewed without a question', async () => {
    expect(await rig.pass({}, off)).toMatchObject({ outcome: 'succeeded' });
    expect(rig.asked()).toHaveLength(0);
  });

  test.each([
    ['another identity', () => rig.put(rig.mint(5, 'KEYOLDOLDA'))],
    ['a missing secret', () => rig.put(undefined)],
    ['an unreadable one', () => rig.put('******')],
  ])('%s waits for a person, without a row, and goes when one asks', async (_name, arrange) => {
    rig.world.appleKeys.generate({ teamId: IDS.teamId, keyId: 'KEYOLDOLDA', clientIds: [IDS.clientId] });
    arrange();
    expect((await rig.pass({}, off)).state).toMatchObject({
      state: 'pending',
      error: { code: 'ERR_CONSENT_REQUIRED' },
      retry: { failures: 0 },
    });
    expect([await rig.rotations(), rig.writes(), rig.eventNames()]).toEqual([[], [], ['pass.pending']]);
    expect(['succeeded', 'unverified']).toContain((await rig.pass({ force: true }, off)).outcome);
  });
});

describe('a key that contradicts what Apple accepted', () => {
  async function another(register: boolean): Promise<void> {
    await rotateOnce();
    rig.useKey(IDS.keyId);
    if (!register) rig.world.appleKeys.revoke(IDS.keyId);
  }

  test('another private key under the same id is the target’s error at once, though nothing is due', async () => {
    await another(false);
    const old = rig.secret();
    const { state, outcome } = await rig.pass();
    expect(outcome).toBeNull();
    expect(said(state.error)).toMatchObject({
      code: 'ERR_KEY_BINDING',
      message: expect.stringContaining(`Apple has accepted Key ID ${IDS.keyId} with another private key`),
    });
    expect(rig.secret()).toBe(old);
  });

  test('the same private key under a mistyped id waits, whatever Apple says or does not say', async () => {
    await rotateOnce();
    rig.world.behaviour.apple = 'unavailable';
    const old = rig.secret();
    const mistyped = { ids: { ...IDS, keyId: 'KEYAAAAAAB' } };
    for (const days of [0, 100, 70]) {
      rig.clock.pass(days * DAY);
      expect(await code(rig.pass({}, { target: mistyped }))).toBe('ERR_KEY_BINDING');
    }
    expect(rig.secret()).toBe(old);
    rig.world.behaviour.apple = 'real';
    rig.clock.pass(MINUTE);
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is believed as soon as Apple accepts it', async () => {
    await another(true);
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded', state: { reason: 'KeyChanged' } });
    expect(parseClientSecret(rig.secret())?.keyId).toBe(IDS.keyId);
  });

  test('is refused where Apple is not asked, also over an expired secret', async () => {
    await another(true);
    rig.put(rig.mint(-1));
    expect(await code(rig.pass({}, { target: { appleCheck: 'off' } }))).toBe('ERR_KEY_BINDING');
  });
});
