// How a text of unknown origin (a claim of somebody's JWT, an id of a configuration) may appear in a message:
// on one line, of bounded length, without characters that a terminal obeys, and never if it looks like a secret.
import { redactText } from './redact.ts';

/** Control characters, line separators and the marks that turn the direction of writing around. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** `text` for a message: at most `limit` characters, unprintable ones as `�`, secrets redacted. */
export function shown(text: string, limit = 80): string {
  const clean = redactText(text.slice(0, limit * 4)).replace(UNPRINTABLE, '\uFFFD');
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 1)}…`;
}

/** The same for any value: texts in quotes, objects and lists by their kind alone. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return `"${shown(value)}"`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
