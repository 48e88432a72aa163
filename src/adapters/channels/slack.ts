// Channel `slack`: an incoming webhook of Slack (or of Mattermost, which reads `text`). Blocks of at most 3000
// characters and a text for notifications; the answer's body must be `ok` (docs.slack.dev, "Sending messages using
// incoming webhooks").
import * as z from 'zod';
import { FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut, paragraphsOf } from '../../alerts/words/layout.ts';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, Poster } from './http.ts';
import { common, postUrl } from './options.ts';

export const options = z.strictObject({ type: z.literal('slack'), ...common, url: postUrl() });
export type SlackOptions = z.output<typeof options>;

/** Slack accepts 40 000 characters in 50 blocks; nobody reads more than this. */
const MAX_CHARACTERS = 12_000;
const MAX_BLOCK = 2_900;
/** Slack shows no more than this of a text without blocks. */
const MAX_TEXT = 4_000;
/** Slack accepts one message a second for each channel, from all its senders. */
const GAP_MS = 5_000;

const NEW = 'Make a new incoming webhook in Slack and put its URL into the channel: this one is revoked or unknown.';
/** Slack's words for what is wrong. Only these are shown. */
const WORDS: Readonly<Record<string, string>> = {
  invalid_token: NEW,
  no_service: NEW,
  no_service_id: NEW,
  no_team: NEW,
  no_active_hooks: NEW,
  team_disabled: 'Ask the owner of the Slack workspace: it is switched off.',
  channel_not_found: 'Make a new incoming webhook for a channel that exists.',
  channel_is_archived: 'Restore the channel in Slack, or make a webhook for another one.',
  action_prohibited: 'Ask an administrator of the Slack workspace to permit the webhook to post to its channel.',
  posting_to_general_channel_denied: 'Make a webhook for a channel other than the general one.',
  user_not_found: 'Make a new incoming webhook: whom it writes to is gone.',
  invalid_payload: 'Report this: Slack does not take the form of the message.',
  invalid_blocks: 'Report this: Slack does not take the form of the message.',
  no_text: 'Report this: Slack does not take the form of the message.',
};

export function createSlackChannel({ url, ...named }: SlackOptions, tools: ChannelTools): Channel {
  const poster = new Poster('slack', named, url, tools);
  return {
    name: named.name,
    type: 'slack',
    gapMs: GAP_MS,
    async send(message, signal) {
      const limits = { size: MAX_CHARACTERS, paragraph: MAX_BLOCK };
      const blocks = paragraphsOf(message, FLAVOURS.slack, limits).map((text) => ({
        type: 'section',
        // Slack must not turn words into links or names.
        text: { type: 'mrkdwn', text, verbatim: true },
      }));
      const text = layOut(message, FLAVOURS.slack, { size: MAX_TEXT });
      const quiet = { link_names: false, parse: 'none', unfurl_links: false, unfurl_media: false };
      const answer = await poster.post({ url, body: JSON.stringify({ text, blocks, ...quiet }), signal });
      const said = answer.body.trim();
      if (answer.status < 300 && said === 'ok') return { detail: `HTTP ${answer.status}, ok` };
      const hint = Object.hasOwn(WORDS, said) ? WORDS[said] : undefined;
      if (hint !== undefined)
        throw poster.error('ERR_CHANNEL_REFUSED', `refused the message: HTTP ${answer.status}, ${said}`, {
          hint,
          remoteCode: said,
        });
      poster.requireSuccess(answer);
      throw poster.unknownAnswer(answer, 'Slack\'s "ok"');
    },
  };
}
