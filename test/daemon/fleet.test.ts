// Many targets at once, wired as the program wires them, over real sockets to the sandbox: one write at a time in a
// lane, the most urgent first, what a bad write holds back, and that one lane never waits for another.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import { DAY, HOUR } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { Sweeper } from '../../src/daemon/sweep.ts';
import type { PassRequest, PassResult } from '../../src/pass/pass.ts';
import { SANDBOX_CREDENTIALS, startSandbox } from '../../src/sandbox/server.ts';
import { wireTargets } from '../../src/service/wire-targets.ts';
import { ownJournal } from '../support/journal.ts';
import { fullProvider, IDS, LeapingClock } from '../support/pass-rig.ts';

interface FleetOptions {
  /** All targets lie in this environment; otherwise each in one of its own. */
  readonly sharedEnv?: string;
  /** The targets from this one on write through a lane of their own. */
  readonly otherLaneFrom?: number;
}

async function startFleet(size: number, { sharedEnv, otherLaneFrom = size }: FleetOptions = {}) {
  const clock = new LeapingClock();
  const sandbox = await startSandbox({ port: 0, clock });
  const { world } = sandbox;
  const folder = mkdtempSync(join(tmpdir(), 'rotator-'));
  const keyFile = join(folder, 'key.json');
  const useKey = (keyId: string) => {
    const { privateKeyPem } = world.appleKeys.generate({ teamId: IDS.teamId, keyId, clientIds: [IDS.clientId] });
    writeFileSync(keyFile, JSON.stringify({ ...IDS, keyId, privateKey: privateKeyPem }), { mode: 0o600 });
  };
  useKey(IDS.keyId);
  const places = Array.from({ length: size }, (_, i): [env: string, id: string] =>
    sharedEnv === undefined ? [`env-${i}`, 'apple'] : [sharedEnv, `apple-${i}`],
  );
  const envs = places.map(([env]) => env);
  const put = (env: string, days: number, id = 'apple') => {
    const wish = { keyId: IDS.keyId, clientId: IDS.clientId, expiresInSeconds: days * 86_400 };
    world.providers.put(env, { ...fullProvider(world.mintSecret(wish)), Id: id });
  };
  for (const [env, id] of places) put(env, 120, id);
  const file = join(folder, 'rotator.yaml');
  const region = (i: number) => (i < otherLaneFrom ? 'ap-shanghai' : 'ap-guangzhou');
  writeFileSync(
    file,
    [
      'alerts: { none: accepted }',
      `apple: { tokenUrl: "${sandbox.url}/auth/token" }`,
      `cloudbase: { endpoint: "${sandbox.url}", requestsPerSecond: 20 }`,
      'targets:',
      ...places.map(
        ([env, id], i) =>
          `  - { name: t-env-${i}, envId: ${env}, providerId: ${id}, cloudbase: { region: ${region(i)} }, key: { from: file, path: "${keyFile}" } }`,
      ),
    ].join('\n'),
  );
  const env = {
    TENCENTCLOUD_SECRET_ID: SANDBOX_CREDENTIALS.secretId,
    TENCENTCLOUD_SECRET_KEY: SANDBOX_CREDENTIALS.secretKey,
  };
  const { config } = await loadConfig({ file, env, mode: 'strict' });
  const events: RotatorEvent[] = [];
  const newId = () => uuidv7(clock.now(), randomBytes(10));
  const looked: string[] = [];
  const wired = wireTargets(config, {
    clock,
    env,
    emit: (event) => events.push(event),
    newId,
    version: '0.0.0',
    leaseHolder: 'test:',
  }).map((each) => ({
    ...each,
    tools: {
      ...each.tools,
      keySource: {
        read: (signal: AbortSignal) => {
          looked.push(each.target.name);
          return each.tools.keySource.read(signal);
        },
      },
    },
  }));
  const journal = await ownJournal();
  const sweeper = new Sweeper({
    journal,
    isDegraded: () => false,
    nextTick: () => undefined,
    startedAt: clock.now(),
    crashedBefore: undefined,
  });
  const request: PassRequest = {
    trigger: 'schedule',
    requestedBy: null,
    force: false,
    waiveAppleCheck: false,
    leaseWaitMs: 0,
    drop: new AbortController().signal,
    cutOff: new AbortController().signal,
  };
  return {
    clock,
    world,
    journal,
    events,
    envs,
    places,
    put,
    sweeper,
    /** The targets whose key was read, in order. */
    looked,
    useKey,
    /** How the passes ended. */
    async sweep(change: Partial<PassRequest> = {}, onEnd: (name: string) => void = () => undefined) {
      clock.pass(60_000);
      const items = wired.map((each) => ({ wired: each, request: { ...request, ...change } }));
      const results: PassResult[] = [];
      await sweeper.sweep(items, ({ name }, result) => {
        results.push(result);
        onEnd(name);
      });
      return results;
    },
    /** The environments that were written, in order. */
    written: () => world.requests.log.filter(({ action }) => action === 'ModifyProvider').map(({ envId }) => envId),
    async stop() {
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let fleet: Awaited<ReturnType<typeof startFleet>>;
afterEach(() => fleet.stop());

function tally(results: readonly PassResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of results) counts[state.state] = (counts[state.state] ?? 0) + 1;
  return counts;
}

describe('writes of one lane', () => {
  test('go one after another, from the intent to the read-back', async () => {
    fleet = await startFleet(6);
    for (const env of fleet.envs) fleet.put(env, 50);
    expect(tally(await fleet.sweep())).toEqual({ rotated: 6 });
    const order = fleet.events.flatMap((event) => {
      if (event.event === 'rotation.succeeded') return [`ends ${event.target}`];
      return event.event === 'rotation.step' && event.step === 'intent-recorded' ? [`begins ${event.target}`] : [];
    });
    const begun = order.filter((line) => line.startsWith('begins'));
    expect(order).toEqual(begun.flatMap((line) => [line, line.replace('begins', 'ends')]));
    expect(begun).toHaveLength(6);
  });

  test('are held back for an hour by one that ends badly, and are counted', async () => {
    fleet = await startFleet(4);
    for (const env of fleet.envs) fleet.put(env, 50);
    fleet.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'UnauthorizedOperation' });
    for (let hour = 1; hour <= 3; hour += 1) {
      expect(tally(await fleet.sweep())).toEqual({ failed: Math.min(hour, 4), due: 4 - hour });
      expect(fleet.written()).toHaveLength(hour);
      expect(tally(await fleet.sweep())).toEqual({ failed: hour, due: 4 - hour });
      expect(fleet.written()).toHaveLength(hour);
      fleet.clock.pass(HOUR);
    }
    const { lanes } = await fleet.journal.fleet();
    expect(Object.values(lanes)).toMatchObject([{ badWrites: 3, error: { code: 'ERR_CLOUDBASE_DENIED' } }]);
    // Each of the first three has had its turn: what failed last goes last.
    expect(new Set(fleet.written()).size).toBe(3);
  });

  test('that are urgent pass a closed lane, and a good one opens it for the others', async () => {
    fleet = await startFleet(3);
    fleet.put('env-0', 50);
    fleet.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'reset-before', times: 1 });
    expect(tally(await fleet.sweep())).toEqual({ failed: 1, healthy: 2 });
    fleet.put('env-1', 50);
    expect(tally(await fleet.sweep())).toEqual({ failed: 1, due: 1, healthy: 1 });
    fleet.put('env-2', 3);
    await fleet.sweep();
    expect(fleet.written().slice(1)).toContain('env-2');
    await fleet.sweep();
    expect(new Set(fleet.written().slice(1))).toEqual(new Set(fleet.envs));
    expect((await fleet.journal.fleet()).lanes).toEqual({});
  });
});

describe('a lane whose endpoint hangs', () => {
  test('delays no other one: the emergency of a hundred and one targets ends first', async () => {
    fleet = await startFleet(101, { otherLaneFrom: 100 });
    for (const env of fleet.envs) fleet.put(env, 3);
    const hangs = Promise.withResolvers<void>();
    const held = (envId: string | undefined) => envId !== 'env-100';
    fleet.world.requests.before('tcb', 'GetProviders', async ({ envId }) => (held(envId) ? hangs.promise : undefined));
    const ended: string[] = [];
    const [stop, rescued] = [new AbortController(), Promise.withResolvers<void>()];
    const sweep = fleet.sweep({ drop: stop.signal }, (name) => {
      ended.push(name);
      rescued.resolve();
    });
    await rescued.promise;
    expect(ended).toEqual(['t-env-100']);
    expect(fleet.written()).toEqual(['env-100']);
    stop.abort(new Error('stopping'));
    hangs.resolve();
    const results = await sweep;
    expect(results.length).toBe(101);
    expect(tally(results)).toMatchObject({ rotated: 1 });
  });
});

test('the target that expires soonest is looked at first', async () => {
  fleet = await startFleet(3);
  fleet.put('env-1', 100);
  fleet.put('env-2', 90);
  await fleet.sweep();
  fleet.looked.length = 0;
  await fleet.sweep();
  expect(fleet.looked).toEqual(['t-env-2', 't-env-1', 't-env-0']);
});

test('a target whose environment hangs leaves the others alone', async () => {
  fleet = await startFleet(4);
  for (const env of fleet.envs) fleet.put(env, 3);
  fleet.world.faults.add({ service: 'tcb', action: 'GetProviders', kind: 'status', status: 503, times: 1 });
  expect(tally(await fleet.sweep())).toEqual({ failed: 1, rotated: 3 });
});

test('many healthy targets ask Apple one control between them, and after a few of them without holding up the sweep', async () => {
  fleet = await startFleet(20);
  const asked = () => fleet.world.requests.log.filter(({ service }) => service === 'apple').length;
  const targetsAsked = async () =>
    (await fleet.journal.targets()).filter(({ apple }) => apple.deployed.answer?.verdict === 'accepted').length;
  await fleet.sweep();
  expect(asked()).toBeGreaterThanOrEqual(1 + 4);
  expect(asked()).toBeLessThan(1 + 20);
  expect(asked()).toBe(1 + (await targetsAsked()));
  for (let sweeps = 1; sweeps < 6 && (await targetsAsked()) < 20; sweeps += 1) await fleet.sweep();
  expect([await targetsAsked(), asked()]).toEqual([20, 1 + 20]);
});

test('targets of one environment share a reading to decide, and each reads alone before its push', async () => {
  fleet = await startFleet(3, { sharedEnv: 'env-0' });
  const reads = () => fleet.world.requests.log.filter(({ action }) => action === 'GetProviders').length;
  await fleet.sweep();
  expect(reads()).toBe(1);
  for (const [, id] of fleet.places) fleet.put('env-0', 3, id);
  expect(tally(await fleet.sweep())).toEqual({ rotated: 3 });
  // One to decide, then for each target one alone before its push and one to read back.
  expect(reads()).toBe(1 + 1 + 3 + 3);
});

test('a clock that was set since it was compared counts as never compared, until the next reading', async () => {
  fleet = await startFleet(1);
  await fleet.sweep();
  const { clock, sweeper } = fleet;
  expect(sweeper.judgeClock(clock.now()).skewMs).toBeDefined();
  clock.wall += 200 * DAY;
  expect(sweeper.judgeClock(clock.now())).toEqual({ now: clock.now(), skewMs: undefined, since: clock.now() });
  clock.wall -= 200 * DAY;
  await fleet.sweep();
  expect(sweeper.judgeClock(clock.now()).skewMs).toBeDefined();
});
