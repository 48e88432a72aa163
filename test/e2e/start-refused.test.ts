// A daemon that cannot start stays: it logs and sends the reason once, answers health checks, and starts when it can.
// With --exit-when-refused it ends instead; that it does so at a terminal is shown in test/system/terminal.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { PROBLEM } from '../../src/http/schemas.ts';
import { type AlertPlaceOptions, alertPlace, lines, seen } from '../support/alert-place.ts';
import type { Program } from '../support/program.ts';
import { closedPort } from '../support/servers.ts';

const EXITING = ['run', '--exit-when-refused'];

const eventually = (look: () => Promise<void> | void) => vi.waitFor(look, { timeout: 20_000, interval: 50 });

/** A place whose daemon has a port of its own, and nothing to rotate. */
async function start({ settings = {}, ...options }: AlertPlaceOptions = {}) {
  const port = await closedPort();
  const own = { apple: { check: 'off' }, http: { port }, ...settings };
  const place = await alertPlace({ daysLeft: 175, ...options, settings: own });
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { ...place, port, get, daemon: () => place.start(['run']) };
}

async function stop(daemon: Program): Promise<void> {
  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
}

test('a wrong configuration: it is told once, health checks answer, and it starts when the file is corrected', async () => {
  const place = await start();
  const { url } = place.sandbox;
  const heartbeat = { url: `${url}/inbox/alive`, healthUrl: `${url}/inbox/health`, every: '10s' };
  place.configure({ schedule: { cron: 'every now and then' }, log: { level: 'loud' }, heartbeat });
  const daemon = place.daemon();
  await daemon.waitFor(seen('alert.sent'));
  expect(daemon.log().map(({ event }) => event)).toEqual(['start.refused', 'alert.sent']);
  expect(lines(daemon, 'start.refused')).toMatchObject([
    { level: 'fatal', code: 'ERR_CONFIG', hint: expect.any(String), problems: [/cron/, /loud/].map(matching) },
  ]);
  expect(place.heard()).toEqual(['raised StartRefused']);
  expect(place.items()).toMatchObject([
    { severity: 'critical', code: 'ERR_CONFIG', what: matching(/rotator\.yaml line/), next: matching(/^Correct/) },
  ]);
  await eventually(() => {
    expect(place.pings('alive')).toEqual(['/fail the daemon cannot start']);
    expect(place.pings('health')).toEqual(['/fail StartRefused']);
  });

  expect(await place.get('/healthz')).toEqual({ status: 200, body: { status: 'start-refused', code: 'ERR_CONFIG' } });
  const reason = 'the daemon cannot start (ERR_CONFIG); its log says why';
  for (const path of ['/readyz', '/metrics', '/api/v1/targets', '/openapi.json'])
    expect(await place.get(path)).toMatchObject({ status: 503, body: { detail: reason, reasons: [reason] } });
  expect(await place.run(['health'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `unhealthy: http://127.0.0.1:${place.port}/healthz answered 200: the daemon cannot start; its log says why\n`,
  });

  place.configure({ heartbeat });
  await daemon.waitFor(seen('pass.healthy'));
  await eventually(() => expect(place.heard()).toEqual(['raised StartRefused', 'cleared StartRefused']));
  await eventually(() => expect(place.pings('alive').at(-1)).toBe('ok'));
  expect((await place.get('/healthz')).body).toMatchObject({ status: 'ok' });
  expect(await place.run(['health'])).toMatchObject({ code: 0 });
  expect(lines(daemon, 'start.refused')).toHaveLength(1);
  await stop(daemon);
  expect(place.heard()).toHaveLength(2);
}, 60_000);

test('another reason is told anew; a channel that missed it is tried again, and hears of the end as well', async () => {
  const place = await start({ channels: { ops: {}, other: {} } });
  place.world.faults.add({ service: 'inbox', action: 'other', kind: 'status', status: 500, times: 1 });
  place.configure({ log: { level: 'loud' } });
  const daemon = place.daemon();
  await daemon.waitFor(seen('alert.failed'));
  expect([place.heard('ops'), place.heard('other')]).toEqual([['raised StartRefused'], []]);
  place.configure({ log: { level: 'quiet' } });
  await daemon.waitFor(seen('start.refused', 2));
  await eventually(() => expect(place.heard('ops')).toEqual(['raised StartRefused', 'raised StartRefused']));
  expect(place.items('ops').at(-1)?.what).toContain('quiet');
  await eventually(() => expect(place.heard('other')).toEqual(['raised StartRefused']));
  place.configure();
  for (const name of ['ops', 'other'])
    await eventually(() => expect(place.heard(name).at(-1)).toBe('cleared StartRefused'));
  await stop(daemon);
}, 60_000);

test('a second daemon stands by: a warning, no heartbeat of its own, and it takes over', async () => {
  const place = await start();
  place.configure({ heartbeat: { url: `${place.sandbox.url}/inbox/alive` } });
  const first = place.daemon();
  await first.waitFor(seen('pass.healthy'));
  const second = place.daemon();
  await second.waitFor(seen('alert.sent'));
  expect(lines(second, 'start.refused')).toMatchObject([
    { code: 'ERR_DAEMON_RUNNING', msg: matching(new RegExp(`pid ${first.pid} `)) },
  ]);
  // Its port is the first one's, and that one answers.
  expect(lines(second, 'warning')).toMatchObject([{ code: 'ERR_CONFIG', msg: matching(/the port is in use/) }]);
  expect((await place.get('/healthz')).body).toMatchObject({ status: 'ok' });
  expect(place.items()).toMatchObject([
    { cause: 'StartRefused', status: 'raised', severity: 'warning', code: 'ERR_DAEMON_RUNNING' },
  ]);
  await stop(first);
  // Rather than wait for the minute.
  second.signal('SIGHUP');
  await second.waitFor(seen('pass.healthy'));
  await eventually(() => expect(place.heard()).toEqual(['raised StartRefused', 'cleared StartRefused']));
  expect(place.pings('alive').filter((ping) => ping !== 'ok')).toEqual([]);
  await stop(second);
}, 60_000);

test('a port that is taken is the reason; it starts when the port is free', async () => {
  const place = await start();
  const other = createServer().listen(place.port, '127.0.0.1');
  await once(other, 'listening');
  const daemon = place.daemon();
  await daemon.waitFor(seen('alert.sent'));
  expect(lines(daemon, 'start.refused')).toMatchObject([{ code: 'ERR_CONFIG', msg: matching(/the port is in use/) }]);
  other.close();
  await once(other, 'close');
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('pass.healthy'));
  await eventually(() => expect(place.heard()).toEqual(['raised StartRefused', 'cleared StartRefused']));
  await stop(daemon);
}, 60_000);

test('the page says what is wrong, line by line, to who may read', async () => {
  const readToken = 'read-token-0123456789abcdef0123456789ab';
  const place = await start();
  place.configure({ log: { level: 'loud' }, http: { port: place.port, readToken } });
  const daemon = place.daemon();
  await daemon.waitFor(seen('start.refused'));
  const url = `http://127.0.0.1:${place.port}`;
  expect((await fetch(`${url}/`)).status).toBe(401);
  const asked = await place.get('/api/v1/overview');
  expect(asked.status).toBe(401);
  expect(JSON.stringify(asked.body)).not.toContain('loud');
  const headers = { authorization: `Basic ${Buffer.from(`:${readToken}`).toString('base64')}` };
  expect(await (await fetch(`${url}/`, { headers })).text()).toMatch(/^<!doctype html>/);
  const answer = await fetch(`${url}/api/v1/overview?language=zh`, { headers });
  expect([answer.status, await answer.json()]).toMatchObject([
    503,
    {
      type: 'tag:apple-secret-rotator,2026:problem/not-ready',
      refusal: {
        code: 'ERR_CONFIG',
        problems: [{ file: matching(/rotator\.yaml$/), line: expect.any(Number), key: 'log.level', found: '"loud"' }],
      },
    },
  ]);

  expect((await fetch(`${url}/runbook`)).status).toBe(401);
  const runbook = await fetch(`${url}/runbook?language=zh`, { headers });
  expect([runbook.status, await runbook.text()]).toEqual([200, matching(/<h2 id="startrefused">/)]);
  const part = join(dirname(place.configFile), 'team.yaml');
  writeFileSync(part, 'targets:\n  - { name: team, key: { privateKey: not-to-be-seen-at-all, keyId: "K1" }\n');
  place.configure({ include: ['team.yaml'], http: { port: place.port, readToken } });
  const excerpts = async () => {
    const body: unknown = await (await fetch(`${url}/api/v1/overview`, { headers })).json();
    return PROBLEM.parse(body).refusal?.problems.flatMap(({ excerpt }) => excerpt ?? []);
  };
  await expect
    .poll(excerpts, { timeout: 20_000 })
    .toEqual([{ text: matching(/^…\*+, \*+: "\*\*" \}$/), before: expect.any(Number) }]);
  expect(JSON.stringify(await excerpts())).not.toContain('not-to-be-seen');
  place.configure({ http: { port: place.port, readToken } });
  await daemon.waitFor(seen('daemon.started'));
  expect((await fetch(`${url}/api/v1/overview`, { headers })).status).toBe(200);
  await stop(daemon);
}, 60_000);

test('where nobody can tell who may read, the page is not served', async () => {
  const place = await start();
  const readToken = ['$', '{NO_SUCH_VARIABLE}'].join('');
  place.configure({ http: { port: place.port, readToken } });
  const daemon = place.daemon();
  await daemon.waitFor(seen('start.refused'));
  const reason = 'the daemon cannot start (ERR_CONFIG); its log says why';
  for (const path of ['/', '/page.js', '/api/v1/overview'])
    expect(await place.get(path)).toMatchObject({ status: 503, body: { detail: reason } });
  expect(await place.get('/api/v1/overview')).not.toHaveProperty('body.refusal');
  await stop(daemon);
}, 60_000);

test('where the section `http` cannot be read, it listens at the default address', async () => {
  const place = await start();
  place.configure({ http: { host: ['a'], port: place.port } });
  const daemon = place.daemon();
  await daemon.waitFor(seen('alert.sent'));
  expect(await place.get('/healthz')).toMatchObject({ status: 200 });
  await stop(daemon);
  expect(daemon.log().at(-1)?.event).toBe('daemon.stopped');
  expect(place.heard()).toEqual(['raised StartRefused']);
}, 40_000);

test('a file that cannot be parsed has no channels: the log alone says why', async () => {
  const place = await start();
  const { url } = place.sandbox;
  writeFileSync(place.configFile, `alerts:\n  channels:\n    - { name: ops, type: webhook, url: "${url}/inbox/ops"\n`);
  const { code, stdout, stderr } = await place.run(EXITING);
  expect([code, JSON.parse(stdout)]).toMatchObject([
    2,
    { event: 'start.refused', problems: [matching(/rotator\.yaml line \d/)] },
  ]);
  expect(place.world.inbox).toEqual([]);
  expect(stdout + stderr).not.toContain('/inbox/');
});

test('a channel whose own settings are the mistake keeps no other from telling it, and is not shown', async () => {
  const place = await start({
    channels: { ops: {}, open: { url: 'http://hooks.example.com/token-7f3a9c1e5b' }, half: { type: 'pagerduty' } },
  });
  const { stdout, stderr } = await place.run(EXITING);
  expect(stdout).toMatch(/"problems":\[[^\]]*alerts\.channels\[1\]\.url.*alerts\.channels\[2\].routingKey/);
  expect(place.heard()).toEqual(['raised StartRefused']);
  expect(stdout + stderr).not.toMatch(/token-7f3a9c1e5b|\/inbox\//);
});

test('alerts that would reach nobody: every channel is told, whatever it carries', async () => {
  const place = await start({ channels: { ops: { severities: ['critical'] }, shops: { targets: ['shop'] } } });
  place.configure({ alerts: { none: '' } });
  const { stderr } = await place.run(EXITING);
  for (const name of ['ops', 'shops']) expect(place.heard(name)).toEqual(['raised StartRefused']);
  expect(place.items()[0]?.what).toContain('no channel carries these alerts: warning of the service itself');
  expect(stderr).toContain('alerts: { none: accepted }');
});

test('with --exit-when-refused it tells at each start, and ends with 2', async () => {
  const place = await start();
  place.configure({ log: { level: 'loud' } });
  for (const times of [1, 2]) {
    const { code, stdout, stderr } = await place.run(EXITING);
    expect(code).toBe(2);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ event: 'start.refused', code: 'ERR_CONFIG' });
    expect(stderr).toMatch(/^error: configuration: .*"loud"/);
    expect(place.heard()).toEqual(Array.from({ length: times }, () => 'raised StartRefused'));
  }
});

function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
