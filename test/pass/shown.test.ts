// Nobody knows how CloudBase shows a client secret. Each of the six ways is tried before our first write and after
// it, on the same provider, which truly holds a secret of our key with five days left.
import { afterEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { canonical } from '../../src/core/json.ts';
import type { Shape } from '../../src/core/reasons.ts';
import { DAY } from '../../src/core/time.ts';
import { type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
afterEach(() => rig.stop());

const HIDDEN = ['masked', 'empty', 'null', 'missing'] as const;

describe('before our first write', () => {
  const gate = async (
    showSecret: Shape,
    apple: 'invalid_client' | 'unavailable' | 'real',
    appleCheck: 'compare' | 'off' = 'compare',
  ) => {
    rig = await startRig({ showSecret, target: { appleCheck } });
    rig.world.behaviour.apple = apple;
    const old = rig.secret();
    const { state } = await rig.pass();
    return [rig.secret() === old, state.error?.code];
  };

  describe.each(['digest', ...HIDDEN] as const)('shown as %s it may be working, whatever it is', (showSecret) => {
    test('a candidate that Apple rejects is not written', async () => {
      expect(await gate(showSecret, 'invalid_client')).toEqual([true, 'ERR_APPLE_REJECTED_ONCE']);
    });

    test('nor one about which Apple says nothing', async () => {
      expect(await gate(showSecret, 'unavailable')).toEqual([true, 'ERR_APPLE_UNKNOWN']);
    });

    test('nor one about which Apple is not asked, unless a person asks for it', async () => {
      expect(await gate(showSecret, 'real', 'off')).toEqual([true, 'ERR_CONSENT_REQUIRED']);
      expect(['succeeded', 'unverified']).toContain((await rig.pass({ force: true })).outcome);
    });
  });

  test('a digest is proof enough of what we wrote', async () => {
    rig = await startRig({ showSecret: 'digest' });
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded', state: { state: 'rotated' } });
    expect((await rig.state()).written).toMatchObject({ shape: 'digest', fingerprint: fingerprint(rig.secret()) });
  });

  test.each([['empty'], ['null'], ['missing']] as const)(
    'shown as %s, a candidate that Apple accepts is as good as whatever is there: it is written',
    async (showSecret) => {
      rig = await startRig({ showSecret });
      const old = rig.secret();
      expect(await rig.pass()).toMatchObject({ outcome: 'unverified', state: { reason: 'SecretMissing' } });
      expect(rig.secret()).not.toBe(old);
    },
  );
});

describe('after our first write', () => {
  test.each(['clear', 'digest', ...HIDDEN] as const)(
    'shown as %s the target is healthy, and nothing is written again',
    async (showSecret) => {
      rig = await startRig({ showSecret });
      await rig.pass();
      rig.clock.pass(DAY);
      const { state } = await rig.pass();
      expect(state).toMatchObject({ state: 'healthy', deployed: { fingerprint: fingerprint(rig.secret()) } });
      expect(rig.writes()).toHaveLength(1);
    },
  );

  test.each(['clear', 'digest', ...HIDDEN] as const)(
    'shown as %s it is renewed when its time has come',
    async (showSecret) => {
      rig = await startRig({ showSecret });
      await rig.pass();
      const first = rig.secret();
      rig.clock.pass(125 * DAY);
      const { state } = await rig.pass();
      expect(state).toMatchObject({ reason: 'RenewalDue', retry: { failures: 0 } });
      expect(['rotated', 'unverified']).toContain(state.state);
      expect(rig.secret()).not.toBe(first);
    },
  );

  test.each([
    ['clear', 'masked', 'SecretUnreadable'],
    ['masked', 'empty', 'SecretMissing'],
    ['empty', 'masked', 'SecretUnreadable'],
    ['null', 'missing', 'SecretMissing'],
  ] as const)('%s that turns into %s was changed by somebody: %s', async (first, then, reason) => {
    rig = await startRig({ showSecret: first });
    await rig.pass();
    rig.clock.pass(2 * DAY);
    rig.world.behaviour.showSecret = then;
    expect((await rig.pass()).state).toMatchObject({ reason, replaced: { kind: 'not-shown' } });
  });

  test('another digest than ours was put there by somebody else', async () => {
    rig = await startRig({ showSecret: 'digest' });
    await rig.pass();
    rig.clock.pass(2 * DAY);
    rig.put(rig.mint(90));
    expect((await rig.pass()).state).toMatchObject({ reason: 'SecretUnreadable', replaced: { kind: 'not-shown' } });
  });

  test('a provider that begins to show its secret is read from then on', async () => {
    rig = await startRig({ showSecret: 'masked' });
    await rig.pass();
    rig.clock.pass(60_000);
    rig.world.behaviour.showSecret = 'clear';
    expect((await rig.pass()).state).toMatchObject({ state: 'healthy', deployed: { shape: 'clear' }, replaced: null });
  });
});

describe('how Config is written', () => {
  test.each(['merge', 'replace'] as const)('%s: every other field stays as it was', async (configWrite) => {
    rig = await startRig();
    rig.world.behaviour.configWrite = configWrite;
    const before = rig.provider();
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded', state: { providerChanges: [] } });
    const expected = { ...before, Config: { ...before.Config, ClientSecret: rig.secret() } };
    expect(canonical(rig.provider())).toBe(canonical(expected));
  });

  test('a write that drops unknown keys is told: the keys are named, and a person must act', async () => {
    rig = await startRig();
    rig.world.behaviour.configWrite = 'replace-known';
    const result = await rig.pass();
    expect(result).toMatchObject({ outcome: 'failed', state: { error: { code: 'ERR_PROVIDER_CHANGED' } } });
    expect(said(result.state.error)?.message).toContain('Config.RevocationEndpoint');
    expect(result.state.written?.fingerprint).toBe(fingerprint(rig.secret()));
    expect(rig.writes()).toHaveLength(2);
  });

  test('an AuthorizationEndpoint that re-discovery has lost is restored', async () => {
    rig = await startRig();
    rig.world.behaviour.rediscovery = 'once';
    const wanted = rig.provider().Config['AuthorizationEndpoint'];
    expect(await rig.pass()).toMatchObject({ outcome: 'succeeded', state: { providerChanges: [] } });
    expect(rig.provider().Config['AuthorizationEndpoint']).toBe(wanted);
    expect(rig.writes()).toHaveLength(2);
  });

  test('one that is lost again is reported, not fought over', async () => {
    rig = await startRig();
    rig.world.behaviour.rediscovery = true;
    const result = await rig.pass();
    expect(result.state).toMatchObject({
      error: { code: 'ERR_PROVIDER_CHANGED' },
      providerChanges: [{ path: 'Config.AuthorizationEndpoint', by: 'our-write' }],
    });
    expect(rig.writes()).toHaveLength(2);
  });
});
