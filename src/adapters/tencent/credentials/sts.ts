// Temporary credentials from STS: the call that AssumeRole and AssumeRoleWithWebIdentity have in common. A failed call
// has the codes of error-table.ts.
import * as z from 'zod';
import { RotatorError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import { createTencentClient } from '../client.ts';
import type { CredentialSource, CredentialTools, TencentCredential } from './source.ts';

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

/** A function that fetches temporary credentials by `action`. */
export function stsCall(
  call: { endpoint: string | undefined; region: string; credentials: CredentialSource | 'unsigned' },
  { clock, env, timeoutMs, onRequest }: CredentialTools,
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
    const { response } = await client.call(action, params, { signal, write: false });
    const found = answer.safeParse(response);
    if (!found.success) throw new RotatorError('ERR_CREDENTIALS_UNAVAILABLE', { problem: 'sts-form', action });
    const { Credentials, ExpiredTime } = found.data;
    return {
      secretId: Credentials.TmpSecretId,
      secretKey: Credentials.TmpSecretKey,
      token: Credentials.Token,
      expiresAt: ExpiredTime * 1000,
    };
  };
}
