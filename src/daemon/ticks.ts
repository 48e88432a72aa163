// The ordinary ticks, from node-cron. It is told to be quiet, and a tick that it reports as missed counts as a tick:
// the daemon looks at the clocks itself and does what is due.
import { schedule } from 'node-cron';
import type { Ticks } from './daemon.ts';

const SILENT = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

/** Calls `onTick` at each start of the expression, until stopped. */
export function startTicks(expression: string, timezone: string, onTick: () => void): Ticks {
  const task = schedule(expression, () => onTick(), { timezone, suppressMissedWarning: true, logger: SILENT });
  task.on('execution:missed', () => onTick());
  return { stop: () => void task.destroy() };
}
