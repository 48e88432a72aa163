// The vendors' real clients, pointed at a sandbox.
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Client as SsmClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/ssm/v20190923/ssm_client.js';
import { Client as StsClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/sts/v20180813/sts_client.js';
import { Client as TcbClient } from 'tencentcloud-sdk-nodejs/tencentcloud/services/tcb/v20180608/tcb_client.js';
import { SANDBOX_AWS_CREDENTIALS, SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';

export interface TencentOptions {
  readonly secretId?: string;
  readonly secretKey?: string;
  readonly token?: string;
  readonly region?: string;
}

function tencentOptions(url: string, { region = 'ap-shanghai', ...credential }: TencentOptions) {
  return {
    credential: { ...SANDBOX_CREDENTIALS, ...credential },
    region,
    profile: { httpProfile: { endpoint: new URL(url).host, protocol: 'http://', reqTimeout: 5 } },
  };
}

export function tcbClient(url: string, options: TencentOptions = {}): TcbClient {
  return new TcbClient(tencentOptions(url, options));
}

export function ssmClient(url: string, options: TencentOptions = {}): SsmClient {
  return new SsmClient(tencentOptions(url, options));
}

export function stsClient(url: string, options: TencentOptions = {}): StsClient {
  return new StsClient(tencentOptions(url, options));
}

export function awsClient(
  url: string,
  options: { accessKeyId?: string; secretAccessKey?: string; sessionToken?: string; region?: string } = {},
): SecretsManagerClient {
  const { region = 'ap-southeast-1', ...credential } = options;
  return new SecretsManagerClient({
    endpoint: url,
    region,
    maxAttempts: 1,
    credentials: { ...SANDBOX_AWS_CREDENTIALS, ...credential },
  });
}

/** The `code` and message of what a call throws, as the Tencent SDK reports it. */
export async function thrown(call: Promise<unknown>): Promise<{ code: string; message: string; name: string }> {
  try {
    await call;
  } catch (error) {
    const { code = '', message = '', name = '' } = error as { code?: string; message?: string; name?: string };
    return { code, message, name };
  }
  throw new Error('the call succeeded');
}

/** Posts a client secret to the simulated token endpoint with a code that cannot exist. */
export async function askApple(url: string, clientId: string, clientSecret: string): Promise<[number, unknown]> {
  const answer = await fetch(`${url}/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: 'no-such-code',
      client_id: clientId,
      client_secret: clientSecret,
    }),
  });
  return [answer.status, await answer.json()];
}
