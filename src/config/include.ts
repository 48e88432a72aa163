// `include`: further files with targets. Patterns count from the folder of the main file; a star stands for any
// characters of a file's name. Who may write such a file decides about client secrets, so it must not be everybody.
import { basename, dirname, isAbsolute, join } from 'node:path';
import { shownName } from '../core/shown.ts';
import type { Phrase } from '../core/texts/problems.ts';
import {
  FileFailure,
  isOpenToAll,
  listNamedFolder,
  markOf,
  readNamedFile,
  statNamedFile,
  textOf,
} from '../net/named-file.ts';
import type { Problem } from './problems.ts';
import { type ConfigText, type Looked, MOST_BYTES, unreadable } from './source.ts';
import { nodeAt, problemAt, type TextNode, type Tree, type TreeNode } from './tree.ts';

export interface IncludedFiles {
  /** In the order of the patterns, those of one pattern by name; each file once. */
  readonly paths: readonly string[];
  readonly problems: readonly Problem[];
  /** Whether `include` is a list of patterns; if not, the definition tells. */
  readonly isUsable: boolean;
}

/** The files that `include` names. A pattern that no file fits is a problem. */
export async function findIncluded(tree: Tree, looked: Looked): Promise<IncludedFiles> {
  const list = nodeAt(tree.root, ['include']);
  const paths = new Set<string>();
  const problems: Problem[] = [];
  const items = list?.kind === 'list' ? list.items : [];
  for (const [index, node] of items.entries()) {
    if (!isPattern(node)) continue;
    const found = await filesOf(isAbsolute(node.text) ? node.text : join(dirname(tree.name), node.text), looked);
    if (Array.isArray(found)) for (const path of found) paths.add(path);
    else problems.push('file' in found ? found : problemAt(tree, ['include', index], found));
  }
  return { paths: [...paths], problems, isUsable: list?.kind === 'list' && items.every(isPattern) };
}

function isPattern(node: TreeNode): node is TextNode {
  return node.kind === 'text' && node.text !== '' && node.broken !== true;
}

type Objection = Pick<Problem, 'found' | 'wanted' | 'next'>;

async function filesOf(pattern: string, looked: Looked): Promise<string[] | Problem | Objection> {
  const [folder, name] = [dirname(pattern), basename(pattern)];
  if (folder.includes('*')) return { found: ['star-in-folder'], wanted: ['include-pattern'] };
  try {
    looked.set(folder, 'none');
    const status = await statNamedFile(folder);
    looked.set(folder, markOf(status));
    if (await isOpenToAll(folder, status)) return openToAll(folder, ['open-folder']);
    if (!name.includes('*')) return [pattern];
    const names = (await listNamedFolder(folder)).filter(fits(name)).sort();
    if (names.length > 0) return names.map((each) => join(folder, each));
  } catch (thrown) {
    if (!(thrown instanceof FileFailure)) throw thrown;
    if (thrown.code !== 'ENOENT') return { found: ['folder', thrown.code], wanted: ['include-pattern'] };
  }
  return { found: ['no-match'], wanted: ['include-pattern'] };
}

/** As in a shell, a star does not stand for the dot of a hidden file. */
function fits(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/[^\w*-]/g, '\\$&').replaceAll('*', '.*');
  const whole = new RegExp(`^${source}$`, 's');
  return (name) => whole.test(name) && name.startsWith('.') === pattern.startsWith('.');
}

/** The text of an included file. `before`: the bytes of all files that were read before it. */
export async function readIncluded(
  path: string,
  before: number,
  looked: Looked,
): Promise<Omit<ConfigText, 'warnings'> | Problem> {
  const file = shownName(path);
  try {
    looked.set(path, 'none');
    const found = await readNamedFile(path, { maxBytes: Math.max(0, MOST_BYTES - before) });
    looked.set(path, markOf(found.status));
    if (await isOpenToAll(path, found.status)) return openToAll(path, ['open-file']);
    return { file, text: textOf(found), bytes: found.bytes.length };
  } catch (thrown) {
    if (!(thrown instanceof FileFailure)) throw thrown;
    const { code } = thrown;
    if (code === 'EFBIG') return ofFile(file, { found: ['too-large-together'], wanted: ['small-yaml-files'] });
    return ofFile(file, unreadable(code));
  }
}

function openToAll(path: string, found: Phrase): Problem {
  const file = shownName(path);
  return ofFile(file, { found, wanted: ['written-by-few'], next: ['close-to-others', file] });
}

function ofFile(file: string, objection: Objection): Problem {
  return { file, line: null, key: '', ...objection };
}
