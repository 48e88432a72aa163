// Key source `tencent-ssm`: one version of one secret of Tencent's Secrets Manager (`ssm`, version 2019-09-23), read
// through the vendor's client.
import * as z from 'zod';
import { RotatorError } from '../../core/errors.ts';
import type { KeySource } from '../../core/ports.ts';
import { shownName } from '../../core/shown.ts';
import { httpUrl, region, text } from '../scalars.ts';
import type { TencentClient } from '../tencent/client.ts';
import { credentialsOptions } from '../tencent/credentials/registry.ts';

export const options = z.strictObject({
  from: z.literal('tencent-ssm'),
  secretName: text().describe('The name of the secret.'),
  versionId: text().prefault('SSM_Current').describe('The version to read.'),
  region: region('ap-shanghai').describe('The region of the secret.'),
  endpoint: httpUrl(['url', 'https://ssm.tencentcloudapi.com'])
    .optional()
    .describe('The endpoint of SSM. Default: that of the site of cloudbase.endpoint.'),
  credentials: credentialsOptions
    .optional()
    .describe("Credentials for this source. Default: those of the target's CloudBase."),
});
export type TencentSsmOptions = z.output<typeof options>;

const answer = z.object({ SecretString: z.string().nullish(), SecretBinary: z.base64().or(z.literal('')).nullish() });

/**
 * Reads through `client`, an `ssm` client of the secret's region. Throws ERR_KEY_NOT_FOUND (no such secret or version,
 * disabled, about to be deleted, empty), ERR_KEY_FORBIDDEN (CAM, KMS, not purchased, refused for another reason),
 * ERR_CREDENTIALS_*, ERR_REDIRECTED, ERR_KEY_SOURCE_UNAVAILABLE (throttled, 5xx, network, timeout, clock). Never
 * retries.
 */
export function createTencentSsmKeySource(
  { secretName, versionId, region }: TencentSsmOptions,
  { client }: { readonly client: TencentClient },
): KeySource {
  const origin = `${shownName(secretName)} ${shownName(versionId)} (tencent-ssm, ${region})`;
  return {
    async read(signal) {
      const params = { SecretName: secretName, VersionId: versionId };
      const { response, requestId } = await client.call('GetSecretValue', params, {
        signal,
        write: false,
        about: origin,
      });
      const found = answer.safeParse(response);
      if (!found.success)
        throw new RotatorError(
          'ERR_KEY_SOURCE_UNAVAILABLE',
          { problem: 'unknown-form', origin },
          { requestId: requestId ?? undefined },
        );
      const { SecretString, SecretBinary } = found.data;
      const text = SecretString || Buffer.from(SecretBinary ?? '', 'base64').toString('utf8');
      if (text === '') throw new RotatorError('ERR_KEY_NOT_FOUND', { problem: 'ssm-empty', origin });
      return { text, origin, warnings: [] };
    },
  };
}
