// The key sources by `from`. A new source is its file, a line in each table here, its test calling the shared contract
// (test/contract/key-source.ts), and a row of the README.
import type * as z from 'zod';
import type { Clock, KeySource } from '../../core/ports.ts';
import type { Env } from '../../net/proxy.ts';
import { createTencentClient } from '../tencent/client.ts';
import { type CredentialsOptions, createCredentials } from '../tencent/credentials/registry.ts';
import type { CredentialSource, RequestRecord } from '../tencent/credentials/source.ts';
import { options as awsSecretsManager, createAwsSecretsManagerKeySource } from './aws-secrets-manager.ts';
import { createEnvKeySource, options as env } from './env.ts';
import { createFileKeySource, options as file } from './file.ts';
import { createTencentSsmKeySource, SSM_ENDPOINT, options as tencentSsm } from './tencent-ssm.ts';

/** The options of each source, as `key` of a target gives them. */
export const KEY_SOURCES = {
  file,
  env,
  'aws-secrets-manager': awsSecretsManager,
  'tencent-ssm': tencentSsm,
} as const satisfies Readonly<Record<string, z.ZodObject>>;

type From = keyof typeof KEY_SOURCES;
type Parsed = { readonly [F in From]: z.output<(typeof KEY_SOURCES)[F]> };

/** With the target's own credentials filled in where the source needs some and has none. */
type OptionsOf = Omit<Parsed, 'tencent-ssm'> & {
  readonly 'tencent-ssm': Parsed['tencent-ssm'] & { readonly credentials: CredentialsOptions };
};
export type KeySourceOptions = OptionsOf[From];

/** What the sources need of the process; each takes its part. */
export interface KeySourceDeps {
  readonly env: Env;
  readonly clock: Clock;
  /** For each call to a secret store, in ms. */
  readonly timeoutMs: number;
  /** The key id of the configuration, to be compared with the name of a key file. */
  readonly keyId?: string | undefined;
  /** Where Tencent credentials are shared between targets; default: a source of their own. */
  readonly credentialsFor?: (options: CredentialsOptions, region: string) => CredentialSource;
  /** Hears of every call to Tencent Cloud, for the metrics. */
  readonly onRequest?: (record: RequestRecord) => void;
}

const FACTORIES: { readonly [F in From]: (options: OptionsOf[F], deps: KeySourceDeps) => KeySource } = {
  file: createFileKeySource,
  env: createEnvKeySource,
  'aws-secrets-manager': createAwsSecretsManagerKeySource,
  'tencent-ssm': (options, deps) => {
    const { env, clock, timeoutMs, onRequest } = deps;
    const { region, endpoint = SSM_ENDPOINT } = options;
    const heard = onRequest === undefined ? {} : { onRequest };
    const common = { env, clock, region, timeoutMs, ...heard };
    const credentials =
      deps.credentialsFor?.(options.credentials, region) ?? createCredentials(options.credentials, common);
    const client = createTencentClient({ ...common, service: 'ssm', endpoint, credentials });
    return createTencentSsmKeySource(options, { client });
  },
};

/** The source that `options` describe. Nothing is read or called before its first `read`. */
export function createKeySource(options: KeySourceOptions, deps: KeySourceDeps): KeySource {
  return create(options.from, options, deps);
}

function create<F extends From>(from: F, options: OptionsOf[F], deps: KeySourceDeps): KeySource {
  return FACTORIES[from](options, deps);
}
