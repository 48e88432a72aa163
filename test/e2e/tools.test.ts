// `generate`, `inspect` and `sandbox` as processes: the commands that need no configuration.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { secretFault } from '../../src/sandbox/apple.ts';
import { SANDBOX_AWS_CREDENTIALS, SANDBOX_CREDENTIALS, startSandbox, World } from '../../src/sandbox/server.ts';
import { IDS } from '../support/pass-rig.ts';
import { type Result, runProgram, startProgram } from '../support/program.ts';

const world = new World({ now: () => Date.now() });
let folder = '';
let keyFile = '';
let secret = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotator-tools-'));
  keyFile = join(folder, `AuthKey_${IDS.keyId}.p8`);
  const { privateKeyPem } = world.appleKeys.generate({ ...IDS, clientIds: [IDS.clientId] });
  writeFileSync(keyFile, privateKeyPem, { mode: 0o600 });
  secret = world.mintSecret({ keyId: IDS.keyId, clientId: IDS.clientId, expiresInSeconds: 90 * 86_400 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const program = (args: readonly string[], input = ''): Promise<Result> => runProgram(args, { cwd: folder, input });
const idFlags = ['--team-id', IDS.teamId, '--client-id', IDS.clientId, '--key-id', IDS.keyId];

describe('generate', () => {
  test('prints the secret alone on stdout, one that Apple accepts, and says the rest on stderr', async () => {
    const { code, stdout, stderr } = await program(['generate', ...idFlags, '--key-file', keyFile]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]{86}\n$/);
    expect(secretFault(world, IDS.clientId, stdout.trim())).toBeUndefined();
    expect(stderr).toMatch(/^Client secret for Sign in with Apple, valid for 180 days:\n/);
    for (const text of [...Object.values(IDS), fingerprint(stdout.trim()), 'Authentication > Login Methods > Apple'])
      expect(stderr).toContain(text);
    expect(stderr).not.toContain(stdout.trim());
  });

  test('--json prints one document and nothing else; the key may come on standard input', async () => {
    const pem = readFileSync(keyFile, 'utf8');
    const { code, stdout, stderr } = await program(
      ['generate', ...idFlags, '--key-file', '-', '--days', '30', '--json'],
      pem,
    );
    expect([code, stderr]).toEqual([0, '']);
    const document = JSON.parse(stdout);
    expect(Object.keys(document)).toEqual([
      'clientSecret',
      'teamId',
      'clientId',
      'keyId',
      'issuedAt',
      'expiresAt',
      'fingerprint',
    ]);
    expect(secretFault(world, IDS.clientId, document.clientSecret)).toBeUndefined();
  });

  test('what is wrong with the key or the options ends it with 2 and prints no secret', async () => {
    writeFileSync(join(folder, 'bad.p8'), 'not a key', { mode: 0o600 });
    const flags = ['--team-id', 'YOUR_TEAM_ID', '--client-id', IDS.clientId, '--key-file', 'bad.p8', '--days', '181'];
    const { code, stdout, stderr } = await program(['generate', ...flags]);
    expect([code, stdout]).toEqual([2, '']);
    for (const found of [
      /^error: Team ID YOUR_TEAM_ID is a placeholder \(ERR_KEY_IDS_INVALID\)$/m,
      /^error: --key-id is missing/m,
      /bad\.p8/,
      /--days is 181/,
    ])
      expect(stderr).toMatch(found);
    expect(stderr).not.toMatch(/^\s+at /m);
    const missing = await program(['generate', ...idFlags, '--key-file', 'none.p8']);
    expect([missing.code, missing.stdout]).toEqual([2, '']);
    expect(missing.stderr).toMatch(/^error: .*none\.p8/);
  });
});

describe('inspect', () => {
  test('reads standard input, and never prints the secret', async () => {
    const { code, stdout, stderr } = await program(['inspect'], `${secret}\n`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ {2}iss +TEAM123456 {2}\(Team ID\)$/m);
    expect(stdout).toContain(fingerprint(secret));
    expect(stdout).toContain('Apple has nothing to object to.');
    expect(stdout).not.toContain(secret.slice(0, 40));
  });

  test('reads a file, and says whether the key made the signature', async () => {
    writeFileSync(join(folder, 'secret.jwt'), secret);
    const fits = await program(['inspect', '--file', 'secret.jwt', '--key-file', keyFile]);
    expect([fits.code, fits.stderr]).toEqual([0, '']);
    expect(fits.stdout).toContain(`64 bytes; made by the key in ${keyFile}`);
    const other = join(folder, 'other.p8');
    const { privateKeyPem } = world.appleKeys.generate({ ...IDS, keyId: 'OTHERKEY01', clientIds: [IDS.clientId] });
    writeFileSync(other, privateKeyPem, { mode: 0o600 });
    const { code, stdout } = await program(['inspect', '--file', 'secret.jwt', '--key-file', other]);
    expect(code).toBe(1);
    expect(stdout).toContain('not made by the key in');
  });

  test('reads an argument, with a warning that it can be seen', async () => {
    const { code, stdout, stderr } = await program(['inspect', secret, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      fingerprint: fingerprint(secret),
      header: { alg: 'ES256', kid: IDS.keyId },
      claims: { iss: IDS.teamId, sub: IDS.clientId },
      signature: { bytes: 64, fits: null },
      objections: [],
    });
    expect(stderr).toMatch(/^warning: a secret in an argument is visible in the process list/);
  });

  test('ends with 1 where Apple would object, and names everything', async () => {
    const expired = world.mintSecret({ keyId: IDS.keyId, clientId: IDS.clientId, expiresInSeconds: -86_400 });
    const { code, stdout, stderr } = await program(['inspect'], expired);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^Apple would object to 1 thing:\n\n {2}\w+: /m);
  });

  test.each([
    ['nothing', '', 'standard input is empty'],
    ['no secret', 'hello', 'standard input holds no JWT (5 characters of something else)'],
  ])('ends with 2 on %s', async (_, input, message) => {
    const { code, stdout, stderr } = await program(['inspect'], input);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`error: ${message} (ERR_USAGE)\n`);
  });

  test('ends with 2 on more than a megabyte', async () => {
    const { code, stdout, stderr } = await program(['inspect'], 'x'.repeat(1_000_001));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: standard input holds more than 1 MB, wanted a client secret \(ERR_USAGE\)\n/);
  });
});

describe('sandbox', () => {
  /** A configuration of somebody's own, whose calls go to `port`. */
  const ownConfig = (port: number, name: string) => {
    const file = join(folder, name);
    const url = `http://127.0.0.1:${port}`;
    const text = `journal: sqlite:./${name}.db
apple: { tokenUrl: "${url}/auth/token" }
cloudbase: { endpoint: "${url}" }
targets:
  - { name: shop, envId: shop-1g2h3j, teamId: ${IDS.teamId}, clientId: ${IDS.clientId}, keyId: ${IDS.keyId}, key: { from: file, path: "${keyFile}" } }
alerts: { none: accepted }
`;
    writeFileSync(file, text);
    return { file, url };
  };

  test('stages a configuration of somebody’s own, with the public half of its key, and `once` rotates there', async () => {
    const reserved = await startSandbox({ port: 0 });
    const port = new URL(reserved.url).port;
    await reserved.close();
    const { file, url } = ownConfig(Number(port), 'rehearsal.yaml');
    const sandbox = startProgram(['sandbox', '--port', port, '--config', file], { cwd: folder });
    await sandbox.waitFor(/Ready: 1 target of/);
    const stated = async (path: string) =>
      (await (await fetch(`${url}/sandbox/${path}`)).json()) as { Config: { ClientSecret: string } };
    const before = await stated('environments/shop-1g2h3j/providers/apple');
    expect(before).toMatchObject({ Config: { ClientId: IDS.clientId, ClientSecret: expect.stringMatching(/^eyJ/) } });
    const pem = readFileSync(keyFile, 'utf8').split('\n')[1] ?? '';
    expect(sandbox.stdout() + JSON.stringify(await stated('apple/keys'))).not.toContain(pem);
    const env = {
      TENCENTCLOUD_SECRET_ID: SANDBOX_CREDENTIALS.secretId,
      TENCENTCLOUD_SECRET_KEY: SANDBOX_CREDENTIALS.secretKey,
    };
    const { code, stdout } = await runProgram(['once', '--config', file], { cwd: folder, env });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^shop {2}rotated {2}works /m)]);
    const after = await stated('environments/shop-1g2h3j/providers/apple');
    expect(after.Config.ClientSecret).not.toBe(before.Config.ClientSecret);
  });

  test('puts keys of its own where a configuration looks for them in secret stores, and `once` rotates with them', async () => {
    const reserved = await startSandbox({ port: 0 });
    const { url } = reserved;
    await reserved.close();
    const file = join(folder, 'stores.yaml');
    const stores = (endpoint: string) => `journal: sqlite:./stores.db
apple: { tokenUrl: "${url}/auth/token" }
cloudbase: { endpoint: "${url}" }
targets:
  - { name: ssm, envId: ssm-1g2h3j, teamId: ${IDS.teamId}, clientId: ${IDS.clientId}, keyId: ${IDS.keyId}, key: { from: tencent-ssm, secretName: apple-key, region: ap-shanghai, endpoint: "${endpoint}" } }
  - name: aws
    envId: aws-1g2h3j
    key:
      from: aws-secrets-manager
      secretId: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/apple-Ab12Cd
      region: eu-west-1
      jsonKey: p8
      endpoint: "${endpoint}"
  - { name: aws-too, envId: aws-too-1g2h3j, key: { from: aws-secrets-manager, secretId: prod/apple, region: eu-west-1, jsonKey: p8, endpoint: "${endpoint}" } }
alerts: { none: accepted }
`;
    writeFileSync(file, stores('http://127.0.0.1:9'));
    const { port } = new URL(url);
    const args = ['sandbox', '--port', port, '--stage', '--config', file];
    expect(await program(args)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: key\.endpoint is /) });
    writeFileSync(file, stores(url));
    const sandbox = startProgram(args, { cwd: folder });
    await sandbox.waitFor(/Ready: 3 targets of/);
    expect(sandbox.stdout()).toMatch(
      / {2}apple-key SSM_Current \(tencent-ssm, ap-shanghai\)\n {2}prod\/apple AWSCURRENT \(aws-secrets-manager, eu-west-1\)\n\n/,
    );
    const env = {
      TENCENTCLOUD_SECRET_ID: SANDBOX_CREDENTIALS.secretId,
      TENCENTCLOUD_SECRET_KEY: SANDBOX_CREDENTIALS.secretKey,
      AWS_ACCESS_KEY_ID: SANDBOX_AWS_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: SANDBOX_AWS_CREDENTIALS.secretAccessKey,
    };
    const { code, stdout } = await runProgram(['once', '--config', file], { cwd: folder, env });
    expect([code, stdout.match(/^(?:ssm|aws|aws-too) +rotated +works /gm)?.length]).toEqual([0, 3]);
  });

  test('refuses a configuration that calls anything but this sandbox', async () => {
    const { file } = ownConfig(9, 'elsewhere.yaml');
    const { code, stdout, stderr } = await program(['sandbox', '--port', '0', '--config', file]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^error: apple\.tokenUrl is http:\/\/127\.0\.0\.1:9\/auth\/token, and a rehearsal calls the sandbox alone, wanted http:\S+ \(ERR_USAGE\)\n {2}Set apple\.tokenUrl to /,
    );
  });

  test('says where it listens and each request, answers on its control interface, and ends with 0 at SIGTERM', async () => {
    const sandbox = startProgram(['sandbox', '--port', '0'], { cwd: folder });
    const url = await sandbox.waitFor(/The sandbox listens on (\S+),/);
    await sandbox.waitFor(/Stop with Ctrl-C/);
    for (const text of [
      `cloudbase.endpoint: ${url}`,
      `apple.tokenUrl: ${url}/auth/token`,
      'TENCENTCLOUD_SECRET_ID=AKIDsandbox0000000000000000000000000',
      'AWS_ACCESS_KEY_ID=AKIASANDBOX000000000',
      `curl -X PUT ${url}/sandbox/environments/my-env-1g2h3j/providers/apple`,
      `curl -X POST ${url}/sandbox/apple/keys`,
    ])
      expect(sandbox.stdout()).toContain(text);
    const routes = await (await fetch(`${url}/sandbox/`)).json();
    expect(JSON.stringify(routes)).toContain('/sandbox/behaviour');
    const change = { method: 'PATCH', body: JSON.stringify({ showSecret: 'masked' }) };
    expect((await fetch(`${url}/sandbox/behaviour`, change)).status).toBe(200);
    expect(await (await fetch(`${url}/sandbox/behaviour`)).json()).toMatchObject({ showSecret: 'masked' });
    expect(sandbox.stderr()).toBe('');
    await fetch(`${url}/inbox/ops`);
    expect(await sandbox.waitFor(/^\S+Z (inbox ops)$/m)).toBe('inbox ops');
    sandbox.signal('SIGTERM');
    expect(await sandbox.exited).toEqual({ code: 0, signal: null });
  });

  test('refuses a port that is taken', async () => {
    const other = await startSandbox({ port: 0 });
    try {
      const { port } = new URL(other.url);
      expect(await program(['sandbox', '--port', port])).toEqual({
        code: 2,
        stdout: '',
        stderr:
          `error: port ${port} of 127.0.0.1 is in use (ERR_USAGE)\n` +
          '  Stop the program that uses this one, or choose another port with --port.\n',
      });
    } finally {
      await other.close();
    }
  });
});
