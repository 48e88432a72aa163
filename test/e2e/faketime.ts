// A moved wall clock for a real process: Debian's libfaketime. The monotonic clock stays the machine's own, as it does
// when the wall clock of a real machine is set.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARY = 'faketime/libfaketime.so.1';

/** The environment of a process whose wall clock is ahead by `ms`. Throws one line that says what to install. */
export function aheadBy(ms: number): Readonly<Record<string, string>> {
  const found = readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, LIBRARY))
    .find((path) => existsSync(path));
  if (found === undefined)
    throw new Error("Debian's package faketime is not installed; as root run: apt-get install -y faketime");
  return { LD_PRELOAD: found, FAKETIME: `+${Math.round(ms / 1000)}`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
