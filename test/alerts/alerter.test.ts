// The loop that looks, delivers and pings: when it looks, what it does when its journal throws, and how long the end of
// a process is held up by channels that do not answer. The clock stands still until it is advanced.
import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Alerter } from '../../src/alerts/alerter.ts';
import { Deliverer, waitingFor } from '../../src/alerts/deliverer.ts';
import { Heartbeat } from '../../src/alerts/heartbeat.ts';
import { Watch } from '../../src/alerts/watch.ts';
import type { AlertMessage } from '../../src/core/alerts/message.ts';
import { type ErrorCode, type ErrorFact, RotatorError } from '../../src/core/errors.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import type { Channel } from '../../src/core/ports.ts';
import { MINUTE, SECOND } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { anError, aWatched, TOKEN_URL } from '../support/alert-facts.ts';
import { route } from '../support/alert-life.ts';
import { aState } from '../support/builders.ts';
import { HandClock } from '../support/clock.ts';
import { ownJournal } from '../support/journal.ts';
import { VOICE } from './rig.ts';

/** What a channel makes of each attempt, the last of it for ever: takes it, fails, or never answers. */
type Manner = 'takes' | 'hangs' | Extract<ErrorCode, `ERR_CHANNEL_${string}`>;

function channelOf(name: string, manners: readonly Manner[]) {
  const taken: string[] = [];
  const own = { attempts: 0, broken: 0, taken };
  const channel: Channel = {
    name,
    type: 'webhook',
    gapMs: 0,
    reach: async () => undefined,
    async send({ items }: AlertMessage, signal: AbortSignal) {
      const manner = manners[Math.min(own.attempts, manners.length - 1)] ?? 'takes';
      own.attempts += 1;
      if (manner === 'hangs') {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        own.broken += 1;
      } else if (manner !== 'takes') {
        throw RotatorError.of({
          code: manner,
          params: { problem: 'refused', channel: name, type: 'webhook' },
        } as ErrorFact);
      }
      taken.push(items.map(({ status, condition }) => `${status} ${condition}`).join(', '));
      return { detail: 'HTTP 200' };
    },
  };
  return { channel, own };
}

async function start(manners: Readonly<Record<string, readonly Manner[]>> = { ops: ['takes'] }) {
  const clock = new HandClock();
  const memory = await ownJournal();
  const begun = clock.now();
  let looks = 0;
  let broken: Error | undefined;
  const journal = {
    ...memory,
    async updateAlerts(change: Parameters<typeof memory.updateAlerts>[0]) {
      return memory.updateAlerts((book, recorded) =>
        change(book, {
          target: (key) => recorded.target(key),
          named: (name) => recorded.named(name),
          fleet: () => recorded.fleet(),
          changedSince(...since) {
            looks += 1;
            if (broken !== undefined) throw broken;
            return recorded.changedSince(...since);
          },
        }),
      );
    },
  };
  const events: RotatorEvent[] = [];
  const emit = (event: RotatorEvent) => void events.push(event);
  const newId = () => uuidv7(clock.now(), new Uint8Array(randomBytes(10)));
  const names = Object.keys(manners);
  const made = Object.entries(manners).map(([name, own]) => channelOf(name, own));
  const targets = new Map([[aWatched().key, aWatched()]]);
  const policy = {
    repeatEvery: { warningMs: 1440 * MINUTE, criticalMs: 240 * MINUTE },
    routes: names.map((name) => route(name)),
    leastHoldMs: 0,
  };
  const watch = new Watch(
    policy,
    () => ({
      now: clock.now(),
      configuredAt: begun,
      targets,
      configured: targets,
      misconfigured: [],
      longestTickGapMs: 60 * MINUTE,
      tokenUrl: TOKEN_URL,
      journal: { path: './data/journal.db', degraded: undefined, exposed: [] },
      skewMs: undefined,
      since: clock.now(),
      configurationRejected: null,
      scheduler: { alive: true, lastTurnAt: clock.now() },
      replicas: null,
      isSweeping: false,
    }),
    { clock, journal, emit },
  );
  const deliverer = new Deliverer(
    { channels: made.map(({ channel }) => channel), voice: VOICE, policy },
    { clock, journal, emit, leaseHolder: 'daemon:', newId },
  );
  const heartbeat = new Heartbeat({ url: undefined, healthUrl: undefined, everyMs: MINUTE }, { clock, env: {}, emit });
  const alerter = new Alerter({ clock, journal, emit, watch, deliverer, heartbeat });
  return {
    clock,
    alerter,
    events,
    looks: () => looks,
    channel: (name = 'ops') => made[names.indexOf(name)]?.own ?? { attempts: 0, broken: 0, taken: [] },
    /** The journal throws from now on, or no more. */
    break: (error: Error | undefined) => {
      broken = error;
    },
    /** A pass that failed, of which a person must hear. */
    fail: () =>
      memory.commit({
        target: aState({
          state: 'failed',
          lastPassAt: clock.now(),
          error: anError('ERR_KEY_NOT_FOUND'),
          retry: { failures: 1, nextAttemptAt: null },
        }),
      }),
    waiting: async (channel = 'ops') => waitingFor(await memory.alertBook(), channel, policy, clock.now()).count,
    /** The loop of a daemon, which ends with the test. */
    async run() {
      const running = alerter.run(0);
      onTestFinished(async () => {
        alerter.stop();
        await clock.advance(MINUTE);
        await running;
      });
      await clock.advance(0);
    },
    /** The end of a process; says whether it is over, now and whenever it is asked. */
    async flush(limitMs: number) {
      let over = false;
      const done = alerter.flush(limitMs).then(() => {
        over = true;
      });
      await clock.advance(0);
      return { over: () => over, done };
    },
  };
}

describe('the loop', () => {
  test('looks at once, and then every minute', async () => {
    const { run, clock, looks } = await start();
    await run();
    expect(looks()).toBe(1);
    await clock.advance(MINUTE - 1);
    expect(looks()).toBe(1);
    await clock.advance(1);
    expect(looks()).toBe(2);
  });

  test('looks when something happened, but not more often than every second', async () => {
    const { run, clock, looks, alerter } = await start();
    await run();
    await clock.advance(30 * SECOND);
    alerter.rouse();
    await clock.advance(0);
    expect(looks()).toBe(2);
    for (let time = 0; time < 900; time += 100) {
      alerter.rouse();
      await clock.advance(100);
    }
    expect(looks()).toBe(2);
    await clock.advance(100);
    expect(looks()).toBe(3);
    await clock.advance(30 * SECOND);
    expect(looks()).toBe(3);
  });

  test('delivers what it finds, once, after the time in which company may come', async () => {
    const { run, clock, fail, alerter, channel, waiting } = await start();
    await run();
    await fail();
    await clock.advance(5 * SECOND);
    alerter.rouse();
    await clock.advance(2 * SECOND - 1);
    expect(channel().taken).toEqual([]);
    await clock.advance(1);
    expect(channel().taken).toEqual(['raised RenewalFailing']);
    await clock.advance(10 * MINUTE);
    expect([channel().attempts, await waiting()]).toEqual([1, 0]);
  });

  test('goes on when its journal throws, and says so', async () => {
    const rig = await start();
    rig.break(new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'waiting' }));
    await rig.run();
    await rig.fail();
    await rig.clock.advance(MINUTE);
    const error = { code: 'ERR_JOURNAL_UNWRITABLE', stored: { params: { problem: 'waiting' } } };
    expect(rig.events).toMatchObject([
      { event: 'warning', during: 'alerts', error },
      { event: 'warning', during: 'alerts', error },
    ]);
    rig.break(undefined);
    await rig.clock.advance(MINUTE + 2 * SECOND);
    expect(rig.channel().taken).toEqual(['raised RenewalFailing']);
  });

  test('that is stopped looks once more, and delivers before it ends', async () => {
    const { alerter, clock, fail, channel } = await start();
    const running = alerter.run(8 * SECOND);
    await clock.advance(0);
    await fail();
    alerter.stop();
    await clock.advance(0);
    await running;
    expect(channel().taken).toEqual(['raised RenewalFailing']);
  });
});

describe('the end of a process', () => {
  test('does not wait where there is nothing to deliver', async () => {
    const { flush } = await start();
    expect((await flush(30 * SECOND)).over()).toBe(true);
  });

  test('is held up by a channel that hangs for its limit and no longer; the message stays', async () => {
    const { flush, clock, fail, channel, waiting } = await start({ ops: ['hangs'], mail: ['takes'] });
    await fail();
    const { over, done } = await flush(30 * SECOND);
    await clock.advance(30 * SECOND - 1);
    expect([over(), channel('mail').taken]).toEqual([false, ['raised RenewalFailing']]);
    await clock.advance(1);
    await done;
    expect([channel().attempts, channel().taken, await waiting()]).toEqual([1, [], 1]);
  });

  test('tries a channel again that may come back, as long as there is time', async () => {
    const { flush, clock, fail, channel } = await start({ ops: ['ERR_CHANNEL_UNAVAILABLE', 'takes'] });
    await fail();
    const { over, done } = await flush(30 * SECOND);
    await clock.advance(10 * SECOND - 1);
    expect([over(), channel().attempts]).toEqual([false, 1]);
    await clock.advance(1);
    await done;
    expect(channel().taken).toEqual(['raised RenewalFailing']);
  });

  test('does not wait for an attempt that would come too late', async () => {
    const { flush, clock, fail, channel, waiting } = await start({ ops: ['ERR_CHANNEL_UNAVAILABLE'] });
    await fail();
    const { over, done } = await flush(30 * SECOND);
    await clock.advance(10 * SECOND);
    await done;
    expect([over(), channel().attempts, await waiting()]).toEqual([true, 2, 1]);
  });

  test('does not wait for a channel that refuses, and tells it over the others', async () => {
    const { flush, fail, channel } = await start({ ops: ['ERR_CHANNEL_REFUSED'], mail: ['takes'] });
    await fail();
    const { over } = await flush(30 * SECOND);
    expect(over()).toBe(true);
    expect(channel('ops').attempts).toBe(1);
    expect(channel('mail').taken).toEqual(['raised RenewalFailing', 'raised ChannelFailing']);
  });

  test('without any time journals what there is to tell, for the next process', async () => {
    const { flush, fail, channel, waiting, looks } = await start({ ops: ['hangs'] });
    await fail();
    const { done } = await flush(0);
    await done;
    expect([looks(), channel().taken, await waiting()]).toEqual([1, [], 1]);
  });
});
