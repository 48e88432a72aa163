// The secrets that this process holds: credentials, keys, tokens, client secrets. Whoever reads or makes one tells it
// here, and the redaction finds it in every text: in plain, base64 or hex, with white space, zero-width characters or
// percent signs in it. The memory is bounded; a secret that is in use is told again and again, and so stays.

/** A shorter secret could be a word of one of our own texts. */
const SHORTEST = 16;
/** A mask (`****`) and a placeholder are no secrets. */
const FEWEST_DIFFERENT = 8;
/** Four for each of a thousand targets. Fewer could drop one whose pass still runs; each takes up to 4 KB. */
const MOST = 4_096;
/** Characters of a form by which it is looked up. */
const HEAD = 12;
/** Characters of a secret of which the first HEAD of each form are made, and some to spare. */
const ENOUGH = 24;

/** A way in which a secret may be written, by its first characters. */
interface Form {
  readonly head: string;
  /** All of it, in either alphabet: made when a text has its head, which is next to never. */
  readonly whole: () => readonly string[];
}

/** By secret: its forms, as they are searched for. The one that was told longest ago comes first. */
const held = new Map<string, readonly Form[]>();
/** The forms by their first characters, and how many have each hash of the first four. */
const byHead = new Map<string, Set<Form>>();
const hashes = new Uint16Array(65_536);

/** From now on the redaction knows `secret`. What is too short or too uniform to be one is left out. */
export function holdSecret(secret: string): void {
  const bare = bareOf(secret);
  const known = held.get(bare);
  if (known === undefined && (bare.length < SHORTEST || isUniform(bare))) return;
  held.delete(bare);
  held.set(bare, known ?? added(bare));
  const [oldest] = held.size > MOST ? held.keys() : [];
  if (oldest !== undefined) forget(oldest);
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
    return beginnings.map((beginning): Form => ({ head: encode(beginning).slice(0, HEAD), whole }));
  });
  for (const form of forms) {
    byHead.set(form.head, (byHead.get(form.head) ?? new Set()).add(form));
    hashes[hashAt(form.head, 0)] = (hashes[hashAt(form.head, 0)] ?? 0) + 1;
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

function forget(bare: string): void {
  for (const form of held.get(bare) ?? []) {
    byHead.get(form.head)?.delete(form);
    if (byHead.get(form.head)?.size === 0) byHead.delete(form.head);
    hashes[hashAt(form.head, 0)] = (hashes[hashAt(form.head, 0)] ?? 1) - 1;
  }
  held.delete(bare);
}

/** Where secrets that are held stand in `text`: from `start` up to, not including, `end`. */
export function heldIn(text: string): { readonly start: number; readonly end: number }[] {
  if (held.size === 0 || text.length < SHORTEST) return [];
  const bare = bareOf(text);
  const found: { readonly first: number; readonly last: number }[] = [];
  for (let at = 0; at + SHORTEST <= bare.length; at += 1) {
    const length = hashes[hashAt(bare, at)] === 0 ? 0 : longestAt(bare, at);
    if (length === 0) continue;
    found.push({ first: at, last: at + length - 1 });
    at += length - 1;
  }
  const starts = found.length === 0 ? [] : startsIn(text);
  const startOf = (at: number) => starts[at] ?? at;
  return found.map(({ first, last }) => ({ start: startOf(first), end: startOf(last) + widthAt(text, startOf(last)) }));
}

/** A percent sign and its two digits count as one character. */
function widthAt(text: string, at: number): number {
  return /^%[0-9A-Fa-f]{2}$/.test(text.slice(at, at + 3)) ? 3 : 1;
}

/** The length of the longest form that begins at `at`; 0: none does. */
function longestAt(bare: string, at: number): number {
  let longest = 0;
  for (const { whole } of byHead.get(bare.slice(at, at + HEAD)) ?? [])
    for (const form of whole()) if (form.length > longest && bare.startsWith(form, at)) longest = form.length;
  return longest;
}

function hashAt(text: string, at: number): number {
  const code = (index: number) => text.charCodeAt(at + index);
  return (((code(0) * 31 + code(1)) * 31 + code(2)) * 31 + code(3)) & 0xffff;
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

function ignoredIn(text: string): RegExp {
  return PLAIN.test(text) ? IGNORED_OF_PLAIN : IGNORED;
}

/** What is left of something ignored: the character that a percent sign and its digits stand for, unless it is white space. */
function kept(found: string): string {
  if (found[0] !== '%') return '';
  const decoded = String.fromCharCode(Number.parseInt(found.slice(1), 16));
  return /[\s\p{Cc}]/u.test(decoded) ? '' : decoded.replace('-', '+').replace('_', '/');
}
