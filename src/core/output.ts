// Everything that leaves the process goes through one of these functions: what the terminal shows, log lines, rows of
// the journal, HTTP answers, alerts. They redact secrets (redact.ts) and take away what a terminal, a browser or a chat
// would obey or hide: escape sequences, control characters, marks that turn the direction of writing, zero-width
// characters. Pure; cleaning twice changes nothing.
import { redact, redactText } from './redact.ts';

const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);
/** Whole escape sequences (ECMA-48): CSI as `ESC[31m`, strings as `ESC]0;title BEL`, and short ones as `ESC c`. */
const SEQUENCES = new RegExp(
  [
    `(?:${ESC}\\[|\u009b)[0-?]*[ -/]*[@-~]`,
    `${ESC}[\\]PX^_][^${BEL}${ESC}\\n]*(?:${BEL}|${ESC}\\\\)`,
    `${ESC}[ -/]*[0-OQ-WYZ\\\\\`-~]`,
  ].join('|'),
  'g',
);
/**
 * Control and format characters, line separators, lone surrogates and code points that are no characters. Line feed and
 * tab stay: they mean something in a text of several lines, and do no harm.
 */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/** Text that holds none of that, as most does: looking for each of them in every text would take twice as long. */
const PLAIN = /^[ -~\n\t]*$/;

/** What stands in place of a character that was taken away. */
export const REPLACEMENT = '\uFFFD';

/** Text of one or more lines. What is taken away leaves a `�`, but not within a secret, which is redacted whole. */
export function cleanText(text: string): string {
  if (PLAIN.test(text)) return redactText(text);
  const lines = text.replaceAll('\r\n', '\n');
  const visible = lines.replace(SEQUENCES, '').replace(UNPRINTABLE, '');
  const redacted = redactText(visible);
  if (redacted !== visible || visible === lines) return redacted;
  return lines.replace(SEQUENCES, REPLACEMENT).replace(UNPRINTABLE, REPLACEMENT);
}

/** The same on one line: line breaks and what surrounds them become a space. */
export function cleanLine(text: string): string {
  return cleanText(text)
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

/** A deep copy of `value` (see `redact`) with every text, property names included, cleaned, and shown as `show` says. */
export function cleanValue(value: unknown, show = (text: string) => text): unknown {
  return redact(value, (text) => show(cleanText(text)));
}

export type Color = 'red' | 'yellow' | 'green' | 'dim';

/** Code points that are no characters, so that no text of other origin paints by chance; SGR parameters (ECMA-48). */
const COLORS: Readonly<Record<Color, { readonly mark: string; readonly code: number }>> = {
  red: { mark: '\uFDD0', code: 31 },
  yellow: { mark: '\uFDD1', code: 33 },
  green: { mark: '\uFDD2', code: 32 },
  dim: { mark: '\uFDD3', code: 2 },
};
const END = '\uFDD4';
const MARKS = /([\uFDD0-\uFDD4])/;

/** `text` in a colour, for `terminalText` to show or leave out. It takes up as much room as without. */
export function paint(color: Color, text: string): string {
  return `${COLORS[color].mark}${text}${END}`;
}

/** What a terminal may be sent: clean text, with what was painted in colour if `color`. */
export function terminalText(text: string, color: boolean): string {
  const parts = text.split(MARKS);
  const plain = cleanText(parts.filter((_, i) => i % 2 === 0).join(''));
  if (!color) return plain;
  const clean = parts.map((part, i) => (i % 2 === 0 ? cleanText(part) : part));
  // A secret must not be cut in two by a colour: then it is shown without any.
  if (clean.filter((_, i) => i % 2 === 0).join('') !== plain) return plain;
  return clean.map((part, i) => (i % 2 === 0 ? part : sgr(part))).join('');
}

function sgr(mark: string): string {
  const found = Object.values(COLORS).find((each) => each.mark === mark);
  return `${ESC}[${found?.code ?? 0}m`;
}
