// Times in the reader's time zone, with UTC beside them.
import { describe, expect, test } from 'vitest';
import { composeMessage } from '../../../src/alerts/words/compose.ts';
import { FLAVOURS } from '../../../src/alerts/words/flavours.ts';
import { layOut } from '../../../src/alerts/words/layout.ts';
import { zoned } from '../../../src/alerts/words/zone.ts';
import { at as atEnglish, when as whenEnglish } from '../../../src/core/texts/en/words.ts';
import { when as whenChinese } from '../../../src/core/texts/zh/words.ts';
import { DAY } from '../../../src/core/time.ts';
import { aFinding, aReplacement, aStoryOf, aSubject, NOW } from '../../support/alert-findings.ts';

const AT = Date.UTC(2026, 10, 22, 20, 15);

describe('an instant', () => {
  test.each([
    ['on another day', '2026-11-22 20:15 UTC', 'Asia/Shanghai', '2026-11-23 04:15 +08:00 (2026-11-22 20:15 UTC)'],
    ['on the same day', '2026-11-22 01:15 UTC', 'Asia/Shanghai', '2026-11-22 09:15 +08:00 (01:15 UTC)'],
    ['west of Greenwich', '2026-11-22 01:15 UTC', 'America/St_Johns', '2026-11-21 21:45 -03:30 (2026-11-22 01:15 UTC)'],
    ['in summer time', '2026-07-01 12:00 UTC', 'Europe/Berlin', '2026-07-01 14:00 +02:00 (12:00 UTC)'],
    ['in winter time', '2026-12-01 12:00 UTC', 'Europe/Berlin', '2026-12-01 13:00 +01:00 (12:00 UTC)'],
    ['in London in winter', '2026-12-01 12:00 UTC', 'Europe/London', '2026-12-01 12:00 +00:00 (12:00 UTC)'],
    ['in UTC', '2026-11-22 20:15 UTC', 'UTC', '2026-11-22 20:15 UTC'],
    ['that is none', '2026-13-99 20:15 UTC', 'Asia/Shanghai', '2026-13-99 20:15 UTC'],
    ['a day alone', 'expires 2026-11-22', 'Asia/Shanghai', 'expires 2026-11-22'],
  ])('%s', (_, text, timezone, shown) => {
    expect(zoned(text, timezone, 'en')).toBe(shown);
  });

  test('with its distance has one parenthesis, in both languages', () => {
    expect(zoned(whenEnglish(AT + DAY * 12, AT), 'Asia/Shanghai', 'en')).toBe(
      '2026-12-05 04:15 +08:00 (2026-12-04 20:15 UTC, in 12 days)',
    );
    expect(zoned(whenChinese(AT + DAY * 12, AT), 'Asia/Shanghai', 'zh')).toBe(
      '2026-12-05 04:15 +08:00（2026-12-04 20:15 UTC，12 天后）',
    );
  });

  test('several in one sentence', () => {
    const sentence = `It lasted from ${atEnglish(AT)} to ${atEnglish(AT + 3_600_000)}.`;
    expect(zoned(sentence, 'Asia/Shanghai', 'en')).toBe(
      'It lasted from 2026-11-23 04:15 +08:00 (2026-11-22 20:15 UTC) to 2026-11-23 05:15 +08:00 (2026-11-22 21:15 UTC).',
    );
  });
});

const REQUEST = {
  id: 'i',
  now: NOW,
  instance: 'prod',
  version: '1',
  language: 'en',
  runbook: 'docs/runbook.md',
} as const;

test('a message is composed in the zone', () => {
  const finding = aFinding(
    'RotationFailing',
    { failures: 3, nextAttemptAt: null, emergency: false },
    { loginsUntil: NOW + DAY },
  );
  const subject = aSubject(finding, 'cleared', { story: aStoryOf(finding, { since: NOW - DAY, endedAt: NOW }) });
  const compose = (timezone?: string) =>
    composeMessage({ ...REQUEST, ...(timezone === undefined ? {} : { timezone }), subjects: [subject] });
  const lasted = 'from 2026-11-21 20:15 UTC to 2026-11-22 20:15 UTC.';
  expect(compose().items[0]?.what).toContain(lasted);
  expect(compose('Asia/Shanghai').items[0]?.what).toContain(
    'from 2026-11-22 04:15 +08:00 (2026-11-21 20:15 UTC) to 2026-11-23 04:15 +08:00 (2026-11-22 20:15 UTC).',
  );
});

test('every text of a message is in the zone, and every instant that the layout shows; the data stay UTC', () => {
  const loginsUntil = NOW + DAY;
  const facts = { failures: 3, nextAttemptAt: NOW + DAY / 2, emergency: false };
  const finding = aFinding('RotationFailing', facts, { loginsUntil });
  const replaced = aReplacement({}, { loginsUntil });
  const local = composeMessage({
    ...REQUEST,
    timezone: 'Asia/Shanghai',
    subjects: [finding, replaced].map((each) => aSubject(each)),
  });
  const shown = layOut(local, FLAVOURS.plain, { size: 4096 });
  // Since and until when, of both, and one in each text.
  expect(shown.match(/ UTC/g)).toHaveLength(6);
  expect(shown.match(/\d{4}-\d\d-\d\d \d\d:\d\d \+08:00 \((?:\d{4}-\d\d-\d\d )?\d\d:\d\d UTC/g)).toHaveLength(6);
  expect(local.items[0]?.loginsUntil).toBe(new Date(loginsUntil).toISOString());
});
