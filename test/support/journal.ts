// What the journal's tests share: records with overrides, arbitrary ones, folders that go away, a clock moved by hand,
// and child processes that work on the same file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import { type JournalOptions, openJournal } from '../../src/adapters/journal/journal.ts';
import { type ErrorCode, REMEDIES } from '../../src/core/errors.ts';
import { cleanText } from '../../src/core/output.ts';
import type { Journal } from '../../src/core/ports.ts';
import { OUTCOMES, REASONS, SHAPES, TARGET_STATES, TRIGGERS, VERDICTS } from '../../src/core/reasons.ts';
import { emptyTargetState, type FleetState, type Rotation, type TargetState } from '../../src/core/records.ts';
import { uuidv7 } from '../../src/core/uuid.ts';

/** 2026-11-22T10:00:00Z. */
export const NOW = Date.UTC(2026, 10, 22, 10);

/**
 * Where journals of tests lie: a memory file system where there is one. A property test commits thousands of times, and
 * a disk needs milliseconds to make each of them durable.
 */
export function fastFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/** A folder of its own that is removed after the test; other users may enter it. */
export function folder(): string {
  const path = mkdtempSync(join(fastFolder(), 'rotator-journal-'));
  chmodSync(path, 0o755);
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A journal for the test that runs, in a folder of its own unless a path is given. */
export async function ownJournal(
  path = join(folder(), 'journal.db'),
  options: Partial<JournalOptions> = {},
): Promise<Journal> {
  const journal = await openJournal({ path }, { mode: 'write', clock: new MovableClock(), ...options });
  onTestFinished(() => journal.close());
  return journal;
}

export class MovableClock {
  wall = NOW;
  steady = 0;
  now(): number {
    return this.wall;
  }
  monotonic(): number {
    return this.steady;
  }
  advance(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }
}

export function aTarget(overrides: Partial<TargetState> = {}): TargetState {
  const name = overrides.name ?? 'shop-prod';
  const identity = { endpoint: 'https://tcb.tencentcloudapi.com', envId: `${name}-1g2h3j`, providerId: 'apple' };
  return { ...emptyTargetState(identity, name), ...overrides };
}

let made = 0;

export function aRotation(overrides: Partial<Rotation> = {}): Rotation {
  made += 1;
  const random = Buffer.alloc(10);
  random.writeUInt32BE(made, 6);
  return {
    id: uuidv7(overrides.startedAt ?? NOW, random),
    targetKey: aTarget().key,
    target: 'shop-prod',
    envId: 'shop-prod-1g2h3j',
    reason: 'RenewalDue',
    trigger: 'schedule',
    requestedBy: null,
    keyId: 'K1L2M3N4O5',
    fingerprint: 'ab'.repeat(32),
    issuedAt: NOW - 300_000,
    expiresAt: NOW + 15_552_000_000,
    previousFingerprint: null,
    previousExpiresAt: null,
    startedAt: NOW,
    finishedAt: null,
    outcome: null,
    appleCheck: { candidate: 'accepted', deployed: 'not-asked' },
    appleCheckWaived: false,
    requestIds: [],
    error: null,
    intent: {
      thumbprint: 'J'.repeat(43),
      teamId: 'A1B2C3D4E5',
      clientId: 'com.example.shop.web',
      fields: { 'Config.Scope': 'openid email name' },
      shapeBefore: 'clear',
      at: NOW,
    },
    ...overrides,
  };
}

export function finished(rotation: Rotation, overrides: Partial<Rotation> = {}): Rotation {
  return { ...rotation, outcome: 'succeeded', finishedAt: rotation.startedAt + 4000, ...overrides };
}

/** Prose as a journal keeps it. */
const text = fc.string({ unit: 'grapheme', maxLength: 30 }).map(cleanText);
const id = fc.stringMatching(/^k[A-Za-z0-9.|:/-]{0,20}$/);
const instant = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 8.64e15 }), fc.integer({ min: NOW, max: NOW * 2 }));
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const oneOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const error = fc.record({ code: oneOf(Object.keys(REMEDIES) as ErrorCode[]), message: text, hint: text });
/** Base64url of 32 bytes, some with the letters that begin a JWT. */
const thumbprint = fc
  .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean())
  .map(([bytes, looksLikeJwt]) => {
    const value = Buffer.from(bytes).toString('base64url');
    return looksLikeJwt ? `${value.slice(0, 10)}eyJ${value.slice(13)}` : value;
  });
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  fc.constant(JSON.parse('[{ "__proto__": "a key like any other" }]') as unknown),
);

const written = fc.record({
  fingerprint: text,
  teamId: text,
  clientId: text,
  keyId: text,
  thumbprint,
  issuedAt: instant,
  expiresAt: instant,
  shape: oneOf(SHAPES),
  shownDigest: orNull(text),
  at: instant,
  reason: oneOf(REASONS),
});

export const anyTarget: fc.Arbitrary<TargetState> = fc.record({
  endpoint: id,
  envId: text,
  providerId: text,
  key: id,
  name: text,
  state: oneOf(TARGET_STATES),
  reason: orNull(oneOf(REASONS)),
  error: orNull(error),
  lastPassAt: orNull(instant),
  lastGatherAt: orNull(instant),
  lastSuccessAt: orNull(instant),
  lastRotationAt: orNull(instant),
  deployed: orNull(
    fc.record({
      fingerprint: orNull(text),
      keyId: orNull(text),
      issuedAt: orNull(instant),
      expiresAt: orNull(instant),
      shape: oneOf(SHAPES),
    }),
  ),
  renewalAt: orNull(fc.double({ min: 1, max: 8e15, noNaN: true })),
  retry: fc.record({ failures: fc.nat(), nextAttemptAt: orNull(instant) }),
  written: orNull(written),
  maybeWritten: orNull(written),
  configKeys: fc.array(text, { maxLength: 3 }),
  keyThumbprints: fc.dictionary(id, thumbprint, { maxKeys: 3, noNullPrototype: true }),
  acceptedKeys: fc.dictionary(id, instant, { maxKeys: 3, noNullPrototype: true }),
  foreign: fc.array(fc.record({ fingerprint: orNull(text), at: instant }), { maxLength: 3 }),
  providerChanges: fc.array(
    fc.record({ path: text, by: oneOf(['our-write', 'somebody-else'] as const), at: instant }),
    { maxLength: 2 },
  ),
  providerDisabled: fc.boolean(),
  dueSince: orNull(instant),
  appleAsked: orNull(
    fc.record({
      at: instant,
      verdict: oneOf(['accepted', 'rejected', 'unknown'] as const),
      asked: oneOf(['deployed', 'same-key'] as const),
      keyId: orNull(text),
      fingerprint: orNull(text),
    }),
  ),
});

export const anyRotation: fc.Arbitrary<Rotation> = fc.record({
  id: fc.uuid({ version: 7 }),
  targetKey: id,
  target: text,
  envId: text,
  reason: oneOf(REASONS),
  trigger: oneOf(TRIGGERS),
  requestedBy: orNull(text),
  keyId: orNull(text),
  fingerprint: orNull(text),
  issuedAt: orNull(instant),
  expiresAt: orNull(instant),
  previousFingerprint: orNull(text),
  previousExpiresAt: orNull(instant),
  startedAt: instant,
  finishedAt: orNull(instant),
  outcome: orNull(oneOf(OUTCOMES)),
  appleCheck: fc.record({ candidate: oneOf(VERDICTS), deployed: oneOf(VERDICTS) }),
  appleCheckWaived: fc.boolean(),
  requestIds: fc.array(text, { maxLength: 3 }),
  error: orNull(error),
  intent: orNull(
    fc.record({
      thumbprint,
      teamId: text,
      clientId: text,
      fields: fc.dictionary(id, json, { maxKeys: 3, noNullPrototype: true }),
      shapeBefore: oneOf(SHAPES),
      at: instant,
    }),
  ),
});

export const anyFleet: fc.Arbitrary<FleetState> = fc.record({
  lanes: fc.dictionary(id, fc.record({ badWrites: fc.nat(), since: instant, closedUntil: instant, error }), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  apple: fc.dictionary(
    id,
    fc.record({
      controlAskedAt: orNull(instant),
      controlRejectedAt: orNull(instant),
      oursAcceptedAt: orNull(instant),
      firstAskedAt: orNull(instant),
      answeredAt: orNull(instant),
    }),
    { maxKeys: 3, noNullPrototype: true },
  ),
});

/** A child process at work on a journal (child.ts); killed after the test if it still runs. */
export interface Child {
  readonly process: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** Lets it go on. */
  go(): void;
  /** Everything else that it printed, and its exit code. */
  end(): Promise<{ code: number | null; lines: string[]; stderr: string }>;
}

export function child(action: string, ...args: string[]): Child {
  const script = fileURLToPath(new URL('../adapters/journal/child.ts', import.meta.url));
  const running = spawn(process.execPath, [script, action, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => {
    if (running.exitCode === null) running.kill('SIGKILL');
  });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  let stderr = '';
  running.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const closed = once(running, 'close');
  return {
    process: running,
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the child ended early: ${stderr}`);
      return value as string;
    },
    go() {
      running.stdin.write('go\n');
    },
    async end() {
      const rest: string[] = [];
      for (let next = await lines.next(); !next.done; next = await lines.next()) rest.push(next.value as string);
      await closed;
      return { code: running.exitCode, lines: rest, stderr };
    },
  };
}
