// JSON as a type, the equality by which a provider is compared with itself, and paths to the values inside an object.
// A path names exactly one place: keys joined by dots, with `\` before a dot or a backslash that belongs to a key.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** True for a JSON object, neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * One text for all JSON values that count as equal: null is absent, an object that holds nothing is null, and the order
 * of keys does not count. (CloudBase sends nulls for unset fields; the SDK drops them on the way back.)
 */
export function canonical(value: Json): string {
  if (holdsNothing(value)) return 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => !holdsNothing(item));
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(',')}}`;
}

/** Null, or an object of nothing else: the SDK drops nulls, and the empty object that remains may be dropped as well. */
export function holdsNothing(value: Json): boolean {
  return value === null || (isJsonObject(value) && Object.values(value).every(holdsNothing));
}

/** Every leaf of an object with its path. Arrays are leaves; what holds nothing is absent. */
export function leaves(object: JsonObject, prefix = ''): [path: string, value: Json][] {
  return Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    const path = `${prefix}${segment(key)}`;
    if (isJsonObject(value)) return leaves(value, `${path}.`);
    return value === null ? [] : [[path, value]];
  });
}

/** A copy with `value` at a path; objects on the way are made, and what is not an object there is replaced. */
export function withValueAt(object: JsonObject, path: string, value: Json): JsonObject {
  const { key, rest } = split(path);
  if (rest === undefined) return { ...object, [key]: value };
  const inner = Object.hasOwn(object, key) ? object[key] : undefined;
  return { ...object, [key]: withValueAt(isJsonObject(inner) ? inner : {}, rest, value) };
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
