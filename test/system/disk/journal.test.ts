// The disk becomes full under the running daemon. prlimit of util-linux makes it so for one process: every write to a
// file fails (EFBIG).
import { expect, test } from 'vitest';
import { seen } from '../../support/alert-place.ts';
import { expectBack, expectOnDuty, expectTold, readyz, start } from '../../support/journal-story.ts';
import { runCommand } from '../../support/program.ts';
import { systemProgram } from '../programs.ts';

test('under the running daemon: a disk that takes nothing more, and later does', async () => {
  const place = await start();
  const daemon = place.daemon();
  await daemon.waitFor(seen('pass.healthy'));
  expect(await readyz(daemon)).toBe(200);
  expect(place.heard()).toEqual([]);
  const limit = (size: string) =>
    runCommand(systemProgram('prlimit'), ['--pid', String(daemon.pid), `--fsize=${size}`]);
  expect((await limit('0:unlimited')).code).toBe(0);
  await expectTold(place, daemon);
  const key = await expectOnDuty(place, daemon);
  expect((await limit('unlimited')).code).toBe(0);
  await expectBack(place, daemon, key);
}, 420_000);
