// `once` and `plan`: one pass on every target or the named ones, or what such a pass would do.

import { errorView } from '../core/errors.ts';
import type { RotatorEvent } from '../core/events.ts';
import type { Target } from '../core/ports.ts';
import { isWell, type TargetView, targetView } from '../core/target-view.ts';
import { eventText } from '../core/texts/en/events.ts';
import type { PassResult } from '../pass/pass.ts';
import type { Preview } from '../pass/preview.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { printJson } from './print-json.ts';
import { targetTable } from './target-table.ts';

export interface OnceDeps {
  readonly context: CliContext;
  readonly targets: readonly Target[];
  /** Runs the passes; every target has a result. */
  readonly sweep: () => Promise<ReadonlyMap<string, PassResult>>;
  /** Has what is wrong told, and the heartbeat pinged. */
  readonly alert: () => Promise<void>;
}

/** Runs one pass on each target, alerts whom it concerns, and prints how each pass ended. */
export async function once(
  options: { json: boolean },
  { context, targets, sweep, alert }: OnceDeps,
): Promise<ExitStatus> {
  const results = await sweep();
  await alert();
  const views = targets.map((target) => targetView(results.get(target.key)?.state, target));
  return print(views, options.json, context);
}

export interface PlanDeps {
  readonly context: CliContext;
  /** What a pass on each target would do now. */
  readonly previews: () => Promise<readonly (Preview & { readonly target: Target })[]>;
}

/** Prints what `once` would do; changes nothing. */
export async function plan(options: { json: boolean }, deps: PlanDeps): Promise<ExitStatus> {
  const { context } = deps;
  const previews = await deps.previews();
  const views = previews.map(({ target, state }) => targetView(state, target));
  const status = print(views, options.json, context);
  if (options.json) return status;
  for (const { target, action, why } of previews) {
    context.stdout.write(`${target.name}: ${ACTION_WORDS[action]}: ${why}\n`);
  }
  return status;
}

const ACTION_WORDS: Record<Preview['action'], string> = {
  none: 'would leave it',
  rotate: 'would rotate',
  defer: 'would wait',
  pend: 'would wait for you',
  refuse: 'would refuse',
  fail: 'could not be looked at',
};

function print(views: readonly TargetView[], json: boolean, { stdout, clock }: CliContext): ExitStatus {
  const now = clock.now();
  if (json) printJson(stdout, { targets: views });
  else stdout.write(targetTable(views, now));
  return views.every((view) => isWell(view, now)) ? EXIT.ok : EXIT.failed;
}

/** Progress for a person who waits: a line for each event, with the next step below it. Empty for what needs no line. */
export function progressLine(event: RotatorEvent, now: number): string {
  if (event.event === 'pass.healthy' || event.event === 'retry.scheduled') return '';
  const { target, error, code, hint } = { target: null, error: null, code: null, hint: null, ...event };
  const before = target === null ? '' : `${target}: `;
  const shownCode = error?.code ?? code;
  const next =
    event.event === 'rotation.step' ? null : error === null ? hint : errorView(error.stored, target ?? undefined).hint;
  const after = `${shownCode === null ? '' : ` (${shownCode})`}${next === null ? '' : `\n    ${next}`}`;
  return `${before}${eventText(event, now)}${after}\n`;
}
