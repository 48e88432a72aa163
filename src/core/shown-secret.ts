// What can be said of a client secret by the way a reading shows it: in clear, as a digest, masked, or not at all.
// Nobody has established how CloudBase shows it, so every form is handled.
import { holdJwt, holdSecret } from './held-secrets.ts';
import type { Json } from './json.ts';
import { fingerprint } from './parsed-secret.ts';
import type { ShownSecret } from './provider.ts';
import type { Shape } from './reasons.ts';

const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
const SHA256_HEX = /^[0-9a-f]{64}$/i;

/** Sorts what stands in the secret's place into one of the six shapes, and holds it as a secret. A text that is neither a JWT nor a SHA-256 counts as masked. */
export function shownSecret(value: Json | undefined): ShownSecret {
  if (value === undefined) return { shape: 'missing', text: null };
  if (value === null) return { shape: 'null', text: null };
  if (typeof value !== 'string') return { shape: 'masked', text: null };
  if (value === '') return { shape: 'empty', text: '' };
  if (JWT.test(value)) {
    holdJwt(value);
    return { shape: 'clear', text: value };
  }
  if (SHA256_HEX.test(value)) return { shape: 'digest', text: value.toLowerCase() };
  holdSecret(value);
  return { shape: 'masked', text: value };
}

/** True if nothing at all is shown: there is no secret, or the cloud hides it. */
export function showsNothing(shape: Shape): boolean {
  return shape === 'empty' || shape === 'null' || shape === 'missing';
}

export function sameSecret(a: ShownSecret, b: ShownSecret): boolean {
  return a.shape === b.shape && a.text === b.text;
}

/** The fingerprint that a secret in clear has, or that a digest claims to be; null for all other shapes. */
export function fingerprintShown({ shape, text }: ShownSecret): string | null {
  if (text === null) return null;
  if (shape === 'clear') return fingerprint(text);
  return shape === 'digest' ? text : null;
}
