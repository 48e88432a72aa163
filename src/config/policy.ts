// The policy in force for a target, and the rules that join lifetime, renewBefore, window, checks and thresholds: each
// may be fine alone, yet together a secret must be noticed, renewed and reported in time.
import { formatDuration } from '../adapters/scalars.ts';
import { longestShutMs, parseCron, type WindowRule } from '../core/cron.ts';
import { longestRenewBeforeMs } from '../core/schedule.ts';
import { DAY, SECOND } from '../core/time.ts';
import type { Parsed } from './parsed.ts';
import type { PolicySection, Sections } from './schema.ts';
import { type MapNode, nodeAt, type Path, type Report } from './tree.ts';

/** Apple's limit, rounded down to days; the default. renewBefore is below it, and so is every limit of a survey. */
const LONGEST_LIFETIME = 180 * DAY;

export interface PolicyConfig {
  readonly lifetimeMs: number;
  readonly renewBeforeMs: number;
  readonly window: WindowRule | undefined;
}

/** The file's settings, overridden by the target's own. An empty setting counts as left out. */
export function overridden<T extends object>(shared: T, own: T | undefined): T {
  const given = Object.entries(own ?? {}).filter(([, value]) => value !== undefined);
  return { ...shared, ...Object.fromEntries(given) };
}

/** A target's own settings, else the file's, else the defaults. */
export function policyOf(
  { policy, schedule }: Pick<Sections, 'policy' | 'schedule'>,
  own?: PolicySection,
): PolicyConfig {
  const { lifetime: lifetimeMs = LONGEST_LIFETIME, renewBefore, window } = overridden(policy, own);
  return {
    lifetimeMs,
    renewBeforeMs: renewBefore ?? Math.floor(lifetimeMs / 3 / SECOND) * SECOND,
    window: window && {
      cron: window.cron,
      durationMs: window.duration,
      timezone: window.timezone ?? schedule.timezone,
    },
  };
}

/** Explicit thresholds hold for every target; without them each gets 3/4 and 1/3 of its renewBefore. */
export function expiryOf({ renewBeforeMs }: PolicyConfig, { alerts }: Pick<Sections, 'alerts'>) {
  return {
    warningMs: alerts.expiry.warning ?? Math.floor((renewBeforeMs * 3) / 4),
    criticalMs: alerts.expiry.critical ?? Math.floor(renewBeforeMs / 3),
  };
}

export interface PolicyRules {
  readonly root: MapNode;
  readonly report: Report;
  readonly sections: Parsed['sections'];
  readonly isSound: Parsed['isSound'];
  readonly survey: Survey;
}

/** The rules of the policy that all targets share. */
export function checkSharedPolicy(rules: PolicyRules): void {
  const policy = policyOf(rules.sections);
  const keys = keysOf(rules.root, ['policy']);
  if (checkOrder(keys('renewBefore', 'lifetime'), policy, rules.report)) {
    checkTicks(['schedule', 'cron'], policy, rules);
    checkWindow(keys('window', 'renewBefore', 'lifetime'), policy, rules);
    checkExpiry(['alerts', 'expiry'], policy, rules);
  }
}

/** The rules of a policy that a target overrides in part. A problem of the shared policy is not repeated. */
export function checkOwnPolicy(rules: PolicyRules, index: number, own: PolicySection): void {
  const [shared, policy] = [policyOf(rules.sections), policyOf(rules.sections, own)];
  const keys = keysOf(rules.root, ['targets', index, 'policy']);
  const sameRenewal = policy.renewBeforeMs === shared.renewBeforeMs;
  if (sameRenewal && policy.lifetimeMs === shared.lifetimeMs && own.window === undefined) return;
  if (!checkOrder(keys('renewBefore', 'lifetime'), policy, rules.report)) return;
  if (!sameRenewal || own.window !== undefined) checkWindow(keys('window', 'renewBefore', 'lifetime'), policy, rules);
  if (sameRenewal) return;
  checkTicks(keys('renewBefore', 'lifetime'), policy, rules);
  checkExpiry(keys('renewBefore', 'lifetime'), policy, rules);
}

/** The first of some keys that a block has; the block itself if it has none. */
function keysOf(root: MapNode, block: Path): (...keys: string[]) => Path {
  return (...keys) => {
    const key = keys.find((name) => nodeAt(root, [...block, name]) !== undefined);
    return key === undefined ? block : [...block, key];
  };
}

function checkOrder(path: Path, { lifetimeMs, renewBeforeMs }: PolicyConfig, report: Report): boolean {
  const longest = longestRenewBeforeMs(lifetimeMs);
  if (renewBeforeMs <= longest) return true;
  report(path, {
    found: ['renewal', formatDuration(renewBeforeMs), formatDuration(lifetimeMs)],
    wanted: renewBeforeMs < lifetimeMs ? ['renewal-rest', longest] : ['renewal-below'],
    next: ['third-of-lifetime'],
  });
  return false;
}

/** The longest gaps of the calendars in a configuration, each computed once: a thousand targets share a handful. */
export interface Survey {
  /** The longest time between two checks, ms. Above the highest possible limit, any value above it. */
  readonly gapMs: (cron: string, timezone: string) => number;
  /** The longest time for which a window is shut, ms; likewise. */
  readonly shutMs: (window: WindowRule) => number;
}

/** `now`: from when calendars are surveyed. */
export function createSurvey(now: number): Survey {
  const known = new Map<string, number>();
  const once = (key: string, compute: () => number): number => {
    const answer = known.get(key) ?? compute();
    known.set(key, answer);
    return answer;
  };
  return {
    gapMs: (cron, timezone) =>
      once(JSON.stringify([cron, timezone]), () => parseCron(cron, timezone).longestGapMs(now, LONGEST_LIFETIME / 10)),
    shutMs: (window) => once(JSON.stringify(window), () => longestShutMs(window, now, LONGEST_LIFETIME)),
  };
}

function checkTicks(
  path: Path,
  { renewBeforeMs }: PolicyConfig,
  { sections, isSound, survey, report }: PolicyRules,
): void {
  if (!isSound(['schedule'])) return;
  const gapMs = survey.gapMs(sections.schedule.cron, sections.schedule.timezone);
  const longest = Math.floor(renewBeforeMs / 10);
  if (gapMs <= longest) return;
  report(path, {
    found: ['gaps', gapMs],
    wanted: ['short-gaps', longest],
    next: ['check-more-often'],
  });
}

function checkWindow(path: Path, { window, renewBeforeMs }: PolicyConfig, { survey, report }: PolicyRules): void {
  const shutMs = window === undefined ? 0 : survey.shutMs(window);
  if (shutMs <= renewBeforeMs) return;
  report(path, {
    found: ['shut-window', shutMs],
    wanted: ['open-window', renewBeforeMs],
    next: ['open-more-often'],
  });
}

function checkExpiry(path: Path, policy: PolicyConfig, { sections, isSound, report }: PolicyRules): void {
  if (!isSound(['alerts', 'expiry'])) return;
  const { warningMs, criticalMs } = expiryOf(policy, sections);
  const { renewBeforeMs } = policy;
  if (criticalMs < warningMs && warningMs < renewBeforeMs) return;
  report(path, {
    found: ['thresholds', formatDuration(criticalMs), formatDuration(warningMs), formatDuration(renewBeforeMs)],
    wanted: ['thresholds-below'],
    next: ['default-thresholds'],
  });
}
