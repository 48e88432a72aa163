// The options of the sources, as a configuration gives them.
import { describe, expect, test } from 'vitest';
import { credentialsOptions } from '../../../../src/adapters/tencent/credentials/registry.ts';
import { ROLE_ARN } from './support.ts';

describe('credentials', () => {
  test.each([
    { from: 'env' },
    { from: 'env', idVariable: 'A', keyVariable: 'B', tokenVariable: 'C' },
    { from: 'profile', path: '/p', profile: 'x' },
    { from: 'cvm-role', endpoint: 'http://127.0.0.1:4180' },
    {
      from: 'tke-oidc',
      assumeRole: { roleArn: ROLE_ARN, sessionName: 's', externalId: 'e', endpoint: 'https://sts.x' },
    },
  ])('%o is understood', (options) => {
    expect(credentialsOptions.parse(options)).toEqual(options);
  });

  test.each([
    [{ from: 'env', secretId: 'AKID' }, [], 'Unrecognized key: "secretId"'],
    [{ from: 'env', idVariable: 'no name' }, ['idVariable'], ['variable']],
    [{ from: 'profile', path: '' }, ['path'], ['path']],
    [{ from: 'cvm-role', endpoint: 'metadata' }, ['endpoint'], ['url', 'http://metadata.tencentyun.com']],
    [
      { from: 'env', assumeRole: { roleArn: '' } },
      ['assumeRole', 'roleArn'],
      ['role', 'qcs::cam::uin/100000000001:roleName/rotator'],
    ],
  ])('%o is refused where it is wrong', (options, path, message) => {
    expect(credentialsOptions.safeParse(options).error?.issues).toMatchObject([
      // What is wanted travels as data; config/ makes a sentence of it.
      { path, message: typeof message === 'string' ? message : JSON.stringify(message) },
    ]);
  });
});
