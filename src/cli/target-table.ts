// The table of targets that `status`, `once` and `plan` print: a row for each target, with its error and the next step
// below; a next step of several targets stands once.

import { IN_DOUBT } from '../core/logins.ts';
import type { Color } from '../core/output.ts';
import type { LoginState, TargetStateName } from '../core/reasons.ts';
import type { TargetView } from '../core/target-view.ts';
import { LOGIN_FINDINGS } from '../core/texts/en/logins.ts';
import type { TextOutput } from './context.ts';
import { day, distance } from './instants.ts';
import { type Cell, type Column, INDENT, type TableRow, wrap, writeTable } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'STATE' },
  { title: 'LOGINS' },
  { title: 'EXPIRES' },
  { title: 'RENEWAL DUE' },
  { title: 'LAST ROTATION' },
  { title: 'FAILURES' },
];

const STATE_COLORS: Readonly<Record<TargetStateName, Color>> = {
  healthy: 'green',
  rotated: 'green',
  due: 'yellow',
  pending: 'yellow',
  unverified: 'yellow',
  failed: 'red',
  unknown: 'red',
};

const LOGIN_COLORS: Readonly<Record<LoginState, Color>> = { works: 'green', fails: 'red', unknown: 'yellow' };

/** The row of a target. */
export interface TargetRow extends TableRow {
  readonly name: string;
  readonly notes: readonly Cell[];
  /** What to do about its error; null if there is none. */
  readonly next: string | null;
  /** Sentences that follow. */
  readonly more: readonly Cell[];
}

/** Writes the table of these rows. A next step of several targets stands once, below the table, with their names. */
export function writeTargets(output: TextOutput, rows: readonly TargetRow[]): void {
  const bySteps = Map.groupBy(rows, ({ next }) => next);
  const isShared = (next: string | null) => next !== null && (bySteps.get(next)?.length ?? 0) > 1;
  const shown = rows.map(({ cells, notes, next, more }) => ({
    cells,
    notes: [...notes, ...(next === null || isShared(next) ? [] : [{ text: next }]), ...more],
  }));
  writeTable(output, COLUMNS, shown);
  for (const [next, own] of bySteps) if (next !== null && own.length > 1) output.write(sharedStep(next, own, output));
}

function sharedStep(next: string, rows: readonly TargetRow[], { columns }: TextOutput): string {
  const heading = wrap(`Next, for ${rows.map(({ name }) => name).join(', ')}:`, columns);
  const step = wrap(next, columns - INDENT.length).map((line) => `${INDENT}${line}`);
  return `\n${[...heading, ...step].join('\n')}\n`;
}

/** The row of a target; `more` are sentences that follow its error. */
export function targetRow(view: TargetView, nowMs: number, more: readonly Cell[] = []): TargetRow {
  const { name, error, state } = view;
  return {
    name,
    cells: [
      { text: name },
      { text: state, color: STATE_COLORS[state] },
      { text: view.logins.state, color: LOGIN_COLORS[view.logins.state] },
      expiry(view.expiresAt, nowMs),
      { text: day(view.renewalAt) },
      { text: day(view.lastRotationAt) },
      failures(view, nowMs),
    ],
    notes: [
      ...loginNotes(view),
      ...(error === null ? [] : [{ text: `${error.code}: ${error.message}`, color: STATE_COLORS[state] }]),
    ],
    next: error?.hint ?? null,
    more,
  };
}

function expiry(expiresAt: string | null, nowMs: number): Cell {
  if (expiresAt === null) return { text: '-' };
  const atMs = Date.parse(expiresAt);
  const text = `${day(expiresAt)} ${distance(atMs, nowMs)}`;
  return atMs > nowMs ? { text } : { text, color: 'red' };
}

function failures({ consecutiveFailures, nextAttemptAt }: TargetView, nowMs: number): Cell {
  if (consecutiveFailures === 0) return { text: '0' };
  if (nextAttemptAt === null) return { text: `${consecutiveFailures}, retry at the next tick`, color: 'red' };
  const atMs = Date.parse(nextAttemptAt);
  return { text: `${consecutiveFailures}, retry ${atMs > nowMs ? distance(atMs, nowMs) : 'due'}`, color: 'red' };
}

/** What says that logins fail, or may fail. */
function loginNotes({ logins: { evidence } }: TargetView): Cell[] {
  return evidence
    .filter(({ verdict, detail }) => verdict === 'fails' || IN_DOUBT.has(detail))
    .map(({ verdict, detail }) => ({
      text: `logins: ${LOGIN_FINDINGS[detail]}`,
      color: verdict === 'fails' ? 'red' : 'yellow',
    }));
}
