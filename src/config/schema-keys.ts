// Key sources and Tencent credentials as the configuration names them, by `from`.
import * as z from 'zod';
import { httpUrl, patterned, text } from './scalars.ts';

const endpoint = httpUrl('a URL such as https://sts.tencentcloudapi.com').optional();
const region = patterned('a region such as ap-shanghai', /^[a-z0-9-]{2,40}$/);

const assumeRole = z
  .strictObject({
    roleArn: patterned('a role such as qcs::cam::uin/100000000001:roleName/rotator', /^qcs::\S+$/),
    sessionName: text('a session name').optional(),
    externalId: text('an external id').optional(),
    endpoint,
  })
  .optional();

export const CREDENTIALS = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('env'),
    idVariable: text('the name of a variable').optional(),
    keyVariable: text('the name of a variable').optional(),
    tokenVariable: text('the name of a variable').optional(),
    assumeRole,
  }),
  z.strictObject({
    from: z.literal('profile'),
    path: text('a path').optional(),
    profile: text('a profile').optional(),
    assumeRole,
  }),
  z.strictObject({ from: z.literal('cvm-role'), endpoint, assumeRole }),
  z.strictObject({ from: z.literal('tke-oidc'), endpoint, assumeRole }),
]);
export type CredentialsConfig = z.output<typeof CREDENTIALS>;

export const KEY = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('file'), path: text('the path of a .p8 file') }),
  z.strictObject({ from: z.literal('env'), variable: text('the name of a variable') }),
  z.strictObject({
    from: z.literal('aws-secrets-manager'),
    secretId: text('the name or ARN of a secret'),
    region,
    versionStage: text('a version stage').prefault('AWSCURRENT'),
    endpoint,
  }),
  z.strictObject({
    from: z.literal('tencent-ssm'),
    secretName: text('the name of a secret'),
    versionId: text('a version id').prefault('SSM_Current'),
    region,
    endpoint,
    credentials: CREDENTIALS.optional(),
  }),
]);
export type KeyConfig = z.output<typeof KEY>;
