// AWS Secrets Manager beyond the shared contract: every error that it tells apart, how its calls leave, and where its
// credentials come from. The vendor's real client speaks to the sandbox, or to a small server for what AWS would not do.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  type MockInstance,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { createAwsSecretsManagerKeySource, options } from '../../../src/adapters/keys/aws-secrets-manager.ts';
import { SANDBOX_AWS_CREDENTIALS, type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { serve, serveProxy } from '../../support/servers.ts';

const signal = new AbortController().signal;
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
});
afterAll(() => sandbox.close());

beforeEach(() => {
  sandbox.world.reset();
  const home = mkdtempSync(join(tmpdir(), 'aws-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, '.aws'));
  for (const name of Object.keys(process.env).filter((one) => one.startsWith('AWS_'))) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', home);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_ACCESS_KEY_ID', SANDBOX_AWS_CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SANDBOX_AWS_CREDENTIALS.secretAccessKey);
  sandbox.world.awsSecrets.put({ name: 'prod/apple', text: 'the key' });
});

let warned: MockInstance<typeof console.warn>;
beforeEach(() => {
  warned = vi.spyOn(console, 'warn');
});
afterEach(() => {
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

interface Overrides {
  readonly endpoint?: string | undefined;
  readonly versionStage?: string;
  readonly secretId?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

function source({ env = {}, timeoutMs, ...overrides }: Overrides = {}) {
  const parsed = options.parse({
    from: 'aws-secrets-manager',
    secretId: 'prod/apple',
    region: 'ap-southeast-1',
    endpoint: sandbox.url,
    ...overrides,
  });
  return createAwsSecretsManagerKeySource(parsed, { env, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
}

function thrownBy(reading: Promise<unknown>): Promise<unknown> {
  return reading.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error,
  );
}

const PLACE = 'prod/apple (aws-secrets-manager, ap-southeast-1)';

test('bytes are read as UTF-8', async () => {
  sandbox.world.awsSecrets.put({ name: 'prod/apple', binary: Buffer.from('the key, ü') });
  expect((await source().read(signal)).text).toBe('the key, ü');
});

test('the stage is AWSCURRENT unless another is named', async () => {
  sandbox.world.awsSecrets.put({ name: 'prod/apple', text: 'the next', stage: 'AWSPENDING' });
  expect((await source().read(signal)).text).toBe('the key');
  expect((await source({ versionStage: 'AWSPENDING' }).read(signal)).text).toBe('the next');
  await expect(source({ versionStage: 'NONE' }).read(signal)).rejects.toMatchObject({
    code: 'ERR_KEY_NOT_FOUND',
    message: `${PLACE} does not exist, or has no version with this stage (ResourceNotFoundException)`,
  });
});

test('an ARN names the secret as well', async () => {
  const secretId = 'arn:aws:secretsmanager:ap-southeast-1:000000000000:secret:prod/apple-a1b2c3';
  expect((await source({ secretId }).read(signal)).text).toBe('the key');
});

describe('errors', () => {
  test.each([
    ['pending-delete', 'ERR_KEY_NOT_FOUND', 'is marked for deletion, or has no value yet (InvalidRequestException)'],
    ['disabled', 'ERR_KEY_NOT_FOUND', 'is marked for deletion, or has no value yet (InvalidRequestException)'],
    ['key-failure', 'ERR_KEY_FORBIDDEN', 'cannot be decrypted with its KMS key (DecryptionFailure)'],
    ['denied', 'ERR_KEY_FORBIDDEN', 'may not be read: AccessDeniedException: secretsmanager:GetSecretValue'],
  ] as const)('a secret that is %s', async (state, code, message) => {
    sandbox.world.awsSecrets.put({ name: 'prod/apple', text: 'the key', state });
    await expect(source().read(signal)).rejects.toMatchObject({
      code,
      message: `${PLACE} ${message}`,
      remedy: 'person',
    });
  });

  const rejected = `AWS refuses the credentials for ${PLACE}`;
  test.each([
    ['UnrecognizedClientException', 'ERR_CREDENTIALS_REJECTED', `${rejected} (UnrecognizedClientException)`],
    ['InvalidSignatureException', 'ERR_CREDENTIALS_REJECTED', `${rejected} (InvalidSignatureException)`],
    ['ExpiredTokenException', 'ERR_CREDENTIALS_REJECTED', `${rejected} (ExpiredTokenException)`],
    ['InvalidParameterException', 'ERR_KEY_NOT_FOUND', `${PLACE} is not a valid name (InvalidParameterException)`],
    ['ThrottlingException', 'ERR_KEY_SOURCE_UNAVAILABLE', `${PLACE} cannot be read now: ThrottlingException`],
    ['InternalServiceError', 'ERR_KEY_SOURCE_UNAVAILABLE', `${PLACE} cannot be read now: InternalServiceError`],
    ['SomethingNewException', 'ERR_KEY_SOURCE_UNAVAILABLE', `${PLACE} cannot be read now: SomethingNewException`],
  ])('the API says %s', async (apiCode, code, message) => {
    sandbox.world.faults.add({ service: 'aws', times: 1, kind: 'error', code: apiCode, message: 'the key' });
    await expect(source().read(signal)).rejects.toMatchObject({ code, message });
    expect(sandbox.world.requests.log).toHaveLength(1);
  });

  test('a wrong secret access key', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another');
    await expect(source().read(signal)).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_REJECTED',
      message: `${rejected} (InvalidSignatureException)`,
      hint: 'Renew the AWS credentials; if they are right, set the clock of this machine.',
    });
  });

  test.each([
    ['HTTP 503 with a page', { kind: 'status', status: 503, body: '<html>busy' }, 'HTTP 503'],
    ['HTTP 403 with a page', { kind: 'status', status: 403, body: '<html>proxy' }, 'HTTP 403'],
    ['200 with a page', { kind: 'body', body: '<html>hotel' }, 'the answer has an unknown form'],
    ['200 with half a secret', { kind: 'body', body: '{"SecretString":"the key' }, 'the answer has an unknown form'],
    ['200 with nothing in it', { kind: 'body', body: '{}' }, 'the answer has no value'],
    [
      'a connection that is cut',
      { kind: 'reset-before' },
      'could not connect, or the connection was lost (ECONNRESET)',
    ],
    ['an answer over 1 MB', { kind: 'huge' }, 'the answer is too long'],
  ] as const)('%s may pass', async (_what, fault, message) => {
    sandbox.world.faults.add({ service: 'aws', times: 1, ...fault });
    const error = await thrownBy(source().read(signal));
    expect(error).toMatchObject({
      code: 'ERR_KEY_SOURCE_UNAVAILABLE',
      message: `${PLACE} cannot be read now: ${message}`,
      remedy: 'passes',
    });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/the key|hotel|busy/);
    expect(sandbox.world.requests.log).toHaveLength(1);
    expect((await source().read(signal)).text).toBe('the key');
  });

  test('no answer in time', async () => {
    sandbox.world.faults.add({ service: 'aws', times: 1, kind: 'hang' });
    await expect(source({ timeoutMs: 50 }).read(signal)).rejects.toMatchObject({
      code: 'ERR_KEY_SOURCE_UNAVAILABLE',
      message: `${PLACE} cannot be read now: no answer within 50 ms`,
      remoteCode: 'TIMEOUT',
    });
  });

  test('nobody listens', async () => {
    await expect(source({ endpoint: 'http://127.0.0.1:1' }).read(signal)).rejects.toMatchObject({
      code: 'ERR_KEY_SOURCE_UNAVAILABLE',
      message: `${PLACE} cannot be read now: could not connect, or the connection was lost (ECONNREFUSED)`,
    });
  });

  test('a redirect is not followed', async () => {
    const other = await serve((_request, response) => response.end('{}'));
    sandbox.world.faults.add({ service: 'aws', times: 1, kind: 'redirect', location: other.url, status: 307 });
    await expect(source().read(signal)).rejects.toMatchObject({
      code: 'ERR_REDIRECTED',
      message: `${PLACE} was answered with a redirect (HTTP 307), which is never followed`,
    });
    expect(other.seen).toEqual([]);
  });
});

describe('the way out', () => {
  test('a proxy is used, and spared for NO_PROXY', async () => {
    const proxy = await serveProxy(undefined, 407);
    const env = { HTTPS_PROXY: proxy.url };
    await expect(source({ endpoint: undefined, env }).read(signal)).rejects.toMatchObject({
      code: 'ERR_KEY_SOURCE_UNAVAILABLE',
      message: `${PLACE} cannot be read now: could not connect, or the connection was lost (ERR_PROXY_TUNNEL, HTTP 407)`,
    });
    expect(proxy.seen).toEqual(['CONNECT secretsmanager.ap-southeast-1.amazonaws.com:443']);
  });

  test('in China the host ends in .cn', async () => {
    const proxy = await serveProxy(undefined, 407);
    const china = options.parse({ from: 'aws-secrets-manager', secretId: 'x', region: 'cn-north-1' });
    const reading = createAwsSecretsManagerKeySource(china, { env: { HTTPS_PROXY: proxy.url } }).read(signal);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_KEY_SOURCE_UNAVAILABLE' });
    expect(proxy.seen).toEqual(['CONNECT secretsmanager.cn-north-1.amazonaws.com.cn:443']);
  });

  test('AWS_ENDPOINT_URL does not move it, with an endpoint of its own or without', async () => {
    const other = await serve((_request, response) => response.end('{}'));
    vi.stubEnv('AWS_ENDPOINT_URL', other.url);
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', other.url);
    expect((await source().read(signal)).text).toBe('the key');
    const proxy = await serveProxy(undefined, 407);
    const reading = source({ endpoint: undefined, env: { HTTPS_PROXY: proxy.url } }).read(signal);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_KEY_SOURCE_UNAVAILABLE' });
    expect(proxy.seen).toEqual(['CONNECT secretsmanager.ap-southeast-1.amazonaws.com:443']);
    expect(other.seen).toEqual([]);
  });
});

describe('credentials', () => {
  test('none anywhere', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    await expect(source().read(signal)).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: `no AWS credentials for ${PLACE}: Could not load credentials from any providers`,
      hint: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
    expect(sandbox.world.requests.log).toEqual([]);
  });

  test('in the environment are trimmed, and refused with characters that none has', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', ` ${SANDBOX_AWS_CREDENTIALS.accessKeyId}\n`);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', `${SANDBOX_AWS_CREDENTIALS.secretAccessKey}\r\n`);
    expect((await source().read(signal)).text).toBe('the key');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIA…');
    await expect(source().read(signal)).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: expect.stringMatching(/^the AWS access key id holds characters that no credential has/),
    });
  });

  test('of a profile, and of the same profile after it was changed on disk', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const { accessKeyId, secretAccessKey } = SANDBOX_AWS_CREDENTIALS;
    const write = (secret: string) =>
      writeFileSync(
        join(process.env['HOME'] ?? '', '.aws', 'credentials'),
        `[default]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secret}\n`,
      );
    write('of-yesterday');
    await expect(source().read(signal)).rejects.toMatchObject({ code: 'ERR_CREDENTIALS_REJECTED' });
    write(secretAccessKey);
    expect((await source().read(signal)).text).toBe('the key');
  });

  test('the output of a credential_process that fails is not repeated', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const config = '[default]\ncredential_process = sh -c "echo top-secret-output >&2; exit 1"\n';
    writeFileSync(join(process.env['HOME'] ?? '', '.aws', 'config'), config);
    const error = await thrownBy(source().read(signal));
    expect(error).toMatchObject({ code: 'ERR_CREDENTIALS_MISSING' });
    expect(inspect(error, { depth: 20 })).not.toContain('top-secret-output');
  });

  test("a container's endpoint whose answer never ends is cut off at 1 MB", async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    const endless = await serve((_request, response) => {
      const more = () => {
        for (let room = !response.destroyed; room; room = response.write(chunk)) sent += chunk.length;
      };
      response.on('drain', more).writeHead(200, { 'content-type': 'application/json' });
      more();
    });
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${endless.url}/credentials`);
    await expect(source().read(signal)).rejects.toMatchObject({ code: 'ERR_CREDENTIALS_MISSING' });
    // Some more lies in the buffers of the two sockets, for each time that the SDK tries.
    expect(sent).toBeGreaterThan(1_000_000);
    expect(sent).toBeLessThan(50_000_000);
  });

  describe('of a web identity, as a Kubernetes pod has them', () => {
    const asked: string[] = [];

    async function podWithSts(answer: { status: number; body: string }): Promise<void> {
      const sts = await serve((_request, response, body) => {
        asked.push(new URLSearchParams(body).get('Action') ?? '');
        response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body);
      });
      const token = join(process.env['HOME'] ?? '', 'token');
      writeFileSync(token, 'a.web.token');
      vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
      vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', token);
      vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::000000000000:role/rotator');
      vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
      asked.length = 0;
    }

    const error = (code: string) =>
      `<ErrorResponse><Error><Code>${code}</Code><Message>no such provider</Message></Error></ErrorResponse>`;

    test('STS gives them, over the same guarded way', async () => {
      const { accessKeyId, secretAccessKey } = SANDBOX_AWS_CREDENTIALS;
      const expiration = new Date(Date.now() + 3_600_000).toISOString();
      await podWithSts({
        status: 200,
        body: `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken></SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
      });
      expect((await source().read(signal)).text).toBe('the key');
      expect(asked).toEqual(['AssumeRoleWithWebIdentity']);
    });

    test('STS refuses', async () => {
      await podWithSts({ status: 400, body: error('InvalidIdentityToken') });
      await expect(source().read(signal)).rejects.toMatchObject({
        code: 'ERR_CREDENTIALS_REJECTED',
        message: `no AWS credentials for ${PLACE}: InvalidIdentityTokenException`,
      });
    });

    test('STS cannot be reached', async () => {
      await podWithSts({ status: 200, body: '' });
      vi.stubEnv('AWS_ENDPOINT_URL_STS', 'http://127.0.0.1:1');
      await expect(source().read(signal)).rejects.toMatchObject({
        code: 'ERR_CREDENTIALS_UNAVAILABLE',
        message: `no AWS credentials for ${PLACE} now: could not connect, or the connection was lost (ECONNREFUSED)`,
        remoteCode: 'NETWORK',
      });
    });

    test('STS is down', async () => {
      await podWithSts({ status: 503, body: error('ServiceUnavailable') });
      await expect(source().read(signal)).rejects.toMatchObject({ code: 'ERR_CREDENTIALS_UNAVAILABLE' });
    });
  });
});
