// Files on a mount that does not answer: the program says so, goes on with everything else, and ends when it is asked to.
import { copyFileSync, mkdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { deadMount } from '../support/dead-mount.ts';
import { ownWorkspace } from '../support/program.ts';

const HANGS = /does not answer: its disk or mount hangs/;

/** A target that is healthy, and a mount that answers. */
async function place() {
  const found = await ownWorkspace({ daysLeft: 175, settings: { apple: { check: 'off' } } });
  return { ...found, mount: deadMount(found.folder) };
}

test('a configuration that hangs: the start is refused, and SIGTERM ends it', async () => {
  const { mount, start } = await place();
  mount.die();
  const daemon = start(['run', '--config', mount.path('rotator.yaml')], { env: mount.env });
  await daemon.waitFor(/start\.refused/);
  expect(daemon.stdout()).toMatch(HANGS);
  daemon.signal('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
});

test('a second SIGTERM ends it at once, while a read hangs', async () => {
  const { mount, start } = await place();
  mount.die();
  const daemon = start(['run', '--config', mount.path('rotator.yaml')], { env: mount.env });
  await daemon.waitFor(/hanging/);
  daemon.signal('SIGTERM');
  await daemon.waitFor(/stopping/);
  daemon.signal('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 1, signal: null });
  expect(daemon.stdout()).toBe('');
});

test('a command ends, and says what hangs', async () => {
  const { mount, run } = await place();
  mount.die();
  const ended = await run(['plan', '--config', mount.path('rotator.yaml')], { env: mount.env });
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(HANGS) });
});

test('the reload of a healthy daemon is refused while its file hangs, and works once the mount is back', async () => {
  const { mount, start, configFile } = await place();
  const path = mount.path('rotator.yaml');
  copyFileSync(configFile, path);
  const daemon = start(['run', '--config', path], { env: mount.env });
  await daemon.waitFor(/pass\.healthy/);
  mount.die();
  daemon.signal('SIGHUP');
  await daemon.waitFor(/config\.rejected/);
  expect(daemon.stdout()).toMatch(HANGS);
  mount.comeBack();
  await vi.waitFor(
    () => {
      daemon.signal('SIGHUP');
      expect(daemon.stdout()).toMatch(/config\.reloaded/);
    },
    { timeout: 20_000, interval: 100 },
  );
  daemon.signal('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
});

test('credentials that hang: the pass fails, the target is told, and SIGTERM ends the daemon', async () => {
  const { mount, start, configure } = await place();
  configure({ cloudbase: { credentials: { from: 'profile', path: mount.path('credentials') } } });
  mount.die();
  const daemon = start(['run'], { env: mount.env });
  await daemon.waitFor(/story\.opened/);
  expect(daemon.log()).toContainEqual(
    expect.objectContaining({
      event: 'pass.failed',
      code: 'ERR_CREDENTIALS_MISSING',
      msg: expect.stringMatching(HANGS),
    }),
  );
  daemon.signal('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
});

test('more mounts than a quarter of the threads may wait for: it says so and ends', async () => {
  const { mount, run, configure } = await place();
  configure({ instance: '$' + '{ONE}$' + '{TWO}' });
  for (const name of ['one', 'two']) mkdirSync(mount.path(name));
  mount.die();
  const env = { ONE_FILE: mount.path('one/value'), TWO_FILE: mount.path('two/value'), UV_THREADPOOL_SIZE: '4' };
  const ended = await run(['plan'], { env: { ...mount.env, ...env } });
  expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('too many files') });
});
