// One rotation from end to end, over real parts: what is written, what is left alone, and what is recorded.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKeySource } from '../../src/adapters/keys/registry.ts';
import { fingerprint, parseClientSecret } from '../../src/core/client-secret.ts';
import { canonical } from '../../src/core/json.ts';
import { DAY } from '../../src/core/time.ts';
import { newP8 } from '../support/keys.ts';
import { IDS, type Rig, startRig } from '../support/pass-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

describe('a secret with five days left, signed by our key', () => {
  test('is replaced by one of 180 days, and ClientSecret alone differs afterwards', async () => {
    const before = rig.provider();
    const result = await rig.pass();
    expect(result).toMatchObject({
      outcome: 'succeeded',
      state: { state: 'rotated', reason: 'RenewalDue', error: null },
    });
    const expected = { ...before, Config: { ...before.Config, ClientSecret: rig.secret() } };
    expect(canonical(rig.provider())).toBe(canonical(expected));
    const parsed = parseClientSecret(rig.secret());
    expect(parsed).toMatchObject({ keyId: IDS.keyId, teamId: IDS.teamId, clientId: IDS.clientId });
    expect(parsed?.expiresAtMs).toBeGreaterThan(rig.clock.now() + 179 * DAY);
  });

  test('sends EnvId, Id and Config, and no other top-level field', async () => {
    await rig.pass();
    const [write] = rig.writes();
    expect(Object.keys((write?.body ?? {}) as object).sort()).toEqual(['Config', 'EnvId', 'Id']);
    expect(rig.writes()).toHaveLength(1);
  });

  test('is replaced with a key that lies base64-encoded in the entry of JSON that jsonKey names', async () => {
    const encoded = readFileSync(rig.keyFile).toString('base64');
    writeFileSync(rig.keyFile, JSON.stringify({ ...IDS, privateKey: newP8(), apple: encoded }));
    const { clock } = rig;
    const options = { from: 'file', path: rig.keyFile, jsonKey: 'apple' } as const;
    const keySource = createKeySource(options, { env: {}, clock, timeoutMs: 5_000 });
    expect(await rig.pass({}, { tools: { keySource } })).toMatchObject({ outcome: 'succeeded' });
  });

  test('is healthy at the next pass, and nothing more is written', async () => {
    await rig.pass();
    const result = await rig.pass();
    expect(result.state).toMatchObject({ state: 'healthy', reason: null, retry: { failures: 0, nextAttemptAt: null } });
    expect(rig.writes()).toHaveLength(1);
  });

  test('leaves one row with both fingerprints, Apple’s verdicts and the request id', async () => {
    const old = rig.secret();
    await rig.pass();
    const [row] = await rig.rotations();
    expect(row).toMatchObject({
      reason: 'RenewalDue',
      trigger: 'schedule',
      outcome: 'succeeded',
      keyId: IDS.keyId,
      fingerprint: fingerprint(rig.secret()),
      previousFingerprint: fingerprint(old),
      appleCheck: { candidate: 'accepted', deployed: 'accepted' },
      appleCheckWaived: false,
      error: null,
    });
    expect(row?.requestIds).toHaveLength(1);
  });

  test('tells the start and exactly one end', async () => {
    await rig.pass();
    expect(rig.eventNames()).toEqual(['rotation.started', 'rotation.succeeded']);
    expect(rig.events.filter(({ event }) => event === 'rotation.step')).toMatchObject([
      { step: 'apple-answered', asked: 'control', verdict: 'rejected' },
      { step: 'apple-answered', asked: 'deployed', verdict: 'accepted' },
      { step: 'found' },
      { step: 'minted' },
      { step: 'verified' },
      { step: 'apple-answered', asked: 'candidate', verdict: 'accepted' },
      { step: 'intent-recorded' },
      { step: 'pushed', requestId: expect.any(String) },
      { step: 'read-back', found: 'arrived' },
      { step: 'outcome-recorded' },
    ]);
  });
});

describe('a healthy secret', () => {
  beforeEach(() => rig.put(rig.mint(120)));

  test('is left alone; Apple is asked once a day, by a control and the secret itself', async () => {
    const result = await rig.pass();
    expect(result.state.state).toBe('healthy');
    await rig.pass();
    expect([rig.writes().length, rig.asked().length]).toEqual([0, 2]);
    expect(Object.values((await rig.journal.fleet()).apple)).toMatchObject([
      { control: 'rejected', acceptedAt: expect.any(Number) },
    ]);
    rig.clock.pass(2 * DAY);
    await rig.pass();
    expect(rig.asked()).toHaveLength(4);
    expect(rig.eventNames()).toEqual(['pass.healthy', 'pass.healthy', 'pass.healthy']);
    expect(await rig.rotations()).toEqual([]);
  });

  test('is replaced when asked for, with the row open from the start', async () => {
    const result = await rig.pass({ force: true, trigger: 'cli', requestedBy: 'cli' });
    expect(result).toMatchObject({ outcome: 'succeeded', state: { reason: 'Requested' } });
    expect(await rig.rotations()).toMatchObject([{ reason: 'Requested', trigger: 'cli', requestedBy: 'cli' }]);
  });
});
