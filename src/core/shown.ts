// How a text of unknown origin (a claim of somebody's JWT, an id of a configuration) may appear in a message:
// on one line, of bounded length, without characters that a terminal obeys, and never if it looks like a secret.
import { cleanText, REPLACEMENT } from './output.ts';

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
