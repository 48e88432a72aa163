// Temporary credentials from STS: the call that AssumeRole and AssumeRoleWithWebIdentity have in common, and what
// its errors mean to somebody who wanted credentials.
import * as z from 'zod';
import { type ErrorCode, RotatorError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import { createTencentClient } from '../client.ts';
import type { CredentialDeps, CredentialSource, TencentCredential } from './source.ts';

const STS_ENDPOINT = 'https://sts.tencentcloudapi.com';

const answer = z.object({
  Credentials: z.object({
    TmpSecretId: z.string().min(1),
    TmpSecretKey: z.string().min(1),
    Token: z.string().min(1),
  }),
  /** Seconds since the epoch. */
  ExpiredTime: z.number(),
});

/** What the codes of a failed call mean here; those that are not listed say it as it is. */
const MEANINGS: Partial<Record<ErrorCode, ErrorCode>> = {
  ERR_CLOUDBASE_THROTTLED: 'ERR_CREDENTIALS_UNAVAILABLE',
  ERR_CLOUDBASE_UNAVAILABLE: 'ERR_CREDENTIALS_UNAVAILABLE',
  ERR_CLOUDBASE_NETWORK: 'ERR_CREDENTIALS_UNAVAILABLE',
  ERR_CLOUDBASE_TIMEOUT: 'ERR_CREDENTIALS_UNAVAILABLE',
  ERR_CLOUDBASE_BAD_ANSWER: 'ERR_CREDENTIALS_UNAVAILABLE',
  ERR_CLOUDBASE_DENIED: 'ERR_CREDENTIALS_REJECTED',
  ERR_CLOUDBASE_REFUSED: 'ERR_CREDENTIALS_REJECTED',
};

/** A function that fetches temporary credentials by `action`. */
export function stsCall(
  call: { endpoint: string | undefined; region: string; credentials: CredentialSource | 'unsigned' },
  { clock, env, timeoutMs, onRequest }: CredentialDeps,
): (action: string, params: JsonObject, signal: AbortSignal) => Promise<TencentCredential> {
  const client = createTencentClient({
    service: 'sts',
    endpoint: call.endpoint ?? STS_ENDPOINT,
    region: call.region,
    credentials: call.credentials,
    timeoutMs,
    clock,
    env,
    ...(onRequest === undefined ? {} : { onRequest }),
  });
  return async (action, params, signal) => {
    try {
      const { response } = await client.call(action, params, { signal, write: false });
      const found = answer.safeParse(response);
      if (!found.success)
        throw new RotatorError('ERR_CREDENTIALS_UNAVAILABLE', `sts ${action} has an answer without credentials`, {
          hint: 'Wait: it is tried again. If it lasts, check the endpoint of assumeRole.',
        });
      const { Credentials, ExpiredTime } = found.data;
      return {
        secretId: Credentials.TmpSecretId,
        secretKey: Credentials.TmpSecretKey,
        token: Credentials.Token,
        expiresAt: ExpiredTime * 1000,
      };
    } catch (error) {
      throw error instanceof RotatorError ? meant(error) : error;
    }
  };
}

function meant(error: RotatorError): RotatorError {
  const code = MEANINGS[error.code];
  if (code === undefined) return error;
  const { message, hint, requestId, remoteCode } = error;
  return new RotatorError(code, message, {
    hint,
    cause: error,
    ...(requestId === undefined ? {} : { requestId }),
    ...(remoteCode === undefined ? {} : { remoteCode }),
  });
}
