// The figures that the project states of itself, measured on this machine with the bundle (npm run build first):
// resident memory of the daemon with one target and with a thousand, time from the start of `run` to the first
// rotation, and the start-up time of `generate` beside an empty Node. Prints; asserts nothing.
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { SANDBOX_CREDENTIALS, startSandbox } from '../../src/sandbox/server.ts';

const MAIN = resolve('dist/main.js');
const IDS = { teamId: 'TEAM123456', clientId: 'com.example.shop.web', keyId: 'KEYAAAAAAA' };
const print = (line: string) => process.stdout.write(`${line}\n`);

async function daemon(targets: number): Promise<void> {
  const sandbox = await startSandbox({ port: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'rotator-bench-'));
  const { privateKeyPem } = sandbox.world.appleKeys.generate({ ...IDS, clientIds: [IDS.clientId] });
  writeFileSync(join(folder, 'key.p8'), privateKeyPem, { mode: 0o600 });
  const envs = Array.from({ length: targets }, (_, i) => `env-${i}`);
  for (const [i, env] of envs.entries()) {
    const ClientSecret = sandbox.world.mintSecret({ ...IDS, expiresInSeconds: (i === 0 ? 5 : 150) * 86_400 });
    sandbox.world.providers.put(env, { Id: 'apple', Config: { ClientId: IDS.clientId, ClientSecret } });
  }
  const config = {
    journal: 'sqlite:./journal.db',
    apple: { tokenUrl: `${sandbox.url}/auth/token` },
    cloudbase: { endpoint: sandbox.url, requestsPerSecond: 20 },
    http: { port: 0 },
    alerts: { none: 'accepted' },
    targets: envs.map((env) => ({ name: `t-${env}`, envId: env, ...IDS, key: { from: 'file', path: './key.p8' } })),
  };
  writeFileSync(join(folder, 'rotator.yaml'), stringify(config));
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  const started = performance.now();
  const child = spawn(process.execPath, [MAIN, 'run', '--config', 'rotator.yaml'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TENCENTCLOUD_SECRET_ID: secretId, TENCENTCLOUD_SECRET_KEY: secretKey },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let passes = 0;
  let firstRotation = 0;
  await new Promise<void>((done) => {
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.includes('"rotation.succeeded"')) firstRotation = performance.now() - started;
        if (/"(?:rotation.succeeded|pass.healthy)"/.test(line)) passes += 1;
      }
      if (passes >= targets) done();
    });
  });
  const took = ((performance.now() - started) / 1000).toFixed(1);
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const mb = (name: string) => `${Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)} MB`;
  print(
    `run, ${targets} targets: first rotation after ${(firstRotation / 1000).toFixed(1)} s, all checked after ${took} s, resident ${mb('VmRSS')}, peak ${mb('VmHWM')}`,
  );
  child.kill('SIGTERM');
  await new Promise((done) => child.once('exit', done));
  await sandbox.close();
  rmSync(folder, { recursive: true });
}

/** The best of twenty runs, in ms. */
function startUp(args: readonly string[]): number {
  const times = Array.from({ length: 20 }, () => {
    const started = performance.now();
    execFileSync(process.execPath, args, { stdio: 'ignore' });
    return performance.now() - started;
  });
  return Math.round(Math.min(...times));
}

function generate(): void {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-bench-'));
  const key = join(folder, 'key.p8');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const ids = ['--team-id', IDS.teamId, '--client-id', IDS.clientId, '--key-id', IDS.keyId];
  print(
    `generate: ${startUp([MAIN, 'generate', ...ids, '--key-file', key])} ms, node -e 0: ${startUp(['-e', '0'])} ms`,
  );
  rmSync(folder, { recursive: true });
}

generate();
await daemon(1);
await daemon(1_000);
