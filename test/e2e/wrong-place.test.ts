// A secret that was put where a path, a name or a variable was expected: the error says what is wrong, and never shows
// what stood there, in output, log, journal or an answer of the API that repeats it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import { leaks, written } from '../support/canaries.ts';
import { ownWorkspace, runProgram } from '../support/program.ts';

/** In the form of Tencent Cloud's; that of the sandbox is a few words. */
const secretKey = 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE';

const UNASKED = { apple: { check: 'off' } };

/** The parts of a secret that must not be seen: each line of a key's base64, or the secret itself. */
const partsOf = (secret: string) =>
  new Map((secret.match(/.{1,40}/g) ?? []).flatMap((part) => (part.length < 20 ? [] : [[part, part]])));

const target = (key: JsonObject): JsonObject => ({ targets: [{ name: 'shop', envId: 'shop-1g2h3j', key }] });

test('the base64 of the key, or the secret key of Tencent Cloud, in every wrong place', async () => {
  const place = await ownWorkspace({ settings: UNASKED });
  const key = readFileSync(place.keyFile).toString('base64');
  const { secretId } = SANDBOX_CREDENTIALS;
  const places: readonly (readonly [settings: JsonObject, env: Record<string, string>])[] = [
    [target({ from: 'env', variable: 'APPLE_KEY' }), { APPLE_KEY_FILE: key }],
    [target({ from: 'file', path: key }), {}],
    [target({ from: 'tencent-ssm', secretName: key, endpoint: place.sandbox.url }), {}],
    [target({ from: 'aws-secrets-manager', secretId: key, region: 'us-east-1', endpoint: place.sandbox.url }), {}],
    [
      { cloudbase: { credentials: { from: 'env' } } },
      { TENCENTCLOUD_SECRET_ID: secretId, TENCENTCLOUD_SECRET_KEY_FILE: secretKey },
    ],
    [{ cloudbase: { credentials: { from: 'env', keyVariable: secretKey } } }, {}],
    [{ cloudbase: { credentials: { from: 'profile', path: secretKey } } }, {}],
    [{ [secretKey]: 'x' }, {}],
    [{ instance: secretKey }, {}],
    [{ http: { host: secretKey } }, {}],
    [
      { targets: [{ name: 'shop', envId: 'shop-1g2h3j', clientId: secretKey, key: { from: 'env', variable: 'K' } }] },
      {},
    ],
    [{ journal: `sqlite:./${secretKey}` }, {}],
    [{ targets: [{ name: 'shop', envId: secretKey, key: { from: 'file', path: place.keyFile } }] }, {}],
    [{ instance: `\${${secretKey}}` }, {}],
  ];
  const outputs = new Map<string, string>();
  for (const [index, [settings, env]] of places.entries()) {
    place.configure({ log: { level: 'trace' }, ...settings });
    const { code, stdout, stderr } = await place.run(['once', '--json'], { env });
    expect(code, `${index}`).not.toBe(0);
    outputs.set(`${index}`, stdout + stderr);
  }
  const commands = [
    ['once', `--token=${secretKey}`],
    ['generate', '--key-file', key],
    ['generate', '--days', secretKey],
    ['inspect', '--file', secretKey],
    ['plan', '--config', secretKey],
    ['status', secretKey],
  ];
  for (const args of commands) {
    const { code, stdout, stderr } = await runProgram(args, { cwd: place.folder });
    expect([code, stdout]).toEqual([2, '']);
    outputs.set(args[0] ?? '', stderr);
  }
  for (const secret of [key, secretKey])
    expect(leaks(partsOf(secret), written({ folder: place.folder, outputs }))).toEqual([]);
});

test('NODE_DEBUG does not print what is sent', async () => {
  const place = await ownWorkspace({ settings: UNASKED });
  place.configure({ heartbeat: { url: `${place.sandbox.url}/inbox/heartbeat-canary-5f1e` } });
  const { code, stderr } = await place.run(['once'], { env: { NODE_DEBUG: 'http,https,net' } });
  expect(code).toBe(0);
  expect(stderr).toContain('warning: NODE_DEBUG is ignored');
  expect(stderr).not.toMatch(/heartbeat-canary|HTTP \d+:/);
});

test('a name that every object has is a variable that is not set', async () => {
  const place = await ownWorkspace({ settings: { instance: '$'.concat('{constructor}') } });
  const { code, stderr } = await place.run(['once']);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/found +\$\{constructor\}, which is not set/)]);
});
