// AWS Secrets Manager: GetSecretValue in its JSON 1.1 protocol. Errors are HTTP 400 with `__type`.
import type { JsonObject } from '../core/json.ts';
import { type Answer, type Call, type Incoming, json, jsonObject } from './exchange.ts';
import type { SecretState, SecretVersion } from './secret-store.ts';
import { verifySigV4 } from './sigv4.ts';
import type { World } from './world.ts';

const TARGET = 'secretsmanager.';
const CONTENT_TYPE = 'application/x-amz-json-1.1';

const REFUSALS: Readonly<Record<Exclude<SecretState, 'enabled'>, readonly [code: string, message: string]>> = {
  disabled: ['InvalidRequestException', 'You can not perform this operation on the secret in its current state'],
  'pending-delete': [
    'InvalidRequestException',
    'You can not perform this operation on the secret because it was marked for deletion',
  ],
  denied: ['AccessDeniedException', 'the caller is not authorized to perform: secretsmanager:GetSecretValue'],
  'key-failure': ['DecryptionFailure', 'Secrets Manager cannot decrypt the secret value with the KMS key'],
};

/** The call, if the request has an X-Amz-Target header. */
export function awsCall(incoming: Incoming): Call | undefined {
  const target = incoming.headers['x-amz-target'];
  if (target === undefined) return undefined;
  const action = target.startsWith(TARGET) ? target.slice(TARGET.length) : target;
  const [, signedBy, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(incoming.headers['authorization'] ?? '') ?? [];
  const body = jsonObject(incoming.body) ?? {};
  return {
    service: 'aws',
    action,
    ...(region === undefined ? {} : { region }),
    ...(signedBy === undefined ? {} : { signedBy }),
    body,
    error: failure,
    answer: (world) => (action === 'GetSecretValue' ? getSecretValue(world, incoming, body) : unknownAction()),
  };
}

function getSecretValue(world: World, incoming: Incoming, body: JsonObject): Answer {
  const now = world.clock.now();
  const shown = now + world.behaviour.dateOffsetSeconds * 1000;
  const verdict = verifySigV4(incoming, {
    service: 'secretsmanager',
    credential: (accessKeyId) => world.credentials.get(accessKeyId),
    // The SDK signs by the machine's clock, and later by the Date header of an answer.
    clocks: [Date.now(), now, shown],
    nowMs: now,
  });
  if (!verdict.ok) return failure(verdict.code, verdict.message);
  const { SecretId: id, VersionId: versionId, VersionStage: stage } = body;
  if (typeof id !== 'string' || id === '') return failure('ValidationException', 'SecretId is missing');
  const name = secretNameOf(id);
  const secret = world.awsSecrets.get({ region: verdict.region, name });
  if (secret === undefined)
    return failure('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  if (secret.state !== 'enabled') return failure(...REFUSALS[secret.state]);
  const version = secret.versions.find((one) =>
    versionId === undefined ? one.label === (stage ?? 'AWSCURRENT') : one.versionId === versionId,
  );
  if (version === undefined)
    return failure(
      'ResourceNotFoundException',
      "Secrets Manager can't find the specified secret value for the version or staging label",
    );
  return json(200, value(version, verdict.region, name), CONTENT_TYPE);
}

/** The name of a secret that is named so, or by its ARN, which ends with six characters more. */
export function secretNameOf(id: string): string {
  return id.replace(/^arn:aws[a-z-]*:secretsmanager:[^:]*:\d*:secret:(.*)-[A-Za-z0-9]{6}$/, '$1');
}

function value(version: SecretVersion, region: string, name: string): Readonly<Record<string, unknown>> {
  return {
    ARN: `arn:aws:secretsmanager:${region}:000000000000:secret:${name}-a1b2c3`,
    Name: name,
    VersionId: version.versionId,
    ...(version.text === undefined ? {} : { SecretString: version.text }),
    ...(version.binary === undefined ? {} : { SecretBinary: version.binary.toString('base64') }),
    VersionStages: [version.label],
    CreatedDate: version.createdAt / 1000,
  };
}

function unknownAction(): Answer {
  return failure('UnknownOperationException', 'the operation does not exist');
}

function failure(code: string, message: string, status: number | undefined = 400): Answer {
  return json(status, { __type: code, message }, CONTENT_TYPE);
}
