// Every phrase of what is wrong with a configuration, in both languages, by the rules of support/text-rules.ts.
import { describe, expect, test } from 'vitest';
import { PROBLEMS_EN } from '../../../src/core/texts/en/problems.ts';
import { type Phrase, phrased, problemText } from '../../../src/core/texts/problems.ts';
import { PROBLEMS_ZH } from '../../../src/core/texts/zh/problems.ts';
import { CJK, englishIn, faultsIn, NARROW_PUNCTUATION, prose } from '../../support/text-rules.ts';

/** What any phrase can be filled in with; ids have names of their own. */
const FILLED: Readonly<Record<string, readonly unknown[]>> = {
  id: ['keyId'],
  'take-id': ['keyId'],
  value: ['"x"'],
  'cron-field': ['hour', 0, 23],
};
/** Without a word of either language. */
const WORDLESS = new Set(['value', 'words', 'yaml', 'postgres-url']);

describe.each(Object.keys(PROBLEMS_EN))('%s', (name) => {
  const phrase = [name, ...(FILLED[name] ?? [7, 8, 9])] as unknown as Phrase;

  test('in English', () => {
    const text = phrased(phrase, PROBLEMS_EN);
    expect(faultsIn(text.replaceAll('sqlite:.', ''))).toEqual([]);
    expect(text).not.toMatch(CJK);
  });

  test('in Chinese, without a sentence in English', () => {
    const text = phrased(phrase, PROBLEMS_ZH);
    expect(faultsIn(text.replaceAll('sqlite:.', ''))).toEqual([]);
    expect(englishIn(text)).toEqual([]);
    expect(prose(text)).not.toMatch(NARROW_PUNCTUATION);
    if (!WORDLESS.has(name) && !/^(?:some-severities|reference)$/.test(name)) expect(text).toMatch(CJK);
    expect(text.endsWith('。')).toBe(phrased(phrase, PROBLEMS_EN).endsWith('.'));
  });
});

test('a phrase may fill in another, and one that this version does not know shows its name', () => {
  const problem = { key: 'instance', found: ['value', '"x"'], wanted: ['at-most', ['name'], 100] } as const;
  expect(problemText(problem, PROBLEMS_EN)).toBe('instance: found "x", wanted a name, at most 100 characters');
  expect(problemText(problem, PROBLEMS_ZH)).toBe('instance：当前为 "x"，应为名称，最多 100 个字符');
  expect(phrased(['of-a-later-version'] as unknown as Phrase, PROBLEMS_EN)).toBe('of-a-later-version');
});
