// /healthz and /readyz: whether the scheduler runs, and whether the service does all of its work. They need no token,
// so they name no target and no file.

import type { Degradable, Fleet } from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { HttpProblem } from './problem.ts';

/** The journal is tried at most this often: anybody may ask, and each try writes to the disk. */
const PROBE_EVERY_MS = 5_000;

/** Says when the scheduler's loop ran last. Throws a problem if that is too long ago. */
export function mustBeAlive(daemon: Pick<Daemon, 'health'>): { status: 'ok'; lastTurnSeconds: number } {
  const { alive, lastTurnMs } = daemon.health();
  const lastTurnSeconds = Math.round(lastTurnMs / 1000);
  if (alive) return { status: 'ok', lastTurnSeconds };
  throw new HttpProblem('stalled', `the scheduler's loop has not turned for ${lastTurnSeconds} s; restart the service`);
}

export interface ReadinessTools {
  readonly clock: Clock;
  readonly journal: Degradable & Fleet;
  readonly daemon: Pick<Daemon, 'untried'>;
  /** What keeps replicas from working together, in words; undefined: this process works alone. */
  readonly fleetTrouble?: (() => Promise<string | undefined>) | undefined;
}

/** A function that throws a problem while the service does not do all of its work. */
export function createReadiness({
  clock,
  journal,
  daemon,
  fleetTrouble,
}: ReadinessTools): () => Promise<{ status: 'ok' }> {
  let probedAt = Number.NEGATIVE_INFINITY;
  let probe: Promise<unknown> = Promise.resolve();

  /** Writes back what is there, so that a journal that cannot be written is noticed before the next pass. */
  function probeJournal(): Promise<unknown> {
    if (clock.monotonic() - probedAt >= PROBE_EVERY_MS) {
      probedAt = clock.monotonic();
      probe = journal.updateFleet((fleet) => fleet);
    }
    return probe;
  }

  return async () => {
    await probeJournal();
    const untried = daemon.untried();
    const ofFleet = journal.degraded === undefined ? await fleetTrouble?.() : undefined;
    const reasons = [
      ...(journal.degraded === undefined ? [] : [`the journal cannot be written (${journal.degraded.error.code})`]),
      ...(untried === 0 ? [] : [`${untried} ${untried === 1 ? 'target was' : 'targets were'} not checked yet`]),
      ...(ofFleet === undefined ? [] : [ofFleet]),
    ];
    if (reasons.length === 0) return { status: 'ok' };
    throw new HttpProblem('not-ready', reasons.join('; '), { reasons });
  };
}
