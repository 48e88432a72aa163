// The sources of Tencent credentials by `from`, each of which may take on a role. A new source is its file, a line
// here, its test, and a row of the README.
import * as z from 'zod';
import { options as assumeRole, createAssumeRoleCredentials } from './assume-role.ts';
import { createCvmRoleCredentials, options as cvmRole } from './cvm-role.ts';
import { createEnvCredentials, options as env } from './env.ts';
import { createProfileCredentials, options as profile } from './profile.ts';
import type { CredentialDeps, CredentialSource } from './source.ts';
import { createTkeOidcCredentials, options as tkeOidc } from './tke-oidc.ts';

const role = { assumeRole: assumeRole.optional() };

/** The options of each source. */
const CREDENTIAL_SOURCES = {
  env: env.extend(role),
  profile: profile.extend(role),
  'cvm-role': cvmRole.extend(role),
  'tke-oidc': tkeOidc.extend(role),
} as const satisfies Readonly<Record<string, z.ZodObject>>;

type From = keyof typeof CREDENTIAL_SOURCES;
type OptionsOf = { readonly [F in From]: z.output<(typeof CREDENTIAL_SOURCES)[F]> };

const FACTORIES: { readonly [F in From]: (options: OptionsOf[F], deps: CredentialDeps) => CredentialSource } = {
  env: createEnvCredentials,
  profile: createProfileCredentials,
  'cvm-role': createCvmRoleCredentials,
  'tke-oidc': createTkeOidcCredentials,
};

/** `cloudbase.credentials` of the configuration. */
export const credentialsOptions = z.discriminatedUnion('from', [
  CREDENTIAL_SOURCES.env,
  CREDENTIAL_SOURCES.profile,
  CREDENTIAL_SOURCES['cvm-role'],
  CREDENTIAL_SOURCES['tke-oidc'],
]);
export type CredentialsOptions = z.output<typeof credentialsOptions>;

/** The source that `options` describe. Nothing is read or called before its first `get`. */
export function createCredentials(options: CredentialsOptions, deps: CredentialDeps): CredentialSource {
  const base = createBase(options.from, options, deps);
  return options.assumeRole === undefined ? base : createAssumeRoleCredentials(options.assumeRole, base, deps);
}

function createBase<F extends From>(from: F, options: OptionsOf[F], deps: CredentialDeps): CredentialSource {
  return FACTORIES[from](options, deps);
}
