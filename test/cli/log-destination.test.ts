// `log.format`: JSON lines for a program, readable ones for a person, and by default whichever reads.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { logDestination } from '../../src/cli/log-destination.ts';

test.each([
  ['auto', true, 'pretty'],
  ['auto', false, 'json'],
  ['json', true, 'json'],
  ['pretty', false, 'pretty'],
] as const)('%s, with a terminal: %s, is %s', (format, isTTY, expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  const file = join(folder, 'log');
  const fd = openSync(file, 'w');
  onTestFinished(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  const line = '{"level":"info","time":"2026-11-22T12:00:00.000Z","target":"shop","msg":"hello"}\n';
  logDestination({ isTTY, fd }, format, false).write(line);
  const written = readFileSync(file, 'utf8');
  if (expected === 'json') expect(written).toBe(line);
  else expect(written).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: shop: hello\n$/);
});
