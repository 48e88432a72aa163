// What leaves the process is clean: no secret, no character that a terminal obeys or that nobody sees.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanLine, cleanText, cleanValue, paint, terminalText } from '../../src/core/output.ts';

const JWT = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(20)}.${'c'.repeat(20)}`;
const HARMFUL = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}]/u;

describe('a text', () => {
  test.each([
    ['a colour', '\u001b[31mred\u001b[0m', '\uFFFDred\uFFFD'],
    ['a colour by the C1 character', '\u009b1;31mred', '\uFFFDred'],
    ['a cleared screen', 'a\u001b[2J\u001b[Hb', 'a\uFFFD\uFFFDb'],
    ['a window title', 'a\u001b]0;owned\u0007b', 'a\uFFFDb'],
    ['a link', '\u001b]8;;https://evil.example\u001b\\here\u001b]8;;\u001b\\', '\uFFFDhere\uFFFD'],
    ['a title that never ends hides nothing', 'a\u001b]0;b\nc', 'a\uFFFD]0;b\nc'],
    ['a terminal reset', '\u001bc', '\uFFFD'],
    ['a character set', '\u001b(0x', '\uFFFDx'],
    ['an escape character alone', '\u001b', '\uFFFD'],
    ['C0 and C1 characters', 'a\u0000b\u0008c\u007fd\u0085e', 'a\uFFFDb\uFFFDc\uFFFDd\uFFFDe'],
    ['a carriage return, which would write over the line', 'good\rbad', 'good\uFFFDbad'],
    ['line ends of Windows', 'a\r\nb', 'a\nb'],
    ['lines and tabs', 'a\n\tb\n', 'a\n\tb\n'],
    ['a turned direction', 'a\u202egnp.exe\u2066', 'a\uFFFDgnp.exe\uFFFD'],
    ['zero-width characters', 'a\u200bb\ufeffc\u2060d', 'a\uFFFDb\uFFFDc\uFFFDd'],
    ['line separators', 'a\u2028b\u2029c', 'a\uFFFDb\uFFFDc'],
    ['half a surrogate pair', 'a\ud800b', 'a\uFFFDb'],
    ['a secret', `got ${JWT}!`, 'got [redacted JWT]!'],
    [
      'a secret with invisible characters in it',
      `got ${JWT.slice(0, 3)}\u200b\u001b[1m${JWT.slice(3)}!`,
      'got [redacted JWT]!',
    ],
    ['Chinese, accents and emoji', '商城 é e\u0301 👍', '商城 é e\u0301 👍'],
  ])('%s', (_, text, shown) => {
    expect(cleanText(text)).toBe(shown);
  });

  test('on one line', () => {
    expect(cleanLine('one \r\n  two\n\nthree\n')).toBe('one two three');
  });

  test('holds nothing harmful, whatever it held, and is the same when cleaned again', () => {
    const anything = fc.string({ unit: 'binary' });
    const harmful = fc.constantFrom('\u001b[', '\u001b]', '\u0007', '\u202e', '\u200b', '\ud800', 'm', '\n', JWT);
    fc.assert(
      fc.property(fc.array(fc.oneof(anything, harmful)), (parts) => {
        const text = cleanText(parts.join(''));
        expect(text).not.toMatch(HARMFUL);
        expect(text).not.toContain(JWT);
        expect(cleanText(text)).toBe(text);
      }),
    );
  });
});

test('a structure is cleaned in every text and name, and stays what it is otherwise', () => {
  const value = { 'a\u202e': ['\u001b[31mx', 1, null, true], token: 'hunter2', error: new Error(`found ${JWT}\u0007`) };
  expect(cleanValue(value)).toEqual({
    'a\uFFFD': ['\uFFFDx', 1, null, true],
    token: '[redacted, 7 characters]',
    error: { name: 'Error', message: 'found [redacted JWT]' },
  });
});

describe('a terminal', () => {
  test('shows what was painted in colour, or without where it takes none', () => {
    const text = `${paint('red', 'error:')} no${paint('dim', ' (why)')}\n`;
    expect(terminalText(text, true)).toBe('\u001b[31merror:\u001b[0m no\u001b[2m (why)\u001b[0m\n');
    expect(terminalText(text, false)).toBe('error: no (why)\n');
  });

  test('gets no escape sequence of what is painted', () => {
    expect(terminalText(paint('green', 'a\u001b[2Jb'), true)).toBe('\u001b[32ma\uFFFDb\u001b[0m');
  });

  test('gets no secret that a colour cuts in two', () => {
    expect(terminalText(`${JWT.slice(0, 12)}${paint('red', JWT.slice(12))}`, true)).toBe('[redacted JWT]');
  });
});
