// The whole configuration as one tree: the main file, or the form that stands in for one, and the targets of the files
// that it includes. Each file is parsed and interpolated by itself; its problems name it.
import * as z from 'zod';
import type { Phrase } from '../core/texts/problems.ts';
import { findIncluded, readIncluded } from './include.ts';
import { type Environment, interpolate, type Lookups } from './interpolate.ts';
import { problemsOf } from './issues.ts';
import { ConfigError, type Problem } from './problems.ts';
import { INCLUDED_FILE } from './schema.ts';
import { type ConfigText, type Looked, readConfigText } from './source.ts';
import { ENVIRONMENT, holdSecrets, type MapNode, nodeAt, type Tree, type TreeNode } from './tree.ts';
import { readYaml } from './yaml.ts';

export interface WholeTree {
  readonly tree: Tree;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Phrase[];
}

/** Throws ConfigError where the main file cannot be read, or is no mapping. `looked` is filled in as files are read. */
export async function readTree(named: string | undefined, env: Environment, looked: Looked): Promise<WholeTree> {
  const text = await readConfigText(named, env, looked);
  const lookups: Lookups = new Map();
  const main = await treeOf(text, env, lookups);
  const problems = [...processProblems(env, text.file), ...main.problems];
  if (main.tree === undefined) throw new ConfigError(problems);
  const { tree } = main;
  const [warnings, items]: [Phrase[], TreeNode[]] = [[...text.warnings, ...main.warnings], []];
  if (!tree.root.entries.has('include')) return { tree, problems, warnings };
  const own = nodeAt(tree.root, ['targets']);
  const { paths, problems: unfound, isUsable } = await findIncluded(tree, looked);
  problems.push(...unfound);
  let { bytes } = text;
  for (const path of paths) {
    const part = await readIncluded(path, bytes, looked);
    if ('found' in part) {
      problems.push(part);
      continue;
    }
    bytes += part.bytes;
    const before = (own?.kind === 'list' ? own.items.length : 0) + items.length;
    const included = await includedTargets(part, env, lookups, before);
    items.push(...included.items);
    problems.push(...included.problems);
    warnings.push(...included.warnings);
  }
  return {
    tree: { ...tree, root: withTargets(tree.root, items, isUsable && problems.length === 0) },
    problems,
    warnings,
  };
}

/** Undefined where the text is no mapping. */
async function treeOf({ file, text }: Pick<ConfigText, 'file' | 'text'>, env: Environment, lookups: Lookups) {
  const { root, problems } = await readYaml(text, file);
  if (root === undefined) return { tree: undefined, problems, warnings: [] };
  const interpolated = await interpolate({ name: file, root }, env, lookups);
  holdSecrets(interpolated.tree.root);
  return { ...interpolated, problems: [...problems, ...interpolated.problems] };
}

/** The file, with entries of `targets` that are converted later, with all others. */
const INCLUDED = INCLUDED_FILE.extend({ targets: z.array(z.unknown()) });

/** The targets of an included file. `before`: how many the configuration has before them. */
async function includedTargets(
  text: Pick<ConfigText, 'file' | 'text'>,
  env: Environment,
  lookups: Lookups,
  before: number,
) {
  const { tree, problems, warnings } = await treeOf(text, env, lookups);
  if (tree === undefined) return { items: [], problems, warnings };
  const list = nodeAt(tree.root, ['targets']);
  const items = (list?.kind === 'list' ? list.items : []).map((item, index): TreeNode => {
    return { ...item, origin: { file: tree.name, index } };
  });
  const { error } = INCLUDED.safeParse(outline(tree.root));
  const wrong = error === undefined ? [] : problemsOf(tree, INCLUDED, error.issues);
  return {
    items,
    problems: [...problems.map((problem) => moved(problem, before)), ...wrong.map(ofWholeFile)],
    warnings,
  };
}

/** What is at each key, without what is in lists and mappings. */
function outline({ entries }: MapNode): unknown {
  const values = [...entries].map(([key, { kind, ...node }]) => {
    if (kind === 'list') return [key, []];
    return [key, kind === 'map' ? {} : 'text' in node && node.text !== '' ? node.text : undefined];
  });
  return Object.fromEntries(values);
}

/** A problem of an included file as the whole configuration counts. */
function moved(problem: Problem, before: number): Problem {
  const [found, index, below] = /^targets\[(\d+)\](.*)$/.exec(problem.at ?? '') ?? [];
  if (found === undefined) return ofWholeFile(problem);
  return { ...problem, at: `targets[${before + Number(index)}]${below}` };
}

/** The key is not one of the main file. */
function ofWholeFile({ at: _, ...problem }: Problem): Problem {
  return problem;
}

/**
 * The root with these entries behind those that it has; as it is where its own are no list. `isWhole`: nothing that was
 * to be included is missing.
 */
function withTargets(root: MapNode, added: readonly TreeNode[], isWhole: boolean): MapNode {
  const { include, targets: own } = Object.fromEntries(root.entries);
  if (own !== undefined && own.kind !== 'list') return root;
  const line = (own ?? include)?.line ?? 1;
  const items = [...(own?.items ?? []), ...added];
  // That there are no targets is not told where it is only the echo of another problem.
  const isEcho = items.length === 0 && own === undefined && !isWhole;
  const targets: TreeNode = isEcho ? { kind: 'text', text: '', line, broken: true } : { kind: 'list', items, line };
  return { ...root, entries: new Map(root.entries).set('targets', targets) };
}

type ProcessProblem = Omit<Problem, 'file' | 'line'>;

/** What no configuration can make good, and what the form without a file takes from the environment by itself. */
function processProblems(env: Environment, file: string): readonly Problem[] {
  const insecure: ProcessProblem = {
    key: 'NODE_TLS_REJECT_UNAUTHORIZED',
    found: ['certificates-unchecked'],
    wanted: ['unset'],
    next: ['trust-authority'],
  };
  const keyless: ProcessProblem = { key: 'APPLE_PRIVATE_KEY', found: ['nothing'], wanted: ['private-key'] };
  const hasKey = file !== ENVIRONMENT || env['APPLE_PRIVATE_KEY'] || env['APPLE_PRIVATE_KEY_FILE'];
  return [env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0' ? insecure : [], hasKey ? [] : keyless]
    .flat()
    .map((problem) => ({ file: ENVIRONMENT, line: null, ...problem }));
}
