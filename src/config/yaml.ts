// YAML → tree: scalars stay text (failsafe schema), every value has its line, nothing is interpolated yet. The parser's
// errors are put into our words, and only the first is told: the others are nearly always its echo. The line that is shown
// with it hides what may be a secret. A large file is read in slices,
// and what is parsed is turned into the tree at once, so that no second copy of all of it is in memory.
import { Composer, CST, type Document, Lexer, LineCounter, Parser } from 'yaml';
import type { Phrase } from '../core/texts/problems.ts';
import { yieldToLoop } from '../net/event-loop.ts';
import { excerptOf } from './excerpt.ts';
import type { Problem } from './problems.ts';
import type { MapNode, Path } from './tree.ts';
import { type Begun, DEEPEST, NESTED, NOT_NESTED, NodeReader } from './yaml-nodes.ts';

/** Lexemes of a slice: fifty targets, some 10 ms. Ten times as many could hold up a slow machine for 100 ms. */
const SLICE = 2_000;

const OPTIONS = {
  schema: 'failsafe',
  // The parser compares each key with every other one; the reader looks each up once.
  uniqueKeys: false,
  keepSourceTokens: true,
} as const;

export interface YamlReading {
  /** Undefined where the text is no mapping at all. */
  readonly root: MapNode | undefined;
  readonly problems: readonly Problem[];
}

/** Reads one YAML document, so many lexemes at a time. Never rejects; the problems are in the order of the text. */
export async function readYaml(text: string, file: string, slice = SLICE): Promise<YamlReading> {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const lineAt = (offset: number) => lines.linePos(Math.max(0, Math.min(offset, text.length - 1))).line;
  const reader = new NodeReader(file, lineAt);
  const parser = new Parser(lines.addNewLine);
  const parts = new Parts(reader);
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // The parser keeps what it is in. Making a document of it takes a frame of the stack for each level.
    if (parser.stack.length > 2 * DEEPEST)
      return {
        root: undefined,
        problems: [{ file, line: lineAt(parser.offset), key: '', found: NESTED, wanted: NOT_NESTED }],
      };
    lexemes += 1;
    if (lexemes % slice !== 0) continue;
    parts.read(parser.stack);
    await yieldToLoop();
  }
  tokens.push(...parser.end());
  const [document, second] = parts.compose(tokens, true, text.length);
  if (second !== undefined) parts.faults.push({ code: 'MULTIPLE_DOCS', offset: second.range[0] });
  if (parts.faults.length > 0) return { root: undefined, problems: [syntaxProblem(parts.faults, text, file, lines)] };
  const { contents = null } = document ?? {};
  const root = reader.read(contents, [], 1);
  const problems = reader.problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (root.kind === 'map') return { root, problems };
  const found = root.kind === 'list' ? 'list' : root.text === '' ? 'empty-file' : 'text';
  const line = lineAt(contents?.range?.[0] ?? 0);
  const trap = trapIn(text, text.length);
  if (trap !== undefined) return { root: undefined, problems: [placed(trap, text, file, lines)] };
  problems.push({ file, line, key: '', found: [found], wanted: ['targets-mapping'], next: ['start-from-example'] });
  return { root: undefined, problems };
}

interface Fault {
  readonly code: string;
  readonly offset: number;
}

type Collection = CST.BlockMap | CST.BlockSequence | CST.FlowCollection;

/** Reads what the parser has finished of a document that it is still at. */
class Parts {
  readonly faults: Fault[] = [];
  private readonly reader: NodeReader;

  constructor(reader: NodeReader) {
    this.reader = reader;
  }

  /**
   * Reads every complete entry of the collections that the parser is in, the outermost first: that is the order of the
   * file. Each collection keeps the last of them, which the parser and the composer look back at. One with a key after
   * `? ` is left whole: the composer forgives more there as long as it sees the end.
   */
  read(stack: readonly CST.Token[]): void {
    let path: Path = [];
    for (const token of stack.filter(CST.isCollection)) {
      if (token.items.some(({ start }) => start.some(isType('explicit-key-ind')))) return;
      const begun = this.reader.begin(token, isList(token));
      if (token.items.length > begun.kept + 1) this.readPart(token, begun, path);
      const { entries } = begun;
      path = [...path, Array.isArray(entries) ? entries.length : keyOf(token.items.at(-1))];
    }
  }

  /** The documents that these tokens make. */
  compose(tokens: Iterable<CST.Token>, ...end: [forceDoc?: boolean, endOffset?: number]): Document.Parsed[] {
    const documents = [...new Composer(OPTIONS).compose(tokens, ...end)];
    for (const { errors } of documents) this.faults.push(...errors.map(({ code, pos }) => ({ code, offset: pos[0] })));
    return documents as Document.Parsed[];
  }

  private readPart(token: Collection, begun: Begun, path: Path): void {
    const done = token.items.slice(0, -1) as CST.CollectionItem[];
    const [document] = this.compose([
      { type: 'document', offset: token.offset, start: [], value: closed(token, done) },
    ]);
    this.reader.add(begun, document?.contents, path);
    const last = done.at(-1);
    if (last === undefined) return;
    token.items.splice(0, done.length, { ...last, start: last.start.filter(isNoComma) } as never);
    token.offset = (last.start[0] ?? last.key ?? last.value ?? token).offset;
    begun.kept = 1;
  }
}

function isNoComma({ type }: CST.SourceToken): boolean {
  return type !== 'comma';
}

function isList(token: Collection): boolean {
  return token.type === 'block-seq' || (token.type === 'flow-collection' && token.start.source === '[');
}

/** The name of the entry of a mapping. */
function keyOf(item: CST.CollectionItem | undefined): string {
  return item?.key == null ? '' : (CST.resolveAsScalar(item.key, false, () => undefined)?.value ?? '');
}

/** A collection of these entries alone, as the parser would end it. */
function closed(token: Collection, items: CST.CollectionItem[]): CST.Token {
  if (token.type !== 'flow-collection') return { ...token, items } as Collection;
  const { offset, indent } = token;
  const end: CST.SourceToken = isList(token)
    ? { type: 'flow-seq-end', offset, indent, source: ']' }
    : { type: 'flow-map-end', offset, indent, source: '}' };
  return { ...token, items: isList(token) ? items.map(asValue) : items, end: [end] };
}

/** Until the parser is at the end of a list in brackets, it takes every entry for a key. */
function asValue(item: CST.CollectionItem): CST.CollectionItem {
  const { start, key, sep, value } = item;
  const isPair = key == null || sep === undefined || value !== undefined;
  if (isPair || sep.some(isType('map-value-ind'))) return item;
  return { start: [...start, ...sep], value: key };
}

function isType(type: CST.SourceToken['type']) {
  return (token: CST.SourceToken) => token.type === type;
}

/** The first thing that the parser objects to, in our words; or the sign that misled it. */
function syntaxProblem(faults: readonly Fault[], text: string, file: string, lines: LineCounter): Problem {
  const [first] = faults.toSorted((a, b) => a.offset - b.offset);
  const { offset, code } = first ?? { offset: 0, code: '' };
  const trap = bareReference(text, offset) ?? trapIn(text, offset);
  return placed(trap ?? { offset, ...(SYNTAX[code] ?? UNREADABLE) }, text, file, lines);
}

function placed({ offset, ...words }: Trap, text: string, file: string, lines: LineCounter): Problem {
  // A fault at the end of the text is one of the last line that says something.
  const at = Math.max(0, Math.min(offset, text.trimEnd().length));
  const { line, col } = lines.linePos(at);
  const whole = text.split('\n', line)[line - 1] ?? '';
  return { file, line, key: '', ...words, excerpt: excerptOf(whole.trimEnd(), col - 1) };
}

const UNREADABLE: Syntax = { found: ['odd-yaml'], wanted: ['yaml'] };

interface Syntax {
  readonly found: Phrase;
  readonly wanted: Phrase;
  readonly next?: Phrase;
}

/** The parser's codes in words; any other is UNREADABLE. */
const SYNTAX: Readonly<Record<string, Syntax>> = {
  TAB_AS_INDENT: { found: ['tab'], wanted: ['spaces'] },
  MULTIPLE_DOCS: { found: ['second-document'], wanted: ['one-document'] },
  BAD_INDENT: { found: ['bad-indent'], wanted: ['yaml'] },
  BLOCK_AS_IMPLICIT_KEY: { found: ['second-colon'], wanted: ['one-key-a-line'] },
  BAD_SCALAR_START: { found: ['reserved-start'], wanted: ['value-in-quotes'] },
  MISSING_CHAR: { found: ['missing-sign'], wanted: ['yaml'] },
  BAD_DQ_ESCAPE: { found: ['bad-escape'], wanted: ['single-quotes'] },
  BAD_ALIAS: { found: ['bad-alias'], wanted: ['quotes-if-sign'] },
};

interface Trap extends Syntax {
  readonly offset: number;
}

/** `{ url: ${X} }`: inside braces and brackets, YAML reads the brace of an unquoted ${ as the start of a mapping. */
function bareReference(text: string, offset: number): Trap | undefined {
  if (text.slice(offset - 1, offset + 1) !== '${') return undefined;
  return { offset: offset - 1, found: ['bare-reference'], wanted: ['quotes-around'], next: ['quote-value'] };
}

/** A key and what follows it, up to what takes the place of ": ". */
const KEY = '(?:[ \\t\\u00a0\\u3000]|- )*[\\w.-]+';
const TRAPS: readonly (readonly [pattern: RegExp, words: (sign: string) => Syntax])[] = [
  [
    new RegExp(`^${KEY} *(\uff1a)`, 'm'),
    (sign) => ({ found: ['full-width', sign], wanted: ['colon'], next: ['type-ascii'] }),
  ],
  [/^[ -]*([\u00a0\u3000])/m, () => ODD_SPACE],
  [new RegExp(`^${KEY}:([\u00a0\u3000])`, 'm'), () => ODD_SPACE],
  [
    /^[^#"'\n]*?([\u201c\u201d\u2018\u2019\uff0c\uff5b\uff5d\u3010\u3011])/m,
    (sign) => ({ found: ['full-width', sign], wanted: ['yaml'], next: ['type-ascii'] }),
  ],
  [/^[ -]*(\t)/m, () => ({ found: ['tab'], wanted: ['spaces'] })],
];

const ODD_SPACE: Syntax = { found: ['odd-space'], wanted: ['plain-space'], next: ['type-ascii'] };

/** A sign that looks like one of YAML's and is none, in the line of a fault or up to two lines before it. */
function trapIn(text: string, fault: number): Trap | undefined {
  const end = text.indexOf('\n', fault);
  const before = text.slice(0, end === -1 ? undefined : end);
  const from = fault >= text.length ? 0 : before.split('\n').slice(0, -3).join('\n').length;
  const part = before.slice(from);
  for (const [pattern, words] of TRAPS) {
    const found = pattern.exec(part);
    const sign = found?.[1];
    if (found === null || sign === undefined) continue;
    return { offset: from + found.index + found[0].lastIndexOf(sign), ...words(sign) };
  }
  return undefined;
}
