// What is wrong with the service as a whole: a table with a row for each condition, each a pure function. What a
// process does not know (`once` has no scheduler, no clock was read yet) is undecided: neither raised nor cleared.
import type { ConditionFacts, ConditionName, Finding, SERVICE_CONDITIONS } from '../../core/alerts/conditions.ts';
import type { ChannelState } from '../../core/alerts/records.ts';
import { acceptsAll, NOTHING_SAID, rejectsAll } from '../../core/answers.ts';
import type { ErrorCode, StoredError } from '../../core/error-params.ts';
import { ALERT_AFTER_BAD_WRITES } from '../../core/lanes.ts';
import { isUrgent, type JudgeClock, judgeLogins } from '../../core/logins.ts';
import type { Degraded } from '../../core/ports.ts';
import type { FleetState, TargetState } from '../../core/records.ts';
import { within } from '../../core/schedule.ts';
import { DAY, MINUTE } from '../../core/time.ts';
import { type Detail, finding, type Look } from './finding.ts';
import { expiryToSay, notAhead, type WatchedTarget } from './target-facts.ts';

/** A channel of the configuration. */
export interface WatchedChannel {
  readonly name: string;
  /** Undefined: nothing was sent through it yet. */
  readonly state: ChannelState | undefined;
  /** When the oldest message that waits for it was written; null if none does. */
  readonly oldestAt: number | null;
}

/** Undefined: this process does not know. */
export interface ServiceFacts {
  readonly now: number;
  readonly clock: JudgeClock;
  readonly fleet: FleetState;
  readonly tokenUrl: string;
  /** `apple.check` is not off. */
  readonly asksApple: boolean;
  /** Of the configured targets, those that concern the service. */
  readonly states: readonly TargetState[];
  /** By key: all of them. */
  readonly configured: ReadonlyMap<string, Pick<WatchedTarget, 'key' | 'lane' | 'policy'>>;
  /** When Apple was last asked about a secret of any target. */
  readonly lastAskedAt: number | null;
  /** Our clock less CloudBase's, by the latest reading of this process. */
  readonly skewMs: number | undefined;
  readonly journal: {
    readonly path: string;
    /** Why it cannot be written; undefined: it can. */
    readonly degraded: Degraded | undefined;
    /** What everybody on this machine may write. */
    readonly exposed: ConditionFacts['JournalExposed']['places'];
  };
  readonly channels: readonly WatchedChannel[];
  /** Null: the configuration that was read last is in force. */
  readonly configurationRejected: { readonly at: number; readonly error: StoredError } | null | undefined;
  readonly scheduler: { readonly alive: boolean; readonly lastTurnAt: number } | undefined;
  /** The conditions of the service that are raised. */
  readonly open: ReadonlySet<ConditionName>;
}

/**
 * Whether a row below may ask for this state. Those of targets that are well, which are nearly all, need not be kept to
 * decide the conditions of the service.
 */
export function concernsService(state: TargetState): boolean {
  return waits(state) || state.dueSince !== null || isUnverified(state) || hasIdleRejection(state);
}

/** Everything that is wrong with the service now, in the order of the table. */
export function detectService(facts: ServiceFacts): Look {
  const findings: Finding[] = [];
  const undecided: ConditionName[] = [];
  for (const [name, row] of Object.entries(ROWS)) {
    const condition = name as Watched;
    const detail = row(facts);
    if (detail === 'undecided') undecided.push(condition);
    else if (detail !== undefined) findings.push(finding(condition, detail));
  }
  return {
    findings: [
      ...findings,
      ...facts.channels.flatMap((channel) => channelFailing(channel, facts.now)),
      ...writesFailing(facts),
    ],
    undecided,
  };
}

type Watched = Exclude<(typeof SERVICE_CONDITIONS)[number], 'StartRefused' | 'ChannelFailing' | 'WritesFailing'>;
type Rows = { readonly [Name in Watched]: (facts: ServiceFacts) => Detail<Name> | 'undecided' | undefined };

const ROWS: Rows = {
  Unverified: unverified,
  CredentialsRejected: credentialsRejected,
  AppleUnreachable: appleUnreachable,
  AppleRejectsAll: appleRejectsAll,
  AppleAcceptsAll: appleAcceptsAll,
  ClockSkewed: clockSkewed,
  JournalUnwritable: journalUnwritable,
  JournalExposed: journalExposed,
  ConfigurationRejected: configurationRejected,
  SchedulerStalled: schedulerStalled,
};

/** One condition for the fleet: if CloudBase hides its secrets, every target stays unverified. */
function unverified({ states }: ServiceFacts): Detail<'Unverified'> | undefined {
  const targets = states.filter(isUnverified);
  return targets.length === 0 ? undefined : { severity: 'warning', facts: { targets: namesOf(targets) } };
}

/** After the pass that wrote, and later as long as only our own record says what is deployed. */
function isUnverified({ state, deployed, written }: TargetState): boolean {
  if (state === 'unverified') return true;
  if (deployed === null || written === null || deployed.fingerprint !== written.fingerprint) return false;
  const isProven = deployed.shape === 'digest' && written.shownDigest === written.fingerprint;
  return deployed.shape !== 'clear' && !isProven;
}

const CREDENTIALS: ReadonlySet<ErrorCode> = new Set(['ERR_CREDENTIALS_REJECTED', 'ERR_CREDENTIALS_MISSING']);

function credentialsRejected({ states, clock }: ServiceFacts): Detail<'CredentialsRejected'> | undefined {
  const targets = states.filter(
    ({ state, error }) => state === 'failed' && error !== null && CREDENTIALS.has(error.code),
  );
  if (targets.length === 0) return undefined;
  const expiries = targets.flatMap((state) => expiryToSay(state, judgeLogins(state, clock)) ?? []);
  return {
    severity: 'critical',
    facts: { targets: namesOf(targets) },
    loginsUntil: expiries.length === 0 ? null : Math.min(...expiries),
    error: targets[0]?.error ?? null,
  };
}

const UNREACHABLE_MS = 2 * DAY;

/** Undecided if Apple was not asked within two days: only questions show whether it can be reached. */
function appleUnreachable({ fleet, tokenUrl, asksApple, lastAskedAt, now }: ServiceFacts): Outcome<'AppleUnreachable'> {
  const { firstAskedAt, answeredAt } = fleet.apple[tokenUrl] ?? NOTHING_SAID;
  if (!asksApple) return undefined;
  const lastAnswerAt = notAhead(answeredAt, now);
  const since = lastAnswerAt ?? notAhead(firstAskedAt, now);
  if (since !== null && now - since <= UNREACHABLE_MS) return undefined;
  if (since === null || !within(lastAskedAt, now, UNREACHABLE_MS)) return 'undecided';
  return { severity: 'warning', facts: { lastAnswerAt }, since };
}

/** Rejections that prove nothing, because Apple accepted nothing real: they may be the key's fault, or Apple's. */
function appleRejectsAll({ fleet, tokenUrl, asksApple, states }: ServiceFacts): Detail<'AppleRejectsAll'> | undefined {
  const record = fleet.apple[tokenUrl] ?? NOTHING_SAID;
  if (!asksApple || record.rejections === null || !rejectsAll(record)) return undefined;
  const targets = states.filter(hasIdleRejection);
  return { severity: 'critical', facts: { targets: namesOf(targets) }, since: record.rejections.since };
}

/** Apple has rejected a secret of it, and that proves nothing. */
function hasIdleRejection({ apple: { deployed, candidate } }: TargetState): boolean {
  return [deployed, candidate].some(({ answer }) => answer?.verdict === 'rejected' && !answer.counts);
}

/** Apple accepts what is signed with a throwaway key. */
function appleAcceptsAll({ fleet, tokenUrl, asksApple }: ServiceFacts): Detail<'AppleAcceptsAll'> | undefined {
  const record = fleet.apple[tokenUrl] ?? NOTHING_SAID;
  if (!asksApple || !acceptsAll(record)) return undefined;
  return { severity: 'critical', facts: {}, since: record.controlSince };
}

const SKEW_WARNING_MS = 60_000;
const SKEW_CRITICAL_MS = 4 * MINUTE;
/** Once raised it ends well below the threshold, so that a clock that is off by about a minute does not flap. */
const SKEW_OVER_MS = 45_000;

function clockSkewed({ skewMs, open }: ServiceFacts): Outcome<'ClockSkewed'> {
  if (skewMs === undefined) return 'undecided';
  const skew = Math.abs(skewMs);
  if (skew <= (open.has('ClockSkewed') ? SKEW_OVER_MS : SKEW_WARNING_MS)) return undefined;
  // Rounded to seconds, so that the same skew gives the same facts.
  const facts = { skewMs: Math.round(skewMs / 1000) * 1000 };
  return { severity: skew > SKEW_CRITICAL_MS ? 'critical' : 'warning', facts };
}

/**
 * Without the journal only urgent secrets are rotated, so this is critical as soon as a rotation waits. It is also
 * critical after a day, because a restart would lose what is known of hidden secrets and open alerts.
 */
function journalUnwritable({ journal, states, now }: ServiceFacts): Detail<'JournalUnwritable'> | undefined {
  const { path, degraded } = journal;
  if (degraded === undefined) return undefined;
  const { since, error } = degraded;
  const isCritical = now - since >= DAY || states.some(({ dueSince }) => dueSince !== null);
  return { severity: isCritical ? 'critical' : 'warning', facts: { path }, since, error };
}

function journalExposed({ journal: { exposed } }: ServiceFacts): Detail<'JournalExposed'> | undefined {
  return exposed.length === 0 ? undefined : { severity: 'warning', facts: { places: exposed } };
}

function configurationRejected({ configurationRejected: rejected }: ServiceFacts): Outcome<'ConfigurationRejected'> {
  if (rejected === undefined) return 'undecided';
  if (rejected === null) return undefined;
  return { severity: 'warning', facts: {}, since: rejected.at, error: rejected.error };
}

function schedulerStalled({ scheduler }: ServiceFacts): Outcome<'SchedulerStalled'> {
  if (scheduler === undefined) return 'undecided';
  const { alive, lastTurnAt } = scheduler;
  return alive ? undefined : { severity: 'critical', facts: { lastTurnAt }, since: lastTurnAt };
}

/** This many failures in a row are more than a short outage. */
const PATIENCE = 3;
const OVERDUE_MS = 15 * MINUTE;

/** After the third failure, at the first that a person must fix, or when a message has waited too long. */
function channelFailing({ name, state, oldestAt }: WatchedChannel, now: number): Finding[] {
  const attempts = state?.failures ?? 0;
  const error = state?.error ?? null;
  const refused = attempts > 0 && error?.code === 'ERR_CHANNEL_REFUSED';
  const overdue = oldestAt !== null && now - oldestAt > OVERDUE_MS;
  if (attempts < PATIENCE && !refused && !overdue) return [];
  const detail: Detail<'ChannelFailing'> = {
    severity: 'warning',
    facts: { channel: name, attempts, oldestAt },
    since: state?.failingSince ?? oldestAt,
    error: attempts > 0 ? error : null,
  };
  return [finding('ChannelFailing', detail, name)];
}

/** A lane without configured targets is not reported: no write of it can fail. */
function writesFailing({ fleet, configured, states, now, clock }: ServiceFacts): Finding[] {
  return Object.entries(fleet.lanes).flatMap(([lane, { badWrites, since, error }]) => {
    if (badWrites < ALERT_AFTER_BAD_WRITES || ![...configured.values()].some((target) => target.lane === lane))
      return [];
    const waiting = states.filter((state) => {
      const target = configured.get(state.key);
      if (target?.lane !== lane || !waits(state)) return false;
      return isUrgent(judgeLogins(state, clock), state.deployed, target.policy.lifetimeMs, clock);
    });
    const severity = waiting.length > 0 ? 'critical' : 'warning';
    const facts = { lane, badWrites, urgent: namesOf(waiting) };
    return [finding('WritesFailing', { severity, facts, since: notAhead(since, now), error }, lane)];
  });
}

/** A rotation or a check of it waits for something to pass. */
function waits({ state }: TargetState): boolean {
  return state === 'due' || state === 'failed';
}

type Outcome<Name extends Watched> = Detail<Name> | 'undecided' | undefined;

function namesOf(states: readonly TargetState[]): string[] {
  return states.map(({ name }) => name).sort();
}
