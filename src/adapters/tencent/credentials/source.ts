// What a source of Tencent credentials is: the one shape that the client, the sources and their wrappers share.
import { type ErrorParams, RotatorError } from '../../../core/errors.ts';
import type { Clock } from '../../../core/ports.ts';
import type { Env } from '../../../net/proxy.ts';

export interface TencentCredential {
  readonly secretId: string;
  readonly secretKey: string;
  /** Goes with temporary credentials. */
  readonly token?: string;
  /** Wall clock, ms; absent: they do not expire by themselves. */
  readonly expiresAt?: number;
}

/** Where credentials come from. Safe to share between calls. */
export interface CredentialSource {
  /** Names the source in messages and lanes. It never changes and holds no secret. */
  readonly id: string;
  /**
   * Credentials that are not empty. Throws ERR_CREDENTIALS_MISSING (nothing there: names what to set),
   * ERR_CREDENTIALS_REJECTED (a role may not be assumed), ERR_CREDENTIALS_UNAVAILABLE (may pass). A failure is never
   * kept: the next call tries again.
   */
  get(signal: AbortSignal): Promise<TencentCredential>;
  /** Forgets `rejected`, which the API refused; newer credentials stay. */
  renew(rejected: TencentCredential): void;
}

export interface CredentialTools {
  readonly env: Env;
  readonly clock: Clock;
  /** Of the calls that the credentials are for; STS is asked in the same one. */
  readonly region: string;
  /** For each call to STS or the metadata service, ms. */
  readonly timeoutMs: number;
  /** Called for every call to STS, for the metrics. */
  readonly onRequest?: (record: RequestRecord) => void;
}

/** One call that was made, for the metrics. */
export interface RequestRecord {
  readonly service: string;
  readonly action: string;
  /** `OK`, the API's code, `HTTP_nnn`, `NETWORK` or `TIMEOUT`. */
  readonly code: string;
  readonly durationMs: number;
}

export function credentialsMissing(params: ErrorParams['ERR_CREDENTIALS_MISSING']): RotatorError {
  return new RotatorError('ERR_CREDENTIALS_MISSING', params);
}

/**
 * A credential without the white space around it. Throws ERR_CREDENTIALS_MISSING, which names `place`, for characters
 * that none has: they could not be sent in a header.
 */
export function plainCredential(text: string, place: string): string {
  const value = text.trim();
  if (!/^[\x21\x23-\x26\x28-\x7e]*$/.test(value)) throw credentialsMissing({ problem: 'characters', place });
  return value;
}
