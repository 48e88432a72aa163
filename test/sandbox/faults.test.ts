// Every kind of fault, at every kind of service, over real sockets; and which request meets which fault.
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Faults } from '../../src/sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { awsClient, tcbClient, thrown } from './clients.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.world.reset();
  sandbox.world.providers.put('shop-1', { Id: 'apple', Config: { ClientSecret: 'old' } });
});

const write = () =>
  tcbClient(sandbox.url).ModifyProvider({ EnvId: 'shop-1', Id: 'apple', Config: { ClientSecret: 'new' } });
const stored = () => sandbox.world.providers.get('shop-1', 'apple')?.Config['ClientSecret'];
const message = () => fetch(`${sandbox.url}/inbox/ops`, { method: 'POST', body: '{}', redirect: 'manual' });

describe('kinds', () => {
  test('delay holds the answer back, and nothing else', async () => {
    sandbox.world.faults.add({ service: 'tcb', kind: 'delay', delayMs: 500 });
    const arrived = new Promise<void>((resolve) =>
      sandbox.world.requests.before('tcb', 'ModifyProvider', () => resolve()),
    );
    const delayed = write().then(() => 'delayed');
    await arrived;
    expect(await Promise.race([delayed, message().then(() => 'other')])).toBe('other');
    expect(stored()).toBe('old');
    await delayed;
    expect(stored()).toBe('new');
  });

  test('reset-before closes the socket before anything happened', async () => {
    sandbox.world.faults.add({ service: 'tcb', kind: 'reset-before' });
    expect((await thrown(write())).message).toContain('socket hang up');
    expect(stored()).toBe('old');
  });

  test('reset-after applies the request and closes the socket without an answer', async () => {
    sandbox.world.faults.add({ service: 'tcb', kind: 'reset-after' });
    expect((await thrown(write())).message).toContain('socket hang up');
    expect(stored()).toBe('new');
  });

  test('hang never answers, and nothing happens', async () => {
    sandbox.world.faults.add({ service: 'tcb', kind: 'hang' });
    const stop = new AbortController();
    sandbox.world.requests.before('tcb', 'ModifyProvider', () => stop.abort());
    const body = { EnvId: 'shop-1', Id: 'apple', Config: { ClientSecret: 'new' } };
    const call = tcbClient(sandbox.url).request('ModifyProvider', body, { signal: stop.signal });
    expect((await thrown(call)).message).toContain('aborted');
    expect(stored()).toBe('old');
  });

  test('status answers with an HTTP status, body and headers', async () => {
    sandbox.world.faults.add({
      service: 'inbox',
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '7' },
      body: 'no',
    });
    const answer = await message();
    expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([429, '7', 'no']);
    expect(sandbox.world.inbox).toEqual([]);
  });

  test('status is 503 unless it is named', async () => {
    sandbox.world.faults.add({ service: 'tcb', kind: 'status' });
    const answer = await thrown(write());
    expect(answer.message).toBe('Service Unavailable');
    expect(stored()).toBe('old');
  });

  test('body answers with any text', async () => {
    sandbox.world.faults.add({ service: 'inbox', kind: 'body', body: '{"errcode":310000}' });
    const answer = await message();
    expect([answer.status, await answer.text()]).toEqual([200, '{"errcode":310000}']);
  });

  test('body is HTML unless it is named', async () => {
    sandbox.world.faults.add({ service: 'tcb', kind: 'body' });
    expect((await thrown(write())).message).toContain('invalid json response body');
  });

  test('redirect points elsewhere', async () => {
    sandbox.world.faults.add({ service: 'inbox', kind: 'redirect', location: 'http://127.0.0.1:1/x' });
    const answer = await message();
    expect([answer.status, answer.headers.get('location')]).toEqual([307, 'http://127.0.0.1:1/x']);
  });

  test('a redirect needs a location', () => {
    expect(() => sandbox.world.faults.add({ service: 'tcb', kind: 'redirect' })).toThrow('a redirect needs a location');
  });

  test('huge is valid, and over a megabyte', async () => {
    sandbox.world.faults.add({ service: 'tcb', kind: 'huge' });
    const answer = await tcbClient(sandbox.url).request('GetProviders', { EnvId: 'shop-1' });
    expect(JSON.stringify(answer).length).toBeGreaterThan(1024 * 1024);
  });
});

describe('errors take the form of the service', () => {
  const error = { kind: 'error', code: 'Some.Code', message: 'why' } as const;

  test('Tencent: in the envelope', async () => {
    for (const service of ['tcb', 'ssm', 'sts'] as const) sandbox.world.faults.add({ service, ...error });
    expect(await thrown(write())).toMatchObject({ code: 'Some.Code', message: 'why' });
    for (const version of ['2018-06-08', '2019-09-23', '2018-08-13']) {
      const answer = await fetch(sandbox.url, {
        method: 'POST',
        headers: { 'x-tc-action': 'Any', 'x-tc-version': version },
      });
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { Response: { Error: { Code: 'Some.Code', Message: 'why' }, RequestId: expect.any(String) } },
      ]);
    }
  });

  test('AWS: by __type, HTTP 400 or as named', async () => {
    sandbox.world.faults.add({
      service: 'aws',
      kind: 'error',
      code: 'ThrottlingException',
      message: 'Rate exceeded',
      times: 1,
    });
    sandbox.world.faults.add({ service: 'aws', kind: 'error', code: 'InternalServiceError', status: 500 });
    const get = () => awsClient(sandbox.url).send(new GetSecretValueCommand({ SecretId: 'apple' }));
    await expect(get()).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(get()).rejects.toMatchObject({ name: 'InternalServiceError', $metadata: { httpStatusCode: 500 } });
  });

  test('Apple: by the word', async () => {
    sandbox.world.faults.add({ service: 'apple', kind: 'error', code: 'server_error' });
    const answer = await fetch(`${sandbox.url}/auth/token`, { method: 'POST' });
    expect([answer.status, await answer.json()]).toEqual([400, { error: 'server_error' }]);
  });

  test('the metadata service: by Code', async () => {
    sandbox.world.faults.add({ service: 'cvm', action: 'role', ...error });
    const answer = await fetch(`${sandbox.url}/latest/meta-data/cam/security-credentials/`);
    expect([answer.status, await answer.json()]).toEqual([200, { Code: 'Some.Code' }]);
  });

  test('the inbox: with the status', async () => {
    sandbox.world.faults.add({ service: 'inbox', action: 'ops', ...error, status: 403 });
    const answer = await message();
    expect([answer.status, await answer.json()]).toEqual([403, { error: 'Some.Code', message: 'why' }]);
  });
});

describe('which request meets which fault', () => {
  const kinds = (faults: Faults, calls: number) =>
    Array.from({ length: calls }, () => faults.take('tcb', 'GetProviders')?.kind ?? '-');

  test('the fault that was added first fires first, as often as its `times` says', () => {
    const faults = new Faults();
    faults.add({ service: 'tcb', kind: 'hang', times: 2 });
    faults.add({ service: 'tcb', kind: 'status', times: 1 });
    expect(kinds(faults, 4)).toEqual(['hang', 'hang', 'status', '-']);
  });

  test('without times it fires until it is removed', () => {
    const faults = new Faults();
    const id = faults.add({ service: 'tcb', kind: 'hang' });
    expect(kinds(faults, 3)).toEqual(['hang', 'hang', 'hang']);
    expect(faults.remove(id)).toBe(true);
    expect(faults.remove(id)).toBe(false);
    expect(kinds(faults, 1)).toEqual(['-']);
  });

  test('another service and another action are not concerned', () => {
    const faults = new Faults();
    faults.add({ service: 'ssm', kind: 'hang' });
    faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'hang' });
    expect(kinds(faults, 1)).toEqual(['-']);
    expect(faults.take('tcb', 'ModifyProvider')?.kind).toBe('hang');
  });

  test('what is left of times is listed', () => {
    const faults = new Faults();
    const id = faults.add({ service: 'tcb', kind: 'hang', times: 3 });
    kinds(faults, 2);
    expect(faults.list()).toEqual([{ id, service: 'tcb', kind: 'hang', times: 1 }]);
    faults.clear();
    expect(faults.list()).toEqual([]);
  });

  test('a share is drawn so that it repeats, and about as often as it says', () => {
    const drawn = (seed: number) => {
      const faults = new Faults();
      faults.seed(seed);
      faults.add({ service: 'tcb', kind: 'hang', share: 0.25 });
      return kinds(faults, 1000);
    };
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
    for (const seed of [1, 2, 3]) {
      const fired = drawn(seed).filter((kind) => kind === 'hang').length;
      expect(fired).toBeGreaterThan(200);
      expect(fired).toBeLessThan(300);
    }
  });

  test('times counts only what fired', () => {
    const faults = new Faults();
    faults.add({ service: 'tcb', kind: 'hang', share: 0.5, times: 3 });
    expect(kinds(faults, 100).filter((kind) => kind === 'hang')).toHaveLength(3);
  });

  test('a share of nothing never fires, a share of all always', () => {
    const faults = new Faults();
    faults.add({ service: 'tcb', kind: 'hang', share: 0 });
    faults.add({ service: 'tcb', kind: 'status', share: 1 });
    expect(new Set(kinds(faults, 100))).toEqual(new Set(['status']));
  });
});
