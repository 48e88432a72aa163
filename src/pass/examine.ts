// What a pass would work with, tried out: key, provider, decision, Apple and the login check, each as far as it gets by
// itself. Writes nothing: neither the provider nor, over a journal that keeps its changes to itself, the journal.
import { type Decision, decide, type Snapshot } from '../core/decide.ts';
import type { CallTrouble } from '../core/error-troubles.ts';
import { asRotatorError, RotatorError } from '../core/errors.ts';
import type { CandidateVerdict } from '../core/gate.ts';
import { keyConflict } from '../core/identity.ts';
import { type KeyMaterial, parseKeyMaterial } from '../core/key-material.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { ProviderReading, Target } from '../core/ports.ts';
import type { Proof, TargetState } from '../core/records.ts';
import { AppleTalk, askNow, type SharedCandidates } from './ask-apple.ts';
import { Course } from './course.ts';
import { gather } from './gather.ts';
import { askLogins } from './observe-logins.ts';
import { objectionsTo, type PushObjection } from './push.ts';
import type { PassRequest, PassTools } from './tools.ts';

/** A part that was tried: what it gave, or why it failed. */
export type Tried<T> = { readonly value: T } | { readonly error: RotatorError };

export interface ExaminedKey {
  readonly material: KeyMaterial;
  readonly origin: string;
  readonly warnings: readonly RotatorError[];
}

export interface Examined {
  readonly key: Tried<ExaminedKey>;
  readonly reading: Tried<ProviderReading>;
  /** What the journal knew before. */
  readonly before: TargetState;
  /** The same with what was found now. */
  readonly state: TargetState;
  readonly clock: JudgeClock;
  /** What follows from key and provider; undefined where one of them failed. */
  readonly snapshot: Snapshot | undefined;
  readonly decision: Decision | undefined;
  /** What speaks against writing the provider at all. */
  readonly objections: readonly PushObjection[];
  /** The key contradicts what Apple has accepted; undefined: it does not. */
  readonly conflict: RotatorError | undefined;
  /** What Apple says about a candidate; `unasked`: there were too many questions. */
  readonly apple: { readonly verdict: CandidateVerdict | 'unasked'; readonly detail: CallTrouble | null } | undefined;
  readonly loginCheck: { readonly verdict: Proof['loginCheck'] | 'unasked'; readonly detail: CallTrouble | null };
}

/** What may be asked about a target whose key is that. */
export interface Questions {
  readonly candidate: boolean;
  readonly deployed: boolean;
  readonly logins: boolean;
}

export interface ExamineOptions {
  readonly request: PassRequest;
  readonly candidates: SharedCandidates;
  readonly questions: (key: KeyMaterial) => Questions;
}

/** Tries everything. Throws what the journal throws, and the signal's reason on abort. */
export async function examine(target: Target, options: ExamineOptions, tools: PassTools): Promise<Examined> {
  const { request, candidates, questions } = options;
  const course = new Course(target, request, tools);
  await course.read();
  const before = course.state;
  const [key, reading] = await Promise.all([
    tried(() => readKey(course)),
    tried(() => tools.provider.read(target.envId, target.providerId, { maxAgeMs: READING_MS, signal: course.signal })),
  ]);
  request.drop.throwIfAborted();
  if ('value' in reading) course.noteSkew(reading.value.skewMs);
  const asked: Questions = 'value' in key ? questions(key.value.material) : { ...NOTHING, logins: true };
  const gathered = await tried(() => gather(course));
  if ('value' in gathered) course.noteGathered(gathered.value);
  const snapshot = 'value' in gathered && 'snapshot' in gathered.value ? gathered.value.snapshot : undefined;
  const blind = snapshot ?? (await snapshotWithout(course, reading));
  const apple = blind === undefined ? undefined : await askApple(course, blind, asked, new AppleTalk(candidates));
  const logins = await askLoginsIf(course, asked);
  const after = snapshot && { ...snapshot, state: course.state };
  return {
    ...{ key, reading, before, apple },
    state: course.state,
    clock: course.clock,
    snapshot: after,
    decision: after && decide(after),
    objections: after?.provider === undefined ? [] : objectionsTo(course, after.provider),
    conflict: snapshot && (await conflictOf(course, snapshot)),
    loginCheck: logins,
  };
}

/** All that is asked in one go may rest on one reading of the environment. */
const READING_MS = 30_000;
const NOTHING: Questions = { candidate: false, deployed: false, logins: false };

async function tried<T>(work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { error: asRotatorError(thrown) };
  }
}

async function readKey({ tools, target, signal }: Course): Promise<ExaminedKey> {
  const { text, origin, jsonKey, warnings } = await tools.keySource.read(signal);
  return { material: await parseKeyMaterial(text, target.ids, origin, jsonKey), origin, warnings };
}

/** What Apple can be asked about where the provider cannot be read; undefined: the key cannot either, or the clock is wrong. */
async function snapshotWithout(
  { target, request, tools, now }: Course,
  reading: Examined['reading'],
): Promise<Snapshot | undefined> {
  if ('value' in reading || reading.error.code === 'ERR_CLOUDBASE_CLOCK') return undefined;
  const absent: ProviderReading = { provider: undefined, requestId: null, readAt: now, skewMs: undefined };
  const provider = { ...tools.provider, read: async () => absent };
  const course = new Course(target, request, { ...tools, provider });
  await course.read();
  const gathered = await tried(() => gather(course));
  return 'value' in gathered && 'snapshot' in gathered.value ? gathered.value.snapshot : undefined;
}

async function askApple(
  course: Course,
  snapshot: Snapshot,
  { candidate, deployed }: Questions,
  talk: AppleTalk,
): Promise<Examined['apple']> {
  if (!candidate) return { verdict: 'unasked', detail: null };
  const { verdict, learnt } = await askNow(course, snapshot, talk, deployed);
  course.learn(learnt);
  return { verdict, detail: talk.detail };
}

async function askLoginsIf(course: Course, { logins }: Questions): Promise<Examined['loginCheck']> {
  if (!logins) return { verdict: 'unasked', detail: null };
  const { verdict, detail, learnt } = await askLogins(course);
  course.learn(learnt);
  return { verdict, detail };
}

/** After Apple was asked: an acceptance settles it. */
async function conflictOf({ tools }: Course, { key }: Snapshot): Promise<RotatorError | undefined> {
  const conflict = keyConflict((await tools.journal.fleet()).keys, key);
  return conflict && new RotatorError('ERR_KEY_BINDING', { ...conflict, detail: null });
}
