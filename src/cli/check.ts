// `check`: tries every part of the configuration, writes nothing, and prints a line for each finding, with a mark, by
// target. What a finding asks to paste stands on a line of its own, whole.
import { loadConfig } from '../config/load.ts';
import { type CheckLine, MARKS, type Mark } from '../core/check.ts';
import { type Color, paint } from '../core/output.ts';
import type { Channel } from '../core/ports.ts';
import { shown } from '../core/shown.ts';
import { checkTexts } from '../core/texts/en/check.ts';
import { counted } from '../core/texts/en/words.ts';
import { checkEverything } from '../service/check.ts';
import { testMessages } from '../service/session.ts';
import { sendTest } from './alerts.ts';
import { EXIT, type ExitStatus, type Host } from './context.ts';
import { printJson } from './print-json.ts';
import { progressLine } from './progress.ts';
import { wrap } from './table.ts';

export interface CheckCommandOptions {
  readonly config?: string;
  readonly target: readonly string[];
  readonly sendTestAlert: boolean;
  readonly json: boolean;
}

/** Prints what was found; 1 if anything failed. Throws ConfigError, and ERR_USAGE for a name that does not exist. */
export async function check(options: CheckCommandOptions, host: Host): Promise<ExitStatus> {
  const { clock, env } = host;
  const loaded = await loadConfig({ file: options.config, env, mode: 'strict', now: clock.now() });
  const stop = host.stopSignal();
  const message = testMessages(loaded.config, host);
  const progress = progressLine(host, options.json);
  const lines = await checkEverything(
    loaded,
    { ...host, emit: () => undefined },
    {
      target: options.target,
      stop,
      sendTest: options.sendTestAlert
        ? (channel: Channel) => sendTest(channel, message({ kind: 'test' }), stop)
        : undefined,
      onProgress: progress.on,
    },
  ).finally(progress.end);
  if (options.json) printFindings(lines, host);
  else print(lines, host);
  return lines.some(({ mark }) => mark === 'failed') ? EXIT.failed : EXIT.ok;
}

function printFindings(lines: readonly CheckLine[], { stdout, clock }: Host): void {
  const checks = lines.map(({ target, part, mark, fact }) => {
    const { message, next: hint, copy } = checkTexts(fact, clock.now(), target);
    return { target, part, mark, code: fact.found === 'error' ? fact.error.code : null, message, hint, copy };
  });
  printJson(stdout, { checks, ...countOf(lines) });
}

function countOf(lines: readonly CheckLine[]): Record<Mark, number> {
  const count = (mark: Mark) => lines.filter((line) => line.mark === mark).length;
  return { ok: count('ok'), warning: count('warning'), failed: count('failed') };
}

const SHOWN: Readonly<Record<Mark, readonly [sign: string, color: Color]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  failed: ['✗', 'red'],
};
const LONGEST_MARK = Math.max(...MARKS.map((mark) => mark.length));
const LONGEST_PART = 'configuration'.length;
/** Where the text of a finding begins: indent, sign, mark and part. */
const TEXT_AT = 2 + 2 + LONGEST_MARK + 2 + LONGEST_PART + 2;

function print(lines: readonly CheckLine[], { stdout, clock }: Host): void {
  const now = clock.now();
  for (const [target, own] of Map.groupBy(lines, (line) => line.target)) {
    stdout.write(`${target ?? 'the service'}\n${own.map((line) => finding(line, now, stdout.columns)).join('')}\n`);
  }
  stdout.write(summary(lines));
}

function finding({ target, part, mark, fact }: CheckLine, now: number, width: number): string {
  const { message, next, copy } = checkTexts(fact, now, target);
  const [sign, color] = SHOWN[mark];
  const code = fact.found === 'error' ? ` (${fact.error.code})` : '';
  const head = `  ${paint(color, `${sign} ${mark}`)}${' '.repeat(LONGEST_MARK - mark.length + 2)}${part.padEnd(LONGEST_PART + 2)}`;
  const text = [
    ...wrap(`${shown(message, LONGEST_TEXT)}${code}`, width - TEXT_AT),
    ...(next === null ? [] : wrap(next, width - TEXT_AT)),
  ];
  const pasted = copy === null ? [] : [copy];
  const indent = ' '.repeat(TEXT_AT);
  return `${head}${[...text, ...pasted].join(`\n${indent}`)}\n`;
}

/** Longer than any message of ours: without a limit one text could fill the terminal. */
const LONGEST_TEXT = 2_000;

/** `1 failed, 2 warnings, 30 ok. Failed: shop-prod (read, write).` */
function summary(lines: readonly CheckLine[]): string {
  const { ok, warning, failed } = countOf(lines);
  const bad = Map.groupBy(
    lines.filter(({ mark }) => mark === 'failed'),
    ({ target }) => target ?? 'the service',
  );
  const named = [...bad].map(([name, own]) => `${name} (${[...new Set(own.map(({ part }) => part))].join(', ')})`);
  const color: Color = failed > 0 ? 'red' : warning > 0 ? 'yellow' : 'green';
  const counts = `${failed} failed, ${counted(warning, 'warning')}, ${ok} ok`;
  return `${paint(color, counts)}${named.length === 0 ? '' : `. Failed: ${named.join('; ')}`}\nNothing was written.\n`;
}
