// The reader of named files: what it reads, what it refuses at once, and the words for each.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fileTrouble } from '../../src/core/texts/en/files.ts';
import { isReadingFiles, MB, readNamedFile, readNamedText, statNamedFile } from '../../src/net/named-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'named-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

describe('what is read', () => {
  test('a file, to the byte, and through links as Kubernetes mounts secrets', async () => {
    mkdirSync(at('..2026_11_26'));
    writeFileSync(at('..2026_11_26/key'), 'value\n');
    symlinkSync('..2026_11_26', at('..data'));
    symlinkSync('..data/key', at('key'));
    expect(await readNamedText(at('key'))).toBe('value\n');
    expect((await statNamedFile(at('key'))).size).toBe(6);
  });

  test('1 MB, and not a byte more', async () => {
    writeFileSync(at('large'), '');
    truncateSync(at('large'), MB);
    expect((await readNamedFile(at('large'))).bytes).toHaveLength(MB);
    truncateSync(at('large'), MB + 1);
    await expect(readNamedFile(at('large'))).rejects.toMatchObject({ code: 'EFBIG' });
    expect((await readNamedFile(at('large'), { maxBytes: 2 * MB })).bytes).toHaveLength(MB + 1);
  });

  test('what many ask for at the same time, each of them gets', async () => {
    writeFileSync(at('shared'), 'x');
    const read = Array.from({ length: 100 }, () => readNamedText(at('shared')));
    expect(new Set(await Promise.all(read))).toEqual(new Set(['x']));
    writeFileSync(at('shared'), 'y');
    expect(await readNamedText(at('shared'))).toBe('y');
    expect(isReadingFiles()).toBe(false);
  });
});

describe('what is refused', () => {
  spawnSync('mkfifo', [at('pipe')]);
  writeFileSync(at('latin1'), Uint8Array.of(0x61, 0xff));
  symlinkSync('loop', at('loop'));

  test.each([
    ['a file that is not there', 'gone', 'ENOENT', 'does not exist'],
    ['a folder', '.', 'EISDIR', 'is a directory'],
    ['a named pipe that nobody writes to', 'pipe', 'ENOTREG', 'is a device or a pipe'],
    ['other bytes than UTF-8', 'latin1', 'ENOTUTF8', 'is not UTF-8 text'],
    ['a link to itself', 'loop', 'ELOOP', 'cannot be read (ELOOP)'],
  ])('%s', async (_, name, code, words) => {
    await expect(readNamedText(at(name))).rejects.toMatchObject({ code });
    expect(fileTrouble(code)).toBe(words);
  });

  test('a device that never ends, also where pipes are accepted', async () => {
    await expect(readNamedFile('/dev/zero')).rejects.toMatchObject({ code: 'ENOTREG' });
    await expect(readNamedFile('/dev/zero', { pipes: true })).rejects.toMatchObject({ code: 'EFBIG' });
  });

  test.each([
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIGH'],
    ['a private key as base64', 'LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JR0hBZ0VBTUJNR0J5cUdTTTQ5'],
    ['a secret key of Tencent Cloud', 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE'],
    ['a path that is too long', `/${'a/'.repeat(600)}`],
  ])('%s in the place of the path', async (_, path) => {
    await expect(readNamedFile(path)).rejects.toMatchObject({ code: 'ENOTPATH' });
  });

  test('a caller who has left gets the reason', async () => {
    const signal = AbortSignal.abort(new Error('the pass is over'));
    await expect(readNamedFile(at('key'), { signal })).rejects.toThrow('the pass is over');
  });
});
