// Credentials of a CAM role, taken on with those of another source through STS AssumeRole
// (cloud.tencent.com/document/product/1312/48197).
import * as z from 'zod';
import { createRefreshingCredentials } from './refreshing.ts';
import type { CredentialDeps, CredentialSource } from './source.ts';
import { stsCall } from './sts.ts';

export const options = z.strictObject({
  /** `qcs::cam::uin/<account>:roleName/<role>` */
  roleArn: z.string().min(1),
  sessionName: z.string().min(1).optional(),
  externalId: z.string().min(1).optional(),
  /** Of STS. */
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
});

export function createAssumeRoleCredentials(
  { roleArn, sessionName = 'apple-secret-rotator', externalId, endpoint }: z.output<typeof options>,
  base: CredentialSource,
  deps: CredentialDeps,
): CredentialSource {
  const exchange = stsCall({ endpoint, region: deps.region, credentials: base }, deps);
  const params = {
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  };
  return createRefreshingCredentials({
    id: `${base.id} as ${roleArn}`,
    clock: deps.clock,
    fetch: (signal) => exchange('AssumeRole', params, signal),
  });
}
