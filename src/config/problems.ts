// What is wrong with a configuration, as data, and the one error that carries all of it. A problem never holds a
// value that came from the environment, belongs to a secret or looks like one: tree.ts describes what was found.
import { dirname } from 'node:path';
import type { ChannelOptions } from '../adapters/channels/registry.ts';
import { RotatorError } from '../core/errors.ts';
import { shownName } from '../core/shown.ts';
import { quoted } from '../core/texts/command.ts';
import { PROBLEMS_EN } from '../core/texts/en/problems.ts';
import { counted } from '../core/texts/en/words.ts';
import { exampleFor, nextFor } from '../core/texts/examples.ts';
import { type KeyProblem, type Phrase, phrased, problemText } from '../core/texts/problems.ts';
import { statNamedFile } from '../net/named-file.ts';
import type { Sections } from './schema.ts';

/** The line that YAML cannot read, without what may be a secret. */
export interface Excerpt {
  readonly text: string;
  /** The columns before the fault. */
  readonly before: number;
}

export interface Problem extends KeyProblem {
  /** The file, or `the environment`. */
  readonly file: string;
  /** 1-based; for a missing key the line of what it is missing from. Null where there is no file. */
  readonly line: number | null;
  /** The next step, where `wanted` does not say it all. */
  readonly next?: Phrase;
  /** The line itself, where YAML cannot read it; for a terminal and the page, never for the log. */
  readonly excerpt?: Excerpt;
  /** The key as the whole configuration counts, of which `file` may be a part; absent where it concerns all of it. */
  readonly at?: string;
}

/** What it takes to log and to notify; of a wrong configuration as much as could be read, else the defaults. */
export interface ReadablePart {
  readonly instance: string;
  readonly log: Sections['log'];
  readonly alerts: Pick<Sections['alerts'], 'language' | 'runbook'> & {
    readonly timezone: string;
    readonly publicUrl?: string | undefined;
    readonly channels: readonly ChannelOptions[];
    readonly repeatEvery: { readonly warningMs: number; readonly criticalMs: number };
  };
  readonly heartbeat: {
    readonly url: string | undefined;
    readonly healthUrl: string | undefined;
    readonly everyMs: number;
  };
}

/** Thrown by `loadConfig`: code ERR_CONFIG, every problem at once. */
export class ConfigError extends RotatorError {
  readonly problems: readonly Problem[];
  /** Private, because channels hold secrets and errors get printed and logged. */
  readonly #readable: ReadablePart | undefined;

  constructor(problems: readonly Problem[], readable?: ReadablePart) {
    const [first] = problems;
    const {
      file = '',
      line = null,
      key = '',
      found = ['nothing'],
      wanted = ['configuration'],
      next = null,
    } = first ?? {};
    const more = Math.max(0, problems.length - 1);
    super('ERR_CONFIG', { problem: 'invalid', file, line, key, found, wanted, next, more });
    this.name = 'ConfigError';
    this.problems = problems;
    this.#readable = readable;
  }

  /** Undefined where nothing could be read. */
  get readable(): ReadablePart | undefined {
    return this.#readable;
  }
}

/**
 * Gives the file that may not be read, or the folder that may not be entered, to the user of this process: by number,
 * because a container's user has no name outside.
 */
export async function ownFile(path: string): Promise<Phrase> {
  const refused = await statNamedFile(path).then(
    () => path,
    () => dirname(path),
  );
  return ['own-file', quoted(shownName(refused)), String(process.getuid?.() ?? 'USER')];
}

/** One problem on one line: `config/rotator.yaml line 7: http.port: found "x", wanted a whole number from 0 to 65535`. */
export function sentence(problem: Problem): string {
  const { file, line } = problem;
  return `${line === null ? file : `${file} line ${line}`}: ${problemText(problem, PROBLEMS_EN)}`;
}

function english(phrase: Phrase): string {
  return phrased(phrase, PROBLEMS_EN);
}

/** What an error or a finding keeps of problems. */
export function keyProblems(problems: readonly Problem[]): KeyProblem[] {
  return problems.map(({ key, found, wanted }) => ({ key, found, wanted }));
}

/** All problems for a terminal, in the order of the file, without colour; ends with a line break. */
export function formatProblems(problems: readonly Problem[]): string {
  const lines: string[] = [];
  for (const [file, ofFile] of Map.groupBy(problems, (problem) => problem.file)) {
    lines.push(`${file}: ${counted(ofFile.length, 'problem')}`);
    for (const problem of ofFile) {
      const { line, key, found, wanted, excerpt } = problem;
      const example = exampleFor(problem);
      const place = [line === null ? '' : `line ${line}`, key].filter((part) => part !== '').join(', ');
      lines.push(
        `  ${place === '' ? 'the file' : place}`,
        ...(excerpt === undefined ? [] : [`    ${excerpt.text}`, `    ${' '.repeat(excerpt.before)}^`]),
        `    found    ${english(found)}`,
        `    wanted   ${english(wanted)}`,
        `    next     ${english(nextFor(problem, example))}`,
        ...(example === null ? [] : [`    example  ${example}`]),
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
