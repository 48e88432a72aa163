// `init`: asks for what the first configuration needs, or takes it from options, checks each answer, and writes the
// configuration and empty files for the secrets. It writes all of them or nothing, and overwrites nothing.
import { basename, join, relative, resolve } from 'node:path';
import { firstFile } from '../config/first-file.ts';
import { configFile } from '../config/source.ts';
import { RotatorError } from '../core/errors.ts';
import { shownName } from '../core/shown.ts';
import { initElsewhere, program, quoted } from '../core/texts/command.ts';
import { EXIT, type ExitStatus, type Host, type Terminal } from './context.ts';
import { ANSWER_NAMES, type AnswerName, type Answers, type Given, QUESTIONS, suggestedName } from './init-answers.ts';
import { type NewFile, takenPaths, writeNewFiles } from './new-files.ts';
import { printProblems } from './problems.ts';

export interface InitCommandOptions extends Given {
  readonly config?: string;
  /** The folder of the files for secrets. */
  readonly secrets: string;
}

/** The variables that the configuration needs, and the names of the files that hold them. */
const SECRETS = {
  TENCENTCLOUD_SECRET_ID: 'tencent_secret_id',
  TENCENTCLOUD_SECRET_KEY: 'tencent_secret_key',
  ALERT_URL: 'alert_url',
} as const;
/** Where docker-compose.yml mounts the folder of the secrets. */
const MOUNTED = '/run/secrets';

/** 0: written, and `check`, if it was wanted, found no failure. */
export async function init({ config, secrets, ...given }: InitCommandOptions, host: Host): Promise<ExitStatus> {
  if (initElsewhere() !== null) throw new RotatorError('ERR_USAGE', { problem: 'init-elsewhere' });
  const options = trimmed(given);
  const stop = host.stopSignal();
  const file = configFile(config, host.env);
  const secretFiles = (alerts: Given['alerts']) =>
    Object.entries(SECRETS)
      .filter(([variable]) => variable !== 'ALERT_URL' || alerts !== 'none')
      .map(([variable, name]) => ({ variable, path: join(secrets, name) }));
  // Before anything is asked.
  const taken = takenPaths([file, ...secretFiles(options.alerts).map(({ path }) => path)]);
  if (taken.length > 0) throw new RotatorError('ERR_USAGE', { problem: 'exists', paths: taken.map(shownName) });
  const problems = await problemsOf(options, host.terminal !== undefined);
  if (problems.length > 0) {
    printProblems(problems, host);
    return EXIT.usage;
  }
  const answers =
    host.terminal === undefined ? (withDefaults(options) as Answers) : await askFor(options, host.terminal, host, stop);
  if (answers === undefined) {
    host.stderr.write('Nothing was written.\n');
    return EXIT.failed;
  }
  const wanted = secretFiles(answers.alerts);
  const empty = wanted.map(({ path }): NewFile => ({ path, text: '', mode: 0o600, folderMode: 0o700 }));
  writeNewFiles([...empty, { path: file, text: textFor(answers), mode: 0o644, folderMode: 0o755 }], host.pid);
  for (const { path } of [{ path: file }, ...wanted]) host.stdout.write(`written: ${shownName(path)}\n`);
  return next({ answers, file, isNamed: config !== undefined, secrets, wanted }, host, stop);
}

interface Written {
  readonly answers: Answers;
  readonly file: string;
  readonly isNamed: boolean;
  readonly secrets: string;
  readonly wanted: readonly { readonly variable: string; readonly path: string }[];
}

/** What is left to do, and `check`. */
async function next(written: Written, host: Host, stop: AbortSignal): Promise<ExitStatus> {
  const { answers, file, isNamed, secrets, wanted } = written;
  const { stdout, env, terminal } = host;
  const paths = wanted.map(({ path }) => quoted(path)).join('\n    ');
  stdout.write(`\nNext, put each secret into its file, without anything around it:\n    ${paths}\n`);
  if (answers.runsWith === 'docker') {
    const inFolder = relative(resolve(secrets), resolve(answers.keyFile)) === basename(answers.keyFile);
    const copy = inFolder ? '' : `    cp ${quoted(answers.keyFile)} ${quoted(`${secrets}/`)}\n`;
    const folder = quoted(secrets);
    stdout.write(
      `Let the container's user alone read them, and check everything:\n${copy}    sudo chown -R 10001 ${folder} && sudo chmod -R u=rwX,go= ${folder}\n    docker compose run --rm rotator check\n`,
    );
    return EXIT.ok;
  }
  const unset = wanted.filter(({ variable }) => !env[variable] && !env[`${variable}_FILE`]);
  const named = unset.map(({ variable, path }) => [`${variable}_FILE`, resolve(path)] as const);
  if (terminal !== undefined) {
    const { confirm } = await import('@clack/prompts');
    const message = 'Run `check` now, which tries everything and writes nothing?';
    if ((await confirm({ ...terminal, signal: stop, message, initialValue: false })) === true) {
      const { check } = await import('./on-targets.ts');
      const withFiles = Object.assign(Object.create(null), env, Object.fromEntries(named));
      const options = { config: file, target: [], sendTestAlert: false, json: false };
      return check(options, { ...host, env: withFiles });
    }
  }
  const set = named.map(([name, path]) => ` ${name}=${quoted(path)}`).join('');
  stdout.write(
    `Then tell the program where they are, and check everything:\n${set === '' ? '' : `    export${set}\n`}    ${program(`check${isNamed ? ` --config ${quoted(file)}` : ''}`)}\n`,
  );
  return EXIT.ok;
}

function textFor({ keyFile, env, ...answers }: Answers): string {
  const keyPath = answers.runsWith === 'docker' ? `${MOUNTED}/${basename(keyFile)}` : resolve(keyFile);
  return firstFile({ ...answers, envId: env, keyPath });
}

/** What is wrong with the options, all at once; where nobody can be asked, also which are missing. */
async function problemsOf(options: Given, mayAsk: boolean): Promise<RotatorError[]> {
  const problems: RotatorError[] = [];
  const wrong = new Set<AnswerName>();
  for (const name of ANSWER_NAMES) {
    const value = options[name];
    const found = value === undefined ? [] : ((await QUESTIONS[name].check?.(value, options)) ?? []);
    if (found.length > 0) wrong.add(name);
    problems.push(...found);
  }
  const known = withDefaults(options);
  // The name follows from the environment.
  const hasEnv = known.env !== undefined && !wrong.has('env');
  const missing = ANSWER_NAMES.filter((name) => known[name] === undefined && (name !== 'name' || hasEnv));
  const named = missing.map((name) => QUESTIONS[name].option);
  return mayAsk || named.length === 0
    ? problems
    : [...problems, new RotatorError('ERR_USAGE', { problem: 'no-answers', options: named })];
}

/** What need not be stated on a command line. */
function withDefaults(options: Given): Given {
  return { ...options, name: options.name ?? suggestedName(options.env), site: options.site ?? 'domestic' };
}

/** An empty one counts as not given, as a variable that is not set makes it. */
function trimmed(options: Given): Given {
  return Object.fromEntries(ANSWER_NAMES.map((name) => [name, options[name]?.trim() || undefined]));
}

/** Asks for what no option says; undefined: somebody pressed Ctrl-C. */
async function askFor(
  options: Given,
  terminal: Terminal,
  host: Host,
  signal: AbortSignal,
): Promise<Answers | undefined> {
  const known: Record<string, string | undefined> = {};
  for (const name of ANSWER_NAMES) {
    const answer = options[name] ?? (await answerTo(name, known as Given, { ...terminal, signal }, host));
    if (answer === undefined) return undefined;
    known[name] = answer.trim();
  }
  return known as unknown as Answers;
}

/** Asks until the answer is right. */
async function answerTo(
  name: AnswerName,
  known: Given,
  common: Terminal & { readonly signal: AbortSignal },
  host: Host,
): Promise<string | undefined> {
  const { select, text } = await import('@clack/prompts');
  const { ask: message, choices, suggest, check } = QUESTIONS[name];
  let initialValue = suggest?.(known) ?? '';
  for (;;) {
    const answer = choices
      ? await select({ ...common, message, options: [...choices] })
      : await text({ ...common, message, initialValue, validate: (typed) => (typed?.trim() ? undefined : NEEDED) });
    if (typeof answer !== 'string') return undefined;
    const problems = (await check?.(answer.trim(), known)) ?? [];
    if (problems.length === 0) return answer;
    printProblems(problems, host);
    initialValue = answer;
  }
}

const NEEDED = 'An answer is needed. Ctrl-C ends this, and nothing is written.';
