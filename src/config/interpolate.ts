// ${NAME} and ${NAME:-default} inside values, after parsing and once: what a variable holds is never read as YAML and
// never interpolated again. The variable if set and not empty, else the file that NAME_FILE names, else the default.
import { readFile } from 'node:fs/promises';
import type { Problem } from './problems.ts';
import { dotted, type Path, type RawMap, type RawNode, type RawText } from './raw.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const LARGEST_FILE = 1024 * 1024;
/** A literal `$${`, a reference, or a `${` that is neither. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}|\$\{/g;

/** What a name stands for: a value, nothing, or a file that could not be read. */
type Lookup = { readonly value: string } | { readonly unreadable: string } | undefined;

/** The tree with every reference replaced. Never throws: what cannot be replaced is a problem, and marked as broken. */
export async function interpolate(
  root: RawMap,
  file: string,
  env: Environment,
): Promise<{ root: RawMap; problems: Problem[]; warnings: string[] }> {
  const names = new Set<string>();
  forEachText(root, ({ text }) => {
    for (const [, name] of text.matchAll(REFERENCE)) if (name !== undefined) names.add(name);
  });
  const lookups = new Map<string, Lookup>();
  await Promise.all([...names].map(async (name) => lookups.set(name, await lookUp(name, env))));
  const problems: Problem[] = [];
  const replaced = replaceIn(root, [], (node, path) => replaceText(node, path, file, lookups, problems));
  return { root: replaced as RawMap, problems, warnings: [...names].flatMap((name) => ambiguity(name, env)) };
}

async function lookUp(name: string, env: Environment): Promise<Lookup> {
  const value = env[name] ?? '';
  if (value !== '') return { value };
  const path = env[`${name}_FILE`] ?? '';
  if (path === '') return undefined;
  try {
    const bytes = await readFile(path);
    if (bytes.length > LARGEST_FILE) return { unreadable: 'is larger than 1 MB' };
    return { value: new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '') };
  } catch (thrown) {
    return { unreadable: whyUnreadable(thrown) };
  }
}

/** What is wrong with a file, in words, without its path. */
export function whyUnreadable(thrown: unknown): string {
  const { code } = thrown as { code?: unknown };
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  if (code === 'EISDIR') return 'is a directory';
  if (thrown instanceof TypeError) return 'is not UTF-8 text';
  return `cannot be read (${typeof code === 'string' ? code : 'unknown error'})`;
}

function ambiguity(name: string, env: Environment): string[] {
  if ((env[name] ?? '') === '' || (env[`${name}_FILE`] ?? '') === '') return [];
  return [`${name} and ${name}_FILE are both set: ${name} is used`];
}

function replaceText(
  node: RawText,
  path: Path,
  file: string,
  lookups: ReadonlyMap<string, Lookup>,
  problems: Problem[],
): RawText {
  if (!node.text.includes('${')) return node;
  let [fromEnvironment, broken] = [false, false];
  const refuse = (found: string, wanted: string, next?: string): string => {
    broken = true;
    problems.push({ file, line: node.line, key: dotted(path), found, wanted, ...(next === undefined ? {} : { next }) });
    return '';
  };
  const text = node.text.replace(REFERENCE, (found: string, name: string | undefined, fallback: string | undefined) => {
    if (found === '$${') return '${';
    if (name === undefined)
      return refuse('a ${ that names no variable', `\${NAME} or \${NAME:-default}`, 'For a literal ${ write $${.');
    const lookup = lookups.get(name);
    if (lookup === undefined)
      return (
        fallback ??
        refuse(
          `\${${name}}, which is not set`,
          `${name} or ${name}_FILE in the environment`,
          `Set ${name}, or write \${${name}:-default}.`,
        )
      );
    if ('unreadable' in lookup)
      return refuse(`\${${name}}, but the file that ${name}_FILE names ${lookup.unreadable}`, 'a readable text file');
    fromEnvironment = true;
    return lookup.value;
  });
  return { ...node, text, fromEnvironment, ...(broken ? { broken } : {}) };
}

function replaceIn(node: RawNode, path: Path, change: (node: RawText, path: Path) => RawText): RawNode {
  if (node.kind === 'text') return change(node, path);
  if (node.kind === 'list')
    return { ...node, items: node.items.map((item, index) => replaceIn(item, [...path, index], change)) };
  const entries = new Map<string, { line: number | null; node: RawNode }>();
  for (const [key, { line, node: value }] of node.entries)
    entries.set(key, { line, node: replaceIn(value, [...path, key], change) });
  return { ...node, entries };
}

function forEachText(node: RawNode, visit: (node: RawText) => void): void {
  if (node.kind === 'text') visit(node);
  else if (node.kind === 'list') for (const item of node.items) forEachText(item, visit);
  else for (const { node: value } of node.entries.values()) forEachText(value, visit);
}
