// From the sections as the definition converted them to the configuration in force: what a target overrides, what
// defaults to what, and every rule that joins several keys. A problem stands at the key that a person would change.
import { hostname } from 'node:os';
import type { ChannelOptions } from '../adapters/channels/registry.ts';
import type { KeySourceOptions } from '../adapters/keys/registry.ts';
import { targetKey } from '../core/records.ts';
import { SECOND } from '../core/time.ts';
import { mapInSlices } from '../net/event-loop.ts';
import { checkChannels, checkSharedHosts, checkTargetHosts } from './hosts.ts';
import type { Parsed } from './parsed.ts';
import {
  checkOwnPolicy,
  checkSharedPolicy,
  createSurvey,
  expiryOf,
  overridden,
  type PolicyRules,
  policyOf,
} from './policy.ts';
import type { Problem } from './problems.ts';
import type { TargetEntry } from './schema.ts';
import {
  CLOUDBASE_ENDPOINT,
  checkSharedSites,
  checkTargetSites,
  credentialsBeside,
  endpointBeside,
  loginEndpointBeside,
  siteOf,
} from './sites.ts';
import { entryAt, nameAt, problemAt, type Report, type Tree } from './tree.ts';

type Sections = Parsed['sections'];

/** Everything but the targets. */
export type Settings = ReturnType<typeof settingsOf>;
/** The configuration in force, every default filled in. Durations are milliseconds. */
export type Config = Settings & { readonly targets: readonly TargetConfig[] };
/** A target with everything in force for it: its own settings, else the file's, else the defaults. */
export type TargetConfig = ReturnType<typeof targetOf>;
export type AlertsConfig = Settings['alerts'];
export type CloudBaseConfig = TargetConfig['cloudbase'];

export interface Resolution {
  readonly settings: Settings;
  /** By their index in the file. */
  readonly targets: ReadonlyMap<number, TargetConfig>;
  readonly problems: readonly Problem[];
  readonly conflicts: readonly Conflict[];
}

/** A problem between two entries of `targets`: either may be the wrong one. */
export interface Conflict {
  readonly problem: Problem;
  readonly between: readonly [index: number, index: number];
}

/** Applies every rule that joins several keys. `now`: from when calendars are surveyed. Pure, except that it reads the host name. */
export async function resolve(tree: Tree, parsed: Parsed, now: number): Promise<Resolution> {
  const { sections, targets, channels, isSound } = parsed;
  const problems: Problem[] = [];
  const report: Report = (path, text) => problems.push(problemAt(tree, path, text));
  const rules: PolicyRules = { root: tree.root, report, sections, isSound, survey: createSurvey(now) };
  if (isSound(['policy'])) checkSharedPolicy(rules);
  checkSharedHosts(sections, report);
  checkSharedSites(sections, isSound, report);
  checkChannels(tree.root, channels, report);
  const resolved = new Map<number, TargetConfig>();
  const conflicts: Conflict[] = [];
  const claim = claims(tree, conflicts);
  const same = oncePerValue((value: object) => value) as Sharing;
  const inForce = oncePerValue((own: Pick<TargetEntry, 'cloudbase' | 'policy'>) => inForceFor(own, sections));
  await mapInSlices(targets, ([index, entry]) => {
    checkTargetHosts(index, entry, sections.allowHosts, report);
    checkTargetSites(index, entry, sections, isSound, report);
    if (entry.policy !== undefined && isSound(['policy']) && isSound(['targets', index, 'policy']))
      checkOwnPolicy(rules, index, entry.policy);
    const { cloudbase, policy } = entry;
    const settings = inForce({ cloudbase, policy });
    const target = targetOf(entry, settings, same);
    claim(index, target, settings.site);
    resolved.set(index, target);
  });
  const settings = settingsOf(sections, [...channels.values()]);
  return { settings, targets: resolved, problems, conflicts };
}

/** Everything but the targets. */
export function settingsOf(sections: Sections, channels: readonly ChannelOptions[]) {
  const { journal, log, http, schedule, apple, allowHosts, alerts, heartbeat } = sections;
  const { language, timezone = schedule.timezone, repeatEvery, digest, runbook, none } = alerts;
  return {
    instance: sections.instance ?? hostname(),
    journal,
    log,
    http: { host: http.host, port: http.port, token: http.token, readToken: http.readToken },
    schedule,
    apple,
    allowHosts,
    alerts: {
      language,
      /** Of the times in messages. */
      timezone,
      repeatEvery: { warningMs: repeatEvery.warning, criticalMs: repeatEvery.critical },
      /** A cron expression in `schedule.timezone`; undefined: off. */
      digest: digest === 'off' ? undefined : digest,
      /** URL or path of the runbook, to which `#section` is appended. */
      runbook,
      /** Where people reach the HTTP interface, which serves the runbook too; without a slash at the end. */
      publicUrl: http.publicUrl,
      channels,
      /** It is accepted that alerts reach nobody. */
      noneAccepted: none !== undefined,
    },
    heartbeat: { url: heartbeat.url, healthUrl: heartbeat.healthUrl, everyMs: heartbeat.every },
  };
}

function targetOf(entry: TargetEntry, { site: _, origin, ...inForce }: InForce, same: Sharing) {
  const { teamId, clientId, keyId, envId, providerId, name } = entry;
  const key: KeySourceOptions =
    entry.key.from === 'tencent-ssm'
      ? {
          ...entry.key,
          endpoint: entry.key.endpoint ?? endpointBeside(origin, 'ssm'),
          credentials: credentialsBeside(origin, entry.key.credentials ?? inForce.cloudbase.credentials),
        }
      : entry.key;
  return {
    endpoint: origin,
    envId,
    providerId,
    name,
    ids: same({
      ...(teamId === undefined ? {} : { teamId }),
      ...(clientId === undefined ? {} : { clientId }),
      ...(keyId === undefined ? {} : { keyId }),
    }),
    key: same(key),
    /** How the provider is meant to be, as far as the configuration says. */
    stated: same(entry.provider ?? {}),
    ...inForce,
  };
}

type InForce = ReturnType<typeof inForceFor>;

/** What is in force for every target with these settings of its own. */
function inForceFor({ cloudbase, policy: ownPolicy }: Pick<TargetEntry, 'cloudbase' | 'policy'>, sections: Sections) {
  const shared = overridden(sections.cloudbase, cloudbase);
  const { endpoint, region, requestsPerSecond, timeout, credentials, write, loginCheck, loginEndpoint } = shared;
  const policy = policyOf(sections, ownPolicy);
  const { origin } = new URL(endpoint ?? CLOUDBASE_ENDPOINT);
  return {
    /** Scheme, host and port, lower case, without a slash at the end: part of the target's identity. */
    origin,
    /** What all addresses of a site have in common. */
    site: siteOf(origin) ?? origin,
    policy,
    cloudbase: {
      endpoint: origin,
      region: region ?? 'ap-shanghai',
      requestsPerSecond: requestsPerSecond ?? 5,
      timeoutMs: timeout ?? 15 * SECOND,
      credentials: credentialsBeside(origin, credentials ?? { from: 'env' }),
    },
    write: write ?? ('whole' as const),
    login: {
      check: loginCheck ?? ('off' as const),
      /** `{envId}` stands for the environment. */
      endpoint: loginEndpoint ?? loginEndpointBeside(origin),
    },
    /** The coming expiry is an alert when less than this is left. */
    expiry: expiryOf(policy, sections),
  };
}

/** Gives equal plain data as one object: of ten thousand targets, most have the same settings. */
type Sharing = <T extends object>(value: T) => T;

/** `make`, asked once for each of the values that are equal plain data. */
function oncePerValue<T, R>(make: (value: T) => R): (value: T) => R {
  const known = new Map<string, R>();
  return (value) => {
    const text = JSON.stringify(value);
    const made = known.get(text) ?? make(value);
    known.set(text, made);
    return made;
  };
}

/** Finds two entries of one name or one identity, as problems of the later one. */
function claims(tree: Tree, conflicts: Conflict[]): (index: number, target: TargetConfig, site: string) => void {
  const { root } = tree;
  const taken = new Map<string, number>();
  const claim = (claimed: string, index: number, problemBeside: (earlier: number) => Problem) => {
    const earlier = taken.get(claimed);
    if (earlier === undefined) taken.set(claimed, index);
    else conflicts.push({ problem: problemBeside(earlier), between: [earlier, index] });
  };
  return (index, target, site) => {
    claim(`name ${target.name}`, index, (earlier) =>
      problemAt(tree, ['targets', index, 'name'], { wanted: ['other-name', entryAt(root, earlier)] }),
    );
    claim(`identity ${targetKey({ ...target, endpoint: site })}`, index, (earlier) =>
      problemAt(tree, ['targets', index, 'envId'], {
        found: ['same-provider', entryAt(root, earlier), nameAt(root, earlier)],
        wanted: ['provider-once'],
        next: ['remove-entry'],
      }),
    );
  };
}
