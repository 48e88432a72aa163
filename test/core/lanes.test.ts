// What a write says about its lane, until when a bad one closes it, and who writes first.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.ts';
import {
  afterBadWrite,
  afterGoodWrite,
  closedUntil,
  compareRanks,
  judgeWrite,
  LANE_CLOSED_MS,
  type WriteAttempt,
  type WriteRank,
} from '../../src/core/lanes.ts';
import type { Outcome } from '../../src/core/reasons.ts';
import { HOUR } from '../../src/core/time.ts';
import { NOW } from '../support/builders.ts';

const ERROR = { code: 'ERR_NOT_APPLIED', message: 'the old one is still there', hint: 'Look.' } as const;

describe('a write', () => {
  test.each<[string, WriteAttempt, Outcome | null, ErrorCode | undefined, ReturnType<typeof judgeWrite>]>([
    ['that was not tried says nothing', 'none', 'blocked', 'ERR_APPLE_REJECTED', undefined],
    ['that succeeded is good', 'sent', 'succeeded', undefined, 'good'],
    ['that cannot be seen is good', 'sent', 'unverified', undefined, 'good'],
    ['that was put back is bad', 'sent', 'rolled-back', 'ERR_ROLLED_BACK', 'bad'],
    ['that failed is bad', 'sent', 'failed', 'ERR_CONFLICT', 'bad'],
    [
      'that was refused for a field of its target says nothing',
      'refused',
      'failed',
      'ERR_CLOUDBASE_REFUSED',
      undefined,
    ],
    ['that was refused for its rate says nothing', 'refused', 'failed', 'ERR_CLOUDBASE_THROTTLED', undefined],
    ['that was refused for its credential is bad', 'refused', 'failed', 'ERR_CREDENTIALS_REJECTED', 'bad'],
    ['that was refused for its permission is bad', 'refused', 'failed', 'ERR_CLOUDBASE_DENIED', 'bad'],
    ['that never reached the endpoint is bad', 'refused', 'failed', 'ERR_CLOUDBASE_NETWORK', 'bad'],
  ])('%s', (_name, write, outcome, code, verdict) => {
    expect(judgeWrite(write, outcome, code)).toBe(verdict);
  });
});

describe('a lane', () => {
  const once = afterBadWrite({}, 'a', ERROR, NOW);

  test('is open where nothing is known of it', () => {
    expect(closedUntil(undefined, NOW)).toBeUndefined();
  });

  test('is closed for an hour after a bad write, to the millisecond', () => {
    expect(once['a']).toEqual({ badWrites: 1, since: NOW, closedUntil: NOW + LANE_CLOSED_MS, error: ERROR });
    expect(closedUntil(once['a'], NOW + HOUR - 1)).toBe(NOW + HOUR);
    expect(closedUntil(once['a'], NOW + HOUR)).toBeUndefined();
  });

  test('is open where a clock that was wrong has closed it for longer', () => {
    expect(closedUntil(once['a'], NOW - 1)).toBeUndefined();
  });

  test('counts bad writes in a row and keeps since when, and a good one ends that', () => {
    const twice = afterBadWrite(once, 'a', ERROR, NOW + HOUR);
    expect(twice['a']).toMatchObject({ badWrites: 2, since: NOW, closedUntil: NOW + 2 * HOUR });
    const both = afterBadWrite(twice, 'b', ERROR, NOW);
    expect(Object.keys(afterGoodWrite(both, 'a'))).toEqual(['b']);
  });

  test('that a clock of the future closed is bad since now', () => {
    expect(afterBadWrite(once, 'a', ERROR, NOW - HOUR)['a']?.since).toBe(NOW - HOUR);
  });
});

describe('who writes first', () => {
  const rank = (change: Partial<WriteRank>): WriteRank => ({
    failedAt: null,
    urgent: false,
    requested: false,
    neededBy: NOW,
    ...change,
  });

  test.each<[string, Partial<WriteRank>, Partial<WriteRank>]>([
    ['what is urgent before what was asked for', { urgent: true }, { requested: true }],
    ['what was asked for before what is due', { requested: true }, { neededBy: 0 }],
    ['what expires sooner', { neededBy: NOW - 1 }, {}],
    ['what is known to expire before what is not', {}, { neededBy: Number.POSITIVE_INFINITY }],
    ['anything before a target whose last write failed', {}, { failedAt: NOW, urgent: true, neededBy: 0 }],
    ['of those that failed, the longest ago', { failedAt: NOW - 1 }, { failedAt: NOW, urgent: true }],
  ])('%s', (_name, first, second) => {
    expect(compareRanks(rank(first), rank(second))).toBeLessThan(0);
    expect(compareRanks(rank(second), rank(first))).toBeGreaterThan(0);
  });

  test('is an order', () => {
    const instants = fc.constantFrom(0, NOW, Number.POSITIVE_INFINITY);
    const anyRank = fc.record({
      failedAt: fc.constantFrom(null, 1, NOW),
      urgent: fc.boolean(),
      requested: fc.boolean(),
      neededBy: instants,
    });
    fc.assert(
      fc.property(anyRank, anyRank, anyRank, (a, b, c) => {
        expect(Math.sign(compareRanks(a, b)) + Math.sign(compareRanks(b, a))).toBe(0);
        if (compareRanks(a, b) <= 0 && compareRanks(b, c) <= 0) expect(compareRanks(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
