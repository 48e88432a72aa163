// Reads the small text file that holds a key, and says precisely why it cannot be read. The key sources `file` and
// `env` use it, and the commands `generate` and `inspect`, which load no schema library. Each call reads the file
// again; nothing is cached or retried.
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type ErrorParams, RotatorError } from '../../core/errors.ts';
import type { KeyText } from '../../core/ports.ts';
import { untilAborted } from '../../net/abort.ts';

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
 * ERR_KEY_INVALID (a folder, a device, over 64 KB) and ERR_KEY_SOURCE_UNAVAILABLE (the disk failed: may pass).
 */
export async function readKeyFile(path: string, { signal, pipes = false }: KeyFileOptions = {}): Promise<KeyText> {
  if (/-----BEGIN|[\r\n\0]/.test(path))
    throw new RotatorError('ERR_KEY_NOT_FOUND', { problem: 'no-path', length: path.length });
  if (signal === undefined) return read(path, pipes);
  signal.throwIfAborted();
  // Reading from a dead network mount cannot be stopped; with the signal, at least the pass goes on.
  return untilAborted(read(path, pipes), signal);
}

async function read(path: string, pipes: boolean): Promise<KeyText> {
  let file: FileHandle | undefined;
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw await isFolder(path);
    if (!status.isFile() && !(pipes && isStream(status)))
      throw new RotatorError('ERR_KEY_INVALID', { problem: 'device', path });
    file = await open(path);
    const text = await readBounded(file, path);
    const warnings = status.isFile() && (status.mode & 0o004) !== 0 ? [readableByAll(path, status.mode)] : [];
    return { text, origin: path, warnings };
  } catch (error) {
    throw error instanceof RotatorError ? error : await explain(path, error);
  } finally {
    await file?.close();
  }
}

function isStream(status: { isFIFO(): boolean; isSocket(): boolean; isCharacterDevice(): boolean }): boolean {
  return status.isFIFO() || status.isSocket() || status.isCharacterDevice();
}

async function readBounded(file: FileHandle, path: string): Promise<string> {
  const buffer = Buffer.alloc(MAX_KEY_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) return buffer.toString('utf8', 0, length);
    length += bytesRead;
  }
  throw new RotatorError('ERR_KEY_INVALID', { problem: 'too-large', path });
}

function readableByAll(path: string, mode: number): RotatorError {
  return new RotatorError('ERR_KEY_INVALID', { problem: 'readable-by-all', path, mode: octal(mode) });
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}

async function explain(path: string, cause: unknown): Promise<RotatorError> {
  const { code = 'no code' } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return notFound(path, cause);
  if (code === 'EACCES' || code === 'EPERM') return forbidden(path, cause);
  if (code === 'ELOOP' || code === 'ENAMETOOLONG')
    return new RotatorError('ERR_KEY_NOT_FOUND', { problem: 'bad-path', path, code }, { cause });
  return new RotatorError('ERR_KEY_SOURCE_UNAVAILABLE', { problem: 'disk', path, code }, { cause });
}

async function notFound(path: string, cause: unknown): Promise<RotatorError> {
  const place = { name: basename(path), folder: dirname(resolve(path)) };
  const missing = (params: ErrorParams['ERR_KEY_NOT_FOUND']) =>
    new RotatorError('ERR_KEY_NOT_FOUND', params, { cause });
  if (await exists(path)) return missing({ problem: 'broken-link', ...place });
  const names = await namesIn(place.folder);
  if (names === undefined) return missing({ problem: 'no-folder', ...place });
  return missing({ problem: 'no-file', ...place, keys: names.filter((other) => other.endsWith('.p8')).sort() });
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
