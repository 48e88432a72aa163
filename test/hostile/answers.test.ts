// Answers of every system that the program asks, random and damaged, deep and long: a call ends with a value or with an
// error of ours whose size does not grow with the answer.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTokenEndpointCheck } from '../../src/adapters/apple/token-endpoint.ts';
import {
  options as awsOptions,
  createAwsSecretsManagerKeySource,
} from '../../src/adapters/keys/aws-secrets-manager.ts';
import { createTencentSsmKeySource, options as ssmOptions } from '../../src/adapters/keys/tencent-ssm.ts';
import { createCloudbaseProvider } from '../../src/adapters/provider/cloudbase.ts';
import { stsCall } from '../../src/adapters/tencent/credentials/sts.ts';
import { SANDBOX_AWS_CREDENTIALS } from '../../src/sandbox/server.ts';
import { channelTo, HTTP_TYPES } from '../adapters/channels/rig.ts';
import { message } from '../support/alert-messages.ts';
import { HandClock, realClock } from '../support/clock.ts';
import { bodies, survive } from '../support/hostile.ts';
import { serve } from '../support/servers.ts';
import { ENV_ID, fixedCredentials, tencentClient } from '../support/tencent.ts';

const { signal } = new AbortController();
const TIMEOUT_MS = 5_000;

interface HostileAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Visible characters: what Node's server would not send cannot arrive this way. */
const headerText = fc.string({ maxLength: 300, unit: fc.constantFrom(...'abc019-_;=," :/%') });

function answers(...documents: readonly object[]): fc.Arbitrary<HostileAnswer> {
  return fc.record({
    status: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(200, 400) },
      fc.constantFrom(201, 204, 301, 403, 404, 429, 500, 503),
    ),
    headers: fc.dictionary(
      fc.constantFrom(
        'content-type',
        'retry-after',
        'date',
        'location',
        'x-amzn-requestid',
        'x-amzn-errortype',
        'x-tc-requestid',
      ),
      headerText,
    ),
    body: bodies(...documents),
  });
}

/** A server that gives the answer of the case at hand. */
async function hostileServer() {
  const state = { answer: { status: 200, headers: {}, body: '' } as HostileAnswer };
  const server = await serve((_, response) => {
    const { status, headers, body } = state.answer;
    response.writeHead(status, headers).end(body);
  });
  return {
    url: server.url,
    give(answer: HostileAnswer) {
      server.seen.length = 0;
      state.answer = answer;
    },
  };
}

const DENIAL = { Response: { Error: { Code: 'UnauthorizedOperation', Message: 'not allowed' }, RequestId: 'a-b-c' } };

test('of CloudBase', async () => {
  const { url, give } = await hostileServer();
  const provider = {
    Id: 'apple',
    ProviderType: 'OIDC',
    On: 'TRUE',
    Config: { ClientId: 'a', ClientSecret: 'b', Nested: { c: [1] } },
  };
  const documents = [{ Response: { Total: 1, Data: [provider], RequestId: 'a-b-c' } }, DENIAL];
  const client = tencentClient(url, { timeoutMs: TIMEOUT_MS });
  const cloudbase = createCloudbaseProvider({ client, lane: 'lane', clock: realClock });
  await survive(answers(...documents), async (answer) => {
    give(answer);
    client.records.length = 0;
    await cloudbase.read(ENV_ID, 'apple', { maxAgeMs: 0, signal });
  });
});

test('of SSM', async () => {
  const { url, give } = await hostileServer();
  const client = tencentClient(url, { service: 'ssm', timeoutMs: TIMEOUT_MS });
  const options = ssmOptions.parse({ from: 'tencent-ssm', secretName: 'apple-key', region: 'ap-shanghai' });
  const source = createTencentSsmKeySource(options, { client });
  await survive(
    answers({ Response: { SecretString: 'text', SecretBinary: '', RequestId: 'a' } }, DENIAL),
    async (answer) => {
      give(answer);
      client.records.length = 0;
      await source.read(signal);
    },
  );
});

test('of STS', async () => {
  const { url, give } = await hostileServer();
  const call = { endpoint: url, region: 'ap-shanghai', credentials: fixedCredentials() };
  const assume = stsCall(call, { env: {}, clock: realClock, region: 'ap-shanghai', timeoutMs: TIMEOUT_MS });
  const credentials = { TmpSecretId: 'AKIDx', TmpSecretKey: 'key', Token: 'token' };
  const answer = { Response: { Credentials: credentials, ExpiredTime: 1_800_000_000, RequestId: 'a' } };
  await survive(answers(answer, DENIAL), async (given) => {
    give(given);
    await assume('AssumeRole', { RoleArn: 'qcs::cam::uin/1:roleName/r', RoleSessionName: 'x' }, signal);
  });
});

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', SANDBOX_AWS_CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SANDBOX_AWS_CREDENTIALS.secretAccessKey);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => vi.unstubAllEnvs());

test('of AWS Secrets Manager', async () => {
  const { url, give } = await hostileServer();
  const options = awsOptions.parse({
    from: 'aws-secrets-manager',
    secretId: 'prod/apple',
    region: 'ap-southeast-1',
    endpoint: url,
  });
  const source = createAwsSecretsManagerKeySource(options, { env: {}, timeoutMs: TIMEOUT_MS });
  const documents = [
    { ARN: 'arn', Name: 'prod/apple', SecretString: 'text', VersionStages: ['AWSCURRENT'], CreatedDate: 1.7e9 },
    { __type: 'AccessDeniedException', Message: 'not allowed' },
  ];
  await survive(answers(...documents), async (answer) => {
    give(answer);
    await source.read(signal);
  });
});

test("of Apple's token endpoint", async () => {
  const { url, give } = await hostileServer();
  await survive(
    answers({ error: 'invalid_grant', error_description: 'text' }, { error: 'invalid_client' }),
    async (answer) => {
      give(answer);
      const check = createTokenEndpointCheck({ tokenUrl: url, clock: new HandClock(), env: {}, timeoutMs: TIMEOUT_MS });
      const verdict = await check.ask({ clientId: 'com.example', clientSecret: 'a.b.c', signal });
      expect(JSON.stringify(verdict).length).toBeLessThan(1_000);
    },
  );
});

test('of every channel', async () => {
  const { url, give } = await hostileServer();
  const answer = answers({ errcode: 0, errmsg: 'ok' }, { code: 0, msg: 'ok' }, { status: 'success', dedup_key: 'a' });
  await survive(fc.tuple(answer, fc.constantFrom(...HTTP_TYPES)), async ([given, type]) => {
    give(given);
    await channelTo(type, `${url}/hook`).send(message(), signal);
  });
});
