// Writes several new files together: all of them, or none. Each is written under a temporary name in its folder and then
// linked to its own, which fails where something has that name: nothing is ever overwritten. Nothing here waits, so that
// no signal comes in between.
import { linkSync, lstatSync, mkdirSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RotatorError } from '../core/errors.ts';
import { shownName } from '../core/shown.ts';

export interface NewFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Of the folders that have to be made for it. */
  readonly folderMode: number;
}

/** The paths at which something is already, a broken link included. Throws ERR_USAGE for one that cannot be looked at. */
export function takenPaths(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    try {
      return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    } catch (cause) {
      throw notWritten(path, cause);
    }
  });
}

/** Throws ERR_USAGE where one of them is there, or cannot be written; then none is, and no folder was made. */
export function writeNewFiles(files: readonly NewFile[], pid: number): void {
  const undo: (() => void)[] = [];
  const temporary: string[] = [];
  let at = '';
  try {
    for (const { path, text, mode, folderMode } of files) {
      at = path;
      const folder = dirname(path);
      const made = mkdirSync(folder, { recursive: true, mode: folderMode });
      if (made !== undefined) undo.push(() => removeFolders(folder, made));
      const name = join(folder, `.init-${pid}-${temporary.length}`);
      // Before it is there: a disk that is full leaves half of it.
      temporary.push(name);
      writeFileSync(name, text, { flag: 'wx', mode, flush: true });
    }
    for (const [index, { path }] of files.entries()) {
      at = path;
      linkSync(temporary[index] ?? '', path);
      undo.push(() => unlinkSync(path));
    }
  } catch (cause) {
    for (const name of temporary) rmSync(name, { force: true });
    for (const step of undo.reverse()) step();
    throw notWritten(at, cause);
  }
  for (const name of temporary) unlinkSync(name);
}

function notWritten(at: string, cause: unknown): RotatorError {
  const { code = 'EIO' } = cause as NodeJS.ErrnoException;
  const path = shownName(at);
  return new RotatorError(
    'ERR_USAGE',
    code === 'EEXIST' ? { problem: 'exists', paths: [path] } : { problem: 'not-written', path, code },
    { cause },
  );
}

/** From the innermost folder up to the first one that was made. */
function removeFolders(innermost: string, first: string): void {
  const last = resolve(first);
  for (let folder = resolve(innermost); ; folder = dirname(folder)) {
    rmdirSync(folder);
    if (folder === last) return;
  }
}
