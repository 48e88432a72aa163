// Every key source of the registry against the shared contract: real files, the process's variables, and the vendors'
// real clients against the sandbox.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import {
  createKeySource,
  type KeySourceOptions,
  type KeySourceTools,
  keyOptions,
} from '../../../src/adapters/keys/registry.ts';
import type { KeySource } from '../../../src/core/ports.ts';
import {
  SANDBOX_AWS_CREDENTIALS,
  SANDBOX_CREDENTIALS,
  type Sandbox,
  startSandbox,
} from '../../../src/sandbox/server.ts';
import { type KeySourceHarness, keySourceContract } from '../../contract/key-source.ts';

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async () => undefined,
  every: () => () => undefined,
};

function deps(env: KeySourceTools['env'] = {}): KeySourceTools {
  return { env, clock, timeoutMs: 5000 };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'keys-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function sandboxOfTest(): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0 });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** As the configuration would make it. */
function source(options: object, env?: Record<string, string>): KeySource {
  return createKeySource(keyOptions.parse(options) as KeySourceOptions, deps(env));
}

const HARNESSES: Readonly<Record<KeySourceOptions['from'], () => KeySourceHarness | Promise<KeySourceHarness>>> = {
  file() {
    const path = join(folder(), 'key.p8');
    return {
      source: source({ from: 'file', path }),
      place: 'key.p8',
      put: (text) => {
        writeFileSync(path, text);
        chmodSync(path, 0o600);
      },
      remove: () => rmSync(path),
    };
  },

  env() {
    const env: Record<string, string> = {};
    return {
      source: source({ from: 'env', variable: 'APPLE_KEY' }, env),
      place: 'APPLE_KEY',
      put: (text) => {
        env['APPLE_KEY'] = text;
      },
      remove: () => {
        delete env['APPLE_KEY'];
      },
    };
  },

  async 'aws-secrets-manager'() {
    const { url, world } = await sandboxOfTest();
    vi.stubEnv('AWS_ACCESS_KEY_ID', SANDBOX_AWS_CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', SANDBOX_AWS_CREDENTIALS.secretAccessKey);
    const region = 'ap-southeast-1';
    const secret = { name: 'prod/apple', region };
    const options = { from: 'aws-secrets-manager', secretId: secret.name, region, endpoint: url };
    return {
      source: source(options),
      place: 'prod/apple (aws-secrets-manager, ap-southeast-1)',
      put: (text) => world.awsSecrets.put({ ...secret, text }),
      remove: () => world.awsSecrets.delete(secret),
      forbid: () => world.awsSecrets.put({ ...secret, text: 'x', state: 'denied' }),
      hang: () => world.faults.add({ service: 'aws', kind: 'hang' }),
    };
  },

  async 'tencent-ssm'() {
    const { url, world } = await sandboxOfTest();
    const secret = { name: 'apple-key', region: 'ap-shanghai' };
    const options = { from: 'tencent-ssm', secretName: secret.name, region: secret.region, endpoint: url };
    const env = {
      TENCENTCLOUD_SECRET_ID: SANDBOX_CREDENTIALS.secretId,
      TENCENTCLOUD_SECRET_KEY: SANDBOX_CREDENTIALS.secretKey,
    };
    return {
      source: source({ ...options, credentials: { from: 'env' } }, env),
      place: 'apple-key',
      put: (text) => world.ssmSecrets.put({ ...secret, text }),
      remove: () => world.ssmSecrets.delete(secret),
      forbid: () => world.ssmSecrets.put({ ...secret, text: 'x', state: 'denied' }),
      hang: () => world.faults.add({ service: 'ssm', kind: 'hang' }),
    };
  },
};

for (const [name, create] of Object.entries(HARNESSES)) keySourceContract(name, create);
