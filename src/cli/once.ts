// `once` and `plan`: one pass on every target or the named ones, or what such a pass would do.

import { errorView } from '../core/errors.ts';
import type { RotatorEvent } from '../core/events.ts';
import type { Target } from '../core/ports.ts';
import { isWell, type TargetView, targetView } from '../core/target-view.ts';
import { endText, eventText, WINDOW_CLOSED } from '../core/texts/en/events.ts';
import { whyText } from '../core/texts/en/why.ts';
import type { Preview } from '../pass/preview.ts';
import { openOnce, type PassOptions, previewOnce, type TargetPreview } from '../service/once.ts';
import { strictConfig } from '../service/session.ts';
import type { ServiceTools } from '../service/tools.ts';
import { type CliContext, EXIT, type ExitStatus, type Host } from './context.ts';
import { printJson } from './print-json.ts';
import { writeTable } from './table.ts';
import { targetRow, targetTable } from './target-table.ts';

export interface OnceOptions extends PassOptions {
  readonly config?: string;
  readonly json: boolean;
}

/** Runs one pass on each target, sends alerts, and prints how each pass ended. */
export async function once(options: OnceOptions, host: Host): Promise<ExitStatus> {
  const config = await strictConfig(options.config, host);
  const { isTerminal } = host;
  const session = await openOnce(config, withProgress(host), { ...options, isTerminal, stop: host.stopSignal() });
  try {
    const results = await session.sweep();
    await session.alert();
    const views = session.targets.map((target) => targetView(results.get(target.key)?.state, target, session.clock()));
    return print(views, session.targets, options.json, host);
  } finally {
    await session.close();
  }
}

/** Prints what `once` would do; changes nothing. */
export async function plan(options: OnceOptions, host: Host): Promise<ExitStatus> {
  const config = await strictConfig(options.config, host);
  const previews = await previewOnce(config, withProgress(host), { ...options, stop: host.stopSignal() });
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
  return status;
}

/** The error itself stands in the table above. */
function explanation({ action, why, state: { error } }: TargetPreview): string {
  const parts = [
    ...(why === null ? [] : [whyText(why)]),
    ...(error === null ? [] : [error.code]),
    ...(action === 'defer' && error === null ? [WINDOW_CLOSED] : []),
  ];
  return parts.join('; ') || 'nothing to do';
}

function withProgress(host: Host): ServiceTools {
  return { ...host, emit: (event) => host.stderr.write(progressLine(event, host.clock.now())) };
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
  else writeTable(stdout, targetTable(views.map((view) => targetRow(view, now))));
  return views.every((view, i) => isWell(view, targets[i]?.enabledWanted)) ? EXIT.ok : EXIT.failed;
}

/**
 * Progress for a person who waits: a line for each event, with the next step below it. Empty for what needs no line.
 * The error that a pass ends with stands in the table that follows: here is its code alone.
 */
export function progressLine(event: RotatorEvent, now: number): string {
  if (event.event === 'pass.healthy' || event.event === 'retry.scheduled') return '';
  const { target, error, code, hint } = { target: null, error: null, code: null, hint: null, ...event };
  const before = target === null ? '' : `${target}: `;
  const shownCode = error?.code ?? code;
  const after = shownCode === null ? '' : ` (${shownCode})`;
  const ended = error === null ? undefined : endText(event.event);
  if (ended !== undefined) return `${before}${ended}${after}\n`;
  const isInTable = event.event === 'rotation.step' || (target !== null && code !== null);
  const next = isInTable ? null : error === null ? hint : errorView(error.stored, target ?? undefined).hint;
  return `${before}${eventText(event, now)}${after}${next === null ? '' : `\n    ${next}`}\n`;
}
