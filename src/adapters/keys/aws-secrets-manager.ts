// Key source `aws-secrets-manager`: one version of one secret, read through the vendor's client with the default AWS
// credential chain. Every request, those of the chain to STS and SSO included, leaves through src/net: proxies, no
// redirects, bounded answers. Each read creates a new client and reads the credentials again: they may have been
// replaced.
import * as z from 'zod';
import { RotatorError } from '../../core/errors.ts';
import { holdSecret } from '../../core/held-secrets.ts';
import type { KeySource, KeyText } from '../../core/ports.ts';
import { shownName } from '../../core/shown.ts';
import { deadline, untilAborted } from '../../net/abort.ts';
import { withBoundedAnswers } from '../../net/foreign-answers.ts';
import type { Env } from '../../net/proxy.ts';
import { httpUrl, region, text } from '../scalars.ts';
import { plainCredential } from '../tencent/credentials/source.ts';
import { credentialsError, readError, unavailable } from './aws/error-table.ts';
import { type Transport, transport } from './aws/transport.ts';

export const options = z.strictObject({
  from: z.literal('aws-secrets-manager'),
  secretId: text(['arn']).describe('The name or ARN of the secret.'),
  region: region('ap-southeast-1').describe('The region of the secret.'),
  versionStage: text().prefault('AWSCURRENT').describe('The stage to read.'),
  endpoint: httpUrl(['url', 'https://secretsmanager.ap-southeast-1.amazonaws.com'])
    .optional()
    .describe("An endpoint other than AWS's usual one."),
});
export type AwsSecretsManagerOptions = z.output<typeof options>;

export interface AwsSecretsManagerTools {
  /** Where HTTPS_PROXY and NO_PROXY are read. The credential chain reads the process's own environment. */
  readonly env: Env;
  /** For credentials and call together, in ms. Default 15 s. */
  readonly timeoutMs?: number;
}

/**
 * Throws ERR_KEY_NOT_FOUND (no such secret or stage, or marked for deletion), ERR_KEY_FORBIDDEN (IAM, KMS),
 * ERR_CREDENTIALS_MISSING, ERR_CREDENTIALS_REJECTED, ERR_CREDENTIALS_UNAVAILABLE (STS has no answer), ERR_REDIRECTED,
 * ERR_KEY_SOURCE_UNAVAILABLE (throttled, 5xx, network, timeout). Never retries; aborts with the signal.
 */
export function createAwsSecretsManagerKeySource(
  options: AwsSecretsManagerOptions,
  { env, timeoutMs = 15_000 }: AwsSecretsManagerTools,
): KeySource {
  const origin = `${shownName(options.secretId)} (aws-secrets-manager, ${options.region})`;
  return {
    async read(signal) {
      signal.throwIfAborted();
      const limit = deadline(timeoutMs, signal);
      try {
        const secret = withBoundedAnswers(() => getSecret(options, origin, transport(env, timeoutMs, limit.signal)));
        return await untilAborted(secret, limit.signal);
      } catch (thrown) {
        if (thrown instanceof RotatorError || (signal.aborted && !limit.expired)) throw thrown;
        if (limit.expired)
          throw unavailable(origin, { trouble: 'timeout', afterMs: timeoutMs }, { remoteCode: 'TIMEOUT' });
        throw readError(origin, thrown);
      } finally {
        limit.clear();
      }
    },
  };
}

async function getSecret(
  { secretId, region, versionStage, endpoint }: AwsSecretsManagerOptions,
  origin: string,
  requestHandler: Transport,
): Promise<KeyText> {
  // CommonJS: a chunk of the bundle has its default export alone.
  const { default: sdk } = await import('@aws-sdk/client-secrets-manager');
  const settings = {
    region,
    endpoint: endpoint ?? endpointOf(region),
    maxAttempts: 1,
    requestHandler,
    // Otherwise the chain keeps ~/.aws/credentials as it was when the process began.
    ignoreCache: true,
  };
  const chain = new sdk.SecretsManagerClient(settings);
  let client = chain;
  try {
    const found = await chain.config.credentials().catch((thrown: unknown) => {
      throw thrown instanceof RotatorError ? thrown : credentialsError(origin, thrown);
    });
    const credentials = plainCredentials(found);
    for (const secret of [credentials.secretAccessKey, credentials.sessionToken ?? '']) holdSecret(secret);
    client = new sdk.SecretsManagerClient({ ...settings, credentials });
    const answer = await client.send(new sdk.GetSecretValueCommand({ SecretId: secretId, VersionStage: versionStage }));
    const { SecretString: asText, SecretBinary: asBytes } = answer;
    const text = asText ?? (asBytes === undefined ? undefined : Buffer.from(asBytes).toString('utf8'));
    if (text === undefined) throw new RotatorError('ERR_KEY_SOURCE_UNAVAILABLE', { problem: 'no-value', origin });
    return { text, origin, warnings: [] };
  } finally {
    chain.destroy();
    client.destroy();
  }
}

interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Without the white space around them, which AWS's chain leaves there and which then spoils the signature. */
function plainCredentials({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials) {
  return {
    accessKeyId: plainCredential(accessKeyId, 'the AWS access key id'),
    secretAccessKey: plainCredential(secretAccessKey, 'the AWS secret access key'),
    ...(sessionToken === undefined ? {} : { sessionToken: plainCredential(sessionToken, 'the AWS session token') }),
  };
}

/** Always explicit: otherwise AWS_ENDPOINT_URL could send the call to a host that no rule has checked. */
function endpointOf(region: string): string {
  return `https://secretsmanager.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
