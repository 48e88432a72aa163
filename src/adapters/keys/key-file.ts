// Reads the small text file that holds a key, and says precisely why it cannot be read. The key sources `file` and
// `env` use it, and the commands `generate` and `inspect`, which load no schema library. Each call reads the file
// again; nothing is cached or retried.
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type ErrorParams, RotatorError } from '../../core/errors.ts';
import type { KeyText } from '../../core/ports.ts';
import { shownName } from '../../core/shown.ts';
import { FileFailure, readNamedFile } from '../../net/named-file.ts';

/** A key has about 250 bytes, JSON around it a few hundred more. A larger file is the wrong one. */
const MAX_KEY_BYTES = 64 * 1024;

export interface KeyFileOptions {
  readonly signal?: AbortSignal;
  /** Also read a pipe (`/dev/stdin`, `<(…)`); it may never end, so only where a person waits. Default false. */
  readonly pipes?: boolean;
}

/**
 * Reads the file at `path`. There is a warning if everybody on the machine may read it.
 * Throws ERR_KEY_NOT_FOUND (names the folder it looked in, and what there ends in .p8), ERR_KEY_FORBIDDEN,
 * ERR_KEY_INVALID (a folder, a device, over 64 KB) and ERR_KEY_SOURCE_UNAVAILABLE (the disk failed or does not answer:
 * may pass).
 */
export async function readKeyFile(path: string, options: KeyFileOptions = {}): Promise<KeyText> {
  try {
    const { bytes, status } = await readNamedFile(path, { ...options, maxBytes: MAX_KEY_BYTES });
    const warnings = status.isFile() && (status.mode & 0o004) !== 0 ? [readableByAll(path, status.mode)] : [];
    return { text: bytes.toString('utf8'), origin: path, warnings };
  } catch (thrown) {
    throw thrown instanceof FileFailure ? await explain(path, thrown) : thrown;
  }
}

function readableByAll(path: string, mode: number): RotatorError {
  return new RotatorError('ERR_KEY_INVALID', { problem: 'readable-by-all', path, mode: octal(mode) });
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}

async function explain(path: string, cause: FileFailure): Promise<RotatorError> {
  const { code } = cause;
  switch (code) {
    case 'ENOTPATH':
      return new RotatorError('ERR_KEY_NOT_FOUND', { problem: 'no-path', length: path.length });
    case 'EISDIR':
      return isFolder(path);
    case 'ENOTREG':
      return new RotatorError('ERR_KEY_INVALID', { problem: 'device', path });
    case 'EFBIG':
      return new RotatorError('ERR_KEY_INVALID', { problem: 'too-large', path });
    case 'ENOENT':
    case 'ENOTDIR':
      return notFound(path, cause);
    case 'EACCES':
    case 'EPERM':
      return forbidden(path, cause);
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return new RotatorError('ERR_KEY_NOT_FOUND', { problem: 'bad-path', path, code }, { cause });
    default:
      return new RotatorError('ERR_KEY_SOURCE_UNAVAILABLE', { problem: 'disk', path, code }, { cause });
  }
}

async function notFound(path: string, cause: unknown): Promise<RotatorError> {
  const place = { name: basename(path), folder: dirname(resolve(path)) };
  const missing = (params: ErrorParams['ERR_KEY_NOT_FOUND']) =>
    new RotatorError('ERR_KEY_NOT_FOUND', params, { cause });
  if (await exists(path)) return missing({ problem: 'broken-link', ...place });
  const names = await namesIn(place.folder);
  if (names === undefined) return missing({ problem: 'no-folder', ...place });
  return missing({
    problem: 'no-file',
    ...place,
    keys: names
      .filter((other) => other.endsWith('.p8'))
      .map(shownName)
      .sort(),
  });
}

async function forbidden(path: string, cause: unknown): Promise<RotatorError> {
  const status = await stat(path).catch(() => undefined);
  const owner = status === undefined ? null : { uid: status.uid, mode: octal(status.mode) };
  const params = {
    problem: 'file',
    path,
    owner,
    folder: dirname(resolve(path)),
    uid: process.getuid?.() ?? null,
  } as const;
  return new RotatorError('ERR_KEY_FORBIDDEN', params, { cause });
}

async function isFolder(path: string): Promise<RotatorError> {
  const key = (await namesIn(path))?.find((name) => name.endsWith('.p8')) ?? null;
  return new RotatorError('ERR_KEY_INVALID', { problem: 'folder', path, key });
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
