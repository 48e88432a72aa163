// The line of a configuration that YAML cannot read, with the place of the fault. A terminal and the page show it, and what may be a
// secret in it is hidden, character by character, so that the mark below still points to the right place.
import { displayWidth } from '../core/columns.ts';
import { looksSecret } from '../core/shown.ts';
import type { Excerpt } from './problems.ts';
import { secretKeyIn } from './tree.ts';

/** More would wrap on a narrow terminal, and the mark would stand below something else. */
const LONGEST = 70;
/** User and password of a URL; a password may hold anything. */
const LOGIN = /:\/\/.*@/g;
/** A line that begins with a key. Any other may be the rest of a secret of several lines. */
const KEY_LINE = /^[\s-]*[{[]?\s*["']?[\w.-]+["']?\s*(?::(?:\s|$)|\uff1a)/;

/** `index`: of the fault, in characters of the line. */
export function excerptOf(line: string, index: number): Excerpt {
  const from = Math.max(0, Math.min(index, line.length) - LONGEST / 2);
  const shown = hidden(line)
    .replaceAll('\t', '→')
    .replaceAll(/[\u00a0\u3000]/g, '␣');
  const text = shown.slice(from, from + LONGEST);
  const before = displayWidth(text.slice(0, index - from));
  return { text: `${from > 0 ? '…' : ''}${text}`, before: before + (from > 0 ? 1 : 0) };
}

function hidden(line: string): string {
  if (!KEY_LINE.test(line)) return masked(line);
  const secret = secretKeyIn(line);
  const open = line
    .slice(0, secret)
    .replaceAll(LOGIN, masked)
    .replaceAll(/[^\s"'{}[\],:\uff1a]+/g, (word) => {
      return looksSecret(word) ? masked(word) : word;
    });
  return open + masked(line.slice(open.length));
}

function masked(text: string): string {
  return text.replaceAll(/[^\s"'{}[\],:]/g, '*');
}
