// Trouble with the journal's file and folder: each becomes a RotatorError whose hint names the command that fixes it.
// The file is made here with private modes. Nothing here opens a file that SQLite may hold open: closing a second
// descriptor of it would drop SQLite's POSIX locks.
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ConditionFacts } from '../../core/alerts/conditions.ts';
import type { ErrorParams } from '../../core/error-params.ts';
import type { JournalTrouble } from '../../core/error-troubles.ts';
import { RotatorError } from '../../core/errors.ts';

/** Which file it is: the journal, the lock beside it, or a copy. */
type JournalFile = Extract<ErrorParams['ERR_JOURNAL_UNWRITABLE'], { readonly problem: 'file' }>['what'];

/** Magic numbers of statfs(2) for file systems whose locks and shared memory SQLite's WAL cannot rely on. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x786f4256, 'VirtualBox shared folder'],
]);

/**
 * A warning where the journal lies on a file system that is, or may be, on a network; `undefined` where it does not, or
 * where that cannot be found out. `typeOf` reads the statfs type of a folder.
 */
export function networkFileSystem(
  path: string,
  typeOf: (folder: string) => number = (folder) => statfsSync(folder).type,
): RotatorError | undefined {
  let type: number;
  try {
    type = typeOf(dirname(resolve(path))) >>> 0;
  } catch {
    return undefined;
  }
  const name = NETWORK_FILE_SYSTEMS.get(type);
  if (name === undefined) return undefined;
  return new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'network', path, fileSystem: name });
}

/**
 * The journal and its folder, as far as everybody on the machine may write them. Group-writable passes: volumes of
 * containers usually are.
 */
export function openToAll(path: string): ConditionFacts['JournalExposed']['places'] {
  return [resolve(path), dirname(resolve(path))].flatMap((place) => {
    const mode = statusOf(place)?.mode ?? 0;
    return (mode & 0o002) === 0 ? [] : [{ path: place, mode: (mode & 0o7777).toString(8) }];
  });
}

/**
 * Takes the files beside a journal that everybody may write from everybody else: SQLite gives them the journal's mode.
 * Those of another owner stay as they are.
 */
export function narrowCompanions(path: string): void {
  for (const file of [`${path}-wal`, `${path}-shm`]) {
    const found = statusOf(file);
    if (found !== undefined && (found.mode & 0o002) !== 0 && found.uid === process.getuid?.()) chmodSync(file, 0o600);
  }
}

/** Undefined where there is no file, and where a folder on the way to it may not be searched. */
export function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * Makes the file (mode 0600) and the last level of its folder (mode 0700) where they are missing, and checks that
 * both can be written. Throws ERR_JOURNAL_UNWRITABLE.
 */
export function prepareFile(path: string, file: JournalFile = 'journal'): void {
  const folder = dirname(resolve(path));
  try {
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, { mode: 0o700 });
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    createIfMissing(path);
    accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw journalError(error, path, file);
  }
}

/**
 * What `prepareFile` would find, without making anything: throws ERR_JOURNAL_UNWRITABLE where the file, or what it would
 * be made in, cannot be written. Returns whether the file exists.
 */
export function mustBeWritable(path: string): boolean {
  const folder = dirname(resolve(path));
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    if (found !== undefined) accessSync(path, constants.R_OK | constants.W_OK);
    const isThere = statSync(folder, { throwIfNoEntry: false }) !== undefined;
    accessSync(isThere ? folder : dirname(folder), constants.W_OK | constants.X_OK);
    return found !== undefined;
  } catch (error) {
    throw journalError(error, path);
  }
}

/** How many bytes a process without privileges may still write where the journal is; undefined: that is not known. */
export function freeBytes(path: string): number | undefined {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || folder === dirname(folder)) return undefined;
    }
  }
}

/** Exclusive creation: an existing file is not touched, so that no descriptor of it is ever closed here. */
function createIfMissing(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** What the file system says, by errno. */
const FILE_TROUBLES: Readonly<Record<string, JournalTrouble>> = {
  EACCES: 'not-writable',
  EPERM: 'not-writable',
  EROFS: 'read-only-disk',
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  ENOENT: 'no-folder',
  ENOTDIR: 'no-folder',
  EISDIR: 'is-folder',
};

/** What SQLite says, by primary result code (sqlite.org/rescode.html). */
const SQLITE_TROUBLES: Readonly<Record<number, JournalTrouble>> = {
  3: 'not-writable',
  5: 'held',
  6: 'held',
  8: 'not-writable',
  10: 'disk-error',
  11: 'damaged',
  13: 'disk-full',
  14: 'not-writable',
  26: 'not-sqlite',
};

/** ERR_JOURNAL_UNWRITABLE for a file of the journal. */
export function trouble(
  what: JournalTrouble,
  path: string,
  options: { readonly file?: JournalFile; readonly cause?: unknown } = {},
): RotatorError {
  const { file = 'journal', cause } = options;
  const folder = dirname(resolve(path));
  const uid = process.getuid?.() ?? null;
  const params = { problem: 'file', trouble: what, what: file, path, folder, uid } as const;
  return new RotatorError('ERR_JOURNAL_UNWRITABLE', params, { cause });
}

/**
 * Turns a failure of SQLite or of the file system into ERR_JOURNAL_UNWRITABLE. Whatever is neither (a RotatorError, a
 * mistake of the caller) is returned as it is.
 */
export function journalError(thrown: unknown, path: string, file: JournalFile = 'journal'): unknown {
  if (thrown instanceof RotatorError || !(thrown instanceof Error)) return thrown;
  const { code, errcode, syscall } = thrown as { code?: unknown; errcode?: unknown; syscall?: unknown };
  const isSqlite = code === 'ERR_SQLITE_ERROR' || code === 'ERR_INVALID_STATE';
  if (!isSqlite && !(typeof code === 'string' && (syscall !== undefined || code in FILE_TROUBLES))) return thrown;
  const known = isSqlite ? SQLITE_TROUBLES[Number(errcode) & 0xff] : FILE_TROUBLES[code];
  if (known !== undefined) return trouble(known, path, { file, cause: thrown });
  const params = { problem: 'failed', path, said: isSqlite ? thrown.message : code } as const;
  return new RotatorError('ERR_JOURNAL_UNWRITABLE', params, { cause: thrown });
}

/** True if SQLite gave up because another connection has the lock (SQLITE_BUSY). */
export function isBusy(thrown: unknown): boolean {
  const { errcode } = thrown as { errcode?: unknown };
  return typeof errcode === 'number' && (errcode & 0xff) === 5;
}

/** A row that does not fit its schema: somebody edited it, or the disk did. A `dropped-row` is left out. */
export function unfitRow(
  problem: 'damaged-row' | 'dropped-row',
  path: string,
  row: string,
  said: string,
): RotatorError {
  return new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem, path, row, said });
}
