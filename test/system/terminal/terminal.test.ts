// What a person sees on a terminal, on one that script(1) of util-linux makes; it ends lines with `\r\n`.
import { expect, onTestFinished, test } from 'vitest';
import { envIdOf, MAIN, ownWorkspace, runCommand, startCommand } from '../../support/program.ts';
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

test.each([
  [50, /^NAME +shop-production\r\nSTATE +unknown\r\n/m],
  [120, /^shop-production {2}unknown {2}unknown {2}-/m],
])('a table on a terminal of %d columns', async (columns, expected) => {
  const place = await ownWorkspace({ targets: [{ name: 'shop-production' }] });
  const command = `stty cols ${columns}; exec ${quoted([process.execPath, MAIN, 'status'])}`;
  const env = { ROTATOR_CONFIG: place.configFile, TERM: 'xterm', NO_COLOR: '1' };
  const { stdout } = await runCommand(...byScript(command), { cwd: place.folder, env });
  expect(stdout).toMatch(expected);
  for (const line of stdout.split('\r\n').filter((text) => !text.includes('not checked yet')))
    expect(line.length, line).toBeLessThanOrEqual(columns);
});

test.each(['plan', 'once', 'check'])('%s shows how far it is over many targets, and removes that', async (command) => {
  const names = Array.from({ length: 80 }, (_, i) => `shop-${i}`);
  const place = await ownWorkspace({
    targets: names.map((name) => ({ name })),
    daysLeft: 170,
    settings: { apple: { check: 'off' } },
  });
  for (const name of ['shop-3', 'shop-40']) place.world.providers.delete(envIdOf(name), 'apple');
  const env = { ROTATOR_CONFIG: place.configFile, NO_COLOR: '1' };
  const { stdout } = await onTerminal([command], place.folder, env);
  const [first, ...others] = stdout.split('\r\x1b[K');
  expect(first).not.toMatch(/of 80 targets/);
  expect(others.filter((each) => /^\d+ of 80 targets(?:, [12] failed)?$/.test(each)).length).toBeGreaterThan(1);
  expect(others.at(-1)).toMatch(/^(?:NAME|the service)/m);
  expect(others.at(-1)).not.toMatch(/of 80 targets/);
  const asJson = await onTerminal([command, '--json'], place.folder, env);
  expect(asJson.stdout).not.toMatch(/of 80 targets/);
});

test.each([
  ['y', 0, 'TRUE'],
  ['n', 1, undefined],
] as const)('provision asks on a terminal: %s', async (answer, code, on) => {
  const place = await ownWorkspace();
  place.world.providers.delete(envIdOf('shop'), 'apple');
  const command = quoted([process.execPath, MAIN, 'provision']);
  const env = { ROTATOR_CONFIG: place.configFile, TERM: 'xterm' };
  const terminal = startCommand(...byScript(command), { cwd: place.folder, env, input: `${answer}\n` });
  expect(await terminal.waitFor(/Change 1 provider\? \[y\/N\]/)).toContain('Change 1 provider?');
  expect((await terminal.exited).code).toBe(code);
  expect(place.provider()?.['On']).toBe(on);
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
