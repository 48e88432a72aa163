// Credentials of a CAM role, taken on with those of another source through STS AssumeRole
// (cloud.tencent.com/document/product/1312/48197).
import * as z from 'zod';
import { shownName } from '../../../core/shown.ts';
import { httpUrl, text } from '../../scalars.ts';
import { createRefreshingCredentials } from './refreshing.ts';
import type { CredentialSource, CredentialTools } from './source.ts';
import { stsCall } from './sts.ts';

export const options = z.strictObject({
  roleArn: text(['role', 'qcs::cam::uin/100000000001:roleName/rotator']).describe(
    'The role, such as qcs::cam::uin/100000000001:roleName/rotator.',
  ),
  sessionName: text().optional().describe('Names the session in the audit log. Default: apple-secret-rotator.'),
  externalId: text().optional().describe('The external id that the role asks for.'),
  endpoint: httpUrl(['url', 'https://sts.tencentcloudapi.com'])
    .optional()
    .describe('The endpoint of STS. Default: that of the site of cloudbase.endpoint.'),
});

export function createAssumeRoleCredentials(
  { roleArn, sessionName = 'apple-secret-rotator', externalId, endpoint }: z.output<typeof options>,
  base: CredentialSource,
  deps: CredentialTools,
): CredentialSource {
  const exchange = stsCall({ endpoint, region: deps.region, credentials: base }, deps);
  const params = {
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  };
  return createRefreshingCredentials({
    id: `${base.id} as ${shownName(roleArn)}`,
    clock: deps.clock,
    fetch: (signal) => exchange('AssumeRole', params, signal),
  });
}
