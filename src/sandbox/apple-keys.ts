// The keys that the simulated Apple knows. Of those it generated itself it keeps the private halves, to mint secrets of
// any age. Independent of the part of src/core that mints, because the sandbox judges that.
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';

export interface AppleKeyIds {
  readonly teamId: string;
  readonly keyId: string;
  /** The Services IDs (and bundle ids) that the key may sign for. */
  readonly clientIds: readonly string[];
}

export interface AppleKey extends AppleKeyIds {
  readonly publicJwk: JsonWebKey;
  readonly revoked: boolean;
}

export interface SecretWish {
  readonly keyId: string;
  readonly clientId: string;
  /** In ms; default: `lifetimeSeconds` before the end, but not in the future. */
  readonly issuedAt?: number;
  /** Default 180 days. */
  readonly lifetimeSeconds?: number;
  /** Seconds from now, negative for an expired secret; default: `lifetimeSeconds` after `issuedAt`. */
  readonly expiresInSeconds?: number;
}

const DEFAULT_LIFETIME_SECONDS = 180 * 86_400;

export class AppleKeys {
  readonly #keys = new Map<string, AppleKey>();
  readonly #privateKeys = new Map<string, string>();

  register(key: AppleKeyIds & { readonly publicJwk: JsonWebKey }): void {
    const { kty, crv, x, y } = key.publicJwk;
    if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined)
      throw new TypeError('publicJwk must be the public half of a P-256 key: kty, crv, x, y');
    const { teamId, keyId, clientIds } = key;
    this.#keys.set(keyId, { teamId, keyId, clientIds: [...clientIds], publicJwk: { kty, crv, x, y }, revoked: false });
    this.#privateKeys.delete(keyId);
  }

  /** Makes a P-256 key, registers its public half and keeps the private one for `mint`. */
  generate(ids: AppleKeyIds): { readonly privateKeyPem: string; readonly publicJwk: JsonWebKey } {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicJwk = pair.publicKey.export({ format: 'jwk' });
    const privateKeyPem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    this.register({ ...ids, publicJwk });
    this.#privateKeys.set(ids.keyId, privateKeyPem);
    return { privateKeyPem, publicJwk };
  }

  /** False: no such key. */
  revoke(keyId: string): boolean {
    const key = this.#keys.get(keyId);
    if (key !== undefined) this.#keys.set(keyId, { ...key, revoked: true });
    return key !== undefined;
  }

  get(keyId: string): AppleKey | undefined {
    return this.#keys.get(keyId);
  }

  list(): AppleKey[] {
    return [...this.#keys.values()];
  }

  /** A client secret signed with a key that was generated here. Throws a TypeError for any other. */
  mint(wish: SecretWish, nowMs: number): string {
    const key = this.#keys.get(wish.keyId);
    const pem = this.#privateKeys.get(wish.keyId);
    if (key === undefined || pem === undefined)
      throw new TypeError(`no private half of key ${wish.keyId}: only generated keys can mint`);
    const now = Math.floor(nowMs / 1000);
    const lifetime = wish.lifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS;
    const issuedAt = wish.issuedAt === undefined ? undefined : Math.floor(wish.issuedAt / 1000);
    const exp = wish.expiresInSeconds === undefined ? (issuedAt ?? now) + lifetime : now + wish.expiresInSeconds;
    const iat = issuedAt ?? Math.min(exp - lifetime, now);
    const claims = { iss: key.teamId, sub: wish.clientId, aud: 'https://appleid.apple.com', iat, exp };
    const text = `${base64url({ alg: 'ES256', kid: key.keyId, typ: 'JWT' })}.${base64url(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key: createPrivateKey(pem), dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
