// Run as a process of its own: five calls, of which the sandbox spoils four. Exit status 0 if the fifth went well.

import { createTencentClient } from '../../../src/adapters/tencent/client.ts';
import { SANDBOX_CREDENTIALS } from '../../../src/sandbox/credentials.ts';
import { realClock } from '../../support/clock.ts';

const [, , endpoint = '', envId = ''] = process.argv;
const client = createTencentClient({
  service: 'tcb',
  endpoint,
  region: 'ap-shanghai',
  credentials: { id: 'sandbox', get: async () => SANDBOX_CREDENTIALS, renew() {} },
  timeoutMs: 5_000,
  clock: realClock,
  env: {},
  keepsConnections: true,
});
const signal = new AbortController().signal;
const outcomes: boolean[] = [];
for (let attempt = 0; attempt < 5; attempt += 1)
  outcomes.push(
    await client.call('GetProviders', { EnvId: envId }, { signal, write: false }).then(
      () => true,
      () => false,
    ),
  );
process.exitCode = outcomes.join() === 'false,false,false,false,true' ? 0 : 1;
