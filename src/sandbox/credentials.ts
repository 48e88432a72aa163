// The credentials that the simulated clouds know: one pair each at start, and the temporary ones that STS and the
// metadata service issue. None of them is a secret: they open nothing but the sandbox.
import { randomBytes } from 'node:crypto';
import type { Policy } from './cam.ts';

/** What belongs to an access key id. */
export interface Credential {
  readonly secretKey: string;
  /** Of a temporary credential: must come with every request (X-TC-Token, X-Amz-Security-Token). */
  readonly token?: string;
  /** In ms. From then on the token is refused. */
  readonly expiresAt?: number;
  /** What CAM allows its owner; absent: everything. */
  readonly policy?: Policy;
}

export const SANDBOX_CREDENTIALS = {
  secretId: 'AKIDsandbox0000000000000000000000000',
  secretKey: 'sandbox-secret-key',
} as const;

export const SANDBOX_AWS_CREDENTIALS = {
  accessKeyId: 'AKIASANDBOX000000000',
  secretAccessKey: 'sandbox-aws-secret-key',
} as const;

export interface TemporaryCredential extends Required<Omit<Credential, 'policy'>> {
  readonly secretId: string;
}

/** The pairs of both clouds, as they are at start. */
export function initialCredentials(): Map<string, Credential> {
  return new Map<string, Credential>([
    [SANDBOX_CREDENTIALS.secretId, { secretKey: SANDBOX_CREDENTIALS.secretKey }],
    [SANDBOX_AWS_CREDENTIALS.accessKeyId, { secretKey: SANDBOX_AWS_CREDENTIALS.secretAccessKey }],
  ]);
}

/** A new temporary credential that ends at `expiresAt` (ms). */
export function temporaryCredential(expiresAt: number): TemporaryCredential {
  const random = (bytes: number) => randomBytes(bytes).toString('hex');
  return { secretId: `AKID${random(16)}`, secretKey: random(16), token: random(48), expiresAt };
}

/** When a credential ends, as STS and the metadata service write it. */
export function expiration({ expiresAt }: TemporaryCredential): { ExpiredTime: number; Expiration: string } {
  const seconds = Math.floor(expiresAt / 1000);
  return { ExpiredTime: seconds, Expiration: new Date(seconds * 1000).toISOString().replace('.000Z', 'Z') };
}
