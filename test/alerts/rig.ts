// Delivery in one process: a real SQLite journal, the real channels over sockets to the sandbox's inbox, and a clock
// that is moved by hand.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { channelOptions, createChannel } from '../../src/adapters/channels/registry.ts';
import { openJournal } from '../../src/adapters/journal/journal.ts';
import { Deliverer, type Digests } from '../../src/alerts/deliverer.ts';
import { advance } from '../../src/alerts/stories/advance.ts';
import { type AlertPolicy, dueOf, newsFor } from '../../src/alerts/stories/news.ts';
import type { Finding } from '../../src/core/alerts/conditions.ts';
import type { EventName, RotatorEvent } from '../../src/core/events.ts';
import type { Journal } from '../../src/core/journal-ports.ts';
import type { Channel } from '../../src/core/ports.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { LANE_OF } from '../support/alert-life.ts';
import { fastFolder } from '../support/journal.ts';
import { LeapingClock } from '../support/pass-rig.ts';

export const VOICE = { instance: 'prod', version: '1.2.3', language: 'en', runbook: 'docs/runbook.md' } as const;

export type Settings = { readonly name: string; readonly type: string } & Readonly<Record<string, unknown>>;

/** Starts everything, with digests if there are to be any. `channels`: as in the configuration; `url` is the sandbox's inbox of the channel's name by default. */
export async function startDelivery(
  channels: readonly Settings[] = [{ name: 'ops', type: 'webhook' }],
  digests?: Digests,
) {
  const clock = new LeapingClock();
  const sandbox = await startSandbox({ port: 0, clock });
  const folder = mkdtempSync(join(fastFolder(), 'rotator-alerts-'));
  const path = join(folder, 'journal.db');
  const journal = await openJournal({ path }, { mode: 'write', clock });
  const events: RotatorEvent[] = [];
  const newId = () => uuidv7(clock.now(), new Uint8Array(randomBytes(10)));
  onTestFinished(async () => {
    await journal.close();
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const made = channels.map((settings): Channel => {
    const parsed = channelOptions.parse({ url: `${sandbox.url}/inbox/${settings.name}`, ...settings });
    return createChannel(parsed, { clock, env: {}, instance: VOICE.instance });
  });
  const policy: AlertPolicy = {
    repeatEvery: { warningMs: 24 * 3_600_000, criticalMs: 4 * 3_600_000 },
    routes: channels.map(({ name }) => ({ name, severities: ['warning', 'critical'], targets: undefined })),
    leastHoldMs: 0,
  };
  const tools = { clock, journal, emit: (event: RotatorEvent) => void events.push(event), newId };
  const newDeliverer = (
    leaseHolder = 'daemon:',
    parts: { channels?: readonly Channel[]; journal?: Journal; digests?: Digests } = {},
  ) =>
    new Deliverer(
      { channels: parts.channels ?? made, voice: VOICE, policy, digests: parts.digests ?? digests },
      { ...tools, leaseHolder, journal: parts.journal ?? journal },
    );
  const deliverer = newDeliverer();

  return {
    clock,
    sandbox,
    journal,
    /** The file of the journal. */
    path,
    channels: made,
    policy,
    deliverer,
    /** Another process over the same journal. */
    newDeliverer,
    told: <N extends EventName>(name: N) =>
      events.filter((each): each is RotatorEvent<N> & RotatorEvent => each.event === name),
    /** What arrived at an inbox. */
    inbox: (name = 'ops') => sandbox.world.inbox.filter((message) => message.name === name),
    /** One look of the engine. */
    look: (findings: readonly Finding[], through = journal) =>
      through.updateAlerts(
        (book) =>
          advance(
            book,
            { now: clock.now(), findings, undecided: () => false, laneOf: LANE_OF, isSweeping: false },
            policy,
          ).update,
      ),
    /** What is to be told over a channel. */
    async waiting(channel = 'ops') {
      const { stories } = await journal.alertBook();
      return dueOf(newsFor(stories, channel, policy, clock.now()), clock.now());
    },
    channel: async (name = 'ops') => (await journal.alertBook()).channels.find((state) => state.name === name),
    /** Starts what is due now, and waits for it; returns for how many ms nothing else is due. */
    async round(hurry = false): Promise<number> {
      const { wait } = deliverer.start(await journal.alertBook(), () => undefined, hurry);
      await deliverer.settled();
      return wait;
    },
  };
}
