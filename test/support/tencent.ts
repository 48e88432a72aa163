// The real SDK client against a sandbox of the test's own.
import { onTestFinished } from 'vitest';
import {
  createTencentClient,
  type TencentClient,
  type TencentClientOptions,
} from '../../src/adapters/tencent/client.ts';
import type {
  CredentialSource,
  RequestRecord,
  TencentCredential,
} from '../../src/adapters/tencent/credentials/source.ts';
import { SANDBOX_CREDENTIALS, type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { realClock } from './clock.ts';

export const ENV_ID = 'shop-prod-1g2h3j';

/** A sandbox on any free port, closed with the test; its environment has an `apple` provider. */
export async function sandbox(): Promise<Sandbox> {
  const started = await startSandbox({ port: 0 });
  onTestFinished(() => started.close());
  started.world.providers.put(ENV_ID, {
    Id: 'apple',
    ProviderType: 'OIDC',
    On: 'TRUE',
    Config: { ClientId: 'com.example.shop.web', ClientSecret: 'old', Scope: 'openid email name' },
  });
  return started;
}

/** A source that always has the same credential, and counts. */
export function fixedCredentials(credential: TencentCredential = SANDBOX_CREDENTIALS): CredentialSource & {
  readonly renewed: TencentCredential[];
} {
  const renewed: TencentCredential[] = [];
  return {
    id: 'fixed',
    renewed,
    get: async () => credential,
    renew: (rejected) => {
      renewed.push(rejected);
    },
  };
}

export interface TestClient extends TencentClient {
  readonly records: Omit<RequestRecord, 'durationMs'>[];
}

/** A client with the sandbox's credentials that notes its metrics. */
export function tencentClient(endpoint: string, overrides: Partial<TencentClientOptions> = {}): TestClient {
  const records: Omit<RequestRecord, 'durationMs'>[] = [];
  const client = createTencentClient({
    service: 'tcb',
    endpoint,
    region: 'ap-shanghai',
    credentials: fixedCredentials(),
    timeoutMs: 5_000,
    clock: realClock,
    env: {},
    keepsConnections: true,
    onRequest: ({ service, action, code }) => records.push({ service, action, code }),
    ...overrides,
  });
  return { records, call: (action, params, options) => client.call(action, params, options) };
}

/** A read of the sandbox's environment. */
export function getProviders(client: TencentClient, signal = new AbortController().signal) {
  return client.call('GetProviders', { EnvId: ENV_ID }, { signal, write: false, envId: ENV_ID });
}

/** A write of one Config key. */
export function modifyProvider(client: TencentClient, signal = new AbortController().signal) {
  return client.call(
    'ModifyProvider',
    { EnvId: ENV_ID, Id: 'apple', Config: { ClientSecret: 'new' } },
    {
      signal,
      write: true,
    },
  );
}
