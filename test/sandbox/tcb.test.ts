// CloudBase as the real SDK client meets it: the actions, and every behaviour that the real service may have.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ProviderRecord } from '../../src/sandbox/providers.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { tcbClient, thrown } from './clients.ts';

const ENV = 'shop-1';
const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJUIn0.c2lnbmF0dXJl';
const AUTHORIZE = 'https://appleid.apple.com/auth/authorize?response_mode=form_post';
const DISCOVERED = {
  AuthorizationEndpoint: 'https://appleid.apple.com/auth/authorize',
  TokenEndpoint: 'https://appleid.apple.com/auth/token',
  JwksUri: 'https://appleid.apple.com/auth/keys',
};
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

  test.each([
    ['merge', { Map: { C: 3 }, Kept: 'k', List: [2], Text: '' }],
    ['merge-deep', { Map: { A: 1, B: { X: 1, Y: 3 }, C: 3 }, Kept: 'k', List: [2], Text: '' }],
    ['replace', { Map: { C: 3 }, List: [2], Text: '' }],
  ] as const)('%s: what is sent, and what stays', async (configWrite, expected) => {
    sandbox.world.providers.put(ENV, {
      ...APPLE,
      Config: { Map: { A: 1, B: { X: 1 } }, Kept: 'k', List: [1], Text: 't' },
    });
    sandbox.world.behaviour.configWrite = configWrite;
    const deep = configWrite === 'merge-deep' ? { B: { Y: 3 } } : {};
    await modify({ Map: { ...deep, C: 3 }, List: [2], Text: '' });
    expect(trueConfig()).toEqual(expected);
  });

  test.each([
    ['merge', [1, 1], { List: [1] }],
    ['merge-deep', [1, 1], { List: [1, 1] }],
    ['replace', [1], { List: [1] }],
  ] as const)('%s: a list may be appended, inside a map as deep as maps are merged', async (configWrite, list, map) => {
    sandbox.world.providers.put(ENV, { ...APPLE, Config: { List: [1], Map: { List: [1] } } });
    sandbox.world.behaviour.configWrite = configWrite;
    sandbox.world.behaviour.lists = 'append';
    await modify({ List: [1], Map: { List: [1] } });
    expect(trueConfig()).toEqual({ List: list, Map: map });
  });

  test.each([
    ['merge', { Text: 't', Map: { B: 'b' } }],
    ['merge-deep', { Text: 't', Map: { A: 'a', B: 'b' } }],
    ['replace', { Map: { B: 'b' } }],
  ] as const)('%s: an empty text may count as not sent', async (configWrite, expected) => {
    sandbox.world.providers.put(ENV, { ...APPLE, Config: { Text: 't', Map: { A: 'a' } } });
    sandbox.world.behaviour.configWrite = configWrite;
    sandbox.world.behaviour.emptyTexts = 'ignored';
    await modify({ Text: '', Map: { A: '', B: 'b' } });
    expect(trueConfig()).toEqual(expected);
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

  const both = { ...APPLE.Config, RequestParametersMap: { ClientId: 'c', RegisterUserSyncScope: 'x' } };

  test.each([
    ['none', undefined],
    ['top', 'ProfileMetaMap'],
    ['nested', 'RequestParametersMap.RegisterUserSyncScope'],
    ['both', 'ProfileMetaMap'],
  ] as const)('may refuse keys that the SDK does not know: %s', async (refusedKeys, refused) => {
    sandbox.world.behaviour.refusedKeys = refusedKeys;
    if (refused === undefined) await modify(both);
    else
      expect(await thrown(modify(both))).toMatchObject({
        code: 'UnknownParameter',
        message: `The parameter \`Config.${refused}\` is not recognized.`,
      });
    expect(trueConfig()).toEqual(refused === undefined ? both : APPLE.Config);
    await modify({ ClientSecret: 'new' });
    expect(trueConfig()['ClientSecret']).toBe('new');
  });

  test.each([
    ['none', both],
    ['top', { ...both, ProfileMetaMap: undefined }],
    ['nested', { ...both, RequestParametersMap: { ClientId: 'c' } }],
    ['both', { ...both, ProfileMetaMap: undefined, RequestParametersMap: { ClientId: 'c' } }],
  ] as const)('keys that the SDK does not know may be hidden from reads: %s', async (hiddenKeys, shown) => {
    sandbox.world.providers.put(ENV, { ...APPLE, Config: both });
    sandbox.world.behaviour.hiddenKeys = hiddenKeys;
    expect(await shownConfig()).toEqual(JSON.parse(JSON.stringify(shown)));
    expect(trueConfig()).toEqual(both);
  });

  test.each([
    ['cut', (jwt: string) => jwt.slice(0, -43)],
    ['cut-claims', (jwt: string) => jwt.slice(0, -172)],
    ['spaced', (jwt: string) => `${jwt} \n`],
    ['quoted', (jwt: string) => `"${jwt}"`],
    ['lost', () => ''],
  ] as const)('may spoil the secret that it stores: %s', async (storeSecret, stored) => {
    sandbox.world.behaviour.storeSecret = storeSecret;
    const jwt = `${'h'.repeat(60)}.${'c'.repeat(200)}.${'s'.repeat(86)}`;
    await modify({ ClientSecret: jwt });
    expect(trueConfig()).toEqual({ ...APPLE.Config, ClientSecret: stored(jwt) });
    sandbox.world.patchConfig(ENV, 'apple', { ClientSecret: jwt });
    expect(trueConfig()['ClientSecret']).toBe(jwt);
  });

  test('may spoil the claims of the secret that it stores, and keep its signature', async () => {
    sandbox.world.behaviour.storeSecret = 'other-claims';
    await modify({ ClientSecret: JWT });
    const [header, claims = '', signature] = String(trueConfig()['ClientSecret']).split('.');
    expect([header, signature]).toEqual([JWT.split('.')[0], JWT.split('.')[2]]);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({ iss: 'T', jti: 'changed' });
  });

  test('a mask may differ at each read', async () => {
    sandbox.world.behaviour.showSecret = 'varying';
    const [first, second] = [(await shownConfig())['ClientSecret'], (await shownConfig())['ClientSecret']];
    expect([first, second]).toEqual([expect.stringMatching(/^\*{4}\w{6}$/), expect.stringMatching(/^\*{4}\w{6}$/)]);
    expect(first).not.toBe(second);
  });

  test('a masked text that is sent back is stored as it is: that is the harm', async () => {
    sandbox.world.behaviour.showSecret = 'masked';
    await modify(await shownConfig());
    expect(trueConfig()['ClientSecret']).toBe('eyJh****dXJl');
  });

  const endpoints = { ...APPLE.Config, TokenEndpoint: 'https://t.example', JwksUri: 'https://j.example' };
  const otherIssuer = { Issuer: 'https://other.example' };
  test.each([
    [false, [{ ClientSecret: 'new' }, {}, endpoints], undefined],
    [false, [otherIssuer], DISCOVERED],
    [true, [{ ClientSecret: 'new' }], undefined],
    [true, [endpoints], DISCOVERED],
    [true, [endpoints, endpoints], DISCOVERED],
    ['once', [{ ClientSecret: 'new' }, endpoints], DISCOVERED],
    ['once', [endpoints, endpoints], undefined],
    ['every-write', [{ ClientSecret: 'new' }], DISCOVERED],
  ] as const)('with rediscovery %o, after %o', async (rediscovery, writes, discovered) => {
    sandbox.world.providers.put(ENV, { ...APPLE, Config: endpoints });
    sandbox.world.behaviour.rediscovery = rediscovery;
    for (const write of writes) await modify({ ...write });
    expect(trueConfig()).toMatchObject(discovered ?? { ...endpoints, ClientSecret: expect.any(String) });
  });

  test('nothing is discovered for a provider that is not OIDC', async () => {
    sandbox.world.providers.put(ENV, { ...APPLE, ProviderType: 'OAUTH', Config: endpoints });
    sandbox.world.behaviour.rediscovery = 'every-write';
    await modify(otherIssuer);
    expect(trueConfig()).toEqual({ ...endpoints, ...otherIssuer });
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
      'The parameter `AutoSignUpWithProviderUser` is not recognized.',
    ],
    [
      'ClientSecret at the top',
      { EnvId: ENV, Id: 'apple', ClientSecret: 'x' },
      'UnknownParameter',
      'The parameter `ClientSecret` is not recognized.',
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

describe('writes that arrive late', () => {
  /** A write that takes effect after 20 s. */
  async function lateWrite() {
    let now = Date.now();
    const own = await startSandbox({ port: 0, clock: { now: () => now } });
    onTestFinished(() => own.close());
    own.world.providers.put(ENV, APPLE);
    own.world.behaviour.lateWriteSeconds = 20;
    await tcbClient(own.url).ModifyProvider({ EnvId: ENV, Id: 'apple', Config: { ClientSecret: 'new' } });
    return {
      ...own,
      pass: (ms: number) => {
        now += ms;
      },
      stored: () => own.world.providers.get(ENV, 'apple')?.Config,
    };
  }

  test('are answered at once and take effect after so many seconds', async () => {
    const { pass, stored, url } = await lateWrite();
    pass(19_999);
    expect(stored()).toEqual(APPLE.Config);
    pass(1);
    const { Data } = await tcbClient(url).GetProviders({ EnvId: ENV });
    expect(Data?.[0]?.Config.ClientSecret).toBe('new');
  });

  test('change what is there by then', async () => {
    const { pass, stored, world, url } = await lateWrite();
    world.behaviour.lateWriteSeconds = 0;
    await tcbClient(url).ModifyProvider({ EnvId: ENV, Id: 'apple', Config: { ClientSecret: 'theirs', Scope: 's' } });
    expect(stored()).toEqual({ ...APPLE.Config, ClientSecret: 'theirs', Scope: 's' });
    pass(20_000);
    expect(stored()).toEqual({ ...APPLE.Config, ClientSecret: 'new', Scope: 's' });
  });

  test.each(['provider', 'environment'])('find no %s that is gone by then', async (what) => {
    const { pass, stored, world } = await lateWrite();
    if (what === 'provider') world.providers.delete(ENV, 'apple');
    else world.providers.deleteEnvironment(ENV);
    pass(20_000);
    expect(stored()).toBeUndefined();
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
  const remove = (body: object) => client().request('DeleteProvider', body);

  test('add a provider with what is filled in, and remove it; both answer with a request id alone', async () => {
    const answers = [await client().AddProvider({ ...added, Config: { ClientId: 'g' } })];
    const { EnvId: _, ...record } = added;
    expect(sandbox.world.providers.get(ENV, 'github')).toEqual({
      On: 'TRUE',
      TransparentMode: 'FALSE',
      ReuseUserId: 'FALSE',
      AutoSignInWhenEmailMatch: 'FALSE',
      AutoSignInWhenPhoneNumberMatch: 'TRUE',
      ...record,
      Config: { ResponseType: 'code', ClientId: 'g' },
    });
    answers.push(await remove({ EnvId: ENV, Id: 'github' }));
    expect(sandbox.world.providers.get(ENV, 'github')).toBeUndefined();
    expect(answers).toEqual(answers.map(() => ({ RequestId: expect.any(String) })));
  });

  test('what was sent stands in place of what is filled in', async () => {
    const own = { On: 'FALSE', AutoSignInWhenPhoneNumberMatch: 'FALSE', Config: { ResponseType: 'token' } };
    await client().AddProvider({ ...added, ...own });
    expect(sandbox.world.providers.get(ENV, 'github')).toMatchObject(own);
  });

  test('an OIDC provider gets the endpoints that Apple publishes, and asks for an id token', async () => {
    const Config = { Issuer: 'https://appleid.apple.com', AuthorizationEndpoint: AUTHORIZE };
    await client().AddProvider({ ...added, ProviderType: 'OIDC', Config });
    expect(sandbox.world.providers.get(ENV, 'github')?.Config).toEqual({
      ResponseType: 'id_token',
      Issuer: 'https://appleid.apple.com',
      ...DISCOVERED,
    });
  });

  test('an id is made where none is sent', async () => {
    const { Id: _, ...nameless } = added;
    await client().AddProvider(nameless);
    const [, { Id } = { Id: '' }] = sandbox.world.providers.list(ENV);
    expect(Id).toMatch(/^[a-z0-9]{2,32}$/);
  });

  test.each([
    ['one that exists', { Id: 'apple' }, 'ResourceInUse', 'the provider apple exists already'],
    ...['a', 'Apple', 'a-b', 'a'.repeat(33), ''].map((Id): [string, object, string, string] => [
      `the id "${Id}"`,
      { Id },
      'InvalidParameter',
      'the parameter Id is not 2 to 32 lower-case letters and digits',
    ]),
    ['no type', { ProviderType: undefined }, 'MissingParameter', 'the request lacks the parameter ProviderType'],
    ['an unknown environment', { EnvId: 'nowhere' }, 'ResourceNotFound', 'the environment nowhere does not exist'],
  ])('adding %s is refused', async (_, body, code, message) => {
    const before = sandbox.world.providers.list(ENV);
    expect(await thrown(client().AddProvider({ ...added, ...body }))).toMatchObject({ code, message });
    expect(sandbox.world.providers.list(ENV)).toEqual(before);
  });

  test('an environment has at most 20 providers', async () => {
    for (let count = 1; count < 20; count += 1) await client().AddProvider({ ...added, Id: `p${count}` });
    expect(await thrown(client().AddProvider({ ...added, Id: 'p20' }))).toMatchObject({
      code: 'FailedOperation',
      message: 'an environment has at most 20 providers',
    });
  });

  test.each([
    ['a provider', { EnvId: ENV, Id: 'github' }, 'InvalidParameter', 'the provider does not exist'],
    [
      'an environment',
      { EnvId: 'nowhere', Id: 'apple' },
      'InvalidParameter.EnvId',
      'the environment nowhere does not exist',
    ],
  ])('removing from %s that does not exist is an error', async (_, body, code, message) => {
    expect(await thrown(remove(body))).toMatchObject({ code, message });
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
