// Channel `feishu`: a custom bot of Feishu or Lark (飞书), by its webhook URL and the secret of its security setting
// "signature verification". `code` must be 0; 100 messages a minute, 20 KB each
// (open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).
import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut } from '../../alerts/words/layout.ts';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, type CodeMeaning, judgeByCode, Poster } from './http.ts';
import { common, postUrl, signingSecret } from './options.ts';

export const options = z.strictObject({
  type: z.literal('feishu'),
  ...common,
  url: postUrl(),
  secret: signingSecret(),
});
export type FeishuOptions = z.output<typeof options>;

/** The whole request may have 20 KB, signature and frame included. */
const MAX_BYTES = 18_000;
/** Three messages a minute: people read no more in a chat. */
const GAP_MS = 20_000;

const CODES: Readonly<Record<number, CodeMeaning>> = {
  9499: 'robot-url',
  11232: { pauseMs: 60_000 },
  19001: 'robot-url',
  19021: 'feishu-secret',
  19022: 'feishu-addresses',
  19024: 'feishu-keywords',
};

export function createFeishuChannel({ url, secret, ...named }: FeishuOptions, tools: ChannelTools): Channel {
  const poster = new Poster('feishu', named, url, tools);
  return {
    name: named.name,
    type: 'feishu',
    gapMs: GAP_MS,
    async send(message, signal) {
      const seconds = Math.floor(tools.clock.now() / 1000);
      const body = JSON.stringify({
        timestamp: String(seconds),
        sign: feishuSignature(secret, seconds),
        msg_type: 'text',
        content: { text: layOut(message, FLAVOURS.feishu, { size: MAX_BYTES }) },
      });
      return { detail: judgeByCode(poster, await poster.post({ url, body, signal }), 'code', CODES) };
    },
  };
}

/** The signature of Feishu's bots: base64 of HMAC-SHA256 of nothing under the key `<seconds>\n<secret>`. */
export function feishuSignature(secret: string, seconds: number): string {
  return createHmac('sha256', `${seconds}\n${secret}`).digest('base64');
}
