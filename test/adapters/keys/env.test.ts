// The key source `env` beyond the shared contract: NAME_FILE, and what counts as not set.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createEnvKeySource, options } from '../../../src/adapters/keys/env.ts';

const signal = new AbortController().signal;

function read(env: Record<string, string>) {
  return createEnvKeySource(options.parse({ from: 'env', variable: 'APPLE_KEY' }), { env }).read(signal);
}

function keyFile(text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'key.p8');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test('NAME_FILE names a file, with its warnings', async () => {
  const path = keyFile('from a file', 0o644);
  expect(await read({ APPLE_KEY_FILE: path })).toEqual({
    text: 'from a file',
    origin: path,
    warnings: [expect.objectContaining({ code: 'ERR_KEY_INVALID' })],
  });
});

test('the variable wins over NAME_FILE, unless it is empty', async () => {
  const env = { APPLE_KEY_FILE: keyFile('from a file') };
  expect((await read({ ...env, APPLE_KEY: 'from the variable' })).text).toBe('from the variable');
  expect((await read({ ...env, APPLE_KEY: '' })).text).toBe('from a file');
  expect((await read({ ...env, APPLE_KEY: ' \n' })).text).toBe('from a file');
});

test.each([
  ['not set', {}, 'neither $APPLE_KEY nor $APPLE_KEY_FILE is set'],
  ['empty', { APPLE_KEY: '' }, '$APPLE_KEY is empty, and $APPLE_KEY_FILE is not set'],
  ['white space', { APPLE_KEY: ' ', APPLE_KEY_FILE: '' }, '$APPLE_KEY is empty, and $APPLE_KEY_FILE is not set'],
])('%s', async (_what, env, message) => {
  await expect(read(env)).rejects.toMatchObject({
    code: 'ERR_KEY_NOT_FOUND',
    message,
    hint: 'Set APPLE_KEY to the content of the .p8, or APPLE_KEY_FILE to its path.',
  });
});

test('NAME_FILE that leads nowhere', async () => {
  const path = join(keyFile('x'), '..', 'gone');
  await expect(read({ APPLE_KEY_FILE: path })).rejects.toMatchObject({
    code: 'ERR_KEY_NOT_FOUND',
    message: expect.stringContaining('no key file gone in '),
  });
});

test('the options want the name of a variable, not its content', () => {
  expect(options.safeParse({ from: 'env', variable: 'APPLE_KEY' }).success).toBe(true);
  for (const variable of ['', 'APPLE-KEY', '1KEY', '-----BEGIN PRIVATE KEY-----'])
    expect(options.safeParse({ from: 'env', variable }).success).toBe(false);
});
