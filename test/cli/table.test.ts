// Tables: their width on a terminal, where they are cut, and that nothing in them can command the terminal.
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { day, distance, minute } from '../../src/cli/instants.ts';
import { type Column, table as painted, type TableRow, wrap } from '../../src/cli/table.ts';
import { columnsOf } from '../../src/cli/terminal.ts';
import { displayWidth } from '../../src/core/columns.ts';
import { terminalText } from '../../src/core/output.ts';

/** A table as a terminal without colour shows it. */
const table = (columns: readonly Column[], rows: readonly TableRow[], width = 100) =>
  terminalText(painted(columns, rows, width).join(''), false);

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
  expect(wrap('请吊销密钥K1L2M3N4O5后重试', 8)).toEqual(['请吊销密', '钥', 'K1L2M3N4O5', '后重试']);
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
  const columns = [{ title: 'NAME' }, { title: 'STATE' }, { title: 'NOTE' }];
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

  const fleet = [{ title: 'NAME' }, { title: 'STATE' }, { title: 'EXPIRES' }, { title: 'LAST ROTATION' }];
  const rows = [
    { cells: cells('shop-prod', 'healthy', '2027-05-20 in 179 d', '2026-11-22') },
    { cells: cells('商城生产', 'failed', '2026-11-27 in 5 d', '-'), notes: cells('ERR_CONFIG: 环境 shop-1 不存在') },
  ];

  test('stands on lines of its own width where it fits', () => {
    const whole = [
      'NAME       STATE    EXPIRES              LAST ROTATION',
      'shop-prod  healthy  2027-05-20 in 179 d  2026-11-22',
      '商城生产   failed   2026-11-27 in 5 d    -',
      '    ERR_CONFIG: 环境 shop-1 不存在',
      '',
    ].join('\n');
    expect([60, 80, 100, 160].map((width) => table(fleet, rows, width))).toEqual([whole, whole, whole, whole]);
  });

  test('wraps its cells between words where it does not', () => {
    expect(table(fleet, rows, 46)).toBe(
      [
        'NAME       STATE    EXPIRES       LAST',
        '                                  ROTATION',
        'shop-prod  healthy  2027-05-20    2026-11-22',
        '                    in 179 d',
        '商城生产   failed   2026-11-27    -',
        '                    in 5 d',
        '    ERR_CONFIG: 环境 shop-1 不存在',
        '',
      ].join('\n'),
    );
  });

  test('has a name that is longer than its column on a line above the other cells', () => {
    const long = 'shop-production-of-the-eastern-region';
    const shown = table(fleet, [...rows, { cells: cells(long, 'due', '2026-11-28 in 6 d', '-') }], 80);
    expect(shown.split('\n').slice(4)).toEqual([long, '           due      2026-11-28 in 6 d    -', '']);
  });

  test('is a list where the words do not fit side by side', () => {
    expect(table(fleet, rows, 34)).toBe(
      [
        'NAME           shop-prod',
        'STATE          healthy',
        'EXPIRES        2027-05-20 in 179 d',
        'LAST ROTATION  2026-11-22',
        '',
        'NAME           商城生产',
        'STATE          failed',
        'EXPIRES        2026-11-27 in 5 d',
        'LAST ROTATION  -',
        '    ERR_CONFIG: 环境 shop-1 不存在',
        '',
      ].join('\n'),
    );
  });

  test.each([60, 80, 100, 160])('loses no word, and exceeds %d columns by a single word alone', (width) => {
    const row = fc.record({
      cells: fc.array(fc.record({ text: anyText }), { minLength: 3, maxLength: 3 }),
      notes: fc.array(fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 300 }) }), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), (made) => {
        const text = table(columns, made, width);
        for (const line of text.split('\n').filter((each) => /\S\s+\S/.test(each)))
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
        for (const word of made.flatMap((each) => each.cells.flatMap((cell) => cell.text.split(' '))))
          if (/^[\w-]+$/.test(word)) expect(text).toContain(word);
      }),
    );
  });

  test('is coloured only if the output takes colours, and colour takes up no room', () => {
    const rows = [{ cells: [{ text: 'a', color: 'red' as const }, ...cells('b', 'c')] }];
    expect(terminalText(painted(columns, rows, 100).join(''), true)).toBe(
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

test.each([
  ['as the terminal is', 72, undefined, 72],
  ['as COLUMNS states', 72, '132', 132],
  ['of an output that is no terminal', undefined, undefined, 100],
  ['of a terminal that does not know', 0, '', 100],
  ['of a terminal that is too narrow', 20, undefined, 40],
  ['with a COLUMNS that is no number', 72, 'wide', 72],
])('the width %s', (_, columns, stated, expected) => {
  expect(columnsOf(columns === undefined ? {} : { columns }, stated)).toBe(expected);
});
