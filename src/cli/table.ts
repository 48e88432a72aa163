// Tables for a terminal of 100 columns. They are aligned by the columns that characters take up there (two for Chinese,
// Japanese and Korean ones) and cut between characters. Texts are cleaned before they are measured.
import { type Color, paint } from '../core/output.ts';
import { shown } from '../core/shown.ts';
import type { TextOutput } from './context.ts';

export interface Cell {
  readonly text: string;
  readonly color?: Color;
}

export interface Column {
  readonly title: string;
  /** Cut first if the table is too wide. */
  readonly mayShrink?: boolean;
}

export interface TableRow {
  /** One for each column. */
  readonly cells: readonly Cell[];
  /** Sentences below the row, indented and wrapped. */
  readonly notes?: readonly Cell[];
}

const WIDTH = 100;
const GAP = '  ';
const INDENT = '    ';
/** A column that may shrink keeps room for five characters and the `…`: with less, names cannot be told apart. */
const MIN_COLUMN = 6;
/** Longer than any message of ours; without a limit one text could fill the terminal. */
const MAX_TEXT = 2000;

/** Made when it is needed, because that takes as long as everything else that a short command loads. */
let segmenter: Intl.Segmenter | undefined;
/** Characters of East Asian width "wide" or "fullwidth" (Unicode Annex 11), by script and block, and emoji. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;
/** Katakana and Hangul of the block "Halfwidth and Fullwidth Forms" that take up one column. */
const HALFWIDTH = /^[\uff61-\uffdc]/;

/** Text whose characters take up one column each, as most does: to look at each of them takes fifty times as long. */
const PLAIN = /^[ -~]*$/;

/** How many columns of a terminal `text` takes up, if it is printable. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function graphemeWidth(grapheme: string): number {
  if (/^\p{M}+$/u.test(grapheme)) return 0;
  return WIDE.test(grapheme) && !HALFWIDTH.test(grapheme) ? 2 : 1;
}

/** `text` in at most `width` columns, cut between characters and ended with `…` if it is longer. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let left = width - 1;
  for (const { segment } of graphemesOf(text)) {
    left -= graphemeWidth(segment);
    if (left < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * `text` in lines of at most `width` columns, broken between words. A word that is longer than a line is broken too if
 * its script has no spaces; otherwise it is a path, a URL or JSON that somebody may copy, and stays whole.
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
    const pieces = WIDE.test(word) ? pieced(word, width) : [word];
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return [...lines, line];
}

function pieced(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of graphemesOf(word)) {
    if (displayWidth(piece) + graphemeWidth(segment) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += segment;
  }
  return [...pieces, piece];
}

/** The table as texts that each end with a line break: its header, and each row with its notes. */
export function table(columns: readonly Column[], rows: readonly TableRow[], width = WIDTH): string[] {
  const clean = rows.map(({ cells, notes = [] }) => ({ cells: cells.map(printable), notes: notes.map(printable) }));
  const header = columns.map(({ title }): Cell => ({ text: title, color: 'dim' }));
  const widths = fittedWidths(columns, [header, ...clean.map(({ cells }) => cells)], width);
  const line = (cells: readonly Cell[]): string =>
    cells
      .map(({ text, color }, i) => {
        const fitted = cut(text, widths[i] ?? 0);
        const isLast = i === cells.length - 1;
        const padding = isLast ? '' : ' '.repeat((widths[i] ?? 0) - displayWidth(fitted));
        return painted(fitted, color) + padding;
      })
      .join(GAP);
  const note = ({ text, color }: Cell): string[] =>
    wrap(text, width - INDENT.length).map((part) => INDENT + painted(part, color));
  const text = (lines: readonly string[]) => lines.map((each) => `${each.trimEnd()}\n`).join('');
  return [text([line(header)]), ...clean.map(({ cells, notes }) => text([line(cells), ...notes.flatMap(note)]))];
}

/** So many rows are written at once. Each write costs as much as a row, and all of a fleet would be in memory as one text. */
const ROWS = 100;

/** Writes a table. */
export function writeTable(output: TextOutput, texts: readonly string[]): void {
  for (let at = 0; at < texts.length; at += ROWS) output.write(texts.slice(at, at + ROWS).join(''));
}

function painted(text: string, color: Color | undefined): string {
  return color === undefined ? text : paint(color, text);
}

function printable(cell: Cell): Cell {
  const text = shown(cell.text, MAX_TEXT);
  return text === cell.text ? cell : { ...cell, text };
}

function fittedWidths(columns: readonly Column[], lines: readonly (readonly Cell[])[], width: number): number[] {
  const widths = columns.map((_, i) =>
    lines.reduce((widest, cells) => Math.max(widest, displayWidth(cells[i]?.text ?? '')), 0),
  );
  const limit = width - GAP.length * (columns.length - 1);
  const widest = (isCandidate: (i: number) => boolean): number =>
    widths.reduce((best, each, i) => (isCandidate(i) && each > (widths[best] ?? -1) ? i : best), -1);
  while (widths.reduce((sum, each) => sum + each, 0) > limit) {
    let chosen = widest((i) => columns[i]?.mayShrink === true && (widths[i] ?? 0) > MIN_COLUMN);
    if (chosen === -1) chosen = widest(() => true);
    widths[chosen] = (widths[chosen] ?? 0) - 1;
  }
  return widths;
}
