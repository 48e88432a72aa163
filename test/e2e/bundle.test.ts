// What ships is the bundle, not the source: it is built into an empty folder, away from node_modules, and rotates
// there through every SDK that it carries.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SANDBOX_AWS_CREDENTIALS } from '../../src/sandbox/server.ts';
import { IDS } from '../pass/rig.ts';
import { ownWorkspace, runCommand } from './program.ts';

const BUILD = fileURLToPath(new URL('../../.ci/build.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'rotator-bundle-')));
  const { code, stderr } = await runCommand(process.execPath, [BUILD, folder], { cwd: ROOT });
  expect([code, stderr]).toEqual([0, '']);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bundled = (args: readonly string[], options: Parameters<typeof runCommand>[2]) =>
  runCommand(process.execPath, [join(folder, 'main.js'), ...args], options);

test('the bundle rotates with keys from a file, SSM and AWS, the last with an assumed role', async () => {
  const role = { roleArn: 'qcs::cam::uin/100000000001:roleName/rotator' };
  const place = await ownWorkspace({
    targets: [{ name: 'from-file' }, { name: 'from-ssm' }, { name: 'from-aws' }],
  });
  const { url } = place.sandbox;
  const { privateKeyPem } = place.world.generateAppleKey({ ...IDS, clientIds: [IDS.clientId] });
  place.world.ssmSecrets.put({ name: 'apple-key', text: privateKeyPem });
  place.world.awsSecrets.put({ name: 'prod/apple', text: JSON.stringify({ privateKey: privateKeyPem }) });
  place.useKey(IDS.keyId);
  const { accessKeyId, secretAccessKey } = SANDBOX_AWS_CREDENTIALS;
  const entry = (name: string, rest: object) => ({ name, envId: `${name}-1g2h3j`, ...IDS, adopt: true, ...rest });
  const stored = { endpoint: url };
  place.configure({
    apple: { tokenUrl: `${url}/auth/token`, check: 'off' },
    targets: [
      entry('from-file', { key: { from: 'file', path: place.keyFile } }),
      entry('from-ssm', { key: { from: 'tencent-ssm', secretName: 'apple-key', region: 'ap-shanghai', ...stored } }),
      entry('from-aws', {
        key: { from: 'aws-secrets-manager', secretId: 'prod/apple', region: 'ap-southeast-1', ...stored },
        cloudbase: { credentials: { from: 'profile', path: './credentials', assumeRole: { ...role, endpoint: url } } },
      }),
    ],
  } as never);
  const env = {
    ROTATOR_CONFIG: place.configFile,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const { code, stdout, stderr } = await bundled(['once', '--json'], { cwd: place.folder, env });
  const { targets } = JSON.parse(stdout) as { targets: { name: string; state: string; error: unknown }[] };
  expect(targets.map(({ name, state, error }) => ({ name, state, error }))).toEqual([
    { name: 'from-file', state: 'rotated', error: null },
    { name: 'from-ssm', state: 'rotated', error: null },
    { name: 'from-aws', state: 'rotated', error: null },
  ]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('Warning')]);
}, 60_000);

test('the bundle says its version and starts without anything beside it', async () => {
  expect(await bundled(['--version'], {})).toMatchObject({ code: 0, stderr: '' });
});
