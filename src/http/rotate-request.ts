// POST …/rotate: one requested rotation per hour and target, and one answer for each Idempotency-Key. Requests for a
// target take turns, so that two that arrive together do not both pass the limit. The limit is counted in the journal,
// so it survives a restart. Keys are kept in memory for 24 h; after a restart the limit still protects the target.
import type { RotatorError } from '../core/errors.ts';
import type { Clock, Rotations } from '../core/ports.ts';
import type { Rotation } from '../core/records.ts';
import { HOUR } from '../core/time.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { HttpProblem } from './problem.ts';

export interface RotateTools {
  readonly clock: Clock;
  readonly journal: Rotations;
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
/** Above this the oldest key is forgotten. A client with a token can thus fill about 300 KB, and no more. */
const MOST_KEYS = 1_000;
/** A row that began further in the future was written by a wrong clock, and must not block requests until then. */
const CLOCK_STEP_MS = 60_000;
/** More rows than one target can have in an hour: a pass takes at least seconds, and failures wait for minutes. */
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

  /** The id of the rotation that was begun for this call. Throws an HttpProblem if none was, or not in time. */
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

  /** A refused request is forgotten at once, so that it can be sent again under the same key. */
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
      // Another process (`once`) holds the lease, and its row is in the same journal.
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
          'other rotations come first; this one waits for its turn and then begins without another request',
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

/** A rotation that a stop interrupted before it wrote anything does not count. */
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
