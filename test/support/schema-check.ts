// A validator for the part of JSON Schema that the configuration's schema uses; an unknown keyword is an error, so that
// it cannot pass by not being looked at.
import { isDeepStrictEqual } from 'node:util';

export type Schema = { readonly [keyword: string]: unknown };
const ANNOTATIONS = ['$schema', '$defs', 'title', 'description', 'default', 'format'];

/** The paths at which `value` does not fit `schema`; empty if it does. */
export function misfits(schema: Schema, value: unknown, root: Schema = schema, path = ''): string[] {
  const inner = (next: unknown, item: unknown, at: string) => misfits(next as Schema, item, root, at);
  return Object.entries(schema).flatMap(([keyword, rule]): string[] => {
    const fail = (fits: boolean) => (fits ? [] : [`${path} ${keyword}`]);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    switch (keyword) {
      case '$ref':
        return inner((root['$defs'] as Schema)[String(rule).replace('#/$defs/', '')], value, path);
      case 'type':
        return fail([rule].flat().some((type) => hasType(value, String(type))));
      case 'const':
        return fail(value === rule);
      case 'enum':
        return fail((rule as unknown[]).some((one) => isDeepStrictEqual(one, value)));
      case 'pattern':
        return fail(typeof value !== 'string' || new RegExp(String(rule), 'u').test(value));
      case 'minLength':
        return fail(typeof value !== 'string' || value.length >= Number(rule));
      case 'minimum':
        return fail(typeof value !== 'number' || value >= Number(rule));
      case 'exclusiveMinimum':
        return fail(typeof value !== 'number' || value > Number(rule));
      case 'maximum':
        return fail(typeof value !== 'number' || value <= Number(rule));
      case 'minItems':
        return fail(!Array.isArray(value) || value.length >= Number(rule));
      case 'maxItems':
        return fail(!Array.isArray(value) || value.length <= Number(rule));
      case 'items':
        return Array.isArray(value) ? value.flatMap((item, index) => inner(rule, item, `${path}[${index}]`)) : [];
      case 'required':
        return isObject
          ? (rule as string[]).filter((key) => !(key in value)).map((key) => `${path}.${key} missing`)
          : [];
      case 'properties':
        return isObject
          ? Object.entries(rule as Schema).flatMap(([key, next]) =>
              key in value ? inner(next, (value as Schema)[key], `${path}.${key}`) : [],
            )
          : [];
      case 'additionalProperties': {
        const known = Object.keys((schema['properties'] ?? {}) as Schema);
        const others = isObject ? Object.entries(value).filter(([key]) => !known.includes(key)) : [];
        return others.flatMap(([key, next]) =>
          rule === false ? [`${path}.${key} unknown`] : inner(rule, next, `${path}.${key}`),
        );
      }
      case 'anyOf':
        return fail((rule as unknown[]).some((one) => inner(one, value, path).length === 0));
      default:
        if (ANNOTATIONS.includes(keyword)) return [];
        throw new Error(`the validator does not know ${keyword}`);
    }
  });
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/** Every property of every object in a schema, with its path. */
export function propertiesOf(schema: unknown, path = ''): [path: string, schema: Schema][] {
  if (Array.isArray(schema)) return schema.flatMap((item) => propertiesOf(item, path));
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, value]): [string, Schema][] => {
    if (keyword !== 'properties') return propertiesOf(value, path);
    return Object.entries(value as Schema).flatMap(([key, next]) => [
      [`${path}.${key}`, next as Schema] as [string, Schema],
      ...propertiesOf(next, `${path}.${key}`),
    ]);
  });
}
