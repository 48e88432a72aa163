// In a checkout the sources run as they are, by Node's own TypeScript. The other tests of this folder run the bundle.
import { expect, test } from 'vitest';
import { ownWorkspace, runCommand, SOURCES, startCommand, type Workspace } from '../support/program.ts';

const inFolder = (place: Workspace) => ({ cwd: place.folder, env: { ROTATOR_CONFIG: place.configFile } });

test('once rotates, and Node warns of nothing', async () => {
  const place = await ownWorkspace();
  const { code, stdout, stderr } = await runCommand(process.execPath, [SOURCES, 'once', '--json'], inFolder(place));
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('Warning')]);
  expect(JSON.parse(stdout)).toMatchObject({ targets: [{ name: 'shop', state: 'rotated', error: null }] });
  expect(place.writes()).toHaveLength(1);
});

test('run rotates, and stops by SIGTERM with 0', async () => {
  const place = await ownWorkspace();
  const daemon = startCommand(process.execPath, [SOURCES, 'run'], inFolder(place));
  await daemon.waitFor(/"event":"rotation.succeeded","target":"shop"/);
  daemon.signal('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
  expect(daemon.stderr()).not.toContain('Warning');
});
