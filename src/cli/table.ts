// Tables that follow the width of the terminal. They are aligned by the columns that characters take up there (two for
// Chinese, Japanese and Korean ones). No word is cut: cells wrap between words, and a table that is too wide even so is
// shown as a list, a line for each cell. Texts are cleaned before they are measured.
import { displayWidth, graphemesOf, isWide } from '../core/columns.ts';
import { type Color, paint } from '../core/output.ts';
import { shown } from '../core/shown.ts';
import type { TextOutput } from './context.ts';

export interface Cell {
  readonly text: string;
  readonly color?: Color;
}

export interface Column {
  readonly title: string;
}

export interface TableRow {
  /** One for each column. */
  readonly cells: readonly Cell[];
  /** Sentences below the row, indented and wrapped. */
  readonly notes?: readonly Cell[];
}

const GAP = '  ';
/** Before sentences that belong to what stands above them. */
export const INDENT = '    ';
/** Narrower, a column of Chinese text would have a line for each word or two. */
const MIN_COLUMN = 12;
/** The first column takes at most this share of a table that is too wide: names are as long as people make them. */
const FIRST_SHARE = 1 / 3;
/** Longer than any message of ours; without a limit one text could fill the terminal. */
const MAX_TEXT = 2000;

/**
 * `text` in lines of at most `width` columns, broken between words. A script without spaces is broken between its
 * characters. Any other word that is longer than a line is a path, a URL or JSON that somebody may copy: it stays whole.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (displayWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = isWide(word) ? pieced(word, width) : [word];
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return [...lines, line];
}

function pieced(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const unit of unitsOf(word)) {
    if (piece !== '' && displayWidth(piece) + displayWidth(unit) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += unit;
  }
  return [...pieces, piece];
}

/** What stays whole in a word with characters of a script without spaces: each of them, and what stands between. */
function unitsOf(word: string): string[] {
  const units: string[] = [];
  let isOpen = false;
  for (const { segment } of graphemesOf(word)) {
    const isNarrow = !isWide(segment);
    units.push(isOpen && isNarrow ? `${units.pop()}${segment}` : segment);
    isOpen = isNarrow;
  }
  return units;
}

/** The table as texts that each end with a line break: its header, and each row with its notes. */
export function table(columns: readonly Column[], rows: readonly TableRow[], width: number): string[] {
  const clean = rows.map(({ cells, notes = [] }) => ({ cells: cells.map(printable), notes: notes.map(printable) }));
  const header = columns.map(({ title }): Cell => ({ text: title, color: 'dim' }));
  const widths = fittedWidths([header, ...clean.map(({ cells }) => cells)], width);
  const note = ({ text, color }: Cell): string[] =>
    wrap(text, width - INDENT.length).map((part) => INDENT + painted(part, color));
  const text = (lines: readonly string[]) => lines.map((each) => `${each.trimEnd()}\n`).join('');
  if (widths === undefined) {
    return clean.map(({ cells, notes }, i) =>
      text([...(i === 0 ? [] : ['']), ...listed(header, cells, width), ...notes.flatMap(note)]),
    );
  }
  return [
    text(lined(header, widths, width)),
    ...clean.map(({ cells, notes }) => text([...lined(cells, widths, width), ...notes.flatMap(note)])),
  ];
}

/** A row in columns. A first cell with a word that its column does not hold stands on a line above the others. */
function lined(cells: readonly Cell[], widths: readonly number[], width: number): string[] {
  const [first] = cells;
  const isAbove = first !== undefined && longestWord(first.text) > (widths[0] ?? 0);
  const blocks = cells.map(({ text }, i) => (i === 0 && isAbove ? [''] : wrap(text, widths[i] ?? 0)));
  const height = Math.max(...blocks.map((block) => block.length));
  const lines = Array.from({ length: height }, (_, at) =>
    cells
      .map(({ color }, i) => {
        const part = blocks[i]?.[at] ?? '';
        const isLast = i === cells.length - 1;
        const padding = isLast ? '' : ' '.repeat(Math.max(0, (widths[i] ?? 0) - displayWidth(part)));
        return (part === '' ? '' : painted(part, color)) + padding;
      })
      .join(GAP),
  );
  return isAbove ? [...wrap(first.text, width).map((part) => painted(part, first.color)), ...lines] : lines;
}

/** A row as a list: a line for each cell, with its title. */
function listed(header: readonly Cell[], cells: readonly Cell[], width: number): string[] {
  const titles = Math.max(...header.map(({ text }) => displayWidth(text))) + GAP.length;
  return cells.flatMap(({ text, color }, i) => {
    const title = header[i]?.text ?? '';
    const before = painted(title, 'dim') + ' '.repeat(titles - displayWidth(title));
    return wrap(text, width - titles).map(
      (part, at) => (at === 0 ? before : ' '.repeat(titles)) + painted(part, color),
    );
  });
}

/** So many rows are written at once. Each write costs as much as a row, and all of a fleet would be in memory as one text. */
const ROWS = 100;

/** Writes a table as wide as the output. */
export function writeTable(output: TextOutput, columns: readonly Column[], rows: readonly TableRow[]): void {
  const texts = table(columns, rows, output.columns);
  for (let at = 0; at < texts.length; at += ROWS) output.write(texts.slice(at, at + ROWS).join(''));
}

function painted(text: string, color: Color | undefined): string {
  return color === undefined ? text : paint(color, text);
}

function printable(cell: Cell): Cell {
  const text = shown(cell.text, MAX_TEXT);
  return text === cell.text ? cell : { ...cell, text };
}

/** The columns that the longest word of a text needs; for a script without spaces, enough of its characters. */
function longestWord(text: string): number {
  return text.split(' ').reduce((longest, word) => {
    const width = displayWidth(word);
    return Math.max(longest, isWide(word) ? Math.min(width, MIN_COLUMN) : width);
  }, 0);
}

/** How wide a column of at most `most` has to be for a first cell; 0 for one that will stand above the others. */
function widthWithin(text: string, most: number): number {
  const width = displayWidth(text);
  if (width <= most) return width;
  return longestWord(text) <= most ? most : 0;
}

/** How wide each column is; undefined if the words do not fit side by side. */
function fittedWidths(lines: readonly (readonly Cell[])[], width: number): number[] | undefined {
  const [header = []] = lines;
  const widest = (measure: (text: string) => number) =>
    header.map((_, i) => lines.reduce((most, cells) => Math.max(most, measure(cells[i]?.text ?? '')), 0));
  const widths = widest(displayWidth);
  const limit = width - GAP.length * (header.length - 1);
  const missing = () => widths.reduce((sum, each) => sum + each, 0) - limit;
  if (missing() <= 0) return widths;
  const least = widest(longestWord);
  const keepFirst = (most: number) => {
    const title = longestWord(header[0]?.text ?? '');
    widths[0] = lines.reduce((width, [first]) => Math.max(width, widthWithin(first?.text ?? '', most)), title);
  };
  keepFirst(Math.floor(limit * FIRST_SHARE));
  while (missing() > 0) {
    const chosen = widths.reduce(
      (best, each, i) => (i > 0 && each > (least[i] ?? 0) && each > (widths[best] ?? 0) ? i : best),
      -1,
    );
    if (chosen === -1) break;
    widths[chosen] = (widths[chosen] ?? 0) - 1;
  }
  if (missing() > 0) keepFirst((widths[0] ?? 0) - missing());
  return missing() > 0 ? undefined : widths;
}
