// `journal export FILE` and `journal import FILE`: everything that a journal records, from or to a file.
import { shownName } from '../core/shown.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';

export interface JournalMoveTools {
  readonly context: CliContext;
  /** Of the configured journal. */
  readonly path: string;
  /** Moves everything; throws a RotatorError, and then nothing was moved. */
  readonly move: (file: string) => Promise<{
    readonly targets: number;
    readonly rotations: number;
    readonly stories: number;
  }>;
}

/** Moves, and says what. */
export async function journalMove(
  options: { readonly file: string; readonly to: 'file' | 'journal' },
  { context, path, move }: JournalMoveTools,
): Promise<ExitStatus> {
  const { targets, rotations, stories } = await move(options.file);
  const [file, journal] = [shownName(options.file), shownName(path)];
  const [from, to] = options.to === 'file' ? [journal, file] : [file, journal];
  context.stdout.write(`moved from ${from} to ${to}: targets ${targets}, rotations ${rotations}, stories ${stories}\n`);
  return EXIT.ok;
}
