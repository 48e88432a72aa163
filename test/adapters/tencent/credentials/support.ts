// What the sources are made with, and how their tests ask them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CredentialsOptions, createCredentials } from '../../../../src/adapters/tencent/credentials/registry.ts';
import type { CredentialSource, CredentialTools } from '../../../../src/adapters/tencent/credentials/source.ts';
import { realClock } from '../../../support/clock.ts';

export const ROLE_ARN = 'qcs::cam::uin/100000000001:roleName/rotator';

/** A source as the configuration describes it. */
export function source(options: CredentialsOptions, deps: Partial<CredentialTools> = {}): CredentialSource {
  return createCredentials(options, { env: {}, clock: realClock, region: 'ap-shanghai', timeoutMs: 5_000, ...deps });
}

/** The credentials of a source; the signal never aborts. */
export function get(from: CredentialSource) {
  return from.get(new AbortController().signal);
}

/** A file with this content, gone after the test. */
export async function file(content: string | Uint8Array): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'credentials-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'file');
  await writeFile(path, content);
  return path;
}
