// What zod objects to, as problems: the definition's own words where it has any, plain ones otherwise; and for a key
// that it does not know, the known one that comes nearest.
import type * as z from 'zod';
import type { Problem } from './problems.ts';
import { dotted, isBroken, nodeAt, type Path, problemAt, type RawConfig } from './raw.ts';

type Schema = z.core.$ZodType;

/** The problems of one part of the configuration that stands at `base` and was parsed by `schema`. */
export function problemsOf(raw: RawConfig, base: Path, schema: Schema, error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    if (isBroken(raw.root, path)) return [];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey(raw, path, key, knownKeys(schema, issue.path, raw, base)));
    return [problemAt(raw, path, { wanted: wantedOf(issue), next: nextOf(issue) })];
  });
}

function wantedOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return TYPES[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined)
    return discriminatorOptions(issue).join(' | ') || 'one of the known kinds';
  if (issue.code === 'invalid_value' && issue.message.startsWith('Invalid'))
    return issue.values.map(String).join(' | ');
  if (issue.code === 'invalid_format' && issue.message.startsWith('Invalid'))
    return FORMATS[issue.format] ?? 'another form';
  if (issue.code === 'too_small' && issue.origin === 'string' && issue.message.startsWith('Too small'))
    return `text of at least ${issue.minimum} characters`;
  return issue.message;
}

const FORMATS: Readonly<Record<string, string>> = { url: 'a URL that begins with https://' };
const TYPES: Readonly<Record<string, string>> = { string: 'text', object: 'a mapping', array: 'a list' };

function discriminatorOptions(issue: z.core.$ZodIssueInvalidUnion): readonly string[] {
  const { options } = issue as { options?: unknown };
  return Array.isArray(options) ? options.map(String) : [];
}

function nextOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code !== 'custom') return undefined;
  const next: unknown = issue.params?.['next'];
  return typeof next === 'string' ? next : undefined;
}

/** The problem of a key that the definition does not know. Its value is never shown. */
export function unknownKey(raw: RawConfig, path: Path, key: string, known: readonly string[]): Problem {
  const nearest = nearestOf(key, known);
  return problemAt(raw, [...path, key], {
    found: `an unknown key ${JSON.stringify(dotted([key]))}`,
    wanted: nearest === undefined ? `one of ${known.join(', ')}` : `${nearest}, the nearest known key`,
    next: nearest === undefined ? 'Remove the key.' : `Did you mean ${nearest}?`,
  });
}

/** The keys that `schema` knows at `path`; of a union the keys of the kind that the file names. */
function knownKeys(schema: Schema, path: Path, raw: RawConfig, base: Path): readonly string[] {
  let [here, done]: [Schema | undefined, Path] = [schema, []];
  for (const step of path) {
    const inner: Schema | undefined = here === undefined ? undefined : settled(here, raw, [...base, ...done]);
    here = inner === undefined ? undefined : childOf(inner, step);
    done = [...done, step];
  }
  const last = here === undefined ? undefined : settled(here, raw, [...base, ...path]);
  return last === undefined ? [] : Object.keys(shapeOf(last));
}

/** Takes off optional, default and pipe; chooses the member of a union by its discriminator. */
function settled(schema: Schema, raw: RawConfig, at: Path): Schema | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === 'optional' || def.type === 'prefault' || def.type === 'default' || def.type === 'nullable')
    return settled(def.innerType, raw, at);
  if (def.type === 'pipe') return settled(def.in, raw, at);
  if (def.type !== 'union') return schema;
  const { discriminator } = def as { discriminator?: string };
  if (discriminator === undefined) return undefined;
  const chosen = nodeAt(raw.root, [...at, discriminator]);
  return def.options.find((option) => {
    const literal = shapeOf(option)[discriminator];
    return chosen?.kind === 'text' && (literal?._zod.values?.has(chosen.text) ?? false);
  });
}

function childOf(schema: Schema, step: PropertyKey): Schema | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  return def.type === 'array' ? def.element : shapeOf(schema)[String(step)];
}

function shapeOf(schema: Schema): Readonly<Record<string, Schema>> {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  return def.type === 'object' ? def.shape : {};
}

/** The known key that differs by a slip or two of the fingers, or by case alone; undefined if none is that close. */
export function nearestOf(key: string, known: readonly string[]): string | undefined {
  const found = flat(key);
  const ranked = known
    .map((candidate) => ({ candidate, distance: slipsBetween(found, flat(candidate)) }))
    .filter(({ candidate, distance }) => distance <= (candidate.length > 4 ? 2 : 1))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

function flat(key: string): string {
  return key.toLowerCase().replace(/[-_]/g, '').slice(0, 60);
}

/** Letters added, left out, changed, or swapped with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(change, at(i - 1, j) + 1, at(i, j - 1) + 1, swapped ? at(i - 2, j - 2) + 1 : change));
    }
  }
  return at(a.length, b.length);
}
