// Key material: Team ID, Services ID (client id), Key ID and the P-256 private key, parsed from what a key source
// yields (a PEM, or JSON with the ids and a PEM) and joined with the ids of the configuration.
import type { JWK } from 'jose';

/** The ids; any of them may come from the configuration, with the key, or (if they agree) from both. */
export interface KeyIds {
  readonly teamId: string;
  readonly clientId: string;
  readonly keyId: string;
}

export interface KeyMaterial extends KeyIds {
  /** PKCS#8 PEM, normalised. Never logged, never journalled. */
  readonly privateKeyPem: string;
  /** The public half: kty, crv, x, y. */
  readonly publicJwk: JWK;
  /** RFC 7638 thumbprint (SHA-256, base64url) of the public half. */
  readonly thumbprint: string;
}
