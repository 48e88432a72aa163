// The key sources by `from`. docs/architecture.md says what a new one needs.
import * as z from 'zod';
import type { Clock, KeySource } from '../../core/ports.ts';
import type { Env } from '../../net/proxy.ts';
import { text } from '../scalars.ts';
import { createTencentClient } from '../tencent/client.ts';
import { type CredentialsOptions, createCredentials } from '../tencent/credentials/registry.ts';
import type { CredentialSource, RequestRecord } from '../tencent/credentials/source.ts';
import { options as awsSecretsManager, createAwsSecretsManagerKeySource } from './aws-secrets-manager.ts';
import { createEnvKeySource, options as env } from './env.ts';
import { createFileKeySource, options as file } from './file.ts';
import { createTencentSsmKeySource, options as tencentSsm } from './tencent-ssm.ts';

const entry = {
  jsonKey: text()
    .optional()
    .describe('The entry of JSON that holds the key. Default: privateKey, else the only entry that holds a key.'),
};

/** `key` of a target. */
export const keyOptions = z
  .discriminatedUnion('from', [
    file.extend(entry),
    env.extend(entry),
    awsSecretsManager.extend(entry),
    tencentSsm.extend(entry),
  ])
  .meta({ id: 'key' });
type Parsed = z.output<typeof keyOptions>;

/** With the credentials and the site of the target's CloudBase where the source states none. */
export type KeySourceOptions =
  | Exclude<Parsed, { from: 'tencent-ssm' }>
  | (Extract<Parsed, { from: 'tencent-ssm' }> & {
      readonly credentials: CredentialsOptions;
      readonly endpoint: string;
    });

type From = KeySourceOptions['from'];
type OptionsOf<F extends From> = Extract<KeySourceOptions, { from: F }>;

/** What the sources work with; each takes its part. */
export interface KeySourceTools {
  readonly env: Env;
  readonly clock: Clock;
  /** For each call to a secret store, in ms. */
  readonly timeoutMs: number;
  /** The key id of the configuration; the name of a key file is compared with it. */
  readonly keyId?: string | undefined;
  /** Gives targets shared Tencent credentials. Default: a source of their own. */
  readonly credentialsFor?: (options: CredentialsOptions, region: string) => CredentialSource;
  /** Called for every call to Tencent Cloud, for the metrics. */
  readonly onRequest?: (record: RequestRecord) => void;
}

const FACTORIES: { readonly [F in From]: (options: OptionsOf<F>, deps: KeySourceTools) => KeySource } = {
  file: createFileKeySource,
  env: createEnvKeySource,
  'aws-secrets-manager': createAwsSecretsManagerKeySource,
  'tencent-ssm': (options, deps) => {
    const { env, clock, timeoutMs, onRequest } = deps;
    const { region, endpoint } = options;
    const heard = onRequest === undefined ? {} : { onRequest };
    const common = { env, clock, region, timeoutMs, ...heard };
    const credentials =
      deps.credentialsFor?.(options.credentials, region) ?? createCredentials(options.credentials, common);
    const client = createTencentClient({ ...common, service: 'ssm', endpoint, credentials });
    return createTencentSsmKeySource(options, { client });
  },
};

/** The source that `options` describe. Nothing is read or called before its first `read`. */
export function createKeySource(options: KeySourceOptions, deps: KeySourceTools): KeySource {
  const create = FACTORIES[options.from] as (options: KeySourceOptions, deps: KeySourceTools) => KeySource;
  const source = create(options, deps);
  const { jsonKey } = options;
  return jsonKey === undefined ? source : { read: async (signal) => ({ ...(await source.read(signal)), jsonKey }) };
}
