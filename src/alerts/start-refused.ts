// A daemon that cannot start says so over every channel that can be read from the configuration, and so does a `once`
// that nobody watches and whose journal cannot be written. There is no journal at that moment, and whoever supervises
// the process starts it again and again: a small file remembers what was told, so that the same refusal calls once and
// is repeated as seldom as any critical condition; the next start that succeeds takes the record over, and so sends the
// all-clear.
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { conditionId, type Finding } from '../core/alerts/conditions.ts';
import type { AlertBook, ConditionRecord, DeliverySubject } from '../core/alerts/records.ts';
import { type ErrorView, errorView } from '../core/errors.ts';
import type { Channel, Clock } from '../core/ports.ts';
import { deadline } from '../net/abort.ts';
import type { Voice } from './deliverer.ts';
import { composeMessage } from './words/compose.ts';

/** What can be told without a journal. */
export type ToldWithoutJournal = 'StartRefused' | 'JournalUnwritable';

export interface RefusalPlace {
  /** Each is remembered by itself. */
  readonly condition: ToldWithoutJournal;
  /** The configuration's file; undefined for the environment-only form. */
  readonly configFile: string | undefined;
  /** Undefined where the configuration could not be read that far. */
  readonly journalPath: string | undefined;
}

export interface RefusalTools {
  readonly clock: Clock;
  readonly channels: readonly Channel[];
  readonly voice: Voice;
  readonly repeatEveryMs: number;
  readonly newId: () => string;
}

/** How each channel answered: undefined where it took the message. */
export type RefusalAnswers = ReadonlyMap<string, Error | undefined>;

/** All channels together may take so long; whoever started the program waits. */
const LIMIT_MS = 10_000;

const storedRefusal = z.object({
  fingerprint: z.string(),
  foundAt: z.number(),
  toldAt: z.number(),
  severity: z.enum(['warning', 'critical']),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }),
  channels: z.array(z.string()),
});
type StoredRefusal = z.output<typeof storedRefusal>;

/** Tells that the program could not start, unless the same was told lately: then undefined. Never throws. */
export async function tellRefused(
  error: ErrorView,
  place: RefusalPlace,
  tools: RefusalTools,
): Promise<RefusalAnswers | undefined> {
  const { clock, channels, repeatEveryMs } = tools;
  const now = clock.now();
  const known = await readRefusal(place);
  const fingerprint = fingerprintOf(error);
  const isSame = known?.fingerprint === fingerprint;
  if (isSame && known.toldAt <= now && now - known.toldAt < repeatEveryMs) return undefined;
  const foundAt = Math.min(known?.foundAt ?? now, now);
  const severity = error.code === 'ERR_DAEMON_RUNNING' ? 'warning' : 'critical';
  const refusal: StoredRefusal = { fingerprint, foundAt, toldAt: now, severity, error, channels: [] };
  const answers = await send(findingOf(refusal, error, place), foundAt, isSame, tools);
  const reached = channels.map(({ name }) => name).filter((name) => answers.get(name) === undefined);
  // Nobody was reached: the next attempt to start tries again. Whoever heard of an earlier one hears of the end too.
  const channelsTold = [...new Set([...(known?.channels ?? []), ...reached])];
  if (reached.length > 0) await remember({ ...refusal, channels: channelsTold }, place);
  return answers;
}

/**
 * What earlier attempts had told, as a condition that is open; only what was told last before the instant `before`.
 */
export async function toldRefusal(
  place: RefusalPlace,
  { before = Number.POSITIVE_INFINITY } = {},
): Promise<ConditionRecord | undefined> {
  const refusal = await readRefusal(place);
  if (refusal === undefined || refusal.toldAt >= before) return undefined;
  const { foundAt, toldAt, channels } = refusal;
  const told = Object.fromEntries(channels.map((channel) => [channel, conditionId(place.condition)]));
  return { finding: findingOf(refusal, null, place), foundAt, raisedAt: foundAt, toldAt, told };
}

/** Remembers what a daemon without its journal has told of that, should it end before the journal is back. Never throws. */
export async function rememberUnwritable(
  { conditions, deliveries }: AlertBook,
  place: Omit<RefusalPlace, 'condition'>,
): Promise<void> {
  const record = conditions.find(({ finding }) => finding.id === conditionId('JournalUnwritable'));
  const stored = record?.finding.error ?? null;
  if (record === undefined || stored === null || record.toldAt === null) return;
  const error = errorView(stored);
  const { finding, foundAt, toldAt, told } = record;
  const waits = (channel: string) =>
    deliveries.some(
      (row) => row.channel === channel && 'finding' in row.subject && row.subject.finding.id === finding.id,
    );
  const channels = Object.keys(told).filter((channel) => !waits(channel));
  const { severity } = finding;
  const refusal: StoredRefusal = { fingerprint: fingerprintOf(error), foundAt, toldAt, severity, error, channels };
  if (channels.length > 0) await remember(refusal, { ...place, condition: 'JournalUnwritable' });
}

function fingerprintOf({ code, message }: ErrorView): string {
  return createHash('sha256').update(`${code} ${message}`).digest('hex');
}

/** For a start that succeeded, once the journal knows what was told. Never throws. */
export async function forgetRefusal(place: RefusalPlace): Promise<void> {
  for (const path of paths(place)) await rm(path, { force: true }).catch(() => undefined);
}

function findingOf(
  { severity }: Pick<StoredRefusal, 'severity'>,
  error: ErrorView | null,
  { condition, journalPath = '' }: RefusalPlace,
): Finding {
  const detail = { id: conditionId(condition), severity, target: null, since: null, loginsUntil: null, error };
  return condition === 'StartRefused'
    ? { ...detail, condition, facts: {} }
    : { ...detail, condition, facts: { path: journalPath } };
}

async function send(
  finding: Finding,
  since: number,
  isRepeated: boolean,
  { clock, channels, voice, newId }: RefusalTools,
): Promise<Map<string, Error | undefined>> {
  const status = isRepeated ? 'repeated' : 'raised';
  const subject: DeliverySubject = {
    kind: 'condition',
    status,
    finding,
    since,
    until: null,
    thread: finding.id,
    closes: [],
  };
  const message = composeMessage({ id: newId(), now: clock.now(), ...voice, subjects: [subject] });
  const limit = deadline(LIMIT_MS, new AbortController().signal);
  const answers = channels.map(async (channel): Promise<[string, Error | undefined]> => {
    try {
      await channel.send(message, limit.signal);
      return [channel.name, undefined];
    } catch (thrown) {
      return [channel.name, thrown instanceof Error ? thrown : new Error('could not be sent')];
    }
  });
  const settled = new Map(await Promise.all(answers));
  limit.clear();
  return settled;
}

async function readRefusal(place: RefusalPlace): Promise<StoredRefusal | undefined> {
  for (const path of paths(place)) {
    try {
      return storedRefusal.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch {
      // Not there, or not ours: as if nothing had been told.
    }
  }
  return undefined;
}

async function remember(refusal: StoredRefusal, place: RefusalPlace): Promise<void> {
  for (const path of paths(place)) {
    try {
      await writeFile(path, JSON.stringify(refusal), { mode: 0o600 });
      return;
    } catch {
      // The next place; without any, a repeated message is better than none.
    }
  }
}

const SUFFIXES: Readonly<Record<ToldWithoutJournal, string>> = {
  StartRefused: 'start-refused',
  JournalUnwritable: 'journal-unwritable',
};

/** Beside the journal where that is known and can be written, else in the folder for temporary files. */
function paths({ condition, configFile, journalPath }: RefusalPlace): string[] {
  const who = createHash('sha256')
    .update(configFile === undefined ? '' : resolve(configFile))
    .digest('hex')
    .slice(0, 16);
  const temporary = join(tmpdir(), `apple-secret-rotator-${who}.${SUFFIXES[condition]}`);
  return journalPath === undefined ? [temporary] : [`${journalPath}.${SUFFIXES[condition]}`, temporary];
}
