// Whose credentials they are: STS GetCallerIdentity, which needs no permission of CAM
// (cloud.tencent.com/document/product/1312/103067).
import * as z from 'zod';
import { shown } from '../../../core/shown.ts';
import { createTencentClient } from '../client.ts';
import type { CredentialSource, CredentialTools } from './source.ts';

export interface CallerIdentity {
  /** `qcs::cam::uin/100000000001:uin/100000000002` */
  readonly arn: string;
  /** The main account, whose number the resources of a policy name. */
  readonly account: string;
}

const answer = z.object({
  Arn: z
    .string()
    .min(1)
    .transform((text) => shown(text, 200)),
  AccountId: z.string().regex(/^\d{1,20}$/),
});

/** Asks STS at `endpoint`. Undefined: its answer is of another form. Throws the errors of error-table.ts for `sts`. */
export async function callerIdentity(
  credentials: CredentialSource,
  endpoint: string,
  { env, clock, region, timeoutMs }: CredentialTools,
  signal: AbortSignal,
): Promise<CallerIdentity | undefined> {
  const client = createTencentClient({ service: 'sts', endpoint, region, credentials, timeoutMs, clock, env });
  const { response } = await client.call('GetCallerIdentity', {}, { signal, write: false });
  const found = answer.safeParse(response);
  return found.success ? { arn: found.data.Arn, account: found.data.AccountId } : undefined;
}
