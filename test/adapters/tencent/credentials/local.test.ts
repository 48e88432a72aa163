// Sources that lie on this machine: the environment, and profiles in a file.
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { file, get, source } from './support.ts';

describe('env', () => {
  test('reads TENCENTCLOUD_SECRET_ID and _KEY, without white space around them', async () => {
    const env = { TENCENTCLOUD_SECRET_ID: ' id\n', TENCENTCLOUD_SECRET_KEY: 'key' };
    const from = source({ from: 'env' }, { env });
    expect(await get(from)).toEqual({ secretId: 'id', secretKey: 'key' });
    expect(from.id).toBe('env TENCENTCLOUD_SECRET_ID');
  });

  test.each(['TENCENTCLOUD_TOKEN', 'TENCENTCLOUD_SESSION_TOKEN'])('takes the token of %s along', async (name) => {
    const env = { TENCENTCLOUD_SECRET_ID: 'id', TENCENTCLOUD_SECRET_KEY: 'key', [name]: 'token' };
    expect(await get(source({ from: 'env' }, { env }))).toMatchObject({ token: 'token' });
  });

  test('reads the variables that were named, and no others', async () => {
    const env = {
      MY_ID: 'id',
      MY_KEY: 'key',
      MY_TOKEN: 'token',
      TENCENTCLOUD_SECRET_ID: 'other',
      TENCENTCLOUD_TOKEN: 'x',
    };
    const names = { idVariable: 'MY_ID', keyVariable: 'MY_KEY', tokenVariable: 'MY_TOKEN' };
    expect(await get(source({ from: 'env', ...names }, { env }))).toEqual({
      secretId: 'id',
      secretKey: 'key',
      token: 'token',
    });
  });

  test('reads NAME_FILE afresh at every call; the variable itself comes first', async () => {
    const path = await file('first\n');
    const env = {
      TENCENTCLOUD_SECRET_ID: 'id',
      TENCENTCLOUD_SECRET_ID_FILE: '/nowhere',
      TENCENTCLOUD_SECRET_KEY: '',
      TENCENTCLOUD_SECRET_KEY_FILE: path,
    };
    const from = source({ from: 'env' }, { env });
    expect(await get(from)).toEqual({ secretId: 'id', secretKey: 'first' });
    await writeFile(path, 'second');
    expect(await get(from)).toEqual({ secretId: 'id', secretKey: 'second' });
  });

  test.each([
    [{}, 'TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set or empty'],
    [{ TENCENTCLOUD_SECRET_ID: 'id', TENCENTCLOUD_SECRET_KEY: ' ' }, 'TENCENTCLOUD_SECRET_KEY is not set or empty'],
    [{ TENCENTCLOUD_SECRET_KEY: 'key' }, 'TENCENTCLOUD_SECRET_ID is not set or empty'],
  ])('names what is missing in %o', async (env, what) => {
    await expect(get(source({ from: 'env' }, { env }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: `the environment has no Tencent Cloud credentials: ${what}`,
      hint: expect.stringContaining('Set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY'),
    });
  });

  test.each([
    'AKIDz8krbsJ5yKBZQpn74WFkmLPx3…',
    'AKID z8krbs',
    '"AKIDz8krbs"',
    'AKID\u200bz8krbs',
    'ＡＫＩＤ',
    'AK\0ID',
  ])('names the variable of an id with characters that none has: %j', async (TENCENTCLOUD_SECRET_ID) => {
    const error = get(source({ from: 'env' }, { env: { TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY: 'key' } }));
    await expect(error).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message:
        '$TENCENTCLOUD_SECRET_ID holds characters that no credential has: white space, quotes, an ellipsis, or text that is not UTF-8',
      remedy: 'person',
    });
  });

  test('names the file of a key in UTF-16, with and without its mark; a mark of UTF-8 is dropped', async () => {
    const key = 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE';
    const read = async (content: Uint8Array) =>
      get(
        source(
          { from: 'env' },
          { env: { TENCENTCLOUD_SECRET_ID: 'id', TENCENTCLOUD_SECRET_KEY_FILE: await file(content) } },
        ),
      );
    await expect(read(Buffer.from(`\uFEFF${key}`, 'utf16le'))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: expect.stringMatching(/^the file that TENCENTCLOUD_SECRET_KEY_FILE names is not UTF-8 text: /),
    });
    await expect(read(Buffer.from(key, 'utf16le'))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: expect.stringMatching(/\(\$TENCENTCLOUD_SECRET_KEY_FILE\) holds characters that no credential has/),
    });
    expect(await read(Buffer.from(`\uFEFF${key}\r\n`))).toEqual({ secretId: 'id', secretKey: key });
  });

  test('names the variable of a file that is not there', async () => {
    const env = { TENCENTCLOUD_SECRET_ID_FILE: '/nowhere/id' };
    await expect(get(source({ from: 'env' }, { env }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: 'the file that TENCENTCLOUD_SECRET_ID_FILE names does not exist: /nowhere/id',
    });
  });
});

const PROFILES = `; a comment
[default]
secret_id = default-id
secret_key=default-key=with=equals
# another
[ other ]
secret_id = "other-id"
secret_key = 'other-key'
token = other-token

[half]
secret_id = half-id
`;

describe('profile', () => {
  test('names the file that is UTF-16, and the entry with characters that none has; a mark of UTF-8 is dropped', async () => {
    const profile = (secretId: string) => `[default]\nsecret_id = ${secretId}\nsecret_key = key\n`;
    const read = async (content: string | Uint8Array) => get(source({ from: 'profile', path: await file(content) }));
    for (const content of [`\uFEFF${profile('id')}`, profile('id')])
      await expect(read(Buffer.from(content, 'utf16le'))).rejects.toMatchObject({
        code: 'ERR_CREDENTIALS_MISSING',
        message: expect.stringMatching(/^the credentials file .* is not UTF-8 text$/),
      });
    await expect(read(profile('AKIDz8krbs…'))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: expect.stringMatching(/^secret_id of \[default\] in .* holds characters that no credential has/),
    });
    expect(await read(`\uFEFF${profile('id')}`)).toEqual({ secretId: 'id', secretKey: 'key' });
  });

  test('reads [default], and any other by name', async () => {
    const path = await file(PROFILES);
    expect(await get(source({ from: 'profile', path }))).toEqual({
      secretId: 'default-id',
      secretKey: 'default-key=with=equals',
    });
    const other = source({ from: 'profile', path, profile: 'other' });
    expect(await get(other)).toEqual({ secretId: 'other-id', secretKey: 'other-key', token: 'other-token' });
    expect(other.id).toBe(`profile other of ${path}`);
  });

  test('reads a file with a byte order mark and Windows line ends, afresh at every call', async () => {
    const path = await file('\uFEFF[default]\r\nsecret_id = a\r\nsecret_key = b\r\n');
    const from = source({ from: 'profile', path });
    expect(await get(from)).toEqual({ secretId: 'a', secretKey: 'b' });
    await writeFile(path, '[default]\nsecret_id = c\nsecret_key = d\n');
    expect(await get(from)).toEqual({ secretId: 'c', secretKey: 'd' });
  });

  test('looks below the home directory when no path, or one with a tilde, is named', async () => {
    const path = await file(PROFILES);
    const env = { HOME: dirname(path) };
    expect(await get(source({ from: 'profile', path: '~/file' }, { env }))).toMatchObject({ secretId: 'default-id' });
    await expect(get(source({ from: 'profile' }, { env }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: `there is no credentials file ${dirname(path)}/.tencentcloud/credentials`,
    });
  });

  test.each([
    ['nobody', 'has no profile [nobody], but [default], [other] and [half]'],
    ['half', 'lacks secret_key'],
  ])('says what it lacks: %s', async (profile, what) => {
    const path = await file(PROFILES);
    const subject = profile === 'half' ? `the profile [half] in ${path}` : `the credentials file ${path}`;
    await expect(get(source({ from: 'profile', path, profile }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: `${subject} ${what}`,
    });
  });

  test('says that a file without profiles has none', async () => {
    const path = await file('secret_id = x\n');
    await expect(get(source({ from: 'profile', path }))).rejects.toMatchObject({
      message: `the credentials file ${path} has no profile [default], but no profile at all`,
    });
  });

  test('says that a path cannot be read', async () => {
    const path = dirname(await file(''));
    await expect(get(source({ from: 'profile', path }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: `the credentials file ${path} is a directory`,
    });
  });
});
