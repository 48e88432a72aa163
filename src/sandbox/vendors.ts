// How the services behind the alert channels judge what is posted to them: form, signature, size and rate, with the
// answers and codes of each service. The beginning of an inbox's name says which service it stands for. Signatures are
// computed here from the services' documentation, so that a mistake in the product is not repeated.
import { isJsonObject, type Json } from '../core/json.ts';
import { HOUR, MINUTE, SECOND } from '../core/time.ts';
import { hmac, same } from './digest.ts';
import { type Answer, json } from './exchange.ts';

/** What was posted, and what is known of the inbox. */
export interface Posted {
  readonly method: string;
  /** What follows /inbox/NAME in the path. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The text itself where it is not JSON. */
  readonly body: Json;
  readonly secret: string;
  /** A robot that is protected by this word, not by a signature. */
  readonly keyword: string | undefined;
  /** It has the header `Authorization` that the inbox asks for, if it asks for one. */
  readonly isAllowed: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When earlier messages to this inbox arrived, oldest first. */
  readonly earlier: readonly number[];
}

/** An answer; `refused` is the code under which the message is kept. */
export interface Judgement {
  readonly answer: Answer;
  readonly refused?: string;
}

type Judge = (posted: Posted) => Judgement;

const JUDGES: readonly (readonly [beginning: string, judge: Judge])[] = [
  ['wecom', wecom],
  ['dingtalk', dingtalk],
  ['feishu', feishu],
  ['slack', slack],
  ['pagerduty', pagerduty],
  ['alertmanager', alertmanager],
  ['webhook', webhook],
];

/** Judges as the service that `name` begins with; any other inbox accepts everything. */
export function judge(name: string, posted: Posted): Judgement {
  const [, own] = JUDGES.find(([beginning]) => name.startsWith(beginning)) ?? [];
  return own === undefined ? { answer: json(200, { errcode: 0, errmsg: 'ok', code: 0, msg: 'success' }) } : own(posted);
}

/** HTTP 200 whatever happens; 20 messages a minute; 4096 bytes of markdown, 2048 of text. */
function wecom({ body, now, earlier }: Posted): Judgement {
  if (within(earlier, now, MINUTE) >= 20) return errcode(45009, 'api freq out of limit');
  const type = textAt(body, 'msgtype') ?? '';
  const content = textAt(body, type, 'content') ?? '';
  const most = WECOM_SIZES[type];
  if (most === undefined || content === '') return errcode(40058, 'invalid Request Parameter');
  if (Buffer.byteLength(content) > most) return errcode(40058, `${type}.content exceed max length ${most}`);
  const lists = ['mentioned_list', 'mentioned_mobile_list'].map((list) => valueAt(body, 'text', list) ?? []);
  if (!lists.every(isTexts)) return errcode(40058, 'invalid Request Parameter');
  // Only these colours are known, and markdown calls nobody but single users.
  if (/<font color="(?!(?:info|comment|warning)")|<@all>/.test(content)) return errcode(40058, 'invalid markdown');
  return errcode(0, 'ok');
}

const WECOM_SIZES: Readonly<Record<string, number>> = { markdown: 4096, text: 2048 };

/**
 * Signed, at most an hour old, or with the keyword; the 21st message of a minute mutes the robot for ten minutes. Who is
 * called stands in the text as well.
 */
function dingtalk({ body, query, secret, keyword, now, earlier, text }: Posted): Judgement {
  const stamp = query.get('timestamp') ?? '';
  const expected = hmac(secret, `${stamp}\n${secret}`).toString('base64');
  if (keyword === undefined) {
    if (Math.abs(Number(stamp) - now) > HOUR || stamp === '') return errcode(310000, 'invalid timestamp');
    if (!same(query.get('sign') ?? '', expected)) return errcode(310000, 'sign not match');
  } else if (!text.includes(keyword)) return errcode(310000, 'keywords not in content');
  if (mutedUntil(earlier, 20, MINUTE, 10 * MINUTE, now) > now)
    return errcode(130101, 'send too fast, exceed 20 times per minute');
  if (Buffer.byteLength(text) > 20_000) return errcode(460101, 'message too long, exceed 20000 bytes');
  const shown = textAt(body, 'markdown', 'text');
  if (textAt(body, 'msgtype') !== 'markdown' || !textAt(body, 'markdown', 'title') || !shown)
    return errcode(40035, 'illegal parameter');
  const called = ['atMobiles', 'atUserIds'].map((list) => valueAt(body, 'at', list) ?? []);
  const everybody = valueAt(body, 'at', 'isAtAll') ?? false;
  if (typeof everybody !== 'boolean' || !called.every(isTexts)) return errcode(40035, 'illegal parameter');
  if (called.flat().some((id) => !shown.includes(`@${id}`))) return errcode(40035, 'at is not in the text');
  return errcode(0, 'ok');
}

/** Signed, at most an hour old, or with the keyword; 100 messages a minute and 5 a second; 20 KB; a text or a card. */
function feishu({ body, secret, keyword, now, earlier, text }: Posted): Judgement {
  const stamp = textAt(body, 'timestamp') ?? '';
  const expected = hmac(`${stamp}\n${secret}`, '').toString('base64');
  const isSigned =
    /^\d+$/.test(stamp) && Math.abs(Number(stamp) * 1000 - now) <= HOUR && same(textAt(body, 'sign') ?? '', expected);
  if (keyword === undefined && !isSigned)
    return code(19021, 'sign match fail or timestamp is not within one hour from current time');
  if (keyword !== undefined && !text.includes(keyword)) return code(19024, 'Key Words Not Found');
  if (within(earlier, now, MINUTE) >= 100 || within(earlier, now, SECOND) >= 5) return code(11232, 'frequency limited');
  if (Buffer.byteLength(text) > 20 * 1024) return code(9499, 'the request is too large');
  const type = textAt(body, 'msg_type');
  const isGood = type === 'text' ? textAt(body, 'content', 'text') : type === 'interactive' && isCard(body);
  return isGood ? code(0, 'success') : code(9499, 'Bad Request');
}

/** The colours of a card's header. */
const TEMPLATES = /^(?:blue|wathet|turquoise|green|yellow|orange|red|carmine|violet|purple|indigo|grey|default)$/;

/** A header of plain text in a known colour, and at least one element of Markdown. */
function isCard(body: Json): boolean {
  const title = textAt(body, 'card', 'header', 'title', 'content') ?? '';
  const template = textAt(body, 'card', 'header', 'template') ?? 'default';
  const elements = valueAt(body, 'card', 'elements');
  return (
    title !== '' &&
    textAt(body, 'card', 'header', 'title', 'tag') === 'plain_text' &&
    TEMPLATES.test(template) &&
    Array.isArray(elements) &&
    elements.length > 0 &&
    elements.every((element) => textAt(element, 'tag') === 'markdown' && textAt(element, 'content'))
  );
}

function slack({ body }: Posted): Judgement {
  const text = textAt(body, 'text');
  if (!isJsonObject(body)) return plain(400, 'invalid_payload');
  if (text === undefined || text === '') return plain(400, 'no_text');
  if (text.length > 40_000) return plain(400, 'msg_too_long');
  const blocks = body['blocks'] ?? [];
  if (!Array.isArray(blocks) || blocks.length > 50 || !blocks.every((block) => isSection(block) || isHeader(block)))
    return plain(400, 'invalid_blocks');
  return plain(200, 'ok');
}

function isSection(block: Json): boolean {
  const text = textAt(block, 'text', 'text') ?? '';
  const type = textAt(block, 'text', 'type') ?? '';
  return (
    textAt(block, 'type') === 'section' && /^(?:mrkdwn|plain_text)$/.test(type) && text !== '' && text.length <= 3000
  );
}

/** Plain text of at most 150 characters. */
function isHeader(block: Json): boolean {
  const text = textAt(block, 'text', 'text') ?? '';
  const isPlain = textAt(block, 'type') === 'header' && textAt(block, 'text', 'type') === 'plain_text';
  return isPlain && text !== '' && text.length <= 150;
}

function pagerduty({ body }: Posted): Judgement {
  const errors = [
    textAt(body, 'routing_key') ? undefined : "'routing_key' is missing or blank",
    /^(?:trigger|acknowledge|resolve)$/.test(textAt(body, 'event_action') ?? '')
      ? undefined
      : "'event_action' is wrong",
    (textAt(body, 'dedup_key') ?? '').length <= 255 ? undefined : "'dedup_key' is too long",
    textAt(body, 'event_action') === 'trigger' || textAt(body, 'dedup_key') ? undefined : "'dedup_key' is missing",
    ...(textAt(body, 'event_action') === 'trigger' ? payloadErrors(body) : []),
    isUrl(valueAt(body, 'client_url')) ? undefined : "'client_url' is no URL",
  ].filter((error) => error !== undefined);
  if (errors.length > 0)
    return {
      answer: json(400, { status: 'invalid event', message: 'Event object is invalid', errors }),
      refused: 'HTTP 400',
    };
  return {
    answer: json(202, { status: 'success', message: 'Event processed', dedup_key: textAt(body, 'dedup_key') ?? '' }),
  };
}

function isUrl(value: Json | undefined): boolean {
  return value === undefined || (typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value));
}

function payloadErrors(body: Json): (string | undefined)[] {
  const summary = textAt(body, 'payload', 'summary') ?? '';
  const severity = textAt(body, 'payload', 'severity') ?? '';
  const timestamp = textAt(body, 'payload', 'timestamp');
  return [
    summary !== '' && summary.length <= 1024 ? undefined : "'payload.summary' is missing, blank or too long",
    textAt(body, 'payload', 'source') ? undefined : "'payload.source' is missing or blank",
    /^(?:critical|error|warning|info)$/.test(severity) ? undefined : "'payload.severity' is invalid",
    timestamp === undefined || !Number.isNaN(Date.parse(timestamp)) ? undefined : "'payload.timestamp' is invalid",
  ];
}

const UNAUTHORIZED: Judgement = { answer: { status: 401, body: 'Unauthorized' }, refused: 'HTTP 401' };

/** `POST …/api/v2/alerts`: a list of alerts with labels, none of which ends before it starts. */
function alertmanager({ method, path, body, isAllowed }: Posted): Judgement {
  if (!isAllowed) return UNAUTHORIZED;
  if (method !== 'POST' || !path.endsWith('/api/v2/alerts'))
    return { answer: { status: 404, body: 'page not found' }, refused: 'HTTP 404' };
  if (Array.isArray(body) && body.every(isAlert)) return { answer: { status: 200, body: '' } };
  return { answer: json(400, 'bad request'), refused: 'HTTP 400' };
}

function isAlert(alert: Json): boolean {
  if (!isJsonObject(alert)) return false;
  const { labels, annotations = {} } = alert;
  const [starts, ends] = [alert['startsAt'], alert['endsAt']].map((time) =>
    typeof time === 'string' ? Date.parse(time) : 0,
  );
  const ordered = !Number.isNaN(starts) && !Number.isNaN(ends) && (ends === 0 || (starts ?? 0) <= (ends ?? 0));
  return allTexts(labels) && allTexts(annotations) && textAt(alert, 'labels', 'alertname') !== undefined && ordered;
}

function allTexts(value: Json | undefined): boolean {
  return value !== undefined && isJsonObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

/** A signature must be right and at most five minutes old; a message without one is accepted. */
function webhook({ headers, text, secret, isAllowed, now }: Posted): Judgement {
  if (!isAllowed) return UNAUTHORIZED;
  const signature = headers['x-rotator-signature'];
  if (signature === undefined) return { answer: json(200, { ok: true }) };
  const stamp = headers['x-rotator-timestamp'] ?? '';
  const expected = `v1=${hmac(secret, `${stamp}.${text}`).toString('hex')}`;
  if (/^\d+$/.test(stamp) && Math.abs(Number(stamp) * 1000 - now) <= 5 * MINUTE && same(signature, expected))
    return { answer: json(200, { ok: true }) };
  return { answer: json(401, { error: 'the signature does not match' }), refused: 'HTTP 401' };
}

function errcode(number: number, errmsg: string): Judgement {
  return { answer: json(200, { errcode: number, errmsg }), ...refusal(number) };
}

function code(number: number, msg: string): Judgement {
  return { answer: json(200, { code: number, msg, data: {} }), ...refusal(number) };
}

function plain(status: number, body: string): Judgement {
  const answer = { status, headers: { 'content-type': 'text/plain' }, body };
  return status === 200 ? { answer } : { answer, refused: body };
}

function refusal(number: number): { refused?: string } {
  return number === 0 ? {} : { refused: String(number) };
}

function within(earlier: readonly number[], now: number, span: number): number {
  return earlier.filter((at) => now - at < span).length;
}

/** Until when an inbox is muted that got more than `limit` messages within `span`. Messages during a mute do not count. */
function mutedUntil(earlier: readonly number[], limit: number, span: number, mute: number, now: number): number {
  let until = 0;
  const counted: number[] = [];
  for (const at of [...earlier, now]) {
    if (at < until) continue;
    counted.push(at);
    if (within(counted, at, span) > limit) until = at + mute;
  }
  return until;
}

function valueAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) here = here !== undefined && isJsonObject(here) ? here[key] : undefined;
  return here;
}

function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

function isTexts(value: Json): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
