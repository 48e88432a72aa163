// What a provider record says: the six ways in which its secret may show, what makes a Config unfit to be sent back,
// what the journal may keep of it, and which changes a write of ours explains.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { differences, type Json, type JsonObject } from '../../src/core/json.ts';
import {
  configKeys,
  configOf,
  differsFromJournal,
  explainedByOurWrite,
  fieldsForJournal,
  isDigestOnly,
  roundTripProblems,
  shownSecret,
  showsNothing,
  withClientSecret,
} from '../../src/core/provider-fields.ts';
import { SHAPES } from '../../src/core/reasons.ts';
import { newP8 } from '../support/keys.ts';

const JWT = `eyJ${'h'.repeat(30)}.${'c'.repeat(40)}.${'s'.repeat(86)}`;
const DIGEST = fingerprint(JWT);

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

function withoutSecret(from: JsonObject): JsonObject {
  const entries = Object.entries(configOf(from)).filter(([key]) => key !== 'ClientSecret');
  return { ...from, Config: Object.fromEntries(entries) };
}

describe('the Config of a provider', () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['is its Config', { Config: { A: 1 } }, { A: 1 }],
    ['is empty where there is none', {}, {}],
    ['is empty where it is null', { Config: null }, {}],
    ['is empty where it is a list', { Config: [] }, {}],
    ['is empty where it is a text', { Config: '{}' }, {}],
  ])('%s', (_name, from, found) => {
    expect(configOf(from)).toEqual(found);
  });
});

describe('a ClientSecret shows', () => {
  test.each<[string, JsonObject, ReturnType<typeof shownSecret>]>([
    ['clear as a JWT', { ClientSecret: JWT }, { shape: 'clear', text: JWT }],
    ['clear as three parts without a signature', { ClientSecret: 'a.b.' }, { shape: 'clear', text: 'a.b.' }],
    ['as a digest', { ClientSecret: DIGEST }, { shape: 'digest', text: DIGEST }],
    ['as a digest in capitals', { ClientSecret: DIGEST.toUpperCase() }, { shape: 'digest', text: DIGEST }],
    ['masked as 63 hex digits', { ClientSecret: DIGEST.slice(1) }, { shape: 'masked', text: DIGEST.slice(1) }],
    ['masked as asterisks', { ClientSecret: '******' }, { shape: 'masked', text: '******' }],
    ['masked as half a JWT', { ClientSecret: 'eyJhb***' }, { shape: 'masked', text: 'eyJhb***' }],
    ['masked as a JWT with a line end', { ClientSecret: `${JWT}\n` }, { shape: 'masked', text: `${JWT}\n` }],
    ['masked as two parts', { ClientSecret: 'a.b' }, { shape: 'masked', text: 'a.b' }],
    ['masked as something that is no text', { ClientSecret: { a: 1 } }, { shape: 'masked', text: null }],
    ['masked as a number', { ClientSecret: 0 }, { shape: 'masked', text: null }],
    ['empty', { ClientSecret: '' }, { shape: 'empty', text: '' }],
    ['null', { ClientSecret: null }, { shape: 'null', text: null }],
    ['missing', {}, { shape: 'missing', text: null }],
  ])('%s', (_name, from, shown) => {
    expect(shownSecret(from)).toEqual(shown);
  });

  test('nothing where it is empty, null or missing', () => {
    expect(SHAPES.filter(showsNothing)).toEqual(['empty', 'null', 'missing']);
  });
});

describe('the Config to send', () => {
  test('differs from the one read in ClientSecret alone', () => {
    fc.assert(
      fc.property(config, (read) => {
        const sent = withClientSecret(read, JWT);
        expect(sent['ClientSecret']).toBe(JWT);
        expect(differences(read, sent).filter((path) => !/^ClientSecret(?:\.|$)/.test(path))).toEqual([]);
        expect(Object.keys(sent).filter((key) => !Object.hasOwn(read, key) && key !== 'ClientSecret')).toEqual([]);
      }),
    );
  });
});

describe('the keys of a Config', () => {
  test('are those that have a value, ClientSecret excepted, in alphabetical order', () => {
    const read = {
      Scope: 'a',
      ClientSecret: 'x',
      Map: { B: 1, A: null },
      Off: false,
      Empty: '',
      Null: null,
      None: {},
      Nulls: { A: null },
    };
    expect(configKeys(read)).toEqual(['Empty', 'Map.B', 'Off', 'Scope']);
  });

  test('are none of them gone from the Config that they were taken from', () => {
    fc.assert(
      fc.property(config, (read) => {
        expect(roundTripProblems(read, configKeys(read)).filter(({ why }) => why === 'gone')).toEqual([]);
      }),
    );
  });
});

describe('a Config may not be sent back', () => {
  test.each<[string, JsonObject, readonly string[], ReturnType<typeof roundTripProblems>]>([
    ['with a masked value', { Key: '***' }, [], [{ path: 'Key', why: 'masked' }]],
    ['with asterisks inside a value', { Key: 'ab****yz' }, [], [{ path: 'Key', why: 'masked' }]],
    ['with bullets', { Key: '•••' }, [], [{ path: 'Key', why: 'masked' }]],
    ['with a text of nothing but x', { Key: 'xxxxxx' }, [], [{ path: 'Key', why: 'masked' }]],
    ['with a mask deep in a map', { Map: { Key: '***' } }, [], [{ path: 'Map.Key', why: 'masked' }]],
    ['with a mask deep in a list', { List: [{ Key: ['***'] }] }, [], [{ path: 'List', why: 'masked' }]],
    ['with an integer above 2^53', { N: 2 ** 53 }, [], [{ path: 'N', why: 'unsafe-number' }]],
    ['with a fraction', { N: 0.5 }, [], [{ path: 'N', why: 'unsafe-number' }]],
    ['with such a number in a list', { L: [1, -(2 ** 53)] }, [], [{ path: 'L', why: 'unsafe-number' }]],
    ['without a key that was there', {}, ['Scope'], [{ path: 'Scope', why: 'gone' }]],
    ['with null where a value was', { Scope: null }, ['Scope'], [{ path: 'Scope', why: 'gone' }]],
    ['without a key inside a map', { Map: { A: 1 } }, ['Map.A', 'Map.B'], [{ path: 'Map.B', why: 'gone' }]],
    [
      'for several reasons at once',
      { Key: '***', N: 0.5 },
      ['Key', 'Z'],
      [
        { path: 'Key', why: 'masked' },
        { path: 'N', why: 'unsafe-number' },
        { path: 'Z', why: 'gone' },
      ],
    ],
  ])('%s', (_name, read, seen, problems) => {
    expect(roundTripProblems(read, seen)).toEqual(problems);
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
  ])('but may with %s', (_name, read, seen) => {
    expect(roundTripProblems(read, seen)).toEqual([]);
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
    const kept = JSON.stringify(fieldsForJournal({ Config: Object.fromEntries(PRIVATE), Description: 'hunter2-top' }));
    expect(kept).not.toMatch(/hunter2|eyJ|PRIVATE KEY|hhhh/);
    for (const [path, value] of Object.entries(JSON.parse(kept))) {
      expect({ path, digest: isDigestOnly(value) }).toEqual({ path, digest: true });
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
    expect(fieldsForJournal({ Config: { ...read, ClientSecret: JWT } })).toEqual({
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
    const kept = fieldsForJournal({ Id: 'apple', On: 'TRUE', Name: { Message: 'Apple' } });
    expect(Object.keys(kept)).toEqual(['Id', 'On', 'Name.Message']);
    expect(Object.values(kept).every(isDigestOnly)).toBe(true);
  });

  test('never holds the client secret, wherever it stands', () => {
    fc.assert(
      fc.property(provider, fc.array(name, { maxLength: 3 }), fc.boolean(), (from, path, listed) => {
        const inside = path.reduceRight<Json>((value, key) => ({ [key]: listed ? [value] : value }), JWT);
        const kept = fieldsForJournal({ ...from, Config: { ...configOf(from), ClientSecret: inside, Other: inside } });
        expect(JSON.stringify(kept)).not.toContain(JWT.slice(0, 20));
      }),
    );
  });

  test('does not differ from the provider that it was made from, also after a stay in the journal', () => {
    fc.assert(
      fc.property(provider, (from) => {
        const kept = fieldsForJournal(from);
        expect(differsFromJournal(from, kept)).toEqual([]);
        expect(differsFromJournal(from, JSON.parse(JSON.stringify(kept)))).toEqual([]);
      }),
    );
  });

  test('differs where a value does, and nowhere else', () => {
    fc.assert(
      fc.property(provider, provider, (one, other) => {
        const [a, b] = [withoutSecret(one), withoutSecret(other)];
        expect(differsFromJournal(b, fieldsForJournal(a)).length === 0).toBe(differences(a, b).length === 0);
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
    const kept = fieldsForJournal({ Config: { A: '1', Password: 'p', ClientSecret: JWT }, On: 'TRUE' });
    expect(differsFromJournal(now, kept)).toEqual(paths);
  });

  test('does not differ by nulls and the order of keys inside a list, in clear or as a digest', () => {
    const kept = fieldsForJournal({ Config: { List: [{ A: 1, B: 2, C: null }], Accounts: [{ A: 1, B: 2, C: null }] } });
    expect(differsFromJournal({ Config: { Accounts: [{ B: 2, A: 1 }], List: [{ B: 2, A: 1 }] } }, kept)).toEqual([]);
    expect(differsFromJournal({ Config: { Accounts: [{ A: 1 }], List: [{ A: 1 }] } }, kept)).toEqual([
      'Config.Accounts',
      'Config.List',
    ]);
  });

  test.each<[unknown, boolean]>([
    [`sha256:${DIGEST}`, true],
    [`sha256:${DIGEST.toUpperCase()}`, false],
    [`sha256:${DIGEST.slice(1)}`, false],
    [DIGEST, false],
    [{ sha256: DIGEST }, false],
    [null, false],
  ])('%j is a digest alone: %s', (kept, answer) => {
    expect(isDigestOnly(kept)).toBe(answer);
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
  ])('%s', (_name, explained, path, before, after, issuer) => {
    expect(explainedByOurWrite(path, before, after, issuer)).toBe(explained);
  });
});
