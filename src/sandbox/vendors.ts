// How the services behind the alert channels judge what is posted to them: form, signature, size and rate, with the
// answers and codes of each service. The beginning of an inbox's name says which service it stands for.
import { isJsonObject, type Json } from '../core/json.ts';
import { MINUTE } from '../core/time.ts';
import { dingtalk, feishu, slack, wecom } from './chat-vendors.ts';
import { hmac, same } from './digest.ts';
import { json } from './exchange.ts';
import { type Judgement, type Posted, textAt, valueAt } from './judgement.ts';

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
