// What one pass costs does not grow with the fleet. Operations are counted, not timed: rows that SQLite hands out and
// statements that it runs, documents that are parsed and written, looks at targets. Real passes over the sandbox, a real
// journal, the alerts and the metrics as the daemon wires them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StatementSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/resolve.ts';
import { targetKey } from '../../src/core/records.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { byKey, Sweeper } from '../../src/daemon/sweep.ts';
import type { PassRequest } from '../../src/pass/pass.ts';
import { SANDBOX_CREDENTIALS, startSandbox } from '../../src/sandbox/server.ts';
import { createAlerting } from '../../src/service/wire-alerts.ts';
import { wireTargets } from '../../src/service/wire-targets.ts';
import { fastFolder, ownJournal } from '../support/journal.ts';
import { fullProvider, IDS, LeapingClock } from '../support/pass-rig.ts';

const REQUEST: Omit<PassRequest, 'drop' | 'cutOff'> = {
  trigger: 'schedule',
  requestedBy: null,
  force: false,
  waiveAppleCheck: false,
  leaseWaitMs: 0,
};

/** A fleet of healthy targets, all of which were looked at. */
async function fleetOf(size: number) {
  const clock = new LeapingClock();
  const sandbox = await startSandbox({ port: 0, clock });
  const folder = mkdtempSync(join(fastFolder(), 'rotator-growth-'));
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { world } = sandbox;
  const { privateKeyPem } = world.appleKeys.generate({ ...IDS, clientIds: [IDS.clientId] });
  const keyFile = join(folder, 'key.json');
  writeFileSync(keyFile, JSON.stringify({ ...IDS, privateKey: privateKeyPem }), { mode: 0o600 });
  const file = join(folder, 'rotator.yaml');
  writeFileSync(
    file,
    [
      'alerts: { none: accepted }',
      `apple: { tokenUrl: "${sandbox.url}/auth/token" }`,
      `cloudbase: { endpoint: "${sandbox.url}", requestsPerSecond: 20 }`,
      `targets: [{ name: t-0, envId: env-0, key: { from: file, path: "${keyFile}" } }]`,
    ].join('\n'),
  );
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  const env = { TENCENTCLOUD_SECRET_ID: secretId, TENCENTCLOUD_SECRET_KEY: secretKey };
  const { config: one } = await loadConfig({ file, env, mode: 'strict' });
  const targets = Array.from({ length: size }, (_, i) =>
    one.targets.map((entry) => ({ ...entry, name: `t-${i}`, envId: `env-${i}` })),
  ).flat();
  const config: Config = { ...one, targets };
  const secret = world.mintSecret({ ...IDS, expiresInSeconds: 150 * 86_400 });
  for (const { envId } of targets) world.providers.put(envId, fullProvider(secret));

  const journal = await ownJournal(join(folder, 'journal.db'), { clock });
  let ids = 0;
  const newId = () => {
    ids += 1;
    return uuidv7(clock.now(), Buffer.from(String(ids).padStart(10, '0')));
  };
  const emit = () => undefined;
  const tools = { clock, env, emit, newId, version: '0.0.0', leaseHolder: 'test:' };
  const wired = wireTargets(config, tools);
  const configured = byKey(wired);
  const startedAt = clock.now();
  const sweeper = new Sweeper({
    journal,
    startedAt,
    crashedBefore: undefined,
    isDegraded: () => false,
    nextTick: () => undefined,
  });
  let looks = 0;
  const alerting = createAlerting(
    {
      config,
      journal,
      facts: () => ({
        configured,
        disabled: [],
        degraded: undefined,
        skewMs: 0,
        since: startedAt,
        configurationRejected: null,
        scheduler: { alive: true, lastTurnAt: clock.now() },
        replicas: null,
        isSweeping: false,
      }),
      onLook: () => {
        looks += 1;
      },
    },
    tools,
  );
  const drop = new AbortController().signal;
  const pass = async () => {
    const [first] = wired;
    if (first === undefined) throw new TypeError('no target');
    const states: string[] = [];
    const item = { wired: first, request: { ...REQUEST, drop, cutOff: drop } };
    await sweeper.sweep([item], (_, { state }) => states.push(state.state));
    await alerting.catchUp();
    await alerting.alerter.flush(0);
    return states;
  };
  await pass();
  const [state] = await journal.targets();
  if (state === undefined) throw new TypeError('no state');
  for (const { name, envId } of targets.slice(1))
    await journal.commit({ target: { ...state, name, envId, key: targetKey({ ...state, envId }) } });
  await alerting.alerter.flush(0);
  return { pass, looks: () => looks };
}

/** How often the operations of `work` were carried out. */
async function counted(work: () => Promise<unknown>) {
  const counts = { statements: 0, rows: 0, parsed: 0, written: 0 };
  const { get, all, run } = StatementSync.prototype;
  const spies = [
    vi.spyOn(StatementSync.prototype, 'get').mockImplementation(function (this: StatementSync, ...args) {
      const row = Reflect.apply(get, this, args);
      counts.statements += 1;
      counts.rows += row === undefined ? 0 : 1;
      return row;
    }),
    vi.spyOn(StatementSync.prototype, 'all').mockImplementation(function (this: StatementSync, ...args) {
      const rows = Reflect.apply(all, this, args);
      counts.statements += 1;
      counts.rows += rows.length;
      return rows;
    }),
    vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...args) {
      counts.statements += 1;
      return Reflect.apply(run, this, args);
    }),
  ];
  const parse = vi.spyOn(JSON, 'parse');
  const stringify = vi.spyOn(JSON, 'stringify');
  try {
    await work();
    return { ...counts, parsed: parse.mock.calls.length, written: stringify.mock.calls.length };
  } finally {
    for (const spy of [...spies, parse, stringify]) spy.mockRestore();
  }
}

test('a pass and what follows from it read, check, write and look at as much in a fleet of 10,000 as in one of 100', async () => {
  const found: unknown[] = [];
  for (const size of [100, 10_000]) {
    const fleet = await fleetOf(size);
    const before = fleet.looks();
    const operations = await counted(async () => expect(await fleet.pass()).toEqual(['healthy']));
    found.push({ ...operations, looks: fleet.looks() - before });
  }
  expect(found[1]).toEqual(found[0]);
});
