// The server itself: where it listens, that it ends, what it logs, the Date header, the inbox.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { RotatorError } from '../../src/core/errors.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import { tcbClient, thrown } from './clients.ts';

const running: Sandbox[] = [];
afterEach(async () => {
  for (const sandbox of running.splice(0)) await sandbox.close();
});

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, ...options });
  running.push(sandbox);
  return sandbox;
}

async function refusal(options: SandboxOptions): Promise<RotatorError> {
  const error = await start(options).catch((thrown: unknown) => thrown);
  if (error instanceof RotatorError) return error;
  throw new Error(`no RotatorError: ${error}`);
}

describe('listening', () => {
  test.each(['0.0.0.0', '::', '192.168.1.10', '10.0.0.1', 'example.com', '127.0.0.1.example.com', ''])(
    'refuses %s',
    async (host) => {
      expect(await refusal({ host })).toMatchObject({
        code: 'ERR_USAGE',
        message: `the sandbox listens on loopback only, not on ${host}`,
      });
    },
  );

  test.each([
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['127.0.0.2', /^http:\/\/127\.0\.0\.2:\d+$/],
    ['localhost', /^http:\/\/localhost:\d+$/],
  ])('serves on %s', async (host, url) => {
    const sandbox = await start({ host });
    expect(sandbox.url).toMatch(url);
    expect((await fetch(`${sandbox.url}/sandbox/`)).status).toBe(200);
  });

  test('a port in use is an error that says what to do', async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    expect(await refusal({ port })).toMatchObject({
      code: 'ERR_USAGE',
      message: `port ${port} of 127.0.0.1 is in use`,
      hint: 'Stop the program that uses this one, or choose another port with --port.',
    });
  });

  test('closing ends sockets that hang', async () => {
    const sandbox = await startSandbox({ port: 0 });
    sandbox.world.faults.add({ service: 'inbox', kind: 'hang' });
    const arrived = new Promise<void>((resolve) => sandbox.world.requests.onRequest(() => resolve()));
    const hanging = fetch(`${sandbox.url}/inbox/a`).catch(() => 'ended');
    const idle = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    await once(idle, 'connect');
    const closed = once(idle, 'close');
    idle.resume();
    await arrived;
    await sandbox.close();
    expect(await hanging).toBe('ended');
    await closed;
  });

  test('an unknown path is not found', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/elsewhere`);
    expect([answer.status, await answer.json()]).toEqual([404, { error: 'nothing is served here; see GET /sandbox/' }]);
  });
});

describe('the Date header', () => {
  test('follows the clock, and differs by the configured offset', async () => {
    const now = Date.UTC(2026, 10, 22, 12);
    const { url, world } = await start({ clock: { now: () => now } });
    const date = async () => (await fetch(`${url}/inbox/a`)).headers.get('date');
    expect(await date()).toBe('Sun, 22 Nov 2026 12:00:00 GMT');
    world.behaviour.dateOffsetSeconds = -3600;
    expect(await date()).toBe('Sun, 22 Nov 2026 11:00:00 GMT');
  });

  test('is not what signatures are judged by', async () => {
    const { url, world } = await start();
    world.behaviour.dateOffsetSeconds = 3600;
    world.providers.addEnvironment('shop-1');
    expect((await tcbClient(url).GetProviders({ EnvId: 'shop-1' })).Total).toBe(2);
  });

  test('a clock far away does not refuse those who sign by the machine’s', async () => {
    const { url, world } = await start({ clock: { now: () => Date.UTC(2030, 0, 1) } });
    world.providers.addEnvironment('shop-1');
    expect((await tcbClient(url).GetProviders({ EnvId: 'shop-1' })).Total).toBe(2);
  });
});

describe('the request log', () => {
  const body = { EnvId: 'shop-1', Id: 'apple', Config: { ClientSecret: 'abc', Scope: 's' } };
  const fingerprint = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

  test('holds what arrived, in order, with the fingerprint for the secret', async () => {
    const { url, world } = await start({ clock: { now: () => 5 } });
    const seen: string[] = [];
    const end = world.requests.onRequest(({ action }) => seen.push(action));
    await thrown(tcbClient(url).request('ModifyProvider', body));
    await fetch(`${url}/inbox/ops`, { method: 'POST', body: '{"routing_key":"k","nested":[{"token":"t"}]}' });
    end();
    await fetch(`${url}/inbox/ops`, { method: 'POST', body: 'plain' });
    expect(seen).toEqual(['ModifyProvider', 'ops']);
    expect(world.requests.log).toEqual([
      {
        at: 5,
        service: 'tcb',
        action: 'ModifyProvider',
        envId: 'shop-1',
        region: 'ap-shanghai',
        signedBy: 'AKIDsandbox0000000000000000000000000',
        body: { ...body, Config: { ClientSecret: fingerprint, Scope: 's' } },
      },
      {
        at: 5,
        service: 'inbox',
        action: 'ops',
        body: {
          routing_key: expect.stringMatching(/^[0-9a-f]{64}$/),
          nested: [{ token: expect.stringMatching(/^[0-9a-f]{64}$/) }],
        },
      },
      { at: 5, service: 'inbox', action: 'ops', body: 'plain' },
    ]);
    world.requests.clearLog();
    expect(world.requests.log).toEqual([]);
  });

  test('an empty secret is shown as it is', async () => {
    const { url, world } = await start();
    await thrown(tcbClient(url).request('ModifyProvider', { ...body, Config: { ClientSecret: '' } }));
    expect(world.requests.log[0]?.body).toEqual({ ...body, Config: { ClientSecret: '' } });
  });
});

describe('hooks', () => {
  test('act before the request takes effect, until they are removed', async () => {
    const { url, world } = await start();
    world.providers.put('shop-1', { Id: 'apple', Config: { Scope: 'old' } });
    const scope = async () => {
      const { Data } = await tcbClient(url).GetProviders({ EnvId: 'shop-1' });
      return Data?.[0]?.Config.Scope;
    };
    const end = world.requests.before('tcb', 'GetProviders', async () => {
      await Promise.resolve();
      world.patchConfig('shop-1', 'apple', { Scope: 'new' });
    });
    expect(await scope()).toBe('new');
    end();
    world.patchConfig('shop-1', 'apple', { Scope: 'newer' });
    expect(await scope()).toBe('newer');
  });

  test('one that throws shows as HTTP 500', async () => {
    const { url, world } = await start();
    world.requests.before('inbox', 'a', () => {
      throw new Error('broken hook');
    });
    const answer = await fetch(`${url}/inbox/a`);
    expect([answer.status, await answer.text()]).toEqual([500, 'the sandbox failed: broken hook']);
  });
});

describe('the inbox', () => {
  test('keeps every message with its headers, path and query, but no authorization', async () => {
    const { url, world } = await start({ clock: { now: () => 7 } });
    await fetch(`${url}/inbox/ops/api/v2/alerts?sign=s`, {
      method: 'POST',
      headers: { 'x-one': '1', authorization: 'Bearer secret' },
      body: '[{"a":1}]',
    });
    await fetch(`${url}/inbox/beat/fail`);
    const [alert, beat] = world.inbox;
    expect(alert).toMatchObject({
      at: 7,
      name: 'ops',
      method: 'POST',
      rest: '/api/v2/alerts?sign=s',
      headers: { 'x-one': '1' },
      body: [{ a: 1 }],
    });
    expect(alert?.headers).not.toHaveProperty('authorization');
    expect(beat).toMatchObject({ name: 'beat', method: 'GET', rest: '/fail', body: '' });
  });

  test('of an unknown service accepts everything', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/inbox/ops`, { method: 'POST', body: 'anything' });
    expect([answer.status, await answer.text()]).toEqual([200, '{"errcode":0,"errmsg":"ok","code":0,"msg":"success"}']);
  });
});
