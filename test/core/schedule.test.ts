// When things are due: the retry table to the letter, renewal and emergency at their boundaries, and the laws that
// hold for every policy.
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUSY_TIMEOUT_MS } from '../../src/adapters/journal/journal.ts';
import {
  EMERGENCY_RETRY_MS,
  emergencyInstant,
  LEASE_MS,
  LONGEST_RETRY_MS,
  LONGEST_WRITE_MS,
  nextAttemptAt,
  notBeyond,
  RENEW_LEASE_MS,
  renewalInstant,
  retryDelayMs,
  steadyFraction,
  within,
} from '../../src/core/schedule.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/core/time.ts';
import { NOW } from '../support/builders.ts';

const TABLE = [
  [1, 1],
  [2, 2],
  [3, 5],
  [4, 10],
  [5, 10],
  [6, 10],
  [7, 20],
  [8, 20],
  [9, 20],
  [10, 20],
  [11, 30],
  [12, 30],
  [13, 30],
  [14, 30],
  [15, 30],
  [16, 30],
  [17, 60],
  [18, 60],
  [19, 60],
  [20, 120],
  [21, 120],
  [22, 180],
  [23, 180],
  [24, 360],
  [25, 360],
  [1_000, 360],
  [Number.MAX_SAFE_INTEGER, 360],
] as const;

describe('after a failure that may pass', () => {
  test.each(TABLE)('number %d in a row the next attempt waits %d minutes', (failures, minutes) => {
    expect(retryDelayMs(failures)).toBe(minutes * MINUTE);
    expect(nextAttemptAt(NOW, failures, 'passes', false)).toBe(NOW + minutes * MINUTE);
  });

  test('the table has 1, 2, 5 min; 3 × 10; 4 × 20; 6 × 30 min; 3 × 1 h; 2 × 2 h; 2 × 3 h; then 6 h', () => {
    const minutes = Array.from({ length: 24 }, (_, index) => retryDelayMs(index + 1) / MINUTE);
    const times = (count: number, each: number) => Array.from({ length: count }, () => each);
    const spelt = [1, 2, 5, ...times(3, 10), ...times(4, 20), ...times(6, 30), ...times(3, 60)];
    expect(minutes).toEqual([...spelt, ...times(2, 120), ...times(2, 180), 360]);
  });

  test('the first 23 waits are over after 17 h 58 min', () => {
    const waits = Array.from({ length: 23 }, (_, index) => retryDelayMs(index + 1));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(17 * HOUR + 58 * MINUTE);
  });

  test('no failure counts as the first', () => {
    expect(retryDelayMs(0)).toBe(MINUTE);
  });

  test('the wait never shrinks, and never exceeds what a stored instant may be ahead', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (failures) => {
        expect(retryDelayMs(failures + 1)).toBeGreaterThanOrEqual(retryDelayMs(failures));
        expect(retryDelayMs(failures)).toBeLessThanOrEqual(LONGEST_RETRY_MS);
      }),
    );
  });
});

describe('the next attempt', () => {
  test('after a failure that a person must fix comes with the next tick', () => {
    expect(nextAttemptAt(NOW, 1, 'person', false)).toBeNull();
    expect(nextAttemptAt(NOW, 100, 'person', false)).toBeNull();
  });

  test.each(['passes', 'person'] as const)('in an emergency comes within ten minutes (%s)', (remedy) => {
    for (const failures of [4, 7, 24, 500]) {
      expect(nextAttemptAt(NOW, failures, remedy, true)).toBe(NOW + 10 * MINUTE);
    }
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 5],
  ])('of failure %d that may pass is not put off by an emergency: %d min', (failures, minutes) => {
    expect(nextAttemptAt(NOW, failures, 'passes', true)).toBe(NOW + minutes * MINUTE);
  });

  test('an emergency never makes anything later', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.constantFrom('passes', 'person'), (failures, remedy) => {
        const [calm, hurried] = [false, true].map((each) => nextAttemptAt(NOW, failures, remedy, each));
        expect(hurried).toBeLessThanOrEqual(calm ?? Number.POSITIVE_INFINITY);
        expect(hurried).toBeLessThanOrEqual(NOW + EMERGENCY_RETRY_MS);
      }),
    );
  });
});

describe('renewal', () => {
  const rule = { key: 'a', expiresAt: NOW, lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY };
  /** Policies that the configuration accepts: lifetime 7 to 180 days, renewBefore below it, in whole seconds. */
  const policies = fc
    .integer({ min: 7 * 86_400, max: 180 * 86_400 })
    .chain((lifetime) => fc.tuple(fc.constant(lifetime), fc.integer({ min: 1, max: lifetime - 1 })))
    .map(([lifetime, renewBefore]) => ({ lifetimeMs: lifetime * SECOND, renewBeforeMs: renewBefore * SECOND }));

  test('is due 60 to 78 days before the expiry under the default policy', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `https://tcb|env-${index}|apple`);
    const left = keys.map((key) => (rule.expiresAt - renewalInstant({ ...rule, key })) / DAY);
    expect(Math.min(...left)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...left)).toBeLessThan(78);
    expect(Math.min(...left)).toBeLessThan(61);
    expect(Math.max(...left)).toBeGreaterThan(77);
  });

  test('of a known target is pinned to the millisecond: another spread would move every renewal at once', () => {
    const fraction = 0x92955268 / 2 ** 32;
    expect(renewalInstant(rule)).toBe(NOW - 60 * DAY - Math.floor(fraction * 18 * DAY));
  });

  test('of a fleet adopted on one day does not fall on one day', () => {
    const days = Array.from({ length: 500 }, (_, i) => Math.floor(renewalInstant({ ...rule, key: `t${i}` }) / DAY));
    expect(new Set(days).size).toBeGreaterThanOrEqual(18);
    const groups = [...Map.groupBy(days, (day) => day).values()];
    const busiest = Math.max(...groups.map((group) => group.length));
    expect(busiest).toBeLessThan(60);
  });

  test('is not spread where renewBefore is the whole lifetime or more', () => {
    expect(renewalInstant({ ...rule, lifetimeMs: 30 * DAY })).toBe(NOW - 60 * DAY);
    expect(renewalInstant({ ...rule, lifetimeMs: 60 * DAY })).toBe(NOW - 60 * DAY);
  });

  test('lies strictly between issue and expiry for every legal policy', () => {
    fc.assert(
      fc.property(fc.string(), policies, (key, policy) => {
        const at = renewalInstant({ key, expiresAt: NOW, ...policy });
        expect(at).toBeGreaterThan(NOW - policy.lifetimeMs);
        expect(at).toBeLessThan(NOW);
      }),
    );
  });

  test('is spread by less than a tenth of the lifetime, never to the later side', () => {
    fc.assert(
      fc.property(fc.string(), policies, (key, policy) => {
        const spread = NOW - policy.renewBeforeMs - renewalInstant({ key, expiresAt: NOW, ...policy });
        expect(spread).toBeGreaterThanOrEqual(0);
        expect(spread).toBeLessThanOrEqual(policy.lifetimeMs / 10);
      }),
    );
  });

  test('takes at most half of what lies between issue and renewBefore, so that nothing renews the day it was made', () => {
    fc.assert(
      fc.property(fc.string(), policies, (key, policy) => {
        const afterIssue = renewalInstant({ key, expiresAt: NOW, ...policy }) - (NOW - policy.lifetimeMs);
        expect(afterIssue).toBeGreaterThanOrEqual((policy.lifetimeMs - policy.renewBeforeMs) / 2);
      }),
    );
  });

  test('is steady: the same target and rule give the same instant, and it moves with the expiry alone', () => {
    fc.assert(
      fc.property(fc.string(), policies, fc.integer({ min: -1e9, max: 1e9 }), (key, policy, shift) => {
        const at = renewalInstant({ key, expiresAt: NOW, ...policy });
        expect(renewalInstant({ key, expiresAt: NOW, ...policy })).toBe(at);
        expect(renewalInstant({ key, expiresAt: NOW + shift, ...policy })).toBe(at + shift);
      }),
    );
  });
});

describe('a steady fraction', () => {
  test('lies in [0, 1) for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(steadyFraction(text)).toBeGreaterThanOrEqual(0);
        expect(steadyFraction(text)).toBeLessThan(1);
      }),
    );
  });

  test('is the same on every machine and in every version: another one would move all renewals at once', async () => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('spread x'));
    expect(steadyFraction('spread x')).toBe(Buffer.from(digest).readUInt32BE(0) / 4_294_967_296);
    expect(steadyFraction('')).toBeCloseTo(0xe3b0c442 / 0xffffffff, 6);
  });
});

describe('an emergency', () => {
  test('begins when a tenth of the lifetime is left', () => {
    expect(emergencyInstant(NOW, 180 * DAY)).toBe(NOW - 18 * DAY);
    expect(emergencyInstant(NOW, 7 * DAY)).toBe(NOW - 0.7 * DAY);
  });

  test('retries at least every ten minutes', () => {
    expect([EMERGENCY_RETRY_MS, LONGEST_RETRY_MS]).toEqual([10 * MINUTE, 6 * HOUR]);
  });
});

describe('a stored instant of the future', () => {
  test.each([
    ['in the past stays as it is', NOW - DAY, NOW - DAY],
    ['now stays as it is', NOW, NOW],
    ['as far ahead as its rule allows stays as it is', NOW + 6 * HOUR, NOW + 6 * HOUR],
    ['1 ms further ahead was written by a wrong clock and means now', NOW + 6 * HOUR + 1, NOW],
    ['years ahead means now', NOW + 1_000 * DAY, NOW],
  ])('%s', (_name, stored, meant) => {
    expect(notBeyond(stored, NOW, LONGEST_RETRY_MS)).toBe(meant);
  });

  test('never puts anything to sleep for longer than its rule', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(), (stored, longest) => {
        expect(notBeyond(stored, NOW, longest)).toBeLessThanOrEqual(NOW + longest);
        expect(notBeyond(notBeyond(stored, NOW, longest), NOW, longest)).toBe(notBeyond(stored, NOW, longest));
      }),
    );
  });
});

describe('a stored instant of the past', () => {
  test.each([
    ['this very moment is within a day', NOW, true],
    ['a day less 1 ms ago is within a day', NOW - DAY + 1, true],
    ['exactly a day ago is not', NOW - DAY, false],
    ['1 ms ahead is void', NOW + 1, false],
    ['never is not', null, false],
    ['an absent one is not', undefined, false],
    ['the epoch is not', 0, false],
  ])('%s', (_name, stored, answer) => {
    expect(within(stored, NOW, DAY)).toBe(answer);
  });
});

test('a write that a lease allows is over before another process can take the lease', () => {
  expect(RENEW_LEASE_MS + BUSY_TIMEOUT_MS + LONGEST_WRITE_MS).toBeLessThan(LEASE_MS);
});
