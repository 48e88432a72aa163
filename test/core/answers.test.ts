// What Apple's answers mean (design.md, "Logins"): when one counts, when two prove something, what ends a proof, and
// when Apple is asked. Each boundary at its instant and one millisecond before; instants of a clock that was ahead.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  acceptsAll,
  afterAnswer,
  afterControl,
  afterReal,
  controlDue,
  countsNow,
  isAbout,
  isProven,
  isRejected,
  isReusable,
  NOTHING_SAID,
  nextQuestionAt,
  provenAfter,
  questionDue,
  rejectsAll,
  subjectAfter,
} from '../../src/core/answers.ts';
import { type Answer, type AppleRecord, NEVER_ASKED, type Subject } from '../../src/core/records.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { anAnswer, NOW } from '../support/builders.ts';
import { tries } from '../support/campaign.ts';

const KEY = 'A1B2C3D4E5|K1L2M3N4O5';
const ABOUT = { identity: anAnswer().identity, fingerprint: anAnswer().fingerprint };
const OTHER = { identity: 'another identity', fingerprint: 'f'.repeat(64) };
const aRecord = (overrides: Partial<AppleRecord> = {}): AppleRecord => ({
  ...NOTHING_SAID,
  control: 'rejected',
  controlAskedAt: NOW,
  controlSince: NOW,
  ...overrides,
});
/** An answer of this moment, as subjectAfter takes it. */
const fresh = (verdict: Answer['verdict'] | 'unknown', counts: boolean, at = NOW, about: typeof ABOUT = ABOUT) => ({
  ...about,
  at,
  verdict,
  counts,
});

describe('an acceptance counts', () => {
  test.each<[string, boolean, Partial<AppleRecord>]>([
    ['while the control was rejected', true, {}],
    ['while the control was rejected 24 h less 1 ms ago', true, { controlAskedAt: NOW - DAY + 1 }],
    ['not if the control was rejected 24 h ago', false, { controlAskedAt: NOW - DAY }],
    ['not if the control was accepted', false, { control: 'accepted' }],
    ['not if the control was never answered', false, { control: null }],
    ['not if a clock that was ahead wrote when the control was asked', false, { controlAskedAt: NOW + 1 }],
    ['whatever was accepted before, not without the control', false, { control: null, acceptedAt: NOW }],
  ])('%s', (_name, counts, overrides) => {
    expect(countsNow('accepted', aRecord(overrides), true, NOW)).toBe(counts);
  });
});

describe('a rejection counts', () => {
  test.each<[string, boolean, boolean, Partial<AppleRecord>]>([
    ['where Apple had accepted a secret of this identity before', true, true, { acceptedAt: null }],
    ['where Apple accepted something real an hour less 1 ms ago', true, false, { acceptedAt: NOW - HOUR + 1 }],
    ['not where that was an hour ago', false, false, { acceptedAt: NOW - HOUR }],
    ['not where it never accepted anything', false, false, { acceptedAt: null }],
    ['not where a clock that was ahead wrote that', false, false, { acceptedAt: NOW + 1 }],
    ['whatever the control says', true, true, { control: 'accepted' }],
  ])('%s', (_name, counts, acceptedBefore, overrides) => {
    expect(countsNow('rejected', aRecord(overrides), acceptedBefore, NOW)).toBe(counts);
  });
});

describe('the control', () => {
  test.each<[string, boolean, Partial<AppleRecord>]>([
    ['is due where it was never answered', true, { control: null }],
    ['is not due 12 h less 1 ms after a rejection', false, { controlAskedAt: NOW - 12 * HOUR + 1 }],
    ['is due 12 h after a rejection', true, { controlAskedAt: NOW - 12 * HOUR }],
    [
      'is not due 55 min less 1 ms after an acceptance',
      false,
      { control: 'accepted', controlAskedAt: NOW - 55 * MINUTE + 1 },
    ],
    ['is due 55 min after an acceptance', true, { control: 'accepted', controlAskedAt: NOW - 55 * MINUTE }],
    ['is due where it was asked in the future', true, { controlAskedAt: NOW + 1 }],
  ])('%s', (_name, due, overrides) => {
    expect(controlDue(aRecord(overrides), NOW)).toBe(due);
  });

  test('is kept with the time of the answer, and since when it has been the same', () => {
    const first = afterControl(NOTHING_SAID, 'rejected', NOW);
    expect(first).toMatchObject({ control: 'rejected', controlAskedAt: NOW, controlSince: NOW, answeredAt: NOW });
    const second = afterControl(first, 'rejected', NOW + DAY);
    expect(second).toMatchObject({ controlAskedAt: NOW + DAY, controlSince: NOW });
    const turned = afterControl(second, 'accepted', NOW + 2 * DAY);
    expect(turned).toMatchObject({ control: 'accepted', controlSince: NOW + 2 * DAY });
  });

  test('stays due without a clear answer', () => {
    const asked = afterControl(NOTHING_SAID, 'unknown', NOW);
    expect(asked).toEqual({ ...NOTHING_SAID, firstAskedAt: NOW });
    expect(controlDue(asked, NOW)).toBe(true);
  });

  test.each<[string, boolean, Partial<AppleRecord>]>([
    ['that two answers an hour apart accept', true, { controlSince: NOW - HOUR }],
    ['but not an hour less 1 ms apart', false, { controlSince: NOW - HOUR + 1 }],
    ['but not that are rejections', false, { control: 'rejected', controlSince: NOW - DAY }],
    ['but not without any answer', false, { control: null, controlSince: null, controlAskedAt: null }],
  ])('means that Apple accepts everything: %s', (_name, all, overrides) => {
    expect(acceptsAll(aRecord({ control: 'accepted', ...overrides }))).toBe(all);
  });

  test('that one answer accepted is not told, however long ago that was', () => {
    expect(acceptsAll(afterControl(aRecord(), 'accepted', NOW - 10 * DAY))).toBe(false);
  });

  test('accepted by a clock that was ahead begins anew', () => {
    const ahead = afterControl(NOTHING_SAID, 'accepted', NOW + 200 * DAY);
    const now = afterControl(ahead, 'accepted', NOW);
    expect(now.controlSince).toBe(NOW);
    expect(acceptsAll(afterControl(now, 'accepted', NOW + HOUR))).toBe(true);
  });
});

describe('what Apple said to all targets', () => {
  const real = (verdict: Answer['verdict'] | 'unknown' | 'not-asked', counts = false, key: string | null = KEY) => ({
    verdict,
    counts,
    key,
  });

  test('begins with the first question, whatever it is answered, and has the last usable answer', () => {
    const asked = afterAnswer(NOTHING_SAID, 'unknown', NOW);
    expect(asked).toEqual({ ...NOTHING_SAID, firstAskedAt: NOW });
    expect(afterAnswer(asked, 'rejected', NOW + 1)).toMatchObject({ firstAskedAt: NOW, answeredAt: NOW + 1 });
    expect(afterAnswer(afterAnswer(asked, 'accepted', NOW + 1), 'unknown', NOW + 2).answeredAt).toBe(NOW + 1);
    expect(afterAnswer({ ...NOTHING_SAID, firstAskedAt: NOW + 1 }, 'unknown', NOW).firstAskedAt).toBe(NOW);
  });

  test('has when something real was accepted, if that counts', () => {
    expect(afterReal(aRecord(), real('accepted', true), NOW + 1).acceptedAt).toBe(NOW + 1);
    // Where Apple accepts false secrets too, an acceptance makes no rejection count.
    expect(afterReal(aRecord({ acceptedAt: NOW - DAY }), real('accepted', false), NOW).acceptedAt).toBe(NOW - DAY);
  });

  test('is not touched where Apple was not asked', () => {
    expect(afterReal(aRecord(), real('not-asked'), NOW)).toEqual(aRecord());
  });

  test('counts the rejections that do not count, until anything is accepted', () => {
    const first = afterReal(aRecord(), real('rejected'), NOW);
    expect(first.rejections).toEqual({ count: 1, since: NOW, at: NOW });
    const second = afterReal(first, real('rejected'), NOW + HOUR);
    expect(second.rejections).toEqual({ count: 2, since: NOW, at: NOW + HOUR });
    expect(afterReal(second, real('unknown'), NOW + HOUR).rejections).toEqual(second.rejections);
    expect(afterReal(second, real('rejected', true), NOW + HOUR).rejections).toEqual(second.rejections);
    expect(afterReal(second, real('accepted'), NOW + HOUR).rejections).toBeNull();
    expect(afterReal(second, real('rejected'), NOW - 1).rejections).toEqual({ count: 3, since: NOW - 1, at: NOW - 1 });
  });

  test.each([
    [3, HOUR, true],
    [3, HOUR - 1, false],
    [2, DAY, false],
    [30, HOUR, true],
  ])('%d rejections that do not count over %d ms: rejects everything: %s', (count, ms, all) => {
    expect(rejectsAll(aRecord({ rejections: { count, since: NOW - ms, at: NOW } }))).toBe(all);
    expect(rejectsAll(aRecord())).toBe(false);
  });

  test('has by key when it was asked about, and when it was rejected', () => {
    const rejected = afterReal(aRecord(), real('rejected'), NOW);
    expect(rejected.keys).toEqual({ [KEY]: { askedAt: NOW, rejectedAt: NOW } });
    const unknown = afterReal(rejected, real('unknown'), NOW + 1);
    expect(unknown.keys).toEqual({ [KEY]: { askedAt: NOW + 1, rejectedAt: NOW } });
    expect(afterReal(unknown, real('accepted'), NOW + 2).keys).toEqual({
      [KEY]: { askedAt: NOW + 2, rejectedAt: null },
    });
    expect(afterReal(unknown, real('accepted', false, null), NOW + 2).keys).toEqual(unknown.keys);
    expect(afterReal(aRecord(), real('unknown'), NOW).keys).toEqual({ [KEY]: { askedAt: NOW, rejectedAt: null } });
  });

  test('forgets keys that were not asked about for a day, so that the record does not grow', () => {
    let record = aRecord();
    for (let hour = 0; hour < 500; hour += 1) {
      record = afterReal(record, real('accepted', true, `team|key${hour}`), NOW + hour * HOUR);
      expect(Object.keys(record.keys).length).toBeLessThanOrEqual(24);
    }
    const ahead = aRecord({ keys: { ahead: { askedAt: NOW + 1, rejectedAt: null } } });
    expect(Object.keys(afterReal(ahead, real('accepted'), NOW).keys)).toEqual([KEY]);
  });
});

describe('an answer is about a secret', () => {
  test.each<[string, boolean, typeof OTHER | { identity: null; fingerprint: string | null }]>([
    ['if that was shown to Apple', true, { identity: null, fingerprint: ABOUT.fingerprint }],
    ['if another one of its identity was', true, { ...OTHER, identity: ABOUT.identity ?? '' }],
    ['not if one of another identity was', false, OTHER],
    ['not if nothing is known of it', false, { identity: null, fingerprint: null }],
  ])('%s', (_name, about, secret) => {
    expect(isAbout(anAnswer(), secret)).toBe(about);
    expect(isAbout({ identity: null, fingerprint: null }, secret)).toBe(false);
  });
});

describe('two rejections', () => {
  test.each<[string, boolean, Partial<Answer>]>([
    ['5 min apart prove something', true, { rejectedSince: NOW - 6 * MINUTE }],
    ['5 min less 1 ms apart do not', false, { rejectedSince: NOW - 6 * MINUTE + 1 }],
    ['of which none counts do not', false, { counts: false, rejectedSince: null, since: NOW - DAY }],
    ['of which the last does not count do not', false, { counts: false, rejectedSince: NOW - DAY }],
    ['that are acceptances do not', false, { verdict: 'accepted', rejectedSince: NOW - DAY }],
  ])('%s', (_name, rejected, overrides) => {
    expect(isRejected(anAnswer({ at: NOW - MINUTE, ...overrides }))).toBe(rejected);
    expect(isRejected(null)).toBe(false);
  });
});

describe('what is kept of the answers about one subject', () => {
  /** Answers one after another: verdict, whether it counts, minutes since NOW, and about what if not the usual secret. */
  type Said = readonly [Answer['verdict'] | 'unknown', boolean, number, (typeof ABOUT | undefined)?];
  const kept = (...said: Said[]): Subject =>
    said.reduce<Subject>(
      (subject, [verdict, counts, minute, about]) =>
        subjectAfter(subject, fresh(verdict, counts, NOW + minute * MINUTE, about)),
      NEVER_ASKED,
    );

  test.each<[string, boolean, Said[]]>([
    ['one rejection', false, [['rejected', true, 0]]],
    [
      'two that count, 5 min apart',
      true,
      [
        ['rejected', true, 0],
        ['rejected', true, 5],
      ],
    ],
    [
      'two that count, 4 min apart',
      false,
      [
        ['rejected', true, 0],
        ['rejected', true, 4],
      ],
    ],
    [
      'the first of which does not count',
      false,
      [
        ['rejected', false, 0],
        ['rejected', true, 60],
      ],
    ],
    [
      '… but the next one',
      true,
      [
        ['rejected', false, 0],
        ['rejected', true, 60],
        ['rejected', true, 65],
      ],
    ],
    [
      'of which the second does not count',
      false,
      [
        ['rejected', true, 0],
        ['rejected', false, 60],
      ],
    ],
    [
      '… but the third',
      true,
      [
        ['rejected', true, 0],
        ['rejected', false, 60],
        ['rejected', true, 120],
      ],
    ],
    [
      'with an acceptance between them',
      false,
      [
        ['rejected', true, 0],
        ['accepted', true, 5],
        ['rejected', true, 10],
      ],
    ],
    [
      'with an acceptance between them that does not count',
      false,
      [
        ['rejected', true, 0],
        ['accepted', false, 5],
        ['rejected', true, 10],
      ],
    ],
    [
      'with no answer between them',
      true,
      [
        ['rejected', true, 0],
        ['unknown', false, 5],
        ['rejected', true, 10],
      ],
    ],
    [
      'about two secrets',
      false,
      [
        ['rejected', true, 0],
        ['rejected', true, 5, OTHER],
      ],
    ],
    [
      'about two secrets of one identity',
      true,
      [
        ['rejected', true, 0],
        ['rejected', true, 5, { ...OTHER, identity: ABOUT.identity }],
      ],
    ],
    [
      'twice, and then rejections that do not count: what is proven stands',
      true,
      [
        ['rejected', true, 0],
        ['rejected', true, 5],
        ['rejected', false, 600],
        ['rejected', false, 660],
      ],
    ],
    [
      'twice, and then an acceptance that does not count: what is proven stands',
      true,
      [
        ['rejected', true, 0],
        ['rejected', true, 5],
        ['accepted', false, 10],
      ],
    ],
    [
      'twice, and then an acceptance that counts',
      false,
      [
        ['rejected', true, 0],
        ['rejected', true, 5],
        ['accepted', true, 10],
      ],
    ],
    [
      'twice, and then another secret',
      false,
      [
        ['rejected', true, 0],
        ['rejected', true, 5],
        ['rejected', false, 10, OTHER],
      ],
    ],
    [
      'by a clock that was ahead',
      false,
      [
        ['rejected', true, 10_000],
        ['rejected', true, 0],
      ],
    ],
    [
      '… and then twice',
      true,
      [
        ['rejected', true, 10_000],
        ['rejected', true, 0],
        ['rejected', true, 5],
      ],
    ],
  ])('rejected %s: proves something: %s', (_name, rejected, said) => {
    expect(isRejected(kept(...said).answer)).toBe(rejected);
  });

  test('is all of it: since when Apple has said so, and the first rejection that counts', () => {
    expect(kept(['rejected', false, 0], ['rejected', true, 1], ['rejected', true, 2])).toEqual({
      askedAt: NOW + 2 * MINUTE,
      answer: { ...fresh('rejected', true, NOW + 2 * MINUTE), since: NOW, rejectedSince: NOW + MINUTE },
    });
    expect(kept(['rejected', true, 0], ['accepted', true, 1])).toEqual({
      askedAt: NOW + MINUTE,
      answer: { ...fresh('accepted', true, NOW + MINUTE), since: NOW + MINUTE, rejectedSince: null },
    });
    expect(kept(['accepted', true, 10], ['accepted', true, 0]).answer?.since).toBe(NOW);
  });

  test('is the last usable answer where Apple gives none, but not about another secret', () => {
    const first = kept(['rejected', true, 0]);
    expect(kept(['rejected', true, 0], ['unknown', false, 1])).toEqual({ ...first, askedAt: NOW + MINUTE });
    expect(kept(['rejected', true, 0], ['unknown', false, 1, OTHER])).toEqual({ askedAt: NOW + MINUTE, answer: null });
    expect(kept(['unknown', false, 0])).toEqual({ askedAt: NOW, answer: null });
  });

  test('whatever was said: two rejections that count are never forgotten but by an acceptance that counts', () => {
    const step = fc.record({
      verdict: fc.constantFrom<Said[0]>('accepted', 'rejected', 'rejected', 'unknown'),
      counts: fc.boolean(),
      wait: fc.integer({ min: 1, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let [subject, at, proven] = [NEVER_ASKED, NOW, false];
        for (const { verdict, counts, wait } of steps) {
          at += wait * MINUTE;
          subject = subjectAfter(subject, fresh(verdict, counts, at));
          if (verdict === 'accepted' && counts) proven = false;
          if (proven) expect(isRejected(subject.answer)).toBe(true);
          proven = isRejected(subject.answer);
          expect(subject.askedAt).toBe(at);
          expect(subject.answer?.since ?? at).toBeLessThanOrEqual(at);
          expect(subject.answer?.rejectedSince ?? at).toBeLessThanOrEqual(at);
        }
      }),
      { numRuns: tries(300) },
    );
  });
});

describe('the proof of an identity', () => {
  const id = 'an identity';
  const said = (verdict: Answer['verdict'] | 'unknown', at: number, counts = true, identity: string | null = id) => ({
    identity,
    verdict,
    counts,
    at,
  });
  const accepted = provenAfter({}, said('accepted', NOW));
  const once = provenAfter(accepted, said('rejected', NOW + DAY));

  test('is an acceptance that counts', () => {
    expect(accepted).toEqual({ [id]: { acceptedAt: NOW, rejectedAt: null, endedAt: null } });
    expect(provenAfter({}, said('accepted', NOW, false))).toEqual({});
    expect(provenAfter({}, said('accepted', NOW, true, null))).toEqual({});
    expect(provenAfter({}, said('rejected', NOW))).toEqual({});
    expect(provenAfter(accepted, said('unknown', NOW))).toEqual(accepted);
  });

  test('ends with the second rejection that counts, 5 min after the first', () => {
    expect(isProven(once, id, false, NOW + DAY)).toBe(true);
    const early = provenAfter(once, said('rejected', NOW + DAY + 5 * MINUTE - 1));
    expect(isProven(early, id, false, NOW + DAY)).toBe(true);
    const ended = provenAfter(early, said('rejected', NOW + DAY + 5 * MINUTE));
    expect(isProven(ended, id, false, NOW + DAY)).toBe(false);
    expect(isProven(provenAfter(ended, said('rejected', NOW + 2 * DAY)), id, false, NOW)).toBe(false);
    expect(provenAfter(once, said('rejected', NOW + 2 * DAY, false))).toEqual(once);
    // That it was accepted once is not forgotten: it makes its next rejections count.
    expect(ended[id]).toMatchObject({ acceptedAt: NOW, endedAt: NOW + DAY + 5 * MINUTE });
  });

  test('begins anew with the next acceptance', () => {
    const again = provenAfter(once, said('accepted', NOW + 2 * DAY));
    expect(again).toEqual({ [id]: { acceptedAt: NOW + 2 * DAY, rejectedAt: null, endedAt: null } });
    const ended = provenAfter(once, said('rejected', NOW + 2 * DAY));
    expect(provenAfter(ended, said('accepted', NOW + 2 * DAY))).toEqual(again);
  });

  test('by a clock that was ahead: the first rejection is that of now', () => {
    const ahead = provenAfter(accepted, said('rejected', NOW + 200 * DAY));
    const now = provenAfter(ahead, said('rejected', NOW));
    expect(now[id]).toMatchObject({ rejectedAt: NOW, endedAt: null });
    expect(isProven(provenAfter(now, said('rejected', NOW + 5 * MINUTE)), id, false, NOW)).toBe(false);
  });

  test.each([
    ['over its own secret, however old', 400 * DAY, false, true],
    ['over another identity, 7 days less 1 ms old', 7 * DAY - 1, true, true],
    ['not over another identity, 7 days old', 7 * DAY, true, false],
    ['not over another identity, from the future', -1, true, false],
  ])('holds %s', (_name, age, overOther, holds) => {
    expect(isProven(accepted, id, overOther, NOW + age)).toBe(holds);
    expect(isProven(accepted, 'another', overOther, NOW + age)).toBe(false);
  });

  test('of others is kept for a year after they were accepted, so that the record does not grow', () => {
    const later = (age: number) => Object.keys(provenAfter(accepted, said('accepted', NOW + age, true, 'new')));
    expect(later(366 * DAY - 1)).toEqual([id, 'new']);
    expect(later(366 * DAY)).toEqual(['new']);
    expect(later(-1)).toEqual(['new']);
  });
});

describe('the next question about what was not accepted comes', () => {
  test.each<[string, number, Subject]>([
    ['at once where none was put', 0, NEVER_ASKED],
    [
      '5 min after a first rejection that counts',
      5,
      { askedAt: NOW, answer: anAnswer({ at: NOW, rejectedSince: NOW }) },
    ],
    [
      '5 min after a first one that does not',
      5,
      { askedAt: NOW, answer: anAnswer({ at: NOW, counts: false, since: NOW, rejectedSince: null }) },
    ],
    ['55 min after a second one', 55, { askedAt: NOW, answer: anAnswer({ at: NOW, rejectedSince: NOW - MINUTE }) }],
    [
      '55 min after a second one that does not count',
      55,
      { askedAt: NOW, answer: anAnswer({ at: NOW, counts: false, since: NOW - MINUTE, rejectedSince: null }) },
    ],
    ['55 min after no answer', 55, { askedAt: NOW, answer: null }],
    ['at once where the last one was put in the future', 0, { askedAt: NOW + 1, answer: anAnswer({ at: NOW + 1 }) }],
  ])('%s', (_name, minutes, subject) => {
    expect(nextQuestionAt(subject, NOW)).toBe(minutes === 0 ? 0 : NOW + minutes * MINUTE);
  });
});

describe('a question about the deployed secret is due', () => {
  const about = { ...ABOUT, key: KEY };
  const record = aRecord({ keys: { [KEY]: { askedAt: NOW - MINUTE, rejectedAt: null } } });
  const answered = (askedAt: number, overrides: Partial<Answer> = {}): Subject => ({
    askedAt,
    answer: anAnswer({ at: askedAt, verdict: 'accepted', since: askedAt, rejectedSince: null, ...overrides }),
  });
  const withKey = (askedAt: number, rejectedAt: number | null = null) =>
    aRecord({ keys: { [KEY]: { askedAt, rejectedAt } } });

  test.each<[string, boolean, Subject, AppleRecord]>([
    ['where none was ever put', true, NEVER_ASKED, record],
    ['where the last one lies in the future', true, answered(NOW + 1), record],
    ['where the last answer was about another secret', true, answered(NOW, OTHER), record],
    ['not right after an acceptance', false, answered(NOW - MINUTE), record],
    ['not half a day less 1 ms after an acceptance', false, answered(NOW - DAY / 2 + 1), record],
    ['36 h after an acceptance', true, answered(NOW - 1.5 * DAY), record],
    ['55 min after an acceptance that does not count', true, answered(NOW - 55 * MINUTE, { counts: false }), record],
    [
      'not 55 min less 1 ms after an acceptance that does not count',
      false,
      answered(NOW - 55 * MINUTE + 1, { counts: false }),
      record,
    ],
    [
      '5 min after a first rejection',
      true,
      { askedAt: NOW - 5 * MINUTE, answer: anAnswer({ rejectedSince: NOW - 5 * MINUTE }) },
      record,
    ],
    ['not 54 min after a second one', false, { askedAt: NOW - 54 * MINUTE, answer: anAnswer() }, record],
    ['55 min after a second one', true, { askedAt: NOW - 55 * MINUTE, answer: anAnswer() }, record],
    ['where the key was not asked about for 4 h', true, answered(NOW - 5 * HOUR), withKey(NOW - 4 * HOUR)],
    ['not 1 ms before that', false, answered(NOW - 5 * HOUR), withKey(NOW - 4 * HOUR + 1)],
    ['where the key was never asked about', true, answered(NOW - MINUTE), aRecord()],
    ['where the key was asked about in the future', true, answered(NOW - MINUTE), withKey(NOW + 1)],
    [
      'at once where another target’s secret of the key was rejected',
      true,
      answered(NOW - 2),
      withKey(NOW - 1, NOW - 1),
    ],
    ['not where that was before the last question', false, answered(NOW - 1), withKey(NOW - 1, NOW - 1)],
  ])('%s', (_name, due, subject, said) => {
    expect(questionDue('key', subject, about, said, NOW)).toBe(due);
  });

  test('of which the key is not known: as of a key that was never asked about', () => {
    expect(questionDue('key', answered(NOW - MINUTE), { ...about, key: null }, record, NOW)).toBe(true);
  });

  /** The instants at which a target that is checked every ten minutes is asked about, over ten days. */
  function askedAt(key: string, from: number): number[] {
    const instants: number[] = [];
    let subject: Subject = NEVER_ASKED;
    for (let now = from; now < from + 10 * DAY; now += 10 * MINUTE) {
      if (!questionDue(key, subject, about, withKey(now), now)) continue;
      subject = answered(now);
      instants.push(now);
    }
    return instants;
  }

  test('once a day, at the target’s own time; the first two half a day to a day and a half apart', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: DAY }), (key, offset) => {
        const instants = askedAt(key, NOW + offset);
        const gaps = instants.slice(1).map((at, index) => at - (instants[index] ?? 0));
        expect(gaps[0]).toBeGreaterThanOrEqual(DAY / 2);
        expect(gaps[0]).toBeLessThanOrEqual(1.5 * DAY + 10 * MINUTE);
        for (const gap of gaps.slice(1)) expect(Math.abs(gap - DAY)).toBeLessThanOrEqual(10 * MINUTE);
      }),
      { numRuns: tries(8) },
    );
  });

  test('of a fleet that began at once, spread over the day from the second day on', () => {
    const hours = new Map<number, number>();
    for (let index = 0; index < 480; index += 1) {
      const third = askedAt(`https://host|env-${index}|apple`, NOW)[2] ?? 0;
      const hour = Math.floor((third % DAY) / HOUR);
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
    }
    expect(hours.size).toBe(24);
    expect(Math.max(...hours.values())).toBeLessThan(60);
  });
});

describe('a retry may use the acceptance of its candidate', () => {
  const acceptance = { at: NOW - MINUTE, verdict: 'accepted', since: NOW - MINUTE, rejectedSince: null } as const;
  const apple = (candidate: Partial<Answer>, deployed: Partial<Answer> | null = null) => ({
    candidate: { askedAt: NOW, answer: anAnswer({ ...acceptance, ...candidate }) },
    deployed: deployed === null ? NEVER_ASKED : { askedAt: NOW, answer: anAnswer(deployed) },
    acceptedSecret: null,
  });
  test.each<[string, boolean, ReturnType<typeof apple>]>([
    ['for an hour less 1 ms', true, apple({ at: NOW - HOUR + 1 })],
    ['not after an hour', false, apple({ at: NOW - HOUR })],
    ['not from the future', false, apple({ at: NOW + 1 })],
    ['not of another identity', false, apple({ identity: 'other' })],
    ['not where it does not count', false, apple({ counts: false })],
    ['not where it is a rejection', false, apple({ verdict: 'rejected' })],
    ['not where a deployed secret of this identity was rejected since', false, apple({}, { at: NOW })],
    ['where that was before', true, apple({}, { at: NOW - HOUR })],
    ['where it was one of another identity', true, apple({}, { at: NOW, identity: 'other' })],
    ['where it was accepted', true, apple({}, { at: NOW, verdict: 'accepted' })],
  ])('%s', (_name, reusable, said) => {
    expect(isReusable(said, ABOUT.identity ?? '', NOW)).toBe(reusable);
  });

  test('not where there is none', () => {
    expect(isReusable({ ...apple({}), candidate: NEVER_ASKED }, ABOUT.identity ?? '', NOW)).toBe(false);
  });
});
