// From an error at the start, and as much of the configuration as could be read, to messages over its channels.
import { hostname } from 'node:os';
import { channelsOf } from './alerting.ts';
import type { Voice } from './alerts/deliverer.ts';
import { type RefusalAnswers, type RefusalPlace, tellRefused } from './alerts/start-refused.ts';
import type { World } from './composition.ts';
import type { LoadedConfig } from './config/load.ts';
import { ConfigError, type ReadablePart } from './config/problems.ts';
import type { RotatorError } from './core/errors.ts';
import { redactText } from './core/redact.ts';
import { uuidv7 } from './core/uuid.ts';
import type { Channel } from './ports.ts';

/** How each channel answered (undefined: it took the message); or the same was told a short time ago. */
export type Refused = RefusalAnswers | 'told before';

/** The defaults of `alerts`, for a configuration that could not be read that far. */
const DEFAULTS = { language: 'en', runbook: 'docs/runbook.md', repeatEvery: { criticalMs: 4 * 3_600_000 } } as const;

/** Tells that the daemon cannot start over every channel that can be read. Never throws; takes about 10 s at most. */
export async function refuseStart(
  error: RotatorError,
  loaded: LoadedConfig | undefined,
  world: Pick<World, 'clock' | 'env' | 'random'>,
  version: string,
): Promise<Refused> {
  const known = knownPart(error instanceof ConfigError ? error.readable : undefined, loaded);
  const { channels, voice, place, repeatEveryMs } = known;
  const view = { code: error.code, message: redactText(error.message), hint: redactText(error.hint) };
  const newId = () => uuidv7(world.clock.now(), world.random(10));
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
  readonly place: RefusalPlace;
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
