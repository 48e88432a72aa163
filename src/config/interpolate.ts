// ${NAME} and ${NAME:-default} inside values, after parsing and once: what a variable holds is never read as YAML and
// never interpolated again. The variable if set and not empty, else the file that NAME_FILE names, else the default.
import { looksSecret, shownName } from '../core/shown.ts';
import type { Phrase } from '../core/texts/problems.ts';
import { mapInSlices } from '../net/event-loop.ts';
import { FileFailure, readNamedText } from '../net/named-file.ts';
import { ownFile, type Problem } from './problems.ts';
import { ENVIRONMENT, type MapNode, type Path, placeOf, type TextNode, type Tree, type TreeNode } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A literal `$${`, a reference, or a `${` that is neither. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}|\$\{/g;

/** What a name stands for: a value, nothing, or a file that holds nothing or could not be read. */
type Lookup =
  | { readonly value: string }
  | { readonly empty: string }
  | { readonly path: string; readonly code: string; readonly next: Phrase }
  | undefined;

export interface Interpolated {
  readonly tree: Tree;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Phrase[];
}

/** What is known of names: each is looked up once for all files of a configuration. */
export type Lookups = Map<string, Lookup>;

/**
 * The tree with every reference replaced. Never throws: what cannot be replaced is a problem, and marked as broken. What
 * holds no reference stays the object that it is.
 */
export async function interpolate(tree: Tree, env: Environment, lookups: Lookups = new Map()): Promise<Interpolated> {
  const fresh = [...new Set(textsWithReferences(tree.root).flatMap(namesIn))].filter((name) => !lookups.has(name));
  for (const name of fresh) lookups.set(name, await lookUp(name, env));
  const problems: Problem[] = [];
  const replace = (node: TreeNode, path: Path): TreeNode => {
    if (textsWithReferences(node).length === 0) return node;
    if (node.kind === 'text') return replaceText(node, path, tree, lookups, problems);
    if (node.kind === 'list')
      return { ...node, items: node.items.map((item, index) => replace(item, [...path, index])) };
    const entries = [...node.entries].map(([key, value]) => [key, replace(value, [...path, key])] as const);
    return { ...node, entries: new Map(entries) };
  };
  const root = await mapParts(tree.root, replace);
  const ambiguous = fresh.filter((name) => env[name] && env[`${name}_FILE`]);
  return {
    tree: { ...tree, root },
    problems,
    warnings: ambiguous.map((name): Phrase => ['both-set', name]),
  };
}

function textsWithReferences(node: TreeNode, found: TextNode[] = []): TextNode[] {
  if (node.kind === 'list') for (const item of node.items) textsWithReferences(item, found);
  else if (node.kind === 'map') for (const value of node.entries.values()) textsWithReferences(value, found);
  else if (node.text.includes('${')) found.push(node);
  return found;
}

function namesIn({ text }: TextNode): string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []);
}

/** The root with each of its parts changed, in slices: every section, and of `targets` every entry. */
async function mapParts(root: MapNode, change: (part: TreeNode, path: Path) => TreeNode): Promise<MapNode> {
  const entries = new Map<string, TreeNode>();
  for (const [key, value] of root.entries) {
    if (value.kind !== 'list') {
      entries.set(key, change(value, [key]));
      continue;
    }
    const items = await mapInSlices(value.items.entries(), ([index, item]) => change(item, [key, index]));
    entries.set(key, { ...value, items });
  }
  return { ...root, entries };
}

async function lookUp(name: string, env: Environment): Promise<Lookup> {
  const value = env[name] ?? '';
  if (value !== '') return { value };
  const path = env[`${name}_FILE`]?.trim() ?? '';
  if (path === '') return undefined;
  try {
    const text = (await readNamedText(path)).replace(/\r?\n$/, '');
    return text === '' ? { empty: shownName(path) } : { value: text };
  } catch (thrown) {
    if (!(thrown instanceof FileFailure)) throw thrown;
    const next: Phrase = thrown.code === 'EACCES' ? await ownFile(path) : ['mount-file', name];
    return { path: shownName(path), code: thrown.code, next };
  }
}

function replaceText(
  node: TextNode,
  path: Path,
  tree: Tree,
  lookups: ReadonlyMap<string, Lookup>,
  problems: Problem[],
): TextNode {
  const named: TextNode = { ...node, variable: namesIn(node)[0] };
  let [fromEnvironment, broken] = [false, false];
  const refuse = (found: Phrase, wanted: Phrase, next?: Phrase): string => {
    broken = true;
    problems.push({ ...placeOf(tree, named, path), found, wanted, ...(next === undefined ? {} : { next }) });
    return '';
  };
  const text = node.text.replace(REFERENCE, (found: string, name: string | undefined, fallback: string | undefined) => {
    if (found === '$${') return '${';
    if (name === undefined) return refuse(['nameless-reference'], ['reference'], ['literal-sign']);
    const lookup = lookups.get(name);
    if (lookup === undefined) {
      if (looksSecret(name)) return fallback ?? refuse(['odd-reference'], ['variable']);
      return fallback ?? refuse(['unset-variable', name], ['variable-or-file', name], ['set-variable', name]);
    }
    if ('empty' in lookup)
      return fallback ?? refuse(['empty-variable-file', name, lookup.empty], ['filled-file'], ['fill-file']);
    if ('code' in lookup) {
      const { path: file, code, next } = lookup;
      return refuse(['variable-file', name, file, code], ['text-file'], next);
    }
    fromEnvironment = true;
    return tree.name === ENVIRONMENT ? lookup.value.trim() : lookup.value;
  });
  return { ...named, text, ...(fromEnvironment ? { fromEnvironment } : {}), ...(broken ? { broken } : {}) };
}
