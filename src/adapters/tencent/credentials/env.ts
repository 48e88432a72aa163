// Credentials from environment variables, or from the files that NAME_FILE variables name (as container platforms
// mount secrets). Read again at every call: a mounted file may have been replaced.
import * as z from 'zod';
import { shownName } from '../../../core/shown.ts';
import { FileFailure, readNamedText } from '../../../net/named-file.ts';
import type { Env } from '../../../net/proxy.ts';
import { variableName } from '../../scalars.ts';
import { type CredentialSource, type CredentialTools, credentialsMissing, plainCredential } from './source.ts';

export const options = z.strictObject({
  from: z.literal('env'),
  idVariable: variableName().optional().describe('The variable with the SecretId. Default: TENCENTCLOUD_SECRET_ID.'),
  keyVariable: variableName().optional().describe('The variable with the SecretKey. Default: TENCENTCLOUD_SECRET_KEY.'),
  tokenVariable: variableName()
    .optional()
    .describe('The variable with the token of temporary credentials. Default: TENCENTCLOUD_TOKEN.'),
});

/** TENCENTCLOUD_SECRET_ID and _KEY, with _TOKEN (or _SESSION_TOKEN, the SDK's name) for temporary ones, by default. */
export function createEnvCredentials(
  { idVariable, keyVariable, tokenVariable }: z.output<typeof options>,
  { env }: CredentialTools,
): CredentialSource {
  const id = idVariable ?? 'TENCENTCLOUD_SECRET_ID';
  const key = keyVariable ?? 'TENCENTCLOUD_SECRET_KEY';
  const tokens = tokenVariable === undefined ? ['TENCENTCLOUD_TOKEN', 'TENCENTCLOUD_SESSION_TOKEN'] : [tokenVariable];
  return {
    id: `env ${id}`,
    async get(signal) {
      signal.throwIfAborted();
      const secretId = await variable(env, id, signal);
      const secretKey = await variable(env, key, signal);
      const empty = [secretId === '' ? id : [], secretKey === '' ? key : []].flat();
      if (empty.length > 0) throw credentialsMissing({ problem: 'variables', id, key, unset: empty });
      for (const name of tokens) {
        const token = await variable(env, name, signal);
        if (token !== '') return { secretId, secretKey, token };
      }
      return { secretId, secretKey };
    },
    renew() {},
  };
}

/** The variable, else the content of the file that NAME_FILE names; empty where there is neither. */
async function variable(env: Env, name: string, signal: AbortSignal): Promise<string> {
  const value = plainCredential(env[name] ?? '', `$${name}`);
  const file = env[`${name}_FILE`]?.trim() ?? '';
  if (value !== '' || file === '') return value;
  try {
    return plainCredential(await readNamedText(file, { signal }), `${shownName(file)} ($${name}_FILE)`);
  } catch (thrown) {
    if (!(thrown instanceof FileFailure)) throw thrown;
    const uid = process.getuid?.() ?? null;
    const place = { variable: name, path: shownName(file), code: thrown.code, uid };
    throw credentialsMissing({ problem: 'variable-file', ...place });
  }
}
