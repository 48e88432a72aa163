// What the errors of Tencent's Secrets Manager mean for a key, and the forms in which a secret may be kept there; the
// rest is in the shared contract.
import { describe, expect, test } from 'vitest';
import { createTencentSsmKeySource, options } from '../../../src/adapters/keys/tencent-ssm.ts';
import type { SecretState } from '../../../src/sandbox/secret-store.ts';
import type { World } from '../../../src/sandbox/server.ts';
import { serve } from '../../support/servers.ts';
import { sandbox, tencentClient } from '../../support/tencent.ts';

const NAME = 'apple-key';
const ORIGIN = 'apple-key SSM_Current (tencent-ssm, ap-shanghai)';

function read(url: string, overrides: { versionId?: string; region?: string } = {}, timeoutMs = 5_000) {
  const parsed = options.parse({ from: 'tencent-ssm', secretName: NAME, region: 'ap-shanghai', ...overrides });
  const client = tencentClient(url, { service: 'ssm', region: parsed.region, timeoutMs });
  return createTencentSsmKeySource(parsed, { client }).read(new AbortController().signal);
}

describe('a secret', () => {
  test('kept as text, or as bytes, comes as text', async () => {
    const { url, world } = await sandbox();
    world.ssmSecrets.put({ name: NAME, text: '{"teamId":"ü"}' });
    expect(await read(url)).toEqual({ text: '{"teamId":"ü"}', origin: ORIGIN, warnings: [] });
    world.ssmSecrets.put({ name: NAME, binary: Buffer.from('-----BEGIN…') });
    expect((await read(url)).text).toBe('-----BEGIN…');
  });

  test('is looked for by version, in the region that was named', async () => {
    const { url, world } = await sandbox();
    world.ssmSecrets.put({ name: NAME, version: 'v2', text: 'second', region: 'ap-guangzhou' });
    expect((await read(url, { versionId: 'v2', region: 'ap-guangzhou' })).text).toBe('second');
    await expect(read(url, { versionId: 'v2' })).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' });
    await expect(read(url, { region: 'ap-guangzhou' })).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' });
  });

  test('that is empty holds no key', async () => {
    const server = await serve((_, response) => response.end('{"Response":{"SecretString":"","SecretBinary":""}}'));
    await expect(read(server.url)).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND', message: `${ORIGIN} is empty` });
  });

  test.each(['{"SecretString":7}', '{"SecretBinary":"%%%"}'])('in an unknown form may pass: %s', async (response) => {
    const server = await serve((_, answer) => answer.end(`{"Response":${response}}`));
    await expect(read(server.url)).rejects.toMatchObject({
      code: 'ERR_KEY_SOURCE_UNAVAILABLE',
      message: `${ORIGIN} cannot be read now: the answer has an unknown form`,
    });
  });
});

describe('a secret that cannot be had', () => {
  test.each([
    ['disabled', 'ERR_KEY_NOT_FOUND', 'is disabled (ResourceUnavailable.ResourceDisabled)'],
    ['pending-delete', 'ERR_KEY_NOT_FOUND', 'is about to be deleted (ResourceUnavailable.ResourcePendingDeleted)'],
    [
      'denied',
      'ERR_KEY_FORBIDDEN',
      ': ssm GetSecretValue is not permitted (AuthFailure.UnauthorizedOperation); CAM names ssm:GetSecretValue',
    ],
    ['key-failure', 'ERR_KEY_FORBIDDEN', 'cannot be decrypted: KMS refuses its key (FailedOperation.AccessKmsError)'],
  ] as const)('because it is %s', async (state: SecretState, code, what) => {
    const { url, world } = await sandbox();
    world.ssmSecrets.put({ name: NAME, text: 'x', state });
    await expect(read(url)).rejects.toMatchObject({
      code,
      message: what.startsWith(':') ? `${ORIGIN}${what}` : `${ORIGIN} ${what}`,
      remedy: 'person',
    });
  });

  test.each([
    [{ kind: 'error', code: 'ResourceNotFound' }, 'ERR_KEY_NOT_FOUND', ' does not exist (ResourceNotFound)'],
    [
      { kind: 'error', code: 'ResourceUnavailable.NotPurchased' },
      'ERR_KEY_FORBIDDEN',
      ' is not available (ResourceUnavailable.NotPurchased)',
    ],
    [
      { kind: 'error', code: 'InvalidParameterValue' },
      'ERR_KEY_NOT_FOUND',
      ' has no valid name or version id (InvalidParameterValue)',
    ],
    [
      { kind: 'error', code: 'OperationDenied.RoleNotExist' },
      'ERR_KEY_FORBIDDEN',
      ' cannot be read: SSM has no service role in this account (OperationDenied.RoleNotExist)',
    ],
    [
      { kind: 'error', code: 'LimitExceeded' },
      'ERR_KEY_FORBIDDEN',
      ': ssm GetSecretValue reached a limit of the account (LimitExceeded)',
    ],
    [
      { kind: 'error', code: 'IpNotInWhitelist' },
      'ERR_KEY_FORBIDDEN',
      ': ssm GetSecretValue is not permitted from the address of this machine (IpNotInWhitelist)',
    ],
    [
      { kind: 'error', code: 'ActionOffline' },
      'ERR_KEY_FORBIDDEN',
      ': ssm GetSecretValue is no longer offered by the API (ActionOffline)',
    ],
    [{ kind: 'error', code: 'FailedOperation' }, 'ERR_KEY_FORBIDDEN', ': ssm GetSecretValue failed (FailedOperation)'],
    [
      { kind: 'error', code: 'FailedOperation.OperationConflict' },
      'ERR_KEY_SOURCE_UNAVAILABLE',
      ': ssm GetSecretValue found the resource in use (FailedOperation.OperationConflict)',
    ],
    [
      { kind: 'error', code: 'RequestLimitExceeded' },
      'ERR_KEY_SOURCE_UNAVAILABLE',
      ': ssm GetSecretValue was throttled (RequestLimitExceeded)',
    ],
    [
      { kind: 'error', code: 'AuthFailure.SignatureExpire' },
      'ERR_KEY_SOURCE_UNAVAILABLE',
      ": ssm GetSecretValue was refused because of the time of its signature; but the clock of this machine agrees with the server's (AuthFailure.SignatureExpire)",
    ],
    [
      { kind: 'status', status: 500 },
      'ERR_KEY_SOURCE_UNAVAILABLE',
      ': ssm GetSecretValue was answered with an error (HTTP 500)',
    ],
    [
      { kind: 'reset-before' },
      'ERR_KEY_SOURCE_UNAVAILABLE',
      ': ssm GetSecretValue failed: could not connect, or the connection was lost (ECONNRESET)',
    ],
    [{ kind: 'hang' }, 'ERR_KEY_SOURCE_UNAVAILABLE', ': ssm GetSecretValue failed: no answer within 200 ms'],
  ] as const)('because of %o', async (fault, code, what) => {
    const { url, world } = await withFault(fault);
    const timeoutMs = fault.kind === 'hang' ? 200 : 5_000;
    await expect(read(url, {}, timeoutMs)).rejects.toMatchObject({ code, message: `${ORIGIN}${what}` });
    expect(world.requests.log.length).toBe('code' in fault && fault.code === 'AuthFailure.SignatureExpire' ? 2 : 1);
  });

  test.each([
    [
      { kind: 'error', code: 'AuthFailure.SecretIdNotFound' },
      'ERR_CREDENTIALS_REJECTED',
      'ssm GetSecretValue was refused because of its credentials (AuthFailure.SecretIdNotFound)',
    ],
    [
      { kind: 'redirect', location: 'http://127.0.0.1:1/' },
      'ERR_REDIRECTED',
      'ssm GetSecretValue was answered with a redirect (HTTP 307), which is never followed',
    ],
  ] as const)('for a cause that is not the secret: %o', async (fault, code, message) => {
    const { url } = await withFault(fault);
    await expect(read(url)).rejects.toMatchObject({ code, message });
  });
});

async function withFault(fault: Omit<Parameters<World['faults']['add']>[0], 'service'>) {
  const started = await sandbox();
  started.world.faults.add({ service: 'ssm', ...fault });
  return started;
}
