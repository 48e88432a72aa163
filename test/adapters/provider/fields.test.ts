// A CloudBase record as a pass sees it: what shows of it, what makes a Config unfit to be sent back, what the journal
// may keep of it, and which changes a write of ours explains.
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configToSend, providerView } from '../../../src/adapters/provider/fields.ts';
import { canonical, type Json, type JsonObject } from '../../../src/core/json.ts';
import type { EarlierFields, FieldObstacle, JournalledFields, ProviderFields } from '../../../src/core/provider.ts';
import { newP8 } from '../../support/keys.ts';
import { fullProvider } from '../../support/pass-rig.ts';

const JWT = `eyJ${'h'.repeat(30)}.${'c'.repeat(40)}.${'s'.repeat(86)}`;

/** Configs as CloudBase may return them: known and unknown keys, nulls, maps, lists, names with dots. */
const name = fc.constantFrom(
  'Issuer',
  'Scope',
  'ClientId',
  'ClientSecret',
  'ProxyUrl',
  'Token',
  'x.y',
  'Map',
  'toString',
);
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(fc.string({ maxLength: 8 }), fc.boolean(), fc.integer(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const config = fc.dictionary(name, json, { noNullPrototype: true });
const provider = fc.record({
  Id: fc.constant('apple'),
  On: json,
  'a.b': json,
  Config: config,
}) as fc.Arbitrary<JsonObject>;

const fieldsOf = (record: JsonObject) => providerView(record).fields;
const pathsChanged = (now: JsonObject, earlier: EarlierFields) =>
  fieldsOf(now)
    .changesSince(earlier)
    .map(({ path }) => path);
/** After a stay in the journal. */
const stored = (record: JsonObject): JournalledFields => JSON.parse(JSON.stringify(fieldsOf(record).forJournal()));
const isDigest = (kept: unknown) => /^sha256:[0-9a-f]{64}$/.test(String(kept));

/** The record without its client secret, as one text. */
function withoutSecret(record: JsonObject): string {
  const { ClientSecret: _, ...others } = record['Config'] as { ClientSecret?: Json };
  return canonical({ ...record, Config: others });
}

describe('what shows of a provider', () => {
  test.each<[string, JsonObject, object]>([
    ['its client id', { Config: { ClientId: 'com.a' } }, { clientId: 'com.a' }],
    ['no client id if it is empty', { Config: { ClientId: '' } }, { clientId: undefined }],
    ['no client id if it is not a text', { Config: { ClientId: 7 } }, { clientId: undefined }],
    ['that it is switched off', { On: 'FALSE' }, { enabled: false }],
    ['that it is switched on', { On: 'TRUE' }, { enabled: true }],
    ['that it is switched on if nobody has specified it', { On: 'UNSPECIFIED' }, { enabled: true }],
    ['not whether it is switched on, if that is missing', {}, { enabled: undefined }],
    [
      'no host if it states none',
      { Config: { Issuer: '', JwksUri: null, Scope: 'https://a.example' } },
      { statedHosts: [] },
    ],
    [
      'every host that a login goes through, once',
      {
        Config: {
          Issuer: 'https://appleid.apple.com',
          JwksUri: 'https://AppleID.apple.com/auth/keys',
          AuthorizationEndpoint: 'https://login.example:8443/authorize',
          TokenEndpoint: 'https://token.example/',
          UserinfoEndpoint: 'https://info.example',
          SignoutEndpoint: 'https://shop.example/bye',
          RedirectUri: 'https://shop.example/callback',
        },
      },
      { statedHosts: ['appleid.apple.com', 'info.example', 'login.example', 'token.example'] },
    ],
    [
      'an empty host for an endpoint that is no URL',
      { Config: { TokenEndpoint: 'appleid.apple.com/auth/token', JwksUri: 7 } },
      { statedHosts: [''] },
    ],
    ['its secret', { Config: { ClientSecret: JWT } }, { secret: { shape: 'clear', text: JWT } }],
    ['that its secret is missing', { Config: {} }, { secret: { shape: 'missing', text: null } }],
    ['that its secret is missing where there is no Config', {}, { secret: { shape: 'missing', text: null } }],
    ['that its secret is missing where Config is null', { Config: null }, { secret: { shape: 'missing', text: null } }],
    ['that its secret is missing where Config is a list', { Config: [] }, { secret: { shape: 'missing', text: null } }],
  ])('%s', (_name, record, view) => {
    expect(providerView(record)).toMatchObject(view);
  });

  test('is never a value of its other fields: neither a log nor an error can print them', () => {
    const { fields } = providerView({ Config: { ProxyPassword: 'hunter2', ClientSecret: 'hunter2' } });
    expect(inspect(fields, { depth: 9, showHidden: true })).not.toContain('hunter2');
    expect(JSON.stringify(fields)).toBe('{"names":["ProxyPassword"]}');
  });
});

describe('the Config to send', () => {
  test('differs from the one read in ClientSecret alone', () => {
    fc.assert(
      fc.property(provider, (record) => {
        const read = record['Config'] as JsonObject;
        expect(configToSend({ fields: fieldsOf(record), clientSecret: JWT })).toEqual({ ...read, ClientSecret: JWT });
      }),
    );
  });
});

describe('the names of the fields', () => {
  test('are those of Config that have a value, ClientSecret excepted, in alphabetical order', () => {
    const Config = {
      Scope: 'a',
      ClientSecret: 'x',
      Map: { B: 1, A: null },
      Off: false,
      Empty: '',
      Null: null,
      None: {},
      Nulls: { A: null },
    };
    expect(fieldsOf({ On: 'TRUE', Config }).names).toEqual(['Empty', 'Map.B', 'Off', 'Scope']);
  });

  test('are none of them gone from the record that they were taken from', () => {
    fc.assert(
      fc.property(provider, (record) => {
        const { names, obstacles } = fieldsOf(record);
        expect(obstacles(names).filter(({ why }) => why === 'gone')).toEqual([]);
      }),
    );
  });
});

describe('a Config may not be sent back', () => {
  test.each<[string, JsonObject, readonly string[], FieldObstacle[]]>([
    ['with a masked value', { Key: '***' }, [], [{ path: 'Config.Key', why: 'masked' }]],
    ['with asterisks inside a value', { Key: 'ab****yz' }, [], [{ path: 'Config.Key', why: 'masked' }]],
    ['with bullets', { Key: '•••' }, [], [{ path: 'Config.Key', why: 'masked' }]],
    ['with a text of nothing but x', { Key: 'xxxxxx' }, [], [{ path: 'Config.Key', why: 'masked' }]],
    ['with a mask deep in a map', { Map: { Key: '***' } }, [], [{ path: 'Config.Map.Key', why: 'masked' }]],
    ['with a mask deep in a list', { List: [{ Key: ['***'] }] }, [], [{ path: 'Config.List', why: 'masked' }]],
    ['with an integer above 2^53', { N: 2 ** 53 }, [], [{ path: 'Config.N', why: 'unsafe-number' }]],
    ['with a fraction', { N: 0.5 }, [], [{ path: 'Config.N', why: 'unsafe-number' }]],
    ['with such a number in a list', { L: [1, -(2 ** 53)] }, [], [{ path: 'Config.L', why: 'unsafe-number' }]],
    ['with bytes that are no character', { Key: 'a\ufffdb' }, [], [{ path: 'Config.Key', why: 'not-utf8' }]],
    ['with half a character', { List: ['\ud83d'] }, [], [{ path: 'Config.List', why: 'not-utf8' }]],
    ['with a name of such bytes', { '\ufffd': 'x' }, [], [{ path: 'Config.\ufffd', why: 'not-utf8' }]],
    ['with a name of such bytes in a list', { L: [{ '\ufffd': 1 }] }, [], [{ path: 'Config.L', why: 'not-utf8' }]],
    ['with a key __proto__', JSON.parse('{"__proto__":"x"}'), [], [{ path: 'Config.__proto__', why: 'key' }]],
    [
      'with a key __proto__ deep in a map',
      JSON.parse('{"Map":{"__proto__":{"A":1}}}'),
      [],
      [{ path: 'Config.Map.__proto__.A', why: 'key' }],
    ],
    [
      'with a key __proto__ in a list',
      JSON.parse('{"List":[[{"__proto__":{"A":1}}]]}'),
      [],
      [{ path: 'Config.List', why: 'key' }],
    ],
    [
      'with a key that the SDK takes for a number',
      { Map: { _isBigNumber: true } },
      [],
      [{ path: 'Config.Map._isBigNumber', why: 'key' }],
    ],
    ['without a key that was there', {}, ['Scope'], [{ path: 'Config.Scope', why: 'gone' }]],
    ['with null where a value was', { Scope: null }, ['Scope'], [{ path: 'Config.Scope', why: 'gone' }]],
    ['without a key inside a map', { Map: { A: 1 } }, ['Map.A', 'Map.B'], [{ path: 'Config.Map.B', why: 'gone' }]],
    [
      'for several reasons at once',
      { Key: '***', N: 0.5 },
      ['Key', 'Z'],
      [
        { path: 'Config.Key', why: 'masked' },
        { path: 'Config.N', why: 'unsafe-number' },
        { path: 'Config.Z', why: 'gone' },
      ],
    ],
  ])('%s', (_name, read, seen, problems) => {
    expect(fieldsOf({ Config: read }).obstacles(seen)).toEqual(problems);
  });

  test.each<[string, JsonObject, readonly string[]]>([
    ['two asterisks', { Scope: 'a**' }, []],
    ['five x', { Key: 'xxxxx' }, []],
    ['an x among others', { Key: 'https://xxxxxx.example.com' }, []],
    ['the largest safe integer', { N: 2 ** 53 - 1 }, []],
    ['a masked ClientSecret: that one is replaced', { ClientSecret: '******' }, []],
    ['an empty text where a value was', { Scope: '' }, ['Scope']],
    ['false where a value was', { Flag: false }, ['Flag']],
    ['a map where a value was', { Map: { A: 1 } }, ['Map']],
    ['a key that is new', { New: 'x' }, []],
    ['characters of any language', { Name: '苹果 🍎' }, []],
    ['a key that only holds that name', { x__proto__: 1, 'a.__proto__': 2 }, []],
    ['a key __proto__ that holds nothing', JSON.parse('{"__proto__":{"A":null}}'), []],
  ])('but may with %s', (_name, read, seen) => {
    expect(fieldsOf({ Config: read }).obstacles(seen)).toEqual([]);
  });
});

describe('what the journal keeps', () => {
  const PEM = newP8();
  const PRIVATE: readonly [string, Json][] = [
    ['ClientSecret', JWT],
    ['SmtpPassword', 'hunter2-smtp'],
    ['DbPasswd', 'hunter2-db'],
    ['AccessToken', 'hunter2-token'],
    ['Credential', { Id: 'hunter2-id' }],
    ['PrivateKey', 'hunter2-key'],
    ['Account', 'hunter2@example.com'],
    ['ProxyUrl', 'http://hunter2'],
    ['ApiKey', 'hunter2-api'],
    ['Nested', { OtherSecret: { Deep: 'hunter2-deep' } }],
    ['List', [{ Password: 'hunter2-list' }]],
    ['Lists', [[{ X: { Token: 'hunter2-lists' } }]]],
    ['Endpoint', 'https://user:hunter2-url@example.com/'],
    ['Assertion', JWT],
    ['Assertions', ['x', { Y: JWT }]],
    ['Metadata', PEM],
  ];

  test('is a digest and nothing else for whatever may be private: by its name, by what is in it, by how it looks', () => {
    const kept = JSON.stringify(
      fieldsOf({ Config: Object.fromEntries(PRIVATE), Description: 'hunter2-top' }).forJournal(),
    );
    expect(kept).not.toMatch(/hunter2|eyJ|PRIVATE KEY|hhhh/);
    for (const [path, value] of Object.entries(JSON.parse(kept))) {
      expect({ path, digest: isDigest(value) }).toEqual({ path, digest: true });
    }
  });

  test('is the value itself of any other Config field: a crash may have to restore it', () => {
    const read = {
      Issuer: 'https://appleid.apple.com',
      TokenEndpoint: 'https://appleid.apple.com/auth/token',
      TokenEndpointAuthMethod: 'CLIENT_SECRET_POST',
      AuthorizationEndpoint: 'https://appleid.apple.com/auth/authorize?response_mode=form_post',
      Map: { Sub: 'sub', None: null },
      List: ['a', { b: 1 }],
      Flag: false,
    };
    expect(fieldsOf({ Config: { ...read, ClientSecret: JWT } }).forJournal()).toEqual({
      'Config.Issuer': read.Issuer,
      'Config.TokenEndpoint': read.TokenEndpoint,
      'Config.TokenEndpointAuthMethod': read.TokenEndpointAuthMethod,
      'Config.AuthorizationEndpoint': read.AuthorizationEndpoint,
      'Config.Map.Sub': 'sub',
      'Config.List': read.List,
      'Config.Flag': false,
    });
  });

  test('is a digest of every field outside Config', () => {
    const kept = fieldsOf({ Id: 'apple', On: 'TRUE', Name: { Message: 'Apple' } }).forJournal();
    expect(Object.keys(kept)).toEqual(['Id', 'On', 'Name.Message']);
    expect(Object.values(kept).every(isDigest)).toBe(true);
  });

  test('never holds the client secret, wherever it stands', () => {
    fc.assert(
      fc.property(provider, fc.array(name, { maxLength: 3 }), fc.boolean(), (from, path, listed) => {
        const inside = path.reduceRight<Json>((value, key) => ({ [key]: listed ? [value] : value }), JWT);
        const Config = { ...(from['Config'] as JsonObject), ClientSecret: inside, Other: inside };
        const kept = fieldsOf({ ...from, Config }).forJournal();
        expect(JSON.stringify(kept)).not.toContain(JWT.slice(0, 20));
      }),
    );
  });

  test('does not differ from the provider that it was made from, also after a stay in the journal', () => {
    fc.assert(
      fc.property(provider, (from) => {
        expect(pathsChanged(from, fieldsOf(from))).toEqual([]);
        expect(pathsChanged(from, stored(from))).toEqual([]);
      }),
    );
  });

  test('differs where a value does, and nowhere else', () => {
    fc.assert(
      fc.property(provider, provider, (a, b) => {
        const same = withoutSecret(a) === withoutSecret(b);
        expect(pathsChanged(b, fieldsOf(a)).length === 0).toBe(same);
        expect(pathsChanged(b, stored(a))).toEqual(pathsChanged(b, fieldsOf(a)));
      }),
    );
  });

  test.each<[string, JsonObject, string[]]>([
    ['a changed value', { Config: { A: '2', Password: 'p' }, On: 'TRUE' }, ['Config.A']],
    ['a changed private value', { Config: { A: '1', Password: 'q' }, On: 'TRUE' }, ['Config.Password']],
    ['a changed field outside Config', { Config: { A: '1', Password: 'p' }, On: 'FALSE' }, ['On']],
    ['a key that went', { Config: { Password: 'p' }, On: 'TRUE' }, ['Config.A']],
    ['a key that came', { Config: { A: '1', Password: 'p', B: 1 }, On: 'TRUE' }, ['Config.B']],
    ['several, in alphabetical order', { Config: { B: 1 } }, ['Config.A', 'Config.B', 'Config.Password', 'On']],
    ['not another client secret', { Config: { A: '1', Password: 'p', ClientSecret: 'x' }, On: 'TRUE' }, []],
    ['not a null', { Config: { A: '1', Password: 'p', B: null }, On: 'TRUE', Off: null }, []],
  ])('differs by %s', (_name, now, paths) => {
    const was = { Config: { A: '1', Password: 'p', ClientSecret: JWT }, On: 'TRUE' };
    expect(pathsChanged(now, fieldsOf(was))).toEqual(paths);
    expect(pathsChanged(now, stored(was))).toEqual(paths);
  });

  test('does not differ by nulls and the order of keys inside a list, in clear or as a digest', () => {
    const kept = stored({ Config: { List: [{ A: 1, B: 2, C: null }], Accounts: [{ A: 1, B: 2, C: null }] } });
    expect(pathsChanged({ Config: { Accounts: [{ B: 2, A: 1 }], List: [{ B: 2, A: 1 }] } }, kept)).toEqual([]);
    expect(pathsChanged({ Config: { Accounts: [{ A: 1 }], List: [{ A: 1 }] } }, kept)).toEqual([
      'Config.Accounts',
      'Config.List',
    ]);
  });
});

describe('our write explains', () => {
  const ISSUER = 'https://appleid.apple.com';
  const WAS = `${ISSUER}/auth/authorize?response_mode=form_post`;
  test.each<[string, boolean, string, Json | undefined, Json | undefined, Json | undefined]>([
    ['a key that went', true, 'RevocationEndpoint', 'x', undefined, ISSUER],
    ['a key that became null', true, 'ProfileMetaMap.Email', 'email', null, ISSUER],
    ['not a key that came', false, 'New', undefined, 'x', ISSUER],
    ['not a null that became a value', false, 'AuthorizationEndpoint', null, `${ISSUER}/x`, ISSUER],
    [
      'an endpoint that discovery found again without its query',
      true,
      'AuthorizationEndpoint',
      WAS,
      `${ISSUER}/auth/authorize`,
      ISSUER,
    ],
    [
      'not one with a query: discovery knows none',
      false,
      'AuthorizationEndpoint',
      WAS,
      `${ISSUER}/auth/authorize?x=1`,
      ISSUER,
    ],
    ['not one at another host', false, 'AuthorizationEndpoint', WAS, 'https://evil.example/authorize', ISSUER],
    ['not one on another port of the host', false, 'AuthorizationEndpoint', WAS, `${ISSUER}:8443/authorize`, ISSUER],
    ['the keys’ address too', true, 'JwksUri', `${ISSUER}/auth/keys?v=1`, `${ISSUER}/auth/keys`, ISSUER],
    ['an endpoint inside a map too', true, 'Map.TokenEndpoint', `${ISSUER}/a`, `${ISSUER}/b`, ISSUER],
    ['an endpoint that became empty', true, 'UserinfoEndpoint', `${ISSUER}/me`, '', ISSUER],
    ['not an endpoint that became no URL', false, 'TokenEndpoint', `${ISSUER}/a`, 'nonsense', ISSUER],
    ['not an endpoint that became no text', false, 'TokenEndpoint', `${ISSUER}/a`, 5, ISSUER],
    ['not a change without an issuer', false, 'TokenEndpoint', `${ISSUER}/a`, `${ISSUER}/b`, undefined],
    ['not a change with an issuer that is no URL', false, 'TokenEndpoint', `${ISSUER}/a`, `${ISSUER}/b`, 'apple'],
    ['not another text in any other field', false, 'Scope', 'openid', 'openid email', ISSUER],
    ['not any other field that became empty', false, 'Scope', 'openid', '', ISSUER],
    [
      'not an authentication method: it is no endpoint',
      false,
      'TokenEndpointAuthMethod',
      'CLIENT_SECRET_POST',
      '',
      ISSUER,
    ],
    ['a list that stands there twice', true, 'Scopes', ['a', { B: 1 }], ['a', { B: 1 }, 'a', { B: 1 }], ISSUER],
    ['not a list to which something else came', false, 'Scopes', ['a', 'b'], ['a', 'b', 'a', 'c'], ISSUER],
    ['not a list that stands there three times', false, 'Scopes', ['a'], ['a', 'a', 'a'], ISSUER],
    ['a map that went, by each of its fields', true, 'Map.Sub', 'sub', undefined, ISSUER],
  ])('%s', (_name, explained, path, before, after, issuer) => {
    const record = (value: Json | undefined): JsonObject => {
      const [key = '', inner] = path.split('.');
      const Config = {
        Issuer: issuer ?? null,
        [key]: (inner === undefined ? value : { [inner]: value ?? null }) ?? null,
      };
      return { Config };
    };
    const change = { path: `Config.${path}`, by: explained ? 'our-write' : 'somebody-else' };
    expect(fieldsOf(record(after)).changesSince(fieldsOf(record(before)))).toEqual([change]);
    expect(fieldsOf(record(after)).changesSince(stored(record(before)))).toEqual([change]);
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['a map that became a text', { Config: { Map: { A: 1 } } }, { Config: { Map: 'x' } }],
    ['a text that became a map', { Config: { Map: 'x' } }, { Config: { Map: { A: 1 } } }],
    ['a field outside Config that went', { Picture: 'x' }, {}],
  ])('not %s', (_name, before, after) => {
    const changes = fieldsOf(after).changesSince(fieldsOf(before));
    expect(changes.map(({ by }) => by)).toEqual(changes.map(() => 'somebody-else'));
    expect(changes).not.toEqual([]);
  });
});

describe('restoring', () => {
  const before = { Id: 'apple', Picture: 'p', Config: { A: '1', Map: { B: 2 }, Password: 'x', ClientSecret: JWT } };
  const after = { Id: 'apple', Picture: 'q', Config: { A: '', C: 'new', ClientSecret: 'y' } };
  const lost = ['Config.A', 'Config.Map.B', 'Config.Password', 'Picture'];

  const sent = (fields: ProviderFields) => configToSend({ fields, clientSecret: 's' });

  test('puts the named fields back, inside maps too, and leaves the others', () => {
    const { withRestored } = fieldsOf(after);
    expect(sent(withRestored(fieldsOf(before), ['Config.Map.B']))).toEqual({
      A: '',
      C: 'new',
      Map: { B: 2 },
      ClientSecret: 's',
    });
    expect(sent(withRestored(fieldsOf(before), lost))).toEqual({
      A: '1',
      C: 'new',
      Map: { B: 2 },
      Password: 'x',
      ClientSecret: 's',
    });
  });

  test('from the journal leaves what it keeps as a digest', () => {
    const fields = fieldsOf(after).withRestored(stored(before), lost);
    expect(sent(fields)).toEqual({ A: '1', C: 'new', Map: { B: 2 }, ClientSecret: 's' });
    expect(pathsChanged(after, stored(before))).toEqual(['Config.A', 'Config.C', ...lost.slice(1)]);
  });

  test('does not send a list again that our write has appended to itself', () => {
    const [was, now] = [
      { Config: { L: ['a'], M: { N: [1, 2] }, Z: 'z' } },
      { Config: { L: ['a', 'a'], M: { N: [1, 2, 1, 2] } } },
    ];
    const fields = fieldsOf(now).withRestored(fieldsOf(was), ['Config.L', 'Config.M.N', 'Config.Z']);
    expect(sent(fields)).toEqual({ L: null, M: { N: null }, Z: 'z', ClientSecret: 's' });
    expect(sent(fieldsOf(now).withRestored(stored(was), ['Config.L']))).toMatchObject({ L: null });
  });

  test('never reaches outside Config', () => {
    const fields = fieldsOf(after).withRestored(fieldsOf(before), lost);
    expect(fields.changesSince(fieldsOf(before)).map(({ path }) => path)).toEqual(['Config.C', 'Picture']);
  });
});

describe('the settings of a provider', () => {
  test('are read from where CloudBase keeps them, and none of them is the client secret', () => {
    const record = fullProvider(JWT);
    expect(fieldsOf(record).settings()).toEqual({
      type: 'OIDC',
      name: 'Apple',
      issuer: 'https://appleid.apple.com',
      jwksUri: 'https://appleid.apple.com/auth/keys',
      authorizationEndpoint: 'https://appleid.apple.com/auth/authorize?response_mode=form_post',
      tokenEndpoint: 'https://appleid.apple.com/auth/token',
      scope: 'openid email name',
      responseType: 'code',
      authMethod: 'CLIENT_SECRET_POST',
      redirectUri: record.Config['RedirectUri'],
      linkByEmail: false,
      linkByPhone: undefined,
      names: Object.keys(record.Config)
        .concat(
          'ProfileMetaMap.Email',
          'RequestParametersMap.ClientId',
          'ResponseParametersMap.Name',
          'ResponseParametersMap.Sub',
        )
        .sort(),
      undocumented: ['ProfileMetaMap', 'Proxy', 'RevocationEndpoint'],
    });
  });

  test('are absent where they are empty, null or of another kind', () => {
    const record = {
      On: 'TRUE',
      AutoSignInWhenEmailMatch: 'TRUE',
      Config: { Issuer: '', Scope: null, TokenEndpoint: 7 },
    };
    expect(fieldsOf(record).settings()).toMatchObject({
      type: undefined,
      issuer: undefined,
      scope: undefined,
      tokenEndpoint: undefined,
      linkByEmail: true,
      linkByPhone: undefined,
      names: ['Issuer', 'TokenEndpoint'],
      undocumented: [],
    });
  });
});
