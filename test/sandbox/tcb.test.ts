// CloudBase as the real SDK client meets it: the actions, and every behaviour that the real service may have.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ProviderRecord } from '../../src/sandbox/providers.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { tcbClient, thrown } from './clients.ts';

const ENV = 'shop-1';
const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJUIn0.c2lnbmF0dXJl';
const AUTHORIZE = 'https://appleid.apple.com/auth/authorize?response_mode=form_post';
const APPLE: ProviderRecord = {
  Id: 'apple',
  Name: { Message: 'Apple' },
  ProviderType: 'OIDC',
  On: 'TRUE',
  AutoSignUpWithProviderUser: 'TRUE',
  Config: {
    Issuer: 'https://appleid.apple.com',
    AuthorizationEndpoint: AUTHORIZE,
    ClientId: 'com.a',
    ClientSecret: JWT,
    ProfileMetaMap: { a: 1 },
  },
};

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.world.reset();
  sandbox.world.providers.put(ENV, APPLE);
});

const client = () => tcbClient(sandbox.url);
const shownConfig = async () => {
  const { Data } = await client().GetProviders({ EnvId: ENV });
  return (Data?.find(({ Id }) => Id === 'apple')?.Config ?? {}) as Record<string, unknown>;
};
const trueConfig = () => sandbox.world.providers.get(ENV, 'apple')?.Config ?? {};
const modify = (Config: Record<string, unknown>) => client().ModifyProvider({ EnvId: ENV, Id: 'apple', Config });

describe('GetProviders', () => {
  test('shows the provider as it is, and adds switched-off custom and email records', async () => {
    const answer = await client().GetProviders({ EnvId: ENV });
    expect(answer).toEqual({
      Total: 3,
      Data: [
        APPLE,
        { Id: 'custom', ProviderType: 'CUSTOM', Name: { Message: 'custom' }, On: 'FALSE', Config: {} },
        { Id: 'email', ProviderType: 'EMAIL', Name: { Message: 'email' }, On: 'FALSE', Config: {} },
      ],
      RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('does not add a record that is there already', async () => {
    sandbox.world.providers.put(ENV, { Id: 'email', On: 'TRUE', Config: {} });
    const { Data } = await client().GetProviders({ EnvId: ENV });
    expect(Data?.map(({ Id, On }) => [Id, On])).toEqual([
      ['apple', 'TRUE'],
      ['email', 'TRUE'],
      ['custom', 'FALSE'],
    ]);
  });

  test('each answer has a request id of its own', async () => {
    const ids = [await client().GetProviders({ EnvId: ENV }), await client().GetProviders({ EnvId: ENV })];
    expect(ids[0]?.RequestId).not.toBe(ids[1]?.RequestId);
  });

  test.each([
    ['clear', JWT],
    ['digest', createHash('sha256').update(JWT).digest('hex')],
    ['masked', 'eyJh****dXJl'],
    ['empty', ''],
    ['null', null],
  ] as const)('shows the secret %s', async (showSecret, shown) => {
    sandbox.world.behaviour.showSecret = showSecret;
    expect(await shownConfig()).toEqual({ ...APPLE.Config, ClientSecret: shown });
    expect(trueConfig()).toEqual(APPLE.Config);
  });

  test('shows the secret not at all', async () => {
    sandbox.world.behaviour.showSecret = 'missing';
    const { ClientSecret: _, ...rest } = APPLE.Config;
    expect(await shownConfig()).toEqual(rest);
  });

  test.each(['clear', 'digest', 'masked'] as const)(
    'an absent secret stays absent when shown %s',
    async (showSecret) => {
      const { ClientSecret: _, ...rest } = APPLE.Config;
      sandbox.world.behaviour.showSecret = showSecret;
      sandbox.world.providers.put(ENV, { ...APPLE, Config: rest });
      expect(await shownConfig()).toEqual(rest);
    },
  );

  test('an unknown environment is an error', async () => {
    expect(await thrown(client().GetProviders({ EnvId: 'nowhere' }))).toMatchObject({
      code: 'ResourceNotFound',
      message: 'the environment nowhere does not exist',
    });
  });
});

describe('ModifyProvider', () => {
  test('changes what was sent and keeps the rest', async () => {
    const answer = await client().ModifyProvider({ EnvId: ENV, Id: 'apple', Picture: 'https://p' });
    expect(answer).toEqual({ RequestId: expect.any(String) });
    expect(sandbox.world.providers.get(ENV, 'apple')).toEqual({ ...APPLE, Picture: 'https://p' });
  });

  test('merges Config', async () => {
    await modify({ ClientSecret: 'new', Extra: [1] });
    expect(trueConfig()).toEqual({ ...APPLE.Config, ClientSecret: 'new', Extra: [1] });
  });

  test('replaces Config', async () => {
    sandbox.world.behaviour.configWrite = 'replace';
    await modify({ ClientSecret: 'new', Extra: 1 });
    expect(trueConfig()).toEqual({ ClientSecret: 'new', Extra: 1 });
  });

  test('replaces Config and drops what the SDK does not know', async () => {
    sandbox.world.behaviour.configWrite = 'replace-known';
    await modify({ ...APPLE.Config, ClientSecret: 'new' });
    const { ProfileMetaMap: _, ...known } = APPLE.Config;
    expect(trueConfig()).toEqual({ ...known, ClientSecret: 'new' });
  });

  test('a masked text that is sent back is stored as it is: that is the harm', async () => {
    sandbox.world.behaviour.showSecret = 'masked';
    await modify(await shownConfig());
    expect(trueConfig()['ClientSecret']).toBe('eyJh****dXJl');
  });

  test('a write with Issuer loses the authorization endpoint where discovery is repeated', async () => {
    sandbox.world.behaviour.rediscovery = true;
    await modify({ ClientSecret: 'new' });
    expect(trueConfig()['AuthorizationEndpoint']).toBe(AUTHORIZE);
    for (const _ of [1, 2]) {
      await modify({ ...APPLE.Config });
      expect(trueConfig()['AuthorizationEndpoint']).toBe('https://appleid.apple.com/auth/authorize');
    }
  });

  test('discovery that is repeated once lets the endpoint be restored', async () => {
    sandbox.world.behaviour.rediscovery = 'once';
    await modify({ ...APPLE.Config });
    expect(trueConfig()['AuthorizationEndpoint']).toBe('https://appleid.apple.com/auth/authorize');
    await modify({ ...APPLE.Config });
    expect(trueConfig()['AuthorizationEndpoint']).toBe(AUTHORIZE);
  });

  test('On: UNSPECIFIED means TRUE', async () => {
    sandbox.world.providers.put(ENV, { ...APPLE, On: 'FALSE' });
    await client().ModifyProvider({ EnvId: ENV, Id: 'apple', On: 'UNSPECIFIED' });
    expect(sandbox.world.providers.get(ENV, 'apple')?.['On']).toBe('TRUE');
  });

  test.each([
    ['an unknown provider', { EnvId: ENV, Id: 'other' }, 'ResourceNotFound', 'the provider other does not exist'],
    ['no provider', { EnvId: ENV }, 'MissingParameter', 'the request lacks the parameter Id'],
    ['no environment', { EnvId: '', Id: 'apple' }, 'MissingParameter', 'the request lacks the parameter EnvId'],
    [
      'AutoSignUpWithProviderUser',
      { EnvId: ENV, Id: 'apple', AutoSignUpWithProviderUser: 'TRUE' },
      'UnknownParameter',
      'the parameter AutoSignUpWithProviderUser is not recognized',
    ],
    [
      'ClientSecret at the top',
      { EnvId: ENV, Id: 'apple', ClientSecret: 'x' },
      'UnknownParameter',
      'the parameter ClientSecret is not recognized',
    ],
    [
      'a list as Config',
      { EnvId: ENV, Id: 'apple', Config: [] },
      'InvalidParameter',
      'the parameter Config is not an object',
    ],
    ['a number as Id', { EnvId: ENV, Id: 1 }, 'InvalidParameter', 'the parameter Id is not a string'],
  ])('%s is refused and changes nothing', async (_, body, code, message) => {
    expect(await thrown(client().request('ModifyProvider', body))).toMatchObject({ code, message });
    expect(sandbox.world.providers.get(ENV, 'apple')).toEqual(APPLE);
  });
});

describe('reads that lag behind', () => {
  test('the next N reads after a write show the state before it', async () => {
    sandbox.world.behaviour.staleReads = 2;
    expect((await shownConfig())['ClientSecret']).toBe(JWT);
    await modify({ ClientSecret: 'new' });
    const seen = [await shownConfig(), await shownConfig(), await shownConfig()].map((one) => one['ClientSecret']);
    expect(seen).toEqual([JWT, JWT, 'new']);
    expect(trueConfig()['ClientSecret']).toBe('new');
  });

  test('other environments are not concerned', async () => {
    sandbox.world.behaviour.staleReads = 5;
    sandbox.world.providers.put('shop-2', APPLE);
    await client().ModifyProvider({ EnvId: 'shop-2', Id: 'apple', Config: { ClientSecret: 'other' } });
    expect((await shownConfig())['ClientSecret']).toBe(JWT);
  });

  test('an administrator’s change shows at once', async () => {
    sandbox.world.behaviour.staleReads = 5;
    await modify({ ClientSecret: 'new' });
    sandbox.world.patchConfig(ENV, 'apple', { ClientSecret: 'theirs' });
    expect((await shownConfig())['ClientSecret']).toBe('theirs');
  });

  test('a write that was refused does not count', async () => {
    sandbox.world.behaviour.staleReads = 1;
    await modify({ ClientSecret: 'new' });
    await thrown(client().ModifyProvider({ EnvId: ENV, Id: 'other' }));
    expect((await shownConfig())['ClientSecret']).toBe(JWT);
  });
});

describe('AddProvider and DeleteProvider', () => {
  const added = { EnvId: ENV, Id: 'github', Name: { Message: 'GitHub' }, ProviderType: 'OAUTH' };

  test('add a provider, switched on, and remove it', async () => {
    await client().AddProvider({ ...added, Config: { ClientId: 'g' } });
    const { EnvId: _, ...record } = added;
    expect(sandbox.world.providers.get(ENV, 'github')).toEqual({ On: 'TRUE', ...record, Config: { ClientId: 'g' } });
    await client().request('DeleteProvider', { EnvId: ENV, Id: 'github' });
    expect(sandbox.world.providers.get(ENV, 'github')).toBeUndefined();
  });

  test('adding one that exists is an error', async () => {
    expect(await thrown(client().AddProvider({ ...added, Id: 'apple' }))).toMatchObject({
      code: 'InvalidParameter',
      message: 'the provider apple exists already',
    });
  });

  test('removing one that does not exist is an error', async () => {
    expect(await thrown(client().request('DeleteProvider', { EnvId: ENV, Id: 'github' }))).toMatchObject({
      code: 'ResourceNotFound',
      message: 'the provider does not exist',
    });
  });
});

describe('the envelope', () => {
  test.each([
    ['a wrong key', { secretKey: 'wrong' }, 'AuthFailure.SignatureFailure', 'the signature does not match the request'],
    ['an unknown id', { secretId: 'AKIDnobody' }, 'AuthFailure.SecretIdNotFound', 'the SecretId is not found'],
    ['a strange token', { token: 't' }, 'AuthFailure.TokenFailure', 'the token does not belong to the SecretId'],
    ['no region', { region: '' }, 'MissingParameter', 'the request lacks the parameter Region'],
  ])('%s is refused', async (_, options, code, message) => {
    const call = tcbClient(sandbox.url, options).GetProviders({ EnvId: ENV });
    expect(await thrown(call)).toMatchObject({ code, message });
  });

  test('an unknown action and an unknown version are errors', async () => {
    expect(await thrown(client().request('Nonsense', {}))).toMatchObject({
      code: 'InvalidAction',
      message: 'the action Nonsense does not exist',
    });
    const answer = await fetch(sandbox.url, {
      method: 'POST',
      headers: { 'x-tc-action': 'GetProviders', 'x-tc-version': '2000-01-01' },
    });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        Response: {
          Error: { Code: 'NoSuchVersion', Message: 'the API version does not exist' },
          RequestId: expect.any(String),
        },
      },
    ]);
  });
});
