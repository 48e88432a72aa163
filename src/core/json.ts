// JSON as a type, and the equality by which a provider is compared with itself: null is absent, and the order of
// keys does not count. (CloudBase sends nulls for unset fields; the SDK drops them on the way back.)

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** True for a JSON object, neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The dotted paths at which two JSON values differ, in alphabetical order; the root is the empty path. */
export function differences(before: Json | undefined, after: Json | undefined): string[] {
  const found: string[] = [];
  compare('', before ?? null, after ?? null, found);
  return found.sort();
}

function compare(path: string, before: Json, after: Json, found: string[]): void {
  if (isJsonObject(before) && isJsonObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(path === '' ? key : `${path}.${key}`, before[key] ?? null, after[key] ?? null, found);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const same = before.length === after.length && before.every((item, i) => differences(item, after[i]).length === 0);
    if (!same) found.push(path);
    return;
  }
  if (before !== after) found.push(path);
}

/** Every leaf of an object with its dotted path; nulls are absent, arrays are leaves. */
export function leaves(object: JsonObject, prefix = ''): [path: string, value: Json][] {
  return Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    const path = `${prefix}${key}`;
    if (value === null) return [];
    if (isJsonObject(value) && Object.keys(value).length > 0) return leaves(value, `${path}.`);
    return [[path, value]];
  });
}

/** The value at a dotted path; undefined where there is none. */
export function valueAt(object: JsonObject, path: string): Json | undefined {
  const direct = object[path];
  if (direct !== undefined) return direct;
  const dot = path.indexOf('.');
  if (dot < 0) return undefined;
  const inner = object[path.slice(0, dot)];
  return isJsonObject(inner) ? valueAt(inner, path.slice(dot + 1)) : undefined;
}

/** A copy with `value` at a dotted path; `undefined` takes the key away. */
export function withValueAt(object: JsonObject, path: string, value: Json | undefined): JsonObject {
  const dot = path.indexOf('.');
  if (dot < 0 || path in object) {
    const { [path]: _, ...rest } = object;
    return value === undefined ? rest : { ...object, [path]: value };
  }
  const head = path.slice(0, dot);
  const inner = object[head];
  return { ...object, [head]: withValueAt(isJsonObject(inner) ? inner : {}, path.slice(dot + 1), value) };
}
