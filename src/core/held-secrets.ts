// The secrets that this process holds: credentials, keys, tokens, client secrets. Whoever reads or makes one tells it
// here, and the redaction finds it in every text: in plain, base64 or hex, with white space, zero-width characters or
// percent signs in it. The memory is bounded; a secret that is in use is told again and again, and so stays.

/** A shorter secret could be a word of one of our own texts. */
const SHORTEST = 16;
/** A mask (`****`) and a placeholder are no secrets. */
const FEWEST_DIFFERENT = 8;
/** Four for each of a thousand targets. Fewer could drop one whose pass still runs; each takes up to 4 KB. */
const MOST = 4_096;
/** Characters of a form by which it is looked up: as many as a hash holds, see `rolled`. */
const HEAD = 11;
/** Characters of a secret of which the first HEAD of each form are made, and some to spare. */
const ENOUGH = 24;

/** A way in which a secret may be written. */
interface Form {
  /** The hash of its first characters. */
  readonly head: number;
  /** All of it, in either alphabet: made when a text has its head, which is next to never. */
  readonly whole: () => readonly string[];
}

/** By secret, as it was told: its forms, as they are searched for. The one that was told longest ago comes first. */
const held = new Map<string, readonly Form[]>();
/** In place of a character's code: what stands around it tells what it is. */
const UNCLEAR = 255;
/** The forms by their heads, and how many have a head at each place of a table: most characters of a text end there. */
const byHead = new Map<number, Set<Form>>();
const PLACE_BITS = 18;
const places = new Uint16Array(2 ** PLACE_BITS);

/** From now on the redaction knows `secret`. What is too short or too uniform to be one is left out. */
export function holdSecret(secret: string): void {
  const forms = held.get(secret) ?? formsOf(secret);
  if (forms === undefined) return;
  held.delete(secret);
  held.set(secret, forms);
  const [oldest] = held.size > MOST ? held.keys() : [];
  if (oldest !== undefined) forget(oldest);
}

function formsOf(secret: string): readonly Form[] | undefined {
  const bare = bareOf(secret);
  return bare.length < SHORTEST || isUniform(bare) ? undefined : added(bare);
}

function isUniform(bare: string): boolean {
  const different = new Set<string>();
  for (const character of bare) if (different.add(character).size === FEWEST_DIFFERENT) return false;
  return true;
}

/** A JWT and those of its parts that are secret by themselves. */
export function holdJwt(jwt: string): void {
  for (const part of [jwt, ...jwt.split('.').slice(1)]) holdSecret(part);
}

function added(bare: string): readonly Form[] {
  const alphabets = [bare, bare.replaceAll('+', '-').replaceAll('/', '_')];
  const beginnings = [...new Set(alphabets.map((text) => text.slice(0, ENOUGH)))];
  const forms = ENCODINGS.flatMap((encode) => {
    let made: readonly string[] | undefined;
    const whole = () => (made ??= alphabets.map(encode));
    return beginnings.map((beginning): Form => ({ head: headOf(encode(beginning)), whole }));
  });
  for (const form of forms) {
    byHead.set(form.head, (byHead.get(form.head) ?? new Set()).add(form));
    count(form, 1);
  }
  return forms;
}

/** As it is, in hex, and as base64 at each of the three places where it may begin. */
const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  ...[0, 1, 2].map((before) => (text: string) => base64At(before, text)),
  (text) => Buffer.from(text).toString('hex'),
  (text) => Buffer.from(text).toString('hex').toUpperCase(),
];

/** Behind so many other bytes, without what its neighbours change. */
function base64At(before: number, text: string): string {
  const whole = Buffer.from('\0'.repeat(before) + text).toString('base64');
  const [beginning, rest] = [before === 0 ? 0 : before + 1, whole.indexOf('=')];
  return rest === -1 ? whole.slice(beginning) : whole.slice(beginning, rest - 1);
}

function forget(secret: string): void {
  for (const form of held.get(secret) ?? []) {
    byHead.get(form.head)?.delete(form);
    if (byHead.get(form.head)?.size === 0) byHead.delete(form.head);
    count(form, -1);
  }
  held.delete(secret);
}

function count({ head }: Form, by: 1 | -1): void {
  places[placeOf(head)] = (places[placeOf(head)] ?? 0) + by;
}

/** Where secrets that are held stand in `text`: from `start` up to, not including, `end`. */
export function heldIn(text: string): { readonly start: number; readonly end: number }[] {
  if (held.size === 0 || text.length < SHORTEST || !mayHold(text)) return [];
  const bare = bareOf(text);
  const found: { readonly first: number; readonly last: number }[] = [];
  let [head, next] = [0, 0];
  for (let at = 0; at < bare.length; at += 1) {
    head = rolled(head, bare.charCodeAt(at));
    const first = at + 1 - HEAD;
    const length = first < next || !isHead(head) ? 0 : longestAt(bare, first, head);
    if (length === 0) continue;
    next = first + length;
    found.push({ first, last: next - 1 });
    at = next - 1;
  }
  const starts = found.length === 0 ? [] : startsIn(text);
  const startOf = (at: number) => starts[at] ?? at;
  return found.map(({ first, last }) => ({ start: startOf(first), end: startOf(last) + widthAt(text, startOf(last)) }));
}

/** False: `text` certainly has no head. Most texts end here, without a copy of them. */
function mayHold(text: string): boolean {
  let head = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = BARE[text.charCodeAt(at)] ?? UNCLEAR;
    if (code === UNCLEAR) return true;
    if (code === 0) continue;
    head = rolled(head, code);
    if (isHead(head)) return true;
  }
  return false;
}

/** A percent sign and its two digits count as one character. */
function widthAt(text: string, at: number): number {
  return /^%[0-9A-Fa-f]{2}$/.test(text.slice(at, at + 3)) ? 3 : 1;
}

/** The length of the longest form with this head that begins at `at`; 0: none does. */
function longestAt(bare: string, at: number, head: number): number {
  let longest = 0;
  for (const { whole } of byHead.get(head) ?? [])
    for (const form of whole()) if (form.length > longest && bare.startsWith(form, at)) longest = form.length;
  return longest;
}

/** The hash of the last HEAD characters, from that of those before: each is shifted by 3 of 32 bits until it is gone. */
function rolled(head: number, code: number): number {
  return (head << 3) ^ code;
}

function headOf(form: string): number {
  let head = 0;
  for (let at = 0; at < HEAD; at += 1) head = rolled(head, form.charCodeAt(at));
  return head;
}

function isHead(head: number): boolean {
  return places[placeOf(head)] !== 0 && byHead.has(head);
}

/** Multiplied by the golden ratio, so that neighbours lie far apart. */
function placeOf(head: number): number {
  return Math.imul(head, 0x9e3779b1) >>> (32 - PLACE_BITS);
}

/** White space (also written as `\n`), format characters, and percent signs of a URL. */
const IGNORED = /\\[nrt]|[\s\p{Cf}\p{Cc}]|%[0-9A-Fa-f]{2}/gu;
/** The same of a plain text: to make the other one takes a twentieth of what a short command does. */
const IGNORED_OF_PLAIN = /\\[nrt]|[ \n\t]|%[0-9A-Fa-f]{2}/g;
const PLAIN = /^[ -~\n\t]*$/;

/**
 * The text as secrets are searched for in it: without white space and format characters, `%2E` as a dot, `-` and `_` as
 * in the other alphabet of base64.
 */
function bareOf(text: string): string {
  const flat = text.replaceAll('-', '+').replaceAll('_', '/');
  return flat.replace(ignoredIn(flat), kept);
}

/** Where each of the characters of `bareOf(text)` stands in `text`. */
function startsIn(text: string): number[] {
  const starts: number[] = [];
  let next = 0;
  const copy = (to: number) => {
    for (; next < to; next += 1) starts.push(next);
  };
  for (const { 0: found, index } of text.matchAll(ignoredIn(text))) {
    copy(index);
    if (kept(found) !== '') starts.push(index);
    next = index + found.length;
  }
  copy(text.length);
  return starts;
}

/** What `bareOf` leaves of each character up to `~`, by their codes; 0: nothing. */
const BARE = Uint8Array.from({ length: 127 }, (_, code) => bareCode(String.fromCharCode(code)));

function bareCode(character: string): number {
  switch (character) {
    case ' ':
    case '\n':
    case '\t':
      return 0;
    case '-':
      return bareCode('+');
    case '_':
      return bareCode('/');
    case '\\':
    case '%':
      return UNCLEAR;
    default:
      return character < ' ' ? UNCLEAR : character.charCodeAt(0);
  }
}

function ignoredIn(text: string): RegExp {
  return PLAIN.test(text) ? IGNORED_OF_PLAIN : IGNORED;
}

/** What is left of something ignored: the character that a percent sign and its digits stand for, unless it is white space. */
function kept(found: string): string {
  if (found[0] !== '%') return '';
  const decoded = String.fromCharCode(Number.parseInt(found.slice(1), 16));
  return /[\s\p{Cc}]/u.test(decoded) ? '' : decoded.replace('-', '+').replace('_', '/');
}
