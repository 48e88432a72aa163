// What `once` and `plan` work with: a journal opened for the occasion, and passes that run a single time.
import { openJournal } from '../adapters/journal/journal.ts';
import { onceLeases } from '../adapters/journal/process-name.ts';
import { finding } from '../alerts/detect/finding.ts';
import type { Config } from '../config/resolve.ts';
import { parseCron } from '../core/cron.ts';
import { asRotatorError, type RotatorError } from '../core/errors.ts';
import type { Journal } from '../core/journal-ports.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { Clock, Target } from '../core/ports.ts';
import type { TargetState } from '../core/records.ts';
import { DAY } from '../core/time.ts';
import { byKey, Sweeper, type SweepTools, type WiredTarget } from '../daemon/sweep.ts';
import type { PassRequest, PassResult } from '../pass/pass.ts';
import type { Preview } from '../pass/preview.ts';
import { counting, type OnProgress } from './progress.ts';
import { mustExist, selected } from './select.ts';
import { SingleAlert } from './single-alert.ts';
import { eventHub, type ServiceTools } from './tools.ts';
import { createAlerting } from './wire-alerts.ts';
import { type WiringTools, wireTargets } from './wire-targets.ts';

/**
 * How long `once` waits for a target that another process is working on. A rotation takes seconds, its read-backs
 * included, rarely a minute; with less, `once` would give up beside a daemon that is just writing.
 */
const LEASE_WAIT_MS = 60_000;
/** How long `once` delivers alerts. What remains waits in the journal for the next run; a cron job must come to an end. */
const ALERT_LIMIT_MS = 30_000;
const CRON_HORIZON_MS = 400 * DAY;

export interface PassOptions {
  readonly target: readonly string[];
  readonly force?: boolean;
  readonly appleCheck?: boolean;
}

export interface OnceSession {
  readonly targets: readonly Target[];
  /** By which logins are judged now. */
  readonly clock: () => JudgeClock;
  readonly sweep: (onProgress: OnProgress) => Promise<ReadonlyMap<string, PassResult>>;
  /** Finds what is wrong, delivers alerts for 30 s at most, and pings the heartbeat. Never throws. */
  readonly alert: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface OnceOptions extends PassOptions {
  /** Whether a person sees what goes wrong. */
  readonly isTerminal: boolean;
  readonly stop: AbortSignal;
}

/**
 * Opens the journal for writing and wires the selected targets. Throws ERR_USAGE for a name that does not exist, and
 * ERR_JOURNAL_…; without a terminal the channels are notified of that first, every time.
 */
export async function openOnce(config: Config, base: ServiceTools, options: OnceOptions): Promise<OnceSession> {
  const { isTerminal, stop } = options;
  const { emit, listen } = eventHub(base.emit);
  const leaseHolder = onceLeases();
  const { clock } = base;
  const startedAt = clock.now();
  mustExist(config, options.target);
  const journal = await openJournal(config.journal, {
    mode: 'write',
    clock,
    process: `${leaseHolder}${base.newId()}`,
    warn: (error) => emit({ event: 'warning', error }),
  }).catch(async (thrown) => {
    if (!isTerminal) await tellUnwritable(asRotatorError(thrown), config, { ...base, emit });
    throw thrown;
  });
  const tools: WiringTools = { ...base, emit, leaseHolder, pace: journal };
  const all = wireTargets(config, tools);
  const configured = byKey(all);
  const wired = selected(all, options.target);
  const sweeper = new Sweeper(sweepTools(journal, config, clock));
  const alerting = createAlerting(
    {
      config,
      journal,
      selected: wired.length === all.length ? undefined : byKey(wired),
      isBrief: true,
      facts: () => ({
        configured,
        disabled: [],
        skewMs: sweeper.skewMs,
        since: startedAt,
        ...ONLY_THE_DAEMON_KNOWS,
      }),
    },
    tools,
  );
  listen(alerting.onEvent);
  const request = requestOf(options, stop);
  return {
    targets: wired.map(({ target }) => target),
    clock: () => sweeper.judgeClock(clock.now()),
    async sweep(onProgress) {
      const isDone = counting(wired.length, onProgress);
      const results = new Map<string, PassResult>();
      const items = wired.map((each) => ({ wired: each, request }));
      await sweeper.sweep(items, ({ key }, result) => {
        results.set(key, result);
        isDone(isFailed(result.state));
      });
      return results;
    },
    alert: () => alerting.alerter.flush(stop.aborted ? 0 : ALERT_LIMIT_MS),
    close: () => journal.close(),
  };
}

const ONLY_THE_DAEMON_KNOWS = {
  degraded: undefined,
  configurationRejected: undefined,
  scheduler: undefined,
  replicas: undefined,
  isSweeping: false,
};

async function tellUnwritable(error: RotatorError, config: Config, tools: ServiceTools): Promise<void> {
  const facts = { path: config.journal.path };
  const unwritable = finding('JournalUnwritable', { severity: 'critical', facts, error: error.stored });
  const options = { isBrief: true, trouble: 'the journal cannot be written' };
  await new SingleAlert(unwritable, config, tools, options).alerter.flush(ALERT_LIMIT_MS);
}

/** What a pass on a target would do. */
export type TargetPreview = Preview & { readonly target: Target };

/** What a pass on each selected target would do now; nothing is written. Throws ERR_USAGE as `openOnce` does. */
export async function previewOnce(
  config: Config,
  tools: ServiceTools,
  options: Omit<OnceOptions, 'isTerminal'>,
  onProgress: OnProgress,
): Promise<TargetPreview[]> {
  const { clock } = tools;
  mustExist(config, options.target);
  const wired = selected(wireTargets(config, { ...tools, leaseHolder: onceLeases() }), options.target);
  const journal = await openJournal(config.journal, { mode: 'read', clock });
  try {
    const sweeper = new Sweeper(sweepTools(journal, config, clock));
    const request = requestOf(options, options.stop);
    const isDone = counting(wired.length, onProgress);
    const preview = async (each: WiredTarget) => {
      const found = await sweeper.preview({ wired: each, request });
      isDone(isFailed(found.state));
      return { target: each.target, ...found };
    };
    return await Promise.all(wired.map(preview));
  } finally {
    await journal.close();
  }
}

function isFailed({ state }: TargetState): boolean {
  return state === 'failed' || state === 'unknown';
}

export function requestOf({ force, appleCheck }: PassOptions, stop: AbortSignal): PassRequest {
  const cutOff = new AbortController();
  return {
    trigger: 'cli',
    requestedBy: force ? 'cli' : null,
    force: force ?? false,
    waiveAppleCheck: appleCheck === false,
    leaseWaitMs: LEASE_WAIT_MS,
    drop: stop,
    cutOff: cutOff.signal,
  };
}

export function sweepTools(journal: Journal, config: Config, clock: Clock): SweepTools {
  const startedAt = clock.now();
  return { journal, isDegraded: () => false, nextTick: nextTickOf(config, clock), startedAt, crashedBefore: undefined };
}

function nextTickOf({ schedule: { cron, timezone } }: Config, clock: Clock) {
  const expression = parseCron(cron, timezone);
  return () => expression.nextStart(clock.now() + 1, CRON_HORIZON_MS);
}
