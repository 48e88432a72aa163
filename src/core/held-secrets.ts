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

/** By secret: its forms, as they are searched for. The one that was told longest ago comes first. */
const held = new Map<string, readonly string[]>();
/** The forms by their first characters, and how many have each hash of the first four. */
const byHead = new Map<string, Set<string>>();
const hashes = new Uint16Array(65_536);

/** From now on the redaction knows `secret`. What is too short or too uniform to be one is left out. */
export function holdSecret(secret: string): void {
  const bare = normal(secret).text;
  const known = held.get(bare);
  if (known === undefined && (bare.length < SHORTEST || new Set(bare).size < FEWEST_DIFFERENT)) return;
  held.delete(bare);
  held.set(bare, known ?? added(bare));
  const [oldest] = held.size > MOST ? held.keys() : [];
  if (oldest !== undefined) forget(oldest);
}

/** A JWT and those of its parts that are secret by themselves. */
export function holdJwt(jwt: string): void {
  for (const part of [jwt, ...jwt.split('.').slice(1)]) holdSecret(part);
}

function added(bare: string): readonly string[] {
  const bytes = Buffer.from(bare.replaceAll('+', '-').replaceAll('/', '_'));
  const forms = [...new Set([bare, ...[bytes, Buffer.from(bare)].flatMap(encoded)])];
  for (const form of forms) {
    const head = form.slice(0, HEAD);
    byHead.set(head, (byHead.get(head) ?? new Set()).add(form));
    hashes[hashAt(form, 0)] = (hashes[hashAt(form, 0)] ?? 0) + 1;
  }
  return forms;
}

/** In hex, and as base64 at each of the three places where it may begin; without what its neighbours change. */
function encoded(bytes: Buffer): string[] {
  const asBase64 = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    return whole.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
  });
  return [...asBase64, bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
}

function forget(bare: string): void {
  for (const form of held.get(bare) ?? []) {
    const head = form.slice(0, HEAD);
    byHead.get(head)?.delete(form);
    if (byHead.get(head)?.size === 0) byHead.delete(head);
    hashes[hashAt(form, 0)] = (hashes[hashAt(form, 0)] ?? 1) - 1;
  }
  held.delete(bare);
}

/** Where secrets that are held stand in `text`: from `start` up to, not including, `end`. */
export function heldIn(text: string): { readonly start: number; readonly end: number }[] {
  if (held.size === 0 || text.length < SHORTEST) return [];
  const { text: bare, starts } = normal(text);
  const places = [];
  for (let at = 0; at + SHORTEST <= bare.length; at += 1) {
    const length = hashes[hashAt(bare, at)] === 0 ? 0 : longestAt(bare, at);
    if (length === 0) continue;
    const last = at + length - 1;
    places.push({ start: starts?.[at] ?? at, end: (starts?.[last] ?? last) + widthAt(text, starts?.[last] ?? last) });
    at = last;
  }
  return places;
}

/** A percent sign and its two digits count as one character. */
function widthAt(text: string, at: number): number {
  return /^%[0-9A-Fa-f]{2}$/.test(text.slice(at, at + 3)) ? 3 : 1;
}

/** The length of the longest form that begins at `at`; 0: none does. */
function longestAt(bare: string, at: number): number {
  let longest = 0;
  for (const form of byHead.get(bare.slice(at, at + HEAD)) ?? [])
    if (form.length > longest && bare.startsWith(form, at)) longest = form.length;
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
 * in the other alphabet of base64. `starts`: where each of its characters stands in `text`; undefined: at the same place.
 */
function normal(text: string): { readonly text: string; readonly starts?: readonly number[] } {
  const flat = text.replaceAll('-', '+').replaceAll('_', '/');
  const ignored = PLAIN.test(flat) ? IGNORED_OF_PLAIN : IGNORED;
  if (flat.search(ignored) === -1) return { text: flat };
  const starts: number[] = [];
  let [bare, copied] = ['', 0];
  const copy = (to: number) => {
    bare += flat.slice(copied, to);
    for (let at = copied; at < to; at += 1) starts.push(at);
  };
  for (const { 0: found, index } of flat.matchAll(ignored)) {
    copy(index);
    copied = index + found.length;
    if (found[0] !== '%') continue;
    const decoded = String.fromCharCode(Number.parseInt(found.slice(1), 16));
    if (/[\s\p{Cc}]/u.test(decoded)) continue;
    bare += decoded.replace('-', '+').replace('_', '/');
    starts.push(index);
  }
  copy(flat.length);
  return { text: bare, starts };
}
