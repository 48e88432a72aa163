// What the gauges show, as pure functions of what the program knows at a scrape: each metric is a row of GAUGES. A series
// with an unknown value is absent, and so are the series of a target that left the configuration. Durations and instants
// are in seconds, as Prometheus expects.
import { CONDITIONS, SEVERITIES } from '../../core/alerts/conditions.ts';
import type { AlertBook } from '../../core/alerts/records.ts';
import { trueNow } from '../../core/decide.ts';
import { type JudgeClock, judgeLogins } from '../../core/logins.ts';
import { LOGIN_STATES, type LoginState } from '../../core/reasons.ts';
import type { TargetState } from '../../core/records.ts';
import { DAY } from '../../core/time.ts';

/** What the gauges show of one target: little enough to be kept of each. Instants are ms since the epoch. */
export interface TargetReading {
  readonly expiresAt: number | null;
  readonly renewalAt: number | null;
  readonly lastSuccessAt: number | null;
  readonly failures: number;
  readonly isReady: boolean;
  readonly logins: LoginState;
}

/** The reading of a target by its state. */
export function readingOf(state: TargetState, clock: JudgeClock): TargetReading {
  const { deployed, renewalAt, lastSuccessAt, retry } = state;
  return {
    expiresAt: deployed?.expiresAt ?? null,
    renewalAt,
    lastSuccessAt,
    failures: retry.failures,
    isReady: isReady(state, clock),
    logins: judgeLogins(state, clock).state,
  };
}

/** What a scrape shows. Instants are ms since the epoch. */
export interface MetricsSnapshot {
  readonly clock: JudgeClock;
  readonly version: string;
  /** Configured targets only; `undefined`: the journal has no state of it yet. */
  readonly targets: readonly { readonly name: string; readonly reading: TargetReading | undefined }[];
  readonly book: AlertBook;
  /** Our clock minus CloudBase's, in ms; undefined until an answer has a Date header. */
  readonly skewMs: number | undefined;
  readonly journalDegraded: boolean;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface GaugeRow {
  readonly name: `apple_secret_${string}`;
  readonly help: string;
  readonly labels: readonly string[];
  readonly series: (snapshot: MetricsSnapshot) => readonly Series[];
}

/**
 * How long after its renewal instant a target still counts as ready. Shorter, and a target that waits for an ordinary
 * maintenance window would not be ready; longer, and a renewal that fails every day would go unseen.
 */
const READY_AFTER_RENEWAL_MS = DAY;

export const GAUGES: readonly GaugeRow[] = [
  {
    name: 'apple_secret_expiration_timestamp_seconds',
    help: 'When the deployed client secret expires. Absent while it is not known, or there is none.',
    labels: ['target'],
    series: ofTargets((reading) => seconds(reading?.expiresAt)),
  },
  {
    name: 'apple_secret_renewal_timestamp_seconds',
    help: 'From when renewal of the deployed client secret is due. Absent while its expiry is not known.',
    labels: ['target'],
    series: ofTargets((reading) => seconds(reading?.renewalAt)),
  },
  {
    name: 'apple_secret_last_success_timestamp_seconds',
    help: 'When a pass last ended healthy, succeeded or unverified. Absent while none has.',
    labels: ['target'],
    series: ofTargets((reading) => seconds(reading?.lastSuccessAt)),
  },
  {
    name: 'apple_secret_ready',
    help: '1 if logins do not fail, the expiry of the deployed client secret is known, renewal is not overdue by more than 24 h, and the last pass did not fail.',
    labels: ['target'],
    series: ofTargets((reading) => (reading?.isReady === true ? 1 : 0)),
  },
  {
    name: 'apple_secret_logins',
    help: 'Whether people can sign in with Apple: 1 for the state that holds, 0 for the others.',
    labels: ['target', 'state'],
    series: ({ targets }) =>
      targets.flatMap(({ name, reading }) => {
        const found = reading?.logins ?? 'unknown';
        return LOGIN_STATES.map((each) => ({ labels: { target: name, state: each }, value: each === found ? 1 : 0 }));
      }),
  },
  {
    name: 'apple_secret_consecutive_failures',
    help: 'Passes in a row that failed.',
    labels: ['target'],
    series: ofTargets((reading) => reading?.failures ?? 0),
  },
  {
    name: 'apple_secret_conditions',
    help: 'Conditions that are raised now.',
    labels: ['condition', 'severity'],
    series: ({ book }) => openConditions(book),
  },
  {
    name: 'apple_secret_alert_queue_length',
    help: 'Alerts that wait for delivery, in all channels.',
    labels: [],
    series: ({ book }) => [{ labels: {}, value: book.deliveries.length }],
  },
  {
    name: 'apple_secret_alert_queue_oldest_seconds',
    help: 'How long the oldest alert has waited for delivery; 0 if none waits.',
    labels: [],
    series: ({ book, clock }) => [{ labels: {}, value: oldestSeconds(book, clock.now) }],
  },
  {
    name: 'apple_secret_clock_skew_seconds',
    help: 'The clock of this machine minus that of CloudBase. Absent until the first answer.',
    labels: [],
    series: ({ skewMs }) => (skewMs === undefined ? [] : [{ labels: {}, value: skewMs / 1000 }]),
  },
  {
    name: 'apple_secret_journal_degraded',
    help: '1 while the journal cannot be written and state is kept in memory.',
    labels: [],
    series: ({ journalDegraded }) => [{ labels: {}, value: journalDegraded ? 1 : 0 }],
  },
  {
    name: 'apple_secret_build_info',
    help: 'Always 1; the version is in the label.',
    labels: ['version'],
    series: ({ version }) => [{ labels: { version }, value: 1 }],
  },
];

/**
 * True if logins do not fail, renewal is not overdue by more than 24 h, and the last pass did not fail. False for a target
 * that was never read, or of whose secret nobody knows when it expires.
 */
export function isReady(state: TargetState, clock: JudgeClock): boolean {
  if (state.state === 'failed' || state.state === 'unknown') return false;
  if (judgeLogins(state, clock).state === 'fails' || (state.deployed?.expiresAt ?? null) === null) return false;
  return state.renewalAt === null || trueNow(clock) - state.renewalAt <= READY_AFTER_RENEWAL_MS;
}

/** How many conditions are raised, for every condition and severity. Shows 0 too, so that every rule finds its series. */
export function openConditions({ conditions }: AlertBook): Series[] {
  const open = conditions.filter(({ raisedAt }) => raisedAt !== null).map(({ finding }) => finding);
  return CONDITIONS.flatMap((condition) =>
    SEVERITIES.map((severity) => ({
      labels: { condition, severity },
      value: open.filter((finding) => finding.condition === condition && finding.severity === severity).length,
    })),
  );
}

/** How long the oldest delivery of the outbox has waited, in seconds; 0 if the clock stepped back. */
export function oldestSeconds({ deliveries }: AlertBook, nowMs: number): number {
  const oldest = deliveries.reduce((earliest, { at }) => Math.min(earliest, at), nowMs);
  return (nowMs - oldest) / 1000;
}

/** A series for each target whose value is known. */
function ofTargets(valueFor: (reading: TargetReading | undefined) => number | undefined): GaugeRow['series'] {
  return ({ targets }) =>
    targets.flatMap(({ name, reading }) => {
      const value = valueFor(reading);
      return value === undefined ? [] : [{ labels: { target: name }, value }];
    });
}

/** Seconds of an instant in ms; undefined if there is none, or if a damaged journal holds something else. */
function seconds(instantMs: number | null | undefined): number | undefined {
  return typeof instantMs === 'number' && Number.isFinite(instantMs) ? instantMs / 1000 : undefined;
}
