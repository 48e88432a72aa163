// The journal's file and folder: made with private modes, and every trouble with them told as a RotatorError whose
// hint names the command that mends it. Nothing here opens a file that SQLite may hold open: closing a second
// descriptor of it would drop SQLite's POSIX locks.
import { accessSync, closeSync, constants, mkdirSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RotatorError } from '../../core/errors.ts';
import { shown } from '../../core/shown.ts';

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
 * One sentence to tell where the journal lies on a file system that is, or may be, on a network; `undefined` where it
 * does not, or where that cannot be found out. `typeOf` reads the statfs type of a folder.
 */
export function storageWarning(
  path: string,
  typeOf: (folder: string) => number = (folder) => statfsSync(folder).type,
): string | undefined {
  const folder = dirname(resolve(path));
  let type: number;
  try {
    type = typeOf(folder) >>> 0;
  } catch {
    return undefined;
  }
  const name = NETWORK_FILE_SYSTEMS.get(type);
  if (name === undefined) return undefined;
  return `the journal ${path} lies on ${name}; SQLite wants a local disk: over a network its locks may not hold`;
}

/**
 * Makes the file (mode 0600) and the last level of its folder (mode 0700) where they are missing, and checks that
 * both can be written. Throws ERR_JOURNAL_UNWRITABLE.
 */
export function prepareFile(path: string, what = 'journal'): void {
  const folder = dirname(resolve(path));
  try {
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, { mode: 0o700 });
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    createIfMissing(path);
    accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw journalError(error, path, what);
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

interface Trouble {
  readonly found: string;
  readonly hint: (path: string) => string;
}

const chown: Trouble['hint'] = (path) =>
  `Give the folder to the user of this process: chown -R ${process.getuid?.() ?? 'USER'} ${quoted(dirname(resolve(path)))}`;
const freeSpace: Trouble['hint'] = (path) => `Free space on its disk: df -h ${quoted(dirname(resolve(path)))}`;
const writableMount: Trouble['hint'] = (path) =>
  `Mount it writable, or name another file as journal: findmnt -T ${quoted(dirname(resolve(path)))}`;
const moveAway: Trouble['hint'] = (path) =>
  `Restore a copy of it, or move it away (mv ${quoted(path)} ${quoted(`${path}.damaged`)}): a new one is begun; history is lost, no login is.`;
const makeFolder: Trouble['hint'] = (path) => `Make the folder: mkdir -p ${quoted(dirname(resolve(path)))}`;
const findHolder: Trouble['hint'] = (path) => `See which process holds it: fuser -v ${quoted(path)}`;
const checkDisk: Trouble['hint'] = (path) => `Check the disk and the system log: dmesg | tail; df -h ${quoted(path)}`;

/** What the file system says, by errno. */
const FILE_TROUBLES: Readonly<Record<string, Trouble>> = {
  EACCES: { found: 'is not writable by this user', hint: chown },
  EPERM: { found: 'is not writable by this user', hint: chown },
  EROFS: { found: 'is on a read-only file system', hint: writableMount },
  ENOSPC: { found: 'cannot grow: the disk is full', hint: freeSpace },
  EDQUOT: { found: 'cannot grow: the disk quota is used up', hint: freeSpace },
  ENOENT: { found: 'has no folder to lie in', hint: makeFolder },
  ENOTDIR: { found: 'has no folder to lie in', hint: makeFolder },
  EISDIR: { found: 'is a folder, not a file', hint: () => 'Name a file as journal: sqlite:./data/journal.db' },
};

/** What SQLite says, by primary result code (sqlite.org/rescode.html). */
const SQLITE_TROUBLES: Readonly<Record<number, Trouble>> = {
  3: { found: 'is not writable by this user', hint: chown },
  5: { found: 'is held by another process', hint: findHolder },
  6: { found: 'is held by another process', hint: findHolder },
  8: { found: 'is read-only', hint: chown },
  10: { found: 'cannot be read or written: the disk reports an error', hint: checkDisk },
  11: { found: 'is damaged', hint: moveAway },
  13: { found: 'cannot grow: the disk is full', hint: freeSpace },
  14: { found: 'cannot be opened', hint: chown },
  26: { found: 'is not a SQLite database', hint: moveAway },
};

/**
 * Turns a failure of SQLite or of the file system into ERR_JOURNAL_UNWRITABLE with a next step. Whatever is neither
 * (a RotatorError, a mistake of the caller) is returned as it is. `what` names the file in the message.
 */
export function journalError(thrown: unknown, path: string, what = 'journal'): unknown {
  if (thrown instanceof RotatorError || !(thrown instanceof Error)) return thrown;
  const { code, errcode } = thrown as { code?: unknown; errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR') {
    const known = typeof errcode === 'number' ? SQLITE_TROUBLES[errcode & 0xff] : undefined;
    return unwritable(what, path, known ?? { found: `failed: ${shown(thrown.message)}`, hint: moveAway }, thrown);
  }
  if (code === 'ERR_INVALID_STATE') return unwritable(what, path, { found: 'was closed', hint: checkDisk }, thrown);
  const known = typeof code === 'string' ? FILE_TROUBLES[code] : undefined;
  if (known !== undefined) return unwritable(what, path, known, thrown);
  const isSystemError = typeof code === 'string' && 'syscall' in thrown;
  return isSystemError ? unwritable(what, path, { found: `failed with ${code}`, hint: checkDisk }, thrown) : thrown;
}

function unwritable(what: string, path: string, { found, hint }: Trouble, cause?: unknown): RotatorError {
  return new RotatorError('ERR_JOURNAL_UNWRITABLE', `${what} ${shown(path, 200)} ${found}`, {
    hint: hint(path),
    cause,
  });
}

/** True if SQLite gave up because another connection has the lock (SQLITE_BUSY). */
export function isBusy(thrown: unknown): boolean {
  const { errcode } = thrown as { errcode?: unknown };
  return typeof errcode === 'number' && (errcode & 0xff) === 5;
}

/** A row that does not fit its schema: somebody edited it, or the disk did. */
export function damagedRow(path: string, what: string, complaint: string): RotatorError {
  return unwritable('journal', path, { found: `is damaged: its ${what} does not fit (${complaint})`, hint: moveAway });
}

/** A row of the alert book that does not fit: the others are gone on with, so it is told and nothing more. */
export function droppedRow(path: string, what: string, complaint: string): RotatorError {
  const hint = () => 'Check its disk, and see what is open: apple-secret-rotator alerts';
  return unwritable('journal', path, {
    found: `is damaged: its ${what} does not fit (${complaint}) and is removed; the others are kept`,
    hint,
  });
}

/** A copy that fails SQLite's own check, as the original then does. */
export function damagedCopy(path: string, complaint: string): RotatorError {
  const hint = () => 'Check the disk; restore an older copy of the journal, or move it away and a new one is begun.';
  return unwritable('copy', path, {
    found: `fails the integrity check, so the journal does: ${shown(complaint)}`,
    hint,
  });
}

/** The file is not the one that was opened: what is written now would be lost with it. */
export function movedAway(path: string): RotatorError {
  const hint = () => 'Stop the service before its journal is moved or replaced.';
  return unwritable('journal', path, { found: 'was moved, deleted or replaced while it was open', hint });
}

/** A file that SQLite can read, but that another program keeps. */
export function foreignDatabase(path: string): RotatorError {
  const hint = () => 'Name another file as journal.';
  return unwritable('journal', path, { found: 'is the database of another program', hint });
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
