// Credentials of the CAM role that a TKE cluster gives to a pod: the service account's token, exchanged at STS by
// AssumeRoleWithWebIdentity (cloud.tencent.com/document/product/598/96013). The token file is read at every exchange:
// the cluster replaces it.
import * as z from 'zod';
import type { RotatorError } from '../../../core/errors.ts';
import { holdJwt } from '../../../core/held-secrets.ts';
import { shownName } from '../../../core/shown.ts';
import { FileFailure, readNamedText } from '../../../net/named-file.ts';
import { httpUrl } from '../../scalars.ts';
import { createRefreshingCredentials } from './refreshing.ts';
import { type CredentialSource, type CredentialTools, credentialsMissing, plainCredential } from './source.ts';
import { stsCall } from './sts.ts';

export const options = z.strictObject({
  from: z.literal('tke-oidc'),
  endpoint: httpUrl(['url', 'https://sts.tencentcloudapi.com'])
    .optional()
    .describe('The endpoint of STS. Default: that of the site of cloudbase.endpoint.'),
});

const VARIABLES = ['TKE_REGION', 'TKE_PROVIDER_ID', 'TKE_WEB_IDENTITY_TOKEN_FILE', 'TKE_ROLE_ARN'] as const;
const SESSION_NAME = 'apple-secret-rotator';

export function createTkeOidcCredentials(
  { endpoint }: z.output<typeof options>,
  deps: CredentialTools,
): CredentialSource {
  return createRefreshingCredentials({
    id: 'tke-oidc',
    clock: deps.clock,
    async fetch(signal) {
      const [region, providerId, tokenFile, roleArn] = VARIABLES.map((name) => deps.env[name]?.trim() ?? '');
      if (!region || !providerId || !tokenFile || !roleArn) {
        const empty = VARIABLES.filter((name) => !deps.env[name]?.trim());
        throw credentialsMissing({ problem: 'tke', unset: empty });
      }
      const exchange = stsCall({ endpoint, region, credentials: 'unsigned' }, deps);
      return exchange(
        'AssumeRoleWithWebIdentity',
        {
          ProviderId: providerId,
          WebIdentityToken: await readToken(tokenFile, signal),
          RoleArn: roleArn,
          RoleSessionName: SESSION_NAME,
        },
        signal,
      );
    },
  });
}

async function readToken(file: string, signal: AbortSignal): Promise<string> {
  const token = await readNamedText(file, { signal }).catch((thrown: unknown) => {
    if (thrown instanceof FileFailure) throw unreadable(file, thrown.code);
    throw thrown;
  });
  const found = plainCredential(token, `${shownName(file)} ($TKE_WEB_IDENTITY_TOKEN_FILE)`);
  if (found === '') throw unreadable(file, null);
  holdJwt(found);
  return found;
}

function unreadable(file: string, code: string | null): RotatorError {
  return credentialsMissing({ problem: 'tke-token', path: shownName(file), code });
}
