// Delivery: sends each channel what it was not told yet, at its own pace. That it was told is written down after the
// channel has accepted the message: a crash in between sends it a second time and loses nothing. A channel's failure is
// never thrown, and one channel never waits for another.

import { hash } from 'node:crypto';
import type { AlertMessage, DigestFacts } from '../core/alerts/message.ts';
import { type AlertBook, type ChannelState, emptyChannelState } from '../core/alerts/records.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { AlertStore, Leases } from '../core/journal-ports.ts';
import type { Channel, Clock, RefreshedChannel } from '../core/ports.ts';
import { notBeyond } from '../core/schedule.ts';
import { deadline } from '../net/abort.ts';
import { backoffMs, LONGEST_WAIT_MS } from './backoff.ts';
import { type AlertPolicy, dueOf, type News, newsFor, toldOf } from './stories/news.ts';
import { viewOf } from './stories/view.ts';
import { composeMessage } from './words/compose.ts';
import type { MessageSubject, Voice } from './words/request.ts';

export interface DelivererTools {
  readonly clock: Clock;
  readonly journal: AlertStore & Leases;
  readonly emit: EventSink;
  /** Begins the tokens of the leases on channels: `daemon:`, `once:`. */
  readonly leaseHolder: string;
  readonly newId: () => string;
}

/** The regular sign of life. */
export interface Digests {
  /** The last tick of `alerts.digest` at or before an instant; undefined: there is none. */
  readonly tick: (now: number) => number | undefined;
  readonly facts: () => Promise<DigestFacts>;
}

export interface DelivererOptions {
  readonly channels: readonly Channel[];
  readonly voice: Voice;
  readonly policy: AlertPolicy;
  /** Undefined: this process sends none. */
  readonly digests?: Digests | undefined;
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
  refreshedAt: number;
  /** Not tried yet by this process with this configuration: the cause of earlier failures may be fixed. */
  untried: boolean;
}

/** Delivers what one journal has to tell over the channels of one configuration. */
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

  /** Aborts what is being sent; it counts as not told. */
  abort(): void {
    this.closing.abort(new Error('stopped'));
  }

  /** How many ms remain until this channel has something to do; 0: now. */
  private waitMs(channel: Channel, book: AlertBook, pace: Pace, hurry: boolean): number {
    const { clock } = this.tools;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    const state = stateOf(book, channel.name);
    const isTried = !pace.untried || state.error?.code === 'ERR_CHANNEL_THROTTLED';
    const backoff = notBeyond((isTried ? state.nextAttemptAt : null) ?? now, now, LONGEST_WAIT_MS) - now;
    // Nobody fixes a channel that refuses messages before this process ends.
    if (hurry && backoff > 0 && state.error?.code === 'ERR_CHANNEL_REFUSED') return Number.POSITIVE_INFINITY;
    const gap = Math.max(pace.heldUntil, hurry ? 0 : pace.gapUntil) - monotonic;
    const dueAt = newsFor(book.stories, channel.name, this.options.policy, now).reduce(
      (first, news) => Math.min(first, news.dueAt),
      this.digestDue(state, now)?.tick ?? Number.POSITIVE_INFINITY,
    );
    const message = Math.max(0, backoff, gap, dueAt - now + (hurry ? 0 : SETTLE_MS));
    return Math.min(message, this.refreshWaitMs(channel, book, pace, Math.max(0, backoff)));
  }

  private refreshWaitMs(channel: Channel, book: AlertBook, pace: Pace, backoff: number): number {
    if (!isRefreshed(channel) || !book.stories.some(({ told }) => told[channel.name]?.over === false))
      return Number.POSITIVE_INFINITY;
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
      this.tell(channel, asRotatorError(thrown), null, null);
    }
  }

  private async deliver(channel: Channel, pace: Pace): Promise<void> {
    const { clock, journal } = this.tools;
    const book = await journal.alertBook();
    const at = clock.now();
    const startedAt = clock.monotonic();
    const state = stateOf(book, channel.name);
    const limit = deadline(SEND_TIMEOUT_MS, this.closing.signal);
    const { signal } = limit;
    try {
      const news = dueOf(newsFor(book.stories, channel.name, this.options.policy, at), at);
      // Alerts go before a digest. Of several that were missed, one is sent.
      const digest = news.length > 0 ? undefined : this.digestDue(state, at);
      const subjects: MessageSubject[] = digest?.facts
        ? [{ kind: 'digest', digest: await digest.facts() }]
        : news.map((each) => ({ kind: 'story', ...each }));
      const id = idOf(channel.name, news, digest?.tick);
      const message = subjects.length === 0 ? undefined : this.compose(id, at, subjects);
      const answer = message === undefined ? undefined : await channel.send(message, signal);
      if (isRefreshed(channel)) await this.refresh(channel, pace, book, signal);
      const sent: ChannelState = {
        // To note the first tick proves nothing of the channel.
        ...(digest?.facts === null ? state : emptyChannelState(channel.name)),
        lastDeliveredAt: message === undefined ? state.lastDeliveredAt : clock.now(),
        digestAt: digest?.tick ?? state.digestAt,
      };
      if (message === undefined && digest === undefined && state.failures === 0) return;
      const told = new Map(news.map((each) => [each.story.id, toldOf(each, channel.name, at)]));
      // The stories may have gone on since.
      await journal.updateAlerts(({ stories }) => ({
        putStories: stories.flatMap((story) => {
          const own = told.get(story.id);
          return own === undefined ? [] : { ...story, told: { ...story.told, [channel.name]: own } };
        }),
        putChannels: [sent],
      }));
      if (message === undefined) return;
      const durationMs = Math.round(clock.monotonic() - startedAt);
      this.tools.emit({
        event: 'alert.sent',
        channel: channel.name,
        kind: message.kind,
        alerts: Math.max(1, news.length),
        messageId: message.id,
        detail: answer?.detail ?? '',
        durationMs,
      });
      if (answer?.warning !== undefined)
        this.tools.emit({ event: 'warning', channel: channel.name, error: answer.warning });
    } catch (thrown) {
      // A stop in the middle is no failure of the channel: it is told by the next process.
      if (this.closing.signal.aborted) return;
      // A channel's own time limits are shorter; this one holds even if they fail.
      const late = { channel: channel.name, type: channel.type, trouble: 'timeout', afterMs: SEND_TIMEOUT_MS } as const;
      const error = limit.expired ? new RotatorError('ERR_CHANNEL_UNAVAILABLE', late) : asRotatorError(thrown);
      await this.failed(channel, state, error);
    } finally {
      limit.clear();
    }
  }

  private async refresh(channel: RefreshedChannel, pace: Pace, book: AlertBook, signal: AbortSignal): Promise<void> {
    const { clock } = this.tools;
    if (clock.monotonic() < pace.refreshedAt + channel.refreshEveryMs) return;
    const subjects = book.stories.flatMap((story): MessageSubject[] => {
      const told = story.told[channel.name];
      const isOver = story.endedAt !== null && story.endedAt + story.holdMs <= clock.now();
      if (told === undefined || told.over || isOver) return [];
      const { at, thread } = told;
      const view = viewOf(story);
      return [{ kind: 'story', story, view, status: 'repeated', dueAt: at, from: at, thread, closes: [] }];
    });
    if (subjects.length > 0) {
      const { items, ...message } = this.compose(this.tools.newId(), clock.now(), subjects);
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
    await journal.updateAlerts(() => ({ putChannels: [next] }));
    this.tell(channel, error, failures, next.nextAttemptAt);
  }

  private tell({ name }: Channel, error: RotatorError, attempt: number | null, nextCheckAt: number | null): void {
    this.tools.emit({ event: 'alert.failed', channel: name, error, attempt, nextCheckAt });
  }

  /** The tick whose digest a channel was not sent. The first one of a channel is only noted: `facts` is null. */
  private digestDue({ digestAt }: ChannelState, now: number) {
    const { digests } = this.options;
    const tick = digests?.tick(now);
    if (digests === undefined || tick === undefined) return undefined;
    if (digestAt === null || digestAt > now) return { tick, facts: null };
    return tick > digestAt ? { tick, facts: digests.facts } : undefined;
  }

  private compose(id: string, now: number, subjects: readonly MessageSubject[]): AlertMessage {
    return composeMessage({ id, now, ...this.options.voice, subjects });
  }

  private paceOf(name: string): Pace {
    const unused = { busy: undefined, gapUntil: 0, heldUntil: 0, refreshedAt: Number.NEGATIVE_INFINITY, untried: true };
    const pace: Pace = this.paces.get(name) ?? unused;
    this.paces.set(name, pace);
    return pace;
  }
}

/** What is to be told makes the id: every attempt at the same message has the same, also that of another process. */
function idOf(channel: string, news: readonly News[], tick: number | undefined): string {
  const told = news.map(({ story, status, from, thread, view }) => [
    story.id,
    status,
    from,
    thread,
    view.targets.length,
  ]);
  const digest = hash('sha256', JSON.stringify([channel, tick ?? told]), 'hex');
  // A UUID of version 8 (RFC 9562): its bits are ours to choose.
  return digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5');
}

/** What the journal knows of a channel. */
export function stateOf({ channels }: AlertBook, name: string): ChannelState {
  return channels.find((state) => state.name === name) ?? emptyChannelState(name);
}

/** What was not told yet over a channel. */
export interface Waiting {
  readonly count: number;
  /** Since when the channel has failed, for which alone they wait; null if nothing waits. */
  readonly since: number | null;
}

export function waitingFor(book: AlertBook, channel: string, policy: AlertPolicy, now: number): Waiting {
  const { length: count } = dueOf(newsFor(book.stories, channel, policy, now), now);
  return { count, since: count === 0 ? null : (stateOf(book, channel).failingSince ?? now) };
}

function isRefreshed(channel: Channel): channel is RefreshedChannel {
  return 'refresh' in channel;
}
