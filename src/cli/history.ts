// `history`: rotations, newest first, from the journal alone; open ones and failed ones included.

import { RotatorError } from '../core/errors.ts';
import type { Rotations, TargetStates } from '../core/journal-ports.ts';
import type { Color } from '../core/output.ts';
import type { Outcome } from '../core/reasons.ts';
import { type RotationView, rotationView } from '../core/rotation-view.ts';
import { shownName } from '../core/shown.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { day, minute } from './instants.ts';
import { printJson } from './print-json.ts';
import { type Column, type TableRow, writeTable } from './table.ts';

export interface HistoryOptions {
  /** A target's name; also one that has left the configuration. */
  readonly target?: string;
  readonly limit: number;
  readonly json: boolean;
}

export interface HistoryTools {
  readonly context: CliContext;
  readonly journal: Rotations & TargetStates;
  /** The configured targets: by them a target that was renamed keeps its history. */
  readonly targets: readonly { readonly name: string; readonly key: string }[];
}

const COLUMNS: readonly Column[] = [
  { title: 'STARTED' },
  { title: 'TARGET' },
  { title: 'REASON' },
  { title: 'TRIGGER' },
  { title: 'OUTCOME' },
  { title: 'KEY' },
  { title: 'EXPIRES' },
];

const OUTCOME_COLORS: Readonly<Record<Outcome, Color>> = {
  succeeded: 'green',
  unverified: 'yellow',
  'rolled-back': 'red',
  blocked: 'red',
  failed: 'red',
};

/** Prints the latest rotations of all targets or of one. Throws ERR_USAGE for a name that nothing knows. */
export async function history(options: HistoryOptions, tools: HistoryTools): Promise<ExitStatus> {
  const { context, journal, targets } = tools;
  const { target: name, limit, json } = options;
  const target = targets.find((each) => each.name === name)?.key ?? name;
  const rotations = await journal.rotations(target === undefined ? { limit } : { target, limit });
  if (name !== undefined && rotations.length === 0) {
    const known = [...new Set([...targets, ...(await journal.targets())].map((each) => each.name))];
    if (!known.includes(name))
      throw new RotatorError('ERR_USAGE', { problem: 'unknown-target', found: shownName(name), known });
  }
  const views = rotations.map(rotationView);
  if (json) {
    printJson(context.stdout, { rotations: views });
  } else if (views.length > 0) {
    writeTable(context.stdout, COLUMNS, views.map(tableRow));
  } else {
    context.stderr.write(`no rotation${name === undefined ? '' : ` of ${name}`} has been recorded yet\n`);
  }
  return EXIT.ok;
}

function tableRow(view: RotationView): TableRow {
  const outcome = view.outcome ?? 'open';
  return {
    cells: [
      { text: minute(view.startedAt) },
      { text: view.target },
      { text: view.reason },
      { text: view.trigger },
      { text: outcome, color: view.outcome === null ? 'yellow' : OUTCOME_COLORS[view.outcome] },
      { text: view.keyId ?? '-' },
      { text: day(view.expiresAt) },
    ],
    notes: view.error === null ? [] : [{ text: `${view.error.code}: ${view.error.message}`, color: 'dim' }],
  };
}
