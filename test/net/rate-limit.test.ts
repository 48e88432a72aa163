// The laws of the limiter, with any rates, arrivals and aborts; then its lanes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRateLimits, laneOf } from '../../src/adapters/tencent/rate-limit.ts';
import type { SharedPace } from '../../src/core/journal-ports.ts';
import { createRateLimit, type RateLimit } from '../../src/net/rate-limit.ts';
import { tries } from '../support/campaign.ts';
import { HandClock } from '../support/clock.ts';

interface Caller {
  /** Ms after the caller before. */
  readonly after: number;
  /** Ms after its own arrival; undefined: never. */
  readonly abortsAfter: number | undefined;
}

const callers = fc.array(
  fc.record({
    after: fc.oneof(fc.constant(0), fc.nat(1500)),
    abortsAfter: fc.option(fc.nat(3000), { nil: undefined, freq: 3 }),
  }),
  { minLength: 1, maxLength: 25 },
);

/** A call that leaves as soon as it has its turn. */
async function call(limit: RateLimit, signal: AbortSignal): Promise<void> {
  (await limit.turn(signal))();
}

interface Start {
  readonly caller: number;
  readonly at: number;
}

/** Plays the callers against a limit and gives the starts in order. */
async function play(perSecond: number, arriving: readonly Caller[]): Promise<Start[]> {
  const clock = new HandClock();
  const limit = createRateLimit(perSecond, clock);
  const starts: Start[] = [];
  for (const [caller, { after, abortsAfter }] of arriving.entries()) {
    await clock.advance(after);
    const controller = new AbortController();
    if (abortsAfter !== undefined) void clock.sleep(abortsAfter).then(() => controller.abort(new Error('left')));
    void call(limit, controller.signal).then(
      () => starts.push({ caller, at: clock.monotonic() }),
      () => undefined,
    );
  }
  await clock.advance((arriving.length * 1040) / Math.min(1, perSecond));
  return starts;
}

describe('for any callers', () => {
  test('no window of a second sees more starts than the rate', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), callers, async (perSecond, arriving) => {
        const starts = await play(perSecond, arriving);
        for (const { at } of starts)
          expect(starts.filter((other) => other.at >= at && other.at < at + 1000).length).toBeLessThanOrEqual(
            perSecond,
          );
      }),
      { numRuns: tries(60) },
    );
  });

  test('they start in the order in which they came', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), callers, async (perSecond, arriving) => {
        const order = (await play(perSecond, arriving)).map(({ caller }) => caller);
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }),
      { numRuns: tries(60) },
    );
  });

  test('whoever leaves before its turn makes nobody later', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), callers, async (perSecond, arriving) => {
        const starts = await play(perSecond, arriving);
        const started = new Set(starts.map(({ caller }) => caller));
        let idle = 0;
        const withoutLeavers = arriving.flatMap((caller, index) => {
          idle += caller.after;
          if (!started.has(index)) return [];
          const after = idle;
          idle = 0;
          return [{ ...caller, after }];
        });
        const alone = withoutLeavers.length === 0 ? [] : await play(perSecond, withoutLeavers);
        expect(alone.map(({ at }) => at)).toEqual(starts.map(({ at }) => at));
      }),
      { numRuns: tries(60) },
    );
  });
});

test('an idle limit lets the first n start at once, and the next a little over a second after the first', async () => {
  const starts = await play(
    3,
    Array.from({ length: 4 }, () => ({ after: 0, abortsAfter: undefined })),
  );
  expect(starts.map(({ at }) => at)).toEqual([0, 0, 0, 1040]);
});

test('where a second is used up, half of its starts go together when the last of them is free', async () => {
  const starts = await play(
    4,
    Array.from({ length: 9 }, () => ({ after: 100, abortsAfter: undefined })),
  );
  expect(starts.map(({ at }) => at)).toEqual([100, 200, 300, 400, 1240, 1240, 1440, 1440, 2280]);
});

test('a call after a pause waits for nothing that is free', async () => {
  const starts = await play(
    4,
    [0, 0, 0, 900, 0, 300].map((after) => ({ after, abortsAfter: undefined })),
  );
  expect(starts.map(({ at }) => at)).toEqual([0, 0, 0, 900, 1040, 1200]);
});

test('a rate below one spaces the starts', async () => {
  const starts = await play(
    0.5,
    Array.from({ length: 3 }, () => ({ after: 0, abortsAfter: undefined })),
  );
  expect(starts.map(({ at }) => at)).toEqual([0, 2080, 4160]);
});

test('a waiter that aborts rejects with the reason', async () => {
  const clock = new HandClock();
  const limit = createRateLimit(1, clock);
  await call(limit, new AbortController().signal);
  const controller = new AbortController();
  const turn = limit.turn(controller.signal);
  const reason = new Error('stopping');
  controller.abort(reason);
  await expect(turn).rejects.toBe(reason);
});

test('a waiter that aborts at the very moment of its turn uses nothing up', async () => {
  const clock = new HandClock();
  const { promise: asleep, resolve: fall } = Promise.withResolvers<() => void>();
  const limit = createRateLimit(1, {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: () => new Promise((wake) => fall(wake)),
    every: () => () => undefined,
  });
  await call(limit, new AbortController().signal);
  const controller = new AbortController();
  const turn = limit.turn(controller.signal);
  const wake = await asleep;
  await clock.advance(1040);
  wake();
  controller.abort(new Error('stopping'));
  await expect(turn).rejects.toThrow('stopping');
  await call(limit, new AbortController().signal);
});

test('the window counts from when a call leaves, however long other work held it up after its turn', async () => {
  const clock = new HandClock();
  const limit = createRateLimit(2, clock);
  const { signal } = new AbortController();
  const first = await limit.turn(signal);
  await limit.turn(signal);
  const starts: number[] = [];
  void limit.turn(signal).then(() => starts.push(clock.monotonic()));
  await clock.advance(400);
  first();
  await clock.advance(1_039);
  expect(starts).toEqual([]);
  await clock.advance(1);
  expect(starts).toEqual([1_440]);
});

test('a call that has its turn and has not left takes up the rate, until it has hung for a second', async () => {
  const clock = new HandClock();
  const limit = createRateLimit(1, clock);
  const { signal } = new AbortController();
  await limit.turn(signal);
  const starts: number[] = [];
  void call(limit, signal).then(() => starts.push(clock.monotonic()));
  await clock.advance(2_039);
  expect(starts).toEqual([]);
  await clock.advance(1);
  expect(starts).toEqual([2_040]);
});

test('a rate of nothing is a mistake of the program', () => {
  expect(() => createRateLimit(0, new HandClock())).toThrow(TypeError);
});

describe('several processes of one journal', () => {
  /** What the journal keeps of paces. */
  class Journal {
    readonly there = new Set<object>();
    private readonly clock: HandClock;
    private leftAt = Number.NEGATIVE_INFINITY;
    private freeAt = 0;
    places = 0;

    constructor(clock: HandClock) {
      this.clock = clock;
    }

    leave(process: object): void {
      this.there.delete(process);
      this.leftAt = this.clock.monotonic();
    }

    paceOf(process: object): SharedPace {
      return {
        company: async () => {
          const leftMsAgo = this.clock.monotonic() - this.leftAt;
          const others = [...this.there].some((other) => other !== process);
          return { others, leftMsAgo: Number.isFinite(leftMsAgo) ? leftMsAgo : undefined };
        },
        takePlace: async (_name, gapMs) => {
          this.places += 1;
          const at = Math.max(this.freeAt, this.clock.monotonic());
          this.freeAt = at + gapMs;
          return at - this.clock.monotonic();
        },
      };
    }
  }

  const process = fc.record({
    comesAfter: fc.nat(4000),
    staysFor: fc.oneof(fc.nat(3000), fc.constant(60_000)),
    calls: fc.array(fc.oneof(fc.constant(0), fc.nat(900)), { minLength: 1, maxLength: 12 }),
  });

  test('never start more than the rate between them, whoever comes, goes and calls when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(process, { minLength: 2, maxLength: 4 }),
        async (perSecond, processes) => {
          const clock = new HandClock();
          const journal = new Journal(clock);
          const starts: number[] = [];
          const lives = processes.map(async ({ comesAfter, staysFor, calls }) => {
            await clock.sleep(comesAfter);
            const [self, life] = [{}, new AbortController()];
            journal.there.add(self);
            const limit = createRateLimit(perSecond, clock, { name: 'p', shared: journal.paceOf(self) });
            const done = (async () => {
              for (const after of calls) {
                await clock.sleep(after, life.signal);
                void call(limit, life.signal).then(
                  () => starts.push(clock.monotonic()),
                  () => undefined,
                );
              }
            })().catch(() => undefined);
            await clock.sleep(staysFor);
            life.abort(new Error('the process ends'));
            journal.leave(self);
            await done;
          });
          await clock.advance(70_000);
          await Promise.all(lives);
          for (const at of starts)
            expect(starts.filter((other) => other >= at && other < at + 999.9).length).toBeLessThanOrEqual(perSecond);
        },
      ),
      { numRuns: tries(60) },
    );
  });

  test('use the whole rate between them, and one that is alone takes no places', async () => {
    const clock = new HandClock();
    const journal = new Journal(clock);
    const signal = new AbortController().signal;
    const starts: number[] = [];
    const come = () => {
      const self = {};
      journal.there.add(self);
      return createRateLimit(10, clock, { name: 'p', shared: journal.paceOf(self) });
    };
    const calls = (limit: RateLimit, times: number) => {
      for (let i = 0; i < times; i += 1) void call(limit, signal).then(() => starts.push(clock.monotonic()));
    };
    const one = come();
    calls(one, 20);
    await clock.advance(2_000);
    expect([starts.length, journal.places]).toEqual([20, 0]);
    const other = come();
    calls(one, 50);
    calls(other, 50);
    await clock.advance(11_400);
    expect(starts).toHaveLength(120);
    expect(journal.places).toBe(100);
  });
});

describe('lanes', () => {
  const endpoint = 'https://tcb.tencentcloudapi.com';

  test('are told apart by credential, region and endpoint', () => {
    const lane = laneOf({ credentialId: 'env A', region: 'ap-shanghai', endpoint });
    expect(laneOf({ credentialId: 'env A', region: 'ap-shanghai', endpoint: `${endpoint}/` })).toBe(lane);
    expect(laneOf({ credentialId: 'env B', region: 'ap-shanghai', endpoint })).not.toBe(lane);
    expect(laneOf({ credentialId: 'env A', region: 'ap-guangzhou', endpoint })).not.toBe(lane);
    expect(laneOf({ credentialId: 'env A', region: 'ap-shanghai', endpoint: 'http://127.0.0.1:1' })).not.toBe(lane);
  });

  test('one lane is one limit, and the lowest rate that was asked for holds', async () => {
    const clock = new HandClock();
    const limits = createRateLimits(clock);
    const signal = new AbortController().signal;
    const wide = limits.lane('lane', 10);
    const narrow = limits.lane('lane', 1);
    limits.lane('lane', 20);
    const starts: number[] = [];
    for (const limit of [wide, narrow, wide]) void call(limit, signal).then(() => starts.push(clock.monotonic()));
    void call(limits.lane('other', 1), signal).then(() => starts.push(-1));
    await clock.advance(5000);
    expect(starts.sort((a, b) => a - b)).toEqual([-1, 0, 1040, 2080]);
  });
});
