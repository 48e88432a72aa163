// `status`: a row for each target, from the journal alone, with or without a running daemon. A note below the row says
// if the record is old, because a daemon that stopped leaves its last good news behind.
import { isoOrNull } from '../core/instants.ts';
import type { ChangedTargets, Fleet, TargetStates } from '../core/journal-ports.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { TargetState } from '../core/records.ts';
import { within } from '../core/schedule.ts';
import { isWell, lastingView, type TargetLabel, type TargetView } from '../core/target-view.ts';
import { command } from '../core/texts/command.ts';
import { DAY } from '../core/time.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { distance, minute } from './instants.ts';
import { printJsonList } from './print-json.ts';
import { type Cell, wrap } from './table.ts';
import { targetRow, writeTargets } from './target-table.ts';

export interface StatusTools {
  readonly context: CliContext;
  readonly journal: TargetStates & Fleet;
  /** The configured targets, as selected. */
  readonly targets: readonly (TargetLabel & { readonly key: string })[];
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
  const judged = { journal, targets, clock };
  const { isEmpty, isAllWell } = options.json ? await printViews(judged, context) : await printTable(judged, context);
  if (isEmpty) {
    context.stderr.write(
      `not checked yet: ${command('once')} or the daemon checks the targets and starts the journal\n`,
    );
  }
  return isAllWell ? EXIT.ok : EXIT.failed;
}

async function printViews(judged: Judged, { stdout }: CliContext): Promise<Summary> {
  const { shown, ...summary } = await show(judged, (view) => view);
  printJsonList(stdout, 'targets', shown);
  return summary;
}

async function printTable(judged: Judged, { stdout }: CliContext): Promise<Summary> {
  const { now } = judged.clock;
  const signed = new Map<string | null, string[]>();
  const { shown, ...summary } = await show(judged, (view, state) => {
    if (state !== undefined) {
      const keyId = state.deployed?.keyId ?? null;
      signed.set(keyId, [...(signed.get(keyId) ?? []), view.name]);
    }
    return targetRow(view, now, state && remarks(state, now));
  });
  writeTargets(stdout, shown);
  stdout.write(keyLines(signed, stdout.columns));
  return summary;
}

/** Names that a line about a key lists: enough to find them, and a fleet has thousands. */
const MOST_NAMES = 5;

/** By which key the secrets are signed, and so which key may be revoked; empty while there is no secret. */
function keyLines(signed: ReadonlyMap<string | null, readonly string[]>, width: number): string {
  const known = [...signed].filter(([keyId]) => keyId !== null).sort(([, a], [, b]) => b.length - a.length);
  if (known.length === 0) return '';
  const unknown = signed.get(null) ?? [];
  const some = (names: readonly string[]) =>
    `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''}`;
  const lines = known.map(([keyId, names]) => `Key ${keyId} signs the deployed secret of ${some(names)}.`);
  if (unknown.length > 0) lines.push(`It is not known which key signs that of ${some(unknown)}.`);
  lines.push(
    known.length > 1 || unknown.length > 0
      ? 'Do not revoke a key while it signs one, or may: those logins would fail.'
      : 'Any other key of this team may be revoked, unless something else uses it.',
  );
  return `\n${lines
    .flatMap((line) => wrap(line, width))
    .map((line) => `${line}\n`)
    .join('')}`;
}

interface Judged extends Pick<StatusTools, 'journal' | 'targets'> {
  readonly clock: JudgeClock;
}

interface Summary {
  /** The journal holds no target at all. */
  readonly isEmpty: boolean;
  readonly isAllWell: boolean;
}

/**
 * What `make` makes of each target, in the order of the configuration. States are read in pages and let go of: those of
 * a large fleet would fill the memory.
 */
async function show<T>(
  { journal, targets, clock }: Judged,
  make: (view: TargetView, state: TargetState | undefined) => T,
): Promise<Summary & { readonly shown: readonly T[] }> {
  const recorded = new Map<string, { readonly made: T; readonly isWell: boolean }>();
  const labels = new Map(targets.map((target) => [target.key, target]));
  const judge = (target: StatusTools['targets'][number], state: TargetState | undefined) => {
    const view = lastingView(state, target, clock);
    return { made: make(view, state), isWell: isWell(view, target) };
  };
  let isEmpty = true;
  for await (const state of everyState(journal)) {
    isEmpty = false;
    const target = labels.get(state.key);
    if (target !== undefined) recorded.set(state.key, judge(target, state));
  }
  const rows = targets.map((target) => recorded.get(target.key) ?? judge(target, undefined));
  return { shown: rows.map(({ made }) => made), isEmpty, isAllWell: rows.every((row) => row.isWell) };
}

/** States that are read at once. With fewer, the transactions would take longer than the reading; each has some KB. */
const PAGE = 100;

/** What the journal holds of every target. One that is written meanwhile comes again. */
async function* everyState(journal: TargetStates): AsyncGenerator<TargetState> {
  let page: ChangedTargets | undefined;
  do {
    page = await journal.changedSince(page?.revision, PAGE);
    yield* page.states;
  } while (page.states.length === PAGE);
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
