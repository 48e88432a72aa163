// Temporary credentials: from STS over the real client, from the metadata service over HTTP; good only with their
// token, and only until they expire.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Policy } from '../../src/sandbox/cam.ts';
import { SANDBOX_CREDENTIALS, type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { stsClient, tcbClient, thrown } from './clients.ts';

const START = Date.UTC(2026, 10, 22);
const ROLE = { RoleArn: 'qcs::cam::uin/100000000001:roleName/rotator', RoleSessionName: 'rotator' };
const METADATA = '/latest/meta-data/cam/security-credentials/';

let now = START;
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, clock: { now: () => now } });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  now = START;
  sandbox.world.reset();
  sandbox.world.providers.addEnvironment('shop-1');
});

interface Given {
  readonly TmpSecretId?: string;
  readonly TmpSecretKey?: string;
  readonly Token?: string;
}

/** The outcome of a read that is signed with a temporary credential: `OK` or the API's code. */
async function use({ TmpSecretId = '', TmpSecretKey = '', Token }: Given): Promise<string> {
  const client = tcbClient(sandbox.url, {
    secretId: TmpSecretId,
    secretKey: TmpSecretKey,
    ...(Token === undefined ? {} : { token: Token }),
  });
  const call = client.GetProviders({ EnvId: 'shop-1' });
  return call.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  );
}

test('AssumeRole gives two hours, or as long as was asked for', async () => {
  const short = await stsClient(sandbox.url).AssumeRole({ ...ROLE, DurationSeconds: 900 });
  expect([short.ExpiredTime, short.Expiration]).toEqual([START / 1000 + 900, '2026-11-22T00:15:00Z']);
  const usual = await stsClient(sandbox.url).AssumeRole(ROLE);
  expect(usual.ExpiredTime).toBe(START / 1000 + 7200);
});

test('an assumed role is good with its token alone, and until it expires', async () => {
  const { Credentials = {} } = await stsClient(sandbox.url).AssumeRole({ ...ROLE, DurationSeconds: 900 });
  const { Token: _, ...tokenless } = Credentials;
  expect(await use(Credentials)).toBe('OK');
  expect(await use(tokenless)).toBe('AuthFailure.TokenFailure');
  expect(await use({ ...Credentials, Token: 'other' })).toBe('AuthFailure.TokenFailure');
  expect(await use({ ...Credentials, TmpSecretKey: 'other' })).toBe('AuthFailure.SignatureFailure');
  now = START + 899_999;
  expect(await use(Credentials)).toBe('OK');
  now = START + 900_000;
  expect(await use(Credentials)).toBe('AuthFailure.TokenFailure');
});

test('AssumeRole wants a signature; AssumeRoleWithWebIdentity does not', async () => {
  const stranger = stsClient(sandbox.url, { secretId: 'AKIDnobody' });
  expect(await thrown(stranger.AssumeRole(ROLE))).toMatchObject({
    code: 'AuthFailure.SecretIdNotFound',
    message: 'the SecretId is not found',
  });
  const body = { ...ROLE, ProviderId: 'OIDC', WebIdentityToken: 'a-token' };
  const given = await stranger.request('AssumeRoleWithWebIdentity', body, { skipSign: true });
  expect(await use(given.Credentials)).toBe('OK');
  expect(JSON.stringify(sandbox.world.requests.log)).not.toContain('a-token');
});

test.each([
  ['no session name', { RoleArn: ROLE.RoleArn }, 'MissingParameter', 'the request lacks the parameter RoleSessionName'],
  ['no role', { ...ROLE, RoleArn: 'rotator' }, 'InvalidParameter.ParamError', 'the RoleArn is not a role'],
  [
    'thirteen hours',
    { ...ROLE, DurationSeconds: 46_800 },
    'InvalidParameter.OverTimeError',
    'DurationSeconds is not between 1 and 43200',
  ],
])('AssumeRole refuses %s', async (_, body, code, message) => {
  expect(await thrown(stsClient(sandbox.url).request('AssumeRole', body))).toMatchObject({ code, message });
});

test('the lifetime can be set for all', async () => {
  sandbox.world.behaviour.temporaryCredentialSeconds = 60;
  const answer = await stsClient(sandbox.url).AssumeRole({ ...ROLE, DurationSeconds: 900 });
  expect(answer.ExpiredTime).toBe(START / 1000 + 60);
});

test('the metadata service names the role and gives credentials for it', async () => {
  const role = await (await fetch(sandbox.url + METADATA)).text();
  expect(role).toBe('sandbox-role');
  const given = await (await fetch(sandbox.url + METADATA + role)).json();
  expect(given).toEqual({
    Code: 'Success',
    TmpSecretId: expect.any(String),
    TmpSecretKey: expect.any(String),
    Token: expect.any(String),
    ExpiredTime: START / 1000 + 7200,
    Expiration: '2026-11-22T02:00:00Z',
  });
  expect(await use(given as Given)).toBe('OK');
});

test('the metadata service knows no other role, and none where the machine has none', async () => {
  expect((await fetch(`${sandbox.url}${METADATA}other`)).status).toBe(404);
  sandbox.world.cvmRole = undefined;
  expect((await fetch(sandbox.url + METADATA)).status).toBe(404);
});

test('the request log names who signed, and keeps no secret', async () => {
  const { Credentials = {} } = await stsClient(sandbox.url).AssumeRole(ROLE);
  await use(Credentials);
  const [assumed, used] = sandbox.world.requests.log;
  expect([assumed?.service, assumed?.action, assumed?.body]).toEqual(['sts', 'AssumeRole', ROLE]);
  expect(used?.signedBy).toBe(Credentials.TmpSecretId);
  expect(JSON.stringify(sandbox.world.requests.log)).not.toContain(Credentials.Token);
});

test('GetCallerIdentity says whose the credentials are, without any permission', async () => {
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  sandbox.world.credentials.set(secretId, { secretKey, policy: { statement: [] } });
  expect(await stsClient(sandbox.url).GetCallerIdentity()).toMatchObject({
    Arn: 'qcs::cam::uin/100000000001:uin/100000000002',
    AccountId: '100000000001',
    Type: 'CAMUser',
  });
  const { secretId: role, secretKey: ofRole, token } = sandbox.world.issueCredential();
  const assumed = stsClient(sandbox.url, { secretId: role, secretKey: ofRole, token });
  expect(await assumed.GetCallerIdentity()).toMatchObject({ AccountId: '100000000001', Type: 'CAMRole' });
});

test.each<[string, Policy | undefined, string]>([
  ['no policy', undefined, 'OK'],
  ['a statement for this action and environment', allow('tcb:GetProviders', env('shop-1')), 'OK'],
  ['lists of actions and resources', allow(['tcb:ModifyProvider', 'tcb:GetProviders'], ['x', env('shop-1')]), 'OK'],
  ['everything of a service, everywhere', allow('tcb:*', '*'), 'OK'],
  ['no statement at all', { version: '2.0', statement: [] }, 'UnauthorizedOperation'],
  ['another action', allow('tcb:ModifyProvider', env('shop-1')), 'UnauthorizedOperation'],
  ['another environment', allow('tcb:GetProviders', env('shop-12')), 'UnauthorizedOperation'],
])('an access key with %s may read as that says', async (_, policy, code) => {
  const secretKey = 'k';
  sandbox.world.credentials.set('AKIDnarrow', { secretKey, ...(policy === undefined ? {} : { policy }) });
  expect(await use({ TmpSecretId: 'AKIDnarrow', TmpSecretKey: secretKey })).toBe(code);
});

test('a denial names the action and the resource', async () => {
  sandbox.world.credentials.set('AKIDnarrow', { secretKey: 'k', policy: { statement: [] } });
  const denied = tcbClient(sandbox.url, { secretId: 'AKIDnarrow', secretKey: 'k' });
  expect(await thrown(denied.GetProviders({ EnvId: 'shop-1' }))).toMatchObject({
    message: expect.stringContaining(`tcb:GetProviders)\nresource (${env('shop-1')})`),
  });
});

function env(envId: string): string {
  return `qcs::tcb:ap-shanghai:uin/100000000001:env/${envId}`;
}

function allow(action: string | string[], resource: string | string[]): Policy {
  return { statement: [{ effect: 'allow', action, resource }] };
}
