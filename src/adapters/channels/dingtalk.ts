// Channel `dingtalk`: a custom robot of DingTalk (钉钉), by its webhook URL and the secret of its security setting
// "additional signature"; a robot that is protected by keywords or addresses has no secret. `errcode` must be 0. More than 20 messages a minute mute the robot for ten minutes
// (open.dingtalk.com/document/robots/custom-robot-access).
import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { shortened } from '../../alerts/words/fitting.ts';
import { FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut } from '../../alerts/words/layout.ts';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, type CodeMeaning, judgeByCode, Poster } from './http.ts';
import { calledBy, common, mention, postUrl, signingSecret } from './options.ts';

export const options = z.strictObject({
  type: z.literal('dingtalk'),
  ...common,
  url: postUrl(),
  secret: signingSecret().optional(),
  mention: mention(['mention-dingtalk'], /^(?:\+[0-9]{1,4}-[0-9]{5,14}|[A-Za-z0-9_.@-]{1,64})$/),
});
export type DingtalkOptions = z.output<typeof options>;

/** The whole request may have 20 000 bytes; title and frame need a few hundred. */
const MAX_BYTES = 18_000;
/** It is shown in the list of chats, which cuts off more. */
const MAX_TITLE = 100;
/**
 * Three messages a minute, far below the limit: the robot belongs to other senders too, and being muted costs ten
 * minutes.
 */
const GAP_MS = 20_000;
const MUTED_MS = 600_000;

const MUTED = { pauseMs: MUTED_MS };
const CODES: Readonly<Record<number, CodeMeaning>> = {
  [-1]: 'busy',
  130101: MUTED,
  410100: MUTED,
  300001: 'robot-url',
  300005: 'robot-url',
  310000: 'dingtalk-security',
  400101: 'robot-url',
  400102: 'robot-off',
};

/** A number of mainland China, or of another country with its code; DingTalk takes anything else as the id of a user. */
const MOBILE = /^(?:1[0-9]{10}|\+[0-9]{1,4}-[0-9]{5,14})$/;

export function createDingtalkChannel(
  { url, secret, mention, ...named }: DingtalkOptions,
  tools: ChannelTools,
): Channel {
  const poster = new Poster('dingtalk', named, url, tools);
  return {
    name: named.name,
    type: 'dingtalk',
    gapMs: GAP_MS,
    reach: (signal) => poster.reach(signal),
    async send(message, signal) {
      const short = shortened(message.title, '…', (title) => title.length <= MAX_TITLE);
      // The title is no Markdown.
      const title = FLAVOURS.relayed.text(short);
      const { people, everybody } = calledBy(message, mention);
      const laid = layOut(message, FLAVOURS.dingtalk, { size: MAX_BYTES });
      // Only who stands in the text, too, is called.
      const text = [laid, ...(people.length === 0 ? [] : [people.map((id) => `@${id}`).join(' ')])].join('\n\n');
      // Explicitly nobody else, whatever names stand in the text.
      const at = {
        isAtAll: everybody,
        atMobiles: people.filter((id) => MOBILE.test(id)),
        atUserIds: people.filter((id) => !MOBILE.test(id)),
      };
      const body = JSON.stringify({ msgtype: 'markdown', markdown: { title, text }, at });
      const signed = secret === undefined ? url : signedUrl(url, secret, tools.clock.now());
      return { detail: judgeByCode(poster, await poster.post({ url: signed, body, signal }), 'errcode', CODES) };
    },
  };
}

/** The signature of DingTalk's robots: base64 of HMAC-SHA256 under the secret of `<ms>\n<secret>`. */
export function dingtalkSignature(secret: string, ms: number): string {
  return createHmac('sha256', secret).update(`${ms}\n${secret}`).digest('base64');
}

function signedUrl(url: string, secret: string, ms: number): URL {
  const signed = new URL(url);
  signed.searchParams.set('timestamp', String(ms));
  signed.searchParams.set('sign', dingtalkSignature(secret, ms));
  return signed;
}
