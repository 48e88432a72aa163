// Channel `feishu`: a custom bot of Feishu or Lark (飞书), by its webhook URL and the secret of its security setting
// "signature verification"; a bot that is protected by keywords or addresses has no secret. It posts a card (version 1,
// which every client shows). `code` must be 0; 100 messages a minute, 20 KB each
// (open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).
import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { shortened } from '../../alerts/words/fitting.ts';
import { FLAVOURS, type Tone, toneOf, withoutMarks } from '../../alerts/words/flavours.ts';
import { paragraphsOf } from '../../alerts/words/layout.ts';
import type { AlertMessage } from '../../core/alerts/message.ts';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, type CodeMeaning, judgeByCode, Poster } from './http.ts';
import { calledBy, common, mention, postUrl, signingSecret } from './options.ts';

export const options = z.strictObject({
  type: z.literal('feishu'),
  ...common,
  url: postUrl(),
  secret: signingSecret().optional(),
  mention: mention(['mention-feishu'], /^[A-Za-z0-9_-]{1,64}$/),
});
export type FeishuOptions = z.output<typeof options>;

/**
 * The whole request may have 20 KB: signature, header and the frame of each paragraph included. Those take less than
 * 2 KB, as a message has a dozen paragraphs at most.
 */
const MAX_BYTES = 17_000;
/** Three lines of a header on a phone. */
const MAX_TITLE = 150;
/** Three messages a minute: people read no more in a chat. */
const GAP_MS = 20_000;

const COLOURS: Readonly<Record<Tone, string>> = { critical: 'red', warning: 'orange', good: 'green', info: 'blue' };

const CODES: Readonly<Record<number, CodeMeaning>> = {
  9499: 'robot-url',
  11232: { pauseMs: 60_000 },
  19001: 'robot-url',
  19021: 'feishu-secret',
  19022: 'feishu-addresses',
  19024: 'feishu-keywords',
};

export function createFeishuChannel({ url, secret, mention, ...named }: FeishuOptions, tools: ChannelTools): Channel {
  const poster = new Poster('feishu', named, url, tools);
  return {
    name: named.name,
    type: 'feishu',
    gapMs: GAP_MS,
    reach: (signal) => poster.reach(signal),
    async send(message, signal) {
      const seconds = Math.floor(tools.clock.now() / 1000);
      const signed = secret === undefined ? {} : { timestamp: String(seconds), sign: feishuSignature(secret, seconds) };
      const body = JSON.stringify({ ...signed, msg_type: 'interactive', card: cardOf(message, mention) });
      return { detail: judgeByCode(poster, await poster.post({ url, body, signal }), 'code', CODES) };
    },
  };
}

function cardOf(message: AlertMessage, mentioned: readonly string[] | undefined): object {
  const title = shortened(withoutMarks(message.title), '…', (short) => short.length <= MAX_TITLE);
  const [, ...paragraphs] = paragraphsOf(message, FLAVOURS.feishu, { size: MAX_BYTES });
  const { people, everybody } = calledBy(message, mentioned);
  const calls = [...(everybody ? ['all'] : []), ...people].map((id) => `<at id=${id}></at>`).join(' ');
  return {
    config: { wide_screen_mode: true },
    header: { template: COLOURS[toneOf(message)], title: { tag: 'plain_text', content: title } },
    elements: [...paragraphs, ...(calls === '' ? [] : [calls])].map((content) => ({ tag: 'markdown', content })),
  };
}

/** The signature of Feishu's bots: base64 of HMAC-SHA256 of nothing under the key `<seconds>\n<secret>`. */
export function feishuSignature(secret: string, seconds: number): string {
  return createHmac('sha256', `${seconds}\n${secret}`).digest('base64');
}
