// From the sections as the definition converted them to the configuration in force: what a target overrides, what
// defaults to what, and every rule that joins several keys. A problem is told at the key that a person would change.
import { hostname } from 'node:os';
import { targetKey } from '../core/records.ts';
import { longestShutMs, parseCron, type WindowRule } from '../cron.ts';
import { channelObjection, type HostUse, hostObjection, originOf } from './hosts.ts';
import type { Problem } from './problems.ts';
import { nodeAt, type Path, type ProblemText, problemAt, type RawConfig } from './raw.ts';
import { formatDuration } from './scalars.ts';
import type {
  AlertsConfig,
  CloudBaseConfig,
  Config,
  PolicyConfig,
  PolicySection,
  Sections,
  TargetConfig,
  TargetEntry,
  TargetKeyConfig,
} from './schema.ts';
import type { ChannelConfig } from './schema-alerts.ts';
import type { CredentialsConfig, KeyConfig } from './schema-keys.ts';
import { DAY, SECOND } from './units.ts';

/** The sections that could be converted; an absent one has its problems already told. */
export type ParsedSections = Partial<Omit<Sections, 'targets'>>;
/** The entries of `targets` that could be converted, by their index in the file. */
export type ParsedTargets = ReadonlyMap<number, TargetEntry>;

export interface Resolution {
  /** Everything but the targets; undefined while a section is missing. */
  readonly settings: Omit<Config, 'targets'> | undefined;
  /** By their index in the file. */
  readonly targets: ReadonlyMap<number, TargetConfig>;
  readonly problems: readonly Problem[];
  /** Problems between two targets: which of them is wrong cannot be known, so neither may be left out for it. */
  readonly conflicts: readonly Problem[];
}

type Report = (path: Path, text: ProblemText) => void;

/** Applies every rule that joins several keys. `now`: from when calendars are surveyed. Pure but for the host name. */
export function resolve(raw: RawConfig, sections: ParsedSections, targets: ParsedTargets, now: number): Resolution {
  const problems: Problem[] = [];
  const report: Report = (path, text) => problems.push(problemAt(raw, path, text));
  const rules = { raw, report, now };
  if (sections.policy !== undefined) checkPolicy(rules, ['policy'], policyOf(sections, undefined), sections);
  checkSharedHosts(sections, report);
  if (sections.alerts !== undefined) checkChannels(raw, sections.alerts.channels, report);
  const resolved = new Map<number, TargetConfig>();
  for (const [index, entry] of targets) {
    checkTargetHosts(index, entry, sections.allowHosts ?? [], report);
    if (entry.policy !== undefined && sections.policy !== undefined)
      checkPolicy(rules, ['targets', index, 'policy'], policyOf(sections, entry.policy), sections);
    resolved.set(index, targetOf(entry, sections));
  }
  return { settings: settingsOf(sections), targets: resolved, problems, conflicts: duplicates(raw, resolved) };
}

function settingsOf(sections: ParsedSections): Omit<Config, 'targets'> | undefined {
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
    alerts: alertsOf(alerts),
    heartbeat: { url: heartbeat.url, healthUrl: heartbeat.healthUrl, everyMs: heartbeat.every },
    allowHosts,
  };
}

function alertsOf({ language, repeatEvery, digest, channels, none }: Sections['alerts']): AlertsConfig {
  return {
    language,
    repeatEvery: { warningMs: repeatEvery.warning, criticalMs: repeatEvery.critical },
    digest,
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

function keyOf(key: KeyConfig, credentials: CredentialsConfig): TargetKeyConfig {
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

const LONGEST_LIFETIME = 180 * DAY;

function policyOf({ policy, schedule }: ParsedSections, own: PolicySection | undefined): PolicyConfig {
  const lifetimeMs = own?.lifetime ?? policy?.lifetime ?? LONGEST_LIFETIME;
  const third = Math.floor(lifetimeMs / 3 / SECOND) * SECOND;
  const window = own?.window ?? policy?.window;
  return {
    lifetimeMs,
    renewBeforeMs: own?.renewBefore ?? policy?.renewBefore ?? third,
    window: window && {
      cron: window.cron,
      durationMs: window.duration,
      timezone: window.timezone ?? schedule?.timezone ?? 'UTC',
    },
  };
}

function expiryOf({ renewBeforeMs }: PolicyConfig, { alerts }: ParsedSections): TargetConfig['expiry'] {
  return {
    warningMs: alerts?.expiry.warning ?? Math.floor((renewBeforeMs * 3) / 4),
    criticalMs: alerts?.expiry.critical ?? Math.floor(renewBeforeMs / 3),
  };
}

interface Rules {
  readonly raw: RawConfig;
  readonly report: Report;
  readonly now: number;
}

/** The rules of one policy in force; `base` is the block whose keys a person would change. */
function checkPolicy({ raw, report, now }: Rules, base: Path, policy: PolicyConfig, sections: ParsedSections): void {
  const { lifetimeMs, renewBeforeMs, window } = policy;
  const at = (...keys: string[]): Path => {
    const key = keys.find((name) => nodeAt(raw.root, [...base, name]) !== undefined);
    return key === undefined ? base : [...base, key];
  };
  const own = base[0] === 'targets';
  if (renewBeforeMs >= lifetimeMs) {
    report(at('renewBefore', 'lifetime'), {
      found: `renewBefore ${formatDuration(renewBeforeMs)} with a lifetime of ${formatDuration(lifetimeMs)}`,
      wanted: 'renewBefore below lifetime',
      next: 'Leave renewBefore out to renew at a third of the lifetime.',
    });
    return;
  }
  checkTicks(own ? at('renewBefore', 'lifetime') : ['schedule', 'cron'], renewBeforeMs, sections, now, report);
  if (window !== undefined) checkWindow(at('window', 'renewBefore', 'lifetime'), window, renewBeforeMs, now, report);
  checkExpiry(own ? at('renewBefore', 'lifetime') : ['alerts', 'expiry'], policy, sections, report);
}

function checkTicks(
  path: Path,
  renewBeforeMs: number,
  { schedule }: ParsedSections,
  now: number,
  report: Report,
): void {
  if (schedule === undefined) return;
  const longest = Math.floor(renewBeforeMs / 10);
  const gapMs = parseCron(schedule.cron, schedule.timezone).longestGapMs(now, longest);
  if (gapMs <= longest) return;
  report(path, {
    found: `gaps of ${inWords(gapMs)} or more between checks`,
    wanted: `gaps of at most a tenth of renewBefore, here ${inWords(longest)}`,
    next: 'Let schedule.cron run more often; hourly is usual.',
  });
}

function checkWindow(path: Path, window: WindowRule, renewBeforeMs: number, now: number, report: Report): void {
  const shutMs = longestShutMs(window, now, renewBeforeMs);
  if (shutMs <= renewBeforeMs) return;
  report(path, {
    found: `a window that stays shut for ${inWords(shutMs)} or more`,
    wanted: `a window that opens within renewBefore, here ${inWords(renewBeforeMs)}`,
    next: 'Let the window open more often, or renew earlier.',
  });
}

/** Days, hours or seconds, whichever is short and exact enough for a person. */
function inWords(ms: number): string {
  if (ms >= 2 * DAY) return `${Math.floor((ms / DAY) * 10) / 10} days`;
  return ms >= 7200 * SECOND ? `${Math.floor((ms / (3600 * SECOND)) * 10) / 10} hours` : `${Math.floor(ms / SECOND)} s`;
}

function checkExpiry(path: Path, policy: PolicyConfig, sections: ParsedSections, report: Report): void {
  if (sections.alerts === undefined) return;
  const { warningMs, criticalMs } = expiryOf(policy, sections);
  if (criticalMs < warningMs && warningMs < policy.renewBeforeMs) return;
  report(path, {
    found: `critical ${formatDuration(criticalMs)}, warning ${formatDuration(warningMs)}, renewBefore ${formatDuration(policy.renewBeforeMs)}`,
    wanted: 'expiry.critical below expiry.warning below renewBefore',
    next: 'Leave alerts.expiry out for thresholds of 3/4 and 1/3 of renewBefore.',
  });
}

function checkSharedHosts({ apple, cloudbase, allowHosts = [] }: ParsedSections, report: Report): void {
  const check = hostCheck(allowHosts, report);
  check(['apple', 'tokenUrl'], apple?.tokenUrl, 'apple');
  check(['cloudbase', 'endpoint'], cloudbase?.endpoint, 'tcb');
  checkCredentials(['cloudbase', 'credentials'], cloudbase?.credentials, check);
}

function checkTargetHosts(index: number, entry: TargetEntry, allowHosts: readonly string[], report: Report): void {
  const check = hostCheck(allowHosts, report);
  const { key, cloudbase } = entry;
  check(['targets', index, 'cloudbase', 'endpoint'], cloudbase?.endpoint, 'tcb');
  checkCredentials(['targets', index, 'cloudbase', 'credentials'], cloudbase?.credentials, check);
  if (key.from === 'aws-secrets-manager') check(['targets', index, 'key', 'endpoint'], key.endpoint, 'aws');
  if (key.from !== 'tencent-ssm') return;
  check(['targets', index, 'key', 'endpoint'], key.endpoint, 'ssm');
  checkCredentials(['targets', index, 'key', 'credentials'], key.credentials, check);
}

type HostCheck = (path: Path, url: string | undefined, use: HostUse) => void;

function checkCredentials(path: Path, credentials: CredentialsConfig | undefined, check: HostCheck): void {
  if (credentials === undefined) return;
  check([...path, 'assumeRole', 'endpoint'], credentials.assumeRole?.endpoint, 'sts');
  if (credentials.from === 'cvm-role') check([...path, 'endpoint'], credentials.endpoint, 'metadata');
  if (credentials.from === 'tke-oidc') check([...path, 'endpoint'], credentials.endpoint, 'sts');
}

function hostCheck(allowHosts: readonly string[], report: Report): HostCheck {
  return (path, url, use) => {
    const wanted = url === undefined ? undefined : hostObjection(url, use, allowHosts);
    if (wanted !== undefined) report(path, { wanted });
  };
}

function checkChannels(raw: RawConfig, channels: readonly ChannelConfig[], report: Report): void {
  const listed = nodeAt(raw.root, ['targets']);
  const names = new Set(listed?.kind === 'list' ? listed.items.map((_, index) => nameAt(raw, index)) : []);
  const seen = new Map<string, number>();
  for (const [index, channel] of channels.entries()) {
    const path: Path = ['alerts', 'channels', index];
    const earlier = seen.get(channel.name);
    if (earlier !== undefined)
      report([...path, 'name'], { wanted: `a name of its own; alerts.channels[${earlier}] has this one` });
    else seen.set(channel.name, index);
    const wanted = 'url' in channel ? channelObjection(channel.url, channel.insecure) : undefined;
    if (wanted !== undefined) report([...path, 'url'], { wanted });
    for (const [at, name] of (channel.targets ?? []).entries())
      if (!names.has(name)) report([...path, 'targets', at], { wanted: 'the name of a target of this file' });
  }
}

/** The name as it stands in the file, also of an entry with problems. */
export function nameAt(raw: RawConfig, index: number): string {
  const node = nodeAt(raw.root, ['targets', index, 'name']);
  return node?.kind === 'text' && node.text !== '' ? node.text : `targets[${index}]`;
}

/** Two entries of one name or one identity, told at the later one. */
function duplicates(raw: RawConfig, targets: ReadonlyMap<number, TargetConfig>): Problem[] {
  const problems: Problem[] = [];
  const names = new Map<string, number>();
  const identities = new Map<string, number>();
  for (const [index, target] of targets) {
    const key = targetKey(target);
    const [sameName, sameIdentity] = [names.get(target.name), identities.get(key)];
    if (sameName === undefined) names.set(target.name, index);
    else
      problems.push(
        problemAt(raw, ['targets', index, 'name'], { wanted: `a name of its own; targets[${sameName}] has this one` }),
      );
    if (sameIdentity === undefined) identities.set(key, index);
    else
      problems.push(
        problemAt(raw, ['targets', index, 'envId'], {
          found: `the same endpoint, envId and providerId as targets[${sameIdentity}] (${nameAt(raw, sameIdentity)})`,
          wanted: 'each provider once',
          next: 'Remove one of the two entries.',
        }),
      );
  }
  return problems;
}
