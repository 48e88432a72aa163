// The tables of docs/performance.md, and what the bench leaves as it is.
import { describe, expect, test } from 'vitest';
import { BY_HAND, Measured, reportText, type TableDefinition, tableText, valueText } from './report.ts';

const TABLE: TableDefinition = {
  title: 'By number of targets',
  columns: ['1', '10,000'],
  rows: [
    { id: 'pass', what: 'CPU of a pass', unit: 'ms', digits: 1, how: 'It is counted.' },
    { id: 'none', what: 'Never measured', unit: 'ms', digits: 1, how: 'It is not.' },
  ],
};

function measured(...cells: readonly (readonly [column: string, build: string, cell: number | string])[]): Measured {
  const all = new Measured();
  for (const [column, build, cell] of cells) all.set('pass', column, build, cell);
  return all;
}

describe('a table', () => {
  test('shows one build, and leaves out what was not measured', () => {
    expect(tableText(TABLE, ['this'], measured(['1', 'this', 3.14], ['10,000', 'this', 1234]))).toBe(
      '|  | 1 | 10,000 |\n| --- | ---: | ---: |\n| CPU of a pass, ms | 3.1 | 1,234.0 |',
    );
  });

  test('shows two builds with their ratio', () => {
    const both = measured(['1', 'old', 8], ['1', 'this', 2], ['10,000', 'old', 'refused'], ['10,000', 'this', 5]);
    expect(tableText(TABLE, ['old', 'this'], both)).toContain('| 8.0 → 2.0 (×0.25) | refused → 5.0 |');
  });

  test('shows no ratio to nothing, and an empty cell where neither was measured', () => {
    expect(tableText(TABLE, ['old', 'this'], measured(['1', 'old', 0], ['1', 'this', 2]))).toContain(
      '| 0.0 → 2.0 |  |',
    );
  });

  test('shows a cell that one build lacks', () => {
    expect(tableText(TABLE, ['old', 'this'], measured(['1', 'this', 2]))).toContain('| - → 2.0 |');
  });

  test.each([
    [1_234_567.8, 0, '1,234,568'],
    [0.046, 2, '0.05'],
    ['refused', 2, 'refused'],
    [undefined, 2, '-'],
  ])('%s with %i digits is %s', (cell, digits, text) => {
    expect(valueText(cell, digits)).toBe(text);
  });
});

describe('the file', () => {
  const report = { facts: ['Node 24'], tables: [TABLE], builds: ['this'] };
  const figures = measured(['1', 'this', 3]);

  test('says what was measured, how, and on what', () => {
    const text = reportText(report, figures, '');
    expect(text).toContain('- Node 24');
    expect(text).toContain('## By number of targets\n\n|');
    expect(text).toContain('- **CPU of a pass**: It is counted.');
    expect(text.endsWith(`${BY_HAND}\n`)).toBe(true);
  });

  test('keeps what is written by hand, however often it is written', () => {
    const old = `# Performance\n\nold\n\n${BY_HAND}\n\nIn \`commit\`.\n\n### More\n\nText.\n`;
    const once = reportText(report, figures, old);
    expect(once).not.toContain('old');
    expect(once.endsWith(`${BY_HAND}\n\nIn \`commit\`.\n\n### More\n\nText.\n`)).toBe(true);
    expect(reportText(report, figures, once)).toBe(once);
  });
});
