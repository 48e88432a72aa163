// POST …/rotate: one requested rotation per hour and target, and one answer for each Idempotency-Key. Requests for a
// target take turns, over all processes of the journal, so that two that arrive together do not both pass the limit. The
// limit is counted in the journal, so it survives a restart.
import { hash } from 'node:crypto';
import type { RotatorError } from '../core/errors.ts';
import type { AnsweredRequest, AnsweredRequests, Leases, Rotations, TargetStates } from '../core/journal-ports.ts';
import type { Clock } from '../core/ports.ts';
import type { Rotation } from '../core/records.ts';
import { HOUR } from '../core/time.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { HttpProblem } from './problem.ts';

export interface RotateTools {
  readonly clock: Clock;
  readonly journal: Rotations & Leases & Pick<TargetStates, 'record'>;
  readonly daemon: Pick<Daemon, 'runningRotation' | 'requestRotation'>;
  readonly answers: AnsweredRequests;
  readonly newId: () => string;
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
/** How often a turn is asked for that another request has: each try is a transaction. */
const TURN_POLL_MS = 250;
/** A row that began further in the future was written by a wrong clock, and must not block requests until then. */
const CLOCK_STEP_MS = 60_000;
/** More rows than one target can have in an hour: a pass takes at least seconds, and failures wait for minutes. */
const LOOK_BACK = 100;

export class RotateRequests {
  private readonly tools: RotateTools;
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(tools: RotateTools) {
    this.tools = tools;
  }

  /** The id of the rotation that was begun for this call. Throws an HttpProblem if none was, or not in time. */
  rotate(call: RotateCall): Promise<string> {
    return this.patiently(this.inTurn(call));
  }

  /** A refused request is not kept, so that it can be sent again under the same key. */
  private async inTurn(call: RotateCall): Promise<string> {
    const { target, idempotencyKey } = call;
    const { answers } = this.tools;
    const begin = () => this.alone(`request:${target.key}`, () => this.begin(call));
    if (idempotencyKey === undefined) return begin();
    const digest = digestOf(idempotencyKey);
    return this.alone(`request:${digest}`, async () => {
      const known = await answers.answered(digest);
      if (known !== undefined) return sameTarget(known, target.key).id;
      const id = await begin();
      await answers.keepAnswer(digest, { targetKey: target.key, id });
      return id;
    });
  }

  /** Does `work` while no other request, of any process, has what the lease names; those of this one in their order. */
  private alone<T>(lease: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(lease) ?? Promise.resolve()).then(() => this.leased(lease, work));
    const settled = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.turns.get(lease) === settled) this.turns.delete(lease);
      });
    this.turns.set(lease, settled);
    return turn;
  }

  private async leased<T>(lease: string, work: () => Promise<T>): Promise<T> {
    const { clock, journal, newId } = this.tools;
    const token = `request:${newId()}`;
    const deadline = clock.monotonic() + PATIENCE_MS;
    while (!(await journal.acquireLease(lease, token))) {
      if (clock.monotonic() >= deadline) throw notBegun('another request for this target has not been answered yet');
      await clock.sleep(TURN_POLL_MS);
    }
    try {
      return await work();
    } finally {
      await journal.releaseLease(lease, token);
    }
  }

  private async begin({ target, requestedBy }: RotateCall): Promise<string> {
    const { daemon, journal } = this.tools;
    const { isHeld, open } = await journal.record(target.key);
    const running = daemon.runningRotation(target.key) ?? (isHeld ? open.at(-1)?.id : undefined);
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

/** A key may be anything; what is kept as it is may be shown. */
function digestOf(idempotencyKey: string): string {
  return hash('sha256', idempotencyKey, 'base64url');
}

function sameTarget(known: AnsweredRequest, targetKey: string): AnsweredRequest {
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
