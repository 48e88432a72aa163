// The laws of the limiter, with any rates, arrivals and aborts; then its lanes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRateLimits, laneOf } from '../../src/adapters/tencent/rate-limit.ts';
import { createRateLimit } from '../../src/net/rate-limit.ts';
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
    void limit.turn(controller.signal).then(
      () => starts.push({ caller, at: clock.monotonic() }),
      () => undefined,
    );
  }
  await clock.advance((arriving.length * 1000) / Math.min(1, perSecond));
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

test('an idle limit lets the first n start at once, and the next a second after the first', async () => {
  const starts = await play(
    3,
    Array.from({ length: 4 }, () => ({ after: 0, abortsAfter: undefined })),
  );
  expect(starts.map(({ at }) => at)).toEqual([0, 0, 0, 1000]);
});

test('a rate below one spaces the starts', async () => {
  const starts = await play(
    0.5,
    Array.from({ length: 3 }, () => ({ after: 0, abortsAfter: undefined })),
  );
  expect(starts.map(({ at }) => at)).toEqual([0, 2000, 4000]);
});

test('a waiter that aborts rejects with the reason', async () => {
  const clock = new HandClock();
  const limit = createRateLimit(1, clock);
  await limit.turn(new AbortController().signal);
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
  });
  await limit.turn(new AbortController().signal);
  const controller = new AbortController();
  const turn = limit.turn(controller.signal);
  const wake = await asleep;
  await clock.advance(1000);
  wake();
  controller.abort(new Error('stopping'));
  await expect(turn).rejects.toThrow('stopping');
  await limit.turn(new AbortController().signal);
});

test('a rate of nothing is a mistake of the program', () => {
  expect(() => createRateLimit(0, new HandClock())).toThrow(TypeError);
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
    for (const limit of [wide, narrow, wide]) void limit.turn(signal).then(() => starts.push(clock.monotonic()));
    void limits
      .lane('other', 1)
      .turn(signal)
      .then(() => starts.push(-1));
    await clock.advance(5000);
    expect(starts.sort((a, b) => a - b)).toEqual([-1, 0, 1000, 2000]);
  });
});
