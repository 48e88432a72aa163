// How the services behind the alert channels judge what is posted to them: form, signature, size and rate, with the
// answers and codes of each service. The beginning of an inbox's name says which service it stands for. Signatures are
// computed here from the services' documentation, so that a mistake in the product is not repeated.
import { isJsonObject, type Json } from '../core/json.ts';
import { HOUR, MINUTE } from '../core/time.ts';
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

/** HTTP 200 whatever happens; 20 messages a minute; 4096 bytes of markdown. */
function wecom({ body, now, earlier }: Posted): Judgement {
  if (within(earlier, now, MINUTE) >= 20) return errcode(45009, 'api freq out of limit');
  const content = textAt(body, 'markdown', 'content') ?? textAt(body, 'text', 'content');
  const type = textAt(body, 'msgtype');
  if ((type !== 'markdown' && type !== 'text') || content === undefined || content === '')
    return errcode(40058, 'invalid Request Parameter');
  if (Buffer.byteLength(content) > 4096) return errcode(40058, 'markdown.content exceed max length 4096');
  return errcode(0, 'ok');
}

/** Signed, at most an hour old; the 21st message of a minute mutes the robot for ten minutes. */
function dingtalk({ body, query, secret, now, earlier, text }: Posted): Judgement {
  const stamp = query.get('timestamp') ?? '';
  const expected = hmac(secret, `${stamp}\n${secret}`).toString('base64');
  if (Math.abs(Number(stamp) - now) > HOUR || stamp === '') return errcode(310000, 'invalid timestamp');
  if (!same(query.get('sign') ?? '', expected)) return errcode(310000, 'sign not match');
  if (mutedUntil(earlier, 20, MINUTE, 10 * MINUTE, now) > now)
    return errcode(130101, 'send too fast, exceed 20 times per minute');
  if (Buffer.byteLength(text) > 20_000) return errcode(460101, 'message too long, exceed 20000 bytes');
  const filled = textAt(body, 'markdown', 'title') && textAt(body, 'markdown', 'text');
  if (textAt(body, 'msgtype') !== 'markdown' || !filled) return errcode(40035, 'illegal parameter');
  return errcode(0, 'ok');
}

/** Signed, at most an hour old; 100 messages a minute; 20 KB. */
function feishu({ body, secret, now, earlier, text }: Posted): Judgement {
  const stamp = textAt(body, 'timestamp') ?? '';
  const expected = hmac(`${stamp}\n${secret}`, '').toString('base64');
  if (
    !/^\d+$/.test(stamp) ||
    Math.abs(Number(stamp) * 1000 - now) > HOUR ||
    !same(textAt(body, 'sign') ?? '', expected)
  )
    return code(19021, 'sign match fail or timestamp is not within one hour from current time');
  if (within(earlier, now, MINUTE) >= 100) return code(11232, 'frequency limited');
  if (Buffer.byteLength(text) > 20 * 1024) return code(9499, 'the request is too large');
  if (textAt(body, 'msg_type') !== 'text' || !textAt(body, 'content', 'text')) return code(9499, 'Bad Request');
  return code(0, 'success');
}

function slack({ body }: Posted): Judgement {
  const text = textAt(body, 'text');
  if (!isJsonObject(body)) return plain(400, 'invalid_payload');
  if (text === undefined || text === '') return plain(400, 'no_text');
  if (text.length > 40_000) return plain(400, 'msg_too_long');
  const blocks = body['blocks'] ?? [];
  if (!Array.isArray(blocks) || blocks.length > 50 || !blocks.every(isSection)) return plain(400, 'invalid_blocks');
  return plain(200, 'ok');
}

function isSection(block: Json): boolean {
  const text = textAt(block, 'text', 'text') ?? '';
  const type = textAt(block, 'text', 'type') ?? '';
  return (
    textAt(block, 'type') === 'section' && /^(?:mrkdwn|plain_text)$/.test(type) && text !== '' && text.length <= 3000
  );
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

/** `POST …/api/v2/alerts`: a list of alerts with labels, none of which ends before it starts. */
function alertmanager({ method, path, body }: Posted): Judgement {
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
function webhook({ headers, text, secret, now }: Posted): Judgement {
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

function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  let here: Json | undefined = value;
  for (const key of path) here = here !== undefined && isJsonObject(here) ? here[key] : undefined;
  return typeof here === 'string' ? here : undefined;
}
