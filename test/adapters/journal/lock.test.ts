// The daemon's lock: one holder, named to the second; freed by the kernel when its process is killed.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { acquireDaemonLock, type DaemonLock, isDaemonLockHeld } from '../../../src/adapters/journal/lock.ts';
import { child, folder, NOW } from '../../support/journal.ts';

const who = { instance: 'prod-rotator', pid: 4711, host: 'vm-1' };

async function lock(journalPath: string): Promise<DaemonLock> {
  const taken = acquireDaemonLock(journalPath, who, NOW);
  onTestFinished(() => taken.release());
  return taken;
}

const refused = (path: string, holder: string): object => ({
  code: 'ERR_DAEMON_RUNNING',
  message: `a daemon already runs with journal ${path}: ${holder}`,
  hint: 'Leave this one as a standby, or stop the other one, or give this one its own journal.',
});

test('a second daemon is refused at once and told who runs', async () => {
  const home = folder();
  const path = join(home, 'journal.db');
  const first = await lock(path);
  const holder = 'instance prod-rotator, pid 4711 on vm-1, since 2026-11-22 10:00 UTC';
  await expect(lock(path)).rejects.toMatchObject(refused(path, holder));
  const process = child('lock', path);
  await process.line();
  process.go();
  expect(JSON.parse(await process.line())).toMatchObject(refused(path, holder));
  expect(readdirSync(home).map((name) => [name, (statSync(join(home, name)).mode & 0o777).toString(8)])).toEqual([
    ['journal.db.lock', '600'],
    ['journal.db.lock.json', '600'],
  ]);
  await first.release();
  await lock(path);
});

test('a killed daemon holds nobody up', async () => {
  const path = join(folder(), 'journal.db');
  const victim = child('lock', path);
  await victim.line();
  victim.go();
  expect(await victim.line()).toBe('locked');
  const holder = `instance first, pid ${victim.process.pid} on here, since `;
  await expect(lock(path)).rejects.toThrow(`a daemon already runs with journal ${path}: ${holder}`);
  victim.process.kill('SIGKILL');
  await victim.end();
  await lock(path);
  expect(readFileSync(`${path}.lock.json`, 'utf8')).toContain('"instance":"prod-rotator"');
});

test('what another wrote about itself cannot break the message', async () => {
  const path = join(folder(), 'journal.db');
  await lock(path);
  writeFileSync(`${path}.lock.json`, '{"instance":');
  await expect(lock(path)).rejects.toMatchObject(refused(path, 'it has not said which'));
  const hostile = { ...who, instance: '\u001b[2Jgone', since: '2026-11-22T10:00:00.000Z' };
  writeFileSync(`${path}.lock.json`, JSON.stringify(hostile));
  await expect(lock(path)).rejects.toThrow('instance \uFFFDgone, pid 4711');
});

test('a lock that was released once is not released again for its successor', async () => {
  const path = join(folder(), 'journal.db');
  const first = await lock(path);
  await first.release();
  await lock(path);
  await first.release();
  await expect(lock(path)).rejects.toMatchObject({ code: 'ERR_DAEMON_RUNNING' });
  expect(readFileSync(`${path}.lock.json`, 'utf8')).toContain('4711');
});

test('a lock that nothing refers to is still held', async () => {
  const path = join(folder(), 'journal.db');
  acquireDaemonLock(path, who, NOW);
  const garbage = Array.from({ length: 200 }, () => new ArrayBuffer(1_000_000));
  expect(garbage).toHaveLength(200);
  await expect(lock(path)).rejects.toMatchObject({ code: 'ERR_DAEMON_RUNNING' });
});

test('two journals in one folder have two locks', async () => {
  const home = folder();
  await lock(join(home, 'a.db'));
  await lock(join(home, 'b.db'));
});

test('whether it is held can be asked without disturbing anybody', async () => {
  const path = join(folder(), 'journal.db');
  expect(isDaemonLockHeld(path)).toBe(false);
  const holder = child('lock', path);
  await holder.line();
  holder.go();
  expect(await holder.line()).toBe('locked');
  expect(isDaemonLockHeld(path)).toBe(true);
  holder.process.kill('SIGKILL');
  await holder.end();
  expect(isDaemonLockHeld(path)).toBe(false);
  writeFileSync(`${path}.lock`, 'no lock');
  expect(isDaemonLockHeld(path)).toBeUndefined();
});
