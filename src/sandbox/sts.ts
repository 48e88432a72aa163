// Tencent's `sts`, version 2018-08-13: temporary credentials by AssumeRole and AssumeRoleWithWebIdentity. All services
// accept them, with their token, until they expire.
import type { JsonObject } from '../core/json.ts';
import { expiration } from './credentials.ts';
import { type Action, ApiError, textParameter } from './tencent-action.ts';
import type { World } from './world.ts';

const ROLE_ARN = /^qcs::cam::uin\/\d+:role(?:Name)?\/.+$/;

export const stsActions: Readonly<Record<string, Action>> = {
  AssumeRole: {
    required: ['RoleArn', 'RoleSessionName'],
    optional: ['DurationSeconds', 'Policy', 'ExternalId', 'Tags', 'SourceIdentity', 'SerialNumber', 'TokenCode'],
    run: assume,
  },
  AssumeRoleWithWebIdentity: {
    required: ['ProviderId', 'WebIdentityToken', 'RoleArn', 'RoleSessionName'],
    optional: ['DurationSeconds'],
    unsigned: true,
    run: assume,
  },
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
