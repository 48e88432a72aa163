// Whether people can sign in with Apple with what is deployed: the one judge. It weighs what the journal holds about a
// target; decisions, commands, alerts, metrics and HTTP read its value and judge nothing themselves.
import { isAbout, isRejected } from './answers.ts';
import type { EvidenceDetail, EvidenceKind, LoginCause, LoginState } from './reasons.ts';
import type { TargetState } from './records.ts';
import { emergencyInstant, within } from './schedule.ts';
import type { StatedSettings } from './stated-settings.ts';
import { HOUR, MINUTE } from './time.ts';

export interface Evidence {
  readonly kind: EvidenceKind;
  readonly verdict: LoginState;
  /** When it was found, ms since the epoch. */
  readonly at: number;
  readonly detail: EvidenceDetail;
}

export interface Logins {
  readonly state: LoginState;
  /** When the deployed secret expires; null where that is not known, and where logins fail. */
  readonly until: number | null;
  readonly because: LoginCause | null;
  readonly evidence: readonly Evidence[];
}

/** Evidence that proves nothing yet, and that a person should know. */
export const IN_DOUBT: ReadonlySet<EvidenceDetail> = new Set([
  'rejected-once',
  'rejected-uncounted',
  'accepted-uncounted',
  'missing',
  'unreadable',
  'unproven',
  'not-found-once',
  'strange-host',
  'invalid-client-once',
  'never-compared',
]);

/** What a judge needs to know about the time. */
export interface JudgeClock {
  /** Our wall clock. */
  readonly now: number;
  /** Our clock less CloudBase's in ms; undefined: not compared yet. */
  readonly skewMs: number | undefined;
  /** Since when this process could have compared it. */
  readonly since: number;
}

/** `works` ages into `unknown`. */
const WORKS_MS = 48 * HOUR;
/** Two reads without a provider, or two answers of the login check, prove something if they are so far apart. */
export const SEEN_TWICE_MS = 5 * MINUTE;
/** Before the clock was compared nothing is said to have expired, for at most this long. */
const UNCOMPARED_MS = HOUR;

const CAUSES: Readonly<Record<EvidenceKind, LoginCause | null>> = {
  apple: 'secret',
  secret: 'secret',
  provider: 'provider',
  'login-check': 'login-check',
  clock: null,
};

/** Judges what the journal knows of a target. */
export function judgeLogins(state: TargetState, clock: JudgeClock): Logins {
  const apple = ofApple(state, clock.now);
  const accepted = apple?.verdict === 'works' ? apple : undefined;
  const evidence = [
    ofProvider(state),
    apple,
    ofSecret(state, clock),
    ofLoginCheck(state, accepted !== undefined),
    ofSwitch(state),
    ofHost(state),
  ].flat();
  const found = evidence.filter((each) => each !== undefined);
  const [failing] = found.filter(({ verdict }) => verdict === 'fails');
  if (failing !== undefined) return { state: 'fails', until: null, because: CAUSES[failing.kind], evidence: found };
  return {
    state: accepted === undefined ? 'unknown' : 'works',
    until: state.deployed?.expiresAt ?? null,
    because: null,
    evidence: found,
  };
}

/**
 * True if only somebody's choice keeps logins from working: the provider is switched off, and the configuration does not
 * state that it is on.
 */
export function isChoice(
  {
    state,
    evidence,
  }: {
    readonly state: LoginState;
    readonly evidence: readonly Pick<Evidence, 'verdict' | 'detail'>[];
  },
  stated?: Pick<StatedSettings, 'enabled'>,
): boolean {
  const failing = evidence.filter(({ verdict }) => verdict === 'fails');
  return state === 'fails' && stated?.enabled !== true && failing.every(({ detail }) => detail === 'switched-off');
}

/** Logins fail because of the secret, or less than a tenth of its lifetime is left. */
export function isUrgent(
  { state, because }: Logins,
  deployed: Lifetime | null,
  policyLifetimeMs: number,
  { now, skewMs = 0 }: JudgeClock,
): boolean {
  if (state === 'fails' && because === 'secret') return true;
  if (deployed === null || deployed.expiresAt === null) return false;
  return now - skewMs > emergencyInstant(deployed.expiresAt, lifetimeOf(deployed, policyLifetimeMs));
}

interface Lifetime {
  readonly issuedAt: number | null;
  readonly expiresAt: number | null;
}

/** `exp − iat` if both are known, else the policy's. */
export function lifetimeOf({ issuedAt, expiresAt }: Lifetime, policyLifetimeMs: number): number {
  return issuedAt !== null && expiresAt !== null && expiresAt > issuedAt ? expiresAt - issuedAt : policyLifetimeMs;
}

/** What Apple said about the deployed secret, or about the identity of a hidden one. */
function ofApple(
  {
    apple: {
      deployed: { answer },
    },
    deployed,
  }: TargetState,
  now: number,
): Evidence | undefined {
  if (answer === null || deployed === null || !isAbout(answer, deployed)) return undefined;
  const { at, verdict, counts } = answer;
  const isHidden = deployed.from !== 'read';
  // A secret that shows is asked about itself: what was said of another one of its identity is no evidence.
  if (!isHidden && answer.fingerprint !== deployed.fingerprint) return undefined;
  const row = (found: LoginState, detail: EvidenceDetail) => ({ kind: 'apple' as const, verdict: found, at, detail });
  if (verdict === 'accepted') {
    if (!counts) return row('unknown', 'accepted-uncounted');
    if (isHidden) return row('unknown', 'identity-accepted');
    return row(within(at, now, WORKS_MS) ? 'works' : 'unknown', 'accepted');
  }
  if (isRejected(answer)) return row('fails', 'rejected');
  return row('unknown', counts ? 'rejected-once' : 'rejected-uncounted');
}

/** The secret as it shows, or as our last write stands in for it. */
function ofSecret(state: TargetState, { now, skewMs, since }: JudgeClock): Evidence[] {
  const { deployed, unproven, lastGatherAt } = state;
  if (deployed === null) return [];
  const at = lastGatherAt ?? now;
  const row = (verdict: LoginState, detail: EvidenceDetail): Evidence => ({ kind: 'secret', verdict, at, detail });
  const { expiresAt, defect, from, shape, fingerprint } = deployed;
  if (from === 'none') return [row('unknown', shape === 'masked' || shape === 'digest' ? 'unreadable' : 'missing')];
  const isCompared = skewMs !== undefined;
  const uncompared: Evidence = { kind: 'clock', verdict: 'unknown', at: now, detail: 'never-compared' };
  if (expiresAt !== null && expiresAt <= now - (skewMs ?? 0)) {
    if (isCompared) return [row('fails', 'expired')];
    return now - since < UNCOMPARED_MS ? [uncompared] : [row('fails', 'expired'), uncompared];
  }
  if (defect !== null) return [row('fails', defect)];
  const plain = row('unknown', from === 'record' ? 'stands-in' : 'valid');
  return unproven !== null && unproven === fingerprint ? [plain, row('unknown', 'unproven')] : [plain];
}

/** The provider or its environment is gone. */
function ofProvider({ provider: { trouble, since, at } }: TargetState): Evidence | undefined {
  if (trouble === null || since === null || at === null) return undefined;
  if (at - since < SEEN_TWICE_MS) return { kind: 'provider', verdict: 'unknown', at, detail: 'not-found-once' };
  return { kind: 'provider', verdict: 'fails', at, detail: trouble === 'gone' ? 'gone' : 'environment-gone' };
}

function ofSwitch({ provider: { enabled, trouble, at } }: TargetState): Evidence | undefined {
  if (enabled !== false || trouble !== null || at === null) return undefined;
  return { kind: 'provider', verdict: 'fails', at, detail: 'switched-off' };
}

function ofHost({ provider: { strangeHost, at } }: TargetState): Evidence | undefined {
  if (strangeHost === null || at === null) return undefined;
  return { kind: 'provider', verdict: 'unknown', at, detail: 'strange-host' };
}

/** An acceptance by Apple outweighs the login check. */
function ofLoginCheck({ loginCheck }: TargetState, isAccepted: boolean): Evidence | undefined {
  if (loginCheck?.verdict !== 'rejected' || loginCheck.rejectedSince === null) return undefined;
  const { at, rejectedSince } = loginCheck;
  const kind = 'login-check' as const;
  const isTwice = at - rejectedSince >= SEEN_TWICE_MS;
  if (!isTwice) return { kind, verdict: 'unknown', at, detail: 'invalid-client-once' };
  return { kind, verdict: isAccepted ? 'unknown' : 'fails', at, detail: 'invalid-client' };
}
