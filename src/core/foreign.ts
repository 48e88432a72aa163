// What of another system's words may stand in a message: codes, request ids and names of resources, each by its own
// grammar. Everything else it says may repeat what it was sent, and is not quoted.
import { looksSecret } from './shown.ts';

/** A request id: up to 64 letters, digits and hyphens, as Tencent Cloud and AWS make them; undefined for other values. */
export function requestIdOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(value) && !looksSecret(value) ? value : undefined;
}

/** An API's code, such as `AuthFailure.TokenFailure`; `UnknownCode` for a text that has another form. */
export function apiCodeOf(value: string): string {
  return /^[A-Za-z][\w.]{0,99}$/.test(value) && !looksSecret(value) ? value : 'UnknownCode';
}

/** An action (`tcb:GetProviders`), or a resource of Tencent Cloud or AWS. */
const NAMES = /\b(?:qcs::|arn:aws)[\w:/.*@+=,-]{1,200}|\b[a-z]{2,20}:[A-Z][A-Za-z]{2,50}\b/g;
/** A denial names an action and a resource or two. More would make the message longer than a chat shows. */
const MOST_NAMES = 4;

/** The actions and resources that `message` names, with commas between them; empty if there are none. */
export function resourcesIn(message: string): string {
  const names = message.slice(0, 10_000).match(NAMES) ?? [];
  const found = names.map((name) => name.replace(/[.,:]+$/, '')).filter((name) => !looksSecret(name));
  return [...new Set(found)].slice(0, MOST_NAMES).join(', ');
}

/** What is not white space, Chinese or its punctuation. */
const CHUNK = /[^\s\p{Script=Han}，。：；（）、“”]+/gu;
/** Words, also several written as one (`ModifyProvider`), abbreviations and short numbers; joined as in `ap-shanghai`. */
const PLAIN_PART = /^(?:[A-Z]?[a-z]{1,20}|(?:[A-Z][a-z]{2,15}){2,5}|[A-Z]{2,6}|\d{1,6})?$/;

/**
 * `message` with `…` for whatever is no plain word and no name of an action or resource. A secret that this process
 * never held, split or encoded, cannot be told from other random letters in any other way.
 */
export function wordsIn(message: string): string {
  return message.replace(CHUNK, (chunk) => (isPlain(chunk) ? chunk : '…')).replace(/…(?:\s*…)+/g, '…');
}

function isPlain(chunk: string): boolean {
  const bare = chunk.replace(/^["'`([{<]+|["'`)\]}>.,:;!?]+$/g, '');
  const [name] = bare.match(NAMES) ?? [];
  return name === bare ? !looksSecret(bare) : bare.split(/[-_./:=]/).every((part) => PLAIN_PART.test(part));
}

/** In quotes; or without, where it begins as parameters do: `the parameter is unknown` names none. */
const PARAMETER =
  /[Pp]arameter:? (?:(?:`(?=[\w.]+`)|"(?=[\w.]+")|'(?=[\w.]+'))([\w.]{1,64})[`"']|([A-Z][\w.]{0,63})(?:[ ,]|$))/;

/** The parameter that `message` says is not known (``The parameter `Config.Proxy` is not recognized.``); else empty. */
export function parameterIn(message: string): string {
  const [, quoted, bare = ''] = PARAMETER.exec(message.slice(0, 10_000)) ?? [];
  const found = (quoted ?? bare).replace(/\.+$/, '');
  return looksSecret(found) ? '' : found;
}
