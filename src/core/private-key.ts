// From a text to a P-256 private key, or to an error that says what the text is instead. Line ends that a variable, a
// JSON text or a form field has damaged are repaired if they can be read in one way only. Errors name kinds, curves and
// sizes, and never quote the text.
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { JWK } from 'jose';
import { RotatorError } from './errors.ts';

/** A private key that signs client secrets, and the public half that checks them. */
export interface PrivateKey {
  /** PKCS#8 PEM, normalised. */
  readonly privateKeyPem: string;
  /** kty, crv, x, y. */
  readonly publicJwk: JWK;
  /** RFC 7638 thumbprint (SHA-256, base64url) of the public half. */
  readonly thumbprint: string;
}

const WANTED = 'wanted the P-256 private key from Apple (AuthKey_….p8)';
const HINT_P8 = 'Use the .p8 file exactly as Apple gave it (Apple Developer portal, Keys).';
const HINT_LINES =
  'Store the .p8 with its line ends: "-----BEGIN PRIVATE KEY-----", the base64 lines and "-----END PRIVATE KEY-----", each on a line of its own.';

/** What the PEM labels mean that cannot be the key. */
const LABELS: Readonly<Record<string, string>> = {
  'ENCRYPTED PRIVATE KEY': 'an encrypted private key',
  'PUBLIC KEY': 'a public key',
  'RSA PUBLIC KEY': 'an RSA public key',
  CERTIFICATE: 'a certificate',
  'CERTIFICATE REQUEST': 'a certificate request',
  'OPENSSH PRIVATE KEY': 'an OpenSSH private key',
  'EC PARAMETERS': 'EC parameters without a key',
};

/** What a text without a PEM block looks like; the first pattern that matches is reported. */
const LOOKS: readonly { readonly pattern: RegExp; readonly is: string; readonly hint: string }[] = [
  {
    pattern: /[\0\uFFFD]/,
    is: 'binary data or UTF-16 text',
    hint: 'Use the .p8 as Apple gave it: plain text; a DER or PKCS#12 file has to be converted.',
  },
  {
    pattern: /^<(?:!doctype|html|\?xml)/i,
    is: 'an HTML or XML page',
    hint: 'Download the .p8 again while logged in to the Apple Developer portal; this is a page, perhaps a login form.',
  },
  {
    pattern: /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/,
    is: 'a JWT (a client secret, perhaps), not a key',
    hint: 'Give the .p8 that client secrets are signed with; this program mints the client secret itself.',
  },
  { pattern: /^(?:ssh|ecdsa)-[\w-]+ /, is: 'an OpenSSH public key', hint: HINT_P8 },
  {
    pattern: /^LS0tLS1CRUdJTi/,
    is: 'the base64 of a PEM',
    hint: 'Store the PEM itself: decode it once (base64 -d).',
  },
  {
    pattern: /^n?MI[A-Za-z0-9+/=\s\\]+$/,
    is: 'base64 without its BEGIN and END lines',
    hint: HINT_LINES,
  },
  { pattern: /-{2,}\s*BEGIN|BEGIN [A-Z ]*KEY/, is: 'a PEM with damaged BEGIN or END lines', hint: HINT_LINES },
];

/**
 * Reads a P-256 private key from a PEM: PKCS#8, as Apple issues it, or SEC1 ("EC PRIVATE KEY"), into which openssl may
 * have converted it. Byte order mark, CRLF, `\n` written as two characters, indentation, and lines run together are
 * repaired. `origin` says in messages where the text was found.
 * Throws ERR_KEY_INVALID, which says what the text is.
 */
export function parsePrivateKey(text: string, origin: string): PrivateKey {
  const clean = text
    .replace(/^\uFEFF/, '')
    .replace(/\\r\\n|\\n|\\r/g, '\n')
    .trim();
  const key = importPem(selectBlock(clean, origin), origin);
  const publicJwk = publicHalf(key, origin);
  return {
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicJwk,
    thumbprint: thumbprintOf(publicJwk),
  };
}

/** RFC 7638 section 3: SHA-256 over the required members in lexical order. `jwk` is an EC key. */
function thumbprintOf({ crv, kty, x, y }: JWK): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

interface Block {
  readonly label: string;
  readonly body: string;
}

function selectBlock(text: string, origin: string): Block {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g)].map(
    ([, label = '', body = '']): Block => ({ label, body }),
  );
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (keys.length > 1)
    throw invalid(
      origin,
      `${keys.length} private keys`,
      'wanted one',
      'Keep the key of this key id alone, and remove the others.',
    );
  const block = keys[0] ?? blocks[0];
  if (block === undefined) throw withoutBlock(text, origin);
  if (/ENCRYPTED/.test(block.label) || /^Proc-Type:.*ENCRYPTED/m.test(block.body))
    throw invalid(
      origin,
      'an encrypted private key',
      WANTED,
      'Apple gives the .p8 without a passphrase: use that, or decrypt it (openssl pkcs8 -in FILE).',
    );
  return block;
}

function withoutBlock(text: string, origin: string): RotatorError {
  if (text === '') return invalid(origin, 'nothing', WANTED, 'Put the content of the .p8 there.', 'is empty');
  const cut = /-----BEGIN ([A-Z0-9 ]+)-----/.test(text);
  if (cut && !/-----END/.test(text))
    return invalid(
      origin,
      'a PEM that is cut off (it has no END line)',
      WANTED,
      'Copy the whole .p8, to and including its END line; a variable or form field may have kept the first line only.',
    );
  const look = LOOKS.find(({ pattern }) => pattern.test(text));
  if (look !== undefined) return invalid(origin, look.is, WANTED, look.hint);
  return invalid(origin, `no key (${text.length} characters of something else)`, WANTED, HINT_P8);
}

function importPem({ label, body }: Block, origin: string): KeyObject {
  const named = LABELS[label];
  if (named !== undefined) throw invalid(origin, publicDetails(label, body) ?? named, WANTED, HINT_P8);
  if (!label.endsWith('PRIVATE KEY')) throw invalid(origin, 'a PEM that is no private key', WANTED, HINT_P8);
  const base64 = body.replace(/\s+/g, '');
  if (base64 === '') throw invalid(origin, 'a PEM with nothing between its BEGIN and END lines', WANTED, HINT_P8);
  const key = tryImport(label, base64);
  if (key === undefined) {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || /^n/.test(base64))
      throw invalid(origin, `a PEM whose line ends are broken`, WANTED, HINT_LINES);
    throw invalid(origin, 'a PEM that is damaged (characters are missing or changed)', WANTED, HINT_P8);
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw invalid(
      origin,
      `${describe(key)}`,
      WANTED,
      'Apple signs with P-256 alone: use the .p8 of a key with "Sign in with Apple" (Apple Developer portal, Keys).',
    );
  return key;
}

function tryImport(label: string, base64: string): KeyObject | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  try {
    return createPrivateKey(pem(label, base64));
  } catch {
    return undefined;
  }
}

function publicDetails(label: string, body: string): string | undefined {
  if (label !== 'PUBLIC KEY') return undefined;
  try {
    return describe(createPublicKey(pem(label, body.replace(/\s+/g, ''))));
  } catch {
    return undefined;
  }
}

function pem(label: string, base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

/** The kind of a key, in words: `an RSA private key of 2048 bits`, `a P-384 private key`, `an Ed25519 private key`. */
function describe(key: KeyObject): string {
  const { namedCurve = '', modulusLength } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type === 'ec') return `a ${CURVES[namedCurve] ?? namedCurve} ${key.type} key`;
  if (type.startsWith('rsa')) return `an RSA ${key.type} key of ${modulusLength} bits`;
  if (type === 'ed25519' || type === 'ed448') return `an Ed${type.slice(2)} ${key.type} key`;
  return `a ${key.type} key of type ${type}`;
}

/**
 * The public half, computed from the private scalar. A PEM carries a copy of it, which OpenSSL does not check. If that
 * copy were of another key, our own check of a secret would use the wrong public key.
 */
function publicHalf(key: KeyObject, origin: string): JWK {
  const { crv, d = '', x, y }: JsonWebKey = key.export({ format: 'jwk' });
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(Buffer.from(d, 'base64url'));
  const point = ecdh.getPublicKey();
  const derived = { x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  if (derived.x !== x || derived.y !== y)
    throw invalid(origin, 'a private key with the public half of another key', WANTED, HINT_P8);
  return { kty: 'EC', crv: crv ?? 'P-256', ...derived };
}

function invalid(origin: string, is: string, wanted: string, hint: string, verb = `holds ${is}`): RotatorError {
  return new RotatorError('ERR_KEY_INVALID', `${origin} ${verb}, ${wanted}`, { hint });
}
