// Credentials from a profile of an INI file, ~/.tencentcloud/credentials unless another is named: the file that
// Tencent's own SDKs read. Read again at every call.
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { shownName } from '../../../core/shown.ts';
import { FileFailure, readNamedText } from '../../../net/named-file.ts';
import { text } from '../../scalars.ts';
import { type CredentialSource, type CredentialTools, credentialsMissing, plainCredential } from './source.ts';

export const options = z.strictObject({
  from: z.literal('profile'),
  path: text(['path']).optional().describe('The path of the file. Default: ~/.tencentcloud/credentials.'),
  profile: text().optional().describe('The profile in the file. Default: default.'),
});

export function createProfileCredentials(
  { path = '~/.tencentcloud/credentials', profile = 'default' }: z.output<typeof options>,
  { env }: CredentialTools,
): CredentialSource {
  const file = path.startsWith('~/') ? join(env['HOME'] || homedir(), path.slice(2)) : path;
  const place = { path: shownName(file), profile: shownName(profile) };
  return {
    id: `profile ${place.profile} of ${place.path}`,
    async get(signal) {
      signal.throwIfAborted();
      const content = await read(file, signal);
      // UTF-16 without its mark is UTF-8 full of zeros.
      if (content.includes('\0'))
        throw credentialsMissing({ problem: 'profile-file', path: place.path, code: 'ENOTUTF8' });
      const sections = parseIni(content);
      const section = sections.get(profile);
      if (section === undefined)
        throw credentialsMissing({ problem: 'profile', ...place, known: [...sections.keys()].map(shownName) });
      const [secretId, secretKey, token] = ['secret_id', 'secret_key', 'token'].map((key) =>
        plainCredential(section.get(key) ?? '', `${key} of [${place.profile}] in ${place.path}`),
      );
      if (!secretId || !secretKey) {
        const lacking = [secretId ? [] : 'secret_id', secretKey ? [] : 'secret_key'].flat();
        throw credentialsMissing({ problem: 'profile-keys', ...place, lacking });
      }
      return { secretId, secretKey, ...(token ? { token } : {}) };
    },
    renew() {},
  };
}

async function read(file: string, signal: AbortSignal): Promise<string> {
  try {
    return await readNamedText(file, { signal });
  } catch (thrown) {
    if (!(thrown instanceof FileFailure)) throw thrown;
    throw credentialsMissing({ problem: 'profile-file', path: shownName(file), code: thrown.code });
  }
}

/** Sections with their keys; `#` and `;` begin comment lines, quotes around a value are dropped. */
function parseIni(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((raw) => raw.trim())) {
    const [, name] = /^\[([^\]]+)\]$/.exec(line) ?? [];
    const [, key, value] = /^([^=#;[][^=]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      section = sections.get(name.trim()) ?? new Map();
      sections.set(name.trim(), section);
    } else if (key !== undefined && value !== undefined)
      section.set(key.trim().toLowerCase(), value.trim().replace(/^(["'])(.*)\1$/, '$2'));
  }
  return sections;
}
