// The one redaction: what counts as a secret in a text or in a structure, by its form, and because this process holds it
// (held-secrets.ts). Everything that leaves the process goes through it by way of output.ts; tests search all outputs
// for what it must have caught.
import { heldIn } from './held-secrets.ts';

interface Pattern {
  /** Global; its group, if it has one, is the secret, and ends where the match ends. */
  readonly pattern: RegExp;
  readonly shown: string;
  /** Whether what was found is a secret indeed; default: it is. */
  readonly holds?: (found: string) => boolean;
}

const PATTERNS: readonly Pattern[] = [
  // A JWT: three base64url parts, the first of which decodes to `{"`. Also without a signature, also cut off.
  { pattern: /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}/g, shown: '[redacted JWT]' },
  // The same with white space after the brace of its header, as some other libraries write it: both dots wanted. Honest
  // names fit the pattern (`newgateway-proxy.example-shop.com`), so the header is decoded. The parts are bounded: a long
  // text that begins a header in many places would take time by the square of its length.
  {
    pattern: /e[wy][A-Za-z0-9_-]{10,1000}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]*/g,
    shown: '[redacted JWT]',
    holds: (found) => /^\{\s+"/.test(latin1(found.slice(0, found.indexOf('.')))),
  },
  // A PEM block of a private key, whole or cut off, with real or written line ends. The two lines alone are no secret.
  {
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    shown: '[redacted private key]',
    holds: (found) => /[A-Za-z0-9+/=]{16}/.test(found),
  },
  // The base64 of such a block: `-----BEGIN` at each of the three places where it may begin.
  {
    pattern: /(?:LS0tLS1CRUdJT|tLS0tLUJFR0lO|0tLS0tQkVHSU)[A-Za-z0-9+/=_\\\s-]{20,}/g,
    shown: '[redacted private key]',
  },
  // The body of a P-256 key without its frame, by the base64 of its fixed ASN.1 prefix: PKCS#8 with and without
  // the public half, SEC1 with and without it.
  {
    pattern: /(?:MIG[A-Za-z0-9+/=\\\s]{0,12}AgEAM|MEECAQAw|MHcCAQEE|MDECAQEE)[A-Za-z0-9+/=\\\s]{20,}/g,
    shown: '[redacted private key]',
  },
  // Tencent and AWS access key ids, and authorization headers that carry a signature.
  { pattern: /\b(?:AKID[A-Za-z0-9]{13,}|A[KS]IA[A-Z0-9]{16})\b/g, shown: '[redacted access key id]' },
  { pattern: /\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g, shown: '[redacted authorization]' },
  // Tokens of Slack, and addresses that need no other proof: what stands behind the known part of a hook's URL.
  { pattern: /\bxox[a-z]-[A-Za-z0-9-]{8,}/g, shown: '[redacted token]' },
  {
    pattern:
      /(?:hooks\.slack\.com\/(?:services|workflows|triggers)\/|\/bot\/v2\/hook\/|[?&](?:access_token|token|key|secret|sign)=)([A-Za-z0-9/_%-]{8,})/g,
    shown: '[redacted token]',
  },
  { pattern: /\b(?:TC3-HMAC-SHA256|AWS4-HMAC-SHA256) [^\n"]*/g, shown: '[redacted authorization]' },
];

/** Any of them: most texts hold none, and to look for each in every text takes six times as long. */
const ANY = new RegExp(PATTERNS.map(({ pattern }) => pattern.source).join('|'));

/** Property names whose text values are never shown, whatever they hold. */
const SECRET_NAMES =
  /^(?:client_?secret|private_?key|secret_?key|secret_?string|secret_?binary|password|token|read_?token|authorization|routing_?key|tmp_?secret_?key|security_?token|x-tc-token)$/i;

/** Levels of a structure. Ours have 6; each takes a frame of the stack, which holds a few thousand. */
const DEEPEST = 100;

/** No pattern fits fewer characters, and most ids have fewer. */
const SHORTEST = 11;

/** Replaces everything in `text` that is held as a secret or looks like one. */
export function redactText(text: string): string {
  if (text.length < SHORTEST) return text;
  const found: { readonly start: number; readonly end: number; readonly shown: string }[] = [];
  for (const { pattern, shown, holds } of ANY.test(text) ? PATTERNS : []) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const [what, secret = what] = match;
      const end = match.index + what.length;
      if (holds === undefined || holds(what)) found.push({ start: end - secret.length, end, shown });
    }
  }
  for (const place of heldIn(text)) found.push({ ...place, shown: '[redacted secret]' });
  if (found.length === 0) return text;
  let [result, copied] = ['', 0];
  for (const { start, end, shown } of found.sort((a, b) => a.start - b.start)) {
    // What overlaps is one secret: a part that is held within a JWT, a key within its header.
    if (start >= copied) result += text.slice(copied, start) + shown;
    copied = Math.max(copied, end);
  }
  return result + text.slice(copied);
}

function latin1(base64url: string): string {
  return Buffer.from(base64url, 'base64url').toString('latin1');
}

/**
 * A deep copy of `value` with every text, property names included, put through `clean`, and with every text under a
 * secret's name (alone or in a list) replaced by its length. Errors become `{ name, message, code? }`; cycles and
 * functions are cut.
 */
export function redact(value: unknown, clean: (text: string) => string = redactText): unknown {
  return copy(value, clean, new Set(), false);
}

function copy(value: unknown, clean: (text: string) => string, above: Set<object>, named: boolean): unknown {
  if (typeof value === 'string')
    return named && value !== ''
      ? `[redacted, ${value.length === 1 ? '1 character' : `${value.length} characters`}]`
      : clean(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value)) return '[circular]';
  if (above.size === DEEPEST) return '[too deep]';
  above.add(value);
  try {
    if (value instanceof Date) return value;
    if (Array.isArray(value)) return value.map((item) => copy(item, clean, above, named));
    const fields = Object.entries(value instanceof Error ? errorFields(value) : value);
    return Object.fromEntries(
      fields.map(([name, item]) => [clean(name), copy(item, clean, above, SECRET_NAMES.test(name))]),
    );
  } finally {
    above.delete(value);
  }
}

function errorFields(error: Error): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  return { name: error.name, message: error.message, ...(typeof code === 'string' ? { code } : {}) };
}
