// The command line: every command with its options, help and examples. It only parses: actions.ts runs the commands, so
// that nothing is loaded before it is needed.
import { Command, Help, InvalidArgumentError, Option } from 'commander';
import { FIRST_ALERTS, FIRST_PLACES, FIRST_SITES } from '../config/first-choices.ts';
import { CAUSES } from '../core/alerts/names.ts';
import { shownName } from '../core/shown.ts';
import { PROGRAM, program as typed } from '../core/texts/command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import type { Given } from './init-answers.ts';

export interface ConfigOption {
  readonly config?: string;
}

export interface JournalOptions extends ConfigOption {
  readonly journal?: string;
}

/** What each command does (actions.ts). */
export interface Actions {
  run(options: ConfigOption & { exitWhenRefused: boolean }): Promise<ExitStatus>;
  once(
    options: ConfigOption & { target: string[]; force: boolean; appleCheck: boolean; json: boolean },
  ): Promise<ExitStatus>;
  plan(options: ConfigOption & { target: string[]; json: boolean }): Promise<ExitStatus>;
  check(options: ConfigOption & { target: string[]; sendTestAlert: boolean; json: boolean }): Promise<ExitStatus>;
  provision(
    options: ConfigOption & { target: string[]; credentials?: string; yes: boolean; dryRun: boolean; json: boolean },
  ): Promise<ExitStatus>;
  init(options: ConfigOption & Given & { secrets: string }): Promise<ExitStatus>;
  probe(
    options: ConfigOption & { env: string; credentials: string; region?: string; json: boolean },
  ): Promise<ExitStatus>;
  status(options: JournalOptions & { json: boolean }): Promise<ExitStatus>;
  history(options: JournalOptions & { target?: string; limit: number; json: boolean }): Promise<ExitStatus>;
  alerts(
    options: JournalOptions & { test: boolean; channel?: string; story?: string; allClear: boolean; json: boolean },
  ): Promise<ExitStatus>;
  explain(
    name: string | undefined,
    options: ConfigOption & { language?: 'en' | 'zh'; json: boolean },
  ): Promise<ExitStatus>;
  health(options: ConfigOption): Promise<ExitStatus>;
  journalBackup(file: string, options: ConfigOption): Promise<ExitStatus>;
  journalExport(file: string, options: ConfigOption): Promise<ExitStatus>;
  journalImport(file: string, options: ConfigOption): Promise<ExitStatus>;
  generate(options: {
    teamId?: string;
    clientId?: string;
    keyId?: string;
    keyFile?: string;
    days?: string;
    json: boolean;
  }): Promise<ExitStatus>;
  inspect(secret: string | undefined, options: { file?: string; keyFile?: string; json: boolean }): Promise<ExitStatus>;
  sandbox(options: { port: number; demo: boolean; stage: boolean; config?: string }): Promise<ExitStatus>;
}

/** Descriptions wrap in as few columns: with Commander's own 40, they would not on a terminal of 60. */
const LEAST_TO_WRAP = 16;

const EPILOGUE =
  'Exit status: 0 all is well; 1 a target failed, is unknown, or its secret has expired; 2 the command line or the configuration is wrong.';

/** Builds the program; `done` receives the exit status of the command that ran. */
export function createProgram(
  actions: Actions,
  version: string,
  { stdout, stderr }: Pick<CliContext, 'stdout' | 'stderr'>,
  done: (status: ExitStatus) => void,
): Command {
  const help = new Help();
  const program = new Command(PROGRAM)
    .description('Keeps the Sign in with Apple client secret of Tencent CloudBase environments fresh, unattended.')
    .version(version)
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showHelpAfterError(`(try: ${typed('--help')})`)
    .configureHelp({
      sortSubcommands: false,
      helpWidth: stdout.columns,
      minWidthToWrap: LEAST_TO_WRAP,
      optionDescription: describeOption,
    })
    // An argument that is not understood is repeated, and may be a secret that was pasted in the wrong place.
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(withoutValues(text)),
    })
    .addHelpText('after', () => `\n${help.boxWrap(EPILOGUE, stdout.columns)}`)
    .exitOverride();

  const config = () =>
    new Option('-c, --config <file>', 'configuration file (default: $ROTATOR_CONFIG, else config/rotator.yaml)');
  const journalFile = () =>
    new Option(
      '--journal <journal>',
      'read this journal alone, a file or postgres://…; the configuration is neither read nor needed',
    );
  const json = () => new Option('--json', 'print JSON instead of a table').default(false);
  const target = () =>
    new Option('-t, --target <name>', 'only this target; may be repeated')
      .default([] as string[], 'all')
      .argParser(collect);
  const credentials = () =>
    new Option(
      '--credentials <source>',
      'where the credentials of this command are, as in the configuration (default: those of the target)',
    );
  const add = (usage: string, description: string, examples: readonly string[]) =>
    command(program, usage, description, examples);

  add('run', 'the daemon: checks every target on schedule and rotates what is due', [
    'run',
    'run --config /etc/rotator.yaml',
  ])
    .addOption(config())
    .option('--exit-when-refused', 'end with 2 if it cannot start, instead of waiting until it can', false)
    .action(async (options) => done(await actions.run(options)));

  add('once', 'runs one pass on every target or the named ones, now', [
    'once',
    'once --target shop-prod --force',
    'once --json',
  ])
    .addOption(config())
    .addOption(target())
    .option('--force', 'rotate now, whatever is left, and accept the other fields of the provider as they are', false)
    .option('--no-apple-check', 'push the new secret without asking Apple; the journal notes it')
    .addOption(json())
    .action(async (options) => done(await actions.once(options)));

  add('plan', 'shows what `once` would do, and why; changes nothing', ['plan', 'plan --target shop-prod --json'])
    .addOption(config())
    .addOption(target())
    .addOption(json())
    .action(async (options) => done(await actions.plan(options)));

  add('check', 'tries every part of the configuration, and says what to do about what fails; writes nothing', [
    'check',
    'check --target shop-prod --json',
    'check --send-test-alert',
  ])
    .addOption(config())
    .addOption(target())
    .option('--send-test-alert', 'also send a test message through each channel', false)
    .addOption(json())
    .action(async (options) => done(await actions.check(options)));

  add(
    'provision',
    'creates the provider, or completes it where it differs from the configuration; shows it and asks first',
    [
      'provision --dry-run',
      "provision --target shop-prod --credentials '{ from: profile, profile: setup }'",
      'provision --yes --json',
    ],
  )
    .addOption(config())
    .addOption(target())
    .addOption(credentials())
    .option('--yes', 'change what differs without asking; needed where there is no terminal', false)
    .option('--dry-run', 'show what differs, and change nothing', false)
    .addOption(json())
    .action(async (options) => done(await actions.provision(options)));

  add('init', 'writes the first configuration, and empty files for its secrets; asks for what no option says', [
    'init',
    'init --key-file secrets/AuthKey_K1L2M3N4O5.p8 --key-id K1L2M3N4O5 --team-id A1B2C3D4E5 \\\n    --client-id com.example.shop.web --env shop-prod-1g2h3j --alerts wecom --runs-with docker',
  ])
    .addOption(
      new Option('-c, --config <file>', 'the file to write (default: $ROTATOR_CONFIG, else config/rotator.yaml)'),
    )
    .option('--secrets <folder>', 'where the empty files for secrets go', 'secrets')
    .option('--key-file <file>', 'the .p8, which is read to check it; it stays where it is')
    .option('--key-id <id>', 'Key ID of the .p8')
    .option('--team-id <id>', 'Team ID (Apple Developer portal, Membership)')
    .option('--client-id <id>', 'Services ID, the client id of Sign in with Apple on the web')
    .option('--env <id>', 'the CloudBase environment')
    .option('--name <name>', 'how this program calls it (default: the id of the environment)')
    .addOption(new Option('--site <site>', 'of Tencent Cloud (default: domestic)').choices(FIRST_SITES))
    .addOption(
      new Option('--alerts <type>', 'the channel that is notified; none: nobody, which is accepted').choices(
        FIRST_ALERTS,
      ),
    )
    .addOption(new Option('--runs-with <what>', 'how the program will run').choices(FIRST_PLACES))
    .action(async (options) => done(await actions.init(options)));

  add('probe', 'measures what CloudBase does not document, on a provider of its own that it removes again', [
    "probe --env lab-1g2h3j --credentials '{ from: profile, profile: lab }'",
    'probe --env lab-1g2h3j --credentials cvm-role --json',
  ])
    .addOption(config())
    .requiredOption('--env <id>', 'the environment to measure in; none of a target')
    .requiredOption('--credentials <source>', 'where the credentials of this command are, as in the configuration')
    .option('--region <region>', 'the region of that environment (default: that of the first target)')
    .addOption(json())
    .action(async (options) => done(await actions.probe(options)));

  add('status', 'one row per target, from the journal: state, expiry, renewal, last rotation, failures', [
    'status',
    'status --json',
    'status --journal /backup/journal.db',
  ])
    .addOption(config())
    .addOption(journalFile())
    .addOption(json())
    .action(async (options) => done(await actions.status(options)));

  add('history', 'rotations, newest first', ['history', 'history --target shop-prod --limit 5', 'history --json'])
    .addOption(config())
    .addOption(journalFile())
    .option('-t, --target <name>', 'only this target')
    .addOption(new Option('-n, --limit <number>', 'at most this many').default(20).argParser(count))
    .addOption(json())
    .action(async (options) => done(await actions.history(options)));

  add('alerts', 'open alerts, since when, and where they were sent; or a test of the channels', [
    'alerts',
    'alerts --json',
    'alerts --test',
    'alerts --test --channel ops',
    'alerts --test --story AccessDenied --all-clear',
  ])
    .addOption(config())
    .addOption(journalFile().conflicts('test'))
    .option('--test', 'send a test message through each channel, and show what each answered', false)
    .addOption(new Option('--channel <name>', 'only this channel; implies --test').implies({ test: true }))
    .addOption(
      new Option('--story <name>', 'show how an alert of this name will look (names below); implies --test').implies({
        test: true,
      }),
    )
    .addOption(new Option('--all-clear', 'with --story: also show its end').default(false).implies({ test: true }))
    .addHelpText(
      'after',
      () => `\nNames of stories:\n${help.boxWrap(CAUSES.join(', '), stdout.columns - 2).replace(/^/gm, '  ')}`,
    )
    .addOption(json())
    .action(async (options) => done(await actions.alerts(options)));

  add('explain [name]', 'what an error code, a reason or an alert means, what is in danger, and what to do next', [
    'explain ERR_CLOUDBASE_DENIED',
    'explain SchedulerStalled --language zh',
    'explain',
  ])
    .addOption(config())
    .addOption(
      new Option('--language <language>', 'default: alerts.language, if the configuration can be read').choices([
        'en',
        'zh',
      ]),
    )
    .addOption(json())
    .action(async (name, options) => done(await actions.explain(name, options)));

  add('health', 'exit status 0 if the running daemon is healthy; for container health checks', ['health'])
    .addOption(config())
    .action(async (options) => done(await actions.health(options)));

  const backup = 'journal backup /backup/journal.db';
  const [toFile, fromFile] = ['journal export /backup/journal.db', 'journal import /backup/journal.db'];
  const journal = add('journal', 'the journal as a whole', [backup, toFile, fromFile]).helpCommand(false);
  command(journal, 'backup <file>', 'a consistent copy, also while the daemon runs', [backup])
    .addOption(config())
    .action(async (file, options) => done(await actions.journalBackup(file, options)));
  command(journal, 'export <file>', 'writes everything that the journal records to a new file, of any journal', [
    toFile,
  ])
    .addOption(config())
    .action(async (file, options) => done(await actions.journalExport(file, options)));
  command(journal, 'import <file>', 'fills an empty journal, in a file or in PostgreSQL, with everything of a file', [
    fromFile,
  ])
    .addOption(config())
    .action(async (file, options) => done(await actions.journalImport(file, options)));

  add('generate', 'prints a client secret; needs no configuration and no network', [
    'generate --team-id A1B2C3D4E5 --client-id com.example.web --key-id K1L2M3N4O5 --key-file AuthKey_K1L2M3N4O5.p8',
    'generate … --days 90 --json',
  ])
    .option('--team-id <id>', 'Team ID (Apple Developer portal, Membership)')
    .option('--client-id <id>', 'Services ID, the client id of Sign in with Apple on the web')
    .option('--key-id <id>', 'Key ID of the .p8')
    .option('--key-file <file>', 'the .p8, or JSON with the ids and the key')
    .option('--days <number>', 'validity in days, at most 180 (default: 180)')
    .addOption(new Option('--json', 'print JSON instead of the secret alone').default(false))
    .action(async (options) => done(await actions.generate(options)));

  add('inspect [secret]', 'explains a client secret: claims, expiry, everything Apple would object to', [
    'inspect --file secret.jwt',
    'inspect --key-file AuthKey_K1L2M3N4O5.p8 < secret.jwt',
  ])
    .option('--file <file>', 'read the secret from a file instead of standard input')
    .option('--key-file <file>', 'also check that this key made the signature')
    .addOption(new Option('--json', 'print JSON').default(false))
    .action(async (secret, options) => done(await actions.inspect(secret, options)));

  add('sandbox', 'simulated CloudBase, Apple, secret stores and alert inbox on loopback, to rehearse with', [
    'sandbox',
    'sandbox --port 4280',
    'sandbox --demo',
    'sandbox --stage',
    'sandbox --stage --config config/rehearsal.yaml',
  ])
    .addOption(
      new Option('-p, --port <number>', 'where to listen on 127.0.0.1; 0: any free port').default(4180).argParser(port),
    )
    .addOption(
      new Option('--demo', 'also run the daemon against it with config/sandbox.yaml (what `npm run demo` does)')
        .default(false)
        .conflicts('stage'),
    )
    .option('--stage', 'also set up what config/sandbox.yaml names, for a daemon that is started apart', false)
    .addOption(
      new Option('-c, --config <file>', 'with --stage: set up what this configuration names; implies it')
        .implies({ stage: true })
        .conflicts('demo'),
    )
    .action(async (options) => done(await actions.sandbox(options)));

  return program;
}

function command(parent: Command, usage: string, description: string, examples: readonly string[]): Command {
  const text = () => examples.map((example) => `  ${typed(example)}`).join('\n');
  const created = parent.command(usage).description(description);
  const path = parent.parent === null ? created.name() : `${parent.name()} ${created.name()}`;
  return created
    .showHelpAfterError(`(try: ${typed(`${path} --help`)})`)
    .addHelpText('after', () => `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${text()}`);
}

/** What was typed: an option without its value, anything else as a name. */
function shownWord(word: string): string {
  const [, option] = /^(--?[A-Za-z][\w-]{0,40})=/.exec(word) ?? [];
  return option === undefined ? shownName(word) : `${option}=…`;
}

/** As Commander does, but without `(default: false)`: a flag is always off unless it is given. */
function describeOption(option: Option): string {
  return option.defaultValue === false ? option.description : new Help().optionDescription(option);
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function count(value: string): number {
  if (!/^\d{1,6}$/.test(value) || Number(value) === 0)
    throw new InvalidArgumentError('It must be a whole number from 1 to 999999.');
  return Number(value);
}

function port(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
    throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return Number(value);
}

/** An error of Commander; each word that was given is shown if it looks like a word, and described if not. */
function withoutValues(text: string): string {
  return text
    .replace(/(too many arguments .* but got \d+): ([\s\S]*)\.(?=\n*$)/, (_, before: string, words: string) => {
      return `${before}: ${words.split(', ').map(shownWord).join(', ')}.`;
    })
    .replace(/'([^'\n]*)'/g, (_, word: string) => `'${shownWord(word)}'`);
}
