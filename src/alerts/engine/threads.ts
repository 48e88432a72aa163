// Threads: the key under which a channel that keeps incidents (PagerDuty) gets a condition. Each condition has a thread
// of its own, but many that are raised within minutes share one, so that a fleet that fails together is one incident
// and not hundreds. It is resolved when the last of them is over.
import type { ConditionRecord } from '../../core/alerts/records.ts';
import { MINUTE } from '../../core/time.ts';

/** More conditions than this, raised for a channel within STORM_MS, share a thread. Fewer can be read one by one. */
const STORM_ABOVE = 5;
const STORM_MS = 10 * MINUTE;
const STORM = 'storm/';

/** The threads of one check. */
export class Threads {
  private readonly now: number;
  /** By channel: thread → ids of the conditions that are open in it. */
  private readonly members = new Map<string, Map<string, Set<string>>>();
  /** By channel: the thread that conditions raised now share, if they do. */
  private readonly storms = new Map<string, string>();

  /** `raises`: how many conditions each channel is about to be notified of. */
  constructor(open: readonly ConditionRecord[], now: number, raises: ReadonlyMap<string, number>) {
    this.now = now;
    const recent = new Map<string, number>();
    for (const { finding, raisedAt, told } of open) {
      for (const [channel, thread] of Object.entries(told)) {
        this.add(channel, thread, finding.id);
        if (raisedAt !== null && this.isRecent(raisedAt)) recent.set(channel, (recent.get(channel) ?? 0) + 1);
      }
    }
    for (const [channel, count] of raises) {
      if (count + (recent.get(channel) ?? 0) > STORM_ABOVE) this.storms.set(channel, this.stormOf(channel));
    }
  }

  /** The thread of a condition that a channel is notified of for the first time. */
  join(channel: string, id: string): string {
    const thread = this.storms.get(channel) ?? id;
    this.add(channel, thread, id);
    return thread;
  }

  /** The thread of a condition that has become worse: one of its own, so that somebody is notified again. */
  escalate(channel: string, id: string): string {
    const thread = this.storms.get(channel) ?? `${id}#critical`;
    this.add(channel, thread, id);
    return thread;
  }

  /** Takes a condition out of its thread; true if none is open in it any more. */
  leave(channel: string, thread: string, id: string): boolean {
    const members = this.members.get(channel)?.get(thread);
    members?.delete(id);
    return members === undefined || members.size === 0;
  }

  private add(channel: string, thread: string, id: string): void {
    const threads = this.members.get(channel) ?? new Map<string, Set<string>>();
    this.members.set(channel, threads);
    const members = threads.get(thread) ?? new Set<string>();
    threads.set(thread, members.add(id));
  }

  /** The storm that is under way for a channel, else a new one. */
  private stormOf(channel: string): string {
    for (const thread of this.members.get(channel)?.keys() ?? []) {
      if (thread.startsWith(STORM) && this.isRecent(Date.parse(thread.slice(STORM.length)))) return thread;
    }
    return `${STORM}${new Date(this.now).toISOString()}`;
  }

  private isRecent(at: number): boolean {
    return at <= this.now && this.now - at < STORM_MS;
  }
}
