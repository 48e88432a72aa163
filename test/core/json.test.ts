// The equality by which a provider is compared with itself, and the paths by which its fields are named: laws over
// any JSON, names with dots and names that every object inherits included.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  differences,
  isJsonObject,
  type Json,
  type JsonObject,
  leaves,
  valueAt,
  withValueAt,
} from '../../src/core/json.ts';

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'a.b', '', '.', '\\', 'a\\', '\\.', '__proto__', 'constructor', 'toString', '0'),
  fc.string({ maxLength: 4 }),
);
const scalar = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, '', 'x'),
  fc.string({ maxLength: 4 }),
  fc.integer(),
);
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const object = fc.dictionary(key, json, { maxKeys: 4, noNullPrototype: true });
const path = fc
  .array(key, { minLength: 1, maxLength: 3 })
  .map((keys) => keys.map((each) => each.replace(/[\\.]/g, '\\$&')).join('.'));

/** The same with its keys the other way round, at every depth. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, item]) => [name, reversed(item)]),
  );
}

/** The same without a null anywhere but in lists. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutNulls(item)]));
}

describe('differences', () => {
  test.each<[string, Json | undefined, Json | undefined, string[]]>([
    ['two equal texts', 'a', 'a', []],
    ['null and nothing', null, undefined, []],
    ['an empty text and nothing: not the same', { a: '' }, {}, ['a']],
    ['false and nothing: not the same', { a: false }, {}, ['a']],
    ['0 and nothing: not the same', { a: 0 }, {}, ['a']],
    ['a null field and an absent one', { a: null, b: 1 }, { b: 1 }, []],
    ['a null field and an absent one, deep in a list', { l: [{ a: null }] }, { l: [{}] }, []],
    ['an object that holds nothing and nothing', { a: {}, b: { c: null } }, {}, []],
    ['an empty list and nothing: not the same', { a: [] }, {}, ['a']],
    ['a text and the number it spells', { a: '1' }, { a: 1 }, ['a']],
    ['true and "true"', { a: true }, { a: 'true' }, ['a']],
    ['a list and an object of the same items', { a: ['x'] }, { a: { 0: 'x' } }, ['a']],
    ['lists in another order', { a: [1, 2] }, { a: [2, 1] }, ['a']],
    ['a list that grew', { a: [1] }, { a: [1, null] }, ['a']],
    ['a deep change', { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1, d: 3 } } }, ['a.b.d']],
    ['several, in alphabetical order', { z: 1, b: { y: 1 }, a: 1 }, { z: 2, b: {}, c: 1 }, ['a', 'b.y', 'c', 'z']],
    ['an object that became a text', { a: { b: 1 } }, { a: 'x' }, ['a']],
    ['a whole value that went: the empty path', 'x', undefined, ['']],
    ['an object that went', { a: 1 }, undefined, ['']],
    ['a list that changed as a whole', [1], [2], ['']],
    ['a key with a dot in it is one key', { 'a.b': 1, a: { b: 1 } }, { 'a.b': 2, a: { b: 1 } }, ['a\\.b']],
    ['a name that every object inherits', { constructor: null }, {}, []],
  ])('%s', (_name, before, after, paths) => {
    expect(differences(before, after)).toEqual(paths);
  });

  test('there are none between a value and itself, its copy, its copy in another order, its copy without nulls', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(differences(value, value)).toEqual([]);
        expect(differences(value, structuredClone(value))).toEqual([]);
        expect(differences(value, reversed(value))).toEqual([]);
        expect(differences(withoutNulls(value), value)).toEqual([]);
      }),
    );
  });

  test('are the same in both directions, sorted, each path once', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const found = differences(a, b);
        expect(differences(b, a)).toEqual(found);
        expect(found).toEqual([...new Set(found)].sort());
      }),
    );
  });

  test('name places at which the two do differ, and putting those right leaves none', () => {
    fc.assert(
      fc.property(object, object, (a, b) => {
        let mended: JsonObject = a;
        for (const found of differences(a, b)) {
          expect(differences(valueAt(a, found), valueAt(b, found))).not.toEqual([]);
          mended = withValueAt(mended, found, valueAt(b, found));
        }
        expect(differences(mended, b)).toEqual([]);
      }),
    );
  });
});

describe('leaves', () => {
  test('are every field that has a value, lists as a whole, nulls left out', () => {
    const config = {
      A: 'x',
      B: { C: 1, D: null, E: { F: false } },
      G: [1, { H: null }],
      I: null,
      J: {},
      K: { L: null },
    };
    expect(leaves(config)).toEqual([
      ['A', 'x'],
      ['B.C', 1],
      ['B.E.F', false],
      ['G', [1, { H: null }]],
      ['J', {}],
      ['K', {}],
    ]);
  });

  test('are found again by their paths, and differ only where the objects do', () => {
    fc.assert(
      fc.property(object, (value) => {
        for (const [where, leaf] of leaves(value)) expect(differences(valueAt(value, where), leaf)).toEqual([]);
        expect(new Map(leaves(reversed(value) as JsonObject)).size).toBe(leaves(value).length);
      }),
    );
  });

  test('make up the object: put together again, nothing differs', () => {
    fc.assert(
      fc.property(object, (value) => {
        let made: JsonObject = {};
        for (const [where, leaf] of leaves(value)) made = withValueAt(made, where, leaf);
        expect(differences(made, value)).toEqual([]);
      }),
    );
  });

  test('are the same with and without nulls', () => {
    fc.assert(
      fc.property(object, (value) => {
        const paths = (of: Json) => leaves(of as JsonObject).map(([where]) => where);
        expect(paths(withoutNulls(value)).sort()).toEqual(paths(value).sort());
      }),
    );
  });
});

describe('the value at a path', () => {
  const config = { A: { B: 1, N: null }, 'A.B': 2, L: [1], '': 3 };
  test.each<[string, Json | undefined]>([
    ['A', config.A],
    ['A.B', 1],
    ['A\\.B', 2],
    ['A.N', null],
    ['A.C', undefined],
    ['A.B.C', undefined],
    ['L.0', undefined],
    ['X', undefined],
    ['X.Y', undefined],
    ['', 3],
    ['toString', undefined],
    ['constructor.name', undefined],
    ['A\\', config.A],
  ])('%j', (where, value) => {
    expect(valueAt(config, where)).toEqual(value);
  });

  test('is what was put there', () => {
    fc.assert(
      fc.property(object, path, json, (value, where, leaf) => {
        expect(valueAt(withValueAt(value, where, leaf), where)).toEqual(leaf);
      }),
    );
  });

  test('is nothing where it was taken away; taking away twice is taking away once', () => {
    fc.assert(
      fc.property(object, path, (value, where) => {
        const without = withValueAt(value, where, undefined);
        expect(valueAt(without, where)).toBeUndefined();
        expect(withValueAt(without, where, undefined)).toEqual(without);
      }),
    );
  });

  test('put back where it was changes nothing, and never touches the original', () => {
    fc.assert(
      fc.property(object, path, (value, where) => {
        const before = structuredClone(value);
        expect(withValueAt(value, where, valueAt(value, where))).toEqual(before);
        withValueAt(value, where, 'x');
        expect(value).toEqual(before);
      }),
    );
  });

  test('makes the objects on its way, and replaces what is none', () => {
    expect(withValueAt({ A: 5 }, 'A.B.C', 1)).toEqual({ A: { B: { C: 1 } } });
    expect(withValueAt({}, 'A.B', undefined)).toEqual({});
    expect(withValueAt({ A: { B: 1 } }, 'A.B', undefined)).toEqual({ A: {} });
  });
});

test.each<[unknown, boolean]>([
  [{}, true],
  [{ a: 1 }, true],
  [[], false],
  [null, false],
  ['{}', false],
  [undefined, false],
])('is %j a JSON object? %s', (value, answer) => {
  expect(isJsonObject(value)).toBe(answer);
});
