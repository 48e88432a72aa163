// Credentials of a CAM role, taken on with those of another source through STS AssumeRole
// (cloud.tencent.com/document/product/1312/48197).
import * as z from 'zod';
import { httpUrl, text } from './options.ts';
import { createRefreshingCredentials } from './refreshing.ts';
import type { CredentialDeps, CredentialSource } from './source.ts';
import { stsCall } from './sts.ts';

export const options = z.strictObject({
  roleArn: text('a role such as qcs::cam::uin/100000000001:roleName/rotator'),
  sessionName: text('a session name').optional(),
  externalId: text('an external id').optional(),
  /** Of STS. */
  endpoint: httpUrl('a URL such as https://sts.tencentcloudapi.com').optional(),
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
