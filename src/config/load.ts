// Reads the configuration: finds its text, parses it, interpolates, applies the definition, then the rules that join
// several keys. Every problem is collected, and all are reported at once.

import { LABEL } from '../adapters/scalars.ts';
import type { Phrase } from '../core/texts/problems.ts';
import { isLoopback } from '../net/proxy.ts';
import type { Environment } from './interpolate.ts';
import { parse, sectionsOf } from './parsed.ts';
import { ConfigError, type Problem, type ReadablePart } from './problems.ts';
import { readTree } from './read-tree.ts';
import { type Config, resolve, settingsOf } from './resolve.ts';
import type { Looked } from './source.ts';
import { ENVIRONMENT, entryAt, nameAt, type Tree } from './tree.ts';

export interface LoadOptions {
  /** `--config FILE`. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /** `daemon` disables an entry of `targets` that is wrong and goes on with the others; `strict` throws. */
  readonly mode: 'daemon' | 'strict';
  /** From when calendars are surveyed, ms since the epoch; the present by default. */
  readonly now?: number;
  /** Is filled in with every file and folder that is looked at, also where the configuration is refused. */
  readonly looked?: Looked;
}

/** An entry of `targets` that is wrong, without which `run` goes on. */
export interface DisabledTarget {
  /** Its name, or `targets[3]` where it has none. */
  readonly name: string;
  readonly index: number;
  readonly problems: readonly Problem[];
}

export interface LoadedConfig {
  readonly config: Config;
  /** Undefined for the environment-only form. */
  readonly file: string | undefined;
  readonly warnings: readonly Phrase[];
  readonly disabledTargets: readonly DisabledTarget[];
}

/**
 * The configuration in force. Throws ConfigError (ERR_CONFIG) with every problem; in mode `daemon` the problems of
 * single targets disable these instead, as long as one target is left.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { file, env, mode, now = Date.now(), looked = new Map() } = options;
  const { tree, problems: early, warnings } = await readTree(file, env, looked);
  const { parsed, problems: own } = await parse(tree, early);
  const { settings, targets, problems: joined, conflicts } = await resolve(tree, parsed, now);
  const problems = [...early, ...own, ...joined];
  const disabled = mode === 'daemon' ? confined(problems) : new Map<number, Problem[]>();
  const isFatal =
    problems.some((problem) => !disabled.has(targetIndex(problem))) ||
    conflicts.some(({ between }) => !between.some((index) => disabled.has(index)));
  const left = [...targets].filter(([index]) => !disabled.has(index)).map(([, target]) => target);
  if (isFatal || left.length === 0)
    throw new ConfigError(inOrder([...problems, ...conflicts.map(({ problem }) => problem)]), settings);
  const config = { ...settings, targets: left };
  return {
    config,
    file: fileOf(tree),
    warnings: [...warnings, ...doubts(config)],
    disabledTargets: [...disabled].map(([index, ofTarget]) => ({
      name: labelAt(tree, index),
      index,
      problems: inOrder(ofTarget),
    })),
  };
}

/** What stands in for a configuration of which nothing could be read. */
export function nothingRead(): ReadablePart {
  return settingsOf(sectionsOf({}), []);
}

/** What goes into ids and messages: a name of another form, which may be anything that was pasted, is not repeated. */
function labelAt({ root }: Tree, index: number): string {
  const name = nameAt(root, index);
  return LABEL.test(name) ? name : entryAt(root, index);
}

function fileOf({ name }: Tree): string | undefined {
  return name === ENVIRONMENT ? undefined : name;
}

/** The problems of single entries of `targets`, by index. */
function confined(problems: readonly Problem[]): Map<number, Problem[]> {
  const byTarget = Map.groupBy(problems, targetIndex);
  byTarget.delete(NO_TARGET);
  return new Map([...byTarget].sort(([a], [b]) => a - b));
}

const NO_TARGET = -1;

function targetIndex({ at = '' }: Problem): number {
  return Number(/^targets\[([0-9]+)\]/.exec(at)?.[1] ?? NO_TARGET);
}

/** By file, in the order in which they are first named, and by line. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  const order = new Map(files.map((file, index) => [file, index]));
  const rank = ({ file }: Problem) => order.get(file) ?? 0;
  return problems.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
}

/** What is allowed but worth a second look. */
function doubts({ alerts, http }: Config): Phrase[] {
  const insecure = alerts.channels.filter(
    (channel) => channel.insecure && 'url' in channel && /^http:/i.test(channel.url),
  );
  const unsigned = alerts.channels.filter(
    (channel) => (channel.type === 'dingtalk' || channel.type === 'feishu') && channel.secret === undefined,
  );
  const open = !isLoopback(http.host) && http.readToken === undefined;
  return [
    ...insecure.map(({ name }): Phrase => ['unencrypted', name]),
    ...unsigned.map(({ name }): Phrase => ['unsigned', name]),
    ...(open ? ([['open-to-read', http.host]] as const) : []),
  ];
}
