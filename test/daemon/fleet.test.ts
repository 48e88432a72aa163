// Many targets at once, wired as the program wires them, over real sockets to the sandbox: who goes first, who
// waits, and what the hourly limit, a halt and a journal that cannot be written hold back.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryJournal } from '../../src/adapters/journal/memory.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import { DAY } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { Admissions } from '../../src/daemon/admission.ts';
import { Sweeper, type SweepResults } from '../../src/daemon/sweep.ts';
import { fleetHalted, type PassRequest } from '../../src/pass/pass.ts';
import { SANDBOX_CREDENTIALS, startSandbox } from '../../src/sandbox/server.ts';
import { wireTargets } from '../../src/service/wire-targets.ts';
import { fullProvider, IDS, LeapingClock } from '../support/pass-rig.ts';

/** So many targets, each in an environment of its own, or all in the one that is named. */
async function startFleet(size: number, settings = '', sharedEnv?: string, check = 'compare') {
  const clock = new LeapingClock();
  const sandbox = await startSandbox({ port: 0, clock });
  const { world } = sandbox;
  const folder = mkdtempSync(join(tmpdir(), 'rotator-'));
  const keyFile = join(folder, 'key.json');
  const useKey = (keyId: string) => {
    const { privateKeyPem } = world.generateAppleKey({ teamId: IDS.teamId, keyId, clientIds: [IDS.clientId] });
    writeFileSync(keyFile, JSON.stringify({ ...IDS, keyId, privateKey: privateKeyPem }), { mode: 0o600 });
  };
  useKey(IDS.keyId);
  const places = Array.from({ length: size }, (_, i): [env: string, id: string] =>
    sharedEnv === undefined ? [`env-${i}`, 'apple'] : [sharedEnv, `apple-${i}`],
  );
  const envs = places.map(([env]) => env);
  const put = (env: string, days: number, id = 'apple') => {
    const wish = { keyId: IDS.keyId, clientId: IDS.clientId, expiresInSeconds: days * 86_400 };
    world.putProvider(env, { ...fullProvider(world.mintSecret(wish)), Id: id });
  };
  for (const [env, id] of places) put(env, 120, id);
  const file = join(folder, 'rotator.yaml');
  writeFileSync(
    file,
    [
      'alerts: { none: accepted }',
      settings,
      `apple: { tokenUrl: "${sandbox.url}/auth/token", check: ${check} }`,
      `cloudbase: { endpoint: "${sandbox.url}", requestsPerSecond: 20 }`,
      'targets:',
      ...places.map(
        ([env, id], i) =>
          `  - { name: t-env-${i}, envId: ${env}, providerId: ${id}, key: { from: file, path: "${keyFile}" } }`,
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
  const journal = createMemoryJournal();
  let degraded = false;
  const admissions = new Admissions({
    clock,
    journal,
    isDegraded: () => degraded,
    maxRotationsPerHour: () => config.schedule.maxRotationsPerHour,
  });
  const sweeper = new Sweeper({ journal, admissions, nextCheckAt: () => undefined });
  const request: PassRequest = {
    trigger: 'schedule',
    requestedBy: null,
    force: false,
    adopt: false,
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
    /** The targets whose key was read, in order. */
    looked,
    useKey,
    degrade: () => {
      degraded = true;
    },
    sweep: (change: Partial<PassRequest> = {}) => {
      clock.pass(60_000);
      return sweeper.sweep(
        wired.map((each) => ({ wired: each, request: { ...request, ...change } })),
        () => {},
      );
    },
    /** The environments that were written, in order. */
    written: () => world.requests.filter(({ action }) => action === 'ModifyProvider').map(({ envId }) => envId),
    async stop() {
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let fleet: Awaited<ReturnType<typeof startFleet>>;
afterEach(() => fleet.stop());

function tally(results: SweepResults): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of results.values()) counts[state.state] = (counts[state.state] ?? 0) + 1;
  return counts;
}

/** Rotates every target once, so that the journal knows them and another key is theirs to roll out. */
async function adoptAll(): Promise<void> {
  await fleet.sweep({ force: true });
  fleet.world.clearRequests();
  fleet.clock.pass(2 * DAY);
  fleet.events.length = 0;
}

describe('a cause that more than three targets share', () => {
  beforeEach(async () => {
    fleet = await startFleet(6, 'schedule: { maxRotationsPerHour: 100 }');
    await adoptAll();
    fleet.useKey('KEYNEWNEWA');
  });

  test('lets one go first, and the rest when it has succeeded', async () => {
    let mostBeforeProof = 0;
    fleet.world.before('tcb', 'ModifyProvider', async () => {
      const proven = fleet.events.some(({ event }) => event === 'rotation.succeeded');
      if (!proven) mostBeforeProof = Math.max(mostBeforeProof, fleet.written().length);
    });
    expect(tally(await fleet.sweep())).toEqual({ rotated: 6 });
    expect(mostBeforeProof).toBe(1);
    expect(new Set(fleet.written()).size).toBe(6);
  });

  test('stops at the first if that one fails, and tries another one at the next sweep', async () => {
    fleet.world.addFault({
      service: 'tcb',
      action: 'ModifyProvider',
      kind: 'error',
      code: 'OperationDenied',
      times: 1,
    });
    const results = await fleet.sweep();
    expect(tally(results)).toEqual({ failed: 1, due: 5 });
    expect(fleet.written()).toHaveLength(1);
    expect(
      fleet.events.filter((event) => event.event === 'pass.deferred' && event.error?.code === 'ERR_WAITING').length,
    ).toBeGreaterThanOrEqual(5);
    expect(tally(await fleet.sweep())).toEqual({ rotated: 6 });
  });
});

test('what was asked for by hand needs no one to go first', async () => {
  fleet = await startFleet(5);
  await adoptAll();
  fleet.useKey('KEYNEWNEWA');
  expect(tally(await fleet.sweep({ force: true, trigger: 'cli' }))).toEqual({ rotated: 5 });
  expect((await fleet.journal.rotations({ limit: 5 })).every(({ outcome }) => outcome === 'succeeded')).toBe(true);
});

test('three targets of one cause need no one to go first', async () => {
  fleet = await startFleet(3);
  await adoptAll();
  fleet.useKey('KEYNEWNEWA');
  expect(tally(await fleet.sweep())).toEqual({ rotated: 3 });
  expect(fleet.events.some(({ event }) => event === 'pass.deferred')).toBe(false);
});

test('nor do three of a larger fleet, also where the first one fails', async () => {
  fleet = await startFleet(5);
  await adoptAll();
  for (const env of fleet.envs.slice(0, 3)) fleet.world.patchConfig(env, 'apple', { ClientSecret: 'not a secret' });
  fleet.world.addFault({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'OperationDenied', times: 1 });
  expect(tally(await fleet.sweep())).toEqual({ healthy: 2, failed: 1, rotated: 2 });
});

test('emergencies of one cause do not wait for a proof that never comes', async () => {
  fleet = await startFleet(5);
  await adoptAll();
  for (const env of fleet.envs) fleet.world.patchConfig(env, 'apple', { ClientSecret: '' });
  fleet.world.addFault({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'OperationDenied', times: 1 });
  expect(tally(await fleet.sweep())).toEqual({ failed: 1, rotated: 4 });
});

describe('the hourly limit', () => {
  test('lets so many begin, emergencies first and not counted', async () => {
    fleet = await startFleet(5, 'schedule: { maxRotationsPerHour: 2 }');
    for (const env of fleet.envs) fleet.put(env, 50);
    fleet.put('env-4', 3);
    expect(tally(await fleet.sweep())).toEqual({ rotated: 3, due: 2 });
    expect(fleet.written()).toContain('env-4');
    expect(tally(await fleet.sweep())).toEqual({ healthy: 3, due: 2 });
    fleet.clock.pass(3_600_000);
    expect(tally(await fleet.sweep())).toEqual({ healthy: 3, rotated: 2 });
  });

  test('counts what was asked for by hand when it is let in, and not the row that says it was asked for', async () => {
    fleet = await startFleet(5, 'schedule: { maxRotationsPerHour: 2 }');
    for (const env of fleet.envs) fleet.put(env, 100);
    expect(tally(await fleet.sweep({ force: true }))).toEqual({ rotated: 2, due: 3 });
  });

  test('is not used up by what is blocked', async () => {
    fleet = await startFleet(1, 'schedule: { maxRotationsPerHour: 1 }', undefined, 'require');
    fleet.put('env-0', 50);
    fleet.world.behaviour.apple = 'invalid_client';
    for (let time = 0; time < 3; time += 1) expect(tally(await fleet.sweep())).toEqual({ failed: 1 });
  });
});

describe('a halted fleet', () => {
  test('rotates emergencies alone, until it is resumed', async () => {
    fleet = await startFleet(2);
    fleet.put('env-0', 50);
    fleet.put('env-1', 3);
    const { code, message, hint } = fleetHalted(undefined);
    await fleet.journal.updateFleet((state) => ({
      ...state,
      halted: { at: fleet.clock.now(), error: { code, message, hint } },
    }));
    const results = await fleet.sweep();
    expect(tally(results)).toEqual({ rotated: 1, due: 1 });
    expect(fleet.written()).toEqual(['env-1']);
    expect([...results.values()].find(({ state }) => state.state === 'due')?.state.error).toMatchObject({
      code: 'ERR_FLEET_HALTED',
      hint: expect.stringContaining('resume'),
    });
    await fleet.journal.updateFleet((state) => ({ ...state, halted: null }));
    expect(tally(await fleet.sweep())).toEqual({ healthy: 1, rotated: 1 });
  });
});

test('without its journal the service rotates in emergencies alone', async () => {
  fleet = await startFleet(2);
  fleet.put('env-0', 50);
  fleet.put('env-1', 3);
  fleet.degrade();
  expect(tally(await fleet.sweep())).toEqual({ rotated: 1, due: 1 });
  expect(fleet.written()).toEqual(['env-1']);
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
  fleet.world.addFault({ service: 'tcb', action: 'GetProviders', kind: 'status', status: 503, times: 1 });
  expect(tally(await fleet.sweep())).toEqual({ failed: 1, rotated: 3 });
});

test('many healthy targets ask Apple one control between them, and after a few of them without holding up the sweep', async () => {
  fleet = await startFleet(20);
  const asked = () => fleet.world.requests.filter(({ service }) => service === 'apple').length;
  const targetsAsked = async () =>
    (await fleet.journal.targets()).filter(({ appleAsked }) => appleAsked?.verdict === 'accepted').length;
  await fleet.sweep();
  expect(asked()).toBeGreaterThanOrEqual(1 + 4);
  expect(asked()).toBeLessThan(1 + 20);
  expect(asked()).toBe(1 + (await targetsAsked()));
  for (let sweeps = 1; sweeps < 6 && (await targetsAsked()) < 20; sweeps += 1) await fleet.sweep();
  expect([await targetsAsked(), asked()]).toEqual([20, 1 + 20]);
});

test('targets of one environment share a reading to decide, and each reads alone before its push', async () => {
  fleet = await startFleet(3, '', 'env-0');
  const reads = () => fleet.world.requests.filter(({ action }) => action === 'GetProviders').length;
  await fleet.sweep();
  expect(reads()).toBe(1);
  for (const [, id] of fleet.places) fleet.put('env-0', 3, id);
  expect(tally(await fleet.sweep())).toEqual({ rotated: 3 });
  // One to decide, then for each target one alone before its push and one to read back.
  expect(reads()).toBe(1 + 1 + 3 + 3);
});
