// `check` as a process: what a person and a script see, how it ends, and that it leaves everything as it was.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { envIdOf, ownWorkspace, type Workspace } from '../support/program.ts';

const POLICY = `{"version":"2.0","statement":[{"effect":"allow","action":["tcb:GetProviders","tcb:ModifyProvider"],"resource":["qcs::tcb:ap-shanghai:uin/100000000001:env/${envIdOf('shop')}"]}]}`;

/** The digest of every file in the folder, but for those that SQLite makes for each reader of a journal. */
function filesOf({ folder }: Workspace): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !/-(?:wal|shm)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, fingerprint(readFileSync(join(folder, name), 'latin1'))]));
}

test('prints a line for each finding, by target, and ends with 0 where nothing failed', async () => {
  const place = await ownWorkspace({ daysLeft: 170 });
  const { code, stdout, stderr } = await place.run(['check']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^the service\n {2}✓ ok {7}configuration {2}\S*rotator\.yaml is right: 1\s+target\n/);
  expect(stdout).toMatch(/^shop\n {2}✓ ok {7}key /m);
  expect(stdout).toMatch(/^ {2}! warning {2}write {10}whether CAM permits to write cannot be known without writing/m);
  expect(stdout.replace(/\s+/g, ' ')).toContain(
    'Rotate once with `apple-secret-rotator once --target shop --force`, or',
  );
  expect(stdout.split('\n').map((line) => line.trim())).toContain(POLICY);
  expect(stdout).toMatch(/^ {2}✓ ok {7}apple {10}accepts a new client secret of key/m);
  expect(stdout).toMatch(/\n0 failed, 2 warnings, \d+ ok\nNothing was written\.\n$/);
});

test('writes nothing, before the first rotation and after it', async () => {
  const place = await ownWorkspace();
  const first = filesOf(place);
  expect((await place.run(['check'])).code).toBe(0);
  expect(filesOf(place)).toEqual(first);
  expect(place.writes()).toEqual([]);
  expect((await place.run(['once'])).code).toBe(0);
  const [second, provider] = [filesOf(place), place.provider()];
  const { code, stdout } = await place.run(['check']);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/this program last wrote the client secret/)]);
  expect(filesOf(place)).toEqual(second);
  expect(place.provider()).toEqual(provider);
  expect(place.writes()).toHaveLength(1);
});

test('ends with 1 where something failed, and says what to do and what to paste, on a line of its own', async () => {
  const place = await ownWorkspace();
  place.world.faults.add({ service: 'tcb', action: 'GetProviders', kind: 'error', code: 'UnauthorizedOperation' });
  const { code, stdout } = await place.run(['check']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ {2}✗ failed {3}read {11}tcb GetProviders is not permitted/m);
  expect(stdout).toMatch(/\(ERR_CLOUDBASE_DENIED\)/);
  expect(stdout.split('\n').map((line) => line.trim())).toContain(POLICY);
  expect(stdout).toMatch(/\n1 failed, .*\. Failed: shop \(read\)\n/);
});

test('--json has every finding, absent values null', async () => {
  const place = await ownWorkspace();
  place.world.providers.delete(envIdOf('shop'), 'apple');
  const { code, stdout } = await place.run(['check', '--json', '--target', 'shop']);
  expect(code).toBe(1);
  const { checks, ...counts } = JSON.parse(stdout) as { checks: Record<string, unknown>[] };
  expect(Object.keys(counts)).toEqual(['ok', 'warning', 'failed']);
  for (const each of checks)
    expect(Object.keys(each)).toEqual(['target', 'part', 'mark', 'code', 'message', 'hint', 'copy']);
  expect(checks.filter(({ mark }) => mark === 'failed')).toMatchObject([
    { target: 'shop', part: 'provider', code: 'ERR_PROVIDER_NOT_FOUND', hint: expect.any(String), copy: null },
  ]);
});

test('sends nothing to channels, and a marked message with --send-test-alert', async () => {
  const place = await ownWorkspace();
  const channels = [{ name: 'ops', type: 'webhook', url: `${place.sandbox.url}/inbox/ops` }];
  place.configure({ alerts: { channels }, heartbeat: { url: `${place.sandbox.url}/inbox/alive` } });
  const quiet = await place.run(['check']);
  expect(quiet.stdout).toMatch(/channel {8}ops \(webhook\) can be reached; nothing was sent/);
  expect(quiet.stdout).toMatch(/heartbeat {6}heartbeat\.url \(heartbeat\) can be reached; nothing was sent/);
  expect(place.world.inbox).toEqual([]);
  const sent = await place.run(['check', '--send-test-alert']);
  expect(sent.stdout).toMatch(/channel {8}ops \(webhook\) accepted a test message \(HTTP 200\)/);
  expect(place.world.inbox).toMatchObject([{ name: 'ops', body: { kind: 'test' } }]);
});

test('a wrong configuration and a target that does not exist end with 2', async () => {
  const place = await ownWorkspace();
  expect(await place.run(['check', '--target', 'nobody'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('shop'),
  });
  place.configure({ schedule: { cron: 'never' } });
  expect(await place.run(['check'])).toMatchObject({ code: 2, stderr: expect.stringContaining('schedule.cron') });
});
