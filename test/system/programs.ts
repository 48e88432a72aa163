// The programs of the system that tests start. A test that misses one fails with the command that installs it, and is
// never skipped; .ci/run installs all of them.
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** By program: the name of its binary in Debian, and the package that has it. */
const PROGRAMS = {
  prometheus: { binary: 'prometheus', package: 'prometheus' },
  promtool: { binary: 'promtool', package: 'prometheus' },
  alertmanager: { binary: 'prometheus-alertmanager', package: 'prometheus-alertmanager' },
  amtool: { binary: 'amtool', package: 'prometheus-alertmanager' },
  prlimit: { binary: 'prlimit', package: 'util-linux' },
  script: { binary: 'script', package: 'bsdutils' },
  pgbouncer: { binary: 'pgbouncer', package: 'pgbouncer' },
} as const;

/** The path of a program. Throws one line that says how to install it. */
export function systemProgram(name: keyof typeof PROGRAMS): string {
  const { binary, package: from } = PROGRAMS[name];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, binary)).find(isExecutable) ?? missing(binary, from);
}

/** The path of libfaketime. Throws one line that says how to install it. */
export function faketimeLibrary(): string {
  const paths = readdirSync('/usr/lib').map((folder) => join('/usr/lib', folder, 'faketime/libfaketime.so.1'));
  return paths.find(isReadable) ?? missing('libfaketime', 'faketime');
}

/** The folder of PostgreSQL's programs, of its newest version. Throws one line that says how to install it. */
export function postgresPrograms(): string {
  const versions = isReadable('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a)).map((version) => `/usr/lib/postgresql/${version}/bin`);
  return newest.find((folder) => isExecutable(join(folder, 'postgres'))) ?? missing('PostgreSQL', 'postgresql');
}

function missing(what: string, from: string): never {
  throw new Error(
    `${what} is not installed; on Debian run as root: apt-get install -y --no-install-recommends ${from}`,
  );
}

const isExecutable = (path: string) => may(path, constants.X_OK);
const isReadable = (path: string) => may(path, constants.R_OK);

function may(path: string, access: number): boolean {
  try {
    accessSync(path, access);
    return true;
  } catch {
    return false;
  }
}
