// Reads the configuration: finds the file (or the environment that stands in for it), parses, interpolates, applies
// the definition, then the rules that join several keys. Every problem is collected and told at once.

import type * as z from 'zod';
import { channelOptions } from '../adapters/channels/registry.ts';
import { LABEL } from '../adapters/scalars.ts';
import { isLoopback } from '../net/proxy.ts';
import { readYaml } from './document.ts';
import { environmentConfig } from './environment.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { problemsOf, unknownKey } from './issues.ts';
import { nameAt, type Parsed } from './parsed.ts';
import { ConfigError, type Problem } from './problems.ts';
import { dotted, ENVIRONMENT, nodeAt, type Path, plain, problemAt, type RawConfig } from './raw.ts';
import { resolve } from './resolve.ts';
import { type Config, SECTIONS, TARGET } from './schema.ts';
import { readConfigFile } from './source.ts';

export interface LoadOptions {
  /** `--config FILE`. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /** `daemon` disables an entry of `targets` that is wrong and goes on with the others; `strict` throws. */
  readonly mode: 'daemon' | 'strict';
  /** From when calendars are surveyed, ms since the epoch; the present by default. */
  readonly now?: number;
}

/** An entry of `targets` that `run` does without. */
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
  readonly warnings: readonly string[];
  readonly disabledTargets: readonly DisabledTarget[];
}

/**
 * The configuration in force. Throws ConfigError (ERR_CONFIG) with every problem; in mode `daemon` the problems of
 * single targets disable these instead, as long as one target is left.
 */
export async function loadConfig({ file, env, mode, now = Date.now() }: LoadOptions): Promise<LoadedConfig> {
  const { raw, problems: early, warnings } = await readRaw(file, env);
  const { parsed, problems: own } = applyDefinition(raw, early);
  const { settings, targets, problems: joined, conflicts } = resolve(raw, parsed, now);
  const problems = [...processProblems(env), ...early, ...own, ...joined];
  const disabled = mode === 'daemon' ? confined(problems) : new Map<number, Problem[]>();
  const isFatal =
    problems.some((problem) => !disabled.has(targetIndex(problem))) ||
    conflicts.some(({ between }) => !between.some((index) => disabled.has(index)));
  const left = [...targets].filter(([index]) => !disabled.has(index)).map(([, target]) => target);
  if (isFatal || settings === undefined || left.length === 0)
    throw new ConfigError(inOrder([...problems, ...conflicts.map(({ problem }) => problem)]), {
      channels: [...parsed.channels.values()],
      file: fileOf(raw),
      instance: parsed.sections.instance,
      alerts: parsed.sections.alerts,
      journalPath: parsed.sections.journal?.path,
    });
  const config = { ...settings, targets: left };
  return {
    config,
    file: fileOf(raw),
    warnings: [...warnings, ...doubts(config)],
    disabledTargets: [...disabled].map(([index, ofTarget]) => ({
      name: labelAt(raw, index),
      index,
      problems: inOrder(ofTarget),
    })),
  };
}

/** What goes into ids and messages: a name that is none (which may be anything that was pasted) is not repeated. */
function labelAt(raw: RawConfig, index: number): string {
  const name = nameAt(raw, index);
  return LABEL.test(name) ? name : `targets[${index}]`;
}

function fileOf({ name }: RawConfig): string | undefined {
  return name === ENVIRONMENT ? undefined : name;
}

async function readRaw(
  named: string | undefined,
  env: Environment,
): Promise<{ raw: RawConfig; problems: readonly Problem[]; warnings: readonly string[] }> {
  const source = await readConfigFile(named, env);
  if (source === undefined) return { ...environmentConfig(env), warnings: [] };
  const { root, problems } = readYaml(source.text, source.file);
  if (root === undefined) throw new ConfigError(inOrder([...processProblems(env), ...problems]));
  const interpolated = await interpolate(root, source.file, env);
  return {
    raw: { name: source.file, root: interpolated.root },
    problems: [...problems, ...interpolated.problems],
    warnings: interpolated.warnings,
  };
}

/** Converts section by section, target by target, channel by channel, so that an error in one hides none of another. */
function applyDefinition(raw: RawConfig, early: readonly Problem[]): { parsed: Parsed; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const parse = <S extends z.ZodType>(schema: S, path: Path, leaveOut?: string): z.output<S> | undefined => {
    const value = plainAt(raw, path, leaveOut);
    const { success, data, error } = schema.safeParse(value);
    if (success) return data;
    problems.push(...problemsOf(raw, path, schema, error));
    return schema.safeParse(withoutFaults(value, error)).data;
  };
  const parseEach = <S extends z.ZodType>(schema: S, path: Path): Map<number, z.output<S>> => {
    const listed = nodeAt(raw.root, path);
    const indices = listed?.kind === 'list' ? [...listed.items.keys()] : [];
    const entries = indices.map((index) => [index, parse(schema, [...path, index])] as const);
    return new Map(entries.flatMap(([index, entry]) => (entry === undefined ? [] : [[index, entry]])));
  };
  const known = Object.keys(SECTIONS);
  for (const key of raw.root.entries.keys()) if (!known.includes(key)) problems.push(unknownKey(raw, [], key, known));
  const { targets: _, ...others } = SECTIONS;
  const sections = Object.fromEntries(
    Object.entries(others).map(([name, schema]) => {
      const listed = nodeAt(raw.root, [name, 'channels'])?.kind === 'list';
      return [name, parse(schema, [name], name === 'alerts' && listed ? 'channels' : undefined)];
    }),
  );
  const channels = parseEach(channelOptions, ['alerts', 'channels']);
  const targets = parseEach(TARGET, ['targets']);
  const listed = nodeAt(raw.root, ['targets']);
  if (listed?.kind !== 'list') problems.push(problemAt(raw, ['targets'], NO_TARGETS));
  else if (listed.items.length === 0)
    problems.push(problemAt(raw, ['targets'], { ...NO_TARGETS, found: 'an empty list' }));
  const faults = [...early, ...problems].map(({ key }) => key);
  const isSound = (path: Path) => {
    const at = dotted(path);
    return !faults.some((key) => key === at || key.startsWith(`${at}.`) || key.startsWith(`${at}[`));
  };
  return { parsed: { sections, channels, targets, isSound }, problems };
}

const NO_TARGETS = { wanted: 'a list with at least one target', next: 'See targets in config/rotator.example.yaml.' };

/** The plain value at `path`; an empty one is undefined, as everywhere. */
function plainAt({ root }: RawConfig, path: Path, leaveOut: string | undefined): unknown {
  const node = nodeAt(root, path);
  const value = node === undefined ? undefined : plain(node);
  if (leaveOut !== undefined && isRecord(value)) return { ...value, [leaveOut]: undefined };
  return value === '' ? undefined : value;
}

/** A copy of `value` without what an error objects to, so that what is left can still be judged. */
function withoutFaults(value: unknown, { issues }: z.ZodError): unknown {
  const copy = structuredClone(value);
  for (const issue of issues) {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) remove(copy, path);
  }
  return copy;
}

function remove(value: unknown, path: Path): void {
  const [step, ...rest] = path;
  if (step === undefined || !isRecord(value)) return;
  if (rest.length === 0) delete value[String(step)];
  else remove(value[String(step)], rest);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What the process was started with and no configuration can make good. */
function processProblems(env: Environment): readonly Problem[] {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return [];
  return [
    {
      file: ENVIRONMENT,
      line: null,
      key: 'NODE_TLS_REJECT_UNAUTHORIZED',
      found: '0, which switches off the check of every certificate',
      wanted: 'the variable unset',
      next: 'Unset it; to trust a certificate authority of your own, name its file in NODE_EXTRA_CA_CERTS.',
    },
  ];
}

/** The problems of single entries of `targets`, by index. */
function confined(problems: readonly Problem[]): Map<number, Problem[]> {
  const byTarget = Map.groupBy(problems, targetIndex);
  byTarget.delete(NO_TARGET);
  return new Map([...byTarget].sort(([a], [b]) => a - b));
}

const NO_TARGET = -1;

function targetIndex({ key }: Problem): number {
  return Number(/^targets\[([0-9]+)\]/.exec(key)?.[1] ?? NO_TARGET);
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** What is allowed but worth a second look. */
function doubts({ alerts, http }: Config): string[] {
  const insecure = alerts.channels.filter(
    (channel) => channel.insecure && 'url' in channel && /^http:/i.test(channel.url),
  );
  const open = !isLoopback(http.host) && http.readToken === undefined;
  return [
    ...insecure.map(({ name }) => `channel ${name} sends alerts without encryption (insecure: true)`),
    ...(open
      ? [
          `http.host ${http.host} is not loopback and http.readToken is not set: only /healthz, /readyz and /metrics are served`,
        ]
      : []),
  ];
}
