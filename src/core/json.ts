// JSON as a type, and the equality by which a provider is compared with itself: null is absent, and the order of
// keys does not count. (CloudBase sends nulls for unset fields; the SDK drops them on the way back.)
// A path names one place alone: keys joined by dots, with `\` before a dot or a backslash that belongs to a key.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** True for a JSON object, neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The dotted paths at which two JSON values differ, in alphabetical order; the root is the empty path. */
export function differences(before: Json | undefined, after: Json | undefined): string[] {
  const found: string[] = [];
  compare(undefined, before ?? null, after ?? null, found);
  return found.sort();
}

function compare(path: string | undefined, before: Json, after: Json, found: string[]): void {
  if (isJsonObject(before) && isJsonObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const inner = path === undefined ? segment(key) : `${path}.${segment(key)}`;
      compare(inner, own(before, key), own(after, key), found);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const same = before.length === after.length && before.every((item, i) => differences(item, after[i]).length === 0);
    if (!same) found.push(path ?? '');
    return;
  }
  if (holdsNothing(before) && holdsNothing(after)) return;
  if (before !== after) found.push(path ?? '');
}

/** Null, or an object of nothing but such: the SDK drops nulls, and what is left of the object may be dropped, too. */
function holdsNothing(value: Json): boolean {
  return value === null || (isJsonObject(value) && Object.values(value).every(holdsNothing));
}

/** Every leaf of an object with its dotted path; nulls are absent, arrays and objects that hold nothing are leaves. */
export function leaves(object: JsonObject, prefix = ''): [path: string, value: Json][] {
  return Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    const path = `${prefix}${segment(key)}`;
    if (value === null) return [];
    if (!isJsonObject(value)) return [[path, value]];
    const inner = leaves(value, `${path}.`);
    return inner.length > 0 ? inner : [[path, {}]];
  });
}

/** The value at a dotted path; undefined where there is none. */
export function valueAt(object: JsonObject, path: string): Json | undefined {
  const { key, rest } = split(path);
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  if (rest === undefined) return value;
  return isJsonObject(value) ? valueAt(value, rest) : undefined;
}

/** A copy with `value` at a dotted path; `undefined` takes the key away. */
export function withValueAt(object: JsonObject, path: string, value: Json | undefined): JsonObject {
  const { key, rest } = split(path);
  if (rest !== undefined) {
    const inner = own(object, key);
    if (value === undefined && !isJsonObject(inner)) return object;
    return { ...object, [key]: withValueAt(isJsonObject(inner) ? inner : {}, rest, value) };
  }
  const { [key]: _, ...others } = object;
  return value === undefined ? others : { ...object, [key]: value };
}

function own(object: JsonObject, key: string): Json {
  return Object.hasOwn(object, key) ? (object[key] ?? null) : null;
}

function segment(key: string): string {
  return key.replace(/[\\.]/g, '\\$&');
}

/** The first key of a path, and the path below it. */
function split(path: string): { key: string; rest: string | undefined } {
  const head = /^(?:[^\\.]|\\[\s\S]?)*/.exec(path)?.[0] ?? '';
  const key = head.replace(/\\([\s\S]?)/g, '$1');
  return { key, rest: head.length < path.length ? path.slice(head.length + 1) : undefined };
}
