// The CloudBase adapter: the contract over the sandbox, then answers that no sandbox would give.
import { describe, expect, test } from 'vitest';
import { createCloudbaseProvider } from '../../../src/adapters/provider/cloudbase.ts';
import { providerView } from '../../../src/adapters/provider/fields.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { ProviderView } from '../../../src/core/provider.ts';
import { MINUTE } from '../../../src/core/time.ts';
import type { World } from '../../../src/sandbox/server.ts';
import { type Held, type ProviderHarness, providerContract } from '../../contract/provider.ts';
import { HandClock } from '../../support/clock.ts';
import { serve } from '../../support/servers.ts';
import { ENV_ID, sandbox, tencentClient } from '../../support/tencent.ts';

const ACTIONS = { reads: 'GetProviders', writes: 'ModifyProvider' } as const;

providerContract('cloudbase', async (): Promise<ProviderHarness> => {
  const { url, world } = await sandbox();
  world.providers.put(ENV_ID, { Id: 'google', On: 'FALSE', Config: { ClientId: 'g', ClientSecret: 'g-old' } });
  const clock = new HandClock();
  const count = (action: string) => world.requests.log.filter((request) => request.action === action).length;
  return {
    provider: createCloudbaseProvider({ client: tencentClient(url, { clock }), lane: 'lane', clock }),
    envId: ENV_ID,
    ids: ['apple', 'google'],
    truth: (id) => providerView(world.providers.get(ENV_ID, id) ?? {}),
    edit: (id, key, value) => world.patchConfig(ENV_ID, id, { [key]: value }),
    arrived: () => ({ reads: count('GetProviders'), writes: count('ModifyProvider') }),
    hold: (what) => hold(world, ACTIONS[what]),
    fail: (what, when) => {
      // A read whose connection was kept, and is reset, is sent again.
      const kind = what === 'write' ? (`reset-${when}` as const) : 'status';
      world.faults.add({ service: 'tcb', action: ACTIONS[`${what}s`], kind, times: 1 });
    },
    pass: (ms) => clock.advance(ms),
  };
});

function hold(world: World, action: string): Held {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let arrived = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let enough = () => {};
  const remove = world.requests.before('tcb', action, async () => {
    arrived += 1;
    if (arrived >= wanted) enough();
    await released;
  });
  return {
    waiting: (count) =>
      new Promise((resolve) => {
        wanted = count;
        enough = resolve;
        if (arrived >= wanted) resolve();
      }),
    release: () => {
      remove();
      release();
    },
  };
}

const never = new AbortController().signal;

/** Reads `apple` from a server that gives this response. */
async function read(response: JsonObject, maxAgeMs = 0) {
  const server = await serve((_, answer) => answer.end(JSON.stringify({ Response: { RequestId: 'r', ...response } })));
  const clock = new HandClock(Date.UTC(2026, 10, 22));
  const provider = createCloudbaseProvider({ client: tencentClient(server.url, { clock }), lane: 'lane', clock });
  return provider.read(ENV_ID, 'apple', { maxAgeMs, signal: never });
}

test('a write sends EnvId, Id and Config, in which ClientSecret alone differs: nulls, order and odd names stay', async () => {
  const Config = { b: null, ClientSecret: 'old', a: [1, { c: '' }], constructor: 'x', ClientId: 'i' };
  const apple = { z: null, Id: 'apple', On: 'FALSE', Config, Name: { Message: 'A' } };
  const Response = { RequestId: 'r', Total: 2, Data: [{ Id: 'other', Config: 7 }, apple] };
  const server = await serve((_, answer) => answer.end(JSON.stringify({ Response })));
  const clock = new HandClock(Date.UTC(2026, 10, 22));
  const adapter = createCloudbaseProvider({ client: tencentClient(server.url, { clock }), lane: 'lane', clock });
  const { provider, requestId, readAt } = await adapter.read(ENV_ID, 'apple', { maxAgeMs: 0, signal: never });
  expect({ requestId, readAt }).toEqual({ requestId: 'r', readAt: Date.UTC(2026, 10, 22) });
  expect(provider).toMatchObject({ clientId: 'i', enabled: false, secret: { shape: 'masked', text: 'old' } });
  const { fields } = provider as ProviderView;
  await adapter.write(ENV_ID, 'apple', { fields, clientSecret: 'new' }, never);
  const { b: _, ...rest } = Config;
  const expected = { EnvId: ENV_ID, Id: 'apple', Config: { ...rest, ClientSecret: 'new' } };
  expect(server.seen.at(-1)?.body).toBe(JSON.stringify(expected));
});

test('a write of the client secret alone sends EnvId, Id and that', async () => {
  const server = await serve((_, answer) => answer.end(JSON.stringify({ Response: { RequestId: 'r' } })));
  const clock = new HandClock();
  const adapter = createCloudbaseProvider({ client: tencentClient(server.url, { clock }), lane: 'lane', clock });
  await adapter.write(ENV_ID, 'apple', { fields: undefined, clientSecret: 'new' }, never);
  const sent = server.seen.map(({ body }) => JSON.parse(body) as unknown);
  expect(sent).toEqual([{ EnvId: ENV_ID, Id: 'apple', Config: { ClientSecret: 'new' } }]);
});

describe('the list of providers', () => {
  test.each([
    [{ Total: 0, Data: [] }],
    [{ Total: 0, Data: null }],
    [{ Data: [] }],
    [{ Total: 1, Data: [{ Id: 'other' }] }],
  ])('%o has no apple provider', async (response) => {
    expect((await read(response)).provider).toBeUndefined();
  });

  test('one that is shorter than its total serves for those that are in it', async () => {
    expect((await read({ Total: 30, Data: [{ Id: 'apple' }] })).provider).toMatchObject({ clientId: undefined });
  });

  test.each([0, 30_000])(
    'one that is shorter than its total does not say that a provider is missing',
    async (maxAgeMs) => {
      await expect(read({ Total: 30, Data: [{ Id: 'other' }] }, maxAgeMs)).rejects.toMatchObject({
        code: 'ERR_CLOUDBASE_BAD_ANSWER',
        message: 'the answer to tcb GetProviders holds 1 of 30 providers, and apple is not among them',
        requestId: 'r',
      });
    },
  );

  const LIST = 'has no list of providers with their ids';
  test.each([
    [{}, LIST],
    [{ Total: 3, Data: null }, LIST],
    [{ Data: null }, LIST],
    [{ Total: 1, Data: {} }, LIST],
    [{ Total: 1, Data: [null] }, LIST],
    [{ Total: 1, Data: [{ Name: 'x' }] }, LIST],
    [{ Total: 1, Data: [{ Id: 7 }] }, LIST],
    [{ Total: 'all', Data: [] }, LIST],
  ])('%o is a bad answer', async (response, what) => {
    await expect(read(response)).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_BAD_ANSWER',
      message: `the answer to tcb GetProviders ${what}`,
    });
  });
});

describe('a provider that is deeper or larger than is handled is refused', () => {
  const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as JsonObject;

  test.each<[string, JsonObject]>([
    ['2,000 levels', nested(2_000)],
    ['a list in 2,000 lists', { list: JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as JsonObject }],
    ['a name of 200 kB', { ['n'.repeat(200_000)]: 1 }],
    ['20,000 values', Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`f${index}`, index]))],
  ])('%s', async (_, Config) => {
    await expect(read({ Total: 1, Data: [{ Id: 'apple', Config }] })).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_BAD_ANSWER',
      message: 'the answer of tcb GetProviders holds a provider apple that is nested too deeply or too large',
    });
    expect((await read({ Total: 2, Data: [{ Id: 'other', Config }, { Id: 'apple' }] })).provider).toBeDefined();
  });

  test('one of 20 levels is handled', async () => {
    expect((await read({ Total: 1, Data: [{ Id: 'apple', Config: nested(20) }] })).provider).toBeDefined();
  });

  test.each(['x'.repeat(900_000), 'a b', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJBMSJ9.c2ln', ''])(
    'a request id that is none is dropped',
    async (RequestId) => {
      expect((await read({ RequestId, Total: 0, Data: [] })).requestId).toBeNull();
    },
  );
});

test('the skew between the clocks is told', async () => {
  const { url, world } = await sandbox();
  world.behaviour.dateOffsetSeconds = 3_600;
  const clock = new HandClock(Date.now());
  const provider = createCloudbaseProvider({ client: tencentClient(url, { clock }), lane: 'lane', clock });
  const { skewMs } = await provider.read(ENV_ID, 'apple', { maxAgeMs: 0, signal: never });
  expect(Math.round((skewMs ?? 0) / 60_000)).toBe(-60);
});

test('two environments share nothing', async () => {
  const { url, world } = await sandbox();
  world.providers.put('other-env', { Id: 'apple', Config: { ClientId: 'other' } });
  const clock = new HandClock();
  const provider = createCloudbaseProvider({ client: tencentClient(url, { clock }), lane: 'lane', clock });
  const readings = await Promise.all(
    [ENV_ID, 'other-env'].map((envId) => provider.read(envId, 'apple', { maxAgeMs: 30_000, signal: never })),
  );
  expect(readings.map(({ provider }) => provider?.clientId)).toEqual([expect.stringMatching(/^com\./), 'other']);
});

test('what nobody has asked for in half a minute to a minute is forgotten, with the secrets in it, also after the last call', async () => {
  const { url, world } = await sandbox();
  world.providers.put('other-env', { Id: 'apple', Config: {} });
  const clock = new HandClock();
  const provider = createCloudbaseProvider({ client: tencentClient(url, { clock }), lane: 'lane', clock });
  const read = (envId: string) => provider.read(envId, 'apple', { maxAgeMs: 3_600_000, signal: never });
  await read(ENV_ID);
  await clock.advance(30_000 + 1);
  await read('other-env');
  await read(ENV_ID);
  expect(world.requests.log).toHaveLength(2);
  world.requests.clearLog();
  await clock.advance(30_000 - 1);
  await read('other-env');
  await read(ENV_ID);
  expect(world.requests.log.map(({ envId }) => envId)).toEqual([ENV_ID]);
  await clock.advance(MINUTE);
  world.requests.clearLog();
  await read('other-env');
  await read(ENV_ID);
  expect(world.requests.log.map(({ envId }) => envId)).toEqual(['other-env', ENV_ID]);
});
