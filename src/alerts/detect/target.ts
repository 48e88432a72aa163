// What is wrong with a target: a table with a row for each condition, each a pure function of the journal's state, the
// configuration and the time. Instants and durations are ms; a stored instant in the future was written while the clock
// was wrong, and counts as never.
import type { Finding, TARGET_CONDITIONS } from '../../core/alerts/conditions.ts';
import { isInDoubt } from '../../core/alerts/logins.ts';
import { isRecordEmergency } from '../../core/deployed.ts';
import { type ErrorCode, REMEDIES } from '../../core/errors.ts';
import { emptyTargetState, type TargetState } from '../../core/records.ts';
import { DAY, HOUR, MINUTE } from '../../core/time.ts';
import { type Detail, finding } from './finding.ts';
import { adoptionPending, providerChanged, secretReplaced } from './provider.ts';
import { earliest, expiryOf, type Known, leftMs, severityOf, type TargetFacts } from './target-facts.ts';
import { windowsPassed } from './windows-passed.ts';

/** Everything that is wrong with one target now, in the order of the table. */
export function detectTarget(facts: TargetFacts): Finding[] {
  const { target } = facts;
  const { key, name, envId, providerId } = target;
  const known: Known = { ...facts, state: facts.state ?? emptyTargetState(target, name) };
  const findings = Object.entries(ROWS).flatMap(([condition, row]) => {
    const detail = row(known);
    if (detail === undefined) return [];
    return [finding(condition as Watched, detail, target, { key, name, envId, providerId })];
  });
  const raised = findings.map(({ condition }) => condition);
  return isInDoubt(raised, known.state.error) ? findings.map(withoutPromise) : findings;
}

/**
 * No condition says that logins work if another one of the same target puts that in doubt; an expiry that has passed
 * stays.
 */
function withoutPromise(found: Finding): Finding {
  const isBound =
    found.condition === 'SecretExpired' || (found.condition === 'RotationFailing' && found.facts.emergency);
  return isBound ? found : { ...found, loginsUntil: null };
}

/** detect.ts finds targets whose entry is wrong. */
type Watched = Exclude<(typeof TARGET_CONDITIONS)[number], 'TargetMisconfigured'>;
type Rows = { readonly [Name in Watched]: (known: Known) => Detail<Name> | undefined };

const ROWS: Rows = {
  RenewalOverdue: renewalOverdue,
  CheckStale: checkStale,
  RotationFailing: rotationFailing,
  SecretExpiring: secretExpiring,
  SecretExpired: secretExpired,
  AppleRejectsSecret: appleRejectsSecret,
  ProviderDisabled: ({ state }) => (state.providerDisabled ? { severity: 'warning', facts: {} } : undefined),
  ProviderChanged: providerChanged,
  SecretReplaced: secretReplaced,
  AdoptionPending: adoptionPending,
};

/** How long the first checks after a start or a step of the clock have before lateness alone raises a condition. */
const SETTLE_MS = 10 * MINUTE;

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
function renewalOverdue({ state, target, watchedSince, now }: Known): Detail<'RenewalOverdue'> | undefined {
  const { window, renewBeforeMs } = target.policy;
  const since = earliest([state.renewalAt, state.dueSince].filter((at) => at !== null && at <= now));
  if (since === null || state.state === 'pending') return undefined;
  const dueSince = Math.max(since, Math.min(watchedSince, now));
  if (now - dueSince < OVERDUE_MS) return undefined;
  const passed = window === undefined ? null : windowsPassed(window, dueSince, now, MOST_WINDOWS);
  const critical = leftMs(state, now) < renewBeforeMs / 2;
  if (!critical && passed !== null && passed < OVERDUE_WINDOWS) return undefined;
  const wanted = state.state === 'due' || state.state === 'failed';
  return {
    severity: critical ? 'critical' : 'warning',
    facts: { dueSince, reason: wanted ? state.reason : 'RenewalDue', windowsPassed: passed },
    since: dueSince,
    loginsUntil: expiryOf(state),
    error: state.error,
    holdMs: SETTLE_MS,
  };
}

const STALE_MS = 6 * HOUR;
const VERY_STALE_MS = 48 * HOUR;
/** A schedule that ticks less often gets its gap, and this much for the check itself and its retries. */
const LATE_MS = 3 * HOUR;

function checkStale({ state, watchedSince, now, longestTickGapMs }: Known): Detail<'CheckStale'> | undefined {
  const { lastGatherAt } = state;
  const gathered = lastGatherAt !== null && lastGatherAt <= now ? lastGatherAt : null;
  const since = gathered ?? Math.min(watchedSince, now);
  const staleMs = now - since;
  if (staleMs < Math.max(STALE_MS, longestTickGapMs + LATE_MS)) return undefined;
  return {
    severity: staleMs < Math.max(VERY_STALE_MS, 2 * longestTickGapMs + LATE_MS) ? 'warning' : 'critical',
    facts: { lastGatherAt: gathered },
    since,
    loginsUntil: expiryOf(state),
    error: state.error,
    holdMs: SETTLE_MS,
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
  const { state, target, now, open, watchedSince } = known;
  const { failures, nextAttemptAt } = state.retry;
  const emergency = isRecordEmergency(state.deployed, target.policy.lifetimeMs, now) || isRejected(known);
  const { error } = state;
  const isNow = (state.lastPassAt ?? 0) >= watchedSince;
  const failed = isNow && state.state === 'failed' && error !== null && !NO_FAILURES.has(error.code);
  const counts = failed && (emergency || failures >= PATIENCE || REMEDIES[error.code] === 'person');
  const lasts = open.has('RotationFailing') && failures > 0 && LASTING.has(state.state);
  if (!counts && !lasts) return undefined;
  return {
    severity: emergency ? 'critical' : severityOf(known),
    facts: { failures, nextAttemptAt, emergency },
    loginsUntil: expiryOf(state),
    error,
  };
}

const LASTING: ReadonlySet<TargetState['state']> = new Set(['failed', 'due', 'unknown']);

function secretExpiring(known: Known): Detail<'SecretExpiring'> | undefined {
  const { state, target, now } = known;
  const expiresAt = expiryOf(state);
  if (expiresAt === null || expiresAt - now >= target.expiry.warningMs) return undefined;
  return { severity: severityOf(known), facts: { expiresAt }, loginsUntil: expiresAt, error: state.error };
}

function secretExpired({ state, now }: Known): Detail<'SecretExpired'> | undefined {
  const expiresAt = expiryOf(state);
  if (expiresAt === null || expiresAt > now) return undefined;
  return { severity: 'critical', facts: { expiresAt }, since: expiresAt, loginsUntil: expiresAt, error: state.error };
}

/** Not raised while the check is blind; once raised, blindness does not clear it. */
function appleRejectsSecret(known: Known): Detail<'AppleRejectsSecret'> | undefined {
  const { appleAsked } = known.state;
  if (appleAsked === null || !(isRejected(known) || known.open.has('AppleRejectsSecret'))) return undefined;
  if (!isRejected({ ...known, appleBlind: false })) return undefined;
  const { asked, at, keyId, fingerprint } = appleAsked;
  return { severity: 'critical', facts: { asked, askedAt: at, keyId, fingerprint } };
}

/**
 * Apple rejects the deployed secret or its key, and its answers prove something. An answer about another key does not
 * count.
 */
function isRejected({ state, target, appleBlind }: Known): boolean {
  const { appleAsked, deployed } = state;
  if (target.appleCheck === 'off' || appleBlind || appleAsked?.verdict !== 'rejected') return false;
  return deployed === null || deployed.keyId === null || deployed.keyId === appleAsked.keyId;
}
