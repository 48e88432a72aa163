// The markup of each kind of channel. Text of unknown origin (an error's message, the name of a target) goes through
// `text`, which makes it one line without mentions, links or markup. URLs in it are shown and cannot be followed; the
// only link of a message is the one to the runbook.
import type { AlertMessage } from '../../core/alerts/message.ts';
import { cleanText } from '../../core/output.ts';

const encoder = new TextEncoder();

/** Bytes of UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** What the colour of a message says: its severity; `good`: what it was about is over; `info`: nothing was wrong. */
export type Tone = 'critical' | 'warning' | 'good' | 'info';

export function toneOf({ severity, items }: AlertMessage): Tone {
  if (severity !== 'info') return severity;
  return items.some(({ status }) => status !== 'happened') ? 'good' : 'info';
}

export interface Flavour {
  /** Text of unknown origin, on one line, made harmless. */
  readonly text: (raw: string) => string;
  /** An id that a person may want to copy. */
  readonly code: (raw: string) => string;
  /** A command or a policy, which has a line of its own: whoever copies that line gets nothing but it. */
  readonly paste: (raw: string) => string;
  /** Text that is harmless already, made to stand out. */
  readonly strong: (safe: string) => string;
  /** The first line of the message, out of text that is harmless already. */
  readonly heading: (safe: string, tone: Tone) => string;
  readonly link: (url: string, safe: string) => string;
  /** Between two lines of a paragraph, and between two paragraphs. */
  readonly newline: string;
  readonly gap: string;
  /** The size of a text as the service counts it. */
  readonly size: (text: string) => number;
}

function oneLine(raw: string): string {
  return cleanText(raw).replace(/\s+/gu, ' ').trim();
}

/** URLs that no program makes a link of: `https[:]//host`, `www[.]host`, as security people write them. */
function withoutLinks(line: string): string {
  return line.replaceAll('://', '[:]//').replace(/\bwww\./giu, 'www[.]');
}

/** An @ mentions somebody, also behind a dot or a hyphen, but not inside a word (`apple@host`). */
function withoutCalls(line: string): string {
  return line.replace(/(?<![\p{L}\p{N}])@/gu, '＠');
}

/** Tags: WeCom's `<@all>` and `<font>`, Feishu's `<at id=all>`. */
function withoutTags(line: string): string {
  return line.replaceAll('<', '＜').replaceAll('>', '＞');
}

/**
 * Text between backticks stays code, as the texts write commands. A word with characters of markup becomes code, so
 * that it is shown, and copied, as it is: `qcs::tcb:*`.
 */
function asCode(line: string): string {
  return line
    .split(/(`[^`]+`)/)
    .map((part, index) => (index % 2 === 1 ? part : wordsAsCode(part.replaceAll('`', "'"))))
    .join('');
}

function wordsAsCode(text: string): string {
  return text.replace(/[!-~]*[*_~][!-~]*/g, (word) => {
    const [, begin = '', inner = '', end = ''] = /^(\(?)(.*?)(\)?[.,;:!?]*)$/.exec(word) ?? [];
    return `${begin}\`${inner}\`${end}`;
  });
}

/** Breaks up links: brackets must not be followed by parentheses. */
function withoutMarkdownLinks(line: string): string {
  return line.replaceAll('](', '] (').replace(/!\[/g, '! [');
}

/** The three characters of HTML that Slack has as well (docs.slack.dev/messaging/formatting-message-text). */
function entities(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** For a program that passes the text on to a chat or a page: it mentions nobody and holds no tag. */
export function withoutMarks(raw: string): string {
  return withoutTags(withoutCalls(oneLine(raw)));
}

const safeLine = (raw: string) => withoutLinks(oneLine(raw));
const relayedLine = (raw: string) => withoutMarkdownLinks(withoutLinks(withoutMarks(raw)));
/** Safe in every chat, also in Mattermost, which accepts Slack's webhooks and knows Markdown. */
const chatLine = (raw: string) => withoutMarkdownLinks(withoutCalls(safeLine(raw)));
const chatCode = (raw: string) => `\`${chatLine(raw).replaceAll('`', "'")}\``;
const markdownLink = (url: string, safe: string) => `[${safe}](${url.replaceAll('(', '%28').replaceAll(')', '%29')})`;

/** DingTalk's Markdown has no code: what a person copies has to show as it is, and takes a backslash for that. */
function dingtalkLine(raw: string): string {
  return withoutTags(chatLine(raw.replaceAll('`', ''))).replace(/[*_]/g, '\\$&');
}

/** Feishu's cards show a character of markup that is written as an entity, and copy it as itself. */
function feishuLine(raw: string): string {
  return relayedLine(raw).replace(/[&*_~`[\]#\\]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

function htmlLine(raw: string): string {
  return entities(safeLine(raw))
    .replaceAll('"', '&quot;')
    .replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** One in which text, code and commands look alike, but for what `own` says. */
function flavour(text: Flavour['text'], own: Partial<Flavour> = {}): Flavour {
  return {
    ...{
      text,
      code: text,
      paste: own.code ?? text,
      strong: (safe) => safe,
      heading: (safe) => safe,
      link: (url) => url,
    },
    ...{ newline: '\n', gap: '\n\n', size: bytesOf },
    ...own,
  };
}

const starred = (safe: string) => `**${safe}**`;
const sizeInJson = (text: string) => bytesOf(JSON.stringify(text));

/** WeCom has three colours: `warning` is orange-red, `info` is green, `comment` is grey. */
const WECOM_COLOURS: Readonly<Record<Tone, string>> = {
  critical: 'warning',
  warning: 'warning',
  good: 'info',
  info: 'comment',
};
/** Contrast of 4.5 or more on white. */
const HTML_COLOURS: Readonly<Record<Tone, string>> = {
  critical: '#b42318',
  warning: '#93610a',
  good: '#067647',
  info: '#175cd3',
};
/** Characters, not names such as :red_circle:, so that notifications and Mattermost show them as well. */
export const SLACK_EMOJIS: Readonly<Record<Tone, string>> = { critical: '🔴', warning: '🟠', good: '🟢', info: '🔵' };

const MONO = 'font-family:ui-monospace,Consolas,Menlo,monospace';

export const FLAVOURS = {
  /** The text of a mail. */
  plain: flavour(safeLine),
  /** The other half of a mail. Every paragraph stands in an element of its own. */
  html: flavour(htmlLine, {
    code: (raw) => `<code>${htmlLine(raw.replaceAll('`', ''))}</code>`,
    paste: (raw) =>
      `<pre style="margin:4px 0;padding:8px;background:#f2f4f7;white-space:pre-wrap;${MONO}">${htmlLine(raw.replaceAll('`', ''))}</pre>`,
    strong: (safe) => `<b>${safe}</b>`,
    heading: (safe, tone) => `<div style="font-size:18px;font-weight:bold;color:${HTML_COLOURS[tone]}">${safe}</div>`,
    link: (url, safe) => `<a href="${url.replaceAll('&', '&amp;').replaceAll('"', '%22')}">${safe}</a>`,
    newline: '<br>\n',
  }),
  /** The Markdown of a card; the limit counts the JSON. */
  feishu: flavour(feishuLine, { strong: starred, link: markdownLink, size: sizeInJson }),
  /** Alertmanager and PagerDuty pass the text on. */
  relayed: flavour(relayedLine),
  wecom: flavour((raw) => asCode(withoutTags(chatLine(raw))), {
    code: (raw) => withoutTags(chatCode(raw)),
    strong: starred,
    heading: (safe, tone) => `### <font color="${WECOM_COLOURS[tone]}">${safe}</font>`,
    link: markdownLink,
  }),
  /** Two spaces end a line; a line end alone would be shown as a space. */
  dingtalk: flavour(dingtalkLine, {
    strong: starred,
    heading: (safe) => `### ${safe}`,
    link: markdownLink,
    newline: '  \n',
    size: sizeInJson,
  }),
  slack: flavour((raw) => entities(asCode(chatLine(raw))), {
    code: (raw) => entities(chatCode(raw)),
    paste: (raw) => `\`\`${entities(chatCode(raw))}\`\``,
    strong: (safe) => `*${safe}*`,
    heading: (safe, tone) => `${SLACK_EMOJIS[tone]} *${safe}*`,
    link: (url, safe) => `<${entities(url.replaceAll('|', '%7C'))}|${safe.replaceAll('|', '/')}>`,
    size: (text) => text.length,
  }),
} as const satisfies Readonly<Record<string, Flavour>>;
