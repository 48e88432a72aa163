// `explain` of every name that there is, in both languages.
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { CAUSES, CONDITIONS } from '../../src/core/alerts/names.ts';
import { REMEDIES } from '../../src/core/errors.ts';
import { REASONS } from '../../src/core/reasons.ts';
import { captured } from './captured.ts';

const NAMES = [...new Set([...CAUSES, ...CONDITIONS])];
const CODES = Object.keys(REMEDIES);

async function said(name: string | undefined, language: 'en' | 'zh', json = false) {
  const seen = captured();
  expect(await explain(name, { language, json }, seen.context)).toBe(0);
  return seen.stdout;
}

test('without a name lists all of them, grouped', async () => {
  const { names } = JSON.parse(await said(undefined, 'en', true)) as { names: { kind: string; name: string }[] };
  expect(Map.groupBy(names, ({ kind }) => kind)).toEqual(
    new Map([
      ['alert', NAMES.map((name) => expect.objectContaining({ name }))],
      ['reason', REASONS.map((name) => expect.objectContaining({ name }))],
      ['error', CODES.map((name) => expect.objectContaining({ name }))],
    ]),
  );
});

describe.each(['en', 'zh'] as const)('%s', (language) => {
  test.each([...NAMES, ...REASONS, ...CODES])('%s', async (name) => {
    const found = JSON.parse(await said(name, language, true));
    expect([found.name, found.see.every((place: string) => place.startsWith('docs/'))]).toEqual([name, true]);
    const isError = CODES.includes(name);
    expect(found.means).toHaveLength(isError || found.kind === 'reason' ? 2 : 1);
    expect(found.examples.length > 0).toBe(found.kind !== 'reason');
    const texts = JSON.stringify([found.means, found.examples]);
    expect(texts).not.toMatch(/undefined|NaN|\[object/);
    expect(/\p{Script=Han}/u.test(texts)).toBe(language === 'zh');
    const table = await said(name, language);
    expect(table).toContain(name);
  });
});

test('every error is explained by an alert, but for what concerns a command alone', async () => {
  const none: string[] = [];
  for (const code of CODES) if (JSON.parse(await said(code, 'en', true)).alert === null) none.push(code);
  expect(none).toEqual(['ERR_USAGE']);
});
