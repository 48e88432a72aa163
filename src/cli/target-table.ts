// The table of targets that `status`, `once` and `plan` print: a row for each target, with its error and the next step
// below.
import type { Color } from '../core/output.ts';
import type { EvidenceDetail, LoginState, TargetStateName } from '../core/reasons.ts';
import type { TargetView } from '../core/target-view.ts';
import { LOGIN_FINDINGS } from '../core/texts/en/logins.ts';
import { day, distance } from './instants.ts';
import { type Cell, type Column, type TableRow, table } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'NAME', mayShrink: true },
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

/** Evidence that proves nothing yet, and that a person should know. */
const IN_DOUBT: ReadonlySet<EvidenceDetail> = new Set([
  'rejected-once',
  'rejected-uncounted',
  'accepted-uncounted',
  'missing',
  'unreadable',
  'unproven',
  'not-found-once',
  'strange-host',
  'invalid-client-once',
  'never-compared',
]);

/** The table of these rows (see `table`). */
export function targetTable(rows: readonly TableRow[]): string[] {
  return table(COLUMNS, rows);
}

/** The row of a target; `notes` are sentences that follow its error. */
export function targetRow(view: TargetView, nowMs: number, notes: readonly Cell[] = []): TableRow {
  return {
    cells: [
      { text: view.name },
      { text: view.state, color: STATE_COLORS[view.state] },
      { text: view.logins.state, color: LOGIN_COLORS[view.logins.state] },
      expiry(view.expiresAt, nowMs),
      { text: day(view.renewalAt) },
      { text: day(view.lastRotationAt) },
      failures(view, nowMs),
    ],
    notes: [...loginNotes(view), ...errorNotes(view), ...notes],
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

function errorNotes({ error, state }: TargetView): Cell[] {
  if (error === null) return [];
  return [{ text: `${error.code}: ${error.message}`, color: STATE_COLORS[state] }, { text: error.hint }];
}
