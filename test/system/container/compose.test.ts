// docker-compose.yml as it is: every profile can be read, `sandbox` tells the whole story without anything of the
// user's, and the rotator itself starts from config/ and secrets/ with every hardening in force.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { type Program, runCommand, startCommand } from '../../support/program.ts';
import { closedPort } from '../../support/servers.ts';
import { command, succeeds } from './command.ts';
import { ROOT } from './setup.ts';

/** Compose v2 where it is there, else v1. */
const COMPOSE: readonly [string, ...string[]] = (await succeeds('docker', ['compose', 'version']))
  ? ['docker', 'compose']
  : ['docker-compose'];

/** A folder with what the repository brings, and a project of its own. */
let folder = '';
let project = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotator-compose-'));
  project = `rotator-test-${process.pid}-${folder.slice(-6).toLowerCase()}`;
  for (const brought of ['docker-compose.yml', 'config'])
    cpSync(join(ROOT, brought), join(folder, brought), { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

function line(args: readonly string[]): [string, string[]] {
  const [executable, ...first] = COMPOSE;
  return [
    executable,
    [
      ...first,
      '--project-name',
      project,
      '--project-directory',
      folder,
      '--file',
      join(folder, 'docker-compose.yml'),
      ...args,
    ],
  ];
}
const compose = (...args: readonly string[]) => command(...line(args), { env: inject('dockerEnv') });
const inContainer = (service: string, ...args: readonly string[]) =>
  runCommand(...line(['exec', '-T', service, 'node', '/app/main.js', ...args]), { env: inject('dockerEnv') });
const follow = (service: string): Program => {
  const program = startCommand(...line(['logs', '--follow', '--no-color', service]), { env: inject('dockerEnv') });
  return program;
};
const docker = (...args: readonly string[]) => command('docker', args, { env: inject('dockerEnv') });
/** What is left of the project in the engine. */
const leftovers = async () => {
  const filter = ['--filter', `label=com.docker.compose.project=${project}`, '--quiet'];
  return [
    await docker('ps', '--all', ...filter),
    await docker('volume', 'ls', ...filter),
    await docker('network', 'ls', ...filter),
  ];
};

test.each(['', 'sandbox', 'monitoring', 'sandbox,monitoring'])(
  'the file can be read with the profiles "%s"',
  async (profiles) => {
    const env = { ...inject('dockerEnv'), COMPOSE_PROFILES: profiles };
    const [executable, args] = line(['config']);
    expect(Object.keys(parse(await command(executable, args, { env })).services)).toContain('rotator');
  },
);

describe('profile sandbox', () => {
  test('comes up, rotates without anything from outside, and goes down without a trace', async () => {
    onTestFinished(
      async () => void (await compose('--profile', 'sandbox', 'down', '--volumes').catch(() => undefined)),
    );
    await compose('--profile', 'sandbox', 'up', '--detach', '--no-build', 'rehearsal');
    const log = follow('rehearsal');
    await log.waitFor(/"event":"rotation.succeeded","target":"shop-demo"/);
    expect(log.stdout()).toContain('expires in 5.0 days');
    const status = await inContainer('rehearsal', 'status');
    expect([status.code, status.stdout]).toEqual([0, expect.stringMatching(/shop-demo +(?:healthy|rotated)/)]);
    expect((await inContainer('rehearsal', 'health')).code).toBe(0);
    // The rotator of the real configuration is not among them.
    expect(
      (await compose('--profile', 'sandbox', 'ps', '--services', '--filter', 'status=running')).split('\n').sort(),
    ).toEqual(expect.arrayContaining(['rehearsal', 'sandbox']));
    expect(
      await docker(
        'ps',
        '--filter',
        `label=com.docker.compose.project=${project}`,
        '--format',
        '{{.Label "com.docker.compose.service"}}',
      ),
    ).not.toContain('rotator');
    await compose('--profile', 'sandbox', 'down', '--volumes');
    expect(await leftovers()).toEqual(['', '', '']);
  });
});

describe('the rotator', () => {
  test('starts from config/ and secrets/, and answers on its port', async () => {
    onTestFinished(async () => void (await compose('down', '--volumes').catch(() => undefined)));
    writeFileSync(
      join(folder, 'config/rotator.yaml'),
      `http: { host: 0.0.0.0 }
cloudbase: { endpoint: http://127.0.0.1:9 }
targets:
  - name: shop-prod
    envId: shop-prod-1g2h3j
    teamId: A1B2C3D4E5
    clientId: com.example.shop.web
    keyId: K1L2M3N4O5
    key: { from: file, path: /run/secrets/AuthKey_K1L2M3N4O5.p8 }
alerts:
  channels:
    - { name: ops, type: slack, url: "\${ALERT_URL}", insecure: true }
`,
    );
    mkdirSync(join(folder, 'secrets'));
    const secrets = {
      tencent_secret_id: 'AKIDnobody',
      tencent_secret_key: 'nothing',
      alert_url: 'http://127.0.0.1:9/hook',
    };
    for (const [name, text] of Object.entries(secrets)) writeFileSync(join(folder, 'secrets', name), `${text}\n`);
    chmodSync(folder, 0o755);
    const port = await closedPort();
    writeFileSync(join(folder, '.env'), `ROTATOR_PORT=${port}\n`);
    await compose('up', '--detach', '--no-build');
    const log = follow('rotator');
    // The key is not there: that is the failure of its target, and no more.
    await log.waitFor(/"event":"pass.failed".*"code":"ERR_KEY_NOT_FOUND"/);
    expect(log.stdout()).not.toContain('nothing"');
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(answer.status).toBe(200);
    const id = await compose('ps', '--quiet', 'rotator');
    const [{ HostConfig, State }] = JSON.parse(await docker('inspect', id));
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: 256 * 1024 * 1024,
      MemorySwap: 256 * 1024 * 1024,
      PidsLimit: 100,
      RestartPolicy: { Name: 'unless-stopped' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } },
      Ulimits: [{ Name: 'core', Hard: 0, Soft: 0 }],
    });
    expect(State.Running).toBe(true);
    await compose('stop');
    expect(JSON.parse(await docker('inspect', id))[0].State.ExitCode).toBe(0);
  });
});
