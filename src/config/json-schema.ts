// The JSON Schema of the configuration file, for editors, from the definition that the loader applies. It accepts what
// the loader accepts: numbers and booleans where the loader sees their text, ${NAME} wherever a value may stand, nothing
// at all where a key is optional. It does not have the loader's rules across keys.
import * as z from 'zod';
import { INTERPOLATED } from '../adapters/scalars.ts';
import { FILE, INCLUDED_FILE } from './schema.ts';

export type JsonSchema = { [keyword: string]: unknown };

/** Of the main file. A new object at every call; the same definition gives the same text. */
export function configJsonSchema(): JsonSchema {
  // The targets may all stand in further files.
  const alternatives = [{ required: ['targets'] }, { required: ['include'] }];
  return { ...jsonSchema(FILE), required: [], anyOf: alternatives };
}

/** Of a file that `include` names. */
export function includedJsonSchema(): JsonSchema {
  return jsonSchema(INCLUDED_FILE);
}

function jsonSchema(definition: z.ZodType): JsonSchema {
  const { $schema, $defs = {}, ...generated } = z.toJSONSchema(definition, { io: 'input' });
  const shared = Object.entries($defs).map(([name, schema]) => [name, tidy({ ...schema })]);
  return { $schema, title: 'apple-secret-rotator', ...tidy(generated), $defs: Object.fromEntries(shared) };
}

/** What says the kind of an entry is a word of the definition, and has no description of its own. */
const DESCRIPTIONS: Readonly<Record<string, string>> = { from: 'The kind of source.', type: 'The kind of channel.' };

/** Where a key is optional, an empty value is the same as leaving it out. */
const NOTHING = { enum: ['', null] };

function tidy(schema: JsonSchema): JsonSchema {
  // `propertyNames` says that names are text, which they always are.
  const { type, const: word, oneOf, anyOf, properties, required, items, propertyNames: _, ...others } = schema;
  const { additionalProperties } = others;
  // A scalar says its forms itself (adapters/scalars.ts); else the text is the word that names a kind.
  if (type === 'string') return { ...others, anyOf: anyOf ?? [{ const: word }, INTERPOLATED] };
  const wanted = isList(required) ? required : [];
  return {
    ...(type === undefined ? {} : { type }),
    ...others,
    ...(isSchema(properties) ? { properties: tidyAll(properties, wanted), required: wanted } : {}),
    // A mapping with keys of any name says how its values are written.
    ...(isSchema(additionalProperties) ? { additionalProperties: orNothing(tidy(additionalProperties)) } : {}),
    ...(isSchema(items) ? { items: tidy(items) } : {}),
    ...(isList(oneOf) ? { anyOf: oneOf.map((member) => (isSchema(member) ? tidy(member) : member)) } : {}),
  };
}

function tidyAll(properties: JsonSchema, required: readonly unknown[]): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const { description, default: fallback, ...schema } = isSchema(value) ? tidy(value) : {};
      // As a default, an empty mapping says nothing.
      const stated = fallback === undefined || isSchema(fallback) ? {} : { default: fallback };
      const about = { description: description ?? DESCRIPTIONS[key], ...stated };
      return [key, { ...about, ...(required.includes(key) ? schema : orNothing(schema)) }];
    }),
  );
}

function orNothing(schema: JsonSchema): JsonSchema {
  return isList(schema['anyOf']) ? { ...schema, anyOf: [...schema['anyOf'], NOTHING] } : { anyOf: [schema, NOTHING] };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
