// The JSON Schema of the configuration file, for editors, out of the definition that the loader applies. It accepts
// whatever the loader accepts: numbers and booleans where the loader sees their text, ${NAME} wherever a value may
// stand, nothing at all where a key is optional. The loader's rules across keys are beyond it.

import * as z from 'zod';
import { INTERPOLATED } from '../adapters/scalars.ts';
import { FILE } from './schema.ts';

export type JsonSchema = { [keyword: string]: unknown };

/** A new object at every call; the same definition gives the same text. */
export function configJsonSchema(): JsonSchema {
  const { $schema, $defs = {}, ...generated } = z.toJSONSchema(FILE, { io: 'input' });
  const shared = Object.entries($defs).map(([name, schema]) => [name, tidy({ ...schema })]);
  return { $schema, title: 'apple-secret-rotator', ...tidy(generated), $defs: Object.fromEntries(shared) };
}

/** What says the kind of an entry is a word of the definition, and has no description of its own. */
const DESCRIPTIONS: Readonly<Record<string, string>> = { from: 'The kind of source.', type: 'The kind of channel.' };

/** Where a key is optional, an empty value is the same as leaving it out. */
const NOTHING = { enum: ['', null] };
const TEXT_KEYWORDS = ['const', 'enum', 'pattern', 'format', 'minLength', 'maxLength'];

function tidy(schema: JsonSchema): JsonSchema {
  const { oneOf, anyOf, properties, required, items, ...rest } = schema;
  if (rest['type'] === 'string') return scalar(rest, anyOf);
  const wanted = isList(required) ? required : [];
  return {
    ...rest,
    ...(isSchema(properties) ? { properties: tidyAll(properties, wanted), required: wanted } : {}),
    ...(isSchema(items) ? { items: tidy(items) } : {}),
    ...(isList(oneOf) ? { anyOf: oneOf.map((member) => (isSchema(member) ? tidy(member) : member)) } : {}),
  };
}

function tidyAll(properties: JsonSchema, required: readonly unknown[]): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const { description, default: fallback, ...schema } = isSchema(value) ? tidy(value) : {};
      const plain = isEmptyDefault(fallback) ? {} : { default: fallback };
      const about = { description: description ?? DESCRIPTIONS[key], ...plain };
      return [key, { ...about, ...(required.includes(key) ? schema : orNothing(schema)) }];
    }),
  );
}

function orNothing(schema: JsonSchema): JsonSchema {
  return isList(schema['anyOf']) ? { ...schema, anyOf: [...schema['anyOf'], NOTHING] } : { anyOf: [schema, NOTHING] };
}

/** Text of the definition: its forms where the builder gave them, else any scalar that fits what zod knows of it. */
function scalar({ type: _, ...rest }: JsonSchema, forms: unknown): JsonSchema {
  if (isList(forms)) return { ...rest, anyOf: forms };
  const [text, others] = [{ ...rest }, { ...rest }];
  for (const keyword of Object.keys(rest)) delete (TEXT_KEYWORDS.includes(keyword) ? others : text)[keyword];
  const closed = 'const' in text || 'enum' in text;
  return { ...others, anyOf: [closed ? text : { type: ['string', 'number', 'boolean'], ...text }, INTERPOLATED] };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** An empty mapping says nothing as a default. */
function isEmptyDefault(value: unknown): boolean {
  return value === undefined || (isSchema(value) && Object.keys(value).length === 0);
}
