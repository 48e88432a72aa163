// From an error at the start, and as much of the configuration as could be read, to messages over its channels.
import { hostname } from 'node:os';
import type { Voice } from '../alerts/deliverer.ts';
import { Heartbeat } from '../alerts/heartbeat.ts';
import {
  forgetRefusal,
  type RefusalAnswers,
  type RefusalPlace,
  type ToldWithoutJournal,
  tellRefused,
  toldRefusal,
} from '../alerts/start-refused.ts';
import type { TakenOver } from '../alerts/watch.ts';
import type { LoadedConfig } from '../config/load.ts';
import { ConfigError, type ReadablePart } from '../config/problems.ts';
import type { RotatorError } from '../core/errors.ts';
import type { Channel } from '../core/ports.ts';
import { redactText } from '../core/redact.ts';
import { HOUR, MINUTE } from '../core/time.ts';
import { channelsOf } from './wire-alerts.ts';
import type { World } from './wire-targets.ts';

type Place = Omit<RefusalPlace, 'condition'>;

/**
 * What a service or a `once` that has its journal takes over of what was told without one; only what was told last
 * before the instant `before`.
 */
export async function takeOver(place: Place, options: { readonly before?: number } = {}): Promise<TakenOver> {
  const told = await Promise.all(
    TOLD_WITHOUT_JOURNAL.map(async (condition) => toldRefusal({ ...place, condition }, options)),
  );
  const conditions = told.filter((record) => record !== undefined);
  return {
    conditions,
    done: () =>
      forget(
        place,
        conditions.map(({ finding }) => finding.condition),
      ),
  };
}

/** A supervisor that starts a program again and again has it told again within `repeatEvery`, and a little. */
const SILENT_MS = 10 * MINUTE;

/**
 * What other processes told beside a service that runs (a second daemon, a `once` of the wrong user), once they have
 * stopped telling it: the service tells the end.
 */
export async function takeOverSilent(place: Place, now: number, repeatEveryMs: number): Promise<TakenOver | undefined> {
  const found = await takeOver(place, { before: now - repeatEveryMs - SILENT_MS });
  return found.conditions.length === 0 ? undefined : found;
}

/** For a daemon whose journal is back: what it had taken over or told itself is in there. Never throws. */
export async function forgetTold(place: Place): Promise<void> {
  await forget(place, TOLD_WITHOUT_JOURNAL);
}

async function forget(place: Place, conditions: readonly string[]): Promise<void> {
  const theirs = TOLD_WITHOUT_JOURNAL.filter((condition) => conditions.includes(condition));
  await Promise.all(theirs.map((condition) => forgetRefusal({ ...place, condition })));
}

const TOLD_WITHOUT_JOURNAL = ['StartRefused', 'JournalUnwritable'] as const satisfies readonly ToldWithoutJournal[];

/** How each channel answered (undefined: it took the message); or the same was told a short time ago. */
export type Refused = RefusalAnswers | 'told before';

/** The defaults of `alerts`, for a configuration that could not be read that far. */
const DEFAULTS = { language: 'en', runbook: 'docs/runbook.md', repeatEvery: { criticalMs: 4 * HOUR } } as const;

type Outside = Pick<World, 'clock' | 'env' | 'newId'>;

/** Tells that the daemon cannot start over every channel that can be read. Never throws; takes about 10 s at most. */
export async function refuseStart(
  error: RotatorError,
  loaded: LoadedConfig | undefined,
  world: Outside,
  version: string,
): Promise<Refused> {
  return tell('StartRefused', error, loaded, world, version);
}

/**
 * Tells that `once` cannot write its journal over every channel, and the heartbeat that it failed. Never throws; takes
 * about 10 s at most.
 */
export async function tellUnwritable(
  error: RotatorError,
  loaded: LoadedConfig,
  world: Outside & Pick<World, 'emit'>,
  version: string,
): Promise<Refused> {
  const heartbeat = new Heartbeat(loaded.config.heartbeat, world);
  heartbeat.beat({ troubles: ['the journal cannot be written'], critical: ['JournalUnwritable'] });
  const [refused] = await Promise.all([tell('JournalUnwritable', error, loaded, world, version), heartbeat.settled()]);
  return refused;
}

async function tell(
  condition: ToldWithoutJournal,
  error: RotatorError,
  loaded: LoadedConfig | undefined,
  world: Outside,
  version: string,
): Promise<Refused> {
  const known = knownPart(error instanceof ConfigError ? error.readable : undefined, loaded);
  const { channels, voice, repeatEveryMs } = known;
  const place: RefusalPlace = { ...known.place, condition };
  const view = { code: error.code, message: redactText(error.message), hint: redactText(error.hint) };
  const { newId } = world;
  const tools = {
    clock: world.clock,
    channels: usable(channels, world, voice.instance),
    voice: { ...voice, version },
    repeatEveryMs,
    newId,
  };
  return (await tellRefused(view, place, tools)) ?? 'told before';
}

/** What is wrong with the others is part of what is told. */
function usable(channels: ReadablePart['channels'], world: Pick<World, 'clock' | 'env'>, instance: string): Channel[] {
  return channels.flatMap((channel) => {
    try {
      return channelsOf([channel], world, instance, true);
    } catch {
      return [];
    }
  });
}

interface KnownPart {
  readonly channels: ReadablePart['channels'];
  readonly voice: Omit<Voice, 'version'>;
  readonly place: Place;
  readonly repeatEveryMs: number;
}

function knownPart(readable: ReadablePart | undefined, loaded: LoadedConfig | undefined): KnownPart {
  if (loaded !== undefined) {
    const { alerts, instance, journal } = loaded.config;
    return {
      channels: alerts.channels,
      voice: { instance, language: alerts.language, runbook: alerts.runbook },
      place: { configFile: loaded.file, journalPath: journal.path },
      repeatEveryMs: alerts.repeatEvery.criticalMs,
    };
  }
  const { alerts } = readable ?? {};
  return {
    channels: readable?.channels ?? [],
    voice: {
      instance: readable?.instance ?? hostname(),
      language: alerts?.language ?? DEFAULTS.language,
      runbook: alerts?.runbook ?? DEFAULTS.runbook,
    },
    place: { configFile: readable?.file, journalPath: readable?.journalPath },
    repeatEveryMs: alerts?.repeatEvery.critical ?? DEFAULTS.repeatEvery.criticalMs,
  };
}
