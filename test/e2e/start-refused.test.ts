// A daemon that cannot start calls somebody: once, over every channel that can be read, and says at the next good start
// that it is over. What supervises it may start it again every second.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Result } from '../support/program.ts';
import { type AlertPlace, type AlertPlaceOptions, alertPlace, seen } from './alert-place.ts';

const TOLD_BEFORE = 'the channels were told of this before; they are told again when it lasts\n';

/** A place with a folder of its own for temporary files, and its programs that use it. */
async function start(options: AlertPlaceOptions = {}) {
  const place = await alertPlace({ ...options, settings: { apple: { check: 'off' }, ...options.settings } });
  const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'rotator-refused-')));
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
  const env = { TMPDIR: temporary };
  return {
    ...place,
    temporary,
    marker: `${place.journalFile}.start-refused`,
    refused: () => place.run(['run'], { env }),
    daemon: () => place.start(['run'], { env }),
  };
}

/** Starts a daemon that can, waits until it has looked, and ends it. */
async function goodStart(place: Awaited<ReturnType<typeof start>>, told: number): Promise<void> {
  const daemon = place.daemon();
  await daemon.waitFor(seen('pass.healthy'));
  await vi.waitFor(() => expect(place.heard().length).toBeGreaterThanOrEqual(told), { timeout: 20_000 });
  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
}

function expectNothingSecret(place: AlertPlace & { readonly marker: string }, { stdout, stderr }: Result): void {
  for (const text of [stdout, stderr, existsSync(place.marker) ? readFileSync(place.marker, 'utf8') : '']) {
    expect(text).not.toContain(place.sandbox.url);
    expect(text).not.toContain('/inbox/');
  }
}

test('a wrong configuration is told once, not again at every start, and its end is told by the next good one', async () => {
  const place = await start({ daysLeft: 175 });
  place.configure({ schedule: { cron: 'every now and then' }, log: { level: 'loud' } });
  const first = await place.refused();
  expect(first.code).toBe(2);
  expect(first.stdout).toBe('');
  expect(first.stderr).toMatch(/^channel ops was told that the daemon cannot start\n[\s\S]*2 problems[\s\S]*loud/);
  expect(place.heard()).toEqual(['raised StartRefused']);
  expect(place.items()).toMatchObject([
    {
      severity: 'critical',
      code: 'ERR_CONFIG',
      what: expect.stringContaining('rotator.yaml line'),
      next: expect.any(String),
    },
  ]);
  expect(existsSync(place.marker)).toBe(true);
  expectNothingSecret(place, first);

  const second = await place.refused();
  expect(second.code).toBe(2);
  expect(second.stderr.startsWith(TOLD_BEFORE)).toBe(true);
  expect(place.heard()).toHaveLength(1);

  place.configure();
  await goodStart(place, 2);
  expect(place.heard()).toEqual(['raised StartRefused', 'cleared StartRefused']);
  expect(existsSync(place.marker)).toBe(false);

  await goodStart(place, 2);
  expect(place.heard()).toHaveLength(2);
}, 60_000);

test('another reason is told anew, and all who heard of any hear of the end', async () => {
  const place = await start({ daysLeft: 175, channels: { ops: {}, other: {} } });
  place.configure({ log: { level: 'loud' } });
  await place.refused();
  place.world.addFault({ service: 'inbox', action: 'other', kind: 'status', status: 500, times: 1 });
  place.configure({ log: { level: 'quiet' } });
  const second = await place.refused();
  expect(second.stderr).toMatch(
    /^channel other could not be told: channel other \(webhook\) could not take the message/m,
  );
  expect([place.heard('ops').length, place.heard('other').length]).toEqual([2, 1]);
  place.configure();
  await goodStart(place, 3);
  await vi.waitFor(() => expect(place.heard('other').at(-1)).toBe('cleared StartRefused'));
  expect(place.heard('ops').at(-1)).toBe('cleared StartRefused');
}, 60_000);

test('where nobody took it the next start tries again', async () => {
  const place = await start();
  place.configure({ log: { level: 'loud' } });
  place.world.addFault({ service: 'inbox', action: 'ops', kind: 'status', status: 500, times: 1 });
  const { code, stderr } = await place.refused();
  expect([code, stderr.split('\n')[0]]).toEqual([
    2,
    'channel ops could not be told: channel ops (webhook) could not take the message: HTTP 500',
  ]);
  await place.refused();
  expect(place.heard()).toEqual(['raised StartRefused']);
});

test('without a folder for the journal, what was told is remembered among the temporary files', async () => {
  const place = await start({ daysLeft: 175 });
  place.configure({ log: { level: 'loud' }, journal: 'sqlite:./nowhere/journal.db' });
  await place.refused();
  await place.refused();
  expect(place.heard()).toEqual(['raised StartRefused']);
  expect(readdirSync(place.temporary)).toEqual([expect.stringMatching(/^apple-secret-rotator-\w+\.start-refused$/)]);
  place.configure({ journal: 'sqlite:./nowhere/journal.db' });
  await goodStart(place, 2);
  expect(place.heard()).toEqual(['raised StartRefused', 'cleared StartRefused']);
  expect(readdirSync(place.temporary)).toEqual([]);
}, 60_000);

test('a second daemon over one journal is a warning; the first goes on', async () => {
  const place = await start({ daysLeft: 175 });
  const first = place.daemon();
  await first.waitFor(seen('pass.healthy'));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { code, stderr } = await place.refused();
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERR_DAEMON_RUNNING/);
  }
  expect(place.items()).toMatchObject([
    { condition: 'StartRefused', status: 'raised', severity: 'warning', code: 'ERR_DAEMON_RUNNING' },
  ]);
  first.signal('SIGTERM');
  expect((await first.exited).code).toBe(0);
  expect(place.heard()).toHaveLength(1);
}, 60_000);

test('a port that is taken is told once, however often it is tried', async () => {
  const place = await start({ daysLeft: 175 });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  place.configure({ http: { port: (server.address() as AddressInfo).port } });
  for (const expected of [/^channel ops was told/m, /^the channels were told of this before/m]) {
    const { code, stderr } = await place.refused();
    expect(code).toBe(2);
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/ERR_CONFIG/);
  }
  expect(place.heard()).toEqual(['raised StartRefused']);
  server.close();
  await once(server, 'close');
  await goodStart(place, 2);
  expect(place.heard()).toEqual(['raised StartRefused', 'cleared StartRefused']);
}, 60_000);

test('a warning of the service that would reach nobody is refused, shown, and told to whom it can be', async () => {
  const place = await start({ channels: { ops: { severities: ['critical'] }, shops: { targets: ['shop'] } } });
  place.configure({ alerts: { none: '' } });
  const { code, stderr } = await place.refused();
  expect(code).toBe(2);
  expect(stderr).toMatch(/: nobody would hear of a warning of the service itself \(ERR_CONFIG\)/);
  expect(stderr).toMatch(/alerts: \{ none: accepted \}/);
  expect(place.heard('ops')).toEqual(['raised StartRefused']);
  expect(place.items()[0]?.what).toContain('nobody would hear of a warning of the service itself');
});

test('a file that cannot be parsed ends with 2 and its line; nobody can be told, and that is said', async () => {
  const place = await start();
  const url = `${place.sandbox.url}/inbox/ops`;
  writeFileSync(place.configFile, `alerts:\n  channels:\n    - { name: ops, type: webhook, url: "${url}"\n`);
  const refused = await place.refused();
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/^no channel could be read from the configuration: nobody was told\n/);
  expect(refused.stderr).toMatch(/line \d/);
  expect(place.world.inbox).toEqual([]);
  expectNothingSecret(place, refused);
});

test('a channel whose own settings are the mistake does not hide the mistake, nor keep the others from telling it', async () => {
  const place = await start({
    channels: { ops: {}, open: { url: 'http://hooks.example.com/token-7f3a9c1e5b' }, half: { type: 'dingtalk' } },
  });
  const refused = await place.refused();
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/^channel ops was told that the daemon cannot start\n/);
  expect(refused.stderr).toMatch(/alerts\.channels\[1\]\.url\n[\s\S]*alerts\.channels\[2\]\.secret\n/);
  expect(refused.stderr).not.toContain('token-7f3a9c1e5b');
  expect(place.heard()).toEqual(['raised StartRefused']);
});

test('a channel that does not answer is given up, and the others are told', async () => {
  const place = await start({ channels: { ops: {}, silent: {} } });
  place.configure({ log: { level: 'loud' } });
  place.world.addFault({ service: 'inbox', action: 'silent', kind: 'hang' });
  const { code, stderr } = await place.refused();
  expect(code).toBe(2);
  expect(stderr).toMatch(/^channel ops was told that the daemon cannot start$/m);
  expect(stderr).toMatch(/^channel silent could not be told: .*(?:no answer|time)/m);
  expect(place.heard()).toEqual(['raised StartRefused']);
}, 40_000);
