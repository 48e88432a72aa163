// Key source `file`: a .p8, or the JSON with the ids, on the local disk or a mounted secret. Read again at each
// pass: the file may have been replaced.
import * as z from 'zod';
import { RotatorError } from '../../core/errors.ts';
import { keyIdOfFileName } from '../../core/key-ids.ts';
import type { KeySource } from '../../core/ports.ts';
import { text } from '../scalars.ts';
import { readKeyFile } from './key-file.ts';

export const options = z.strictObject({
  from: z.literal('file'),
  path: text(['key-path']).describe('The path of the file, relative to the working directory.'),
});
export type FileOptions = z.output<typeof options>;

export interface FileTools {
  /** The key id of the configuration, if it is given there: the name of the file may contradict it. */
  readonly keyId?: string | undefined;
}

/** A relative path counts from the working directory. Errors: see readKeyFile. */
export function createFileKeySource({ path }: FileOptions, { keyId }: FileTools = {}): KeySource {
  return {
    async read(signal) {
      const found = await readKeyFile(path, { signal });
      const named = keyIdOfFileName(path);
      if (named === undefined || keyId === undefined || named === keyId) return found;
      const warning = new RotatorError('ERR_KEY_INVALID', { problem: 'other-name', path, named, keyId });
      return { ...found, warnings: [...found.warnings, warning] };
    },
  };
}
