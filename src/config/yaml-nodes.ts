// The parser's events → tree. Each node is read once, in the order of the file: an alias gets a copy of what its anchor
// gave. Many events are read in slices.
import type { Phrase } from '../core/texts/problems.ts';
import { yieldToLoop } from '../net/event-loop.ts';
import type { Problem } from './problems.ts';
import { dotted, type Path, type TextNode, type TreeNode } from './tree.ts';
import { countOf, DEEPEST, eventAt, isBlock, KIND, type NodeEvent, textOf } from './yaml-events.ts';

/** Events that are read in one turn of the loop: those of a hundred targets. */
const SLICE = 2_000;
/** Values that aliases may add to a file. Without a limit, a few lines of nested aliases can fill the memory. */
const MOST_ALIASED = 20_000;

export const NESTED: Phrase = ['nested-deeply'];
export const NOT_NESTED: Phrase = ['levels', DEEPEST];

/** A list or mapping whose end is still to come. */
interface Open {
  readonly entries: TreeNode[] | Map<string, TreeNode>;
  /** Of its key, or of its beginning in a list. */
  readonly line: number;
  readonly anchor: string | undefined;
  readonly hasTag: boolean;
  /** It is the key of the mapping around it. */
  readonly isKey: boolean;
  /** The problems that were known when it began. */
  readonly before: number;
  /** Of a mapping: the key whose value is next. */
  key: Key | undefined;
}

interface Key {
  readonly name: string;
  readonly line: number;
  /** False for one that is refused. Its value is read as well: there may be anchors in it, and further problems. */
  readonly isUsable: boolean;
}

export class NodeReader {
  readonly problems: Problem[] = [];
  private readonly file: string;
  private readonly source: string;
  private readonly open: Open[] = [];
  /** What each anchor stands for; undefined: a value with a problem. */
  private readonly anchors = new Map<string, TreeNode | undefined>();
  private aliased = 0;
  private root: TreeNode = { kind: 'text', text: '', line: 1 };
  /** A line that is read, and where it begins: no node begins before the one before it. */
  private line = 1;
  private offset = 0;

  constructor(source: string, file: string) {
    this.source = source;
    this.file = file;
  }

  /** What the events of one document say. */
  async read(events: Int32Array): Promise<TreeNode> {
    for (let index = 0; index < countOf(events); index += 1) {
      if (index % SLICE === SLICE - 1) await yieldToLoop();
      this.add(eventAt(events, index));
    }
    return this.root;
  }

  private add(event: NodeEvent): void {
    switch (event.type) {
      case KIND.MAPPING:
        this.begin(event, new Map());
        break;
      case KIND.SEQUENCE:
        this.begin(event, []);
        break;
      case KIND.SCALAR:
        this.scalar(event);
        break;
      case KIND.ALIAS:
        this.alias(event);
        break;
      case KIND.POP:
        this.end();
        break;
    }
  }

  private begin(event: NodeEvent, entries: Open['entries']): void {
    const own = this.lineOf(event);
    const isKey = this.takeKey(undefined, own);
    const line = this.keyLine() ?? own;
    const anchor = this.anchorOf(event);
    const hasTag = event.tagStart >= 0;
    if (hasTag) this.refuse(line, ['tag'], ['no-tag']);
    // Within its own value an anchor stands for nothing yet.
    if (anchor !== undefined) this.anchors.delete(anchor);
    this.open.push({ entries, line, anchor, hasTag, isKey, before: this.problems.length, key: undefined });
  }

  private end(): void {
    const ended = this.open.pop();
    // The end of the document.
    if (ended === undefined) return;
    const { entries, line, anchor, hasTag, isKey, before } = ended;
    const value: TreeNode = Array.isArray(entries)
      ? { kind: 'list', items: entries, line }
      : { kind: 'map', entries, line };
    const isSound = !hasTag && this.problems.length === before;
    if (anchor !== undefined) this.anchors.set(anchor, isSound ? value : undefined);
    if (!isKey) this.place(hasTag ? broken(line) : value);
  }

  private scalar(event: NodeEvent): void {
    const own = this.lineOf(event);
    const text = detached(textOf(this.source, event));
    const isKey = this.takeKey(text, own);
    const line = this.keyLine() ?? own;
    const anchor = this.anchorOf(event);
    const hasTag = event.tagStart >= 0;
    const value: TextNode = hasTag ? this.refuse(line, ['tag'], ['no-tag']) : { kind: 'text', text, line };
    if (anchor !== undefined) this.anchors.set(anchor, hasTag ? undefined : value);
    if (!isKey) this.place(value);
  }

  private alias(event: NodeEvent): void {
    const own = this.lineOf(event);
    if (this.takeKey(undefined, own)) return;
    const line = this.keyLine() ?? own;
    const name = this.anchorOf(event) ?? '';
    const value = this.anchors.get(name);
    if (!this.anchors.has(name)) this.place(this.refuse(line, ['lost-alias'], ['anchor']));
    else if (value !== undefined) this.place(this.copied(value, this.path(), line));
    else if (this.aliased > MOST_ALIASED) this.place(broken(line));
    else this.place(this.refuse(line, ['faulty-alias'], ['sound-anchor']));
  }

  /** Takes what is read for a key, where a mapping wants one. `name`: undefined for what is no text. */
  private takeKey(name: string | undefined, line: number): boolean {
    const map = this.open.at(-1);
    if (map === undefined || Array.isArray(map.entries) || map.key !== undefined) return false;
    const isNew = !map.entries.has(name ?? '');
    map.key = { name: name ?? '', line, isUsable: name !== undefined && name !== '<<' && isNew };
    if (name === undefined) this.refuse(line, ['odd-key'], ['plain-key'], this.path().slice(0, -1));
    else if (name === '<<') this.refuse(line, ['merge-key'], ['keys-in-full']);
    else if (!isNew) this.refuse(line, ['key-twice'], ['key-once']);
    return true;
  }

  /** The line of the key whose value is next. */
  private keyLine(): number | undefined {
    return this.open.at(-1)?.key?.line;
  }

  private place(value: TreeNode): void {
    const around = this.open.at(-1);
    if (around === undefined) this.root = value;
    else if (Array.isArray(around.entries)) around.entries.push(value);
    else {
      const { key } = around;
      around.key = undefined;
      if (key?.isUsable === true) around.entries.set(key.name, value);
    }
  }

  /** A copy at the place of an alias: its line is that of everything in it. */
  private copied(node: TreeNode, path: Path, line: number): TreeNode {
    this.aliased += 1;
    // Told once, and of the whole file: what cannot be read from here on is told nowhere else.
    if (this.aliased === MOST_ALIASED + 1) this.refuse(line, ['many-aliases'], ['aliased', MOST_ALIASED], []);
    if (this.aliased > MOST_ALIASED) return broken(line);
    if (path.length > DEEPEST) return this.refuse(line, NESTED, NOT_NESTED, path);
    if (node.kind === 'text') return { ...node, line };
    if (node.kind === 'list') {
      const items = node.items.map((item, index) => this.copied(item, [...path, index], line));
      return { kind: 'list', items, line };
    }
    const entries = [...node.entries].map(([key, value]) => [key, this.copied(value, [...path, key], line)] as const);
    return { kind: 'map', entries: new Map(entries), line };
  }

  /** Of the node that is read now. */
  private path(): Path {
    return this.open.map(({ entries, key }) => (Array.isArray(entries) ? entries.length : (key?.name ?? '')));
  }

  private anchorOf({ anchorStart, anchorEnd }: NodeEvent): string | undefined {
    return anchorStart < 0 ? undefined : this.source.slice(anchorStart, anchorEnd);
  }

  private lineOf(event: NodeEvent): number {
    // The text of a block begins in the line after its sign.
    if (event.start >= 0) return this.lineAt(event.start - (isBlock(event) ? 1 : 0));
    // An empty value is nowhere, but where its anchor or tag is. In a list it has a line with a hyphen and nothing else.
    const sign = Math.max(event.anchorStart, event.tagStart);
    if (sign >= 0) return this.lineAt(sign);
    EMPTY_ENTRY.lastIndex = this.offset;
    const found = Array.isArray(this.open.at(-1)?.entries) ? EMPTY_ENTRY.exec(this.source) : null;
    if (found === null) return this.line;
    const line = this.lineAt(found.index);
    // The next one has another.
    this.lineAt(EMPTY_ENTRY.lastIndex + 1);
    return line;
  }

  private lineAt(offset: number): number {
    for (;;) {
      const end = this.source.indexOf('\n', this.offset);
      if (end === -1 || end >= offset) return this.line;
      this.offset = end + 1;
      this.line += 1;
    }
  }

  private refuse(line: number, found: Phrase, wanted: Phrase, path = this.path()): TextNode {
    const key = dotted(path);
    this.problems.push({ file: this.file, line, key, at: key, found, wanted });
    return broken(line);
  }
}

const EMPTY_ENTRY = /^(?:[ \t]*-)+[ \t]*(?:#.*)?\r?$/gm;

/** From so many characters on, V8 makes a part of a text a view of it, by which all of it stays in memory. */
const SHORTEST_VIEW = 13;

/** The same text by itself: what is kept of a configuration must not keep the whole file. */
function detached(text: string): string {
  return text.length < SHORTEST_VIEW || !text.isWellFormed() ? text : Buffer.from(text).toString();
}

function broken(line: number): TextNode {
  return { kind: 'text', text: '', broken: true, line };
}
