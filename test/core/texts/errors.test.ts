// The sentences of errors: every code in every variant, in both languages, by the rules of support/text-rules.ts; and
// whatever they give to paste is a command that our own command line takes, a policy statement, or a line for a shell.
import { describe, expect, test } from 'vitest';
import { type Actions, createProgram } from '../../../src/cli/program.ts';
import { errorView, REMEDIES, RotatorError } from '../../../src/core/errors.ts';
import { redactText } from '../../../src/core/redact.ts';
import { sentencesOf } from '../../../src/core/texts/catalogue.ts';
import { ERRORS_EN } from '../../../src/core/texts/en/errors.ts';
import { FACTS, SAMPLES } from '../../../src/core/texts/error-examples.ts';
import { errorTexts } from '../../../src/core/texts/errors.ts';
import { ERRORS_ZH } from '../../../src/core/texts/zh/errors.ts';
import { modulesBelow } from '../../support/modules.ts';
import {
  CJK,
  englishIn,
  faultsIn,
  isOneChineseSentence,
  isOneImperative,
  NARROW_PUNCTUATION,
  prose,
} from '../../support/text-rules.ts';

const NAMED = FACTS.map((fact, index) => ({ name: `${fact.code} ${JSON.stringify(fact.params)}`, fact, index }));

test('there is a sample of every code and every variant', () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(Object.keys(REMEDIES).sort());
  for (const [code, entry] of Object.entries(ERRORS_EN)) {
    if (typeof entry === 'function') continue;
    const samples = SAMPLES[code as keyof typeof SAMPLES] as readonly { problem: string }[];
    expect([...new Set(samples.map(({ problem }) => problem))].sort(), code).toEqual(Object.keys(entry).sort());
  }
});

describe.each(NAMED)('$name', ({ fact }) => {
  test('is a sentence with one imperative next step in English', () => {
    const { message, next, copy } = errorTexts(fact, 'en', 'shop-prod');
    expect([message, next].flatMap(faultsIn)).toEqual([]);
    expect(message).toMatch(/^(?:[a-z\d$/.-]|Apple|CloudBase|AWS|Team ID|Services ID|Key ID|HTTPS_PROXY)/);
    expect(message).not.toMatch(/\.$/);
    expect(isOneImperative(next), next).toBe(true);
    expect(`${message}${next}${copy}`).not.toMatch(CJK);
    expect(`${next}${copy}`).not.toMatch(/\bNAME\b/);
  });

  test('is told in Chinese, without a sentence in English', () => {
    const { message, next, copy } = errorTexts(fact, 'zh', 'shop-prod');
    expect([message, next].flatMap(faultsIn)).toEqual([]);
    expect(message).toMatch(CJK);
    expect(message).not.toMatch(/[.\u3002]$/);
    expect(isOneChineseSentence(next), next).toBe(true);
    expect([message, next].flatMap(englishIn)).toEqual([]);
    expect(prose(`${message} ${next}`)).not.toMatch(NARROW_PUNCTUATION);
    expect(copy).toBe(errorTexts(fact, 'en', 'shop-prod').copy);
  });

  test('becomes an error of this message, which comes back from JSON as it was', () => {
    const error = new RotatorError(...([fact.code, fact.params] as ConstructorParameters<typeof RotatorError>));
    expect(JSON.parse(JSON.stringify(error.stored))).toEqual(fact);
    expect(error.message).toBe(errorTexts(fact, 'en').message);
    expect(errorView(error.stored)).toEqual({ code: fact.code, message: error.message, hint: error.hint });
  });
});

test('the redaction alters no sentence of ours', () => {
  const catalogues = [ERRORS_EN, ERRORS_ZH];
  const sentences = FACTS.flatMap((fact) => catalogues.flatMap((texts) => sentencesOf(texts, fact, 'shop-prod')));
  expect(sentences.filter((text) => redactText(text ?? '') !== (text ?? ''))).toEqual([]);
  // What is not made of a sample: hints of `inspect`, alerts, help.
  const sources = modulesBelow('src').filter(({ path }) => !path.startsWith('src/sandbox/'));
  expect(sources.filter(({ text }) => redactText(text) !== text).map(({ path }) => path)).toEqual([]);
  expect(
    redactText('Store the .p8 with its line ends: "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----".'),
  ).toBe('Store the .p8 with its line ends: "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----".');
});

/** Every command of ours that a text names, or gives to paste. */
const COMMANDS = new Set(
  FACTS.flatMap((fact) => {
    const { message, next, copy } = errorTexts(fact, 'en', 'shop-prod');
    const inline = [...`${message} ${next}`.matchAll(/`(apple-secret-rotator [^`]*)`/g)].map(
      ([, command = '']) => command,
    );
    return copy?.startsWith('apple-secret-rotator ') ? [...inline, copy] : inline;
  }),
);

test('there are commands to look at', () => {
  expect(COMMANDS.size).toBeGreaterThan(5);
});

test.each([...COMMANDS])('our command line takes %s', async (command) => {
  let ran = 0;
  const action = async () => {
    ran += 1;
    return 0 as const;
  };
  const actions = new Proxy({} as Actions, { get: () => action });
  const silent = { columns: 100, write: () => {}, replaceLine: () => {}, writeSecret: () => {} };
  const program = createProgram(actions, '1.2.3', { stdout: silent, stderr: silent }, () => {});
  await program.parseAsync(command.split(' ').slice(1), { from: 'user' });
  expect(ran).toBe(1);
});

describe('an error of another version', () => {
  test('says what it said, if it was written by 0.1.0', () => {
    const old = { code: 'ERR_CONFLICT', message: 'a third secret', hint: 'Look.' } as const;
    expect(errorView(old)).toEqual(old);
    expect(errorTexts(old, 'zh')).toEqual({ message: 'a third secret', next: 'Look.', copy: null });
  });

  test.each([
    { code: 'ERR_OF_TOMORROW', params: null },
    { code: 'ERR_CONFLICT', params: { problem: 'of-tomorrow' } },
  ])('gives its code, if this one does not know it: %o', (newer) => {
    expect(errorTexts(newer as never, 'en')).toMatchObject({ message: newer.code, copy: null });
  });
});

test('the rules find what they look for', () => {
  expect(faultsIn('It is undefined.')).not.toEqual([]);
  expect(faultsIn('channel ops took it')).not.toEqual([]);
  expect(isOneImperative('It is so. Do it.')).toBe(false);
  expect(englishIn('客户端密钥 cannot be renewed')).toEqual(['cannot be renewed']);
  expect(englishIn('设置 HTTPS_PROXY，见 Apple Developer portal')).toEqual([]);
});
