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
    [{ from: 'env', idVariable: 'no name' }, ['idVariable'], 'the name of a variable'],
    [{ from: 'profile', path: '' }, ['path'], 'a path'],
    [{ from: 'cvm-role', endpoint: 'metadata' }, ['endpoint'], 'a URL such as http://metadata.tencentyun.com'],
    [
      { from: 'env', assumeRole: { roleArn: '' } },
      ['assumeRole', 'roleArn'],
      'a role such as qcs::cam::uin/100000000001:roleName/rotator',
    ],
  ])('%o is refused where it is wrong', (options, path, message) => {
    expect(credentialsOptions.safeParse(options).error?.issues).toMatchObject([{ path, message }]);
  });
});
