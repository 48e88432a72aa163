// A killed `once` leaves its lease behind; the next process of the same machine knows that it is gone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { isGone, onceLeases } from '../../../src/adapters/journal/process-name.ts';
import { ownJournal } from '../../support/journal.ts';

const MODULE = new URL('../../../src/adapters/journal/process-name.ts', import.meta.url).href;

test('the lease of a process that was killed is free at once, those of living and of unknown ones are not', async () => {
  const journal = await ownJournal();
  const script = `import { onceLeases } from ${JSON.stringify(MODULE)}; console.log(onceLeases()); setInterval(() => {}, 1e6)`;
  const other = spawn(process.execPath, ['--input-type=module', '--eval', script]);
  onTestFinished(() => void other.kill('SIGKILL'));
  const [line] = await once(other.stdout, 'data');
  const theirs = `${String(line).trim()}theirs`;
  expect(await journal.acquireLease('k', theirs)).toBe(true);
  expect([isGone(theirs), await journal.acquireLease('k', 'daemon:x')]).toEqual([false, false]);
  other.kill('SIGKILL');
  await once(other, 'close');
  expect([isGone(theirs), await journal.acquireLease('k', 'daemon:x')]).toEqual([true, true]);
});

test('nobody else is taken for gone: another machine, another form, an id that another process has now', () => {
  const mine = `${onceLeases()}x`;
  const [, namespace, pid, started] = /^once:(\d+)\/(\d+)\/(\d+):/.exec(mine) ?? [];
  expect([mine, 'once:x', 'daemon:x', `once:1${namespace}/999999999/1:x`].map(isGone)).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(isGone(`once:${namespace}/${pid}/1${started}:x`)).toBe(true);
});
