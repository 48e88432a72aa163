// Channel `slack`: an incoming webhook of Slack (or of Mattermost, which reads `text`). A header block, sections of at
// most 3000 characters and a text for notifications; the answer's body must be `ok` (docs.slack.dev, "Sending messages using
// incoming webhooks").
import * as z from 'zod';
import { shortened } from '../../alerts/words/fitting.ts';
import { FLAVOURS, SLACK_EMOJIS, toneOf, withoutMarks } from '../../alerts/words/flavours.ts';
import { layOut, paragraphsOf } from '../../alerts/words/layout.ts';
import type { AlertMessage } from '../../core/alerts/message.ts';
import type { ChannelAdvice } from '../../core/error-troubles.ts';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, Poster } from './http.ts';
import { calledBy, common, mention, postUrl } from './options.ts';

export const options = z.strictObject({
  type: z.literal('slack'),
  ...common,
  url: postUrl(),
  mention: mention(['mention-slack'], /^[UWS][A-Z0-9]{5,20}$/),
});
export type SlackOptions = z.output<typeof options>;

/** Slack accepts 40 000 characters in 50 blocks; nobody reads more than this. */
const MAX_CHARACTERS = 12_000;
const MAX_BLOCK = 2_900;
/** Of a header block; Slack refuses a longer one. */
const MAX_HEADER = 150;
/** Slack shows no more than this of a text without blocks. */
const MAX_TEXT = 4_000;
/** Slack accepts one message a second for each channel, from all its senders. */
const GAP_MS = 5_000;

/** Slack's words for what is wrong. Only these are shown. */
const WORDS: Readonly<Record<string, ChannelAdvice>> = {
  invalid_token: 'slack-webhook',
  no_service: 'slack-webhook',
  no_service_id: 'slack-webhook',
  no_team: 'slack-webhook',
  no_active_hooks: 'slack-webhook',
  team_disabled: 'slack-workspace',
  channel_not_found: 'slack-webhook',
  channel_is_archived: 'slack-channel',
  action_prohibited: 'slack-workspace',
  posting_to_general_channel_denied: 'slack-channel',
  user_not_found: 'slack-webhook',
  invalid_payload: 'report',
  invalid_blocks: 'report',
  no_text: 'report',
};

export function createSlackChannel({ url, mention, ...named }: SlackOptions, tools: ChannelTools): Channel {
  const poster = new Poster('slack', named, url, tools);
  return {
    name: named.name,
    type: 'slack',
    gapMs: GAP_MS,
    reach: (signal) => poster.reach(signal),
    async send(message, signal) {
      const calls = callsOf(message, mention);
      const text = [layOut(message, FLAVOURS.slack, { size: MAX_TEXT }), ...calls].join('\n\n');
      const blocks = blocksOf(message, calls);
      const quiet = { link_names: false, parse: 'none', unfurl_links: false, unfurl_media: false };
      const answer = await poster.post({ url, body: JSON.stringify({ text, blocks, ...quiet }), signal });
      const said = answer.body.trim();
      if (answer.status < 300 && said === 'ok') return { detail: `HTTP ${answer.status}, ok` };
      const advice = Object.hasOwn(WORDS, said) ? WORDS[said] : undefined;
      if (advice !== undefined) throw poster.refused(`HTTP ${answer.status}, ${said}`, advice, said);
      poster.requireSuccess(answer);
      throw poster.unknownAnswer(answer, 'ok');
    },
  };
}

function blocksOf(message: AlertMessage, calls: readonly string[]): object[] {
  const [, ...paragraphs] = paragraphsOf(message, FLAVOURS.slack, { size: MAX_CHARACTERS, paragraph: MAX_BLOCK });
  const title = `${SLACK_EMOJIS[toneOf(message)]} ${withoutMarks(message.title)}`;
  const header = shortened(title, '…', (short) => short.length <= MAX_HEADER);
  return [
    // Plain text has no markup; the emoji is a character, so that no word between colons becomes one.
    { type: 'header', text: { type: 'plain_text', text: header, emoji: false } },
    ...[...paragraphs, ...calls].map((text) => ({
      type: 'section',
      // Slack must not turn words into links or names.
      text: { type: 'mrkdwn', text, verbatim: true },
    })),
  ];
}

/** `<@U…>` is a member, `<!subteam^S…>` a group; one line at most. */
function callsOf(message: AlertMessage, mentioned: readonly string[] | undefined): string[] {
  const { people, everybody } = calledBy(message, mentioned);
  const calls = people.map((id) => (id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`));
  const all = [...(everybody ? ['<!channel>'] : []), ...calls];
  return all.length === 0 ? [] : [all.join(' ')];
}
