// Channels over HTTP with the sandbox's inbox behind them.
import { onTestFinished } from 'vitest';
import { type ChannelOptions, channelOptions, createChannel } from '../../../src/adapters/channels/registry.ts';
import type { Channel, Clock } from '../../../src/core/ports.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { realClock } from '../../support/clock.ts';

/** Part of every URL here; must never be shown. */
export const TOKEN = 'token-7f3a9c1e5b';
export const SECRET = 'SECtest';
export const ROUTING_KEY = 'R0UTINGKEYR0UTINGKEYR0UTINGKEY12';

export type HttpType = Exclude<ChannelOptions['type'], 'email'>;

const OWN: Readonly<Record<HttpType, object>> = {
  webhook: { secret: SECRET },
  slack: {},
  wecom: {},
  dingtalk: { secret: SECRET },
  feishu: { secret: SECRET },
  pagerduty: { routingKey: ROUTING_KEY },
  alertmanager: {},
};
export const HTTP_TYPES = Object.keys(OWN) as HttpType[];

export interface Tools {
  readonly clock?: Clock;
  readonly timeoutMs?: number;
  readonly ca?: string;
  readonly isBrief?: boolean;
}

/** The channel `ops` of a type, as the configuration would make it. */
export function channelTo(type: HttpType, url: string, tools: Tools = {}, own: object = OWN[type]): Channel {
  const options = channelOptions.parse({ name: 'ops', type, url, ...own });
  return createChannel(options, { env: {}, clock: realClock, instance: 'prod-rotator', ...tools });
}

export async function sandboxOfTest(clock: Clock = realClock): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, clock });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** A channel to the inbox of its type. */
export async function inboxChannel(type: HttpType, tools: Tools = {}, own?: object) {
  const sandbox = await sandboxOfTest(tools.clock);
  return { ...sandbox, channel: channelTo(type, `${sandbox.url}/inbox/${type}?key=${TOKEN}`, tools, own) };
}
