// Key sources and Tencent credentials as the configuration names them, by `from`: the adapters' own options.
import * as z from 'zod';
import { options as awsSecretsManager } from '../adapters/keys/aws-secrets-manager.ts';
import { options as env } from '../adapters/keys/env.ts';
import { options as file } from '../adapters/keys/file.ts';
import { options as ssm } from '../adapters/keys/tencent-ssm.ts';
import { credentialsOptions } from '../tencent/credentials/registry.ts';

export const CREDENTIALS = credentialsOptions.meta({ id: 'credentials' });
export type CredentialsConfig = z.output<typeof CREDENTIALS>;

const tencentSsm = ssm.extend({ credentials: CREDENTIALS.optional() });

export const KEY = z.discriminatedUnion('from', [file, env, awsSecretsManager, tencentSsm]).meta({ id: 'key' });
export type KeyConfig = z.output<typeof KEY>;
