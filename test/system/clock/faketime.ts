// A moved wall clock for a real process, by libfaketime. The monotonic clock stays the machine's own, as it does when
// the wall clock of a real machine is set.
import { rmSync } from 'node:fs';
import { faketimeLibrary } from '../programs.ts';

/** The environment of a process whose wall clock is ahead by `ms`. Throws where libfaketime is not installed. */
export function aheadBy(ms: number): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: faketimeLibrary(),
    FAKETIME: `+${Math.round(ms / 1000)}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

/** The environment of a process whose wall clock is ahead as a file says, `+0` or `+660` (seconds), a second later. */
export function aheadByFile(file: string): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: faketimeLibrary(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

/** Removes what the library leaves in shared memory when its process is killed. */
export function removeShared(pid: number): void {
  for (const name of ['faketime_shm', 'sem.faketime_sem']) rmSync(`/dev/shm/${name}_${pid}`, { force: true });
}
