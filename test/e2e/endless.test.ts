// Input without an end: the program refuses it, and never needs more memory than docker-compose.yml allows it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { IDS } from '../support/pass-rig.ts';
import { ownWorkspace, type Program } from '../support/program.ts';

const MOST_MB = 256;

/** The most memory that the process ever had. */
function peakMb({ pid }: Program): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

const ENDLESS = '/dev/zero';
const ofKey = (key: JsonObject): JsonObject => ({ targets: [{ name: 'shop', envId: 'shop-1g2h3j', ...IDS, key }] });

interface Case {
  readonly settings?: JsonObject;
  readonly env?: Record<string, string>;
  readonly ends: RegExp;
}

test.each<[string, Case]>([
  [
    'the file of a variable',
    { settings: { instance: '$'.concat('{NAME}') }, env: { NAME_FILE: ENDLESS }, ends: /start\.refused/ },
  ],
  ['the configuration', { env: { ROTATOR_CONFIG: ENDLESS }, ends: /start\.refused/ }],
  [
    'a profile of credentials',
    { settings: { cloudbase: { credentials: { from: 'profile', path: ENDLESS } } }, ends: /ERR_CREDENTIALS_MISSING/ },
  ],
  [
    'the file of a credential',
    {
      settings: { cloudbase: { credentials: { from: 'env' } } },
      env: { TENCENTCLOUD_SECRET_ID: 'AKID', TENCENTCLOUD_SECRET_KEY_FILE: ENDLESS },
      ends: /ERR_CREDENTIALS_MISSING/,
    },
  ],
  ['a key', { settings: ofKey({ from: 'file', path: ENDLESS }), ends: /ERR_KEY_INVALID/ }],
  [
    'the file of a key',
    {
      settings: ofKey({ from: 'env', variable: 'APPLE_KEY' }),
      env: { APPLE_KEY_FILE: ENDLESS },
      ends: /ERR_KEY_INVALID/,
    },
  ],
])('%s', async (_, { settings = {}, env = {}, ends }) => {
  const place = await ownWorkspace({ settings: { apple: { check: 'off' }, ...settings } });
  const daemon = place.start(['run'], { env });
  await daemon.waitFor(ends);
  expect(peakMb(daemon)).toBeLessThan(MOST_MB);
});

test("the answer of AWS's container credentials", async () => {
  const part = Buffer.alloc(1024 * 1024, ' ');
  const server = createServer((_, response) => {
    const write = () => {
      while (response.write(part));
    };
    response.on('drain', write).on('error', () => undefined);
    write();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => server.closeAllConnections() ?? void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const key = { from: 'aws-secrets-manager', secretId: 'apple-key', region: 'ap-southeast-1' };
  const place = await ownWorkspace({ settings: { apple: { check: 'off' }, ...ofKey(key) } });
  const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/` };
  const daemon = place.start(['run'], { env });
  await daemon.waitFor(/pass\.failed/);
  expect(peakMb(daemon)).toBeLessThan(MOST_MB);
});

test('requests for /metrics from twenty clients that do not read', async () => {
  const place = await ownWorkspace({ daysLeft: 175, settings: { apple: { check: 'off' } } });
  const daemon = place.start(['run']);
  const { hostname, port } = new URL(await daemon.waitFor(/"http":"(http:[^"]+)"/));
  const asked = `GET /metrics HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`.repeat(10_000);
  const closed = Array.from({ length: 20 }, () => {
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.pause().write(asked);
    onTestFinished(() => void socket.destroy());
    return socket;
  });
  // Those that are not read from learn of their end only by what they write.
  for (const socket of closed) while (!socket.destroyed) await new Promise((resolve) => socket.write(asked, resolve));
  expect(peakMb(daemon)).toBeLessThan(MOST_MB);
});
