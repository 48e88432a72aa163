// What the demo sets up on a real disk: the files, who may read them, and what it never touches.
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { RotatorError } from '../../src/core/errors.ts';
import { secretFault } from '../../src/sandbox/apple.ts';
import { DEMO, setUpDemo } from '../../src/sandbox/demo.ts';
import { World } from '../../src/sandbox/server.ts';

const NOW = Date.UTC(2026, 10, 22);
const KEY_FILE = 'AuthKey_SANDBOX001.p8';
let top = '';
let folder = '';
let world: World;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'demo-'));
  folder = join(top, 'data', 'sandbox');
  world = new World({ now: () => NOW });
});
afterEach(() => rm(top, { recursive: true }));

const mode = async (path: string) => (await lstat(path)).mode & 0o777;

test('writes a key and credentials that only their owner may read', async () => {
  await setUpDemo(world, folder);
  expect((await readdir(folder)).sort()).toEqual([KEY_FILE, 'credentials']);
  expect(await mode(folder)).toBe(0o700);
  expect(await mode(join(folder, KEY_FILE))).toBe(0o600);
  expect(await mode(join(folder, 'credentials'))).toBe(0o600);
  expect(await readFile(join(folder, KEY_FILE), 'utf8')).toMatch(
    /^-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n$/,
  );
  expect(await readFile(join(folder, 'credentials'), 'utf8')).toBe(
    '[default]\nsecret_id = AKIDsandbox0000000000000000000000000\nsecret_key = sandbox-secret-key\n',
  );
});

test('places a good secret with five days left in a provider with every field', async () => {
  await setUpDemo(world, folder);
  const provider = world.providers.get(DEMO.envId, 'apple');
  const secret = String(provider?.Config['ClientSecret']);
  expect(secretFault(world, DEMO.clientId, secret)).toBeUndefined();
  const claims = JSON.parse(Buffer.from(secret.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({ exp: NOW / 1000 + 5 * 86_400, iat: NOW / 1000 - 175 * 86_400 });
  const { Issuer: _, JwksUri: __, RedirectUri: ___, ...shared } = provider?.Config ?? {};
  expect(world.providers.list(DEMO.oauthEnvId)).toMatchObject([
    { Id: 'apple', ProviderType: 'OAUTH', Config: { ...shared, Issuer: '' } },
  ]);
  expect(provider).toMatchObject({
    Id: 'apple',
    On: 'TRUE',
    Config: {
      Issuer: 'https://appleid.apple.com',
      JwksUri: 'https://appleid.apple.com/auth/keys',
      ClientId: 'com.example.shop.web',
      AuthorizationEndpoint: 'https://appleid.apple.com/auth/authorize?response_mode=form_post',
      TokenEndpoint: 'https://appleid.apple.com/auth/token',
      Scope: 'openid email name',
      TokenEndpointAuthMethod: 'CLIENT_SECRET_POST',
      RedirectUri: 'https://shop-demo-1g2h3j.ap-shanghai.tcb-api.tencentcloudapi.com/auth/v1/callback',
    },
  });
});

test('config/sandbox.yaml names what the demo makes', async () => {
  const url = `\${ROTATOR_SANDBOX_URL:-http://127.0.0.1:4180}`;
  const config = parse(await readFile('config/sandbox.yaml', 'utf8'));
  expect(config).toMatchObject({
    journal: `\${ROTATOR_JOURNAL:-sqlite:./data/sandbox/journal.db}`,
    apple: { tokenUrl: `${url}/auth/token` },
    cloudbase: {
      endpoint: url,
      loginEndpoint: `${url}/login/{envId}`,
      credentials: { from: 'profile', path: './data/sandbox/credentials' },
    },
    targets: [
      {
        envId: DEMO.envId,
        teamId: DEMO.teamId,
        clientId: DEMO.clientId,
        keyId: DEMO.keyId,
        key: { from: 'file', path: `./data/sandbox/${KEY_FILE}` },
      },
    ],
  });
});

test('empties what an earlier demo left', async () => {
  await mkdir(join(folder, 'sub'), { recursive: true });
  await writeFile(join(folder, 'journal.db'), 'old');
  await writeFile(join(folder, KEY_FILE), 'old');
  await chmod(join(folder, KEY_FILE), 0o644);
  await setUpDemo(world, folder);
  expect((await readdir(folder)).sort()).toEqual([KEY_FILE, 'credentials']);
  expect(await mode(join(folder, KEY_FILE))).toBe(0o600);
});

async function refusal(): Promise<RotatorError> {
  const error = await setUpDemo(world, folder).catch((thrown: unknown) => thrown);
  if (error instanceof RotatorError) return error;
  throw new Error(`no RotatorError: ${error}`);
}

test('a symbolic link in the folder’s place is refused, and what it points to is kept', async () => {
  const precious = join(top, 'precious');
  await mkdir(precious);
  await writeFile(join(precious, 'file'), 'keep');
  await mkdir(join(top, 'data'));
  await symlink(precious, folder);
  expect(await refusal()).toMatchObject({
    code: 'ERR_USAGE',
    message: `${folder} is a symbolic link, and the demo empties it`,
    hint: 'Remove it, or start the demo in another folder.',
  });
  expect(await readdir(precious)).toEqual(['file']);
});

test('a file in the folder’s place is refused', async () => {
  await mkdir(join(top, 'data'));
  await writeFile(folder, 'a file');
  expect(await refusal()).toMatchObject({
    code: 'ERR_USAGE',
    message: `${folder} is not a folder, and the demo empties it`,
  });
  expect(await readFile(folder, 'utf8')).toBe('a file');
});

test('a symbolic link inside the folder is removed, and what it points to is kept', async () => {
  const precious = join(top, 'precious');
  await mkdir(precious);
  await writeFile(join(precious, 'file'), 'keep');
  await mkdir(folder, { recursive: true });
  await symlink(precious, join(folder, 'link'));
  await setUpDemo(world, folder);
  expect(await readdir(precious)).toEqual(['file']);
});
