// `provision` in every CloudBase that the documentation leaves open: it makes the provider that is wanted, or leaves it
// switched off and says why; a second run writes nothing; and nothing of somebody else is harmed.
import { afterEach, describe, expect, test } from 'vitest';
import { canonical, type JsonObject } from '../../src/core/json.ts';
import { secretFault } from '../../src/sandbox/apple.ts';
import type { Behaviour } from '../../src/sandbox/behaviour.ts';
import { ENV_ID, fullProvider, IDS } from '../support/pass-rig.ts';
import { CALLBACK, type ProvisionRig, startProvisionRig } from '../support/provision-rig.ts';

let rig: ProvisionRig;
afterEach(() => rig.stop());

const AUTHORIZE = 'https://appleid.apple.com/auth/authorize?response_mode=form_post';

const MADE = {
  Id: 'apple',
  Name: { Message: 'Apple' },
  ProviderType: 'OIDC',
  On: 'TRUE',
  AutoSignInWhenEmailMatch: 'FALSE',
  AutoSignInWhenPhoneNumberMatch: 'FALSE',
  Description: { Message: 'Sign in with Apple' },
  Config: {
    Issuer: 'https://appleid.apple.com',
    JwksUri: 'https://appleid.apple.com/auth/keys',
    AuthorizationEndpoint: AUTHORIZE,
    TokenEndpoint: 'https://appleid.apple.com/auth/token',
    TokenEndpointAuthMethod: 'CLIENT_SECRET_POST',
    ClientId: IDS.clientId,
    Scope: 'openid email name',
    ResponseType: 'code',
    RedirectUri: CALLBACK,
  },
};

describe('from nothing', () => {
  test('it creates switched off, repairs what discovery changed, asks Apple, and switches on', async () => {
    rig = await startProvisionRig();
    const { plan, makesSecret } = await rig.look();
    expect({ action: plan.action, switchOn: plan.switchOn, makesSecret }).toEqual({
      action: 'create',
      switchOn: true,
      makesSecret: true,
    });
    expect(await rig.provision()).toBe('done');
    expect(rig.steps.filter((step) => step !== 'changed' && step !== 'reading-back')).toEqual([
      'created',
      'repaired',
      'asking-apple',
      'switched-on',
    ]);
    expect(rig.record()).toMatchObject(MADE);
    expect(secretFault(rig.world, IDS.clientId, rig.secret())).toBe(undefined);
    const [add, ...modify] = rig.changes().map(({ body }) => body as JsonObject);
    expect(add).toMatchObject({
      On: 'FALSE',
      AutoSignInWhenEmailMatch: 'FALSE',
      AutoSignInWhenPhoneNumberMatch: 'FALSE',
    });
    expect(modify.map((body) => Object.keys(body).sort())).toEqual([
      expect.arrayContaining(['Config']),
      ['Description', 'EnvId', 'Id', 'On'],
    ]);
  });

  test('a second run writes nothing, and the daemon rotates what was made', async () => {
    rig = await startProvisionRig();
    await rig.provision();
    const written = rig.changes().length;
    expect(await rig.provision()).toBe('done');
    expect((await rig.look()).plan).toEqual({ action: 'none', differences: [], switchOn: false });
    expect(rig.changes()).toHaveLength(written);
    const made = rig.secret();
    expect(await rig.pass()).toMatchObject({ state: { state: 'healthy' } });
    expect(await rig.pass({ force: true })).toMatchObject({ outcome: 'succeeded' });
    expect(rig.secret()).not.toBe(made);
    expect(rig.record()).toMatchObject(MADE);
  });

  test('everything that is stated holds, and a callback URL that is not is never sent', async () => {
    const stated = { type: 'oauth', name: 'Sign in', scope: 'openid', linkByEmail: true, enabled: false };
    rig = await startProvisionRig({ stated });
    expect(await rig.provision()).toBe('done');
    const { Config, ...record } = rig.record() as JsonObject & { Config: JsonObject };
    expect(record).toMatchObject({
      Name: { Message: 'Sign in' },
      ProviderType: 'OAUTH',
      On: 'FALSE',
      AutoSignInWhenEmailMatch: 'TRUE',
      AutoSignInWhenPhoneNumberMatch: 'FALSE',
      Description: { Message: 'Sign in with Apple' },
    });
    expect(Config['AuthorizationEndpoint']).toBe('https://appleid.apple.com/auth/authorize');
    expect([Config['RedirectUri'], Config['Issuer']]).toEqual([undefined, undefined]);
    expect(await rig.look()).toMatchObject({ plan: { action: 'none' } });
  });

  test.each<[string, Partial<Behaviour>, object]>([
    ['rejects it', { apple: 'invalid_client' }, { why: 'rejected' }],
    ['does not answer', { apple: 'unavailable' }, { why: 'unanswered' }],
    ['accepts everything', { apple: 'invalid_grant' }, { why: 'accepts-all' }],
  ])('it stays off where Apple %s, and the next run goes on', async (_, behaviour, why) => {
    rig = await startProvisionRig();
    Object.assign(rig.world.behaviour, behaviour);
    expect(await rig.provision()).toMatchObject({ code: 'ERR_PROVISION', problem: 'left-off', ...why });
    expect(rig.record()).toMatchObject({ On: 'FALSE' });
    const secret = rig.secret();
    rig.world.behaviour.apple = 'real';
    expect(await rig.look()).toMatchObject({ plan: { action: 'finish', switchOn: true }, makesSecret: false });
    expect(await rig.provision()).toBe('done');
    expect(rig.record()).toMatchObject(MADE);
    expect(rig.secret()).toBe(secret);
  });

  test('it stays off where Apple is not asked', async () => {
    rig = await startProvisionRig({ appleCheck: 'off' });
    expect(await rig.provision()).toMatchObject({ problem: 'left-off', why: 'not-asked' });
    expect(rig.record()).toMatchObject({ On: 'FALSE' });
  });

  test('one rejection is asked about again', async () => {
    rig = await startProvisionRig();
    let asked = 0;
    const end = rig.world.requests.before('apple', 'token', async () => {
      asked += 1;
      rig.world.behaviour.apple = asked === 2 ? 'invalid_client' : 'real';
    });
    expect(await rig.provision()).toBe('done');
    end();
    expect(asked).toBe(3);
  });
});

describe('a creation that is unclear or refused is settled by reading', () => {
  test.each([
    ['arrived all the same', { kind: 'reset-after' }, 1],
    ['did not arrive', { kind: 'reset-before' }, 0],
  ] as const)('a creation whose answer was cut off and which %s', async (_, fault, made) => {
    rig = await startProvisionRig();
    rig.world.faults.add({ service: 'tcb', action: 'AddProvider', ...fault, times: 1 });
    const first = await rig.provision();
    if (made === 1) expect(first).toBe('done');
    else expect(first).toMatchObject({ code: 'ERR_CLOUDBASE_NETWORK' });
    expect(await rig.provision()).toBe('done');
    expect(rig.record()).toMatchObject(MADE);
  });

  test('somebody else created it meanwhile: theirs is left alone, and shown at the next look', async () => {
    rig = await startProvisionRig();
    const prospect = await rig.look();
    rig.world.providers.put(ENV_ID, fullProvider(rig.mint(90)));
    const theirs = rig.record();
    await expect(rig.apply(prospect)).rejects.toMatchObject({ code: 'ERR_PROVISION' });
    expect(rig.record()).toEqual(theirs);
    expect(await rig.look()).toMatchObject({ plan: { action: 'complete' } });
  });
});

const READS: readonly Partial<Behaviour>[] = [
  ...(['digest', 'masked', 'varying', 'empty', 'null', 'missing'] as const).map((showSecret) => ({ showSecret })),
  ...(['top', 'nested', 'both'] as const).map((hiddenKeys) => ({ hiddenKeys })),
  { staleReads: 2 },
];
const WRITES: readonly Partial<Behaviour>[] = [
  ...(['merge', 'merge-deep', 'replace', 'replace-known'] as const).map((configWrite) => ({ configWrite })),
  { rediscovery: 'once' },
  { rediscovery: true },
  { lists: 'append' },
  { emptyTexts: 'ignored' },
  { refusedKeys: 'both' },
];

describe.each(['whole', 'secret'] as const)('in the form %s', (write) => {
  test.each([...READS, ...WRITES])('%o: it makes what is wanted, and a second run writes nothing', async (world) => {
    rig = await startProvisionRig({ write });
    Object.assign(rig.world.behaviour, world);
    const harmful = write === 'secret' && (world.configWrite === 'replace' || world.configWrite === 'replace-known');
    if (harmful) {
      expect(await rig.provision()).toMatchObject({ code: 'ERR_PROVISION' });
      expect(rig.record()).toMatchObject({ On: 'FALSE' });
      return;
    }
    expect(await rig.provision()).toBe('done');
    expect(rig.record()).toMatchObject(MADE);
    expect(secretFault(rig.world, IDS.clientId, rig.secret())).toBe(undefined);
    const written = rig.changes().length;
    expect(await rig.provision()).toBe('done');
    expect(rig.changes()).toHaveLength(written);
  });

  test.each<Partial<Behaviour>>([
    { rediscovery: 'every-write' },
    { storeSecret: 'cut' },
    { storeSecret: 'spaced' },
    { storeSecret: 'quoted' },
    { storeSecret: 'other-claims' },
    { lateWriteSeconds: 20 },
  ])('%o: it stays off, says so, and the next run goes on once that is over', async (world) => {
    rig = await startProvisionRig({ write });
    const { behaviour } = rig.world;
    Object.assign(behaviour, world);
    expect(await rig.provision()).toMatchObject({ code: 'ERR_PROVISION' });
    rig.clock.pass(60_000);
    expect(rig.record()).toMatchObject({ On: 'FALSE' });
    Object.assign(behaviour, { rediscovery: false, storeSecret: 'as-sent', lateWriteSeconds: 0 });
    expect(await rig.provision()).toBe('done');
    expect(rig.record()).toMatchObject(MADE);
  });
});

describe('from a half-wrong provider', () => {
  const STATED = { name: 'Apple', scope: 'openid email name', redirectUri: CALLBACK, linkByEmail: false };
  /** The provider is so; null counts as absent. */
  const expectSame = (wanted: JsonObject) => expect(canonical(rig.record() ?? {})).toBe(canonical(wanted));
  const wrong = (secret: string | undefined, change: JsonObject = {}) => {
    const full = fullProvider(secret);
    const record = { ...full, AutoSignInWhenEmailMatch: 'TRUE', ...change };
    rig.world.providers.put(ENV_ID, { ...record, Config: { ...full.Config, Scope: 'openid' } });
  };

  test.each(['whole', 'secret'] as const)(
    'in the form %s what is stated is written, and nothing else',
    async (write) => {
      rig = await startProvisionRig({ write, stated: STATED });
      wrong(rig.mint(90));
      const before = rig.record();
      const { plan, makesSecret } = await rig.look();
      expect({ ...plan, makesSecret }).toEqual({
        action: 'complete',
        switchOn: false,
        makesSecret: false,
        differences: [
          { name: 'scope', found: 'openid', wanted: 'openid email name' },
          { name: 'redirectUri', found: before?.Config['RedirectUri'], wanted: CALLBACK },
          { name: 'linkByEmail', found: true, wanted: false },
        ],
      });
      expect(await rig.provision()).toBe('done');
      expectSame({
        ...before,
        AutoSignInWhenEmailMatch: 'FALSE',
        Config: { ...before?.Config, Scope: 'openid email name', RedirectUri: CALLBACK },
      });
      const [body, ...more] = rig.changes().map(({ body: sent }) => sent as JsonObject);
      expect(more).toEqual([]);
      expect(Object.keys(body ?? {}).sort()).toEqual(['AutoSignInWhenEmailMatch', 'Config', 'EnvId', 'Id']);
      expect(await rig.provision()).toBe('done');
      expect(rig.changes()).toHaveLength(1);
    },
  );

  test('a field at the top goes without the Config', async () => {
    rig = await startProvisionRig({ stated: { name: 'Sign in with Apple' } });
    wrong(rig.mint(90));
    expect(await rig.provision()).toBe('done');
    expect(rig.changes().map(({ body }) => Object.keys(body as JsonObject))).toEqual([['EnvId', 'Id', 'Name']]);
  });

  test('what a write loses beside is put back', async () => {
    rig = await startProvisionRig({ write: 'secret', stated: { scope: 'openid email name' } });
    wrong(rig.mint(90));
    rig.world.behaviour.configWrite = 'replace';
    const before = rig.record();
    expect(await rig.provision()).toBe('done');
    expectSame({ ...before, Config: { ...before?.Config, Scope: 'openid email name' } });
  });

  test('what cannot be put back is told', async () => {
    rig = await startProvisionRig({ stated: { scope: 'openid email name' } });
    wrong(rig.mint(90));
    rig.world.behaviour.rediscovery = true;
    expect(await rig.provision()).toEqual({
      code: 'ERR_PROVISION',
      problem: 'harmed',
      fields: ['Config.AuthorizationEndpoint'],
    });
  });

  test('a scope that asks for name or address brings the response mode that Apple wants for it', async () => {
    rig = await startProvisionRig({ stated: { scope: 'openid email' } });
    wrong(rig.mint(90));
    rig.world.patchConfig(ENV_ID, 'apple', { AuthorizationEndpoint: 'https://appleid.apple.com/auth/authorize' });
    expect(await rig.provision()).toBe('done');
    expect(rig.record()?.Config).toMatchObject({ Scope: 'openid email', AuthorizationEndpoint: AUTHORIZE });
  });

  test('a secret that may be working is never replaced, whatever shows in its place', async () => {
    rig = await startProvisionRig({ write: 'secret', stated: { ...STATED, enabled: true } });
    for (const showSecret of ['clear', 'digest', 'masked', 'varying', 'empty', 'null', 'missing'] as const) {
      rig.world.behaviour.showSecret = showSecret;
      wrong(rig.mint(90));
      const secret = rig.secret();
      expect(await rig.provision()).toBe('done');
      expect([showSecret, rig.secret() === secret]).toEqual([showSecret, true]);
    }
  });

  test.each(['digest', 'masked', 'varying'] as const)(
    'a whole Config is not written over a secret that shows as %s',
    async (showSecret) => {
      rig = await startProvisionRig({ stated: STATED });
      wrong(rig.mint(90));
      rig.world.behaviour.showSecret = showSecret;
      const before = rig.record();
      expect(await rig.provision()).toMatchObject({ code: 'ERR_PROVISION', problem: 'secret-hidden' });
      expect(rig.record()).toEqual(before);
    },
  );

  test('one that has no secret gets one with the Config, once Apple has accepted it', async () => {
    rig = await startProvisionRig({ stated: { ...STATED, enabled: true } });
    wrong(undefined, { On: 'FALSE' });
    rig.world.behaviour.apple = 'unavailable';
    const before = rig.record();
    expect(await rig.provision()).toMatchObject({ problem: 'left-off' });
    expect(rig.record()).toEqual(before);
    rig.world.behaviour.apple = 'real';
    expect(await rig.provision()).toBe('done');
    expect(rig.record()).toMatchObject({ On: 'TRUE', Config: { Scope: 'openid email name' } });
    expect(secretFault(rig.world, IDS.clientId, rig.secret())).toBe(undefined);
  });

  test('it is switched on where that is stated, once Apple has accepted what is deployed', async () => {
    rig = await startProvisionRig({ stated: { enabled: true } });
    wrong(rig.mint(-1), { On: 'FALSE' });
    expect(await rig.provision()).toMatchObject({ problem: 'left-off', why: 'rejected' });
    expect(rig.record()).toMatchObject({ On: 'FALSE' });
    wrong(rig.mint(90), { On: 'FALSE' });
    expect(await rig.provision()).toBe('done');
    expect(rig.record()).toMatchObject({ On: 'TRUE' });
  });

  test('it is switched off where that is stated, and left as it is where nothing is', async () => {
    rig = await startProvisionRig({ stated: {} });
    wrong(rig.mint(90), { On: 'FALSE' });
    expect(await rig.look()).toMatchObject({ plan: { action: 'none' } });
    wrong(rig.mint(90));
    expect(await rig.provision({ enabled: false })).toBe('done');
    expect(rig.record()).toMatchObject({ On: 'FALSE' });
  });

  test('another Client ID is not changed while logins may work with it', async () => {
    rig = await startProvisionRig({ stated: {} });
    const others = rig.mint(90);
    wrong(others);
    rig.world.patchConfig(ENV_ID, 'apple', { ClientId: 'com.example.other', ClientSecret: 'hidden' });
    const before = rig.record();
    expect(await rig.look()).toMatchObject({ plan: { action: 'refuse' } });
    expect(await rig.provision()).toMatchObject({ code: 'ERR_CLIENT_ID_MISMATCH' });
    expect(rig.record()).toEqual(before);
    // The secret is for the wanted one: with the other nobody can log in.
    rig.world.patchConfig(ENV_ID, 'apple', { ClientSecret: others });
    expect(await rig.provision()).toBe('done');
    expect(rig.record()?.Config).toMatchObject({ ClientId: IDS.clientId, ClientSecret: others });
  });

  test('one that has changed since it was shown is not written', async () => {
    rig = await startProvisionRig({ stated: STATED });
    wrong(rig.mint(90));
    const prospect = await rig.look();
    rig.world.patchConfig(ENV_ID, 'apple', { Scope: 'email' });
    await expect(rig.apply(prospect)).rejects.toMatchObject({
      message: 'the provider is no longer as it was shown, so nothing was changed',
    });
    expect(rig.changes()).toEqual([]);
  });
});
