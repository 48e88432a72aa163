// What is wrong with a target: a table with a row a condition, each a pure function of what the journal knows, of the
// configuration and of the instant. A row names nothing where it finds nothing. Instants and durations are ms; a stored
// instant in the future was written by a clock that was wrong, and counts as never.
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

/** No condition promises logins that another one of the same target puts in doubt; what is over is said all the same. */
function withoutPromise(found: Finding): Finding {
  const isBound =
    found.condition === 'SecretExpired' || (found.condition === 'RotationFailing' && found.facts.emergency);
  return isBound ? found : { ...found, loginsUntil: null };
}

/** A target that is not in the configuration is the subject of detect.ts. */
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

/** After a start, or a step of the clock, the first checks have so long before time alone is an alarm. */
const SETTLE_MS = 10 * MINUTE;

// ---- the two that ask for no cause

const OVERDUE_MS = DAY;
const OVERDUE_WINDOWS = 2;
/** Nobody needs to know how many it were beyond this. */
const MOST_WINDOWS = 10;

/**
 * Due since the renewal instant, or since a rotation was first put off, whichever is earlier; for a target that is
 * new, since it is watched. Half of renewBefore used up makes it critical, window or not. What waits for a person
 * (`pending`) has conditions of its own, which rise with the expiry.
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
/** A schedule that ticks less often than that gets its gap, and so much for the check itself and its retries. */
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

/** A failure that may pass is told at the third in a row. */
const PATIENCE = 3;
/** How a pass can end without anything having failed. */
const NO_FAILURES: ReadonlySet<ErrorCode> = new Set(['ERR_LEASE_HELD', 'ERR_INTERRUPTED']);

/** Once raised it lasts until a pass ends well: a failure that changes its kind, or its place to a wait, is no end. */
function rotationFailing(known: Known): Detail<'RotationFailing'> | undefined {
  const { state, target, now, open } = known;
  const { failures, nextAttemptAt } = state.retry;
  const emergency = isRecordEmergency(state.deployed, target.policy.lifetimeMs, now) || isRejected(known);
  const { error } = state;
  const failed = state.state === 'failed' && error !== null && !NO_FAILURES.has(error.code);
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

/** While the check is blind it is not raised; once raised, blindness is no all-clear. */
function appleRejectsSecret(known: Known): Detail<'AppleRejectsSecret'> | undefined {
  const { appleAsked } = known.state;
  if (appleAsked === null || !(isRejected(known) || known.open.has('AppleRejectsSecret'))) return undefined;
  if (!isRejected({ ...known, appleBlind: false })) return undefined;
  const { asked, at, keyId, fingerprint } = appleAsked;
  return { severity: 'critical', facts: { asked, askedAt: at, keyId, fingerprint } };
}

/** Apple rejects what is deployed, or its key, and its answers mean something. An answer about another key is void. */
function isRejected({ state, target, appleBlind }: Known): boolean {
  const { appleAsked, deployed } = state;
  if (target.appleCheck === 'off' || appleBlind || appleAsked?.verdict !== 'rejected') return false;
  return deployed === null || deployed.keyId === null || deployed.keyId === appleAsked.keyId;
}
