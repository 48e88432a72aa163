// The markup of each kind of channel. Text of unknown origin (an error's message, the name of a target) goes through
// `text`, which makes it one line without mentions, links or markup. URLs in it are shown and cannot be followed; the
// only link of a message is the one to the runbook.
import { cleanText } from '../../core/output.ts';

const encoder = new TextEncoder();

/** Bytes of UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

export interface Flavour {
  /** Text of unknown origin, on one line, made harmless. */
  readonly text: (raw: string) => string;
  /** An id that a person may want to copy. */
  readonly code: (raw: string) => string;
  /** Text that is harmless already, made to stand out. */
  readonly strong: (safe: string) => string;
  /** The first line of the message, out of text that is harmless already. */
  readonly heading: (safe: string) => string;
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

/** Tags: WeCom's `<@all>` and `<font>`, Feishu's `<at user_id="all">`. */
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
    const [, inner = '', end = ''] = /^(.*?)([.,;:!?]*)$/.exec(word) ?? [];
    return `\`${inner}\`${end}`;
  });
}

/** Breaks up links: brackets must not be followed by parentheses. */
function withoutMarkdownLinks(line: string): string {
  return line.replaceAll('](', '] (').replace(/!\[/g, '! [');
}

/** Slack's three characters (docs.slack.dev/messaging/formatting-message-text). */
function slackEntities(line: string): string {
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

const plain: Flavour = {
  text: safeLine,
  code: safeLine,
  strong: (safe) => safe,
  heading: (safe) => safe,
  link: (url) => url,
  newline: '\n',
  gap: '\n\n',
  size: bytesOf,
};

const markdown: Flavour = {
  ...plain,
  text: (raw) => asCode(withoutTags(chatLine(raw))),
  code: (raw) => withoutTags(chatCode(raw)),
  strong: (safe) => `**${safe}**`,
  heading: (safe) => `### ${safe}`,
  link: markdownLink,
};

export const FLAVOURS = {
  /** Mail. */
  plain,
  /** Feishu's text messages know `<at …>`; the limit counts the JSON. */
  feishu: {
    ...plain,
    text: relayedLine,
    code: relayedLine,
    size: (text: string) => bytesOf(JSON.stringify(text)),
  },
  /** Alertmanager and PagerDuty pass the text on. */
  relayed: { ...plain, text: relayedLine, code: relayedLine },
  wecom: markdown,
  /** Two spaces end a line; a line end alone would be shown as a space. */
  dingtalk: { ...markdown, newline: '  \n', size: (text: string) => bytesOf(JSON.stringify(text)) },
  slack: {
    text: (raw: string) => slackEntities(asCode(chatLine(raw))),
    code: (raw: string) => slackEntities(chatCode(raw)),
    strong: (safe: string) => `*${safe}*`,
    heading: (safe: string) => `*${safe}*`,
    link: (url: string, safe: string) => `<${slackEntities(url.replaceAll('|', '%7C'))}|${safe.replaceAll('|', '/')}>`,
    newline: '\n',
    gap: '\n\n',
    size: (text: string) => text.length,
  },
} as const satisfies Readonly<Record<string, Flavour>>;
