// Tencent's `sts`, version 2018-08-13: temporary credentials by AssumeRole and AssumeRoleWithWebIdentity, which all
// services accept, with their token, until they expire; and GetCallerIdentity, which needs no permission.
import type { JsonObject } from '../core/json.ts';
import { ACCOUNT, SUB_ACCOUNT } from './cam.ts';
import { type Credential, expiration } from './credentials.ts';
import { type Action, ApiError, textParameter } from './tencent-action.ts';
import type { World } from './world.ts';

const ROLE_ARN = /^qcs::cam::uin\/\d+:role(?:Name)?\/.+$/;

export const stsActions: Readonly<Record<string, Action>> = {
  AssumeRole: {
    required: ['RoleArn', 'RoleSessionName'],
    resource: ({ RoleArn }) => String(RoleArn),
    optional: ['DurationSeconds', 'Policy', 'ExternalId', 'Tags', 'SourceIdentity', 'SerialNumber', 'TokenCode'],
    run: assume,
  },
  AssumeRoleWithWebIdentity: {
    required: ['ProviderId', 'WebIdentityToken', 'RoleArn', 'RoleSessionName'],
    optional: ['DurationSeconds'],
    unsigned: true,
    run: assume,
  },
  GetCallerIdentity: { required: [], optional: [], run: (_, __, { caller }) => identity(caller) },
};

function assume(world: World, body: JsonObject): JsonObject {
  const role = textParameter(body, 'RoleArn');
  if (!ROLE_ARN.test(role)) throw new ApiError('InvalidParameter.ParamError', 'the RoleArn is not a role');
  const asked = body['DurationSeconds'];
  if (asked !== undefined && (typeof asked !== 'number' || asked <= 0 || asked > 43_200))
    throw new ApiError('InvalidParameter.OverTimeError', 'DurationSeconds is not between 1 and 43200');
  const issued = world.issueCredential(asked);
  const { secretId: TmpSecretId, secretKey: TmpSecretKey, token: Token } = issued;
  return { Credentials: { TmpSecretId, TmpSecretKey, Token }, ...expiration(issued) };
}

/** Long-lived keys are of one sub-account, temporary ones of one role. */
function identity(caller: Credential | undefined): JsonObject {
  const isRole = caller?.token !== undefined;
  return {
    Arn: isRole ? `qcs::sts::uin/${ACCOUNT}:assumed-role/${ROLE_ID}` : `qcs::cam::uin/${ACCOUNT}:uin/${SUB_ACCOUNT}`,
    AccountId: ACCOUNT,
    UserId: isRole ? `${ROLE_ID}:apple-secret-rotator` : SUB_ACCOUNT,
    PrincipalId: SUB_ACCOUNT,
    Type: isRole ? 'CAMRole' : 'CAMUser',
  };
}

const ROLE_ID = '4611686018427387904';
