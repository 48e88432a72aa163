// The two secret stores as their vendors' real clients meet them.
import { GetSecretValueCommand, type GetSecretValueCommandInput } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { awsClient, ssmClient, thrown } from './clients.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.world.reset());

describe('Tencent SSM', () => {
  const get = (SecretName: string, VersionId = 'SSM_Current', region = 'ap-shanghai') =>
    ssmClient(sandbox.url, { region }).GetSecretValue({ SecretName, VersionId });

  test('gives text', async () => {
    sandbox.world.ssmSecrets.put({ name: 'apple', text: 'pem' });
    expect(await get('apple')).toEqual({
      SecretName: 'apple',
      VersionId: 'SSM_Current',
      SecretString: 'pem',
      SecretBinary: '',
      RequestId: expect.any(String),
    });
  });

  test('gives bytes in base64', async () => {
    sandbox.world.ssmSecrets.put({ name: 'apple', binary: Buffer.from('pem') });
    expect(await get('apple')).toMatchObject({ SecretString: '', SecretBinary: 'cGVt' });
  });

  test('keeps versions and regions apart', async () => {
    sandbox.world.ssmSecrets.put({ name: 'apple', text: 'one', version: 'v1' });
    sandbox.world.ssmSecrets.put({ name: 'apple', text: 'two', version: 'v2' });
    sandbox.world.ssmSecrets.put({ name: 'apple', text: 'south', version: 'v1', region: 'ap-guangzhou' });
    expect((await get('apple', 'v1')).SecretString).toBe('one');
    expect((await get('apple', 'v2')).SecretString).toBe('two');
    expect((await get('apple', 'v1', 'ap-guangzhou')).SecretString).toBe('south');
    expect(await thrown(get('apple'))).toMatchObject({
      code: 'ResourceNotFound',
      message: 'the secret apple has no version SSM_Current',
    });
  });

  test('does not know a secret that was never put, or was deleted', async () => {
    sandbox.world.ssmSecrets.put({ name: 'apple', text: 'pem' });
    expect(sandbox.world.ssmSecrets.delete({ name: 'apple' })).toBe(true);
    expect(sandbox.world.ssmSecrets.delete({ name: 'apple' })).toBe(false);
    expect(await thrown(get('apple'))).toMatchObject({
      code: 'ResourceNotFound',
      message: 'the secret apple does not exist in ap-shanghai',
    });
  });

  test.each([
    ['disabled', 'ResourceUnavailable.ResourceDisabled', 'the secret is disabled'],
    ['pending-delete', 'ResourceUnavailable.ResourcePendingDeleted', 'the secret is about to be deleted'],
    ['denied', 'AuthFailure.UnauthorizedOperation', 'not authorized to perform ssm:GetSecretValue'],
    ['key-failure', 'FailedOperation.AccessKmsError', 'KMS cannot be reached or refuses the key'],
  ] as const)('refuses one that is %s', async (state, code, message) => {
    sandbox.world.ssmSecrets.put({ name: 'apple', text: 'pem', state });
    expect(await thrown(get('apple'))).toMatchObject({ code, message });
  });

  test('a secret is put with text or bytes, not both', () => {
    expect(() => sandbox.world.ssmSecrets.put({ name: 'apple' })).toThrow('a secret has either text or binary');
  });
});

describe('AWS Secrets Manager', () => {
  const get = (input: GetSecretValueCommandInput, options: Parameters<typeof awsClient>[1] = {}) =>
    awsClient(sandbox.url, options).send(new GetSecretValueCommand(input));
  const refused = async (input: GetSecretValueCommandInput, options: Parameters<typeof awsClient>[1] = {}) => {
    const { name, message } = await thrown(get(input, options));
    return { name, message };
  };

  test('gives text', async () => {
    sandbox.world.awsSecrets.put({ name: 'prod/apple', text: 'pem' });
    const { $metadata, ...answer } = await get({ SecretId: 'prod/apple' });
    expect(answer).toEqual({
      ARN: 'arn:aws:secretsmanager:ap-southeast-1:000000000000:secret:prod/apple-a1b2c3',
      Name: 'prod/apple',
      VersionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      SecretString: 'pem',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: expect.any(Date),
    });
    expect((await get({ SecretId: answer.ARN })).SecretString).toBe('pem');
    expect((await get({ SecretId: 'prod/apple', VersionId: answer.VersionId })).SecretString).toBe('pem');
  });

  test('gives bytes, whether put as bytes or as base64', async () => {
    sandbox.world.awsSecrets.put({ name: 'bytes', binary: new TextEncoder().encode('pem') });
    sandbox.world.awsSecrets.put({ name: 'base64', binary: 'cGVt' });
    for (const SecretId of ['bytes', 'base64']) {
      const answer = await get({ SecretId });
      expect(new TextDecoder().decode(answer.SecretBinary)).toBe('pem');
      expect(answer.SecretString).toBeUndefined();
    }
  });

  test('keeps stages and regions apart', async () => {
    sandbox.world.awsSecrets.put({ name: 'apple', text: 'now' });
    sandbox.world.awsSecrets.put({ name: 'apple', text: 'before', stage: 'AWSPREVIOUS' });
    sandbox.world.awsSecrets.put({ name: 'apple', text: 'west', region: 'us-west-2' });
    expect((await get({ SecretId: 'apple' })).SecretString).toBe('now');
    expect((await get({ SecretId: 'apple', VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('before');
    expect((await get({ SecretId: 'apple' }, { region: 'us-west-2' })).SecretString).toBe('west');
    expect(await refused({ SecretId: 'apple', VersionStage: 'AWSPENDING' })).toEqual({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for the version or staging label",
    });
  });

  test('does not know a secret that was never put', async () => {
    expect(await refused({ SecretId: 'apple' })).toEqual({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    });
  });

  test.each([
    ['disabled', 'InvalidRequestException', 'You can not perform this operation on the secret in its current state'],
    [
      'pending-delete',
      'InvalidRequestException',
      'You can not perform this operation on the secret because it was marked for deletion',
    ],
    ['denied', 'AccessDeniedException', 'the caller is not authorized to perform: secretsmanager:GetSecretValue'],
    ['key-failure', 'DecryptionFailure', 'Secrets Manager cannot decrypt the secret value with the KMS key'],
  ] as const)('refuses one that is %s', async (state, name, message) => {
    sandbox.world.awsSecrets.put({ name: 'apple', text: 'pem', state });
    expect(await refused({ SecretId: 'apple' })).toEqual({ name, message });
  });

  const invalidToken = 'the security token included in the request is invalid';

  test.each([
    [
      'a wrong key',
      { secretAccessKey: 'wrong' },
      'InvalidSignatureException',
      'the request signature we calculated does not match the one you provided',
    ],
    ['an unknown id', { accessKeyId: 'AKIANOBODY0000000000' }, 'UnrecognizedClientException', invalidToken],
    ['a strange session token', { sessionToken: 't' }, 'UnrecognizedClientException', invalidToken],
  ])('refuses %s', async (_, options, name, message) => {
    sandbox.world.awsSecrets.put({ name: 'apple', text: 'pem' });
    expect(await refused({ SecretId: 'apple' }, options)).toEqual({ name, message });
  });

  test('accepts temporary credentials with their token until they expire', async () => {
    sandbox.world.awsSecrets.put({ name: 'apple', text: 'pem' });
    const { secretId, secretKey, token } = sandbox.world.issueCredential(60);
    const options = { accessKeyId: secretId, secretAccessKey: secretKey, sessionToken: token };
    expect((await get({ SecretId: 'apple' }, options)).SecretString).toBe('pem');
    sandbox.world.credentials.set(secretId, { secretKey, token, expiresAt: Date.now() });
    expect(await refused({ SecretId: 'apple' }, options)).toEqual({
      name: 'ExpiredTokenException',
      message: 'the security token included in the request is expired',
    });
  });

  test.each([
    ['GetSecretValue', 'MissingAuthenticationTokenException', 'the request is not signed'],
    ['PutSecretValue', 'UnknownOperationException', 'the operation does not exist'],
  ])('an unsigned %s is refused', async (action, type, message) => {
    const answer = await fetch(sandbox.url, {
      method: 'POST',
      headers: { 'x-amz-target': `secretsmanager.${action}` },
      body: 'not JSON',
    });
    expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect([answer.status, await answer.json()]).toEqual([400, { __type: type, message }]);
  });
});
