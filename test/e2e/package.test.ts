// The package of npm that `npm run package` makes: installed into an empty prefix without a network, it is a command that
// works.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { MAIN, runCommand } from '../support/program.ts';

test('npm pack and npm install -g make a working command, without a network', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-package-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const npm = (...args: readonly string[]) => runCommand('npm', [...args, '--offline', '--no-audit'], { cwd: folder });

  const packed = await npm('pack', dirname(MAIN), '--json');
  expect(packed.code, packed.stderr).toBe(0);
  const [{ filename, files }] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }];
  expect(filename).toBe(`${pkg.name}-${pkg.version}.tgz`);
  const paths = files.map(({ path }) => path.replace(/^chunks\/.*\.js$/, 'chunks/…'));
  expect([...new Set(paths)].sort()).toEqual(['LICENSE', 'chunks/…', 'main.js', 'package.json']);

  const prefix = join(folder, 'prefix');
  mkdirSync(prefix);
  const installed = await npm('install', '--global', '--prefix', prefix, join(folder, filename));
  expect(installed.code, installed.stderr).toBe(0);
  const program = (...args: readonly string[]) =>
    runCommand(join(prefix, 'bin', pkg.name), args, {
      cwd: folder,
      env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
    });
  expect(await program('--version')).toEqual({ code: 0, stdout: `${pkg.version}\n`, stderr: '' });
  const { code, stderr } = await program('status');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: .*no configuration/)]);
});
