// docker-compose.yml as it is: every profile can be read, `sandbox` tells the whole story without anything of the
// user's, and the rotator itself starts from config/ and secrets/ with every hardening in force.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { newP8 } from '../../support/keys.ts';
import { type Program, runCommand, startCommand } from '../../support/program.ts';
import { closedPort } from '../../support/servers.ts';
import { command, succeeds } from './command.ts';
import { postgresImage } from './postgres-image.ts';
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
  runCommand(...line(['exec', '-T', service, 'apple-secret-rotator', ...args]), { env: inject('dockerEnv') });
/** Its exit status. */
const inShell = async (service: string, script: string) =>
  (await runCommand(...line(['exec', '-T', service, 'node', '-e', script]), { env: inject('dockerEnv') })).code;
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

test.each(['', 'sandbox', 'own', 'monitoring', 'replicas', 'sandbox,own,monitoring,replicas'])(
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

describe('profile replicas', () => {
  /** As docs/replicas.md has it, in the background. */
  const [, services = ''] =
    /^docker compose --profile replicas up(.*)$/m.exec(readFileSync(join(ROOT, 'docs/replicas.md'), 'utf8')) ?? [];
  test('two rotators share PostgreSQL, and when one is killed the other one goes on', async () => {
    onTestFinished(await postgresImage(inject('base'), inject('dockerEnv')));
    onTestFinished(
      async () => void (await compose('--profile', 'replicas', 'down', '--volumes').catch(() => undefined)),
    );
    await compose('--profile', 'replicas', 'up', '--detach', '--no-build', ...services.trim().split(' '));
    const logs = ['replica-1', 'replica-2'].map((name) => [name, follow(name)] as const);
    for (const [, log] of logs) await log.waitFor(/"daemon.started".*postgres:/);
    const rotated = () => logs.filter(([, log]) => log.stdout().includes('"rotation.succeeded"'));
    await vi.waitFor(() => expect(rotated()).toHaveLength(1), { timeout: 60_000 });
    const ready = (name: string) =>
      inShell(
        name,
        `fetch('http://127.0.0.1:' + process.env.ROTATOR_HTTP_PORT + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1))`,
      );
    for (const [name] of logs) await vi.waitFor(async () => expect(await ready(name)).toBe(0), { timeout: 30_000 });
    const status = await inContainer('replica-2', 'status');
    expect([status.code, status.stdout]).toEqual([0, expect.stringMatching(/shop-demo +(?:healthy|rotated)/)]);

    await compose('--profile', 'replicas', 'kill', 'replica-1');
    const passes = () => logs[1]?.[1].stdout().match(/"pass.healthy"/g)?.length ?? 0;
    const before = passes();
    // It leads within 60 s, and checks everything.
    await vi.waitFor(() => expect(passes()).toBeGreaterThan(before), { timeout: 120_000 });
    await vi.waitFor(async () => expect(await ready('replica-2')).toBe(0), { timeout: 60_000 });
    await compose('--profile', 'replicas', 'down', '--volumes');
    expect(await leftovers()).toEqual(['', '', '']);
  });
});

describe('profile own', () => {
  test('rehearses a configuration of somebody’s own, with keys in a file and in both secret stores', async () => {
    onTestFinished(async () => void (await compose('--profile', 'own', 'down', '--volumes').catch(() => undefined)));
    const sandbox = 'http://127.0.0.1:4180';
    const stores = {
      ssm: `{ from: tencent-ssm, secretName: apple-key, region: ap-shanghai, endpoint: "${sandbox}" }`,
      aws: `{ from: aws-secrets-manager, secretId: prod/apple, region: ap-southeast-1, endpoint: "${sandbox}" }`,
    };
    writeFileSync(
      join(folder, 'config/rehearsal.yaml'),
      `http: { host: 0.0.0.0 }
cloudbase: { endpoint: "${sandbox}" }
apple: { tokenUrl: "${sandbox}/auth/token" }
targets:
  - name: shop-file
    envId: shop-file-1g2h3j
    teamId: A1B2C3D4E5
    clientId: com.example.shop.web
    keyId: K1L2M3N4O5
    key: { from: file, path: /run/secrets/AuthKey_K1L2M3N4O5.p8 }
  - { name: shop-ssm, envId: shop-ssm-1g2h3j, key: ${stores.ssm} }
  - { name: shop-aws, envId: shop-aws-1g2h3j, key: ${stores.aws} }
alerts:
  channels:
    - { name: ops, type: wecom, url: "\${ALERT_URL}" }
`,
    );
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets/AuthKey_K1L2M3N4O5.p8'), newP8(), { mode: 0o644 });
    chmodSync(folder, 0o755);
    await compose('--profile', 'own', 'up', '--detach', '--no-build', 'own-rehearsal');
    const log = follow('own-rehearsal');
    for (const name of ['shop-file', 'shop-ssm', 'shop-aws'])
      await log.waitFor(new RegExp(`"event":"rotation.succeeded","target":"${name}"`));
    const status = await inContainer('own-rehearsal', 'status');
    expect([status.code, status.stdout.match(/^shop-\w+ +healthy +works /gm)?.length]).toEqual([0, 3]);
    await compose('--profile', 'own', 'down', '--volumes');
    expect(await leftovers()).toEqual(['', '', '']);
  });
});

describe('the emergency procedure of the runbook', () => {
  const section = /^### Set a client secret by hand\n([\s\S]*?)^## /m.exec(
    readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8'),
  );
  const [, block = ''] = /^```sh\n(docker compose [\s\S]*?)^```$/m.exec(section?.[1] ?? '') ?? [];
  test('works word by word, and with a terminal that merges both outputs', async () => {
    onTestFinished(async () => void (await compose('down', '--volumes').catch(() => undefined)));
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets/AuthKey_K1L2M3N4O5.p8'), newP8(), { mode: 0o644 });
    chmodSync(folder, 0o755);
    const [generate = '', inspect = ''] = commandsOf();
    const shell = (text: string) => runCommand('bash', ['-c', text], { cwd: folder, env: inject('dockerEnv') });

    expect(await shell(generate)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('Fingerprint'),
    });
    expect(readFileSync(join(folder, 'secret.jwt'), 'utf8')).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const alone = await shell(inspect);
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining('Apple has nothing to object to.') });

    const onTerminal = generate.replace(' -T ', ' ').replace(' > secret.jwt', '');
    const merged = await runCommand('script', ['-qefc', onTerminal, '/dev/null'], {
      cwd: folder,
      env: { ...inject('dockerEnv'), TERM: 'xterm' },
    });
    expect(merged).toMatchObject({ code: 0, stdout: expect.stringContaining('Fingerprint') });
    writeFileSync(join(folder, 'secret.jwt'), merged.stdout);
    const found = await shell(inspect);
    expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining('Apple has nothing to object to.') });
    expect(found.stderr).toContain('holds other text around the client secret');
  });

  /** As they are written, but for the name of Compose and of this project. */
  function commandsOf(): string[] {
    const words = block.replaceAll('docker compose ', `${line([]).flat().join(' ')} `);
    const wanted = [...words.matchAll(/^(?:.*\\\n)*.*$/gm)].map(([text]) => text).filter((text) => text !== '');
    expect(wanted).toEqual([expect.stringContaining(' generate '), expect.stringContaining(' inspect ')]);
    return wanted;
  }
});

test('a volume that the service may not write is given to it by the command of the hint, pasted beside the file', async () => {
  onTestFinished(async () => void (await compose('down', '--volumes').catch(() => undefined)));
  writeFileSync(
    join(folder, 'config/rotator.yaml'),
    `schedule: { cron: "* * * * * *" }
cloudbase: { endpoint: http://127.0.0.1:9 }
targets: [{ name: shop, envId: shop-1g2h3j, key: { from: file, path: /run/secrets/none.p8 } }]
alerts: { none: accepted }
`,
  );
  mkdirSync(join(folder, 'secrets'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, '.env'), `ROTATOR_PORT=${await closedPort()}\n`);
  const asRoot = ['run', '--rm', '--user', '0', '--volume', `${project}_data:/data`, '--entrypoint'];
  // An empty volume would be given the owner of the image's folder.
  await docker(...asRoot, 'touch', inject('image'), '/data/kept');
  await docker(...asRoot, 'chown', inject('image'), '0:0', '/data');
  await compose('up', '--detach', '--no-build');
  const log = follow('rotator');
  const hint = await log.waitFor(/"code":"ERR_JOURNAL_UNWRITABLE",.*?"hint":("(?:[^"\\]|\\.)*")/);
  const [command] = /docker run .*$/.exec(JSON.parse(hint)) ?? [''];
  const pasted = command.replaceAll('docker compose ', `${line([]).flat().join(' ')} `).replace(/[.`]*$/, '');
  expect(await runCommand('bash', ['-c', pasted], { cwd: folder, env: inject('dockerEnv') })).toMatchObject({
    code: 0,
  });
  await log.waitFor(/"event":"journal\.degraded".*"degraded":false/);
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
