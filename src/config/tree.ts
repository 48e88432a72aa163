// A configuration as it was read, before the definition is applied: texts, lists and mappings, each with its line.
// What stands at the place of a problem is described here, so that none holds a value that must not be shown: one that
// came from the environment, belongs to a secret or looks like one is shown by type and length alone.
import { holdSecret } from '../core/held-secrets.ts';
import { looksSecret, shownName } from '../core/shown.ts';
import { PROGRAM } from '../core/texts/command.ts';
import type { Phrase } from '../core/texts/problems.ts';
import type { Problem } from './problems.ts';

interface Node {
  /** 1-based: the line of the key, or of the entry of a list. */
  readonly line: number;
  /** Of an entry of `targets` that another file adds: that file, and its index there. */
  readonly origin?: { readonly file: string; readonly index: number };
}

export interface TextNode extends Node {
  readonly kind: 'text';
  readonly text: string;
  /** The first variable that the text named. */
  readonly variable?: string | undefined;
  /** Part of the text came from the environment. */
  readonly fromEnvironment?: true;
  /** The value cannot be used, and its problem is already reported. */
  readonly broken?: true;
}

export interface ListNode extends Node {
  readonly kind: 'list';
  readonly items: readonly TreeNode[];
}

export interface MapNode extends Node {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, TreeNode>;
}

export type TreeNode = TextNode | ListNode | MapNode;
export type Path = readonly PropertyKey[];

/** A file, or the environment that stands in for one; `name` is how problems name it. */
export interface Tree {
  readonly name: string;
  readonly root: MapNode;
}

/** The name in place of a file's, where there is no file. */
export const ENVIRONMENT = 'the environment';

/** Keys whose values are secrets, as is all below them; only channels and heartbeats have a key `url`. */
const SECRET_KEYS =
  /^(?:url|healthUrl|token|readToken|secret|bearer|headers|routingKey|password|privateKey|secretKey)$/i;
/** Such a key and what follows it, within a line. */
const SECRET_WITHIN = new RegExp(`(?<![\\w.-])${SECRET_KEYS.source.slice(1, -1)}["']?\\s*[:\uff1a]`, 'i');

/** Where the value of the first key of the line begins whose value is a secret; the line's end if there is none. */
export function secretKeyIn(line: string): number {
  const found = SECRET_WITHIN.exec(line);
  return found === null ? line.length : found.index + found[0].length;
}

/** A URL with a password in it, which may hold anything. */
const USERINFO = /:\/\/.*@/s;
/** Enough to recognise a value by; more would hide the rest of the message. */
const LONGEST_SHOWN = 60;

function childOf(node: TreeNode | undefined, step: PropertyKey): TreeNode | undefined {
  if (node?.kind === 'map') return node.entries.get(String(step));
  return node?.kind === 'list' ? node.items[Number(step)] : undefined;
}

/** What stands at `path`; undefined if nothing does. */
export function nodeAt(root: TreeNode, path: Path): TreeNode | undefined {
  return path.reduce<TreeNode | undefined>(childOf, root);
}

/** What stands at `path`; for something missing, its nearest ancestor. */
function nearestTo(root: TreeNode, path: Path): TreeNode {
  let node = root;
  for (const step of path) {
    const child = childOf(node, step);
    if (child === undefined) break;
    node = child;
  }
  return node;
}

/** The name of an entry of `targets` as it stands there, also of an entry with problems. */
export function nameAt(root: TreeNode, index: number): string {
  const node = nodeAt(root, ['targets', index, 'name']);
  return node?.kind === 'text' && node.text !== '' ? node.text : entryAt(root, index);
}

/** An entry of `targets` by where it stands: `targets[3]`, with its file if that is another one. */
export function entryAt(root: TreeNode, index: number): string {
  const origin = nodeAt(root, ['targets', index])?.origin;
  return origin === undefined ? `targets[${index}]` : `targets[${origin.index}] of ${origin.file}`;
}

/** True where a value is empty: the same as leaving its key out, so that `${NAME:-}` can switch things off. */
function isEmpty(node: TreeNode): boolean {
  return node.kind === 'text' && node.text === '' && node.broken !== true;
}

/** The plain value that the definition is applied to. Empty values of a mapping are undefined, their keys stay. */
export function plain(node: TreeNode): unknown {
  if (node.kind === 'text') return node.text;
  if (node.kind === 'list') return node.items.map(plain);
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, value] of node.entries) result[key] = isEmpty(value) ? undefined : plain(value);
  return result;
}

/** `targets[0].key.path` */
export function dotted(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += `${text === '' ? '' : '.'}${shownKey(String(step))}`;
  }
  return text;
}

/** Tells the redaction every secret of the configuration; of a URL and of a header (`Token …`) the parts that could be one. */
export function holdSecrets(node: TreeNode, named = false): void {
  if (node.kind === 'text') {
    const url = named && /^https?:/i.test(node.text) ? URL.parse(node.text) : null;
    const parts = url === null ? [node.text, ...node.text.split(' ')] : `${url.pathname}${url.search}`.split(/[/?&=]/);
    // The name of this program may well be a header, and stands in every command that a message shows.
    if (named) for (const part of parts) if (part !== PROGRAM) holdSecret(part);
  } else if (node.kind === 'list') for (const item of node.items) holdSecrets(item, named);
  else for (const [key, value] of node.entries) holdSecrets(value, named || SECRET_KEYS.test(key));
}

/** What a problem says beside its place; `found` where it is not simply the value. */
export interface ProblemText {
  readonly wanted: Phrase;
  readonly found?: Phrase;
  readonly next?: Phrase | undefined;
}

/** The name of a key, which may be something that was put there by mistake. */
export function shownKey(key: string): string {
  return key.length <= LONGEST_SHOWN ? shownName(key) : `(a name of ${key.length} characters)`;
}

/** Reports a problem at a path. */
export type Report = (path: Path, text: ProblemText) => void;

/** The problem at `path`. */
export function problemAt(tree: Tree, path: Path, { wanted, found, next }: ProblemText): Problem {
  const place = placeOf(tree, nearestTo(tree.root, path), path);
  const isNoVariable = tree.name === ENVIRONMENT && place.key === dotted(path);
  const step = next ?? (isNoVariable ? (['no-variable'] as const) : undefined);
  return {
    ...place,
    found: found ?? shownAt(tree.root, path),
    wanted,
    ...(step === undefined ? {} : { next: step }),
  };
}

/** The place of a node that stands at `path`. What stands in for a file has no lines: there it is the variable. */
export function placeOf(
  { name, root }: Tree,
  node: TreeNode,
  path: Path,
): Pick<Problem, 'file' | 'line' | 'key' | 'at'> {
  if (name === ENVIRONMENT) {
    const variable = node.kind === 'text' ? node.variable : undefined;
    return { file: name, line: null, key: variable ?? dotted(path), at: dotted(path) };
  }
  const [list, , ...below] = path;
  const { origin } = (list === 'targets' ? nodeAt(root, path.slice(0, 2)) : undefined) ?? {};
  const [file, own] = origin === undefined ? [name, path] : [origin.file, [list, origin.index, ...below]];
  return { file, line: node.line, key: dotted(own as Path), at: dotted(path) };
}

/** What stands at `path`, as far as it may be shown. */
function shownAt(root: TreeNode, path: Path): Phrase {
  const node = nodeAt(root, path);
  if (node === undefined || isEmpty(node)) return ['nothing'];
  if (node.kind === 'list') return [node.items.length === 0 ? 'empty-list' : 'list'];
  if (node.kind === 'map') return ['mapping'];
  const { text, fromEnvironment } = node;
  const secret = fromEnvironment || path.some((step) => SECRET_KEYS.test(String(step)));
  if (secret || USERINFO.test(text) || looksSecret(text)) return ['hidden', text.length];
  return ['value', JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text)];
}
