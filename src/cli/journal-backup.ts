// `journal backup FILE`: a consistent copy of the journal, also while the daemon runs.
import { shownName } from '../core/shown.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';

export interface JournalBackupTools {
  readonly context: CliContext;
  /** Copies the configured journal; throws a RotatorError, and then there is no file. */
  readonly backup: (toFile: string) => Promise<{ readonly file: string; readonly bytes: number }>;
}

/** Copies the journal and says where to. */
export async function journalBackup(options: { file: string }, tools: JournalBackupTools): Promise<ExitStatus> {
  const { file, bytes } = await tools.backup(options.file);
  tools.context.stdout.write(`journal copied and checked: ${shownName(file)} (${bytes} bytes)\n`);
  return EXIT.ok;
}
