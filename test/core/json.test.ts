// The equality by which a provider is compared with itself, and the paths by which its fields are named: laws over
// any JSON, names with dots and names that every object inherits included.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical, isJsonObject, type Json, type JsonObject, leaves, withValueAt } from '../../src/core/json.ts';

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

const isSame = (a: Json, b: Json) => canonical(a) === canonical(b);

describe('equality', () => {
  test.each<[string, Json, Json, boolean]>([
    ['two equal texts', 'a', 'a', true],
    ['an empty text and nothing', { a: '' }, {}, false],
    ['false and nothing', { a: false }, {}, false],
    ['0 and nothing', { a: 0 }, {}, false],
    ['a null field and an absent one', { a: null, b: 1 }, { b: 1 }, true],
    ['a null field and an absent one, deep in a list', { l: [{ a: null }] }, { l: [{}] }, true],
    ['an object that holds nothing and nothing', { a: {}, b: { c: null } }, {}, true],
    ['an empty list and nothing', { a: [] }, {}, false],
    ['a text and the number it spells', { a: '1' }, { a: 1 }, false],
    ['true and "true"', { a: true }, { a: 'true' }, false],
    ['a list and an object of the same items', { a: ['x'] }, { a: { 0: 'x' } }, false],
    ['lists in another order', { a: [1, 2] }, { a: [2, 1] }, false],
    ['a list and a longer one', { a: [1] }, { a: [1, null] }, false],
    ['objects in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
    ['a key with a dot and a path', { 'a.b': 1 }, { a: { b: 1 } }, false],
    ['a name that every object inherits and nothing', { constructor: null }, {}, true],
  ])('of %s: %#', (_name, before, after, same) => {
    expect(isSame(before, after)).toBe(same);
  });

  test('holds between a value and its copy, its copy in another order, its copy without nulls', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(isSame(value, structuredClone(value))).toBe(true);
        expect(isSame(value, reversed(value))).toBe(true);
        expect(isSame(withoutNulls(value), value)).toBe(true);
      }),
    );
  });
});

describe('leaves', () => {
  test('are every field that has a value, lists as a whole, without nulls and what holds nothing else', () => {
    const config = {
      A: 'x',
      B: { C: 1, D: null, E: { F: false } },
      'B.C': 2,
      G: [1, { H: null }],
      I: null,
      J: {},
      K: { L: null },
    };
    expect(leaves(config)).toEqual([
      ['A', 'x'],
      ['B.C', 1],
      ['B.E.F', false],
      ['B\\.C', 2],
      ['G', [1, { H: null }]],
    ]);
  });

  test('have a path each, whatever the order', () => {
    fc.assert(
      fc.property(object, (value) => {
        expect(new Map(leaves(reversed(value) as JsonObject)).size).toBe(leaves(value).length);
      }),
    );
  });

  test('make up the object: put together again, nothing differs', () => {
    fc.assert(
      fc.property(object, (value) => {
        const made = leaves(value).reduce<JsonObject>((object, [path, leaf]) => withValueAt(object, path, leaf), {});
        expect(isSame(made, value)).toBe(true);
      }),
    );
  });

  test('are the same with and without nulls', () => {
    fc.assert(
      fc.property(object, (value) => {
        const paths = (of: Json) => leaves(of as JsonObject).map(([where]) => where);
        expect(paths(withoutNulls(value))).toEqual(paths(value));
      }),
    );
  });
});

describe('a value that is put at a path', () => {
  test('is found there, and the original stays as it was', () => {
    fc.assert(
      fc.property(object, path, scalar, (value, where, leaf) => {
        const before = structuredClone(value);
        const found = new Map(leaves(withValueAt(value, where, leaf)));
        expect(found.get(where)).toBe(leaf ?? undefined);
        expect(value).toEqual(before);
      }),
    );
  });

  test('touches nothing beside its way', () => {
    fc.assert(
      fc.property(object, path, scalar, (value, where, leaf) => {
        const beside = ([other]: [string, Json]) =>
          !`${other}.`.startsWith(`${where}.`) && !where.startsWith(`${other}.`);
        const made = leaves(withValueAt(value, where, leaf)).filter(beside);
        expect(made).toEqual(expect.arrayContaining(leaves(value).filter(beside)));
      }),
    );
  });

  test('makes the objects on its way, and replaces what is not an object', () => {
    expect(withValueAt({ A: 5 }, 'A.B.C', 1)).toEqual({ A: { B: { C: 1 } } });
    expect(withValueAt({ 'A.B': 1, A: { B: 2 } }, 'A\\.B', 3)).toEqual({ 'A.B': 3, A: { B: 2 } });
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
