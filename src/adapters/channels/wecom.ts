// Channel `wecom`: a group robot of WeCom (企业微信), by its webhook URL. Markdown of at most 4096 bytes; HTTP 200 also
// where the message was refused, so `errcode` must be 0 (developer.work.weixin.qq.com/document/path/91770). Markdown
// calls people by their user id alone; a phone number and everybody need a second message, a text.
import * as z from 'zod';
import { shortened } from '../../alerts/words/fitting.ts';
import { bytesOf, FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut } from '../../alerts/words/layout.ts';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, type CodeMeaning, judgeByCode, Poster } from './http.ts';
import { calledBy, common, mention, postUrl } from './options.ts';

export const options = z.strictObject({
  type: z.literal('wecom'),
  ...common,
  url: postUrl(),
  mention: mention(['mention-wecom'], /^(?:\+[0-9]{6,20}|[A-Za-z0-9_.@-]{1,64})$/),
});
export type WecomOptions = z.output<typeof options>;

const MAX_BYTES = 4096;
/** Of a text. */
const MAX_TEXT_BYTES = 2048;
/** A robot accepts 20 messages a minute from all its senders; we use three of them, or six where each calls somebody. */
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

/** A number of mainland China, or of another country with its code; anything else is the id of a user. */
const MOBILE = /^(?:1[0-9]{10}|\+[0-9]{6,20})$/;

export function createWecomChannel({ url, mention, ...named }: WecomOptions, tools: ChannelTools): Channel {
  const poster = new Poster('wecom', named, url, tools);
  const post = async (content: object, signal: AbortSignal) => {
    const answer = await poster.post({ url, body: JSON.stringify(content), signal });
    return judgeByCode(poster, answer, 'errcode', CODES);
  };
  /** The message whose first part was accepted, and its second not yet: the first is not sent again. */
  let begun: string | undefined;
  return {
    name: named.name,
    type: 'wecom',
    gapMs: GAP_MS,
    reach: (signal) => poster.reach(signal),
    async send(message, signal) {
      const { people, everybody } = calledBy(message, mention);
      const mobiles = people.filter((id) => MOBILE.test(id));
      const calls = people.filter((id) => !MOBILE.test(id)).map((id) => `<@${id}>`);
      const ending = calls.length === 0 ? '' : `\n\n${calls.join(' ')}`;
      let detail = '';
      if (begun !== message.id) {
        const content = layOut(message, FLAVOURS.wecom, { size: MAX_BYTES - bytesOf(ending) });
        detail = await post({ msgtype: 'markdown', markdown: { content: content + ending } }, signal);
      }
      if (!everybody && mobiles.length === 0) return { detail };
      begun = message.id;
      const content = shortened(FLAVOURS.relayed.text(message.title), '…', (short) => bytesOf(short) <= MAX_TEXT_BYTES);
      const called = { mentioned_list: everybody ? ['@all'] : [], mentioned_mobile_list: mobiles };
      detail = await post({ msgtype: 'text', text: { content, ...called } }, signal);
      begun = undefined;
      return { detail };
    },
  };
}
