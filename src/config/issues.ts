// What zod objects to, as problems: in the definition's own words where it has any, in plain ones otherwise. A key that
// the definition does not know is one that was removed, or is shown with the known key that comes nearest.
import type * as z from 'zod';
import { nearestOf } from '../core/nearest.ts';
import type { Phrase } from '../core/texts/problems.ts';
import type { Problem } from './problems.ts';
import { dotted, nodeAt, type Path, problemAt, shownKey, type Tree, type TreeNode } from './tree.ts';

type Schema = z.core.$ZodType;

/** Keys of earlier versions, and what took their place. `[]`: any entry of the list. */
const REMOVED: ReadonlyMap<string, Phrase> = new Map([
  ['targets[].adopt', ['no-adoption']],
  ['schedule.maxRotationsPerHour', ['writes-in-lanes']],
  ['alerts.rotated', ['rotations-logged']],
]);

/** Unknown keys of one mapping that are told: enough to see that the file is another one. Each is compared with all known keys. */
const MOST_UNKNOWN = 20;

/** The problems of what `schema` was applied to: the whole tree. */
export function problemsOf(tree: Tree, schema: Schema, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue) => {
    const node = nodeAt(tree.root, issue.path);
    if (node?.kind === 'text' && node.broken) return [];
    if (issue.code === 'unrecognized_keys')
      return issue.keys
        .slice(0, MOST_UNKNOWN)
        .map((key) => unknownKey(tree, issue.path, key, knownKeys(schema, issue.path, tree)));
    if (node?.kind === 'text' && issue.code === 'invalid_type' && FULL_WIDTH_COLON.test(node.text))
      return [
        problemAt(tree, issue.path, { found: ['full-width', '\uff1a'], wanted: ['colon'], next: ['type-ascii'] }),
      ];
    const wanted = wantedOf(issue);
    return [problemAt(tree, issue.path, { wanted, next: nextOf(issue) ?? meantWord(node, wanted) })];
  });
}

/** `name：shop`, which YAML takes for a text. */
const FULL_WIDTH_COLON = /^[\w.-]+ *\uff1a/;
/** Spaces that cannot be told from the ordinary one, and are part of a key. */
const ODD_SPACES = /[\u00a0\u3000]/;

const TYPES: Readonly<Record<string, Phrase>> = { string: ['text-value'], object: ['mapping'], array: ['list'] };

function wantedOf(issue: z.core.$ZodIssue): Phrase {
  // The definition's own phrase (adapters/scalars.ts).
  if (issue.message.startsWith('[')) return JSON.parse(issue.message);
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? ['kind'];
  const { options } = issue as { options?: unknown };
  return Array.isArray(options) ? ['words', ...options.map(String)] : ['kind'];
}

/** The word of a closed list that somebody meant who wrote another. */
function meantWord(node: TreeNode | undefined, [name, ...words]: Phrase): Phrase | undefined {
  if (name !== 'words' || node?.kind !== 'text' || node.fromEnvironment) return undefined;
  const nearest = nearestOf(node.text, words.map(String));
  return nearest === undefined ? undefined : ['mean-word', nearest];
}

function nextOf(issue: z.core.$ZodIssue): Phrase | undefined {
  return issue.code === 'custom' ? issue.params?.['next'] : undefined;
}

/** The problem of a key that the definition does not know. Its value is never shown. */
function unknownKey(tree: Tree, path: Path, key: string, known: readonly string[]): Problem {
  const at = [...path, key];
  const instead = REMOVED.get(dotted(at).replace(/\[\d+\]/g, '[]'));
  if (instead !== undefined)
    return problemAt(tree, at, { found: ['removed-key'], wanted: ['no-such-key'], next: instead });
  if (ODD_SPACES.test(key))
    return problemAt(tree, at, { found: ['odd-space'], wanted: ['plain-space'], next: ['type-ascii'] });
  const nearest = nearestOf(key, known);
  return problemAt(tree, at, {
    found: ['unknown-key', shownKey(key)],
    wanted: nearest === undefined ? ['keys', ...known] : ['nearest-key', nearest],
    next: nearest === undefined ? ['remove-key'] : ['mean-key', nearest],
  });
}

/** The keys that `schema` knows at `path`; of a union the keys of the kind that the file names. */
function knownKeys(schema: Schema, path: Path, tree: Tree): readonly string[] {
  const here = path.reduce<Schema | undefined>((outer, step, index) => {
    const def = defOf(settled(outer, tree, path.slice(0, index)));
    return def?.type === 'array' ? def.element : def?.type === 'object' ? def.shape[String(step)] : undefined;
  }, schema);
  const def = defOf(settled(here, tree, path));
  return def?.type === 'object' ? Object.keys(def.shape) : [];
}

function defOf(schema: Schema | undefined): z.core.$ZodTypes['_zod']['def'] | undefined {
  return (schema as z.core.$ZodTypes | undefined)?._zod.def;
}

/** Takes off optional, default and pipe; chooses the member of a union by its discriminator. */
function settled(schema: Schema | undefined, tree: Tree, at: Path): Schema | undefined {
  const def = defOf(schema);
  if (def?.type === 'optional' || def?.type === 'prefault') return settled(def.innerType, tree, at);
  if (def?.type !== 'union') return schema;
  const { discriminator } = def as { discriminator?: string };
  const chosen = discriminator === undefined ? undefined : nodeAt(tree.root, [...at, discriminator]);
  if (discriminator === undefined || chosen?.kind !== 'text') return undefined;
  return def.options.find((option) => {
    const inner = defOf(option);
    return inner?.type === 'object' && inner.shape[discriminator]?._zod.values?.has(chosen.text);
  });
}
