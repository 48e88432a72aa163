// The whole of it: a POST over a real socket, the real daemon, a rotation against the sandbox, and what the read API
// then shows. And two rotations that one target is asked for while the first one runs.
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parseCron } from '../../src/core/cron.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { byKey, Sweeper } from '../../src/daemon/sweep.ts';
import { serviceRoutes } from '../../src/http/served.ts';
import { startHttpServer } from '../../src/http/server.ts';
import { realClock } from '../support/clock.ts';
import { startRig } from '../support/pass-rig.ts';
import { type CallOptions, mustBeDocumented, send, TOKEN } from './rig.ts';

async function startService() {
  const rig = await startRig();
  let degraded = false;
  const sweeper = new Sweeper({
    journal: rig.journal,
    isDegraded: () => degraded,
    nextTick: () => undefined,
    startedAt: rig.tools.clock.now(),
    crashedBefore: undefined,
  });
  const daemon = new Daemon(
    {
      targets: byKey([{ target: rig.target, tools: rig.tools, laneWidth: 4 }]),
      cron: parseCron('7 * * * *', 'UTC'),
    },
    { clock: realClock, emit: rig.tools.emit, sweeper, onSwept: () => undefined },
  );
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    tokens: () => ({ token: TOKEN, readToken: undefined }),
    clock: realClock,
    emit: rig.tools.emit,
    routes: serviceRoutes({
      clock: realClock,
      journal: Object.assign(rig.journal, { degraded: undefined }),
      daemon,
      targets: () => [rig.target],
      alerts: async () => ({ alerts: [], channels: [] }),
      service: () => ({
        instance: 'test-rotator',
        startedAt: realClock.now(),
        degraded: undefined,
        skewMs: undefined,
        nextTickAt: undefined,
        expiryOf: () => undefined,
        tokenUrl: '',
        replicas: undefined,
      }),
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
      judgeClock: () => sweeper.judgeClock(rig.tools.clock.now()),
      newId: () => uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
      version: '1.2.3',
    }),
  });
  const call = async (path: string, options: CallOptions = {}) => {
    const reply = await send(`${server.url}${path}`, options);
    mustBeDocumented(path.split('?')[0] ?? path, options.method ?? 'GET', reply);
    return reply;
  };
  const running = { daemon: Promise.resolve() };
  onTestFinished(async () => {
    daemon.stop();
    await running.daemon;
    await server.close();
    await rig.stop();
  });
  return {
    rig,
    call,
    degrade: () => {
      degraded = true;
    },
    rotate: () =>
      call(`/api/v1/targets/${rig.target.name}/rotate`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    run: () => {
      running.daemon = daemon.run();
    },
    /** Resolves when an event of this name is told. */
    told: (event: string) => until(() => rig.events.some((each) => each.event === event)),
  };
}

/** Resolves when the condition holds; looked at whenever the event loop turns. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('a rotation that is asked for begins at once, is shown while it runs and when it is over', async () => {
  const { rig, call, rotate, run, told } = await startService();
  rig.put(rig.mint(170));
  expect(await call('/readyz')).toMatchObject({ status: 503, json: { reasons: ['1 target was not checked yet'] } });
  run();
  await told('pass.healthy');
  expect(await call('/readyz')).toMatchObject({ status: 200 });
  const before = rig.secret();
  const pushing = Promise.withResolvers<void>();
  const mayPush = Promise.withResolvers<void>();
  const remove = rig.world.requests.before('tcb', 'ModifyProvider', async () => {
    pushing.resolve();
    await mayPush.promise;
  });
  const { status, json } = await rotate();
  expect(status).toBe(202);
  const { id } = json as { id: string };
  await pushing.promise;
  expect(await call('/api/v1/rotations?limit=1')).toMatchObject({ json: { rotations: [{ id, outcome: null }] } });
  expect(await rotate()).toMatchObject({ status: 409, json: { id } });
  mayPush.resolve();
  remove();
  await told('rotation.succeeded');
  expect(rig.secret()).not.toBe(before);
  expect(await call('/api/v1/rotations')).toMatchObject({
    json: {
      rotations: [
        {
          id,
          reason: 'Requested',
          trigger: 'http',
          requestedBy: 'http token from 127.0.0.1',
          outcome: 'succeeded',
          proof: { readBack: 'seen', apple: 'accepted', loginCheck: 'not-asked' },
          settles: null,
          error: null,
        },
      ],
    },
  });
  expect(await call('/api/v1/targets/shop')).toMatchObject({
    json: { state: 'healthy', reason: null, logins: { state: 'works', because: null } },
  });
  const again = await rotate();
  expect(again.status).toBe(429);
  expect(Number(again.headers['retry-after'])).toBeGreaterThan(3_500);
  expect(inspect(rig.events, { depth: null })).not.toContain(TOKEN);
});

test('a request during a rotation that was due anyway is told of that one', async () => {
  const { rig, rotate, run, told } = await startService();
  const pushing = Promise.withResolvers<void>();
  const mayPush = Promise.withResolvers<void>();
  rig.world.requests.before('tcb', 'ModifyProvider', async () => {
    pushing.resolve();
    await mayPush.promise;
  });
  run();
  await pushing.promise;
  const [row] = await rig.rotations();
  expect(await rotate()).toMatchObject({ status: 409, json: { id: row?.id } });
  mayPush.resolve();
  await told('rotation.succeeded');
  expect(rig.writes()).toHaveLength(1);
});

test('a request that a journal in memory holds back is 202, and its row ends blocked with the reason', async () => {
  const { rig, call, degrade, rotate, run, told } = await startService();
  rig.put(rig.mint(170));
  run();
  await told('pass.healthy');
  degrade();
  const { status, json } = await rotate();
  expect(status).toBe(202);
  await told('rotation.blocked');
  expect(await call('/api/v1/rotations')).toMatchObject({
    json: { rotations: [{ ...(json as object), outcome: 'blocked', error: { code: 'ERR_JOURNAL_UNWRITABLE' } }] },
  });
  expect(rig.writes()).toEqual([]);
});
