// Tencent's Secrets Manager `ssm`, version 2019-09-23: GetSecretValue with the errors of its API page.
import { ACCOUNT, SUB_ACCOUNT } from './cam.ts';
import type { SecretState } from './secret-store.ts';
import { type Action, ApiError, textParameter } from './tencent-action.ts';

const REFUSALS: Readonly<Record<Exclude<SecretState, 'enabled'>, readonly [code: string, message: string]>> = {
  disabled: ['ResourceUnavailable.ResourceDisabled', 'the secret is disabled'],
  'pending-delete': ['ResourceUnavailable.ResourcePendingDeleted', 'the secret is about to be deleted'],
  denied: ['AuthFailure.UnauthorizedOperation', 'not authorized to perform ssm:GetSecretValue'],
  'key-failure': ['FailedOperation.AccessKmsError', 'KMS cannot be reached or refuses the key'],
};

export const ssmActions: Readonly<Record<string, Action>> = {
  GetSecretValue: {
    required: ['SecretName', 'VersionId'],
    optional: ['EncryptionPublicKey', 'EncryptionAlgorithm'],
    resource: ({ SecretName }, region) =>
      `qcs::ssm:${region}:uin/${ACCOUNT}:secret/creatorUin/${SUB_ACCOUNT}/${SecretName}`,
    run: (world, body, { region }) => {
      const name = textParameter(body, 'SecretName');
      const versionId = textParameter(body, 'VersionId');
      const secret = world.ssmSecrets.get({ region, name });
      if (secret === undefined)
        throw new ApiError('ResourceNotFound', `the secret ${name} does not exist in ${region}`);
      if (secret.state !== 'enabled') throw new ApiError(...REFUSALS[secret.state]);
      const version = secret.versions.find(({ label }) => label === versionId);
      if (version === undefined)
        throw new ApiError('ResourceNotFound', `the secret ${name} has no version ${versionId}`);
      return {
        SecretName: name,
        VersionId: versionId,
        SecretString: version.text ?? '',
        SecretBinary: version.binary?.toString('base64') ?? '',
      };
    },
  },
};
