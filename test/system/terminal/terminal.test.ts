// What a person sees on a terminal, on one that script(1) of util-linux makes; it ends lines with `\r\n`.
import { expect, onTestFinished, test } from 'vitest';
import { MAIN, ownWorkspace, runCommand, startCommand } from '../../support/program.ts';
import { systemProgram } from '../programs.ts';

const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');
const byScript = (command: string): [string, string[]] => [systemProgram('script'), ['-qefc', command, '/dev/null']];
const onTerminal = (args: readonly string[], folder: string, env: Record<string, string>) =>
  runCommand(...byScript(quoted([process.execPath, MAIN, ...args])), { cwd: folder, env: { TERM: 'xterm', ...env } });

test('colour on a terminal, and never with NO_COLOR', async () => {
  const place = await ownWorkspace({ daysLeft: -1 });
  const env = { ROTATOR_CONFIG: place.configFile };
  const coloured = await onTerminal(['status'], place.folder, env);
  expect([coloured.code, coloured.stdout]).toEqual([1, expect.stringContaining('\x1b[31munknown\x1b[0m')]);
  const plain = await onTerminal(['status'], place.folder, { ...env, NO_COLOR: '1' });
  expect([plain.code, plain.stdout]).toEqual([1, expect.stringContaining('shop  unknown  unknown  -')]);
  expect(plain.stdout).not.toContain('\x1b');
  const error = await onTerminal(['status', '-c', 'none.yaml'], place.folder, env);
  expect([error.code, error.stdout]).toEqual([
    2,
    expect.stringContaining('\x1b[31merror:\x1b[0m configuration: none.yaml: found no such file'),
  ]);
});

test('the log of a daemon is readable on a terminal', async () => {
  const place = await ownWorkspace({ settings: { apple: { check: 'off' } } });
  const command = `echo "pid $$"; exec ${quoted([process.execPath, MAIN, 'run'])}`;
  const env = { ROTATOR_CONFIG: place.configFile, NO_COLOR: '1' };
  const terminal = startCommand(...byScript(command), { cwd: place.folder, env });
  const pid = Number(await terminal.waitFor(/pid (\d+)/));
  onTestFinished(() => endedOrKilled(pid));
  const line = await terminal.waitFor(/^(.*shop: the new client secret is in place.*)$/m);
  expect(line).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: shop: the new client secret is in place/);
  process.kill(pid, 'SIGTERM');
  expect((await terminal.exited).code).toBe(0);
  expect(terminal.stdout()).not.toContain('\x1b');
});

test('a daemon that cannot start ends with 2, and notifies nobody', async () => {
  const place = await ownWorkspace({ settings: { log: { level: 'loud' } } });
  place.configure({ alerts: { channels: [{ name: 'ops', type: 'webhook', url: `${place.sandbox.url}/inbox/ops` }] } });
  const { code, stdout } = await onTerminal(['run'], place.folder, { ROTATOR_CONFIG: place.configFile });
  expect([code, stdout]).toEqual([2, expect.stringMatching(/error:.* "loud"/)]);
  expect(place.world.inbox).toEqual([]);
});

/** A process that is not this one's child ends with the test, however that went. */
function endedOrKilled(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    expect(error).toMatchObject({ code: 'ESRCH' });
  }
}
