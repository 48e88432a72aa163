// Sources that ask somebody: the metadata service and STS, as the sandbox simulates them. Each ends in a call that the
// sandbox verifies by its signature.
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { SANDBOX_CREDENTIALS } from '../../../../src/sandbox/server.ts';
import { serveProxy } from '../../../support/servers.ts';
import { getProviders, sandbox, tencentClient } from '../../../support/tencent.ts';
import { file, get, ROLE_ARN, source } from './support.ts';

/** A short time limit for what never answers; elsewhere one that a busy machine does not reach. */
const limit = ({ kind }: { readonly kind: string }) => ({ timeoutMs: kind === 'hang' ? 500 : 5_000 });

const ENV = {
  TENCENTCLOUD_SECRET_ID: SANDBOX_CREDENTIALS.secretId,
  TENCENTCLOUD_SECRET_KEY: SANDBOX_CREDENTIALS.secretKey,
};

async function tkeEnv(token = 'service-account-token') {
  return {
    TKE_REGION: 'ap-guangzhou',
    TKE_PROVIDER_ID: 'provider',
    TKE_WEB_IDENTITY_TOKEN_FILE: await file(`${token}\n`),
    TKE_ROLE_ARN: ROLE_ARN,
  };
}

describe('cvm-role', () => {
  test('gives the credentials of the role of the machine, fetched once', async () => {
    const { url, world } = await sandbox();
    const credentials = source({ from: 'cvm-role', endpoint: url });
    const client = tencentClient(url, { credentials });
    await getProviders(client);
    await getProviders(client);
    expect(world.requests.log.map(({ action }) => action)).toEqual([
      'role',
      'credentials',
      'GetProviders',
      'GetProviders',
    ]);
    expect((await get(credentials)).secretId).toBe(world.requests.log.at(-1)?.signedBy);
    expect(credentials.id).toBe('cvm-role');
  });

  test('is not asked for through a proxy', async () => {
    const proxy = await serveProxy(undefined, 502);
    const credentials = source(
      { from: 'cvm-role', endpoint: 'http://metadata.example.test' },
      { env: { HTTP_PROXY: proxy.url } },
    );
    await expect(get(credentials)).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_UNAVAILABLE',
      message: expect.stringMatching(
        /^the metadata service gives no credentials: could not connect, or the connection was lost \((ENOTFOUND|EAI_AGAIN)\)$/,
      ),
    });
    expect(proxy.seen).toEqual([]);
  });

  test('no role is bound', async () => {
    const { url, world } = await sandbox();
    world.cvmRole = undefined;
    await expect(get(source({ from: 'cvm-role', endpoint: url }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: 'the metadata service knows no CAM role of this machine',
    });
  });

  test.each([
    [{ kind: 'status', status: 500 }, 'HTTP 500'],
    [{ kind: 'reset-before' }, 'could not connect, or the connection was lost (ECONNRESET)'],
    [{ kind: 'redirect', location: 'http://127.0.0.1:1/' }, 'the answer is a redirect (HTTP 307)'],
    [{ kind: 'hang' }, 'no answer within 500 ms'],
    [{ kind: 'body', body: '<html>' }, 'the answer has an unknown form'],
  ] as const)('the service fails by %o: may pass', async (fault, what) => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'cvm', ...fault, times: 1 });
    const credentials = source({ from: 'cvm-role', endpoint: url }, limit(fault));
    await expect(get(credentials)).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_UNAVAILABLE',
      message: `the metadata service gives no credentials: ${what}`,
    });
    expect(await get(credentials)).toMatchObject({ secretId: expect.stringMatching(/^AKID/) });
  });

  test.each(['{"Code":"Failed"}', 'not json'])('an answer without credentials: %s', async (body) => {
    const { url, world } = await sandbox();
    world.faults.add({ service: 'cvm', action: 'credentials', kind: 'body', body });
    await expect(get(source({ from: 'cvm-role', endpoint: url }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_UNAVAILABLE',
      message: 'the metadata service gives no credentials: the answer has an unknown form',
    });
  });
});

describe('assumeRole', () => {
  test('takes on the role with the credentials of any source', async () => {
    const { url, world } = await sandbox();
    const assumeRole = { roleArn: ROLE_ARN, externalId: 'external', endpoint: url };
    const credentials = source({ from: 'env', assumeRole }, { env: ENV });
    await getProviders(tencentClient(url, { credentials }));
    expect(world.requests.log[0]).toMatchObject({
      service: 'sts',
      action: 'AssumeRole',
      region: 'ap-shanghai',
      signedBy: SANDBOX_CREDENTIALS.secretId,
      body: { RoleArn: ROLE_ARN, RoleSessionName: 'apple-secret-rotator', ExternalId: 'external' },
    });
    expect(world.requests.log[1]?.signedBy).toBe((await get(credentials)).secretId);
    expect(world.requests.log[1]?.signedBy).not.toBe(SANDBOX_CREDENTIALS.secretId);
    expect(credentials.id).toBe(`env TENCENTCLOUD_SECRET_ID as ${ROLE_ARN}`);
  });

  test('over a role of the machine, with a session name of its own', async () => {
    const { url, world } = await sandbox();
    const assumeRole = { roleArn: ROLE_ARN, sessionName: 'mine', endpoint: url };
    await get(source({ from: 'cvm-role', endpoint: url, assumeRole }));
    expect(world.requests.log.map(({ action }) => action)).toEqual(['role', 'credentials', 'AssumeRole']);
    expect(world.requests.log[2]?.body).toEqual({ RoleArn: ROLE_ARN, RoleSessionName: 'mine' });
  });

  test('empty credentials below it are never signed with', async () => {
    const { url, world } = await sandbox();
    const credentials = source({ from: 'env', assumeRole: { roleArn: ROLE_ARN, endpoint: url } });
    await expect(get(credentials)).rejects.toMatchObject({ code: 'ERR_CREDENTIALS_MISSING' });
    expect(world.requests.log).toEqual([]);
  });

  test.each([
    [
      { kind: 'error', code: 'UnauthorizedOperation', message: 'no sts:AssumeRole' },
      'ERR_CREDENTIALS_REJECTED',
      'is not permitted (UnauthorizedOperation); CAM names sts:AssumeRole',
    ],
    [
      { kind: 'error', code: 'ResourceNotFound.RoleNotFound' },
      'ERR_CREDENTIALS_REJECTED',
      'found no such resource (ResourceNotFound.RoleNotFound)',
    ],
    [
      { kind: 'error', code: 'AuthFailure.SecretIdNotFound' },
      'ERR_CREDENTIALS_REJECTED',
      'was refused because of its credentials (AuthFailure.SecretIdNotFound)',
    ],
    [
      { kind: 'error', code: 'AuthFailure.SignatureExpire' },
      'ERR_CLOUDBASE_CLOCK',
      "was refused because of the time of its signature; but the clock of this machine agrees with the server's",
    ],
    [
      { kind: 'error', code: 'RequestLimitExceeded' },
      'ERR_CREDENTIALS_UNAVAILABLE',
      'was throttled (RequestLimitExceeded)',
    ],
    [
      { kind: 'error', code: 'InternalError' },
      'ERR_CREDENTIALS_UNAVAILABLE',
      "failed on the server's side (InternalError)",
    ],
    [{ kind: 'status', status: 502 }, 'ERR_CREDENTIALS_UNAVAILABLE', 'was answered with an error (HTTP 502)'],
    [
      { kind: 'reset-before' },
      'ERR_CREDENTIALS_UNAVAILABLE',
      'failed: could not connect, or the connection was lost (ECONNRESET)',
    ],
    [{ kind: 'hang' }, 'ERR_CREDENTIALS_UNAVAILABLE', 'failed: no answer within 500 ms'],
    [{ kind: 'body' }, 'ERR_CREDENTIALS_UNAVAILABLE', 'has an answer that is not from the API (HTTP 200)'],
    [
      { kind: 'body', body: '{"Response":{}}' },
      'ERR_CREDENTIALS_UNAVAILABLE',
      'the answer to sts AssumeRole has no credentials',
    ],
    [
      { kind: 'redirect', location: 'http://127.0.0.1:1/' },
      'ERR_REDIRECTED',
      'was answered with a redirect (HTTP 307)',
    ],
  ] as const)('STS fails by %o: %s, and the next call tries again', async (fault, code, message) => {
    const { url, world } = await sandbox();
    const id = world.faults.add({ service: 'sts', ...fault });
    const assumeRole = { roleArn: ROLE_ARN, endpoint: url };
    const credentials = source({ from: 'env', assumeRole }, { env: ENV, ...limit(fault) });
    await expect(get(credentials)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    world.faults.remove(id);
    expect(await get(credentials)).toMatchObject({ token: expect.any(String) });
  });

  test('credentials that STS revoked are replaced by fresh ones within the call', async () => {
    const { url, world } = await sandbox();
    const credentials = source({ from: 'env', assumeRole: { roleArn: ROLE_ARN, endpoint: url } }, { env: ENV });
    const client = tencentClient(url, { credentials });
    await getProviders(client);
    const { secretId } = await get(credentials);
    world.faults.add({ service: 'tcb', kind: 'error', code: 'AuthFailure.TokenFailure', times: 1 });
    await getProviders(client);
    expect(world.requests.log.map(({ action }) => action)).toEqual([
      'AssumeRole',
      'GetProviders',
      'GetProviders',
      'AssumeRole',
      'GetProviders',
    ]);
    expect((await get(credentials)).secretId).not.toBe(secretId);
  });

  test('calls to STS are heard of by the metrics', async () => {
    const { url } = await sandbox();
    const codes: string[] = [];
    const assumeRole = { roleArn: ROLE_ARN, endpoint: url };
    const onRequest = ({ service, action, code }: { service: string; action: string; code: string }) =>
      codes.push(`${service} ${action} ${code}`);
    await get(source({ from: 'env', assumeRole }, { env: ENV, onRequest }));
    expect(codes).toEqual(['sts AssumeRole OK']);
  });
});

describe('tke-oidc', () => {
  test("exchanges the service account's token, read afresh, in an unsigned call", async () => {
    const { url, world } = await sandbox();
    const env = await tkeEnv();
    const credentials = source({ from: 'tke-oidc', endpoint: url }, { env });
    await getProviders(tencentClient(url, { credentials }));
    const [exchange, call] = world.requests.log;
    expect(exchange).toMatchObject({
      action: 'AssumeRoleWithWebIdentity',
      region: 'ap-guangzhou',
      body: { ProviderId: 'provider', RoleArn: ROLE_ARN, RoleSessionName: 'apple-secret-rotator' },
    });
    expect(exchange).not.toHaveProperty('signedBy');
    const fresh = await get(credentials);
    expect(call?.signedBy).toBe(fresh.secretId);

    await writeFile(env.TKE_WEB_IDENTITY_TOKEN_FILE, 'replaced');
    credentials.renew(fresh);
    await get(credentials);
    expect(tokenOf(world.requests.log.at(-1)?.body)).not.toBe(tokenOf(exchange?.body));
  });

  test('names the variables that are missing', async () => {
    const { TKE_ROLE_ARN: _, ...env } = await tkeEnv();
    await expect(get(source({ from: 'tke-oidc' }, { env: { ...env, TKE_REGION: '' } }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: 'the environment lacks what TKE gives to a pod with a CAM role: TKE_REGION and TKE_ROLE_ARN',
    });
  });

  test('names the token file that is not there, or empty', async () => {
    const env = await tkeEnv('');
    const path = env.TKE_WEB_IDENTITY_TOKEN_FILE;
    await expect(get(source({ from: 'tke-oidc' }, { env }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: `the file that TKE_WEB_IDENTITY_TOKEN_FILE names is empty: ${path}`,
    });
    const gone = { ...env, TKE_WEB_IDENTITY_TOKEN_FILE: `${path}-gone` };
    await expect(get(source({ from: 'tke-oidc' }, { env: gone }))).rejects.toMatchObject({
      code: 'ERR_CREDENTIALS_MISSING',
      message: `the file that TKE_WEB_IDENTITY_TOKEN_FILE names does not exist: ${path}-gone`,
    });
  });
});

function tokenOf(body: unknown): unknown {
  return (body as { WebIdentityToken?: unknown }).WebIdentityToken;
}
