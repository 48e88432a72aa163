// Where the journal is, from the part of a configuration that says so: while the rest is wrong, what the journal holds can
// still be read.
import type { Environment } from './interpolate.ts';
import { configTextOf, valueAt } from './one-value.ts';
import { SECTIONS, type Sections } from './schema.ts';
import type { MapNode } from './tree.ts';
import { readYaml } from './yaml.ts';

/** For a configuration that does not say it: none, an unreadable one, or one that says something wrong. */
const ELSEWHERE = `journal: \${ROTATOR_JOURNAL:-}`;
/** In a file that is no YAML, this line may still be. */
const LINE = /^journal:.*$/m;

/**
 * The journal that the configuration names, which may be the default; where that cannot be read, that of
 * ROTATOR_JOURNAL, else the default. Never throws for the configuration.
 */
export async function readJournalPlace(named: string | undefined, env: Environment): Promise<Sections['journal']> {
  const text = (await configTextOf(named, env)) ?? ELSEWHERE;
  return (await placeIn(text, env)) ?? (await placeIn(ELSEWHERE, env)) ?? SECTIONS.journal.parse(undefined);
}

/** Undefined where it cannot be read. */
async function placeIn(text: string, env: Environment): Promise<Sections['journal'] | undefined> {
  const root = await rootOf(text);
  const value = root === undefined ? undefined : await valueAt(root, ['journal'], env);
  return value === undefined ? undefined : SECTIONS.journal.safeParse(value === '' ? undefined : value).data;
}

async function rootOf(text: string): Promise<MapNode | undefined> {
  const { root } = await readYaml(text, '');
  return root ?? (await readYaml(LINE.exec(text)?.[0] ?? '', '')).root;
}
