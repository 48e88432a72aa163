// `status`: a row for each target, from the journal alone, with or without a running daemon. A note below the row says
// if the record is old, because a daemon that stopped leaves its last good news behind.
import { isoOrNull } from '../core/instants.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { Fleet, TargetStates } from '../core/ports.ts';
import type { TargetState } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { isWell, lastingView, type TargetLabel } from '../core/target-view.ts';
import { DAY } from '../core/time.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { distance, minute } from './instants.ts';
import { printJson } from './print-json.ts';
import type { Cell } from './table.ts';
import { targetTable } from './target-table.ts';

export interface StatusTools {
  readonly context: CliContext;
  readonly journal: TargetStates & Fleet;
  /** The configured targets, as selected. */
  readonly targets: readonly (TargetLabel & { readonly key: string; readonly enabledWanted?: boolean | undefined })[];
}

/** A check older than this is mentioned: ordinary schedules check at least once a day. */
const STALE_AFTER_MS = DAY;
/** How long the comparison of our clock with CloudBase's is relied on: a daemon compares them at every check. */
const COMPARED_MS = 2 * DAY;

/** Prints the state of the targets; 1 if one is failed or unknown, or its logins fail. */
export async function status(options: { json: boolean }, tools: StatusTools): Promise<ExitStatus> {
  const { context, journal, targets } = tools;
  const nowMs = context.clock.now();
  const { skew } = await journal.fleet();
  // A clock that was compared long ago may have been set since.
  const skewMs = skew !== null && within(skew.at, nowMs, COMPARED_MS) ? skew.skewMs : undefined;
  const clock: JudgeClock = { now: nowMs, skewMs, since: 0 };
  const recorded = new Map((await journal.targets()).map((state) => [state.key, state]));
  const rows = targets.map((target) => {
    const state = recorded.get(target.key);
    return { state, target, view: lastingView(state, target, clock) };
  });
  if (options.json) {
    printJson(context.stdout, { targets: rows.map(({ view }) => view) });
  } else {
    const notes = rows.map(({ state }) => (state === undefined ? [] : remarks(state, nowMs)));
    const views = rows.map(({ view }) => view);
    context.stdout.write(targetTable(views, nowMs, notes));
  }
  if (recorded.size === 0) {
    context.stderr.write('not checked yet: `run` or `once` checks the targets and starts the journal\n');
  }
  return rows.every(({ view, target }) => isWell(view, target.enabledWanted)) ? EXIT.ok : EXIT.failed;
}

function remarks(state: TargetState, nowMs: number): Cell[] {
  const found: Cell[] = [];
  if (state.lastPassAt !== null && nowMs - state.lastPassAt > STALE_AFTER_MS) {
    const at = minute(isoOrNull(state.lastPassAt));
    found.push({ text: `last checked ${at}, ${distance(state.lastPassAt, nowMs)}`, color: 'yellow' });
  }
  for (const { path, by, at } of state.providerChanges) {
    const who = by === 'our-write' ? 'by a rotation and could not be restored' : 'by somebody else during a rotation';
    found.push({ text: `${path} was changed ${who}, ${distance(at, nowMs)}`, color: 'yellow' });
  }
  return found;
}
