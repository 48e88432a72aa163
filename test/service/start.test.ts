// A start that is refused, over time: the next look comes after a minute; what is critical is repeated like any other
// alert, and that another daemon runs is sent once.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { acquireDaemonLock } from '../../src/adapters/journal/lock.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import { HOUR, MINUTE, SECOND } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { Start } from '../../src/service/start.ts';
import { systemClock } from '../../src/service/system-clock.ts';
import { serve } from '../support/servers.ts';

/** A folder with a configuration whose alerts go to `hook`. */
async function place(settings = '') {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const hook = await serve((_, response) => void response.end());
  const file = join(folder, 'rotator.yaml');
  const lines = [
    `journal: sqlite:${folder}/journal.db`,
    'cloudbase: { endpoint: "http://127.0.0.1:9" }',
    `targets: [{ name: shop, envId: shop-1, key: { from: file, path: ${folder}/none.p8 } }]`,
    'http: { port: 0 }',
    `alerts: { digest: off, channels: [{ name: ops, type: webhook, url: "${hook.url}" }] }`,
    settings,
  ];
  writeFileSync(file, lines.join('\n'));
  return { folder, file, hook };
}

/** Begins to start, and waits for what is told `first`; a sleep lasts a moment, and time goes by when the test says so. */
async function begin({ file, hook }: Awaited<ReturnType<typeof place>>, first = ['raised']) {
  let ahead = 0;
  const clock = {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 10), signal),
    every: systemClock.every,
  };
  const pass = (ms: number) => {
    ahead += ms;
  };
  const events: RotatorEvent[] = [];
  const stop = new AbortController();
  const newId = () => uuidv7(clock.now(), randomBytes(10));
  const start = new Start(
    { clock, env: {}, version: '0.0.0', newId },
    { configFile: file, pid: 1, log: () => (event) => void events.push(event), whenRefused: 'stay', stop: stop.signal },
  );
  const opened = start.open();
  onTestFinished(async () => {
    stop.abort();
    await opened;
  });
  /** What the channel was told of the start. */
  const told = () =>
    hook.seen
      .flatMap(({ body }) => (JSON.parse(body) as { items: { status: string; cause: string }[] }).items)
      .flatMap(({ status, cause }) => (cause === 'StartRefused' ? [status] : []));
  const eventually = (wanted: string[]) =>
    vi.waitUntil(
      () => {
        // Messages wait for company.
        pass(SECOND);
        return told().join() === wanted.join();
      },
      { timeout: 10_000 },
    );
  if (first.length > 0) await eventually(first);
  return {
    opened,
    pass,
    told,
    stop: () => stop.abort(),
    eventually,
    refused: () => events.filter(({ event }) => event === 'start.refused'),
  };
}

test('what is critical is repeated, and logged once', async () => {
  const { pass, eventually, refused } = await begin(await place('log: { level: loud }'));
  pass(4 * HOUR);
  await eventually(['raised', 'repeated']);
  expect(refused()).toHaveLength(1);
});

test('the configuration is read again when an included file changes, appears or is gone', async () => {
  const own = await place('include: [targets.d/*.yaml]');
  const targets = join(own.folder, 'targets.d');
  mkdirSync(targets, { mode: 0o755 });
  const { opened, refused } = await begin(own);
  const refusedFor = (wanted: string) =>
    vi.waitUntil(() =>
      (refused().at(-1) as { problems: readonly string[] }).problems.some((each) => each.includes(wanted)),
    );
  await refusedFor('include[0]: found no file that fits');
  writeFileSync(join(targets, 'b.yaml'), 'targets: {');
  await refusedFor('b.yaml line 1');
  const team = 'targets: [{ name: shop, envId: team-1, key: { from: env, variable: K } }]';
  writeFileSync(join(targets, 'b.yaml'), team);
  await refusedFor('b.yaml line 1: targets[0].name: found "shop", wanted another name');
  writeFileSync(join(targets, 'a.yaml'), team.replace('shop', 'team'));
  rmSync(join(targets, 'b.yaml'));
  const service = await opened;
  const running = service?.run();
  service?.stop();
  await running;
});

test('another daemon is told once; within a minute of its end this one starts, and says that it is over', async () => {
  const own = await place();
  const other = { instance: 'other', pid: 1, host: 'elsewhere' };
  const lock = await acquireDaemonLock(join(own.folder, 'journal.db'), other, systemClock.now());
  const { opened, pass, eventually, refused } = await begin(own);
  pass(48 * HOUR);
  await eventually(['raised']);
  expect(refused()).toHaveLength(1);
  await lock.release();
  pass(MINUTE);
  const service = await opened;
  const running = service?.run();
  await eventually(['raised', 'cleared']);
  service?.stop();
  await running;
});

test('a start that was told and is given up is in the journal, so that its end is told by whoever runs next', async () => {
  const own = await place();
  const lock = await acquireDaemonLock(
    join(own.folder, 'journal.db'),
    { instance: 'other', pid: 1, host: 'elsewhere' },
    systemClock.now(),
  );
  const first = await begin(own);
  first.stop();
  expect(await first.opened).toBeUndefined();
  await lock.release();
  const next = await begin(own, []);
  const service = await next.opened;
  const running = service?.run();
  await next.eventually(['raised', 'cleared']);
  service?.stop();
  await running;
});
