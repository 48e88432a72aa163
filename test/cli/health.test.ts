// `health` as a process, against a server in this one: what it asks, what it says, and that it gets by with a
// configuration that `run` could not use.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { health as command } from '../../src/cli/health.ts';
import { readListening } from '../../src/config/listening.ts';
import { captured } from './captured.ts';

let folder: string;
let server: http.Server;
let port: number;
let asked: string[];
let answer: { status: number; body: string };

const STALLED = JSON.stringify({
  type: 'tag:apple-secret-rotator,2026:problem/stalled',
  detail: "the scheduler's loop has not turned for 200 s; restart the service",
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rotator-health-'));
  asked = [];
  answer = { status: 200, body: '{"status":"ok"}' };
  server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host}${request.url}`);
    response.writeHead(answer.status, { Location: '/elsewhere' }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

async function health(yaml: string, env: Record<string, string> = {}) {
  const file = join(folder, 'rotator.yaml');
  writeFileSync(file, yaml);
  const printed = captured();
  const code = await command({ context: printed.context, listening: await readListening(file, env) });
  return { code, stdout: printed.stdout, stderr: printed.stderr };
}

describe('exit status', () => {
  test('is 0 where /healthz answers 200', async () => {
    expect(await health(`http: { port: ${port} }\n`)).toEqual({ code: 0, stdout: 'healthy\n', stderr: '' });
    expect(asked).toEqual([`GET 127.0.0.1:${port}/healthz`]);
  });

  test('is 1 with one line where it does not, in the words of the daemon', async () => {
    answer = { status: 503, body: STALLED };
    expect(await health(`http: { port: ${port} }\n`)).toEqual({
      code: 1,
      stdout: '',
      stderr: `unhealthy: http://127.0.0.1:${port}/healthz answered 503: the scheduler's loop has not turned for 200 s; restart the service\n`,
    });
  });

  test.each([
    [404, '<html>another program</html>'],
    [500, '{"type":"about:blank","detail":"another program"}'],
    [503, 'null'],
  ])('is 1 where another program answers %i, whose words are not repeated', async (status, body) => {
    answer = { status, body };
    const { code, stderr } = await health(`http: { port: ${port} }\n`);
    expect([code, stderr]).toEqual([1, `unhealthy: http://127.0.0.1:${port}/healthz answered ${status}\n`]);
  });

  test('is 1 for a redirect, which is not followed', async () => {
    answer = { status: 302, body: '' };
    const { code, stderr } = await health(`http: { port: ${port} }\n`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^unhealthy: http:\/\/127\.0\.0\.1:\d+\/healthz cannot be asked: [^\n]*redirect[^\n]*\n$/);
    expect(asked).toHaveLength(1);
  });

  test('is 1 where nothing listens', async () => {
    await new Promise((resolve) => server.close(resolve));
    const { code, stderr } = await health(`http: { port: ${port} }\n`);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^unhealthy: http:\/\/127\.0\.0\.1:\d+\/healthz cannot be asked: [^\n]*ECONNREFUSED[^\n]*\n$/,
    );
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });

  test('is 1 where the port is any that is free, which nobody can know', async () => {
    expect(await health('http: { port: 0 }\n')).toMatchObject({
      code: 1,
      stderr: 'unhealthy: http.port is 0, any free port, so it is not known where to ask; set a port\n',
    });
  });
});

describe('where it asks', () => {
  test.each([
    ['0.0.0.0', '127.0.0.1'],
    ['"::"', '[::1]'],
    ['"::1"', '[::1]'],
    ['localhost', 'localhost'],
  ])('a bind to %s is asked for at %s', async (host, address) => {
    expect(await health(`http: { host: ${host}, port: ${port} }\n`)).toMatchObject({ code: 0 });
    expect(asked).toEqual([`GET ${address}:${port}/healthz`]);
  });

  test('may come from the environment; secrets that are missing there do not matter', async () => {
    const yaml = `http:\n  port: \${PORT}\n  token: \${ROTATOR_TOKEN}\ntargets: [{ name: "\${NOT_SET}" }]\nwrong: key\n`;
    expect(await health(yaml, { PORT: String(port) })).toMatchObject({ code: 0, stderr: '' });
  });

  test('is the default where there is no file at all', async () => {
    expect(await readListening(undefined, { CLOUDBASE_ENV_ID: 'shop' })).toEqual({
      host: '127.0.0.1',
      port: 8080,
      doubt: undefined,
    });
  });

  test.each([
    ['a file that is not there', undefined, 'no such file'],
    ['YAML that cannot be read', 'http: { port: 99\ntargets', 'configuration: '],
    ['a port that is none', 'http: { port: eighty }', 'http.port is not a port'],
    ['a port beyond the last', 'http: { port: 65536 }', 'http.port is not a port'],
    ['a variable that is not set', `http: { port: "\${PORT}" }`, 'http.port cannot be read'],
    ['a list for a host', 'http: { host: [a] }', 'http.host cannot be read'],
  ])('is the default, with the doubt said, for %s', async (_, yaml, doubt) => {
    const file = join(folder, 'rotator.yaml');
    if (yaml !== undefined) writeFileSync(file, yaml);
    expect(await readListening(file, {})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      doubt: expect.stringContaining(doubt),
    });
  });

  test('is told with the doubt when it does not answer', async () => {
    const { code, stderr } = await health(`http: { host: [a], port: ${port} }\n`);
    expect([code, stderr]).toEqual([0, '']);
    answer = { status: 503, body: STALLED };
    expect((await health(`http: { host: [a], port: ${port} }\n`)).stderr).toMatch(
      /restart the service \(asked there because of: http\.host cannot be read\)\n$/,
    );
  });
});
