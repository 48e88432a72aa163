// What is wrong with a target: a table with a row for each condition, each a pure function of the journal's state, the
// configuration and the time. Instants and durations are ms; a stored instant in the future was written while the clock
// was wrong, and counts as never.
import type {
  ConditionFacts,
  ConditionName,
  ConditionTarget,
  Finding,
  FindingOf,
} from '../../core/alerts/conditions.ts';
import { isOfRenewal, RENEWAL_CONDITIONS, type TARGET_CONDITIONS } from '../../core/alerts/names.ts';
import { trueNow } from '../../core/decide.ts';
import { type ErrorCode, REMEDIES } from '../../core/errors.ts';
import { type Evidence, isUrgent, type JudgeClock, judgeLogins, type Logins } from '../../core/logins.ts';
import { emptyTargetState, identityOf, type TargetState } from '../../core/records.ts';
import { DAY, earliest, HOUR } from '../../core/time.ts';
import { type Detail, finding, type Look } from './finding.ts';
import { consentNeeded, providerChanged, providerDiffers, secretNotShown, secretReplaced } from './provider.ts';
import type { Surroundings } from './service.ts';
import { deadlineSeverity, expiryToSay, isUnsure, type Known, notAhead, type TargetFacts } from './target-facts.ts';
import { windowsPassed } from './windows-passed.ts';

/** Everything that is wrong with one target now, in the order of the table. */
export function detectTarget(facts: TargetFacts): Look {
  const { target } = facts;
  const { key, envId, providerId } = target;
  const state = facts.state ?? emptyTargetState(target, target.name);
  const logins = judgeLogins(state, facts.clock);
  const expiresAt = expiryToSay(state, logins);
  const leftMs = (expiresAt ?? Number.POSITIVE_INFINITY) - trueNow(facts.clock);
  const failing = faultOf(logins, facts.open) !== undefined;
  const known: Known = { ...facts, state, logins, now: facts.clock.now, expiresAt, leftMs };
  const undecided: readonly ConditionName[] = isUnsure(logins) ? UNSURE : failing ? RENEWAL_CONDITIONS : [];
  const findings = Object.entries(ROWS).flatMap(([name, row]) => {
    const condition = name as Watched;
    const found = undecided.includes(condition) ? undefined : row(known);
    if (found === undefined) return [];
    const detail = isOfRenewal(condition) ? { ...found, loginsUntil: expiresAt, error: state.error } : found;
    return [{ ...finding(condition, detail, target, { key, name: target.name, envId, providerId }), logins }];
  });
  return { findings, undecided };
}

/** What speaks of an expiry that is past. */
const UNSURE: readonly ConditionName[] = ['RenewalOverdue', 'SecretExpiring', 'LoginsFail'];

/** The others are of entries that are wrong or gone; see below. */
type Watched = Exclude<(typeof TARGET_CONDITIONS)[number], 'TargetMisconfigured' | 'Unwatched'>;
type Rows = { readonly [Name in Watched]: (known: Known) => Detail<Name> | undefined };

const ROWS: Rows = {
  RenewalOverdue: renewalOverdue,
  CheckStale: checkStale,
  RotationFailing: rotationFailing,
  SecretExpiring: secretExpiring,
  LoginsFail: loginsFail,
  ProviderDisabled: providerDisabled,
  ProviderDiffers: providerDiffers,
  ProviderChanged: providerChanged,
  SecretReplaced: secretReplaced,
  SecretNotShown: secretNotShown,
  ConsentNeeded: consentNeeded,
};

// ---- the two that need no cause

const OVERDUE_MS = DAY;
const OVERDUE_WINDOWS = 2;
/** Counting more windows would take longer and tell nobody more. */
const MOST_WINDOWS = 10;

/**
 * Due since the renewal instant, or since a rotation was first put off, whichever is earlier; a new target since it is
 * watched. It becomes critical once half of renewBefore is used up, window or not. A target that waits for a person
 * (`pending`) has conditions of its own.
 */
function renewalOverdue(known: Known): Detail<'RenewalOverdue'> | undefined {
  const { state, target, watchedSince, now, clock, leftMs } = known;
  const { window, renewBeforeMs } = target.policy;
  // Renewal is counted from an expiry, which is an instant of the true time; the rest is by our clock.
  const renewalAt = state.renewalAt === null ? null : state.renewalAt + (now - trueNow(clock));
  const since = earliest([renewalAt, state.dueSince].filter((at) => at !== null && at <= now));
  if (since === null || state.state === 'pending') return undefined;
  const dueSince = Math.max(since, Math.min(watchedSince, now));
  if (now - dueSince < OVERDUE_MS) return undefined;
  const passed = window === undefined ? null : windowsPassed(window, dueSince, now, MOST_WINDOWS);
  const critical = leftMs < renewBeforeMs / 2;
  if (!critical && passed !== null && passed < OVERDUE_WINDOWS) return undefined;
  const wanted = state.state === 'due' || state.state === 'failed';
  return {
    severity: critical ? 'critical' : 'warning',
    facts: { dueSince, reason: wanted ? state.reason : 'RenewalDue', windowsPassed: passed },
    since: dueSince,
  };
}

const STALE_MS = 6 * HOUR;
const VERY_STALE_MS = 48 * HOUR;
/** A schedule that ticks less often gets its gap, and this much for the check itself and its retries. */
const LATE_MS = 3 * HOUR;

function checkStale({ state, watchedSince, now, longestTickGapMs }: Known): Detail<'CheckStale'> | undefined {
  const gathered = notAhead(state.lastGatherAt, now);
  const since = gathered ?? Math.min(watchedSince, now);
  const staleMs = now - since;
  if (staleMs < Math.max(STALE_MS, longestTickGapMs + LATE_MS)) return undefined;
  return {
    severity: staleMs < Math.max(VERY_STALE_MS, 2 * longestTickGapMs + LATE_MS) ? 'warning' : 'critical',
    facts: { lastGatherAt: gathered },
    since,
  };
}

// ---- by cause

/** A failure that may pass by itself is reported at the third in a row. */
const PATIENCE = 3;
/** Errors with which a pass can end although nothing failed. */
const NO_FAILURES: ReadonlySet<ErrorCode> = new Set(['ERR_LEASE_HELD', 'ERR_INTERRUPTED']);

/**
 * Once raised it stays until a pass ends well: another error, or a wait after the failure, does not end it. A failure
 * from before the target was watched (it left the configuration and came back) says nothing: a pass comes at once.
 */
function rotationFailing(known: Known): Detail<'RotationFailing'> | undefined {
  const { state, target, clock, open, logins, watchedSince } = known;
  const { failures, nextAttemptAt } = state.retry;
  const emergency = !isUnsure(logins) && isUrgent(logins, state.deployed, target.policy.lifetimeMs, clock);
  const { error } = state;
  const isNow = (state.lastPassAt ?? 0) >= watchedSince;
  const failed = isNow && state.state === 'failed' && error !== null && !NO_FAILURES.has(error.code);
  const isUnproven = state.unproven !== null;
  const counts = failed && (emergency || isUnproven || failures >= PATIENCE || REMEDIES[error.code] === 'person');
  const lasts = open.has('RotationFailing') && failures > 0 && LASTING.has(state.state);
  if (!counts && !lasts) return undefined;
  const isCritical = emergency || isUnproven || error?.code === 'ERR_WRITTEN_LATELY';
  return {
    severity: isCritical ? 'critical' : deadlineSeverity(known),
    facts: { failures, nextAttemptAt, emergency },
  };
}

const LASTING: ReadonlySet<TargetState['state']> = new Set(['failed', 'due', 'unknown']);

function secretExpiring(known: Known): Detail<'SecretExpiring'> | undefined {
  const { target, expiresAt, leftMs } = known;
  if (expiresAt === null || leftMs >= target.expiry.warningMs) return undefined;
  return { severity: deadlineSeverity(known), facts: { expiresAt } };
}

/**
 * What logins fail for, but for somebody's choice; once that was told, also a secret that replaced a useless one, as
 * long as nothing shows that it is any better.
 */
function faultOf({ evidence }: Logins, open: TargetFacts['open']): Evidence | undefined {
  const [fault] = evidence.filter(({ verdict, detail }) => verdict === 'fails' && detail !== 'switched-off');
  if (fault !== undefined || !open.has('LoginsFail')) return fault;
  return evidence.find(({ detail }) => detail === 'unproven');
}

function loginsFail({ state, logins, open, expiresAt }: Known): Detail<'LoginsFail'> | undefined {
  const fault = faultOf(logins, open);
  if (fault === undefined) return undefined;
  const { detail, at } = fault;
  return {
    severity: 'critical',
    facts: {
      because: logins.because ?? 'secret',
      detail,
      at,
      expiresAt,
      keyId: state.deployed?.keyId ?? null,
      clockUncompared: detail === 'expired' && logins.evidence.some((each) => each.detail === 'never-compared'),
    },
    since: detail === 'expired' ? expiresAt : null,
    error: state.error,
  };
}

/** A warning, because somebody chose it, unless the configuration says that it is to be on. */
function providerDisabled({ state, target }: Known): Detail<'ProviderDisabled'> | undefined {
  if (state.provider.enabled !== false || state.provider.trouble !== null) return undefined;
  return { severity: target.stated.enabled === true ? 'critical' : 'warning', facts: {} };
}

// ---- entries of the configuration that are wrong or gone

/** A target whose entry is wrong has no thresholds of its own, so this is a third of the default renewBefore. */
const CRITICAL_MS = 20 * DAY;

/**
 * An entry of `targets` that is left out because it is wrong; `state`: what the journal knows under its name. Critical if
 * little time remains, or if it is not known how much. The id is made of the name: a wrong entry may have nothing else.
 */
export function detectMisconfigured(
  { name, problems }: Surroundings['misconfigured'][number],
  state: TargetState | undefined,
  clock: JudgeClock,
): Finding {
  const expiresAt = state === undefined ? null : expiryToSay(state, judgeLogins(state, clock));
  const isSafe = expiresAt !== null && expiresAt - trueNow(clock) >= CRITICAL_MS;
  const target = { key: state?.key ?? name, name, envId: state?.envId ?? null, providerId: state?.providerId ?? null };
  const severity = isSafe ? 'warning' : 'critical';
  return finding('TargetMisconfigured', { severity, facts: { problems }, loginsUntil: expiresAt }, name, target);
}

/** A target that left the configuration, and when its client secret expires. */
export function detectUnwatched(
  target: ConditionTarget,
  loginsUntil: number | null,
  facts: ConditionFacts['Unwatched'],
): FindingOf<'Unwatched'> {
  return finding('Unwatched', { severity: 'warning', facts, loginsUntil }, identityOf(target.key), target);
}
