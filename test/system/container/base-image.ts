// The base image that the Dockerfile names: as it is here, or pulled, or where no registry can be reached a stand-in
// under the same name: a minimal Debian with the Node of this checkout, npm and the certificate authorities.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { command, succeeds } from './command.ts';

export interface BaseImage {
  readonly isStandIn: boolean;
}

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Has the image there. Throws where neither the image nor a stand-in can be had. */
export async function baseImage(name: string, env: Readonly<Record<string, string>>): Promise<BaseImage> {
  if (await isThere(name, env)) return { isStandIn: false };
  await standIn(name, env);
  return { isStandIn: true };
}

/** Whether the engine has an image, or can pull it. */
export async function isThere(name: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  return (
    (await succeeds('docker', ['image', 'inspect', name], { env })) ||
    (await succeeds('docker', ['pull', '--quiet', name], { env }))
  );
}

async function standIn(name: string, env: Readonly<Record<string, string>>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-base-'));
  const root = join(folder, 'root');
  try {
    const release = /bookworm|trixie/.exec(name)?.[0];
    if (release === undefined) throw new Error(`${name} names no Debian release that could stand in for it`);
    await command('debootstrap', ['--variant=minbase', release, root]);
    for (const leftover of ['var/cache/apt/archives', 'var/lib/apt/lists'])
      rmSync(join(root, leftover), { recursive: true, force: true });
    await addNode(join(root, 'usr/local'));
    mkdirSync(join(root, dirname(CERTIFICATES)), { recursive: true });
    if (existsSync(CERTIFICATES)) cpSync(CERTIFICATES, join(root, CERTIFICATES), { dereference: true });
    const settings = [`ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, 'CMD ["node"]'];
    settings.push('ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
    const archive = join(folder, 'base.tar');
    await command('tar', ['-C', root, '-cf', archive, '.']);
    await command('docker', ['import', ...settings.flatMap((line) => ['--change', line]), archive, name], { env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Node and npm, and where this machine's npm finds its packages. */
async function addNode(prefix: string): Promise<void> {
  const bin = join(prefix, 'bin');
  const modules = join(prefix, 'lib/node_modules');
  for (const made of [bin, modules, join(prefix, 'etc')]) mkdirSync(made, { recursive: true });
  cpSync(realpathSync(process.execPath), join(bin, 'node'));
  chmodSync(join(bin, 'node'), 0o755);
  cpSync(join(await command('npm', ['root', '--global']), 'npm'), join(modules, 'npm'), {
    recursive: true,
    dereference: true,
  });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(bin, 'npm'));
  const registry = await command('npm', ['config', 'get', 'registry']);
  writeFileSync(join(prefix, 'etc/npmrc'), `registry=${registry}\ncafile=${CERTIFICATES}\n`);
}
