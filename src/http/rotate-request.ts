// POST …/rotate: one rotation an hour and target, one answer for each Idempotency-Key. Requests for one target take
// turns, so that two that arrive together are not both within the hour's limit. The limit is counted in the journal
// and survives a restart; keys are kept in memory for 24 h, and after a restart the limit still guards.
import type { RotatorError } from '../core/errors.ts';
import type { Clock, Journal } from '../core/ports.ts';
import type { Rotation } from '../core/records.ts';
import { HOUR } from '../core/time.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { HttpProblem } from './problem.ts';

export interface RotateTools {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'rotations' | 'openRotations'>;
  readonly daemon: Pick<Daemon, 'runningRotation' | 'requestRotation'>;
}

export interface RotateCall {
  readonly target: { readonly key: string; readonly name: string };
  readonly requestedBy: string;
  readonly idempotencyKey: string | undefined;
}

/**
 * A caller waits this long for its rotation to begin: longer than most checks take, shorter than the 30 s after which
 * clients and proxies commonly give up without an answer.
 */
const PATIENCE_MS = 20_000;
const KEY_LIFE_MS = 24 * HOUR;
/** The oldest key is forgotten for the newest. */
const MOST_KEYS = 1_000;
/** A row that began further ahead was written by a clock that was wrong, and must not put anything off. */
const CLOCK_STEP_MS = 60_000;
/** More rows of one target than an hour can hold. */
const LOOK_BACK = 100;

interface Kept {
  readonly targetKey: string;
  readonly answer: Promise<string>;
  readonly at: number;
}

export class RotateRequests {
  private readonly tools: RotateTools;
  private readonly kept = new Map<string, Kept>();
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(tools: RotateTools) {
    this.tools = tools;
  }

  /** The id of the rotation that was begun for this call. Throws an HttpProblem where none was, or not yet. */
  rotate(call: RotateCall): Promise<string> {
    return this.patiently(this.begun(call));
  }

  private begun(call: RotateCall): Promise<string> {
    const { idempotencyKey, target } = call;
    if (idempotencyKey === undefined) return this.inTurn(call);
    const now = this.tools.clock.monotonic();
    const known = this.kept.get(idempotencyKey);
    if (known !== undefined && now - known.at < KEY_LIFE_MS) return sameTarget(known, target.key).answer;
    const answer = this.inTurn(call);
    this.keep(idempotencyKey, { targetKey: target.key, answer, at: now });
    return answer;
  }

  /** Only what began is kept: a request that was refused may be sent again under the same key. */
  private keep(key: string, kept: Kept): void {
    this.kept.delete(key);
    this.kept.set(key, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEYS && oldest !== undefined) this.kept.delete(oldest);
    kept.answer.catch(() => {
      if (this.kept.get(key) === kept) this.kept.delete(key);
    });
  }

  private inTurn(call: RotateCall): Promise<string> {
    const { key } = call.target;
    const turn = (this.turns.get(key) ?? Promise.resolve()).then(() => this.begin(call));
    const settled = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.turns.get(key) === settled) this.turns.delete(key);
      });
    this.turns.set(key, settled);
    return turn;
  }

  private async begin({ target, requestedBy }: RotateCall): Promise<string> {
    const { daemon } = this.tools;
    const running = daemon.runningRotation(target.key);
    if (running !== undefined) throw rotationRunning(running);
    await this.mustBeWithinLimit(target.key);
    const answer = await daemon.requestRotation(target.key, requestedBy);
    if (answer.kind === 'started') return answer.id;
    throw answer.kind === 'running' ? rotationRunning(answer.id) : await this.refusal(target.key, answer.error);
  }

  private async mustBeWithinLimit(key: string): Promise<void> {
    const { clock, journal } = this.tools;
    const rotations = await journal.rotations({ target: key, limit: LOOK_BACK });
    const now = clock.now();
    const counted = rotations.filter(countsForLimit).filter(({ startedAt }) => startedAt <= now + CLOCK_STEP_MS);
    const until = Math.max(0, ...counted.map(({ startedAt }) => startedAt)) + HOUR;
    if (until <= now) return;
    throw new HttpProblem('asked-too-often', 'a rotation of this target was asked for within the last hour', {
      headers: { 'Retry-After': String(Math.ceil((until - now) / 1000)) },
    });
  }

  private async refusal(key: string, { code, message, hint }: RotatorError): Promise<HttpProblem> {
    if (code === 'ERR_USAGE') return new HttpProblem('target-not-found', message);
    if (code === 'ERR_LEASE_HELD') {
      // The rotation of another process (`once`) has its row in the same journal.
      const open = await this.tools.journal.openRotations(key);
      const newest = open.at(-1);
      if (newest !== undefined) return rotationRunning(newest.id);
    }
    return notBegun(`${message} (${code}). ${hint}`);
  }

  private async patiently(answer: Promise<string>): Promise<string> {
    const done = new AbortController();
    const limit = this.tools.clock.sleep(PATIENCE_MS, done.signal).then(
      () => {
        throw notBegun(
          'other rotations come first; this one waits for its turn and will begin without being asked again',
        );
      },
      () => answer,
    );
    try {
      return await Promise.race([answer, limit]);
    } finally {
      done.abort(new Error('answered'));
    }
  }
}

/** What was dropped before it wrote anything is nothing that was had. */
function countsForLimit({ trigger, error }: Rotation): boolean {
  return trigger === 'http' && error?.code !== 'ERR_INTERRUPTED';
}

function sameTarget(known: Kept, targetKey: string): Kept {
  if (known.targetKey === targetKey) return known;
  throw new HttpProblem('idempotency-key-reused', 'this Idempotency-Key was sent for another target; send a new one');
}

function rotationRunning(id: string): HttpProblem {
  return new HttpProblem('rotation-running', `rotation ${id} of this target is running; nothing else was begun`, {
    id,
  });
}

function notBegun(detail: string): HttpProblem {
  return new HttpProblem('not-begun', detail, { headers: { 'Retry-After': '10' } });
}
