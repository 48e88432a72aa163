// A configuration as it was read, before the definition is applied: text, lists and mappings, each with its line and
// whether any of it came from the environment. Problems are worded here, so that no value that must not be shown
// gets into one: by type and length alone if it came from the environment, belongs to a secret or looks like one.
import { redactText } from '../core/redact.ts';
import type { Problem } from './problems.ts';

/** Where a value stands: a line of the file, or a variable of the environment. */
export interface Place {
  readonly line: number | null;
  readonly variable?: string;
}

export interface RawText extends Place {
  readonly kind: 'text';
  readonly text: string;
  readonly fromEnvironment: boolean;
  /** A ${…} in it could not be replaced; that has been told, and nothing else about it is worth telling. */
  readonly broken?: boolean;
}

export interface RawList extends Place {
  readonly kind: 'list';
  readonly items: readonly RawNode[];
}

export interface RawMap extends Place {
  readonly kind: 'map';
  /** By key; the line is the key's. */
  readonly entries: ReadonlyMap<string, { readonly line: number | null; readonly node: RawNode }>;
}

export type RawNode = RawText | RawList | RawMap;
export type Path = readonly PropertyKey[];

/** Keys whose values are secrets; `url` only names those of channels and heartbeats. */
const SECRET_KEYS = /^(?:url|healthUrl|token|readToken|secret|routingKey|password|privateKey|secretKey)$/i;
/** A URL with a password in it. */
const USERINFO = /:\/\/[^/\s]*@/;
const LONGEST_SHOWN = 60;

/** Everything but `problem` is read-only data; `name` is the file's name as problems give it. */
export interface RawConfig {
  readonly name: string;
  readonly root: RawMap;
}

/** What stands at `path`; undefined if nothing does. */
export function nodeAt(root: RawNode, path: Path): RawNode | undefined {
  let node: RawNode | undefined = root;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.node;
    else if (node?.kind === 'list') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/** Where `path` stands; for something missing, where its nearest ancestor stands. */
function placeOf(root: RawNode, path: Path): Place {
  let node: RawNode = root;
  let place: Place = root;
  for (const step of path) {
    if (node.kind === 'text') break;
    const entry: { line: number | null; node: RawNode } | undefined =
      node.kind === 'map' ? node.entries.get(String(step)) : listEntry(node, Number(step));
    if (entry === undefined) break;
    node = entry.node;
    place = { line: entry.line, ...(node.variable === undefined ? {} : { variable: node.variable }) };
  }
  return place;
}

function listEntry({ items }: RawList, index: number): { line: number | null; node: RawNode } | undefined {
  const node = items[index];
  return node === undefined ? undefined : { line: node.line, node };
}

/** True where a value is empty: the same as leaving its key out, so that `${NAME:-}` can switch things off. */
function isEmpty(node: RawNode): boolean {
  return node.kind === 'text' && node.text === '' && node.broken !== true;
}

/** The plain value that the definition is applied to. Empty values of a mapping are undefined, their keys stay. */
export function plain(node: RawNode): unknown {
  if (node.kind === 'text') return node.text;
  if (node.kind === 'list') return node.items.map(plain);
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, { node: value }] of node.entries) result[key] = isEmpty(value) ? undefined : plain(value);
  return result;
}

/** True if a value at, above or below `path` could not be interpolated. */
export function isBroken(root: RawNode, path: Path): boolean {
  const node = nodeAt(root, path);
  return node?.kind === 'text' && node.broken === true;
}

/** `targets[0].key.path` */
export function dotted(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += `${text === '' ? '' : '.'}${redactText(String(step))}`;
  }
  return text;
}

export interface ProblemText {
  readonly wanted: string;
  readonly found?: string;
  readonly next?: string | undefined;
}

/** The problem at `path`, worded without anything that must not be shown. */
export function problemAt({ name, root }: RawConfig, path: Path, { wanted, found, next }: ProblemText): Problem {
  const { line, variable } = placeOf(root, path);
  return {
    file: variable === undefined ? name : ENVIRONMENT,
    line,
    key: variable ?? dotted(path),
    found: found ?? shownAt(root, path),
    wanted,
    ...(next === undefined ? {} : { next }),
  };
}

/** The name that problems give to what is no file. */
export const ENVIRONMENT = 'the environment';

/** What stands at `path`, as far as it may be shown. */
function shownAt(root: RawNode, path: Path): string {
  const node = nodeAt(root, path);
  if (node === undefined || isEmpty(node)) return 'nothing';
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping';
  const secret = node.fromEnvironment || path.some((step) => typeof step === 'string' && SECRET_KEYS.test(step));
  if (secret || USERINFO.test(node.text) || redactText(node.text) !== node.text) return byLength(node.text);
  const shown = node.text.length > LONGEST_SHOWN ? `${node.text.slice(0, LONGEST_SHOWN)}…` : node.text;
  return JSON.stringify(shown);
}

/** All that is said of a text that must not be shown. */
export function byLength({ length }: string): string {
  return `text of ${length} ${length === 1 ? 'character' : 'characters'}`;
}
