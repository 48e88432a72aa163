// What `probe` notes on disk before it creates anything: where its provider is, so that one that an interrupted probe has
// left behind is found again.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';

const noteSchema = z.strictObject({ endpoint: z.string(), envId: z.string(), providerId: z.string() });
export type ProbeNote = z.infer<typeof noteSchema>;

export interface ProbeNotes {
  /** Undefined: nothing is left behind. */
  read(): Promise<ProbeNote | undefined>;
  /** Is on the disk when it resolves. */
  write(note: ProbeNote): Promise<void>;
  remove(): Promise<void>;
}

export function createProbeNotes(path: string): ProbeNotes {
  return {
    async read() {
      try {
        return noteSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(note) {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(`${path}.new`, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(note));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    },
    remove: () => rm(path, { force: true }),
  };
}
