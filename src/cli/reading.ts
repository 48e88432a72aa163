// How the commands that read the journal begin: they work while the configuration is wrong, and say on stderr what their
// answer rests on. Results alone go to stdout.
import { ConfigError } from '../config/problems.ts';
import { RotatorError } from '../core/errors.ts';
import { paint } from '../core/output.ts';
import { shownName } from '../core/shown.ts';
import {
  findJournal,
  type JournalSession,
  type JournalToRead,
  type ReadingOptions,
  withJournal,
} from '../service/session.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { printFailure } from './failure.ts';

/** Runs `use` on the journal. The exit status is that of `use`, or 2 if the configuration is wrong. */
export async function reading(
  options: ReadingOptions,
  context: CliContext,
  use: (session: JournalSession) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const found = await findJournal(options, context);
  const { alone, exists, place } = found;
  const read = () =>
    withJournal(found, context, (session) => {
      for (const line of remarks(found)) context.stderr.write(line);
      return use(session);
    });
  if (!(alone instanceof ConfigError)) return read();
  if (exists) {
    try {
      await read();
      return EXIT.usage;
    } catch (thrown) {
      printFailure(thrown, context);
    }
  }
  printFailure(alone, context);
  const instead = exists ? 'the journal cannot be read instead' : 'there is no journal to read instead';
  context.stderr.write(`${instead}: ${shownName(place.path)}; --journal FILE names another one\n`);
  return EXIT.usage;
}

function warningLine({ message, hint }: RotatorError): string {
  return `${paint('yellow', 'warning:')} ${message}. ${hint}\n`;
}

function remarks({ alone, place, exists, daemonRuns }: JournalToRead): string[] {
  const journal = shownName(place.path);
  const visible = alone === 'asked' && place.postgres?.password !== undefined;
  const exposed = visible ? [warningLine(new RotatorError('ERR_USAGE', { problem: 'password-in-argument' }))] : [];
  const why =
    alone === 'asked'
      ? [`read from the journal ${journal} alone, without a configuration\n`]
      : alone instanceof ConfigError
        ? [`${paint('yellow', 'warning:')} ${alone.message}; read from the journal ${journal} alone\n`]
        : [];
  const recorded = exists ? ': this is what was last recorded' : '';
  const idle = daemonRuns === false ? [`no daemon runs on the journal ${journal}${recorded}\n`] : [];
  return [...exposed, ...why, ...idle];
}
