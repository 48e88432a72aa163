// From the sections as the definition converted them to the configuration in force: what a target overrides, what
// defaults to what, and every rule that joins several keys. A problem is told at the key that a person would change.

import { hostname } from 'node:os';
import type { ChannelOptions } from '../adapters/channels/registry.ts';
import type { KeySourceOptions } from '../adapters/keys/registry.ts';
import type { CredentialsOptions } from '../adapters/tencent/credentials/registry.ts';
import { targetKey } from '../core/records.ts';
import { SECOND } from '../core/time.ts';
import { checkChannels, checkSharedHosts, checkTargetHosts, originOf } from './hosts.ts';
import { nameAt, type Parsed, type ParsedSections, type Report } from './parsed.ts';
import { checkOwnPolicy, checkSharedPolicy, createSurvey, expiryOf, type PolicyRules, policyOf } from './policy.ts';
import type { Problem } from './problems.ts';
import { problemAt, type RawConfig } from './raw.ts';
import type { AlertsConfig, CloudBaseConfig, Config, Sections, TargetConfig, TargetEntry } from './schema.ts';

export interface Resolution {
  /** Everything but the targets; undefined while a section is missing. */
  readonly settings: Omit<Config, 'targets'> | undefined;
  /** By their index in the file. */
  readonly targets: ReadonlyMap<number, TargetConfig>;
  readonly problems: readonly Problem[];
  readonly conflicts: readonly Conflict[];
}

/** A problem between two entries of `targets`: which of them is wrong cannot be known. */
export interface Conflict {
  readonly problem: Problem;
  readonly between: readonly [index: number, index: number];
}

/** Applies every rule that joins several keys. `now`: from when calendars are surveyed. Pure but for the host name. */
export function resolve(raw: RawConfig, parsed: Parsed, now: number): Resolution {
  const { sections, targets, channels, isSound } = parsed;
  const problems: Problem[] = [];
  const report: Report = (path, text) => problems.push(problemAt(raw, path, text));
  const rules: PolicyRules = { raw, report, sections, isSound, survey: createSurvey(now) };
  if (isSound(['policy'])) checkSharedPolicy(rules);
  checkSharedHosts(sections, report);
  checkChannels(raw, channels, report);
  const resolved = new Map<number, TargetConfig>();
  for (const [index, entry] of targets) {
    checkTargetHosts(index, entry, sections.allowHosts ?? [], report);
    if (entry.policy !== undefined && isSound(['policy']) && isSound(['targets', index, 'policy']))
      checkOwnPolicy(rules, index, entry.policy);
    resolved.set(index, targetOf(entry, sections));
  }
  return {
    settings: settingsOf(sections, [...channels.values()]),
    targets: resolved,
    problems,
    conflicts: duplicates(raw, resolved),
  };
}

function settingsOf(
  sections: ParsedSections,
  channels: readonly ChannelOptions[],
): Omit<Config, 'targets'> | undefined {
  const { journal, log, http, schedule, apple, alerts, heartbeat, allowHosts } = sections;
  if (!journal || !log || !http || !schedule || !apple || !alerts || !heartbeat || !allowHosts) return undefined;
  if (!sections.policy || !sections.cloudbase) return undefined;
  return {
    instance: sections.instance ?? hostname(),
    journal,
    log,
    http: { host: http.host, port: http.port, token: http.token, readToken: http.readToken },
    schedule,
    apple,
    alerts: alertsOf(alerts, channels),
    heartbeat: { url: heartbeat.url, healthUrl: heartbeat.healthUrl, everyMs: heartbeat.every },
    allowHosts,
  };
}

function alertsOf(section: Sections['alerts'], channels: readonly ChannelOptions[]): AlertsConfig {
  const { language, repeatEvery, digest, rotated, runbook, none } = section;
  return {
    language,
    repeatEvery: { warningMs: repeatEvery.warning, criticalMs: repeatEvery.critical },
    digest: digest === 'off' ? undefined : digest,
    rotated,
    runbook,
    channels,
    noneAccepted: none === 'accepted',
  };
}

function targetOf(entry: TargetEntry, sections: ParsedSections): TargetConfig {
  const cloudbase = cloudbaseOf(entry, sections);
  const policy = policyOf(sections, entry.policy);
  const { teamId, clientId, keyId } = entry;
  return {
    endpoint: cloudbase.endpoint,
    envId: entry.envId,
    providerId: entry.providerId,
    name: entry.name,
    ids: {
      ...(teamId === undefined ? {} : { teamId }),
      ...(clientId === undefined ? {} : { clientId }),
      ...(keyId === undefined ? {} : { keyId }),
    },
    adopt: entry.adopt,
    key: keyOf(entry.key, cloudbase.credentials),
    policy,
    cloudbase,
    expiry: expiryOf(policy, sections),
  };
}

function keyOf(key: TargetEntry['key'], credentials: CredentialsOptions): KeySourceOptions {
  return key.from === 'tencent-ssm' ? { ...key, credentials: key.credentials ?? credentials } : key;
}

function cloudbaseOf(entry: TargetEntry, { cloudbase }: ParsedSections): CloudBaseConfig {
  const own = entry.cloudbase;
  return {
    endpoint: originOf(own?.endpoint ?? cloudbase?.endpoint ?? 'https://tcb.tencentcloudapi.com'),
    region: own?.region ?? cloudbase?.region ?? 'ap-shanghai',
    requestsPerSecond: own?.requestsPerSecond ?? cloudbase?.requestsPerSecond ?? 5,
    timeoutMs: own?.timeout ?? cloudbase?.timeout ?? 15 * SECOND,
    credentials: own?.credentials ?? cloudbase?.credentials ?? { from: 'env' },
  };
}

/** Two entries of one name or one identity, told at the later one. */
function duplicates(raw: RawConfig, targets: ReadonlyMap<number, TargetConfig>): Conflict[] {
  const conflicts: Conflict[] = [];
  const names = new Map<string, number>();
  const identities = new Map<string, number>();
  const claim = (taken: Map<string, number>, text: string, index: number, describe: (earlier: number) => Problem) => {
    const earlier = taken.get(text);
    if (earlier === undefined) taken.set(text, index);
    else conflicts.push({ problem: describe(earlier), between: [earlier, index] });
  };
  for (const [index, target] of targets) {
    claim(names, target.name, index, (earlier) =>
      problemAt(raw, ['targets', index, 'name'], { wanted: `a name of its own; targets[${earlier}] has this one` }),
    );
    claim(identities, targetKey(target), index, (earlier) =>
      problemAt(raw, ['targets', index, 'envId'], {
        found: `the same endpoint, envId and providerId as targets[${earlier}] (${nameAt(raw, earlier)})`,
        wanted: 'each provider once',
        next: 'Remove one of the two entries.',
      }),
    );
  }
  return conflicts;
}
