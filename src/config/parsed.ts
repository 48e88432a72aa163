// Applies the definition to a tree. An error in one section, target or channel hides none of another, and what is right
// is still converted: the rules that join several keys (resolve.ts) are applied to it.
import { type ChannelOptions, channelOptions } from '../adapters/channels/registry.ts';
import { problemsOf } from './issues.ts';
import type { Problem } from './problems.ts';
import { FILE, SECTIONS, type Sections, TARGET, type TargetEntry } from './schema.ts';
import { dotted, type Path, plain, type Tree } from './tree.ts';

/** What could be converted, without what is wrong in it. A section of which nothing is left has its defaults. */
export interface Parsed {
  readonly sections: Omit<Sections, 'targets'>;
  /** By their index in the file; without those of which nothing could be made. */
  readonly targets: ReadonlyMap<number, TargetEntry>;
  readonly channels: ReadonlyMap<number, ChannelOptions>;
  /** False if there is a problem at or below `path`: a rule must not judge what now stands in its place. */
  readonly isSound: (path: Path) => boolean;
}

/** `early`: the problems that reading the tree had; the problems given back are the definition's own. */
export function parse(tree: Tree, early: readonly Problem[]): { parsed: Parsed; problems: readonly Problem[] } {
  const value = plain(tree.root) as Record<string, unknown>;
  const { error } = FILE.safeParse(value);
  const problems = error === undefined ? [] : problemsOf(tree, FILE, error);
  for (const issue of error?.issues ?? [])
    for (const path of issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [...issue.path, key])
      : [issue.path])
      remove(value, path);
  const { targets, alerts } = value;
  const channels = isRecord(alerts) ? alerts['channels'] : undefined;
  if (isRecord(alerts)) delete alerts['channels'];
  const { targets: _, ...others } = SECTIONS;
  const sections = Object.fromEntries(
    Object.entries(others).map(([name, schema]) => {
      const { success, data } = schema.safeParse(value[name]);
      return [name, success ? data : schema.parse(undefined)];
    }),
  ) as Parsed['sections'];
  // Every place at or above a problem. It is asked about for each target: a search of all problems would be too slow.
  const faulty = new Set(
    [...early, ...problems].flatMap(({ key }) => [...key.matchAll(/[.[]|$/g)].map(({ index }) => key.slice(0, index))),
  );
  const isSound = (path: Path) => !faulty.has(dotted(path));
  const parsed = {
    sections,
    targets: entriesOf(targets, TARGET),
    channels: entriesOf(channels, channelOptions),
    isSound,
  };
  return { parsed, problems };
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
