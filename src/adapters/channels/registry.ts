// The channels by `type`. A new channel is its file, a line in each list here, its test calling the shared contract
// (test/contract/channel.ts), and a row of docs/configuration.md.
import * as z from 'zod';
import type { Channel } from '../../core/ports.ts';
import { options as alertmanager, createAlertmanagerChannel } from './alertmanager.ts';
import { createDingtalkChannel, options as dingtalk } from './dingtalk.ts';
import { createEmailChannel, options as email } from './email.ts';
import { createFeishuChannel, options as feishu } from './feishu.ts';
import type { ChannelTools } from './http.ts';
import { createPagerdutyChannel, options as pagerduty } from './pagerduty.ts';
import { createSlackChannel, options as slack } from './slack.ts';
import { createWebhookChannel, options as webhook } from './webhook.ts';
import { createWecomChannel, options as wecom } from './wecom.ts';

export type { ChannelTools } from './http.ts';

/** A channel of the configuration. */
export const channelOptions = z
  .discriminatedUnion('type', [webhook, slack, wecom, dingtalk, feishu, pagerduty, alertmanager, email])
  .describe('A channel.');
export type ChannelOptions = z.output<typeof channelOptions>;

type Type = ChannelOptions['type'];
type OptionsOf<T extends Type> = Extract<ChannelOptions, { type: T }>;

const FACTORIES: { readonly [T in Type]: (options: OptionsOf<T>, tools: ChannelTools) => Channel } = {
  webhook: createWebhookChannel,
  slack: createSlackChannel,
  wecom: createWecomChannel,
  dingtalk: createDingtalkChannel,
  feishu: createFeishuChannel,
  pagerduty: createPagerdutyChannel,
  alertmanager: createAlertmanagerChannel,
  email: createEmailChannel,
};

/**
 * The channel that `options` describe; nothing is called before its first `send`. Create one object for each channel
 * and process: it remembers how far it got with a message. Throws ERR_CONFIG for http:// to another machine.
 */
export function createChannel(options: ChannelOptions, tools: ChannelTools): Channel {
  const create = FACTORIES[options.type] as (options: ChannelOptions, tools: ChannelTools) => Channel;
  return create(options, tools);
}
