// Tables: their width on a terminal, where they are cut, and that nothing in them can command the terminal.
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { day, distance, minute } from '../../src/cli/instants.ts';
import { cut, displayWidth, table as painted, wrap } from '../../src/cli/table.ts';
import { terminalText } from '../../src/core/output.ts';

/** A table as a terminal without colour shows it. */
const table = (...args: Parameters<typeof painted>) => terminalText(painted(...args).join(''), false);

test.each([
  ['', 0],
  ['abc', 3],
  ['商城', 4],
  ['ｱ', 1],
  ['Ａ！', 4],
  ['한국', 4],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
  ['…', 1],
])('%j takes up %d columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test.each([
  ['shop-prod', 9, 'shop-prod'],
  ['shop-prod', 8, 'shop-pr…'],
  ['商城生产', 7, '商城生…'],
  ['商城生产', 6, '商城…'],
  ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  ['abc', 1, '…'],
])('%j in %d columns is %j', (text, width, shown) => {
  expect(cut(text, width)).toBe(shown);
});

test('counts the characters of plain text without Intl.Segmenter, which takes 7 ms to make', () => {
  const segment = vi.spyOn(Intl.Segmenter.prototype, 'segment');
  onTestFinished(() => segment.mockRestore());
  expect(table([{ title: 'TARGET' }], [{ cells: [{ text: 'shop-prod' }] }])).toBe('TARGET\nshop-prod\n');
  expect(segment).not.toHaveBeenCalled();
  expect(displayWidth('商城')).toBe(4);
  expect(segment).toHaveBeenCalledOnce();
});

test('wraps between words, and within what has none; what may be copied stays whole', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('go to /a/very/long/path now', 8)).toEqual(['go to', '/a/very/long/path', 'now']);
  expect(wrap('没有空格的句子', 6)).toEqual(['没有空', '格的句', '子']);
  expect(wrap('', 5)).toEqual(['']);
});

const anyText = fc.string({ unit: 'grapheme', maxLength: 60 });

test('loses no character by wrapping, and exceeds the width by a single word alone', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 2, max: 40 }), (text, width) => {
      const lines = wrap(text, width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      for (const line of lines.filter((part) => part.includes(' ') || /\p{Script=Han}/u.test(part)))
        expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }),
  );
});

describe('a table', () => {
  const columns = [{ title: 'NAME', mayShrink: true }, { title: 'STATE' }, { title: 'NOTE' }];
  const cells = (...texts: string[]): { text: string }[] => texts.map((text) => ({ text }));

  test('is aligned, and has its notes below the row', () => {
    const rows = [
      { cells: cells('a', 'healthy', '-') },
      { cells: cells('商城', 'failed', 'x'), notes: cells('what was found', 'what to do') },
    ];
    expect(table(columns, rows)).toBe(
      ['NAME  STATE    NOTE', 'a     healthy  -', '商城  failed   x', '    what was found', '    what to do', ''].join(
        '\n',
      ),
    );
  });

  test('cuts the column that may be cut first, then the widest', () => {
    const rows = [{ cells: cells('n'.repeat(63), 's'.repeat(20), 'o'.repeat(40)) }];
    const [, row = ''] = table(columns, rows).split('\n');
    expect(row).toBe(`${'n'.repeat(35)}…  ${'s'.repeat(20)}  ${'o'.repeat(40)}`);
    const narrow = table(columns, rows, 50).split('\n')[1];
    expect(narrow).toBe(`nnnnn…  ${'s'.repeat(20)}  ${'o'.repeat(19)}…`);
  });

  test('is never wider than 100 columns, whatever it holds', () => {
    const row = fc.record({
      cells: fc.array(fc.record({ text: anyText }), { minLength: 3, maxLength: 3 }),
      notes: fc.array(fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 300 }) }), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), (rows) => {
        const lines = table(columns, rows).split('\n');
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(100);
      }),
    );
  });

  test('is coloured only if the output takes colours, and colour takes up no room', () => {
    const rows = [{ cells: [{ text: 'a', color: 'red' as const }, ...cells('b', 'c')] }];
    expect(terminalText(painted(columns, rows).join(''), true)).toBe(
      '\u001b[2mNAME\u001b[0m  \u001b[2mSTATE\u001b[0m  \u001b[2mNOTE\u001b[0m\n\u001b[31ma\u001b[0m     b      c\n',
    );
    expect(table(columns, rows)).not.toContain('\u001b');
  });

  test('passes no control character and no secret on to the terminal', () => {
    const jwt = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(20)}.${'c'.repeat(20)}`;
    const rows = [{ cells: cells('\u001b[2Ja\nb', jwt, '\u202Etxt'), notes: cells(`a\r\u0007${jwt}`) }];
    expect(table(columns, rows).split('\n').slice(1)).toEqual([
      '\uFFFDa\uFFFDb  [redacted JWT]  \uFFFDtxt',
      '    a[redacted JWT]',
      '',
    ]);
  });
});

describe('instants', () => {
  test('are shown by day and by minute', () => {
    expect([day('2027-05-20T14:03:22.000Z'), minute('2027-05-20T14:03:22.000Z')]).toEqual([
      '2027-05-20',
      '2027-05-20 14:03Z',
    ]);
    expect([day(null), minute(null)]).toEqual(['-', '-']);
  });

  const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
  test.each([
    [0, 'now'],
    [MINUTE - 1, 'now'],
    [1 - MINUTE, 'now'],
    [MINUTE, 'in 1 min'],
    [-HOUR + 1, '59 min ago'],
    [HOUR, 'in 1 h'],
    [2 * DAY - 1, 'in 47 h'],
    [2 * DAY, 'in 2 d'],
    [-180 * DAY - HOUR, '180 d ago'],
  ])('%d ms away is %s', (ms, text) => {
    expect(distance(5e12 + ms, 5e12)).toBe(text);
  });
});
