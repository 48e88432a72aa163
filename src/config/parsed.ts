// Applies the definition to a tree. An error in one section, target or channel hides none of another, and what is right
// is still converted: the rules that join several keys (resolve.ts) are applied to it. The entries of `targets` are many:
// they are converted in slices, each by itself.
import * as z from 'zod';
import { type ChannelOptions, channelOptions } from '../adapters/channels/registry.ts';
import { wants } from '../adapters/scalars.ts';
import { mapInSlices } from '../net/event-loop.ts';
import { problemsOf } from './issues.ts';
import type { Problem } from './problems.ts';
import { FILE, SECTIONS, type Sections, TARGET, type TargetEntry } from './schema.ts';
import { dotted, nodeAt, type Path, plain, type Tree, type TreeNode } from './tree.ts';

/** What could be converted, without what is wrong in it. A section of which nothing is left has its defaults. */
export interface Parsed {
  readonly sections: Omit<Sections, 'targets'>;
  /** By their index in the file; without those of which nothing could be made. */
  readonly targets: ReadonlyMap<number, TargetEntry>;
  readonly channels: ReadonlyMap<number, ChannelOptions>;
  /** False if there is a problem at or below `path`: a rule must not judge what now stands in its place. */
  readonly isSound: (path: Path) => boolean;
}

/** The file, with entries of `targets` that are converted by themselves. */
const SETTINGS = FILE.extend({
  targets: z.array(z.unknown(), wants(['some-targets'])).min(1, wants(['some-targets'])),
});

/** `early`: the problems that reading the tree had; the problems given back are the definition's own. */
export async function parse(
  tree: Tree,
  early: readonly Problem[],
): Promise<{ parsed: Parsed; problems: readonly Problem[] }> {
  const list = nodeAt(tree.root, ['targets']);
  const nodes = list?.kind === 'list' ? list.items : [];
  const value = plain(withoutEntries(tree.root)) as Record<string, unknown>;
  const { error } = SETTINGS.safeParse(nodes.length > 0 ? { ...value, targets: [null] } : value);
  const problems = error === undefined ? [] : problemsOf(tree, FILE, error.issues);
  for (const path of faults(error)) remove(value, path);
  const targets = new Map<number, TargetEntry>();
  await mapInSlices(nodes.entries(), ([index, node]) => {
    const { entry, issues } = convert(node, index);
    if (issues.length > 0) problems.push(...problemsOf(tree, FILE, issues));
    if (entry !== undefined) targets.set(index, entry);
  });
  // Every place at or above a problem. It is asked about for each target: a search of all problems would be too slow.
  const faulty = new Set(
    [...early, ...problems].flatMap(({ at = '' }) =>
      [...at.matchAll(/[.[]|$/g)].map(({ index }) => at.slice(0, index)),
    ),
  );
  const isSound = (path: Path) => faulty.size === 0 || !faulty.has(dotted(path));
  const { alerts } = value;
  const channels = entriesOf(isRecord(alerts) ? alerts['channels'] : undefined, channelOptions);
  return { parsed: { sections: sectionsOf(value), targets, channels, isSound }, problems };
}

/** Every section but the targets; those that are wrong have their defaults. */
export function sectionsOf(value: Readonly<Record<string, unknown>>): Parsed['sections'] {
  const { targets: _, ...others } = SECTIONS;
  const alerts = isRecord(value['alerts']) ? { ...value['alerts'], channels: undefined } : value['alerts'];
  const converted = Object.entries(others).map(([name, schema]) => {
    const { success, data } = schema.safeParse(name === 'alerts' ? alerts : value[name]);
    return [name, success ? data : schema.parse(undefined)];
  });
  return Object.fromEntries(converted) as Parsed['sections'];
}

function withoutEntries(root: Tree['root']): Tree['root'] {
  const targets = root.entries.get('targets');
  if (targets?.kind !== 'list') return root;
  return { ...root, entries: new Map(root.entries).set('targets', { ...targets, items: [] }) };
}

/** An entry of `targets`; where it is wrong, what is left of it without that, if anything. */
function convert(
  node: TreeNode,
  index: number,
): { entry: TargetEntry | undefined; issues: readonly z.core.$ZodIssue[] } {
  const value = plain(node);
  const { data, error } = TARGET.safeParse(value);
  if (error === undefined) return { entry: data, issues: [] };
  for (const path of faults(error)) remove(value, path);
  const issues = error.issues.map((issue) => ({ ...issue, path: ['targets', index, ...issue.path] }));
  return { entry: TARGET.safeParse(value).data, issues };
}

function faults(error: z.ZodError | undefined): Path[] {
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  );
}

interface Definition<T> {
  readonly safeParse: (value: unknown) => { readonly success: true; readonly data: T } | { readonly success: false };
}

function entriesOf<T>(list: unknown, schema: Definition<T>): Map<number, T> {
  const entries = new Map<number, T>();
  for (const [index, value] of Array.isArray(list) ? list.entries() : []) {
    const result = schema.safeParse(value);
    if (result.success) entries.set(index, result.data);
  }
  return entries;
}

/** Removes what stands at `path`; in a list a hole stays, so that the other entries keep their index. */
function remove(value: unknown, path: Path): void {
  const [step, ...rest] = path;
  if (step === undefined || !isRecord(value)) return;
  if (rest.length === 0) delete value[String(step)];
  else remove(value[String(step)], rest);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
