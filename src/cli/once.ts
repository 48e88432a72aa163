// `once` and `plan`: one pass on every target or the named ones, or what such a pass would do.

import { errorView } from '../core/errors.ts';
import type { RotatorEvent } from '../core/events.ts';
import type { Clock, Target } from '../core/ports.ts';
import { isWell, type TargetView, targetView } from '../core/target-view.ts';
import { command } from '../core/texts/command.ts';
import { endText, eventText, WINDOW_CLOSED } from '../core/texts/en/events.ts';
import { whyText } from '../core/texts/en/why.ts';
import type { Preview } from '../pass/preview.ts';
import { openOnce, type PassOptions, previewOnce, type TargetPreview } from '../service/once.ts';
import { strictConfig } from '../service/session.ts';
import { type CliContext, EXIT, type ExitStatus, type Host } from './context.ts';
import { printJson } from './print-json.ts';
import { progressLine } from './progress.ts';
import { targetRow, writeTargets } from './target-table.ts';

export interface OnceOptions extends PassOptions {
  readonly config?: string;
  readonly json: boolean;
}

/** Runs one pass on each target, sends alerts, and prints how each pass ended. */
export async function once(options: OnceOptions, host: Host): Promise<ExitStatus> {
  const config = await strictConfig(options.config, host);
  const { isTerminal } = host;
  const progress = progressLine(host, options.json);
  const tools = { ...host, emit: told(host.clock, progress.write) };
  const session = await openOnce(config, tools, { ...options, isTerminal, stop: host.stopSignal() });
  try {
    const results = await session.sweep(progress.on);
    progress.end();
    await session.alert();
    const views = session.targets.map((target) => targetView(results.get(target.key)?.state, target, session.clock()));
    return print(views, session.targets, options.json, host);
  } finally {
    progress.end();
    await session.close();
  }
}

/** Prints what `once` would do; changes nothing. */
export async function plan(options: OnceOptions, host: Host): Promise<ExitStatus> {
  const config = await strictConfig(options.config, host);
  const progress = progressLine(host, options.json);
  const tools = { ...host, emit: told(host.clock, progress.write) };
  const all = { ...options, stop: host.stopSignal() };
  const previews = await previewOnce(config, tools, all, progress.on).finally(progress.end);
  return printPlan(previews, options.json, host);
}

/** The table or JSON of the targets, and why each is dealt with as it is. */
export function printPlan(previews: readonly TargetPreview[], json: boolean, context: CliContext): ExitStatus {
  const views = previews.map(({ target, state, clock }) => targetView(state, target, clock));
  const targets = previews.map(({ target }) => target);
  const status = print(views, targets, json, context);
  if (json) return status;
  for (const preview of previews) {
    context.stdout.write(`${preview.target.name}: ${ACTION_WORDS[preview.action]}: ${explanation(preview)}\n`);
  }
  context.stdout.write(NOT_TRIED);
  return status;
}

/** What `plan` does not find out. */
const NOT_TRIED = `Not tried: Apple was not asked about a new secret, CAM's permission to write is not known,
and no channel was reached. ${command('check')} tries what can be tried without writing.
`;

/** The error itself stands in the table above. */
function explanation({ action, why, state: { error } }: TargetPreview): string {
  const parts = [
    ...(why === null ? [] : [whyText(why)]),
    ...(error === null ? [] : [error.code]),
    ...(action === 'defer' && error === null ? [WINDOW_CLOSED] : []),
  ];
  return parts.join('; ') || 'nothing to do';
}

/** Writes what happens, each next step a single time. */
export function told(clock: Clock, write: (text: string) => void): (event: RotatorEvent) => void {
  const steps = new Set<string>();
  return (event) => {
    const { text, next } = eventLines(event, clock.now());
    if (text !== '') write(`${text}\n${next === null || steps.has(next) ? '' : `    ${next}\n`}`);
    if (next !== null) steps.add(next);
  };
}

const ACTION_WORDS: Record<Preview['action'], string> = {
  none: 'would leave it',
  rotate: 'would rotate',
  defer: 'would wait',
  pend: 'would wait for you',
  refuse: 'would refuse',
  fail: 'could not be looked at',
};

function print(
  views: readonly TargetView[],
  targets: readonly Target[],
  json: boolean,
  { stdout, clock }: CliContext,
): ExitStatus {
  const now = clock.now();
  if (json) printJson(stdout, { targets: views });
  else
    writeTargets(
      stdout,
      views.map((view) => targetRow(view, now)),
    );
  return views.every((view, i) => isWell(view, targets[i])) ? EXIT.ok : EXIT.failed;
}

/**
 * What a person who waits reads of an event: a line, empty for what needs none, and the next step. The errors of targets
 * stand in the table that follows: here are their codes alone.
 */
function eventLines(event: RotatorEvent, now: number): { readonly text: string; readonly next: string | null } {
  if (event.event === 'pass.healthy' || event.event === 'retry.scheduled') return { text: '', next: null };
  const { target, targets, error, code, hint } = {
    target: null,
    error: null,
    code: null,
    targets: null,
    hint: null,
    ...event,
  };
  const before = target === null ? '' : `${target}: `;
  const shownCode = error?.code ?? code;
  const after = shownCode === null ? '' : ` (${shownCode})`;
  const ended = error === null ? undefined : endText(event.event);
  if (ended !== undefined) return { text: `${before}${ended}${after}`, next: null };
  const isOfTargets = target !== null || (Array.isArray(targets) && targets.length > 0);
  const isInTable = event.event === 'rotation.step' || (isOfTargets && code !== null);
  const next = isInTable ? null : error === null ? hint : errorView(error.stored, target ?? undefined).hint;
  return { text: `${before}${eventText(event, now)}${after}`, next };
}
