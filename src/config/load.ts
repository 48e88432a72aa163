// Reads the configuration: finds the file (or the environment that stands in for it), parses, interpolates, applies
// the definition, then the rules that join several keys. Every problem is collected and told at once.
import type * as z from 'zod';
import { readYaml } from './document.ts';
import { environmentConfig } from './environment.ts';
import { isLoopback } from './hosts.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { problemsOf, unknownKey } from './issues.ts';
import { ConfigError, type Problem } from './problems.ts';
import { ENVIRONMENT, nodeAt, type Path, plain, problemAt, type RawConfig } from './raw.ts';
import { nameAt, type ParsedSections, resolve } from './resolve.ts';
import { type Config, SECTIONS, TARGET, type TargetConfig, type TargetEntry } from './schema.ts';
import { CHANNEL, type ChannelConfig } from './schema-alerts.ts';
import { readConfigFile } from './source.ts';

export interface LoadOptions {
  /** `--config FILE`. */
  readonly file?: string;
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
  const { sections, targets, channels, problems: own } = applyDefinition(raw);
  const { settings, targets: resolved, problems: joined, conflicts } = resolve(raw, sections, targets, now);
  const all = [...processProblems(env), ...early, ...own, ...joined];
  const disabled = mode === 'daemon' ? confined(all) : new Map<number, Problem[]>();
  const fatal = [...conflicts, ...all.filter((problem) => !disabled.has(targetIndex(problem)))];
  const left = [...resolved].filter(([index]) => !disabled.has(index)).map(([, target]) => target);
  if (fatal.length > 0 || settings === undefined || left.length === 0)
    throw new ConfigError(inOrder([...all, ...conflicts]), channels);
  return {
    config: { ...settings, targets: left },
    file: raw.name === ENVIRONMENT ? undefined : raw.name,
    warnings: [...warnings, ...doubts({ ...settings, targets: left })],
    disabledTargets: [...disabled].map(([index, problems]) => ({ name: nameAt(raw, index), index, problems })),
  };
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

interface Applied {
  readonly sections: ParsedSections;
  readonly targets: ReadonlyMap<number, TargetEntry>;
  readonly channels: readonly ChannelConfig[];
  readonly problems: readonly Problem[];
}

/** Converts section by section and target by target, so that an error in one hides none of another. */
function applyDefinition(raw: RawConfig): Applied {
  const problems: Problem[] = [];
  const parse = <S extends z.ZodType>(schema: S, path: Path): z.output<S> | undefined => {
    const node = nodeAt(raw.root, path);
    const value = node === undefined ? undefined : plain(node);
    const { success, data, error } = schema.safeParse(value === '' ? undefined : value);
    if (success) return data;
    problems.push(...problemsOf(raw, path, schema, error));
    return undefined;
  };
  const known = Object.keys(SECTIONS);
  for (const key of raw.root.entries.keys()) if (!known.includes(key)) problems.push(unknownKey(raw, [], key, known));
  const { targets: _, ...others } = SECTIONS;
  const sections = Object.fromEntries(
    Object.entries(others).map(([name, schema]) => [name, parse(schema, [name])]),
  ) as ParsedSections;
  const listed = nodeAt(raw.root, ['targets']);
  const targets = new Map<number, TargetEntry>();
  if (listed?.kind !== 'list' || listed.items.length === 0)
    problems.push(
      problemAt(raw, ['targets'], { ...NO_TARGETS, ...(listed?.kind === 'list' ? { found: 'an empty list' } : {}) }),
    );
  else
    for (const index of listed.items.keys()) {
      const target = parse(TARGET, ['targets', index]);
      if (target !== undefined) targets.set(index, target);
    }
  return { sections, targets, channels: sections.alerts?.channels ?? readableChannels(raw), problems };
}

const NO_TARGETS = { wanted: 'a list with at least one target', next: 'See targets in config/rotator.example.yaml.' };

/** The channels that can be read one by one where the section as a whole cannot. */
function readableChannels(raw: RawConfig): readonly ChannelConfig[] {
  const listed = nodeAt(raw.root, ['alerts', 'channels']);
  if (listed?.kind !== 'list') return [];
  return listed.items.flatMap((item) => {
    const { success, data } = CHANNEL.safeParse(plain(item));
    return success ? [data] : [];
  });
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
  return new Map([...byTarget].sort(([a], [b]) => a - b).map(([index, own]) => [index, inOrder(own)]));
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

/** A loaded configuration's targets by name, for commands that take `--target NAME`. */
export function targetNamed(config: Config, name: string): TargetConfig | undefined {
  return config.targets.find((target) => target.name === name);
}
