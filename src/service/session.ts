// What the commands work with that read the journal, and what a test of the channels needs.
import { daemonRuns, type JournalPlace, journalExists, openJournal } from '../adapters/journal/journal.ts';
import { isPostgres, readPostgresUrl } from '../adapters/journal/place.ts';
import { exampleNews } from '../alerts/stories/example.ts';
import { composeMessage } from '../alerts/words/compose.ts';
import type { MessageSubject } from '../alerts/words/request.ts';
import { readJournalPlace } from '../config/journal-place.ts';
import { loadConfig, nothingRead } from '../config/load.ts';
import { ConfigError, type ReadablePart } from '../config/problems.ts';
import type { Config } from '../config/resolve.ts';
import type { AlertMessage } from '../core/alerts/message.ts';
import type { Cause } from '../core/alerts/names.ts';
import { RotatorError } from '../core/errors.ts';
import type { Journal } from '../core/journal-ports.ts';
import type { Channel } from '../core/ports.ts';
import { identityOf, targetKey } from '../core/records.ts';
import { shownName } from '../core/shown.ts';
import type { TargetLabel } from '../core/target-view.ts';
import type { ServiceTools } from './tools.ts';
import { channelsOf, voiceOf } from './wire-alerts.ts';

/** Every command but `run` wants the whole configuration to be right. Throws ConfigError. */
export async function strictConfig(
  file: string | undefined,
  tools: Pick<ServiceTools, 'clock' | 'env'>,
): Promise<Config> {
  const { config } = await loadConfig({ file, env: tools.env, mode: 'strict', now: tools.clock.now() });
  return config;
}

/** What a command that reads the journal may be given. */
export interface ReadingOptions {
  /** The file that `--config` names. */
  readonly config?: string;
  /** The journal to read, whatever the configuration says. */
  readonly journal?: string;
}

/** A journal to read, and what is known of it beside what it holds. */
export interface JournalToRead {
  readonly place: JournalPlace;
  readonly exists: boolean;
  /**
   * Why what the journal holds is all that is known: it was `asked` for, or the configuration is wrong. Undefined: the
   * configuration is right.
   */
  readonly alone: 'asked' | ConfigError | undefined;
  /** Those of the configuration; undefined where the journal alone is read. */
  readonly targets: readonly KnownTarget[] | undefined;
  /** As far as it could be read. */
  readonly alerts: ReadablePart['alerts'];
  /** Undefined where that cannot be found out. */
  readonly daemonRuns: boolean | undefined;
}

export type KnownTarget = TargetLabel & { readonly key: string };

/**
 * The journal that `--journal` names, else that of the configuration, which need not be right. Throws ERR_USAGE if there
 * is no journal where `--journal` says.
 */
export async function findJournal(
  { config: file, journal }: ReadingOptions,
  tools: Pick<ServiceTools, 'clock' | 'env'>,
): Promise<JournalToRead> {
  const at = (place: JournalPlace) => ({ place, exists: journalExists(place), daemonRuns: daemonRuns(place) });
  if (journal !== undefined) {
    const found = at(namedPlace(journal));
    if (!found.exists) throw new RotatorError('ERR_USAGE', { problem: 'no-such-journal', path: shownName(journal) });
    return { ...found, alone: 'asked', targets: undefined, alerts: nothingRead().alerts };
  }
  try {
    const { journal: place, alerts, targets } = await strictConfig(file, tools);
    return {
      ...at(place),
      alone: undefined,
      targets: targets.map((target) => ({ ...target, key: targetKey(target) })),
      alerts,
    };
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const { alerts } = thrown.readable ?? nothingRead();
    return { ...at(await readJournalPlace(file, tools.env)), alone: thrown, targets: undefined, alerts };
  }
}

/** The journal that an option names. */
function namedPlace(journal: string): JournalPlace {
  if (!isPostgres(journal)) return { path: journal.replace(/^sqlite:/, '') };
  const place = readPostgresUrl(journal);
  if (typeof place === 'string') throw new RotatorError('ERR_USAGE', { problem: 'journal-url' });
  return place;
}

export interface JournalSession {
  readonly journal: Journal;
  readonly targets: readonly KnownTarget[];
  readonly alerts: ReadablePart['alerts'];
  /** False where the journal alone is read. */
  readonly isConfigured: boolean;
}

/** Opens a journal to read, for as long as `use` takes; one that does not exist yet is empty. */
export async function withJournal<T>(
  { place, targets, alerts }: JournalToRead,
  { clock }: Pick<ServiceTools, 'clock'>,
  use: (session: JournalSession) => Promise<T>,
): Promise<T> {
  const journal = await openJournal(place, { mode: 'read', clock });
  try {
    const isConfigured = targets !== undefined;
    return await use({ journal, targets: targets ?? (await recordedTargets(journal)), alerts, isConfigured });
  } finally {
    await journal.close();
  }
}

/** What is watched, as far as it was ever recorded; where no alerts were looked for, all that was recorded. */
async function recordedTargets(journal: Journal): Promise<KnownTarget[]> {
  const { watchedSince } = (await journal.alertBook()).memo;
  const isCounted = Object.keys(watchedSince).length > 0;
  const states = (await journal.targets()).filter(({ key }) => !isCounted || key in watchedSince);
  return states.map(({ key, name }) => ({ key, name, ...identityOf(key) }));
}

export interface ChannelTest {
  readonly channels: readonly Channel[];
  /** What each is sent: a test, or a story of `cause` that is made up, and its end. */
  readonly messages: (cause: Cause | undefined, withEnd: boolean) => readonly AlertMessage[];
}

/** The configured channels, and marked test messages for them. */
export async function channelTest(file: string | undefined, tools: Omit<ServiceTools, 'emit'>): Promise<ChannelTest> {
  const config = await strictConfig(file, tools);
  const message = testMessages(config, tools);
  const story = (cause: Cause, status: 'raised' | 'cleared') =>
    message({ kind: 'story', ...exampleNews(cause, status, tools.clock.now()) });
  return {
    channels: channelsOf(config, tools, true),
    messages(cause, withEnd) {
      if (cause === undefined) return [message({ kind: 'test' })];
      // An event has no end.
      return [story(cause, 'raised'), ...(withEnd && cause !== 'Unwatched' ? [story(cause, 'cleared')] : [])];
    },
  };
}

/** Makes messages that say that they are a test. */
export function testMessages(
  config: Config,
  { clock, newId, version }: Pick<ServiceTools, 'clock' | 'newId' | 'version'>,
): (subject: MessageSubject) => AlertMessage {
  const voice = voiceOf(config, version);
  return (subject) => composeMessage({ id: newId(), now: clock.now(), ...voice, subjects: [subject], isTest: true });
}
