// Reads the key for a command: a file, a pipe, or `-` for standard input. Errors are returned, so that a
// command can print them together with everything else that is wrong.
import { readKeyFile } from '../adapters/keys/key-file.ts';
import { RotatorError } from '../core/errors.ts';
import { keyIdOfFileName } from '../core/key-ids.ts';
import { type FoundKey, parseKeyText } from '../core/key-material.ts';
import type { CliContext } from './context.ts';

export interface KeyInput extends FoundKey {
  /** Where it was read, in words. */
  readonly origin: string;
  /** The key id in the file's name, if Apple gave it. */
  readonly namedKeyId: string | undefined;
  readonly warnings: readonly RotatorError[];
}

/** The key at `path`, or what is wrong with it. */
export async function readKeyInput(path: string, context: CliContext): Promise<KeyInput | RotatorError> {
  try {
    const { text, origin, warnings } =
      path === '-' ? await fromStdin(context) : await readKeyFile(path, { pipes: true });
    return { ...parseKeyText(text, origin), origin, namedKeyId: keyIdOfFileName(path), warnings };
  } catch (error) {
    if (error instanceof RotatorError) return error;
    throw error;
  }
}

async function fromStdin(context: CliContext) {
  const text = await context.readStdin();
  if (text === undefined) throw new RotatorError('ERR_USAGE', { problem: 'stdin-is-terminal' });
  return { text, origin: 'standard input', warnings: [] };
}
