// What the gauges show, as pure functions of what the program knows at a scrape: each metric is a row of GAUGES. A series
// with an unknown value is absent, and so are the series of a target that left the configuration. Durations and instants
// are in seconds, as Prometheus expects.

import type { Waiting } from '../../alerts/deliverer.ts';
import { viewOf } from '../../alerts/stories/view.ts';
import { SEVERITIES } from '../../core/alerts/conditions.ts';
import { CAUSES } from '../../core/alerts/names.ts';
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
  /** Undefined: another replica shows what concerns the fleet. */
  readonly book: AlertBook | undefined;
  /** What was not told yet, over all channels. */
  readonly waiting: Waiting | undefined;
  /** Since the loop of the scheduler turned. */
  readonly lastTurnMs: number;
  /** Our clock minus CloudBase's, in ms; undefined until an answer has a Date header. */
  readonly skewMs: number | undefined;
  readonly journalDegraded: boolean;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface GaugeRow {
  readonly name: `apple_secret_${string}`;
  readonly help: string;
  /** Where there may be thousands, they are made one by one, as they are taken. */
  readonly series: (snapshot: MetricsSnapshot) => Iterable<Series>;
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
    series: ofTargets((reading) => seconds(reading?.expiresAt)),
  },
  {
    name: 'apple_secret_renewal_timestamp_seconds',
    help: 'From when renewal of the deployed client secret is due. Absent while its expiry is not known.',
    series: ofTargets((reading) => seconds(reading?.renewalAt)),
  },
  {
    name: 'apple_secret_last_success_timestamp_seconds',
    help: 'When a pass last ended healthy, succeeded or unverified. Absent while none has.',
    series: ofTargets((reading) => seconds(reading?.lastSuccessAt)),
  },
  {
    name: 'apple_secret_ready',
    help: '1 if logins do not fail, the expiry of the deployed client secret is known, renewal is not overdue by more than 24 h, and the last pass did not fail.',
    series: ofTargets((reading) => (reading?.isReady === true ? 1 : 0)),
  },
  {
    name: 'apple_secret_logins',
    help: 'Whether people can sign in with Apple: 1 for the state that holds, 0 for the others.',
    series: ofEach(({ name, reading }) => {
      const found = reading?.logins ?? 'unknown';
      return LOGIN_STATES.map((each) => ({ labels: { target: name, state: each }, value: each === found ? 1 : 0 }));
    }),
  },
  {
    name: 'apple_secret_consecutive_failures',
    help: 'Passes in a row that failed.',
    series: ofTargets((reading) => reading?.failures ?? 0),
  },
  {
    name: 'apple_secret_stories',
    help: 'What is wrong now, by its cause: one for each cause, whatever the number of targets.',
    series: ({ book }) => (book === undefined ? [] : openStories(book)),
  },
  {
    name: 'apple_secret_alert_queue_length',
    help: 'Alerts that wait for delivery, in all channels.',
    series: ({ waiting }) => (waiting === undefined ? [] : [{ labels: {}, value: waiting.count }]),
  },
  {
    name: 'apple_secret_alert_queue_oldest_seconds',
    help: 'How long the oldest alert has waited for delivery; 0 if none waits.',
    series: ({ waiting, clock }) =>
      waiting === undefined ? [] : [{ labels: {}, value: oldestSeconds(waiting, clock.now) }],
  },
  {
    name: 'apple_secret_last_turn_seconds',
    help: "How long ago the scheduler's loop turned; it does so at least once a minute.",
    series: ({ lastTurnMs }) => [{ labels: {}, value: lastTurnMs / 1000 }],
  },
  {
    name: 'apple_secret_clock_skew_seconds',
    help: 'The clock of this machine minus that of CloudBase. Absent until the first answer.',
    series: ({ skewMs }) => (skewMs === undefined ? [] : [{ labels: {}, value: skewMs / 1000 }]),
  },
  {
    name: 'apple_secret_journal_degraded',
    help: '1 while the journal cannot be written and state is kept in memory.',
    series: ({ journalDegraded }) => [{ labels: {}, value: journalDegraded ? 1 : 0 }],
  },
  {
    name: 'apple_secret_build_info',
    help: 'Always 1; the version is in the label.',
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

/** How many stories are open, for every cause and severity. Shows 0 too, so that every rule finds its series. */
export function openStories({ stories }: AlertBook): Series[] {
  const open = stories
    .filter(({ endedAt }) => endedAt === null)
    .map((story) => `${story.cause} ${viewOf(story).severity}`);
  return CAUSES.flatMap((cause) =>
    SEVERITIES.map((severity) => ({
      labels: { cause, severity },
      value: open.filter((each) => each === `${cause} ${severity}`).length,
    })),
  );
}

/** How long the oldest alert has waited, in seconds; 0 if the clock stepped back. */
export function oldestSeconds({ since }: Waiting, nowMs: number): number {
  return Math.max(0, nowMs - (since ?? nowMs)) / 1000;
}

/** A series for each target whose value is known. */
function ofTargets(valueFor: (reading: TargetReading | undefined) => number | undefined): GaugeRow['series'] {
  return ofEach(({ name, reading }) => {
    const value = valueFor(reading);
    return value === undefined ? [] : [{ labels: { target: name }, value }];
  });
}

function ofEach(seriesOf: (target: MetricsSnapshot['targets'][number]) => readonly Series[]): GaugeRow['series'] {
  return function* ({ targets }) {
    for (const target of targets) yield* seriesOf(target);
  };
}

/** Seconds of an instant in ms; undefined if there is none, or if a damaged journal holds something else. */
function seconds(instantMs: number | null | undefined): number | undefined {
  return typeof instantMs === 'number' && Number.isFinite(instantMs) ? instantMs / 1000 : undefined;
}
