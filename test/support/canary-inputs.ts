// Secrets where they belong: every way in which the key and the credentials may be given, and a value for every other
// secret of the configuration, written into the file or brought by a variable.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/core/json.ts';
import { SANDBOX_AWS_CREDENTIALS, SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import type { Workspace } from './program.ts';

/** What a way of giving a secret puts into the configuration and into the environment. */
interface Given {
  readonly settings: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
}

const ofVariable = (value: string): Given => ({
  settings: { from: 'env', variable: 'APPLE_KEY' },
  env: { APPLE_KEY: value },
});

/** Ways to give the key, by their name. */
export const KEY_INPUTS: Readonly<Record<string, (place: Workspace, pem: string) => Given>> = {
  'a file': (place) => ({ settings: { from: 'file', path: place.keyFile } }),
  'a file in base64': (place, pem) => ({
    settings: { from: 'file', path: written(place, 'key', Buffer.from(pem).toString('base64')) },
  }),
  'a variable': (_, pem) => ofVariable(pem),
  'a variable of one line': (_, pem) => ofVariable(pem.replaceAll('\n', '\\n')),
  'a variable in base64': (_, pem) => ofVariable(Buffer.from(pem).toString('base64')),
  'a variable of JSON': (_, pem) => ofVariable(JSON.stringify({ privateKey: pem })),
  'the file of a variable': (place) => ({ ...ofVariable(''), env: { APPLE_KEY_FILE: place.keyFile } }),
  'Tencent SSM': ({ world, sandbox }, pem) => {
    world.ssmSecrets.put({ name: 'apple-key', text: pem });
    return {
      settings: { from: 'tencent-ssm', secretName: 'apple-key', region: 'ap-shanghai', endpoint: sandbox.url },
    };
  },
  'AWS Secrets Manager': ({ world, sandbox }, pem) => {
    world.awsSecrets.put({ name: 'apple-key', text: JSON.stringify({ privateKey: pem }) });
    const { accessKeyId, secretAccessKey } = SANDBOX_AWS_CREDENTIALS;
    return {
      settings: {
        from: 'aws-secrets-manager',
        secretId: 'apple-key',
        region: 'ap-southeast-1',
        endpoint: sandbox.url,
      },
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    };
  },
};

const { secretId, secretKey } = SANDBOX_CREDENTIALS;
const ROLE = 'qcs::cam::uin/100000000001:roleName/rotator';
export const WEB_IDENTITY = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"rotator"}').toString('base64url')}.w3b1dent1tyOfThePod0000`;

/** Ways to give the credentials of Tencent Cloud. `url`: where temporary ones come from. */
export const CREDENTIAL_INPUTS: Readonly<Record<string, (place: Workspace, url: string) => Given>> = {
  'a profile': () => ({ settings: { from: 'profile', path: './credentials' } }),
  variables: () => ({
    settings: { from: 'env' },
    env: { TENCENTCLOUD_SECRET_ID: secretId, TENCENTCLOUD_SECRET_KEY: secretKey },
  }),
  'the files of variables': (place) => ({
    settings: { from: 'env' },
    env: {
      TENCENTCLOUD_SECRET_ID_FILE: written(place, 'id', secretId),
      TENCENTCLOUD_SECRET_KEY_FILE: written(place, 'secret-key', secretKey),
    },
  }),
  'a role': (_, endpoint) => ({
    settings: { from: 'profile', path: './credentials', assumeRole: { roleArn: ROLE, endpoint } },
  }),
  'a pod': (place, endpoint) => ({
    settings: { from: 'tke-oidc', endpoint },
    env: {
      TKE_REGION: 'ap-shanghai',
      TKE_PROVIDER_ID: 'provider',
      TKE_WEB_IDENTITY_TOKEN_FILE: written(place, 'token', WEB_IDENTITY),
      TKE_ROLE_ARN: ROLE,
    },
  }),
};

/** A file of the test's own, which the search leaves out by its ending. */
function written({ folder }: Workspace, name: string, content: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}
