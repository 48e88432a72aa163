// Writes the JSON Schemas in config/ (`npm run schema`). The output depends on the
// definitions alone; CI compares.
import { writeFile } from 'node:fs/promises';
import { webhookJsonSchema } from '../adapters/channels/webhook-body.ts';
import { configJsonSchema, includedJsonSchema } from './json-schema.ts';

const folder = new URL('../../config/', import.meta.url);

for (const [name, schema] of [
  ['rotator', configJsonSchema()],
  ['targets', includedJsonSchema()],
  ['webhook', webhookJsonSchema()],
] as const)
  await writeFile(new URL(`${name}.schema.json`, folder), `${JSON.stringify(schema, null, 2)}\n`);
