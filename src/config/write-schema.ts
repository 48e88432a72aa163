// Writes config/rotator.schema.json (`npm run schema`). The output depends on the definition alone; CI compares.
import { writeFile } from 'node:fs/promises';
import { configJsonSchemaText } from './json-schema.ts';

const FILE = new URL('../../config/rotator.schema.json', import.meta.url);

await writeFile(FILE, configJsonSchemaText());
