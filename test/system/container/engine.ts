// A Docker engine for the tests: the one that answers already, or one of our own, which listens on a socket in a
// temporary folder, touches no firewall, and leaves nothing behind. It needs root and Debian's docker.io.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, succeeds } from './command.ts';

export interface Engine {
  /** What finds it: DOCKER_HOST, where that is needed. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** What the container's test takes, by the Debian package that brings it. */
const PACKAGES = {
  docker: 'docker.io',
  dockerd: 'docker.io',
  'docker-compose': 'docker-compose',
  debootstrap: 'debootstrap',
};

/** What says where the engine is that answers already. */
const WHEREABOUTS = ['HOME', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'];

/** Throws where no engine answers and none can be started, and says what is missing. */
export async function engine(): Promise<Engine> {
  if (await succeeds('docker', ['version'])) {
    const set = WHEREABOUTS.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
    return { env: Object.fromEntries(set), stop: async () => undefined };
  }
  await wantMeans();
  return ownEngine();
}

async function wantMeans(): Promise<void> {
  const missing: string[] = [];
  for (const [name, from] of Object.entries(PACKAGES))
    if (!(await succeeds('which', [name]))) missing.push(`${name} (apt-get install ${from})`);
  if (process.getuid?.() !== 0) missing.push('root');
  if (missing.length > 0)
    throw new Error(`no Docker engine answers, and to start one of our own this is missing: ${missing.join(', ')}`);
}

const DOCKER_FOLDER = '/etc/docker';

async function ownEngine(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-docker-'));
  const hadDockerFolder = existsSync(DOCKER_FOLDER);
  const env = { DOCKER_HOST: `unix://${folder}/docker.sock` };
  const flags = ['--iptables=false', '--bridge=none', `--data-root=${folder}/data`, `--exec-root=${folder}/exec`];
  const daemon = spawn('dockerd', [...flags, `--pidfile=${folder}/docker.pid`, `--host=${env.DOCKER_HOST}`], {
    // Apart from this process group, so that Ctrl-C leaves it to `stop`, which ends its containers first.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(daemon, 'exit');
  const stop = async () => {
    if (daemon.exitCode === null) daemon.kill('SIGTERM');
    await ended;
    for (const mount of mountsBelow(folder)) await command('umount', [mount]);
    rmSync(folder, { recursive: true, force: true });
    if (!hadDockerFolder) rmSync(DOCKER_FOLDER, { recursive: true, force: true });
  };
  let log = '';
  const listens = new Promise<void>((resolve) => {
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 100_000) log += text;
      if (log.includes('API listen on')) resolve();
    });
  });
  if ((await Promise.race([listens.then(() => 'listens'), ended])) === 'listens') return { env, stop };
  await stop();
  throw new Error(`dockerd did not start:\n${log}`);
}

/** The innermost first. */
function mountsBelow(folder: string): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return mounts
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((at) => at.startsWith(`${folder}/`))
    .toReversed();
}
