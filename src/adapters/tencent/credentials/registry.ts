// The sources of Tencent credentials by `from`, each of which may take on a role. A new source is its file, a line
// here, its test, and a row of docs/configuration.md.
import * as z from 'zod';
import { options as assumeRole, createAssumeRoleCredentials } from './assume-role.ts';
import { createCvmRoleCredentials, options as cvmRole } from './cvm-role.ts';
import { createEnvCredentials, options as env } from './env.ts';
import { createProfileCredentials, options as profile } from './profile.ts';
import type { CredentialSource, CredentialTools } from './source.ts';
import { createTkeOidcCredentials, options as tkeOidc } from './tke-oidc.ts';

const role = { assumeRole: assumeRole.optional().describe('A role to take on with these credentials.') };

/** `cloudbase.credentials` of the configuration. */
export const credentialsOptions = z
  .discriminatedUnion('from', [env.extend(role), profile.extend(role), cvmRole.extend(role), tkeOidc.extend(role)])
  .meta({ id: 'credentials' });
export type CredentialsOptions = z.output<typeof credentialsOptions>;

type From = CredentialsOptions['from'];
type OptionsOf<F extends From> = Extract<CredentialsOptions, { from: F }>;

const FACTORIES: { readonly [F in From]: (options: OptionsOf<F>, deps: CredentialTools) => CredentialSource } = {
  env: createEnvCredentials,
  profile: createProfileCredentials,
  'cvm-role': createCvmRoleCredentials,
  'tke-oidc': createTkeOidcCredentials,
};

/** The source that `options` describe. Nothing is read or called before its first `get`. */
export function createCredentials(options: CredentialsOptions, deps: CredentialTools): CredentialSource {
  const create = FACTORIES[options.from] as (options: CredentialsOptions, deps: CredentialTools) => CredentialSource;
  const base = create(options, deps);
  return options.assumeRole === undefined ? base : createAssumeRoleCredentials(options.assumeRole, base, deps);
}
