// What the commands work with that read the journal, and what a test of the channels needs.
import { openJournal } from '../adapters/journal/journal.ts';
import { composeMessage } from '../alerts/words/compose.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/resolve.ts';
import type { AlertMessage } from '../core/alerts/message.ts';
import type { Channel, Journal } from '../core/ports.ts';
import { targetKey } from '../core/records.ts';
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

export interface JournalSession {
  readonly config: Config;
  readonly journal: Journal;
  readonly targets: readonly (TargetLabel & { readonly key: string })[];
}

/** Opens the configured journal to read, for as long as `use` takes; one that does not exist yet is empty. */
export async function withJournal<T>(
  file: string | undefined,
  tools: Pick<ServiceTools, 'clock' | 'env'>,
  use: (session: JournalSession) => Promise<T>,
): Promise<T> {
  const config = await strictConfig(file, tools);
  const journal = await openJournal(config.journal, { mode: 'read', clock: tools.clock });
  try {
    const targets = config.targets.map((target) => ({ ...target, key: targetKey(target) }));
    return await use({ config, journal, targets });
  } finally {
    await journal.close();
  }
}

export interface ChannelTest {
  readonly channels: readonly Channel[];
  readonly message: () => AlertMessage;
}

/** The configured channels, and a marked test message for them. */
export async function channelTest(file: string | undefined, tools: Omit<ServiceTools, 'emit'>): Promise<ChannelTest> {
  const config = await strictConfig(file, tools);
  const { clock, newId, version } = tools;
  return {
    channels: channelsOf(config, tools, true),
    message: () => {
      const voice = voiceOf(config, version);
      return composeMessage({ id: newId(), now: clock.now(), ...voice, subjects: [{ kind: 'test' }] });
    },
  };
}
