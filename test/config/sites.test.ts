// Tencent's two sites: no mix of them is accepted, and what is not stated follows cloudbase.endpoint.
import { describe, expect, test } from 'vitest';
import { load, problemsOf, TARGETS } from './support.ts';

const INTL = 'https://tcb.intl.tencentcloudapi.com';
const DOMESTIC = 'https://tcb.tencentcloudapi.com';
const MIXED = 'site, as ';

const shared = (endpoint: string, credentials = 'from: env') =>
  `cloudbase: { endpoint: "${endpoint}", credentials: { ${credentials} } }\n`;
const role = (endpoint: string) => `from: env, assumeRole: { roleArn: r, endpoint: "${endpoint}" }`;
const ssm = (rest: string) =>
  TARGETS.replace('from: file, path: key.p8', `from: tencent-ssm, secretName: s, region: ap-singapore${rest}`);

describe('what is not stated', () => {
  test.each([
    [INTL, 'https://sts.intl.tencentcloudapi.com', 'https://ssm.intl.tencentcloudapi.com'],
    [DOMESTIC, 'https://sts.tencentcloudapi.com', 'https://ssm.tencentcloudapi.com'],
    [
      'https://tcb.ap-shanghai.tencentcloudapi.com',
      'https://sts.tencentcloudapi.com',
      'https://ssm.tencentcloudapi.com',
    ],
    ['http://127.0.0.1:4180', 'https://sts.tencentcloudapi.com', 'https://ssm.tencentcloudapi.com'],
  ])('follows %s', async (endpoint, sts, secrets) => {
    const credentials = 'from: tke-oidc, assumeRole: { roleArn: r }';
    const { config } = await load(shared(endpoint, credentials) + ssm(''));
    const filled = { from: 'tke-oidc', endpoint: sts, assumeRole: { roleArn: 'r', endpoint: sts } };
    expect(config.targets[0]?.cloudbase.credentials).toEqual(filled);
    expect(config.targets[0]?.key).toMatchObject({ endpoint: secrets, credentials: filled });
    expect(config.targets[0]?.login.endpoint).toBe(
      endpoint === INTL
        ? 'https://{envId}.api.intl.tcloudbasegateway.com'
        : 'https://{envId}.api.tcloudbasegateway.com',
    );
  });

  test("follows a target's own endpoint", async () => {
    const own = `${ssm('')}    cloudbase: { endpoint: "${INTL}", credentials: { from: tke-oidc } }\n`;
    const { config } = await load(own);
    expect(config.targets[0]).toMatchObject({
      key: { endpoint: 'https://ssm.intl.tencentcloudapi.com' },
      cloudbase: { credentials: { endpoint: 'https://sts.intl.tencentcloudapi.com' } },
    });
  });
});

describe('a mix of sites', () => {
  test.each([
    [
      'STS beside CloudBase',
      'cloudbase.credentials.assumeRole.endpoint',
      shared(INTL, role('https://sts.tencentcloudapi.com')) + TARGETS,
    ],
    [
      'STS of a pod',
      'cloudbase.credentials.endpoint',
      shared(DOMESTIC, 'from: tke-oidc, endpoint: "https://sts.intl.tencentcloudapi.com"') + TARGETS,
    ],
    [
      'STS beside the default',
      'cloudbase.credentials.assumeRole.endpoint',
      `cloudbase: { credentials: { ${role('https://sts.intl.tencentcloudapi.com')} } }\n${TARGETS}`,
    ],
    [
      'SSM beside CloudBase',
      'targets[0].key.endpoint',
      shared(INTL) + ssm(', endpoint: "https://ssm.tencentcloudapi.com"'),
    ],
    [
      'SSM of a region',
      'targets[0].key.endpoint',
      shared(INTL) + ssm(', endpoint: "https://ssm.ap-singapore.tencentcloudapi.com"'),
    ],
    ['SSM beside the default', 'targets[0].key.endpoint', ssm(', endpoint: "https://ssm.intl.tencentcloudapi.com"')],
    [
      'credentials of the key',
      'targets[0].key.credentials.assumeRole.endpoint',
      shared(INTL) + ssm(`, credentials: { ${role('https://sts.tencentcloudapi.com')} }`),
    ],
    [
      "a target's own STS",
      'targets[0].cloudbase.credentials.assumeRole.endpoint',
      `${shared(INTL)}${TARGETS}    cloudbase: { credentials: { ${role('https://sts.tencentcloudapi.com')} } }\n`,
    ],
    [
      'the login interface beside CloudBase',
      'cloudbase.loginEndpoint',
      `cloudbase: { endpoint: "${INTL}", loginEndpoint: "https://{envId}.api.tcloudbasegateway.com" }\n${TARGETS}`,
    ],
    [
      "a target's own login interface",
      'targets[0].cloudbase.loginEndpoint',
      `${TARGETS}    cloudbase: { loginEndpoint: "https://{envId}.api.intl.tcloudbasegateway.com" }\n`,
    ],
    [
      "a target's endpoint beside the login interface of all",
      'targets[0].cloudbase.endpoint',
      `cloudbase: { loginEndpoint: "https://{envId}.api.tcloudbasegateway.com" }\n${TARGETS}    cloudbase: { endpoint: "${INTL}" }\n`,
    ],
    [
      "a target's endpoint beside the credentials of all",
      'targets[0].cloudbase.endpoint',
      `${shared(DOMESTIC, role('https://sts.tencentcloudapi.com'))}${TARGETS}    cloudbase: { endpoint: "${INTL}" }\n`,
    ],
  ])('%s is refused, once', async (_name, key, yaml) => {
    const problems = await problemsOf(yaml);
    expect(problems).toEqual([expect.stringContaining(` ${key}: found `)]);
    expect(problems[0]).toContain(MIXED);
  });

  test('says where the other site stands', async () => {
    expect(await problemsOf(shared(INTL) + ssm(', endpoint: "https://ssm.tencentcloudapi.com"'))).toEqual([
      '5 targets[0].key.endpoint: found "https://ssm.tencentcloudapi.com", wanted an endpoint of the international site, as cloudbase.endpoint is (tcb.intl.tencentcloudapi.com)',
    ]);
  });

  test.each([
    [
      'targets of two sites',
      `${shared(DOMESTIC)}${TARGETS}  - name: b\n    envId: b\n    key: { from: file, path: k }\n    cloudbase: { endpoint: "${INTL}" }\n`,
    ],
    [
      'one site throughout',
      shared(INTL, role('https://sts.intl.tencentcloudapi.com')) +
        ssm(', endpoint: "https://ssm.intl.tencentcloudapi.com"'),
    ],
    ['loopback beside a site', shared(INTL, role('http://127.0.0.1:1')) + ssm(', endpoint: "http://127.0.0.1:2"')],
  ])('%s is none', async (_name, yaml) => {
    expect((await load(yaml)).config.targets.length).toBeGreaterThan(0);
  });
});
