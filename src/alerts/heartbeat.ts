// The heartbeat, a dead man's switch: an outside service notifies somebody when our pings stop. `url` says whether this
// service itself works: it gets a failure when the scheduler hangs, alerts cannot be delivered or the journal cannot be
// written, but not for trouble of one target. `healthUrl` gets a failure while any story is critical.

import { RotatorError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { cleanText } from '../core/output.ts';
import type { Clock } from '../core/ports.ts';
import { CallFailure } from '../net/failure.ts';
import type { Env } from '../net/proxy.ts';
import { request } from '../net/request.ts';

export interface HeartbeatOptions {
  readonly url: string | undefined;
  readonly healthUrl: string | undefined;
  readonly everyMs: number;
}

/** Why the service itself is not well, and which stories are critical. Both empty: all is well. */
export interface Wellbeing {
  readonly troubles: readonly string[];
  readonly critical: readonly string[];
}

export interface HeartbeatTools {
  readonly clock: Clock;
  readonly env: Env;
  readonly emit: EventSink;
}

/** The receiver only stores a ping. Less would fail over a slow network; more would delay the next ping. */
export const HEARTBEAT_TIMEOUT_MS = 10_000;
/**
 * When a failed ping is tried again, and a change is said again, unless `every` is sooner: soon enough for a receiver with
 * a few minutes' grace. healthchecks.io answers 200 to more than five pings a minute, and drops them.
 */
const AGAIN_MS = 60_000;
/** Enough for the first few stories; the names of hundreds of targets would fill the receiver's page. */
const LONGEST_BODY = 1_000;

interface Call {
  /** The key of the configuration. */
  readonly which: string;
  readonly url: string;
  readonly problems: readonly string[];
}

export class Heartbeat {
  private readonly tools: HeartbeatTools;
  private options: HeartbeatOptions;
  private dueAt = 0;
  private busy: Promise<void> | undefined;
  /** What each URL got last (true: well), so that a change is sent at once. */
  private readonly said = new Map<string, boolean>();
  private readonly failing = new Set<string>();
  private readonly closing = new AbortController();

  constructor(options: HeartbeatOptions, tools: HeartbeatTools) {
    this.options = options;
    this.tools = tools;
  }

  configure(options: HeartbeatOptions): void {
    this.options = options;
    this.dueAt = 0;
  }

  /** Pings if it is time or something changed. Returns how many ms (monotonic) remain until the next ping. */
  beat({ troubles, critical }: Wellbeing): number {
    const { clock } = this.tools;
    const { url, healthUrl, everyMs } = this.options;
    const calls = [
      { which: 'heartbeat.url', url, problems: troubles },
      { which: 'heartbeat.healthUrl', url: healthUrl, problems: critical },
    ].flatMap(({ url, ...call }): Call[] => (url === undefined ? [] : [{ url, ...call }]));
    if (calls.length === 0) return Number.POSITIVE_INFINITY;
    const changed = calls.some(({ which, problems }) => (this.said.get(which) ?? true) !== (problems.length === 0));
    const wait = this.dueAt - clock.monotonic();
    if (this.busy !== undefined || (wait > 0 && !changed)) return Math.max(wait, 1_000);
    const nextMs = changed ? Math.min(everyMs, AGAIN_MS) : everyMs;
    this.dueAt = clock.monotonic() + nextMs;
    this.busy = Promise.all(calls.map((call) => this.ping(call))).then((arrived) => {
      if (arrived.includes(false)) this.dueAt = clock.monotonic() + Math.min(everyMs, AGAIN_MS);
      this.busy = undefined;
    });
    return nextMs;
  }

  /** Waits for a ping that is under way. */
  async settled(): Promise<void> {
    await this.busy;
  }

  abort(): void {
    this.closing.abort(new Error('stopped'));
  }

  private async ping({ which, url, problems }: Call): Promise<boolean> {
    const isWell = problems.length === 0;
    this.said.set(which, isWell);
    const body = isWell ? 'ok' : cleanText(problems.join('\n')).slice(0, LONGEST_BODY);
    const why = await request({
      url: isWell ? url : failUrl(url),
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body,
      timeoutMs: HEARTBEAT_TIMEOUT_MS,
      signal: this.closing.signal,
      env: this.tools.env,
    }).then(
      ({ status }) => (status >= 200 && status < 300 ? undefined : ({ trouble: 'http', status } as const)),
      (thrown) => (thrown instanceof CallFailure ? thrown.trouble : ({ trouble: 'network', code: null } as const)),
    );
    if (why === undefined) {
      this.failing.delete(which);
      return true;
    }
    // Logged once, not at every ping: its receiver notices that pings are missing.
    if (!this.failing.has(which) && !this.closing.signal.aborted) {
      this.failing.add(which);
      const error = new RotatorError('ERR_CHANNEL_UNAVAILABLE', { channel: which, type: 'heartbeat', ...why });
      this.tools.emit({ event: 'warning', error });
    }
    return false;
  }
}

/** The URL that takes failures, by the convention of healthchecks.io: `/fail` behind the path. */
export function failUrl(url: string): string {
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/+$/, '')}/fail`;
  return target.href;
}
