// Which file is the configuration, and what a file that cannot be one is told.
import { chmodSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { MB } from '../../src/net/named-file.ts';
import { eachInAnEmptyFolder, file, lines, TARGETS, thrownBy } from './support.ts';

const load = (options: { file?: string; env?: Record<string, string> }) =>
  loadConfig({ env: {}, mode: 'strict', ...options });
const problems = async (options: { file?: string; env?: Record<string, string> }) =>
  lines((await thrownBy(load(options))).problems);

describe('the file', () => {
  test('is the one that --config names, before ROTATOR_CONFIG', async () => {
    const [named, other] = [await file(`instance: named\n${TARGETS}`), await file(`instance: other\n${TARGETS}`)];
    const loaded = await load({ file: named, env: { ROTATOR_CONFIG: other } });
    expect([loaded.file, loaded.config.instance]).toEqual([named, 'named']);
  });

  test('is else the one that ROTATOR_CONFIG names; empty counts as unset', async () => {
    const path = await file(`instance: other\n${TARGETS}`);
    expect((await load({ env: { ROTATOR_CONFIG: path } })).config.instance).toBe('other');
    await expect(load({ env: { ROTATOR_CONFIG: '' } })).rejects.toThrow('neither --config nor ROTATOR_CONFIG');
  });

  test('that is named but missing is told, also where the environment could stand in', async () => {
    const env = { CLOUDBASE_ENV_ID: 'shop-1', APPLE_PRIVATE_KEY: 'x' };
    expect(await problems({ file: '/nowhere/rotator.yaml', env })).toEqual([
      '- : found no such file, wanted a readable YAML file',
    ]);
    const error = await thrownBy(load({ env: { ...env, ROTATOR_CONFIG: '/nowhere/rotator.yaml' } }));
    expect(error.message).toContain('/nowhere/rotator.yaml');
    expect(error.hint).toBe('Correct the path in ROTATOR_CONFIG.');
  });

  test.each([
    ['empty', '', '1 : found an empty file, wanted a mapping with at least targets'],
    ['comments alone', '# nothing here\n', '1 : found an empty file, wanted a mapping with at least targets'],
    ['a list', '- a\n- b\n', '1 : found a list, wanted a mapping with at least targets'],
    ['one word', 'hello', '1 : found a text, wanted a mapping with at least targets'],
    [
      'not UTF-8',
      Uint8Array.of(0x61, 0xff, 0xfe),
      '- : found bytes that are not UTF-8 text, wanted a YAML file in UTF-8',
    ],
    [
      '16 MB and a byte',
      `${TARGETS}#${'x'.repeat(16 * MB - TARGETS.length)}`,
      '- : found more than 16 MB, wanted a YAML file of at most 16 MB',
    ],
  ])('that is %s is refused', async (_, content, problem) => {
    expect(await problems({ file: await file(content) })).toEqual([problem]);
  });

  test('may have 16 MB to the byte, and a byte order mark', async () => {
    const full = `${TARGETS}#${'x'.repeat(16 * MB - TARGETS.length - 1)}`;
    expect((await load({ file: await file(full) })).config.targets).toHaveLength(1);
    expect((await load({ file: await file(`\ufeff${TARGETS}`) })).config.targets).toHaveLength(1);
  });

  test('that is a directory is told', async () => {
    expect(await problems({ file: tmpdir() })).toEqual(['- : found a directory, wanted a readable YAML file']);
  });
});

describe('a file that everybody may write', () => {
  test.each([
    ['itself', 0o666, 0o755],
    ['by its folder', 0o644, 0o777],
  ])('%s is a warning', async (_, ofFile, ofFolder) => {
    const path = await file(TARGETS);
    expect((await load({ file: path })).warnings).toEqual([]);
    chmodSync(path, ofFile);
    chmodSync(dirname(path), ofFolder);
    expect((await load({ file: path })).warnings).toEqual([['open-configuration', path]]);
  });
});

describe('in a working directory of its own', () => {
  eachInAnEmptyFolder();

  test('config/rotator.yaml is taken, before the environment', async () => {
    await mkdir('config');
    await writeFile('config/rotator.yaml', TARGETS);
    const loaded = await load({ env: { CLOUDBASE_ENV_ID: 'other-1', APPLE_PRIVATE_KEY: 'x' } });
    expect([loaded.file, loaded.config.targets[0]?.name]).toEqual(['config/rotator.yaml', 'shop']);
  });

  test('without any of them the error says what to do', async () => {
    const error = await thrownBy(load({}));
    expect(error.message).toContain('CLOUDBASE_ENV_ID is not set');
    expect(error.hint).toBe(
      'Write it with `apple-secret-rotator init`, or copy config/rotator.example.yaml to config/rotator.yaml and fill it in; --config names another file.',
    );
  });
});
