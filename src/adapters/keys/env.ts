// Key source `env`: an environment variable with the .p8 (line ends may be written as \n) or the JSON with the ids; or
// NAME_FILE with the path of a file that holds it, as container platforms mount secrets.
import * as z from 'zod';
import { RotatorError } from '../../core/errors.ts';
import type { KeySource } from '../../core/ports.ts';
import { variableName } from '../scalars.ts';
import { createFileKeySource, type FileTools } from './file.ts';

export const options = z.strictObject({
  from: z.literal('env'),
  variable: variableName().describe(
    'The variable that holds the key. The variable with _FILE at its end may name a file instead.',
  ),
});
export type EnvOptions = z.output<typeof options>;

export interface EnvTools extends FileTools {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The variable wins over NAME_FILE. An empty one counts as unset: compose files and CI systems make it so for a secret
 * that does not exist. Throws ERR_KEY_NOT_FOUND; for NAME_FILE, what the source `file` throws.
 */
export function createEnvKeySource({ variable }: EnvOptions, { env, keyId }: EnvTools): KeySource {
  return {
    async read(signal) {
      signal.throwIfAborted();
      const text = env[variable] ?? '';
      if (text.trim() !== '') return { text, origin: `$${variable}`, warnings: [] };
      const path = (env[`${variable}_FILE`] ?? '').trim();
      if (path !== '') return createFileKeySource({ from: 'file', path }, { keyId }).read(signal);
      throw new RotatorError('ERR_KEY_NOT_FOUND', {
        problem: 'variable',
        variable,
        isSet: env[variable] !== undefined,
      });
    },
  };
}
