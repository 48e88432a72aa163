// Reads the small text file that holds a key, and says precisely why it cannot be read. The key sources `file` and
// `env` use it, and the commands `generate` and `inspect`, which load no schema library. Each call reads the file
// again; nothing is cached or retried.
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { RotatorError } from '../../core/errors.ts';
import type { KeyText } from '../../core/ports.ts';
import { untilAborted } from '../../net/abort.ts';

/** A key has about 250 bytes, JSON around it a few hundred more. A larger file is the wrong one. */
const MAX_KEY_BYTES = 64 * 1024;

/** How many files of a folder a message names: enough to spot a typing mistake on one line. */
const NAMED_FILES = 5;

export interface KeyFileOptions {
  readonly signal?: AbortSignal;
  /** Also read a pipe (`/dev/stdin`, `<(…)`); it may never end, so only where a person waits. Default false. */
  readonly pipes?: boolean;
}

/**
 * Reads the file at `path`. There is a warning if everybody on the machine may read it.
 * Throws ERR_KEY_NOT_FOUND (names the folder it looked in, and what there ends in .p8), ERR_KEY_FORBIDDEN,
 * ERR_KEY_INVALID (a folder, a device, over 64 KB) and ERR_KEY_SOURCE_UNAVAILABLE (the disk failed: may pass).
 */
export async function readKeyFile(path: string, { signal, pipes = false }: KeyFileOptions = {}): Promise<KeyText> {
  if (/-----BEGIN|[\r\n\0]/.test(path))
    throw new RotatorError(
      'ERR_KEY_NOT_FOUND',
      `the path of the key file is none: ${path.length} characters of other text`,
      {
        hint: 'Give the path of the file here, not what is in it.',
      },
    );
  if (signal === undefined) return read(path, pipes);
  signal.throwIfAborted();
  // Reading from a dead network mount cannot be stopped; with the signal, at least the pass goes on.
  return untilAborted(read(path, pipes), signal);
}

async function read(path: string, pipes: boolean): Promise<KeyText> {
  const origin = `file ${path}`;
  let file: FileHandle | undefined;
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw await isFolder(path, origin);
    if (!status.isFile() && !(pipes && isStream(status)))
      throw new RotatorError('ERR_KEY_INVALID', `${origin} is a device or a pipe, wanted a file with a key`, {
        hint: 'Name the .p8 file itself.',
      });
    file = await open(path);
    const text = await readBounded(file, origin);
    const warnings = status.isFile() && (status.mode & 0o004) !== 0 ? [openToAll(path, status.mode)] : [];
    return { text, origin, warnings };
  } catch (error) {
    throw error instanceof RotatorError ? error : await explain(path, origin, error);
  } finally {
    await file?.close();
  }
}

function isStream(status: { isFIFO(): boolean; isSocket(): boolean; isCharacterDevice(): boolean }): boolean {
  return status.isFIFO() || status.isSocket() || status.isCharacterDevice();
}

async function readBounded(file: FileHandle, origin: string): Promise<string> {
  const buffer = Buffer.alloc(MAX_KEY_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) return buffer.toString('utf8', 0, length);
    length += bytesRead;
  }
  throw new RotatorError('ERR_KEY_INVALID', `${origin} is larger than 64 KB, wanted a key`, {
    hint: 'Name the .p8 file: it has about 250 bytes.',
  });
}

function openToAll(path: string, mode: number): string {
  return `key file ${path} may be read by everybody on this machine (mode ${octal(mode)}): chmod 600 it`;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}

async function explain(path: string, origin: string, error: unknown): Promise<RotatorError> {
  const { code = 'no code' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return notFound(path, error);
  if (code === 'EACCES' || code === 'EPERM') return forbidden(path, origin, error);
  if (code === 'ELOOP' || code === 'ENAMETOOLONG')
    return new RotatorError('ERR_KEY_NOT_FOUND', `${origin} is no path that can be followed (${code})`, {
      hint: 'Correct the path of the key file.',
      cause: error,
    });
  return new RotatorError('ERR_KEY_SOURCE_UNAVAILABLE', `${origin} cannot be read now (${code})`, {
    hint: 'See whether the disk or mount that holds the key file is healthy.',
    cause: error,
  });
}

async function notFound(path: string, cause: unknown): Promise<RotatorError> {
  const folder = dirname(resolve(path));
  const name = basename(path);
  if (await exists(path))
    return new RotatorError('ERR_KEY_NOT_FOUND', `${name} in ${folder} is a link to a file that does not exist`, {
      hint: 'Mount or write the file that the link names.',
      cause,
    });
  const names = await namesIn(folder);
  if (names === undefined)
    return new RotatorError(
      'ERR_KEY_NOT_FOUND',
      `no key file ${name}: there is no folder ${folder} that could be read`,
      {
        hint: 'Correct the path; in a container, see that the secret is mounted there.',
        cause,
      },
    );
  const keys = names.filter((other) => other.endsWith('.p8')).sort();
  const more = keys.length > NAMED_FILES ? ` and ${keys.length - NAMED_FILES} more` : '';
  const found = keys.length === 0 ? 'no file that ends in .p8' : `${keys.slice(0, NAMED_FILES).join(', ')}${more}`;
  return new RotatorError('ERR_KEY_NOT_FOUND', `no key file ${name} in ${folder}, which holds ${found}`, {
    hint: 'Correct the path, or put the .p8 there.',
    cause,
  });
}

async function forbidden(path: string, origin: string, cause: unknown): Promise<RotatorError> {
  const status = await stat(path).catch(() => undefined);
  const who = `this process runs as user ${process.getuid?.() ?? 'unknown'}`;
  const why =
    status === undefined
      ? `the folder ${dirname(resolve(path))} may not be entered`
      : `it belongs to user ${status.uid} and has mode ${octal(status.mode)}`;
  return new RotatorError('ERR_KEY_FORBIDDEN', `${origin} may not be read: ${why}, ${who}`, {
    hint: 'Give this user the file (chown, chmod 600), or mount the secret with its user id.',
    cause,
  });
}

async function isFolder(path: string, origin: string): Promise<RotatorError> {
  const key = (await namesIn(path))?.find((name) => name.endsWith('.p8'));
  return new RotatorError('ERR_KEY_INVALID', `${origin} is a folder, wanted a file with a key`, {
    hint: key === undefined ? 'Name the .p8 file itself.' : `Name the file itself, perhaps ${key} in it.`,
  });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  return readdir(folder).catch(() => undefined);
}
