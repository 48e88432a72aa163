// Delivery: sends what waits in the outbox, each channel at its own pace. A message leaves the outbox after the channel
// has accepted it: a crash in between sends it a second time and loses nothing. A channel's failure is never thrown,
// and one channel never waits for another.

import type { AlertMessage, Language } from '../core/alerts/message.ts';
import {
  type AlertBook,
  type ChannelState,
  type Delivery,
  type DeliverySubject,
  emptyChannelState,
} from '../core/alerts/records.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { AlertStore, Channel, Clock, Leases, RefreshedChannel } from '../core/ports.ts';
import { notBeyond } from '../core/schedule.ts';
import { deadline } from '../net/abort.ts';
import { backoffMs, LONGEST_WAIT_MS } from './backoff.ts';
import { sinceOf } from './engine/engine.ts';
import { type Batch, nextBatch, outdated } from './engine/fold.ts';
import { composeMessage } from './words/compose.ts';

/** How messages are worded. */
export interface Voice {
  readonly instance: string;
  readonly version: string;
  readonly language: Language;
  /** Of the times in messages; default: UTC. */
  readonly timezone?: string;
  /** Where the runbook is: a URL or a path, without a fragment. */
  readonly runbook: string;
}

export interface DelivererTools {
  readonly clock: Clock;
  readonly journal: AlertStore & Leases;
  readonly emit: EventSink;
  /** Begins the tokens of the leases on channels: `daemon:`, `once:`. */
  readonly leaseHolder: string;
  readonly newId: () => string;
}

export interface DelivererOptions {
  readonly channels: readonly Channel[];
  readonly voice: Voice;
}

/** Alerts within this time go into one message. Less would send several for one trouble; more would only delay them. */
const SETTLE_MS = 2_000;
/** How soon a channel that another process is sending through is tried again. */
const LEASE_POLL_MS = 2_000;
/** Longer than a channel's own time limits, so that these end an attempt first and can say why. */
const SEND_TIMEOUT_MS = 45_000;

/** What one channel is doing, on the monotonic clock. */
interface Pace {
  busy: Promise<void> | undefined;
  /** Not before this instant, for the channel's rate. */
  gapUntil: number;
  /** Not before this instant: another process is sending. */
  heldUntil: number;
  refreshedAt: number | undefined;
  /** Not tried yet by this process with this configuration: the cause of earlier failures may be fixed. */
  untried: boolean;
}

/** Delivers the outbox of one journal over the channels of one configuration. */
export class Deliverer {
  private readonly tools: DelivererTools;
  private options: DelivererOptions;
  private readonly paces = new Map<string, Pace>();
  private readonly closing = new AbortController();

  constructor(options: DelivererOptions, tools: DelivererTools) {
    this.options = options;
    this.tools = tools;
  }

  /** Continues with other channels; what is being sent is still sent to its end. */
  configure(options: DelivererOptions): void {
    this.options = options;
    for (const pace of this.paces.values()) pace.untried = true;
  }

  /**
   * Starts what is due. Returns how many ms (monotonic) remain until something else is, and whether anything is being
   * sent; calls `onSent` whenever an attempt has ended. With `hurry` (at the end of a process) nothing is collected and
   * no channel's pace is kept.
   */
  start(book: AlertBook, onSent: () => void, hurry = false): { wait: number; busy: boolean } {
    const { clock } = this.tools;
    let soonest = Number.POSITIVE_INFINITY;
    for (const channel of this.options.channels) {
      const pace = this.paceOf(channel.name);
      if (pace.busy !== undefined) continue;
      const waitMs = this.waitMs(channel, book, pace, hurry);
      if (waitMs > 0) {
        soonest = Math.min(soonest, waitMs);
        continue;
      }
      pace.untried = false;
      pace.busy = this.attempt(channel, pace).finally(() => {
        pace.busy = undefined;
        pace.gapUntil = clock.monotonic() + channel.gapMs;
        onSent();
      });
    }
    return { wait: soonest, busy: [...this.paces.values()].some(({ busy }) => busy !== undefined) };
  }

  /** Waits for what is being sent. */
  async settled(): Promise<void> {
    await Promise.all([...this.paces.values()].map(({ busy }) => busy));
  }

  /** Aborts what is being sent; it stays in the outbox. */
  abort(): void {
    this.closing.abort(new Error('stopped'));
  }

  /** How many ms remain until this channel has something to do; 0: now. */
  private waitMs(channel: Channel, book: AlertBook, pace: Pace, hurry: boolean): number {
    const { clock } = this.tools;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    const waiting = book.deliveries.filter((row) => row.channel === channel.name);
    const state = stateOf(book, channel.name);
    const backoff = pace.untried && state.error?.code !== 'ERR_CHANNEL_THROTTLED' ? 0 : backoffLeft(state, now);
    // Nobody fixes a channel that refuses messages before this process ends.
    if (hurry && backoff > 0 && state.error?.code === 'ERR_CHANNEL_REFUSED') return Number.POSITIVE_INFINITY;
    const gap = Math.max(pace.heldUntil, hurry ? 0 : pace.gapUntil) - monotonic;
    const oldest = waiting[0];
    const settle = hurry || oldest === undefined ? 0 : Math.min(SETTLE_MS, oldest.at + SETTLE_MS - now);
    const message = oldest === undefined ? Number.POSITIVE_INFINITY : Math.max(0, backoff, gap, settle);
    return Math.min(message, this.refreshWaitMs(channel, book, pace, Math.max(0, backoff)));
  }

  private refreshWaitMs(channel: Channel, book: AlertBook, pace: Pace, backoff: number): number {
    if (!isRefreshed(channel) || !book.conditions.some(({ told }) => told[channel.name] !== undefined))
      return Number.POSITIVE_INFINITY;
    if (pace.refreshedAt === undefined) return backoff;
    return Math.max(backoff, pace.refreshedAt + channel.refreshEveryMs - this.tools.clock.monotonic());
  }

  /** One message, or a refresh. Never rejects. */
  private async attempt(channel: Channel, pace: Pace): Promise<void> {
    const { clock, journal, leaseHolder, newId } = this.tools;
    const lease = `channel:${channel.name}`;
    const token = `${leaseHolder}${newId()}`;
    try {
      // Another process (`once` beside the daemon) must not send the same rows at the same time.
      if (!(await journal.acquireLease(lease, token))) {
        pace.heldUntil = clock.monotonic() + LEASE_POLL_MS;
        return;
      }
      try {
        await this.deliver(channel, pace);
      } finally {
        await journal.releaseLease(lease, token);
      }
    } catch (thrown) {
      this.tell(channel, asRotatorError(thrown));
    }
  }

  private async deliver(channel: Channel, pace: Pace): Promise<void> {
    const { clock, journal } = this.tools;
    const book = await journal.alertBook();
    const batch = nextBatch(book.deliveries.filter((row) => row.channel === channel.name));
    const startedAt = clock.monotonic();
    const state = stateOf(book, channel.name);
    const limit = deadline(SEND_TIMEOUT_MS, this.closing.signal);
    const { signal } = limit;
    try {
      const answer = batch === undefined ? undefined : await channel.send(this.compose(batch), signal);
      if (isRefreshed(channel)) await this.refresh(channel, pace, book, signal);
      const sent: ChannelState = {
        ...emptyChannelState(channel.name),
        lastDeliveredAt: batch === undefined ? state.lastDeliveredAt : clock.now(),
      };
      const done = batch?.deliveries ?? [];
      if (batch === undefined && state.failures === 0) return;
      await journal.updateAlerts(() => ({ removeDeliveries: done, putChannels: [sent] }));
      if (batch === undefined) return;
      const durationMs = Math.round(clock.monotonic() - startedAt);
      this.tools.emit({
        event: 'alert.sent',
        channel: channel.name,
        kind: batch.kind,
        alerts: batch.subjects.length,
        messageId: batch.deliveries.at(-1) ?? '',
        detail: answer?.detail ?? '',
        durationMs,
      });
      if (answer?.warning !== undefined)
        this.tools.emit({ event: 'warning', channel: channel.name, error: answer.warning });
    } catch (thrown) {
      // A stop in the middle is no failure of the channel: the message stays in the outbox.
      if (this.closing.signal.aborted) return;
      await this.failed(channel, state, limit.expired ? noAnswer(channel) : asRotatorError(thrown));
    } finally {
      limit.clear();
    }
  }

  private async refresh(channel: RefreshedChannel, pace: Pace, book: AlertBook, signal: AbortSignal): Promise<void> {
    const { clock } = this.tools;
    const due = pace.refreshedAt === undefined || clock.monotonic() >= pace.refreshedAt + channel.refreshEveryMs;
    if (!due) return;
    const subjects = book.conditions.flatMap((record): DeliverySubject[] => {
      const thread = record.told[channel.name];
      if (thread === undefined || record.raisedAt === null) return [];
      const { finding } = record;
      const since = sinceOf(record);
      return [{ kind: 'condition', status: 'repeated', finding, since, until: null, thread, closes: [] }];
    });
    if (subjects.length > 0) {
      const { items, ...message } = this.compose({ kind: 'alert', subjects, deliveries: [this.tools.newId()] });
      await channel.refresh(items, message, signal);
    }
    pace.refreshedAt = clock.monotonic();
  }

  private async failed(channel: Channel, state: ChannelState, error: RotatorError): Promise<void> {
    const { clock, journal } = this.tools;
    const now = clock.now();
    const failures = state.failures + 1;
    const next: ChannelState = {
      ...state,
      failures,
      nextAttemptAt: now + backoffMs(failures, error.retryAfterMs),
      failingSince: state.failingSince ?? now,
      error: error.stored,
    };
    await journal.updateAlerts((book) => {
      const waiting = book.deliveries.filter((row) => row.channel === channel.name);
      return { putChannels: [next], removeDeliveries: outdated(waiting, now) };
    });
    this.tell(channel, error, { attempt: failures, nextAttemptAt: next.nextAttemptAt });
  }

  private tell(
    { name }: Channel,
    error: RotatorError,
    retry?: { readonly attempt: number; readonly nextAttemptAt: number | null },
  ): void {
    const { attempt = null, nextAttemptAt: nextCheckAt = null } = retry ?? {};
    this.tools.emit({ event: 'alert.failed', channel: name, error, attempt, nextCheckAt });
  }

  /** The id is that of the newest row: the same for every attempt at the same rows. */
  private compose({ subjects, deliveries }: Pick<Batch, 'kind' | 'subjects' | 'deliveries'>): AlertMessage {
    const id = deliveries.at(-1) ?? this.tools.newId();
    return composeMessage({ id, now: this.tools.clock.now(), ...this.options.voice, subjects });
  }

  private paceOf(name: string): Pace {
    const known = this.paces.get(name);
    if (known !== undefined) return known;
    const pace: Pace = { busy: undefined, gapUntil: 0, heldUntil: 0, refreshedAt: undefined, untried: true };
    this.paces.set(name, pace);
    return pace;
  }
}

/** What the journal knows of a channel. */
export function stateOf({ channels }: AlertBook, name: string): ChannelState {
  return channels.find((state) => state.name === name) ?? emptyChannelState(name);
}

/** How many ms remain until a failed channel may be tried again; 0 or less: it may be now. */
function backoffLeft({ nextAttemptAt }: ChannelState, now: number): number {
  return nextAttemptAt === null ? 0 : notBeyond(nextAttemptAt, now, LONGEST_WAIT_MS) - now;
}

/** When the oldest message that waits for a channel (or any) was written; null if none does. */
export function oldestWaiting(deliveries: readonly Delivery[], channel?: string): number | null {
  const waiting = channel === undefined ? deliveries : deliveries.filter((row) => row.channel === channel);
  return waiting.reduce<number | null>((oldest, { at }) => (oldest === null ? at : Math.min(oldest, at)), null);
}

/** A channel's own time limits are shorter; this one holds even if they fail. */
function noAnswer({ name: channel, type }: Channel): RotatorError {
  return new RotatorError('ERR_CHANNEL_UNAVAILABLE', { channel, type, trouble: 'timeout', afterMs: SEND_TIMEOUT_MS });
}

function isRefreshed(channel: Channel): channel is RefreshedChannel {
  return 'refresh' in channel;
}
