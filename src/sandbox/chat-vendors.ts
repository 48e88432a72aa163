// The chat services among the vendors: WeCom, DingTalk, Feishu, Slack. Signatures are computed here from the services'
// documentation, so that a mistake in the product is not repeated.
import { isJsonObject, type Json } from '../core/json.ts';
import { HOUR, MINUTE, SECOND } from '../core/time.ts';
import { hmac, same } from './digest.ts';
import {
  code,
  errcode,
  isTexts,
  type Judgement,
  mutedUntil,
  type Posted,
  plain,
  textAt,
  valueAt,
  within,
} from './judgement.ts';

/** HTTP 200 whatever happens; 20 messages a minute; 4096 bytes of markdown, 2048 of text. */
export function wecom({ body, now, earlier }: Posted): Judgement {
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
export function dingtalk({ body, query, secret, keyword, now, earlier, text }: Posted): Judgement {
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
export function feishu({ body, secret, keyword, now, earlier, text }: Posted): Judgement {
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

export function slack({ body }: Posted): Judgement {
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
