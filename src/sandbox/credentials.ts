// The credentials that the simulated clouds know: one pair each at start, temporary ones as STS and the metadata
// service give them. None of them is a secret: they open nothing but the sandbox.
import { randomBytes } from 'node:crypto';
import type { Tc3Credential } from './tc3.ts';

export const SANDBOX_CREDENTIALS = {
  secretId: 'AKIDsandbox0000000000000000000000000',
  secretKey: 'sandbox-secret-key',
} as const;

export const SANDBOX_AWS_CREDENTIALS = {
  accessKeyId: 'AKIASANDBOX000000000',
  secretAccessKey: 'sandbox-aws-secret-key',
} as const;

export interface TemporaryCredential {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The pairs of both clouds, as they are at start. */
export function initialCredentials(): Map<string, Tc3Credential> {
  return new Map<string, Tc3Credential>([
    [SANDBOX_CREDENTIALS.secretId, { secretKey: SANDBOX_CREDENTIALS.secretKey }],
    [SANDBOX_AWS_CREDENTIALS.accessKeyId, { secretKey: SANDBOX_AWS_CREDENTIALS.secretAccessKey }],
  ]);
}

/** A new temporary credential that ends at `expiresAt`. */
export function temporaryCredential(expiresAt: number): TemporaryCredential {
  const random = (bytes: number) => randomBytes(bytes).toString('hex');
  return { secretId: `AKID${random(16)}`, secretKey: random(16), token: random(48), expiresAt };
}
