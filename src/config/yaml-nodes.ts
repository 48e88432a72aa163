// The parser's nodes → tree. Each node is read once, in the order of the file: an alias gets a copy of what its anchor
// gave. So a collection can be read in parts, while the rest of it is still to be parsed.
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Phrase } from '../core/texts/problems.ts';
import type { Problem } from './problems.ts';
import { dotted, type Path, type TextNode, type TreeNode } from './tree.ts';

/** Values that aliases may add to a file. Without a limit, a few lines of nested aliases can fill the memory. */
const MOST_ALIASED = 20_000;
/** Levels of nesting. The definition has 6; deeper ones would take a frame of the stack each. */
export const DEEPEST = 30;

export const NESTED: Phrase = ['nested-deeply'];
export const NOT_NESTED: Phrase = ['levels', DEEPEST];

const PLAIN_TAGS = new Set(['tag:yaml.org,2002:str', 'tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq']);

/** A collection of which a part may be read already. */
export interface Begun {
  /** Where it begins. */
  readonly offset: number;
  /** The problems that were known then. */
  readonly before: number;
  /** What is read already. */
  readonly entries: TreeNode[] | Map<string, TreeNode>;
  /** How many of its nodes are in `entries` already; the others are new. */
  kept: 0 | 1;
}

export class NodeReader {
  readonly problems: Problem[] = [];
  /** By the token of the collection. */
  private readonly begun = new Map<unknown, Begun>();
  private readonly file: string;
  private readonly lineAt: (offset: number) => number;
  /** What each anchor stands for; undefined: a value with a problem. */
  private readonly anchors = new Map<string, TreeNode | undefined>();
  private aliased = 0;

  constructor(file: string, lineAt: (offset: number) => number) {
    this.file = file;
    this.lineAt = lineAt;
  }

  /** What `node` holds. `line`: of its key, or of the entry of a list. */
  read(node: Node | null, path: Path, line: number): TreeNode {
    if (node === null) return { kind: 'text', text: '', line };
    if (path.length > DEEPEST) return this.refuse(path, line, NESTED, NOT_NESTED);
    if (isAlias(node)) return this.alias(node.source, path, line);
    if (node.tag !== undefined && !PLAIN_TAGS.has(node.tag)) return this.refuse(path, line, ['tag'], ['no-tag']);
    const { anchor, srcToken } = node;
    const before = this.begun.get(srcToken)?.before ?? this.problems.length;
    // Within its own value an anchor stands for nothing yet.
    if (anchor !== undefined) this.anchors.delete(anchor);
    const value = this.value(node, path, line);
    if (anchor !== undefined) this.anchors.set(anchor, this.problems.length === before ? value : undefined);
    return value;
  }

  /** The collection of this token, of which a part is read before it is complete. */
  begin(token: { readonly offset: number }, isList: boolean): Begun {
    const known = this.begun.get(token);
    if (known !== undefined) return known;
    const entries = isList ? [] : new Map<string, TreeNode>();
    const begun: Begun = { offset: token.offset, before: this.problems.length, entries, kept: 0 };
    this.begun.set(token, begun);
    return begun;
  }

  /** Reads what is new in the collection. */
  add({ entries, kept }: Pick<Begun, 'entries' | 'kept'>, node: Node | null | undefined, path: Path): void {
    if (isSeq<Node>(node) && Array.isArray(entries))
      for (const item of node.items.slice(kept))
        entries.push(this.read(item, [...path, entries.length], this.lineOf(item)));
    if (isMap<Node, Node | null>(node) && !Array.isArray(entries))
      for (const pair of node.items.slice(kept)) this.addPair(entries, pair, path);
  }

  /** The value of a key that is refused is read as well: there may be anchors in it, and further problems. */
  private addPair(entries: Map<string, TreeNode>, { key, value }: Pair<Node, Node | null>, path: Path): void {
    const line = this.lineOf(key);
    const name = isScalar(key) ? String(key.value ?? '') : '';
    const at = [...path, name];
    if (!isScalar(key)) this.refuse(path, line, ['odd-key'], ['plain-key']);
    else if (name === '<<') this.refuse(at, line, ['merge-key'], ['keys-in-full']);
    else if (entries.has(name)) this.refuse(at, line, ['key-twice'], ['key-once']);
    if (isMap(key) || isSeq(key)) this.read(key, at, line);
    const read = this.read(value, at, line);
    if (isScalar(key) && name !== '<<' && !entries.has(name)) entries.set(name, read);
  }

  private value(node: Node, path: Path, line: number): TreeNode {
    if (!isSeq(node) && !isMap(node))
      return { kind: 'text', text: isScalar(node) ? detached(String(node.value ?? '')) : '', line };
    const begun = this.begun.get(node.srcToken) ?? { entries: isSeq(node) ? [] : new Map<string, TreeNode>(), kept: 0 };
    this.begun.delete(node.srcToken);
    this.add(begun, node, path);
    const { entries } = begun;
    return Array.isArray(entries) ? { kind: 'list', items: entries, line } : { kind: 'map', entries, line };
  }

  private alias(name: string, path: Path, line: number): TreeNode {
    if (!this.anchors.has(name)) return this.refuse(path, line, ['lost-alias'], ['anchor']);
    const value = this.anchors.get(name);
    if (value === undefined && this.aliased <= MOST_ALIASED)
      return this.refuse(path, line, ['faulty-alias'], ['sound-anchor']);
    if (value === undefined) return broken(line);
    return this.copied(value, path, line);
  }

  /** A copy at the place of an alias: its line is that of everything in it. */
  private copied(node: TreeNode, path: Path, line: number): TreeNode {
    this.aliased += 1;
    // Told once, and of the whole file: what cannot be read from here on is told nowhere else.
    if (this.aliased === MOST_ALIASED + 1) this.refuse([], line, ['many-aliases'], ['aliased', MOST_ALIASED]);
    if (this.aliased > MOST_ALIASED) return broken(line);
    if (path.length > DEEPEST) return this.refuse(path, line, NESTED, NOT_NESTED);
    if (node.kind === 'text') return { ...node, line };
    if (node.kind === 'list') {
      const items = node.items.map((item, index) => this.copied(item, [...path, index], line));
      return { kind: 'list', items, line };
    }
    const entries = [...node.entries].map(([key, value]) => [key, this.copied(value, [...path, key], line)] as const);
    return { kind: 'map', entries: new Map(entries), line };
  }

  private lineOf({ srcToken, range }: Node): number {
    return this.lineAt(this.begun.get(srcToken)?.offset ?? range?.[0] ?? 0);
  }

  private refuse(path: Path, line: number, found: Phrase, wanted: Phrase): TextNode {
    const key = dotted(path);
    this.problems.push({ file: this.file, line, key, at: key, found, wanted });
    return broken(line);
  }
}

/** From so many characters on, V8 makes a part of a text a view of it, by which all of it stays in memory. */
const SHORTEST_VIEW = 13;

/** The same text by itself: what is kept of a configuration must not keep the whole file. */
function detached(text: string): string {
  return text.length < SHORTEST_VIEW || !text.isWellFormed() ? text : Buffer.from(text).toString();
}

function broken(line: number): TextNode {
  return { kind: 'text', text: '', broken: true, line };
}
