// The programs of Debian's packages that tests run for real: Prometheus, promtool, Alertmanager and amtool. They are
// installed by .ci/run; a test that misses one fails with the command that installs it, and is never skipped.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program → Debian's name of its binary, and the package that brings it. */
const PROGRAMS = {
  prometheus: { binary: 'prometheus', package: 'prometheus' },
  promtool: { binary: 'promtool', package: 'prometheus' },
  alertmanager: { binary: 'prometheus-alertmanager', package: 'prometheus-alertmanager' },
  amtool: { binary: 'amtool', package: 'prometheus-alertmanager' },
} as const;

const INSTALL = 'apt-get install -y --no-install-recommends prometheus prometheus-alertmanager';

/** The path of a program. Throws one line that says how to install it. */
export function debianProgram(name: keyof typeof PROGRAMS): string {
  const { binary, package: from } = PROGRAMS[name];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const found = folders.map((folder) => join(folder, binary)).find(isExecutable);
  if (found === undefined)
    throw new Error(`${binary} of Debian's package ${from} is not installed; as root run: ${INSTALL}`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
