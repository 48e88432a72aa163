// How a text of unknown origin (a claim of somebody's JWT, an id of a configuration) may appear in a message:
// on one line, of bounded length, without characters that a terminal obeys, and never if it looks like a secret.
import { cleanText, REPLACEMENT } from './output.ts';
import { redactText } from './redact.ts';

/** `text` for a message: at most `limit` characters, unprintable ones and line breaks as `�`, secrets redacted. */
export function shown(text: string, limit = 80): string {
  const clean = cleanText(text.slice(0, limit * 4)).replace(/[\n\t]/g, REPLACEMENT);
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 1)}…`;
}

/** The same for any value: texts in quotes, objects and lists by their kind alone. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return `"${shown(value)}"`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** Longer names and paths hide the rest of a message. */
const LONGEST_NAME = 300;
/** A run of the alphabet of base64 that is long enough for a key or a token. */
const RUN = /[A-Za-z0-9+=]{24,}/g;
/** Base64 in which slashes may stand close together, as in a secret key of AWS; paths have a dot or longer words. */
const SLASHED = /^[A-Za-z0-9+/=]{32,}$/;
/** One long word, as keys and tokens are; paths and names of this length have a separator. */
const ONE_WORD = /^[A-Za-z0-9+=]{32,}$/;

/** Whether `text`, given where a path, name or id was expected, may be a secret that was put there by mistake. */
export function looksSecret(text: string): boolean {
  return (
    /[\0\r\n]/.test(text) ||
    (text.match(RUN) ?? []).some(isRandom) ||
    (SLASHED.test(text) && isRandom(text)) ||
    (ONE_WORD.test(text) && new Set(text).size >= 8) ||
    redactText(text) !== text
  );
}

/** Base64 or random letters and digits: no version, date or UUID has this form, and names are made of longer words. */
function isRandom(run: string): boolean {
  const words = run.match(/[A-Z]?[a-z]+|[A-Z]+|[0-9]+/g) ?? [];
  return /[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9]/.test(run) && run.length < 3 * words.length;
}

/** A path, name or id for a message: quoted as it is, or described where it does not look like one. */
export function shownName(text: string): string {
  if (text.length <= LONGEST_NAME && !looksSecret(text)) return shown(text, LONGEST_NAME);
  return `text of ${text.length} ${text.length === 1 ? 'character' : 'characters'}`;
}
