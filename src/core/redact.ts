// The one redaction: what counts as a secret in a text or in a structure. Everything that leaves the process goes through
// it by way of output.ts; tests search all outputs for what it must have caught.

interface Pattern {
  readonly pattern: RegExp;
  readonly shown: string;
  /** Whether what was found is a secret indeed; default: it is. */
  readonly holds?: (found: string) => boolean;
}

const PATTERNS: readonly Pattern[] = [
  // A JWT: three base64url parts, the first of which decodes to `{"`. Also without a signature, also cut off.
  { pattern: /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}/g, shown: '[redacted JWT]' },
  // The same with white space after the brace of its header, as some other libraries write it: both dots wanted. Honest
  // names fit the pattern (`newgateway-proxy.example-shop.com`), so the header is decoded.
  {
    pattern: /e[wy][A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
    shown: '[redacted JWT]',
    holds: (found) => /^\{\s+"/.test(latin1(found.slice(0, found.indexOf('.')))),
  },
  // A PEM block of a private key, whole or cut off, with real or written line ends.
  {
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
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
  { pattern: /\b(?:TC3-HMAC-SHA256|AWS4-HMAC-SHA256) [^\n"]*/g, shown: '[redacted authorization]' },
];

/** Property names whose text values are never shown, whatever they hold. */
const SECRET_NAMES =
  /^(?:client_?secret|private_?key|secret_?key|secret_?string|secret_?binary|password|token|read_?token|authorization|routing_?key|tmp_?secret_?key|security_?token|x-tc-token)$/i;

/** Replaces everything in `text` that looks like a secret. Pure; the same text gives the same result. */
export function redactText(text: string): string {
  let result = text;
  for (const { pattern, shown, holds = () => true } of PATTERNS)
    result = result.replace(pattern, (found) => (holds(found) ? shown : found));
  return result;
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
  if (typeof value === 'string') return named && value !== '' ? `[redacted, ${value.length} characters]` : clean(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value)) return '[circular]';
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
