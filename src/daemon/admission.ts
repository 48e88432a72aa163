// Which wanted rotations may begin now. Four rules, each there because a fleet can harm itself in a way that no
// single target can: a degraded journal, a halted fleet, the hourly limit, and one-first-then-the-rest.
import { RotatorError } from '../core/errors.ts';
import type { Clock, Journal } from '../core/ports.ts';
import type { Reason } from '../core/reasons.ts';
import { HOUR } from '../core/time.ts';
import { type Admission, fleetHalted, type PassResult, type Want } from '../pass/pass.ts';

/** Up to so many targets may want rotation for a cause at once without one going first. */
const SMALL_WAVE = 3;

export interface AdmissionTools {
  readonly clock: Clock;
  readonly journal: Journal;
  /** True while the journal keeps its state in memory only. */
  readonly isDegraded: () => boolean;
  readonly maxRotationsPerHour: () => number;
}

/**
 * Admits rotations of one process. A *wave* are the targets that want rotation for a reason other than time or
 * request: above three, one goes first, and the rest wait until one has proven that it works. In an emergency,
 * where waiting breaks logins, a target waits for the first one's end only, whatever it was.
 */
export class Admissions {
  private readonly tools: AdmissionTools;
  private readonly wave = new Map<string, Want>();
  private readonly running = new Set<string>();
  private begun: { readonly targetKey: string; readonly at: number }[] = [];
  private censuses = 0;
  private tried = false;
  private proven = false;

  constructor(tools: AdmissionTools) {
    this.tools = tools;
  }

  /** From now until `endCensus` rotations for a cause wait, so that it is known how many want one. */
  beginCensus(): void {
    this.censuses += 1;
  }

  endCensus(): void {
    this.censuses -= 1;
  }

  /** Asked by a pass that has decided to rotate. `settle` must follow when that pass has ended. */
  async admit(want: Want): Promise<Admission> {
    const forCause = isForCause(want.reason);
    if (forCause) this.wave.set(want.targetKey, want);
    if (!want.emergency) {
      const obstacle = (await this.halted()) ?? this.degraded() ?? (await this.hourlyLimit());
      if (obstacle !== undefined) return { go: false, error: obstacle };
    }
    if (forCause && !this.mayGoFirst(want)) return { go: false, error: waitsForFirst(this.wave.size) };
    if (forCause) this.running.add(want.targetKey);
    if (!want.emergency) this.begun.push({ targetKey: want.targetKey, at: this.tools.clock.now() });
    return { go: true };
  }

  /** Takes note of how a pass ended. */
  settle(targetKey: string, result: PassResult | undefined): void {
    const ran = this.running.delete(targetKey);
    // What was blocked has written nothing: it must not use up the hour of those that could.
    if (result?.outcome === 'blocked') this.begun = this.begun.filter((each) => each.targetKey !== targetKey);
    const want = this.wave.get(targetKey);
    if (want === undefined || (result?.waitsFor ?? null) !== null) return;
    this.wave.delete(targetKey);
    if (ran) this.tried = true;
    if (ran && result !== undefined && proves(result, want.reason)) this.proven = true;
    if (this.wave.size === 0) [this.tried, this.proven] = [false, false];
  }

  /** Lets go of targets that are not configured any more: they must not keep the others waiting for a first one. */
  retain(targetKeys: ReadonlySet<string>): void {
    for (const key of this.wave.keys()) if (!targetKeys.has(key) && !this.running.has(key)) this.wave.delete(key);
    if (this.wave.size === 0) [this.tried, this.proven] = [false, false];
  }

  /** Targets that were told to wait for another one's proof or outcome, emergencies first. */
  waiting(): string[] {
    return [...this.wave.values()]
      .filter(({ targetKey }) => !this.running.has(targetKey))
      .sort((a, b) => Number(b.emergency) - Number(a.emergency))
      .map(({ targetKey }) => targetKey);
  }

  /** True if one of the wave has to go first. */
  wantsFirst(): boolean {
    return this.wave.size > SMALL_WAVE && !this.proven;
  }

  /** Those of them that may go on now that the first one has ended: all after a proof, else emergencies alone. */
  followers(): string[] {
    return this.waiting().filter((key) => this.proven || this.wave.get(key)?.emergency === true);
  }

  private mayGoFirst({ emergency }: Want): boolean {
    if (this.censuses > 0) return false;
    if (!this.wantsFirst()) return true;
    return this.running.size === 0 || (emergency && this.tried);
  }

  private degraded(): RotatorError | undefined {
    if (!this.tools.isDegraded()) return undefined;
    return new RotatorError(
      'ERR_JOURNAL_UNWRITABLE',
      'while the journal cannot be written, only emergencies are rotated',
      {
        hint: 'Make the journal writable again; the rotation follows by itself.',
      },
    );
  }

  private async halted(): Promise<RotatorError | undefined> {
    const { halted } = await this.tools.journal.fleet();
    return halted === null ? undefined : fleetHalted(undefined);
  }

  private async hourlyLimit(): Promise<RotatorError | undefined> {
    const now = this.tools.clock.now();
    const limit = this.tools.maxRotationsPerHour();
    // This process's own list covers what is admitted and has no intent yet; the journal the other processes.
    this.begun = this.begun.filter(({ at }) => at <= now && at > now - HOUR);
    const count = Math.max(this.begun.length, await this.tools.journal.countStarted(now - HOUR, now));
    if (count < limit && this.begun.length < limit) return undefined;
    return new RotatorError(
      'ERR_WAITING',
      `the limit of ${limit} an hour is used up: ${count} began within the last hour`,
      {
        hint: 'Nothing to do: it goes on next hour; schedule.maxRotationsPerHour sets the limit.',
      },
    );
  }
}

function isForCause(reason: Reason): boolean {
  return reason !== 'RenewalDue' && reason !== 'Requested';
}

/**
 * What the rest waits for. Where the provider never shows its secret `unverified` is the best there is; it proves
 * nothing where the trouble is that the secret does not show.
 */
function proves({ outcome }: PassResult, reason: Reason): boolean {
  if (outcome === 'succeeded') return true;
  return outcome === 'unverified' && reason !== 'SecretMissing' && reason !== 'SecretUnreadable';
}

function waitsForFirst(size: number): RotatorError {
  return new RotatorError(
    'ERR_WAITING',
    `${size} targets want rotation for the same kind of cause; one goes first, the rest wait for its proof`,
    {
      hint: 'Nothing to do: it follows as soon as the first one has succeeded.',
    },
  );
}
