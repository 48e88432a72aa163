// The key source `file` beyond the shared contract: every reason for which a file cannot be read, and the warnings.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFileKeySource, options } from '../../../src/adapters/keys/file.ts';
import { readKeyFile } from '../../../src/adapters/keys/key-file.ts';

const signal = new AbortController().signal;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'keys-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function keyFile(name = 'key.p8', mode = 0o600, text = 'the key'): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function read(path: string, keyId?: string) {
  return createFileKeySource(options.parse({ from: 'file', path }), { keyId }).read(signal);
}

describe('a file that is not there', () => {
  test('the folder and what lies in it are named, names alone', async () => {
    const path = folder();
    for (const name of ['b.p8', 'a.p8', 'notes.txt']) writeFileSync(join(path, name), 'the content');
    await expect(read(join(path, 'key.p8'))).rejects.toMatchObject({
      code: 'ERR_KEY_NOT_FOUND',
      message: `no key file key.p8 in ${path}, which holds a.p8 and b.p8`,
      hint: 'Correct the path, or put the .p8 there.',
    });
  });

  test('of many, five are named', async () => {
    const path = folder();
    for (let number = 1; number <= 7; number += 1) writeFileSync(join(path, `${number}.p8`), '');
    await expect(read(join(path, 'key.p8'))).rejects.toMatchObject({
      code: 'ERR_KEY_NOT_FOUND',
      message: `no key file key.p8 in ${path}, which holds 1.p8, 2.p8, 3.p8, 4.p8, 5.p8 and 2 more`,
    });
  });

  test('an empty folder', async () => {
    const path = folder();
    await expect(read(join(path, 'key.p8'))).rejects.toMatchObject({
      code: 'ERR_KEY_NOT_FOUND',
      message: `no key file key.p8 in ${path}, which holds no file that ends in .p8`,
    });
  });

  test.each([
    ['no folder', 'none/key.p8'],
    ['a file in the place of the folder', 'file/key.p8'],
  ])('%s', async (_what, below) => {
    const path = folder();
    writeFileSync(join(path, 'file'), '');
    const full = join(path, below);
    await expect(read(full)).rejects.toMatchObject({
      code: 'ERR_KEY_NOT_FOUND',
      message: `no key file key.p8: the folder ${full.slice(0, full.lastIndexOf('/'))} does not exist or cannot be read`,
    });
  });

  test('a link that leads nowhere', async () => {
    const path = folder();
    symlinkSync(join(path, 'gone'), join(path, 'key.p8'));
    await expect(read(join(path, 'key.p8'))).rejects.toMatchObject({
      code: 'ERR_KEY_NOT_FOUND',
      message: `key.p8 in ${path} is a link to a file that does not exist`,
    });
  });

  test.each([
    ['a link to itself', 'loop', 'ELOOP'],
    ['a name that is too long', 'x'.repeat(300), 'ENAMETOOLONG'],
  ])('%s', async (_what, name, code) => {
    const path = join(folder(), name);
    symlinkSync('loop', join(path, '..', 'loop'));
    await expect(read(path)).rejects.toMatchObject({
      code: 'ERR_KEY_NOT_FOUND',
      message: `the path ${path} cannot be followed (${code})`,
    });
  });
});

test('a key in the place of its path is not repeated', async () => {
  const path = '-----BEGIN PRIVATE KEY-----\nMIGH/abc\n-----END PRIVATE KEY-----';
  await expect(createFileKeySource({ from: 'file', path }).read(signal)).rejects.toMatchObject({
    code: 'ERR_KEY_NOT_FOUND',
    message: 'the path of the key file is not a path, but 62 characters of other text',
    hint: 'Give the path of the file here, not its content.',
  });
});

describe('a file that is something else', () => {
  test('a folder, with the file that was perhaps meant', async () => {
    const path = folder();
    writeFileSync(join(path, 'AuthKey_K1L2M3N4O5.p8'), '');
    await expect(read(path)).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
      message: `${path} is a folder, wanted a file with a key`,
      hint: 'Name the file itself, perhaps AuthKey_K1L2M3N4O5.p8 in it.',
    });
  });

  test('an empty folder', async () => {
    const path = join(folder(), 'inner');
    mkdirSync(path);
    await expect(read(path)).rejects.toMatchObject({ code: 'ERR_KEY_INVALID', hint: 'Name the .p8 file itself.' });
  });

  test('64 KB are read, a byte more is not', async () => {
    const path = keyFile();
    truncateSync(path, 64 * 1024);
    expect((await read(path)).text).toHaveLength(64 * 1024);
    truncateSync(path, 64 * 1024 + 1);
    await expect(read(path)).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
      message: `${path} is larger than 64 KB, wanted a key`,
    });
  });

  test('a device: refused without reading, or read as far as a key may go where pipes are allowed', async () => {
    await expect(read('/dev/zero')).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
      message: '/dev/zero is a device or a pipe, wanted a file with a key',
    });
    await expect(readKeyFile('/dev/zero', { pipes: true })).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
      message: '/dev/zero is larger than 64 KB, wanted a key',
    });
    expect(await readKeyFile('/dev/null', { pipes: true })).toMatchObject({ text: '', warnings: [] });
  });
});

describe('a file that may not be read', () => {
  /** Root may read everything: the reading is done by a process of its own, as nobody where the tests run as root. */
  function readAsNobody(path: string): unknown {
    const module = pathToFileURL(join(import.meta.dirname, '../../../src/adapters/keys/key-file.ts')).href;
    const script = `
      import { readKeyFile } from ${JSON.stringify(module)};
      if (process.getuid() === 0) process.setuid(65534);
      const { code, message, hint } = await readKeyFile(${JSON.stringify(path)}).catch((error) => error);
      console.log(JSON.stringify({ code, message, hint }));`;
    const how = ['--input-type=module', '--eval', script];
    const { stdout, stderr } = spawnSync(process.execPath, how, { encoding: 'utf8' });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  const nobody = process.getuid?.() === 0 ? 65_534 : process.getuid?.();

  test('its owner, its mode and our user are named', () => {
    const path = keyFile('key.p8', 0o000);
    chmodSync(join(path, '..'), 0o755);
    expect(readAsNobody(path)).toEqual({
      code: 'ERR_KEY_FORBIDDEN',
      message: `${path} may not be read: it belongs to user ${process.getuid?.()} and has mode 000, this process runs as user ${nobody}`,
      hint: expect.stringMatching(/^Mount the secret .*: chown \d+ \//),
    });
  });

  test('the folder may not be entered', () => {
    const path = keyFile();
    chmodSync(join(path, '..'), 0o000);
    onTestFinished(() => chmodSync(join(path, '..'), 0o700));
    expect(readAsNobody(path)).toMatchObject({
      code: 'ERR_KEY_FORBIDDEN',
      message: `${path} may not be read: the folder ${join(path, '..')} may not be entered, this process runs as user ${nobody}`,
    });
  });
});

describe('warnings', () => {
  test.each([0o600, 0o400, 0o640, 0o660])('mode %o: none', async (mode) => {
    expect((await read(keyFile('key.p8', mode))).warnings).toEqual([]);
  });

  test.each([
    [0o644, '644'],
    [0o604, '604'],
    [0o777, '777'],
  ])('mode %o: everybody may read it', async (mode, shown) => {
    const path = keyFile('key.p8', mode);
    expect((await read(path)).warnings).toEqual([
      expect.objectContaining({
        message: `every user of this machine may read the key file ${path} (mode ${shown})`,
        hint: `Restrict it to this user: chmod 600 ${path}`,
      }),
    ]);
  });

  test('the name says another key id than the configuration', async () => {
    const path = keyFile('AuthKey_K1L2M3N4O5.p8');
    expect((await read(path, 'Z9Y8X7W6V5')).warnings).toEqual([
      expect.objectContaining({
        message: `the name of key file ${path} says Key ID K1L2M3N4O5, but Z9Y8X7W6V5 is used`,
      }),
    ]);
    expect((await read(path, 'K1L2M3N4O5')).warnings).toEqual([]);
    expect((await read(path)).warnings).toEqual([]);
    expect((await read(keyFile('other.p8'), 'Z9Y8X7W6V5')).warnings).toEqual([]);
  });
});

test('the options want a path, and nothing that they do not know', () => {
  expect(options.safeParse({ from: 'file', path: '' }).success).toBe(false);
  expect(options.safeParse({ from: 'file' }).success).toBe(false);
  expect(options.safeParse({ from: 'file', path: 'a', mode: '600' }).success).toBe(false);
});
