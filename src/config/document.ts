// YAML → RawMap: scalars stay text (failsafe schema), every value keeps its line, nothing is interpolated yet.
// What a parser says in its own words is put into ours, without any of the file's text: that may be a secret.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Problem } from './problems.ts';
import { dotted, type Path, type RawMap, type RawNode } from './raw.ts';

/** Values that aliases may add to a file; a few lines of nested aliases can otherwise fill the memory. */
const MOST_ALIASED = 20_000;
const DEEPEST = 30;

export interface YamlReading {
  /** Undefined where the text is no mapping at all. */
  readonly root: RawMap | undefined;
  readonly problems: readonly Problem[];
}

/** Reads one YAML document. Never throws; the problems are in the order of the text. */
export function readYaml(text: string, file: string): YamlReading {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const broken = document.errors.filter(({ code }) => code !== 'DUPLICATE_KEY');
  if (broken.length > 0) return { root: undefined, problems: syntaxProblems(broken, text, file, lineAt) };
  const walk = new Walk(document, file, lineAt);
  const root = document.contents === null ? undefined : walk.node(document.contents, [], undefined);
  if (root?.kind === 'map') return { root, problems: walk.problems };
  const empty = root === undefined || (root.kind === 'text' && root.text === '');
  const found = empty ? 'an empty file' : `a ${root.kind === 'text' ? 'text' : 'list'}`;
  const next = 'Start from config/rotator.example.yaml.';
  return {
    root: undefined,
    problems: [
      ...walk.problems,
      { file, line: root?.line ?? 1, key: '', found, wanted: 'a mapping with at least targets', next },
    ],
  };
}

/** Turns the parser's nodes into ours; collects what cannot be turned. */
class Walk {
  readonly problems: Problem[] = [];
  readonly #document: Document.Parsed;
  readonly #file: string;
  readonly #lineAt: (offset: number) => number;
  #aliased = 0;

  constructor(document: Document.Parsed, file: string, lineAt: (offset: number) => number) {
    this.#document = document;
    this.#file = file;
    this.#lineAt = lineAt;
  }

  /** `viaAlias`: the line of the alias through which the node is reached. */
  node(node: Node, path: Path, viaAlias: number | undefined): RawNode {
    const line = viaAlias ?? this.#line(node);
    const nothing: RawNode = { kind: 'text', text: '', fromEnvironment: false, broken: true, line };
    if (viaAlias !== undefined && ++this.#aliased > MOST_ALIASED) {
      if (this.#aliased > MOST_ALIASED + 1) return nothing;
      const wanted = `at most ${MOST_ALIASED} values through aliases`;
      return this.#refuse(path, line, 'aliases that add too many values', wanted);
    }
    if (path.length > DEEPEST) return this.#refuse(path, line, 'values nested too deeply', `at most ${DEEPEST} levels`);
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return this.node(target, path, line);
      return this.#refuse(path, line, 'an alias without its anchor', 'an anchor (&name) above the alias (*name)');
    }
    if ('tag' in node && node.tag !== undefined && !PLAIN_TAGS.has(node.tag))
      return this.#refuse(path, line, 'a YAML tag', 'a value without a tag');
    if (isScalar(node)) return { kind: 'text', text: String(node.value ?? ''), fromEnvironment: false, line };
    if (isSeq<Node>(node)) {
      const items = node.items.map((item, index) => this.node(item, [...path, index], viaAlias));
      return { kind: 'list', items, line };
    }
    return isMap<Node, Node | null>(node) ? this.#map(node.items, path, line, viaAlias) : nothing;
  }

  #map(
    pairs: readonly { key: Node; value: Node | null }[],
    path: Path,
    line: number,
    viaAlias: number | undefined,
  ): RawMap {
    const entries = new Map<string, { line: number; node: RawNode }>();
    for (const { key, value } of pairs) {
      const keyLine = viaAlias ?? this.#line(key);
      if (!isScalar(key)) {
        this.#refuse(path, keyLine, 'a key that is not text', 'a key of plain text');
        continue;
      }
      const name = String(key.value ?? '');
      const here = [...path, name];
      if (name === '<<')
        this.#refuse(here, keyLine, 'a merge key', 'keys written out; aliases may stand as values only');
      else if (entries.has(name)) this.#refuse(here, keyLine, 'a key that stands there already', 'each key once');
      else entries.set(name, { line: keyLine, node: this.#value(value, here, keyLine, viaAlias) });
    }
    return { kind: 'map', entries, line };
  }

  #value(value: Node | null, path: Path, keyLine: number, viaAlias: number | undefined): RawNode {
    if (value === null) return { kind: 'text', text: '', fromEnvironment: false, line: keyLine };
    return this.node(value, path, viaAlias);
  }

  #line(node: Node): number {
    return this.#lineAt(node.range?.[0] ?? 0);
  }

  #refuse(path: Path, line: number, found: string, wanted: string): RawNode {
    this.problems.push({ file: this.#file, line, key: dotted(path), found, wanted });
    return { kind: 'text', text: '', fromEnvironment: false, broken: true, line };
  }
}

const PLAIN_TAGS = new Set(['tag:yaml.org,2002:str', 'tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq']);

/** The parser's codes in words; what is not here is told as `YAML that cannot be read`. */
const SYNTAX: Readonly<Record<string, { readonly found: string; readonly wanted: string }>> = {
  TAB_AS_INDENT: { found: 'a tab as indentation', wanted: 'spaces' },
  MULTIPLE_DOCS: { found: 'a second document (---)', wanted: 'one document' },
  BAD_INDENT: {
    found: 'a line that is not indented like its neighbours, or a bracket that is not closed',
    wanted: 'YAML',
  },
  BLOCK_AS_IMPLICIT_KEY: { found: 'a second ": " in one line', wanted: 'one key a line, or the value in quotes' },
  BAD_SCALAR_START: { found: 'a value that begins with a reserved character', wanted: 'the value in quotes' },
  MISSING_CHAR: {
    found: 'a missing quote, bracket or comma, or a line that is indented too little or too much',
    wanted: 'YAML',
  },
  BAD_DQ_ESCAPE: { found: 'a backslash sequence that double quotes do not know', wanted: 'single quotes, or \\\\' },
  BAD_ALIAS: {
    found: 'an alias or anchor without a usable name',
    wanted: 'the value in quotes, if it begins with * or &',
  },
};

/** The first syntax error of each line; later ones on a line are nearly always its echo. */
function syntaxProblems(
  errors: readonly YAMLError[],
  text: string,
  file: string,
  lineAt: (offset: number) => number,
): readonly Problem[] {
  const byLine = new Map<number, Problem>();
  for (const { code, pos } of errors) {
    const line = lineAt(Math.min(pos[0], text.length - 1));
    if (byLine.has(line)) continue;
    byLine.set(line, { file, line, key: '', ...(trap(text, pos[0]) ?? SYNTAX[code] ?? UNREADABLE) });
  }
  return [...byLine.values()];
}

const UNREADABLE = { found: 'YAML that cannot be read', wanted: 'YAML' };

/** `{ url: ${X} }`: inside braces and brackets YAML takes the brace of an unquoted ${ for a mapping of its own. */
function trap(text: string, offset: number): { found: string; wanted: string; next: string } | undefined {
  if (text.slice(offset - 1, offset + 1) !== '${') return undefined;
  return {
    found: `\${…} without quotes inside braces or brackets`,
    wanted: `quotes around it: { url: "\${NAME}" }`,
    next: 'Put the value in double quotes, or write the mapping over several lines.',
  };
}
