// What a command over many targets says while it works: in few writes, in order, and each text cleaned by itself.
import { expect, test } from 'vitest';
import type { Host } from '../../src/cli/context.ts';
import { progressLine } from '../../src/cli/progress.ts';
import { terminalOutput } from '../../src/cli/terminal.ts';
import { yieldToLoop } from '../../src/net/event-loop.ts';

function watched() {
  const written: string[] = [];
  const stderr = terminalOutput((text) => written.push(text), false);
  const clock = { monotonic: () => 0 } as Host['clock'];
  return { written, progress: progressLine({ stderr, clock, isTerminal: false } as Host, false) };
}

test('what one turn of the event loop says while the work goes on is one write', async () => {
  const { written, progress } = watched();
  progress.write('before\n');
  expect(written).toEqual(['before\n']);
  progress.on({ done: 0, failed: 0, all: 2 });
  for (const text of ['one\n', 'two\n']) progress.write(text);
  await yieldToLoop();
  expect(written.splice(0)).toEqual(['before\n', 'one\ntwo\n']);
  progress.write('three\n');
  progress.end();
  progress.write('after\n');
  expect(written.splice(0)).toEqual(['three\n', 'after\n']);
  await yieldToLoop();
  expect(written).toEqual([]);
});

test('a text that ends within a key hides nothing of the next one', async () => {
  const { written, progress } = watched();
  progress.on({ done: 0, failed: 0, all: 2 });
  progress.write('it begins with -----BEGIN PRIVATE KEY-----\n');
  progress.write('fingerprint 06c59f72657019093935cd1fbbf2dc3c\n');
  await yieldToLoop();
  expect(written.join('')).toContain('fingerprint 06c59f72657019093935cd1fbbf2dc3c');
});
