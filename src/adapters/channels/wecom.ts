// Channel `wecom`: a group robot of WeCom (企业微信), by its webhook URL. Markdown of at most 4096 bytes; HTTP 200 also
// where the message was refused, so `errcode` must be 0 (developer.work.weixin.qq.com/document/path/91770).
import * as z from 'zod';
import { FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut } from '../../alerts/words/layout.ts';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, type CodeMeaning, judgeByCode, Poster } from './http.ts';
import { common, postUrl } from './options.ts';

export const options = z.strictObject({ type: z.literal('wecom'), ...common, url: postUrl() });
export type WecomOptions = z.output<typeof options>;

const MAX_BYTES = 4096;
/** A robot accepts 20 messages a minute from all its senders; we use three of them. */
const GAP_MS = 20_000;

const LIMIT = { pauseMs: 60_000 };
const CODES: Readonly<Record<number, CodeMeaning>> = {
  [-1]: 'busy',
  40008: 'robot-url',
  40058: 'robot-url',
  45009: LIMIT,
  45033: LIMIT,
  93000: 'robot-url',
  93004: 'robot-off',
  93008: 'robot-removed',
};

export function createWecomChannel({ url, ...named }: WecomOptions, tools: ChannelTools): Channel {
  const poster = new Poster('wecom', named, url, tools);
  return {
    name: named.name,
    type: 'wecom',
    gapMs: GAP_MS,
    async send(message, signal) {
      const content = layOut(message, FLAVOURS.wecom, { size: MAX_BYTES });
      const body = JSON.stringify({ msgtype: 'markdown', markdown: { content } });
      return { detail: judgeByCode(poster, await poster.post({ url, body, signal }), 'errcode', CODES) };
    },
  };
}
