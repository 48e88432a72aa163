// The service around the daemon, where its journal cannot be written at the start and can be later.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { acquireDaemonLock } from '../../src/adapters/journal/lock.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { EventName, RotatorEvent } from '../../src/core/events.ts';
import type { Clock } from '../../src/core/ports.ts';
import { eventText } from '../../src/core/texts/en/events.ts';
import { openService } from '../../src/service/service.ts';
import { systemClock } from '../../src/service/system-clock.ts';

/** A service whose journal's folder is a file at first; its target's key is not there either. */
async function startWithoutJournal() {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-'));
  const place = join(folder, 'data');
  writeFileSync(place, 'a file, no folder');
  const file = join(folder, 'rotator.yaml');
  const lines = [
    `journal: sqlite:${place}/journal.db`,
    'cloudbase: { endpoint: "http://127.0.0.1:9" }',
    `targets: [{ name: shop, envId: shop-1, key: { from: file, path: ${folder}/none.p8 } }]`,
    'http: { port: 0 }',
    'alerts: { none: accepted }',
  ];
  writeFileSync(file, lines.join('\n'));
  // The half minute after which the journal is tried again is over when the test says so.
  let retry: () => void = () => undefined;
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) =>
      ms !== 30_000
        ? systemClock.sleep(ms, signal)
        : new Promise((resolve, reject) => {
            retry = resolve;
            signal?.addEventListener('abort', () => reject(signal.reason));
          }),
  };
  const events: RotatorEvent[] = [];
  const load = () => loadConfig({ file, env: {}, mode: 'daemon' });
  const service = await openService({
    loaded: await load(),
    tools: {
      clock,
      env: {},
      emit: (event) => events.push(event),
      newId: () => '01890000-0000-7000-8000-000000000000',
      version: '0.0.0',
    },
    pid: process.pid,
    load,
  });
  const running = service.run();
  onTestFinished(async () => {
    service.stop();
    await running;
    rmSync(folder, { recursive: true, force: true });
  });
  const told = <N extends EventName>(name: N) =>
    events.filter((each): each is RotatorEvent<N> & RotatorEvent => each.event === name);
  await vi.waitUntil(() => told('pass.failed').length > 0);
  const who = { instance: 'other', pid: 1, host: 'elsewhere' };
  return {
    told,
    /** Tries to be a second daemon over the same journal. */
    takeLock: async () => acquireDaemonLock(join(place, 'journal.db'), who, systemClock.now()),
    mendFolder: () => rmSync(place),
    retry: () => retry(),
  };
}

test('a journal that can be written later is locked then: no second daemon beside this one', async () => {
  const { told, takeLock, mendFolder, retry } = await startWithoutJournal();
  expect(told('journal.degraded')).toMatchObject([{ degraded: true, error: { code: 'ERR_JOURNAL_UNWRITABLE' } }]);
  mendFolder();
  retry();
  await vi.waitUntil(() => told('journal.degraded').length === 2);
  await expect(takeLock()).rejects.toMatchObject({ code: 'ERR_DAEMON_RUNNING' });
});

test('and if another daemon was quicker it stays without, and says who has it', async () => {
  const { told, takeLock, mendFolder, retry } = await startWithoutJournal();
  mendFolder();
  const other = await takeLock();
  onTestFinished(() => other.release());
  retry();
  await vi.waitUntil(() => told('warning').some(({ error: { code } }) => code === 'ERR_DAEMON_RUNNING'));
  const [warning] = told('warning').filter(({ error: { code } }) => code === 'ERR_DAEMON_RUNNING');
  expect(warning && eventText(warning, 0)).toContain('instance other, pid 1');
  expect(told('journal.degraded')).toHaveLength(1);
});
