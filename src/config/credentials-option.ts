// The option --credentials: one entry of the configuration, `cloudbase.credentials`, on the command line. It names where
// credentials are, as everywhere; it never holds them.
import { FAILSAFE_SCHEMA, load } from 'js-yaml';
import { type CredentialsOptions, credentialsOptions } from '../adapters/tencent/credentials/registry.ts';
import { RotatorError } from '../core/errors.ts';
import { shownName } from '../core/shown.ts';
import { credentialsBeside } from './sites.ts';

/** The source that a word (`cvm-role`) or a mapping in YAML names, for this endpoint of CloudBase. Throws ERR_USAGE. */
export function readCredentialsOption(text: string, endpoint: string): CredentialsOptions {
  const found = credentialsOptions.safeParse(mappingIn(text));
  if (found.success) return credentialsBeside(endpoint, found.data);
  const keys = found.error.issues.flatMap(({ path, code, ...issue }) =>
    code === 'unrecognized_keys' ? (issue as { keys: string[] }).keys : path.slice(0, 1).map(String),
  );
  throw new RotatorError('ERR_USAGE', { problem: 'credentials', keys: [...new Set(keys)].map(shownName) });
}

function mappingIn(text: string): unknown {
  try {
    const value: unknown = load(text, { schema: FAILSAFE_SCHEMA });
    return typeof value === 'string' ? { from: value } : value;
  } catch {
    return undefined;
  }
}
