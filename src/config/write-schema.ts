// Writes config/rotator.schema.json and config/webhook.schema.json (`npm run schema`). The output depends on the
// definitions alone; CI compares.
import { writeFile } from 'node:fs/promises';
import { webhookJsonSchema } from '../adapters/channels/webhook-body.ts';
import { configJsonSchemaText, jsonText } from './json-schema.ts';

const folder = new URL('../../config/', import.meta.url);

await writeFile(new URL('rotator.schema.json', folder), configJsonSchemaText());
await writeFile(new URL('webhook.schema.json', folder), jsonText(webhookJsonSchema()));
