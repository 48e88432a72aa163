// Key source `tencent-ssm`: one version of one secret of Tencent's Secrets Manager (`ssm`, version 2019-09-23), read
// through the vendor's client.
import * as z from 'zod';
import { type ErrorCode, RotatorError } from '../../core/errors.ts';
import type { KeySource } from '../../core/ports.ts';
import type { TencentClient } from '../tencent/client.ts';
import { httpUrl, text } from '../tencent/credentials/options.ts';
import { credentialsOptions } from '../tencent/credentials/registry.ts';

export const SSM_ENDPOINT = 'https://ssm.tencentcloudapi.com';

export const options = z.strictObject({
  from: z.literal('tencent-ssm'),
  secretName: text('the name of a secret'),
  versionId: text('a version id').default('SSM_Current'),
  region: text('a region such as ap-shanghai').regex(/^[a-z0-9-]{2,40}$/, { error: 'a region such as ap-shanghai' }),
  endpoint: httpUrl('a URL such as https://ssm.tencentcloudapi.com').optional(),
  /** Default: those of the target. */
  credentials: credentialsOptions.optional(),
});
export type TencentSsmOptions = z.output<typeof options>;

const answer = z.object({ SecretString: z.string().nullish(), SecretBinary: z.base64().or(z.literal('')).nullish() });

/** What the API's codes mean for a key (pages of GetSecretValue, "error codes"). First match wins; `*` ends a prefix. */
const ROWS: readonly {
  readonly codes: string;
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
}[] = [
  {
    codes: 'ResourceNotFound*',
    code: 'ERR_KEY_NOT_FOUND',
    says: 'does not exist',
    hint: 'Check name, version id and region: names are per region, and the first version is SSM_Current unless it was named.',
  },
  {
    codes: 'ResourceUnavailable.ResourceDisabled',
    code: 'ERR_KEY_NOT_FOUND',
    says: 'is disabled',
    hint: 'Enable the secret in the SSM console.',
  },
  {
    codes: 'ResourceUnavailable.ResourcePendingDeleted',
    code: 'ERR_KEY_NOT_FOUND',
    says: 'is about to be deleted',
    hint: 'Cancel its deletion in the SSM console, or store the key again.',
  },
  {
    codes: 'ResourceUnavailable*',
    code: 'ERR_KEY_FORBIDDEN',
    says: 'is not available',
    hint: 'See in the SSM console whether the service is purchased and not overdue in this region.',
  },
  {
    codes: 'FailedOperation.AccessKmsError',
    code: 'ERR_KEY_FORBIDDEN',
    says: 'cannot be decrypted: KMS refuses its key',
    hint: 'See in the KMS console that the key of this secret is enabled, and that SSM may use it.',
  },
];

/** What the codes of a failed call mean where no row fits; codes that are not listed stay as they are. */
const MEANINGS: Partial<Record<ErrorCode, ErrorCode>> = {
  ERR_CLOUDBASE_DENIED: 'ERR_KEY_FORBIDDEN',
  ERR_CLOUDBASE_REFUSED: 'ERR_KEY_NOT_FOUND',
  ERR_CLOUDBASE_THROTTLED: 'ERR_KEY_SOURCE_UNAVAILABLE',
  ERR_CLOUDBASE_UNAVAILABLE: 'ERR_KEY_SOURCE_UNAVAILABLE',
  ERR_CLOUDBASE_NETWORK: 'ERR_KEY_SOURCE_UNAVAILABLE',
  ERR_CLOUDBASE_TIMEOUT: 'ERR_KEY_SOURCE_UNAVAILABLE',
  ERR_CLOUDBASE_BAD_ANSWER: 'ERR_KEY_SOURCE_UNAVAILABLE',
  ERR_CLOUDBASE_CLOCK: 'ERR_KEY_SOURCE_UNAVAILABLE',
};

/**
 * Reads through `client`, an `ssm` client of the secret's region. Throws ERR_KEY_NOT_FOUND (no such secret or version,
 * disabled, about to be deleted, empty), ERR_KEY_FORBIDDEN (CAM, KMS, not purchased), ERR_CREDENTIALS_*,
 * ERR_REDIRECTED, ERR_KEY_SOURCE_UNAVAILABLE (throttled, 5xx, network, timeout, clock). Never retries.
 */
export function createTencentSsmKeySource(
  { secretName, versionId, region }: TencentSsmOptions,
  { client }: { readonly client: TencentClient },
): KeySource {
  const origin = `tencent-ssm secret ${secretName} (${versionId}) in ${region}`;
  return {
    async read(signal) {
      const params = { SecretName: secretName, VersionId: versionId };
      const { response, requestId } = await client
        .call('GetSecretValue', params, { signal, write: false })
        .catch((error: unknown) => {
          throw error instanceof RotatorError ? meant(error, origin) : error;
        });
      const found = answer.safeParse(response);
      if (!found.success)
        throw new RotatorError('ERR_KEY_SOURCE_UNAVAILABLE', `${origin} was answered in an unknown form`, {
          hint: 'Wait: it is tried again. If it lasts, check the endpoint.',
          ...(requestId === null ? {} : { requestId }),
        });
      const { SecretString, SecretBinary } = found.data;
      const text = SecretString || Buffer.from(SecretBinary ?? '', 'base64').toString('utf8');
      if (text === '')
        throw new RotatorError('ERR_KEY_NOT_FOUND', `${origin} is empty`, {
          hint: 'Store the content of the .p8 file, or the JSON with the ids, as the value of the secret.',
        });
      return { text, origin, warnings: [] };
    },
  };
}

function meant(error: RotatorError, origin: string): RotatorError {
  const { remoteCode = '', requestId, message, hint } = error;
  const row = ROWS.find(({ codes }) =>
    codes.endsWith('*') ? remoteCode.startsWith(codes.slice(0, -1)) : remoteCode === codes,
  );
  const code = row?.code ?? MEANINGS[error.code];
  if (code === undefined) return error;
  return new RotatorError(code, row === undefined ? `${origin}: ${message}` : `${origin} ${row.says} (${remoteCode})`, {
    hint: row?.hint ?? hint,
    cause: error,
    remoteCode,
    ...(requestId === undefined ? {} : { requestId }),
  });
}
