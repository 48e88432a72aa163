// YAML → tree: scalars stay text (failsafe schema), every value has its line, nothing is interpolated yet. The parser's
// errors are put into our words, without any of the file's text: that may be a secret.
import { type CST, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, Parser, parseDocument } from 'yaml';
import type { Phrase } from '../core/texts/problems.ts';
import type { Problem } from './problems.ts';
import { dotted, type MapNode, type Path, type TextNode, type TreeNode } from './tree.ts';

/** Values that aliases may add to a file. Without a limit, a few lines of nested aliases can fill the memory. */
const MOST_ALIASED = 20_000;
/** Levels of nesting. The definition has 6; an alias to itself would have no end. */
const DEEPEST = 30;

const NESTED: Phrase = ['nested-deeply'];
const NOT_NESTED: Phrase = ['levels', DEEPEST];

export interface YamlReading {
  /** Undefined where the text is no mapping at all. */
  readonly root: MapNode | undefined;
  readonly problems: readonly Problem[];
}

/** Reads one YAML document. Never throws; the problems are in the order of the text. */
export function readYaml(text: string, file: string): YamlReading {
  const lines = new LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const tooDeep = tooDeepAt(text);
  if (tooDeep !== undefined) {
    return {
      root: undefined,
      problems: [{ file, line: lineIn(text, tooDeep), key: '', found: NESTED, wanted: NOT_NESTED }],
    };
  }
  const document = parseDocument(text, {
    schema: 'failsafe',
    // The parser compares each key with every other one; below, each is looked up once.
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const syntax = document.errors;
  if (syntax.length > 0) {
    const problems = syntax.map(({ code, pos: [offset] }) => ({
      file,
      line: lineAt(Math.min(offset, text.length - 1)),
      key: '',
      ...(trap(text, offset) ?? SYNTAX[code] ?? UNREADABLE),
    }));
    // Later errors of a line, and later ones without a name, are nearly always the echo of the first.
    const isEcho = (problem: (typeof problems)[number], index: number) =>
      problems.slice(0, index).some(({ line }) => line === problem.line || problem.found === UNREADABLE.found);
    return { root: undefined, problems: problems.filter((problem, index) => !isEcho(problem, index)) };
  }
  const problems: Problem[] = [];
  let aliased = 0;

  const refuse = (path: Path, line: number, found: Phrase, wanted: Phrase): TextNode => {
    problems.push({ file, line, key: dotted(path), found, wanted });
    return { kind: 'text', text: '', broken: true, line };
  };

  /** `line`: of the key; `viaAlias`: `line` is that of the alias through which the node is reached, and that of everything below it. */
  const read = (node: Node | null, path: Path, line: number, viaAlias: boolean): TreeNode => {
    if (node === null) return { kind: 'text', text: '', line };
    if (viaAlias && ++aliased > MOST_ALIASED) {
      if (aliased > MOST_ALIASED + 1) return { kind: 'text', text: '', broken: true, line };
      return refuse(path, line, ['many-aliases'], ['aliased', MOST_ALIASED]);
    }
    if (path.length > DEEPEST) return refuse(path, line, NESTED, NOT_NESTED);
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target !== undefined) return read(target, path, line, true);
      return refuse(path, line, ['lost-alias'], ['anchor']);
    }
    if (node.tag !== undefined && !PLAIN_TAGS.has(node.tag)) return refuse(path, line, ['tag'], ['no-tag']);
    const lineOf = (inner: Node) => (viaAlias ? line : lineAt(inner.range?.[0] ?? 0));
    if (isSeq<Node>(node)) {
      const items = node.items.map((item, index) => read(item, [...path, index], lineOf(item), viaAlias));
      return { kind: 'list', items, line };
    }
    if (!isMap<Node, Node | null>(node))
      return { kind: 'text', text: isScalar(node) ? String(node.value ?? '') : '', line };
    const entries = new Map<string, TreeNode>();
    for (const { key, value } of node.items) {
      const keyLine = lineOf(key);
      const name = isScalar(key) ? String(key.value ?? '') : undefined;
      if (name === undefined) refuse(path, keyLine, ['odd-key'], ['plain-key']);
      else if (name === '<<') refuse([...path, name], keyLine, ['merge-key'], ['keys-in-full']);
      else if (entries.has(name)) refuse([...path, name], keyLine, ['key-twice'], ['key-once']);
      else entries.set(name, read(value, [...path, name], keyLine, viaAlias));
    }
    return { kind: 'map', entries, line };
  };

  const root = read(document.contents, [], 1, false);
  if (root.kind === 'map') return { root, problems };
  const found = root.kind === 'list' ? 'list' : root.text === '' ? 'empty-file' : 'text';
  const line = lineAt(document.contents?.range?.[0] ?? 0);
  problems.push({ file, line, key: '', found: [found], wanted: ['targets-mapping'], next: ['start-from-example'] });
  return { root: undefined, problems };
}

/**
 * Where `text` is nested more deeply than twice what is allowed: there the parser is stopped before it makes a document,
 * for which it calls itself once for each level. What is a little too deep is told with its key.
 */
function tooDeepAt(text: string): number | undefined {
  let level: (CST.Token | null | undefined)[] = [...new Parser().parse(text)];
  for (let depth = 0; level.length > 0; depth += 1) {
    const [first] = level;
    if (depth > 2 * DEEPEST) return first?.offset ?? 0;
    level = level.flatMap(innerTokens).filter((token) => token != null);
  }
  return undefined;
}

function innerTokens(token: CST.Token | null | undefined): (CST.Token | null | undefined)[] {
  if (token?.type === 'document') return [token.value];
  return token != null && 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
}

function lineIn(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

const PLAIN_TAGS = new Set(['tag:yaml.org,2002:str', 'tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq']);

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

/** `{ url: ${X} }`: inside braces and brackets, YAML reads the brace of an unquoted ${ as the start of a mapping. */
function trap(text: string, offset: number): Syntax | undefined {
  if (text.slice(offset - 1, offset + 1) !== '${') return undefined;
  return { found: ['bare-reference'], wanted: ['quotes-around'], next: ['quote-value'] };
}
