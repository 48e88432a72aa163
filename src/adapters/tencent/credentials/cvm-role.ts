// Credentials of the CAM role that is bound to the machine, from its metadata service
// (cloud.tencent.com/document/product/598/85616). Never through a proxy: the address means this machine.
import * as z from 'zod';
import type { CallTrouble } from '../../../core/error-troubles.ts';
import { RotatorError } from '../../../core/errors.ts';
import { CallFailure } from '../../../net/failure.ts';
import { type HttpAnswer, request } from '../../../net/request.ts';
import { httpUrl } from '../../scalars.ts';
import { createRefreshingCredentials } from './refreshing.ts';
import { type CredentialSource, type CredentialTools, credentialsMissing, type TencentCredential } from './source.ts';

const ENDPOINT = 'http://metadata.tencentyun.com';
const PATH = '/latest/meta-data/cam/security-credentials/';
/** The service is in the same data centre: without an answer in 5 s, this machine has none. */
const MAX_TIMEOUT_MS = 5_000;

export const options = z.strictObject({
  from: z.literal('cvm-role'),
  endpoint: httpUrl(['url', 'http://metadata.tencentyun.com'])
    .optional()
    .describe('An endpoint other than http://metadata.tencentyun.com.'),
});

const role = z.string().regex(/^[\w+=,.@-]{1,128}$/);
const answer = z.object({
  Code: z.literal('Success'),
  TmpSecretId: z.string().min(1),
  TmpSecretKey: z.string().min(1),
  Token: z.string().min(1),
  /** Seconds since the epoch. */
  ExpiredTime: z.number(),
});

export function createCvmRoleCredentials(
  { endpoint = ENDPOINT }: z.output<typeof options>,
  { clock, timeoutMs }: CredentialTools,
): CredentialSource {
  const ask = (path: string, signal: AbortSignal) => {
    const url = new URL(`${PATH}${path}`, endpoint);
    return metadata({ url, timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS), signal });
  };
  return createRefreshingCredentials({
    id: 'cvm-role',
    clock,
    async fetch(signal): Promise<TencentCredential> {
      const name = role.safeParse((await ask('', signal)).body.trim());
      if (!name.success) throw unavailable({ trouble: 'malformed' });
      const found = answer.safeParse(parsedJson((await ask(encodeURIComponent(name.data), signal)).body));
      if (!found.success) throw unavailable({ trouble: 'malformed' });
      const { TmpSecretId: secretId, TmpSecretKey: secretKey, Token: token, ExpiredTime } = found.data;
      return { secretId, secretKey, token, expiresAt: ExpiredTime * 1000 };
    },
  });
}

async function metadata(call: { url: URL; timeoutMs: number; signal: AbortSignal }): Promise<HttpAnswer> {
  try {
    const found = await request({ ...call, method: 'GET', env: {} });
    if (found.status === 404) throw credentialsMissing({ problem: 'no-role' });
    if (found.status !== 200) throw unavailable({ trouble: 'http', status: found.status });
    return found;
  } catch (error) {
    if (error instanceof CallFailure) throw unavailable(error.trouble, error);
    throw error;
  }
}

function unavailable(trouble: CallTrouble, cause?: Error): RotatorError {
  return new RotatorError('ERR_CREDENTIALS_UNAVAILABLE', { problem: 'metadata', ...trouble }, { cause });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
