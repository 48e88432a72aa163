// What is wrong with the service as a whole: a table with a row for each condition, each a pure function. What a
// process does not know (`once` has no scheduler, no clock was read yet) is undecided: neither raised nor cleared.
import type { ConditionFacts, ConditionName, Finding } from '../../core/alerts/conditions.ts';
import type { SERVICE_CONDITIONS, SharedCondition } from '../../core/alerts/names.ts';
import type { ChannelState } from '../../core/alerts/records.ts';
import { acceptsAll, NOTHING_SAID, rejectsAll } from '../../core/answers.ts';
import type { StoredError } from '../../core/error-params.ts';
import type { Degraded, SeenReplica } from '../../core/journal-ports.ts';
import { ALERT_AFTER_BAD_WRITES } from '../../core/lanes.ts';
import { isUrgent, type JudgeClock, judgeLogins } from '../../core/logins.ts';
import type { AppleRecord, FleetState, TargetState } from '../../core/records.ts';
import { within } from '../../core/schedule.ts';
import type { KeyProblem } from '../../core/texts/problems.ts';
import { DAY, MINUTE, SECOND } from '../../core/time.ts';
import { type Detail, finding, type Look } from './finding.ts';
import { notAhead, type WatchedTargets } from './target-facts.ts';

/** What only this process knows. `undefined`: it does not know, so it neither raises nor clears anything by it. */
export interface Surroundings extends JudgeClock {
  /** Since when this process has this configuration. */
  readonly configuredAt: number;
  /** The targets that this process looks at. The same object as long as the configuration is the same. */
  readonly targets: WatchedTargets;
  /** Entries of `targets` that are left out because they are wrong. */
  readonly misconfigured: readonly { readonly name: string; readonly problems: readonly KeyProblem[] }[];
  /** Every target of the configuration, whether it was selected or not. */
  readonly configured: WatchedTargets;
  /** The longest time between two ticks of the schedule. */
  readonly longestTickGapMs: number;
  readonly tokenUrl: string;
  readonly journal: {
    readonly path: string;
    /** Why it cannot be written; undefined: it can. */
    readonly degraded: Degraded | undefined;
    /** What everybody on this machine may write. */
    readonly exposed: ConditionFacts['JournalExposed']['places'];
  };
  /** Null: the configuration in force is the one that was read last. */
  readonly configurationRejected: { readonly at: number; readonly error: StoredError } | null | undefined;
  readonly scheduler: { readonly alive: boolean; readonly lastTurnAt: number } | undefined;
  /** Null: one daemon alone works with the journal. `configuration`: the digest of that of the replica that leads. */
  readonly replicas:
    | { readonly configuration: string; readonly seen: readonly SeenReplica[] | undefined }
    | null
    | undefined;
  /** Passes are under way, so that more targets may turn out to have the same trouble. */
  readonly isSweeping: boolean;
}

/** … and what the journal knows. */
export interface ServiceFacts
  extends Omit<Surroundings, 'configuredAt' | 'misconfigured' | 'longestTickGapMs' | 'isSweeping'> {
  readonly fleet: FleetState;
  /** Of the configured targets, those that concern the service. */
  readonly states: readonly TargetState[];
  /** When Apple was last asked about a secret of any target. */
  readonly lastAskedAt: number | null;
  /** `oldestAt`: when the oldest message that waits for it was written; null if none does. */
  readonly channels: readonly { readonly state: ChannelState; readonly oldestAt: number | null }[];
  /** The replica that says so; undefined: this process. */
  readonly replica?: string;
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
  const { replicas, channels, now } = facts;
  const seen = replicas?.seen ?? [];
  const ofEach = replicas ? living(seen).map((replica) => factsOf(replica, facts)) : [facts];
  const findings: Finding[] = [];
  const undecided: ConditionName[] = [];
  for (const [name, row] of Object.entries(ROWS)) {
    const condition = name as Watched;
    for (const its of OF_A_REPLICA.has(condition) ? ofEach : [facts]) {
      const detail = row(its);
      if (detail === 'undecided' && its === facts) undecided.push(condition);
      if (detail === 'undecided' || detail === undefined) continue;
      const { replica } = its;
      const named = replica === undefined ? detail : { ...detail, facts: { ...detail.facts, replica } };
      findings.push(finding(condition, named as Detail<Watched>, replica));
    }
  }
  if (replicas !== null && replicas?.seen === undefined)
    undecided.push('ReplicaSilent', ...(replicas ? OF_A_REPLICA : []));
  return {
    findings: [
      ...findings,
      ...channels.flatMap((channel) => channelFailing(channel, now)),
      ...writesFailing(facts),
      ...replicasSilent(seen),
    ],
    undecided,
  };
}

type Watched = Exclude<
  (typeof SERVICE_CONDITIONS)[number],
  'StartRefused' | 'ChannelFailing' | 'WritesFailing' | 'ReplicaSilent' | SharedCondition
>;
type Rows = { readonly [Name in Watched]: (facts: ServiceFacts) => Detail<Name> | 'undecided' | undefined };

const ROWS: Rows = {
  Unverified: unverified,
  AppleUnreachable: appleUnreachable,
  AppleRejectsAll: appleRejectsAll,
  AppleAcceptsAll: appleAcceptsAll,
  ClockSkewed: clockSkewed,
  JournalUnwritable: journalUnwritable,
  JournalExposed: journalExposed,
  ConfigurationRejected: configurationRejected,
  SchedulerStalled: schedulerStalled,
  ReplicasDiffer: replicasDiffer,
};

/** Each replica has its own. */
const OF_A_REPLICA: ReadonlySet<ConditionName> = new Set(['ClockSkewed', 'ConfigurationRejected', 'SchedulerStalled']);

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

/** Undefined: Apple is not asked. */
function saidByApple({ fleet, tokenUrl, targets }: ServiceFacts): AppleRecord | undefined {
  const isAsked = targets.values().some(({ appleCheck }) => appleCheck !== 'off');
  return isAsked ? (fleet.apple[tokenUrl] ?? NOTHING_SAID) : undefined;
}

const UNREACHABLE_MS = 2 * DAY;

/** Undecided if Apple was not asked within two days: only questions show whether it can be reached. */
function appleUnreachable(facts: ServiceFacts): Outcome<'AppleUnreachable'> {
  const { lastAskedAt, now } = facts;
  const record = saidByApple(facts);
  if (record === undefined) return undefined;
  const lastAnswerAt = notAhead(record.answeredAt, now);
  const since = lastAnswerAt ?? notAhead(record.firstAskedAt, now);
  if (since !== null && now - since <= UNREACHABLE_MS) return undefined;
  if (since === null || !within(lastAskedAt, now, UNREACHABLE_MS)) return 'undecided';
  return { severity: 'warning', facts: { lastAnswerAt }, since };
}

/** Rejections that prove nothing, because Apple accepted nothing real: they may be the key's fault, or Apple's. */
function appleRejectsAll(facts: ServiceFacts): Detail<'AppleRejectsAll'> | undefined {
  const record = saidByApple(facts);
  if (!record?.rejections || !rejectsAll(record)) return undefined;
  const targets = facts.states.filter(hasIdleRejection);
  return { severity: 'critical', facts: { targets: namesOf(targets) }, since: record.rejections.since };
}

/** Apple has rejected a secret of it, and that proves nothing. */
function hasIdleRejection({ apple: { deployed, candidate } }: TargetState): boolean {
  return [deployed, candidate].some(({ answer }) => answer?.verdict === 'rejected' && !answer.counts);
}

/** Apple accepts what is signed with a throwaway key. */
function appleAcceptsAll(facts: ServiceFacts): Detail<'AppleAcceptsAll'> | undefined {
  const record = saidByApple(facts);
  if (record === undefined || !acceptsAll(record)) return undefined;
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

function replicasDiffer({ replicas }: ServiceFacts): Outcome<'ReplicasDiffer'> {
  if (replicas === null) return undefined;
  if (replicas?.seen === undefined) return 'undecided';
  const others = living(replicas.seen).filter(({ configuration }) => configuration !== replicas.configuration);
  if (others.length === 0) return undefined;
  return { severity: 'warning', facts: { replicas: others.map(({ name }) => name) } };
}

/** A replica that has said nothing for so long, and not goodbye, is silent: four reports are missing. */
const SILENT_MS = 45 * SECOND;
/** How long a silent replica is told of at least, also if another one has taken its place. */
const REPLACED_MS = 10 * MINUTE;

function living(seen: readonly SeenReplica[]): readonly SeenReplica[] {
  return seen.filter(({ left, silentMs }) => !left && silentMs < SILENT_MS);
}

/** What a replica says of itself. */
function factsOf({ name, skewMs, aheadMs, rejected, stalledSince }: SeenReplica, facts: ServiceFacts): ServiceFacts {
  return {
    ...facts,
    replica: name,
    // With a wrong clock it may make no pass, and so never compare it with CloudBase's.
    skewMs: skewMs ?? aheadMs ?? undefined,
    configurationRejected: rejected,
    scheduler: stalledSince === null ? undefined : { alive: false, lastTurnAt: stalledSince },
  };
}

/** Those that say nothing any more, unless one that began afterwards has taken their place. */
function replicasSilent(seen: readonly SeenReplica[]): Finding[] {
  const alive = living(seen);
  return seen.flatMap(({ name: replica, seenAt, left, silentMs }) => {
    const isReplaced = silentMs >= REPLACED_MS && alive.some(({ knownMs }) => knownMs < silentMs);
    if (left || silentMs < SILENT_MS || isReplaced) return [];
    return finding('ReplicaSilent', { severity: 'warning', facts: { replica, seenAt }, since: seenAt }, replica);
  });
}

/** This many failures in a row are more than a short outage. */
const PATIENCE = 3;
/** An alert that has waited this long is overdue: by then a channel has failed several times (backoff.ts). */
export const OVERDUE_MS = 15 * MINUTE;

/** After the third failure, at the first that a person must fix, or when a message has waited too long. */
function channelFailing({ state, oldestAt }: ServiceFacts['channels'][number], now: number): Finding[] {
  const { name, failures: attempts, failingSince, error } = state;
  const refused = attempts > 0 && error?.code === 'ERR_CHANNEL_REFUSED';
  const overdue = oldestAt !== null && now - oldestAt > OVERDUE_MS;
  if (attempts < PATIENCE && !refused && !overdue) return [];
  const detail: Detail<'ChannelFailing'> = {
    severity: 'warning',
    facts: { channel: name, attempts, oldestAt },
    since: failingSince ?? oldestAt,
    error: attempts > 0 ? error : null,
  };
  return [finding('ChannelFailing', detail, name)];
}

/** A lane without configured targets is not reported: no write of it can fail. */
function writesFailing(facts: ServiceFacts): Finding[] {
  const { fleet, configured, states, now } = facts;
  return Object.entries(fleet.lanes).flatMap(([lane, { badWrites, since, error }]) => {
    if (badWrites < ALERT_AFTER_BAD_WRITES || !configured.values().some((target) => target.lane === lane)) return [];
    const waiting = states.filter((state) => {
      const target = configured.get(state.key);
      if (target?.lane !== lane || !waits(state)) return false;
      return isUrgent(judgeLogins(state, facts), state.deployed, target.policy.lifetimeMs, facts);
    });
    const severity = waiting.length > 0 ? 'critical' : 'warning';
    const urgent = namesOf(waiting);
    return [
      finding(
        'WritesFailing',
        { severity, facts: { lane, badWrites, urgent }, since: notAhead(since, now), error },
        lane,
      ),
    ];
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
