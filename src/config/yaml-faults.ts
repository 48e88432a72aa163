// Why a text is no YAML, in our words: what the parser objects to, or a sign that misled it. The line that is shown with
// it hides what may be a secret.
import type { Phrase } from '../core/texts/problems.ts';
import { excerptOf } from './excerpt.ts';
import type { Problem } from './problems.ts';
import { type Fault, SECOND } from './yaml-events.ts';
import { NESTED, NOT_NESTED } from './yaml-nodes.ts';

interface Words {
  readonly found: Phrase;
  readonly wanted: Phrase;
  readonly next?: Phrase;
}

interface Located extends Words {
  readonly offset: number;
}

/** What the parser objects to; or the sign that misled it. */
export function syntaxProblem(fault: Fault, text: string, file: string): Problem {
  const { offset } = fault;
  return at(bareReference(text, offset) ?? trapIn(text, offset) ?? wordsOf(fault, text), text, file);
}

/** A sign that looks like one of YAML's and is none, anywhere in the text. */
export function misleadingSign(text: string, file: string): Problem | undefined {
  const found = trapIn(text, text.length);
  return found === undefined ? undefined : at(found, text, file);
}

function at({ offset, ...words }: Located, text: string, file: string): Problem {
  // A fault at the end of the text is one of the last line that says something.
  const place = Math.max(0, Math.min(offset, text.trimEnd().length));
  const begin = text.lastIndexOf('\n', place - 1) + 1;
  const line = text.slice(0, begin).split('\n').length;
  const whole = text.slice(begin).split('\n', 1)[0] ?? '';
  return { file, line, key: '', ...words, excerpt: excerptOf(whole.trimEnd(), place - begin) };
}

/** The parser's reasons that say all, and the place. */
const REASONS: readonly (readonly [reason: RegExp, words: Words])[] = [
  [new RegExp(SECOND), { found: ['second-document'], wanted: ['one-document'] }],
  [/^nesting/, { found: NESTED, wanted: NOT_NESTED }],
  [/^tab characters/, { found: ['tab'], wanted: ['spaces'] }],
  [/^alias node/, { found: ['bad-alias'], wanted: ['quotes-if-sign'] }],
  [/non-printable|JSON character|null byte/, { found: ['control-character'], wanted: ['yaml'] }],
];

/** Other reasons: what they mean depends on what stands where the parser stopped, and before it. */
function wordsOf({ reason, offset }: Fault, text: string): Located {
  const known = REASONS.find(([pattern]) => pattern.test(reason))?.[1];
  if (known !== undefined) return { offset, ...known };
  // Behind the star or the ampersand, and behind the backslash.
  if (/^name of an/.test(reason)) return { offset: offset - 1, found: ['bad-alias'], wanted: ['quotes-if-sign'] };
  if (/escape|hexadecimal/.test(reason))
    return { offset: text.lastIndexOf('\\', offset), found: ['bad-escape'], wanted: ['single-quotes'] };
  const sign = text[offset] ?? '';
  if (/^deficient/.test(reason) && /[\]}]/.test(sign)) return { offset, found: ['low-bracket'], wanted: ['spaces'] };
  // What is missing belongs behind what was read.
  if (/^(?:deficient|unexpected end)/.test(reason))
    return { offset: text.slice(0, offset).trimEnd().length, found: ['missing-sign'], wanted: ['yaml'] };
  const begin = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(begin, offset);
  if (/[@`%]/.test(sign) || (/[\]},]/.test(sign) && /[:-] *$/.test(before)))
    return { offset, found: ['reserved-start'], wanted: ['value-in-quotes'] };
  if (/^missed comma/.test(reason)) return { offset, found: ['missing-sign'], wanted: ['yaml'] };
  if (sign === ':' && /: /.test(before)) return { offset, found: ['second-colon'], wanted: ['one-key-a-line'] };
  const isIndent = /^bad indentation/.test(reason);
  // A line without a colon goes on in the next one, whose colon is then one too many.
  if (sign === ':' && !isIndent) return { offset: begin - 1, found: ['no-colon'], wanted: ['one-key-a-line'] };
  if (/^expected ':'/.test(reason)) return { offset, found: ['no-colon'], wanted: ['one-key-a-line'] };
  if (isIndent && (sign === ':' || before.trim() === '')) return { offset, found: ['bad-indent'], wanted: ['yaml'] };
  return { offset, found: ['odd-yaml'], wanted: ['yaml'] };
}

/** `{ url: ${X} }`: inside braces and brackets, YAML reads the brace of an unquoted ${ as the start of a mapping. */
function bareReference(text: string, offset: number): Located | undefined {
  if (text.slice(offset - 1, offset + 1) !== '${') return undefined;
  return { offset: offset - 1, found: ['bare-reference'], wanted: ['quotes-around'], next: ['quote-value'] };
}

/** A key and what follows it, up to what takes the place of ": ". */
const KEY = '(?:[ \\t\\u00a0\\u3000]|- )*[\\w.-]+';
const TRAPS: readonly (readonly [pattern: RegExp, words: (sign: string) => Words])[] = [
  [
    new RegExp(`^${KEY} *(\uff1a)`, 'm'),
    (sign) => ({ found: ['full-width', sign], wanted: ['colon'], next: ['type-ascii'] }),
  ],
  [/^[ -]*([\u00a0\u3000])/m, () => ODD_SPACE],
  [new RegExp(`^${KEY}:([\u00a0\u3000])`, 'm'), () => ODD_SPACE],
  [
    /^[^#"'\n]*?([\u201c\u201d\u2018\u2019\uff0c\uff5b\uff5d\u3010\u3011])/m,
    (sign) => ({ found: ['full-width', sign], wanted: ['yaml'], next: ['type-ascii'] }),
  ],
  [/^[ -]*(\t)/m, () => ({ found: ['tab'], wanted: ['spaces'] })],
];

const ODD_SPACE: Words = { found: ['odd-space'], wanted: ['plain-space'], next: ['type-ascii'] };

/** A sign that looks like one of YAML's and is none, in the line of a fault or up to two lines before it. */
function trapIn(text: string, fault: number): Located | undefined {
  const end = text.indexOf('\n', fault);
  const before = text.slice(0, end === -1 ? undefined : end);
  const from = fault >= text.length ? 0 : before.split('\n').slice(0, -3).join('\n').length;
  const part = before.slice(from);
  for (const [pattern, words] of TRAPS) {
    const found = pattern.exec(part);
    const sign = found?.[1];
    if (found === null || sign === undefined) continue;
    return { offset: from + found.index + found[0].lastIndexOf(sign), ...words(sign) };
  }
  return undefined;
}
