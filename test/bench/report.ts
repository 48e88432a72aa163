// The figures as tables, and docs/performance.md made of them. What is written by hand in that file stays.

/** A number, or why there is none. */
export type Cell = number | string;

export interface RowDefinition {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  /** Decimals that are shown. */
  readonly digits: number;
  /** How it is measured, in a sentence or two. */
  readonly how: string;
}

export interface TableDefinition {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly RowDefinition[];
}

/** By row, column and build. */
export class Measured {
  private readonly cells = new Map<string, Cell>();

  set(row: string, column: string, build: string, cell: Cell): void {
    this.cells.set(keyOf(row, column, build), cell);
  }

  get(row: string, column: string, build: string): Cell | undefined {
    return this.cells.get(keyOf(row, column, build));
  }
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** The table as Markdown. With two builds a cell shows both, the earlier one first, and the second over the first. */
export function tableText({ columns, rows }: TableDefinition, builds: readonly string[], measured: Measured): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const measuredRows = rows.filter(({ id }) =>
    columns.some((column) => builds.some((build) => measured.get(id, column, build) !== undefined)),
  );
  return [
    line(['', ...columns]),
    line(['---', ...columns.map(() => '---:')]),
    ...measuredRows.map((row) => {
      const cells = columns.map((column) =>
        cellText(
          builds.map((build) => measured.get(row.id, column, build)),
          row.digits,
        ),
      );
      return line([row.unit === '' ? row.what : `${row.what}, ${row.unit}`, ...cells]);
    }),
  ].join('\n');
}

function cellText(cells: readonly (Cell | undefined)[], digits: number): string {
  if (cells.every((cell) => cell === undefined)) return '';
  const [before, after] = cells;
  const both = cells.map((cell) => valueText(cell, digits)).join(' → ');
  if (typeof before !== 'number' || typeof after !== 'number' || before === 0) return both;
  return `${both} (×${(after / before).toFixed(2)})`;
}

/** Digits in groups of three, so that large numbers can be read. */
export function valueText(cell: Cell | undefined, digits: number): string {
  if (cell === undefined) return '-';
  return typeof cell === 'string'
    ? cell
    : cell.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export interface Report {
  /** What was measured, when and on what, a line each. */
  readonly facts: readonly string[];
  readonly tables: readonly TableDefinition[];
  readonly builds: readonly string[];
}

/** Everything from here to the end of the file is written by hand. */
export const BY_HAND = '## Where the time goes';

/** The file's new text; `old` is its present one. */
export function reportText({ facts, tables, builds }: Report, measured: Measured, old: string): string {
  const start = old.indexOf(`${BY_HAND}\n`);
  const byHand = start < 0 ? `${BY_HAND}\n` : old.slice(start);
  const parts = [
    '# Performance',
    'Written by `npm run bench`, all but the last section. CPU is user and system time of the whole process, garbage\ncollection and compilation included. Times on another machine differ; ratios hardly do.',
    facts.map((fact) => `- ${fact}`).join('\n'),
    ...(builds.length > 1 ? ['A cell shows the earlier commit, this one, and this one over the earlier one.'] : []),
    ...tables.flatMap((table) => [`## ${table.title}`, tableText(table, builds, measured)]),
    '## How each figure is measured',
    tables.flatMap(({ rows }) => rows.map(({ what, how }) => `- **${what}**: ${how}`)).join('\n'),
    byHand.trimEnd(),
  ];
  return `${parts.join('\n\n')}\n`;
}
