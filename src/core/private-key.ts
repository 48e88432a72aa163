// From a PEM or the base64 of DER to a P-256 private key, or to an error that says what the text is instead. What a
// variable, a JSON text or a form field has damaged is repaired if it can be read in one way only. Errors name kinds,
// curves and sizes, and never quote the text.
import { createECDH, createPrivateKey, createPublicKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { ErrorParams } from './error-params.ts';
import type { KeyLook } from './error-troubles.ts';
import { RotatorError } from './errors.ts';
import { holdSecret } from './held-secrets.ts';

/** A private key that signs client secrets, and the public half that checks them. */
export interface PrivateKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** RFC 7638 thumbprint (SHA-256, base64url) of the public half. */
  readonly thumbprint: string;
}

/** What the PEM labels mean that cannot be the key. */
const LABELS: Readonly<Record<string, KeyLook>> = {
  'ENCRYPTED PRIVATE KEY': 'encrypted',
  'PUBLIC KEY': 'public-key',
  'RSA PUBLIC KEY': 'rsa-public-key',
  CERTIFICATE: 'certificate',
  'CERTIFICATE REQUEST': 'certificate-request',
  'OPENSSH PRIVATE KEY': 'openssh-private',
  'EC PARAMETERS': 'ec-parameters',
};

/** What a text without a PEM block looks like; the first pattern that matches is reported. */
const LOOKS: readonly (readonly [pattern: RegExp, look: KeyLook])[] = [
  [/[\0\uFFFD]/, 'binary'],
  [/^<(?:!doctype|html|\?xml)/i, 'page'],
  [/^eyJ[\w-]+\.[\w-]+\.[\w-]*$/, 'jwt'],
  [/^(?:ssh|ecdsa)-[\w-]+ /, 'openssh-public'],
  [/^LS0tLS1CRUdJTi/, 'base64-pem'],
  [/^n?M[A-Z][A-Za-z0-9+/=\s\\_-]{40,}$/, 'bare-base64'],
  [/(?<!-)-{2,}\s*BEGIN|BEGIN [A-Z ]{0,40}KEY/, 'damaged-frame'],
];

/**
 * Reads a P-256 private key from a PEM or from the base64 of its DER: PKCS#8, as Apple issues it, or SEC1 ("EC PRIVATE
 * KEY"), into which openssl may have converted it, each also under the label of the other. Byte order mark, CRLF, `\n`
 * written as two or more characters, indentation, lines run together and the URL-safe alphabet are repaired. `origin`
 * says in messages where the text was found.
 * Throws ERR_KEY_INVALID, which says what the text is.
 */
export function parsePrivateKey(text: string, origin: string): PrivateKey {
  const { key, body } = KNOWN.get(text) ?? read(text, origin);
  // Also where it was read before: what is told again stays held.
  holdSecret(body);
  KNOWN.delete(text);
  KNOWN.set(text, { key, body });
  const [oldest] = KNOWN.size > MOST_KNOWN ? KNOWN.keys() : [];
  if (oldest !== undefined) KNOWN.delete(oldest);
  return key;
}

/** The keys that were read last, by their texts: every pass reads one, and a fleet has few. */
const KNOWN = new Map<string, { readonly key: PrivateKey; readonly body: string }>();
const MOST_KNOWN = 32;

function read(text: string, origin: string): { key: PrivateKey; body: string } {
  const clean = withLineEnds(text);
  const der = base64Of(clean);
  const fromDer = der?.startsWith('M') ? tryImport('PRIVATE KEY', der) : undefined;
  const block = fromDer === undefined ? selectBlock(clean, origin) : { label: 'PRIVATE KEY', body: clean };
  const key = fromDer ?? importPem(block, origin);
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw otherKey(key, origin);
  const point = publicPoint(key, origin);
  const pair = { privateKey: key, publicKey: createPublicKey(key), thumbprint: thumbprintOf(point) };
  return { key: pair, body: block.body };
}

/** Line ends that were written as characters, however often their backslash was doubled. */
export function withLineEnds(text: string): string {
  return text.replace(/(?<!\\)\\+(?:r\\+n|[nr])/g, '\n').trim();
}

/** The bytes of a text that is base64 and nothing else; undefined for any other. */
export function decodedBase64(text: string): Buffer | undefined {
  const base64 = base64Of(withLineEnds(text));
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}

/** In the usual alphabet, padded, without white space; undefined for a text that is no base64. */
function base64Of(text: string): string | undefined {
  const [, found = ''] = /^([A-Za-z0-9+/_-]+)={0,2}$/.exec(text.replace(/\s+/g, '')) ?? [];
  // The frame of a PEM without its spaces would fit the URL-safe alphabet.
  if (found === '' || found.length % 4 === 1 || found.startsWith('-----')) return undefined;
  return Buffer.from(found, 'base64').toString('base64');
}

/** RFC 7638 section 3: SHA-256 over the required members in lexical order. */
function thumbprintOf({ x, y }: Point): string {
  return hash('sha256', JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }), 'base64url');
}

/** The body ends before the next block: many beginnings without an end must not be read again and again. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----((?:[^-]|-(?!----BEGIN))*?)-----END \1-----/g;

interface Block {
  readonly label: string;
  readonly body: string;
}

function selectBlock(text: string, origin: string): Block {
  const blocks = [...text.matchAll(BLOCK)].map(([, label = '', body = '']): Block => ({ label, body }));
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (keys.length > 1) throw invalid({ problem: 'several', origin, count: keys.length });
  const block = keys[0] ?? blocks[0];
  if (block === undefined) throw withoutBlock(text, origin);
  if (/ENCRYPTED/.test(block.label) || /^Proc-Type:.*ENCRYPTED/m.test(block.body)) throw looks('encrypted', origin);
  return block;
}

function withoutBlock(text: string, origin: string): RotatorError {
  if (text === '') return looks('nothing', origin);
  if (/-----BEGIN ([A-Z0-9 ]+)-----/.test(text) && !/-----END/.test(text)) return looks('cut-off', origin);
  const found = LOOKS.find(([pattern]) => pattern.test(text));
  if (found !== undefined) return looks(found[1], origin);
  return invalid({ problem: 'other-text', origin, length: text.length });
}

function importPem({ label, body }: Block, origin: string): KeyObject {
  const named = LABELS[label];
  if (named !== undefined) throw publicKey(label, body, origin) ?? looks(named, origin);
  if (!label.endsWith('PRIVATE KEY')) throw looks('other-pem', origin);
  const written = body.replace(/\s+/g, '');
  if (written === '') throw looks('empty-pem', origin);
  const base64 = base64Of(body);
  const key = base64 === undefined ? undefined : tryImport(label, base64);
  if (key === undefined)
    throw looks(/^(?!n)[A-Za-z0-9+/]+={0,2}$/.test(written) ? 'damaged-pem' : 'broken-lines', origin);
  return key;
}

/** Tries the label of the text, then the others: the bytes say what they are. */
function tryImport(label: string, base64: string): KeyObject | undefined {
  for (const tried of new Set([label, 'PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY'])) {
    try {
      return createPrivateKey(pem(tried, base64));
    } catch {
      // Not of this kind.
    }
  }
  return undefined;
}

function publicKey(label: string, body: string, origin: string): RotatorError | undefined {
  if (label !== 'PUBLIC KEY') return undefined;
  try {
    return otherKey(createPublicKey(pem(label, body.replace(/\s+/g, ''))), origin);
  } catch {
    return undefined;
  }
}

function pem(label: string, base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

/** The kind of a key: `RSA 2048`, `P-384`, `Ed25519`. */
function kindOf(key: KeyObject): string {
  const { namedCurve = '', modulusLength } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type === 'ec') return CURVES[namedCurve] ?? namedCurve;
  if (type.startsWith('rsa')) return `RSA ${modulusLength}`;
  return type === 'ed25519' || type === 'ed448' ? `Ed${type.slice(2)}` : type;
}

/** The public half of a key, base64url. */
interface Point {
  readonly x: string;
  readonly y: string;
}

/**
 * The public half, computed from the private scalar. A PEM carries a copy of it, which OpenSSL does not check. If that
 * copy were of another key, our own check of a secret would use the wrong public key.
 */
function publicPoint(key: KeyObject, origin: string): Point {
  const halves = bothHalves(key);
  if (halves === undefined) throw looks('damaged-pem', origin);
  const [carried, point] = halves;
  const derived = { x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  if (derived.x !== carried.x || derived.y !== carried.y) throw looks('foreign-half', origin);
  return derived;
}

/** What the text carries, and the public point of its scalar. Undefined for a scalar of no key: zero, or too large. */
function bothHalves(key: KeyObject): [carried: JsonWebKey, point: Buffer] | undefined {
  try {
    const carried = key.export({ format: 'jwk' });
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(Buffer.from(carried.d ?? '', 'base64url'));
    return [carried, ecdh.getPublicKey()];
  } catch {
    return undefined;
  }
}

function looks(look: KeyLook, origin: string): RotatorError {
  return invalid({ problem: 'look', look, origin });
}

function otherKey(key: KeyObject, origin: string): RotatorError {
  return invalid({ problem: 'other-key', kind: kindOf(key), half: key.type, origin });
}

function invalid(params: ErrorParams['ERR_KEY_INVALID']): RotatorError {
  return new RotatorError('ERR_KEY_INVALID', params);
}
