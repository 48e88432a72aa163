// When Apple is asked about what is deployed, and what is kept of its answers.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answered, askedAfter, isAbout, questionDue, UNCALIBRATED } from '../../src/core/apple-gate.ts';
import type { AppleAsked } from '../../src/core/records.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { NOW } from '../support/builders.ts';
import { tries } from '../support/campaign.ts';

const DEPLOYED = { keyId: 'K1L2M3N4O5', fingerprint: 'a'.repeat(64) };

function anAnswer(overrides: Partial<AppleAsked> = {}): AppleAsked {
  return { at: NOW, verdict: 'accepted', asked: 'deployed', ...DEPLOYED, ...overrides };
}

describe('a question is due', () => {
  test.each<[string, boolean, AppleAsked | null]>([
    ['where none was ever put', true, null],
    ['where the last one lies in the future', true, anAnswer({ at: NOW + 1 })],
    ['where the last one was about another secret', true, anAnswer({ fingerprint: 'b'.repeat(64) })],
    ['where the last one was about another key', true, anAnswer({ asked: 'same-key', keyId: 'KEYOLDOLDA' })],
    ['not right after an acceptance', false, anAnswer()],
    ['not right after an acceptance of the key', false, anAnswer({ asked: 'same-key', fingerprint: null })],
    ['not half a day less 1 ms after an acceptance', false, anAnswer({ at: NOW - DAY / 2 + 1 })],
    ['two days after an acceptance', true, anAnswer({ at: NOW - 2 * DAY })],
    ['50 minutes after a rejection', true, anAnswer({ verdict: 'rejected', at: NOW - 50 * MINUTE })],
    ['not 50 minutes less 1 ms after a rejection', false, anAnswer({ verdict: 'rejected', at: NOW - 50 * MINUTE + 1 })],
    ['50 minutes after no answer', true, anAnswer({ verdict: 'unknown', at: NOW - 50 * MINUTE })],
    ['not 50 minutes less 1 ms after no answer', false, anAnswer({ verdict: 'unknown', at: NOW - 50 * MINUTE + 1 })],
  ])('%s', (_name, due, last) => {
    expect(questionDue('key', last, DEPLOYED, NOW)).toBe(due);
  });

  /** The instants at which a target that is checked every ten minutes is asked about, over ten days. */
  function asked(key: string, from: number): number[] {
    const instants: number[] = [];
    let last: AppleAsked | null = null;
    for (let now = from; now < from + 10 * DAY; now += 10 * MINUTE) {
      if (!questionDue(key, last, DEPLOYED, now)) continue;
      last = anAnswer({ at: now });
      instants.push(now);
    }
    return instants;
  }

  test('once a day, at the target’s own time; the first two half a day to a day and a half apart', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: DAY }), (key, offset) => {
        const instants = asked(key, NOW + offset);
        const gaps = instants.slice(1).map((at, index) => at - (instants[index] ?? 0));
        expect(gaps[0]).toBeGreaterThanOrEqual(DAY / 2);
        expect(gaps[0]).toBeLessThanOrEqual(1.5 * DAY + 10 * MINUTE);
        for (const gap of gaps.slice(1)) expect(Math.abs(gap - DAY)).toBeLessThanOrEqual(10 * MINUTE);
      }),
      { numRuns: tries(8) },
    );
  });

  test('of a fleet that was adopted at once, spread over the day from the second day on', () => {
    const hours = new Map<number, number>();
    for (let index = 0; index < 480; index += 1) {
      const third = asked(`https://host|env-${index}|apple`, NOW)[2] ?? 0;
      const hour = Math.floor((third % DAY) / HOUR);
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
    }
    expect(hours.size).toBe(24);
    expect(Math.max(...hours.values())).toBeLessThan(60);
  });
});

describe('an answer is about the deployed secret', () => {
  test.each<[string, boolean, Partial<AppleAsked>]>([
    ['if that was shown to Apple', true, {}],
    ['not if another one was', false, { fingerprint: 'b'.repeat(64) }],
    ['if a fresh one of the same key was', true, { asked: 'same-key', fingerprint: 'b'.repeat(64) }],
    ['not if a fresh one of another key was', false, { asked: 'same-key', keyId: 'KEYOLDOLDA' }],
  ])('%s', (_name, about, overrides) => {
    expect(isAbout(anAnswer(overrides), DEPLOYED)).toBe(about);
  });
});

describe('after another answer is kept', () => {
  const later = (verdict: AppleAsked['verdict'], overrides: Partial<AppleAsked> = {}) =>
    anAnswer({ at: NOW + HOUR, verdict, ...overrides });
  test.each<[string, AppleAsked | null, AppleAsked, AppleAsked]>([
    ['the first', null, later('unknown'), later('unknown')],
    ['an acceptance', anAnswer({ verdict: 'rejected' }), later('accepted'), later('accepted')],
    ['a rejection', anAnswer(), later('rejected'), later('rejected')],
    ['no answer, after an acceptance', anAnswer(), later('unknown'), later('unknown')],
    [
      'the rejection, with the time of the question that had no answer',
      anAnswer({ verdict: 'rejected' }),
      later('unknown', { fingerprint: 'b'.repeat(64) }),
      later('rejected'),
    ],
    [
      'no answer about another key',
      anAnswer({ verdict: 'rejected', keyId: 'KEYOLDOLDA' }),
      later('unknown'),
      later('unknown'),
    ],
  ])('%s', (_name, last, fresh, kept) => {
    expect(askedAfter(last, fresh)).toEqual(kept);
  });
});

describe('the calibration notes', () => {
  test('when Apple was first asked, whatever it answered, and when it last gave an answer', () => {
    const first = answered(UNCALIBRATED, 'unknown', NOW);
    expect(first).toEqual({ ...UNCALIBRATED, firstAskedAt: NOW });
    const second = answered(first, 'rejected', NOW + 1);
    expect(second).toEqual({ ...UNCALIBRATED, firstAskedAt: NOW, answeredAt: NOW + 1 });
    expect(answered(second, 'unknown', NOW + 2)).toEqual(second);
    expect(answered(second, 'accepted', NOW + 3).answeredAt).toBe(NOW + 3);
  });

  test('the first question anew if a clock that was wrong had put it into the future', () => {
    expect(answered({ ...UNCALIBRATED, firstAskedAt: NOW + 1 }, 'unknown', NOW).firstAskedAt).toBe(NOW);
  });
});
