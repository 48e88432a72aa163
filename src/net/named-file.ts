// The one reader of files that the configuration, the environment or an option names. It reads regular files alone
// (links are followed), of a bounded size, within a time limit. A read on a dead mount cannot be stopped: it keeps a
// thread of Node's pool. So what does not answer in time is refused at once until it does, with all of its folder, and
// never more than a quarter of the pool reads.
import { constants, type Stats } from 'node:fs';
import { access, type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { looksSecret } from '../core/shown.ts';
import { SECOND } from '../core/time.ts';
import { deadline, untilAborted } from './abort.ts';

export const MB = 1024 * 1024;
/** A local disk answers in milliseconds, a busy network mount within a second or two. A start reads several files. */
const LIMIT_MS = 5 * SECOND;
/** A named pipe without a writer would hold up `open`; a terminal would become that of this process. */
const AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Paths that Linux accepts have up to 4096 bytes; what people write is far shorter. */
const LONGEST_PATH = 1024;

/**
 * Why a file cannot be read: the system's code (`ENOENT`, `EACCES`, `EIO`), or one of ours: `EISDIR`, `ENOTREG` (a
 * device or a pipe), `EFBIG`, `ETIMEDOUT` (its disk or mount does not answer), `ENOTPATH` (the text is no path).
 */
export class FileFailure extends Error {
  readonly code: string;

  constructor(code: string, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause });
    this.name = 'FileFailure';
    this.code = code;
  }
}

export interface NamedFile {
  readonly bytes: Buffer;
  readonly status: Stats;
}

export interface NamedFileOptions {
  /** Default: 1 MB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Also read a pipe or a device (`/dev/stdin`, `<(…)`) to its end, however long it takes: a person waits. */
  readonly pipes?: boolean;
}

/** The content of the file at `path`, read now. Throws FileFailure, and the signal's reason on abort. */
export async function readNamedFile(path: string, options: NamedFileOptions = {}): Promise<NamedFile> {
  const { maxBytes = MB, signal = NEVER, pipes = false } = options;
  if (pipes && isStream(await inTime(`stat ${path}`, path, () => stat(path), signal)))
    return opened(path, constants.O_RDONLY, (file, status) => readTo(maxBytes, file, status)).catch((thrown) => {
      throw asFailure(thrown);
    });
  return inTime(
    `read ${maxBytes} ${path}`,
    path,
    () =>
      opened(path, AT_ONCE, (file, status) => {
        if (status.isDirectory()) throw new FileFailure('EISDIR');
        if (!status.isFile()) throw new FileFailure('ENOTREG');
        return readTo(maxBytes, file, status);
      }),
    signal,
  );
}

/** The same as text. Throws FileFailure with `ENOTUTF8` for other bytes. */
export async function readNamedText(path: string, options?: NamedFileOptions): Promise<string> {
  return textOf(await readNamedFile(path, options));
}

/** The content as text. Throws FileFailure with `ENOTUTF8` for other bytes. */
export function textOf({ bytes }: NamedFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FileFailure('ENOTUTF8');
  }
}

/** The names in the folder at `path`, within the same limits. Throws FileFailure. */
export function listNamedFolder(path: string): Promise<string[]> {
  return inTime(`list ${path}`, path, () => readdir(path), NEVER);
}

/** Whether everybody on this machine may write what is at `path`. What is mounted to be read alone, nobody may. */
export async function isOpenToAll(path: string, { mode }: Stats): Promise<boolean> {
  if ((mode & 0o002) === 0) return false;
  return inTime(`access ${path}`, path, () => access(path, constants.W_OK), NEVER).then(
    () => true,
    (thrown: unknown) => !(thrown instanceof FileFailure && thrown.code === 'EROFS'),
  );
}

/** Changes when what is at a path does. */
export function markOf({ ino, mtimeMs, size }: Stats): string {
  return `${ino} ${mtimeMs} ${size}`;
}

/** The mark of what is at `path` now; `none` where nothing is. */
export function markAt(path: string): Promise<string> {
  return statNamedFile(path).then(markOf, () => 'none');
}

/** What is at `path`, within the same limits. */
export function statNamedFile(path: string): Promise<Stats> {
  return inTime(`stat ${path}`, path, () => stat(path), NEVER);
}

const NEVER = new AbortController().signal;

interface Operation {
  readonly path: string;
  readonly result: Promise<unknown>;
  hangs: boolean;
}

/** What Node has without UV_THREADPOOL_SIZE. */
let poolSize = 4;
let giveUp: () => void = () => undefined;
const underWay = new Map<string, Operation>();
/** Those who wait until fewer are under way. */
let waiting: (() => void)[] = [];

/**
 * Tells how many threads Node's pool has, and what to do when a quarter of them hangs and another file has to be read.
 */
export function sizeFileReads(threads: number, whenExhausted: () => void): void {
  poolSize = threads;
  giveUp = whenExhausted;
}

/** Whether a thread is still reading, so that Node would wait for it before the process ends. */
export function isReadingFiles(): boolean {
  return underWay.size > 0;
}

/** The result of `work` on `path`; those who ask for the same while it is under way share it. */
async function inTime<T>(key: string, path: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  if (path.length > LONGEST_PATH || looksSecret(path)) throw new FileFailure('ENOTPATH');
  for (;;) {
    const hanging = [...underWay.values()].filter(({ hangs }) => hangs);
    if (hanging.some((operation) => dirname(operation.path) === dirname(path))) throw new FileFailure('ETIMEDOUT');
    const same = underWay.get(key);
    if (same !== undefined) return untilAborted(same.result as Promise<T>, signal);
    const slots = Math.max(1, Math.floor(poolSize / 4));
    if (underWay.size < slots) return untilAborted(begin(key, path, work), signal);
    if (hanging.length >= slots) {
      giveUp();
      throw new FileFailure('ETIMEDOUT');
    }
    await untilAborted(new Promise<void>((resolve) => waiting.push(resolve)), signal);
  }
}

function begin<T>(key: string, path: string, work: () => Promise<T>): Promise<T> {
  const limit = deadline(LIMIT_MS, NEVER);
  const done = work().finally(() => {
    limit.clear();
    underWay.delete(key);
    wakeAll();
  });
  const result = untilAborted(done, limit.signal).catch((thrown: unknown) => {
    if (!limit.expired) throw asFailure(thrown);
    operation.hangs = true;
    wakeAll();
    throw new FileFailure('ETIMEDOUT');
  });
  const operation: Operation = { path, result, hangs: false };
  // Everybody who asked may have left before it fails.
  result.catch(() => undefined);
  underWay.set(key, operation);
  return result;
}

function wakeAll(): void {
  const woken = waiting;
  waiting = [];
  for (const wake of woken) wake();
}

async function opened<T>(
  path: string,
  flags: number,
  use: (file: FileHandle, status: Stats) => T,
): Promise<Awaited<T>> {
  const file = await open(path, flags);
  try {
    return await use(file, await file.stat());
  } finally {
    await file.close();
  }
}

function isStream(status: Stats): boolean {
  return status.isFIFO() || status.isSocket() || status.isCharacterDevice();
}

/** What is read at once after the size that the file has: usually nothing is left, so a larger buffer would be wasted. */
const FURTHER_BYTES = 65_536;

async function readTo(maxBytes: number, file: FileHandle, status: Stats): Promise<NamedFile> {
  const parts: Buffer[] = [];
  let [size, room] = [0, Math.min(maxBytes, status.size) + 1];
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.max(room, 4096)), 0, null, null);
    if (bytesRead === 0) return { bytes: Buffer.concat(parts), status };
    parts.push(buffer.subarray(0, bytesRead));
    size += bytesRead;
    if (size > maxBytes) throw new FileFailure('EFBIG');
    room = Math.min(FURTHER_BYTES, maxBytes + 1 - size);
  }
}

function asFailure(thrown: unknown): FileFailure {
  if (thrown instanceof FileFailure) return thrown;
  const { code } = thrown as { code?: unknown };
  return new FileFailure(typeof code === 'string' ? code : 'EIO', thrown);
}
