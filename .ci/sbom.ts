// Prints a CycloneDX list (SBOM) of the packages that the bundle is made from, by npm itself and from the lock file.
// npm is shown the project without its devDependencies: its own `--omit dev` also leaves out what is needed in both.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { devDependencies: _, ...manifest } = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const packages = Object.entries<{ dev?: boolean }>(lock.packages).filter(([, { dev }]) => dev !== true);
const { devDependencies: __, ...root } = lock.packages[''];

const top = mkdtempSync(join(tmpdir(), 'sbom-'));
try {
  // npm calls the project by the name of its folder.
  const folder = join(top, manifest.name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const trimmed = { ...lock, packages: { ...Object.fromEntries(packages), '': root } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(trimmed));
  const format = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  execFileSync('npm', ['sbom', '--package-lock-only', ...format], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
} finally {
  rmSync(top, { recursive: true });
}
