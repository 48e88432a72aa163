// Channel `wecom`: a group robot of WeCom (企业微信), by its webhook URL. Markdown of at most 4096 bytes; HTTP 200 also
// where the message was refused, so `errcode` must be 0 (developer.work.weixin.qq.com/document/path/91770).
import * as z from 'zod';
import { FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut } from '../../alerts/words/layout.ts';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, type CodeRow, judgeByCode, Poster } from './http.ts';
import { common, postUrl } from './options.ts';

export const options = z.strictObject({ type: z.literal('wecom'), ...common, url: postUrl() });
export type WecomOptions = z.output<typeof options>;

const MAX_BYTES = 4096;
/** A robot accepts 20 messages a minute from all its senders; we use three of them. */
const GAP_MS = 20_000;

const COPY = 'Copy the webhook URL of the robot again, or make a new robot: WeCom does not know this one.';
const WAIT = 'Wait: the message is sent again by itself. A robot takes 20 messages a minute from all its senders.';
const CODES: Readonly<Record<number, CodeRow>> = {
  [-1]: { is: 'unavailable', hint: 'Wait: WeCom is busy, and the message is sent again by itself.' },
  40008: { is: 'refused', hint: 'Check that the URL is that of a group robot of WeCom.' },
  40058: { is: 'refused', hint: 'Check that the URL is that of a group robot of WeCom; report it if it is.' },
  45009: { is: 'throttled', hint: WAIT, retryAfterMs: 60_000 },
  45033: { is: 'throttled', hint: WAIT, retryAfterMs: 60_000 },
  93000: { is: 'refused', hint: COPY },
  93004: { is: 'refused', hint: 'Switch the robot on again in its group.' },
  93008: { is: 'refused', hint: 'Add the robot to its group again.' },
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
