// Where URLs may go: loopback by any scheme, elsewhere https to the vendor's own hosts or to those of allowHosts.
import { describe, expect, test } from 'vitest';
import { isLoginHost } from '../../src/config/hosts.ts';
import { isLoopback } from '../../src/net/proxy.ts';
import { load, problemsOf, TARGETS } from './support.ts';

const USES = {
  'apple.tokenUrl': (url: string) => `apple: { tokenUrl: "${url}" }\n${TARGETS}`,
  'cloudbase.endpoint': (url: string) => `cloudbase: { endpoint: "${url}" }\n${TARGETS}`,
  'targets[0].cloudbase.endpoint': (url: string) => `${TARGETS}    cloudbase: { endpoint: "${url}" }\n`,
  'cloudbase.loginEndpoint': (url: string) => `cloudbase: { loginEndpoint: "${url}" }\n${TARGETS}`,
  'targets[0].cloudbase.loginEndpoint': (url: string) => `${TARGETS}    cloudbase: { loginEndpoint: "${url}" }\n`,
  'cloudbase.credentials.assumeRole.endpoint': (url: string) =>
    `cloudbase: { credentials: { from: env, assumeRole: { roleArn: r, endpoint: "${url}" } } }\n${TARGETS}`,
  'targets[0].cloudbase.credentials.endpoint': (url: string) =>
    `${TARGETS}    cloudbase: { credentials: { from: tke-oidc, endpoint: "${url}" } }\n`,
  'cloudbase.credentials.endpoint': (url: string) =>
    `cloudbase: { credentials: { from: cvm-role, endpoint: "${url}" } }\n${TARGETS}`,
  'targets[0].key.endpoint': (url: string) => key(`from: tencent-ssm, secretName: s, region: r-1, endpoint: "${url}"`),
  'targets[0].key.credentials.assumeRole.endpoint': (url: string) =>
    key(
      `from: tencent-ssm, secretName: s, region: r-1, credentials: { from: env, assumeRole: { roleArn: r, endpoint: "${url}" } }`,
    ),
} as const;

function key(options: string): string {
  return TARGETS.replace('from: file, path: key.p8', options);
}

const aws = (url: string) => key(`from: aws-secrets-manager, secretId: s, region: eu-west-1, endpoint: "${url}"`);

const ALLOWED: [keyof typeof USES, string][] = [
  ['apple.tokenUrl', 'https://appleid.apple.com/auth/token'],
  ['apple.tokenUrl', 'https://APPLEID.apple.com/other'],
  ['apple.tokenUrl', 'http://127.0.0.1:4180/auth/token'],
  ['apple.tokenUrl', 'http://[::1]:4180/auth/token'],
  ['apple.tokenUrl', 'http://localhost/auth/token'],
  ['cloudbase.endpoint', 'https://tcb.tencentcloudapi.com'],
  ['cloudbase.endpoint', 'https://tcb.ap-shanghai.tencentcloudapi.com/'],
  ['cloudbase.endpoint', 'https://tcb.intl.tencentcloudapi.com'],
  ['targets[0].cloudbase.endpoint', 'http://127.1.2.3:1'],
  ['cloudbase.loginEndpoint', 'https://{envId}.api.tcloudbasegateway.com'],
  ['cloudbase.loginEndpoint', 'http://127.0.0.1:4180/login/{envId}'],
  ['targets[0].cloudbase.loginEndpoint', 'https://{envId}.api.tcloudbasegateway.com/'],
  ['targets[0].cloudbase.loginEndpoint', 'https://shop-1.api.tcloudbasegateway.com'],
  ['cloudbase.credentials.assumeRole.endpoint', 'https://sts.tencentcloudapi.com'],
  ['targets[0].cloudbase.credentials.endpoint', 'https://sts.ap-guangzhou.tencentcloudapi.com'],
  ['cloudbase.credentials.endpoint', 'http://metadata.tencentyun.com'],
  ['targets[0].key.endpoint', 'https://ssm.tencentcloudapi.com'],
  ['targets[0].key.credentials.assumeRole.endpoint', 'https://sts.tencentcloudapi.com'],
];

const REFUSED: [keyof typeof USES, string][] = [
  ['apple.tokenUrl', 'http://appleid.apple.com/auth/token'],
  ['apple.tokenUrl', 'https://appleid.apple.com.evil.example/auth/token'],
  ['apple.tokenUrl', 'https://apple.com/auth/token'],
  ['apple.tokenUrl', 'https://user:pass@appleid.apple.com/auth/token'],
  ['apple.tokenUrl', 'https://127.0.0.1.evil.example/'],
  ['cloudbase.endpoint', 'http://tcb.tencentcloudapi.com'],
  ['cloudbase.endpoint', 'https://ssm.tencentcloudapi.com'],
  ['cloudbase.endpoint', 'https://eviltcb.tencentcloudapi.com'],
  ['cloudbase.endpoint', 'https://tcb.tencentcloudapi.com.evil.example'],
  ['cloudbase.endpoint', 'https://tcb.tencentcloudapi.com/path'],
  ['targets[0].cloudbase.endpoint', 'https://tcb.eviltencentcloudapi.com'],
  ['cloudbase.loginEndpoint', 'http://{envId}.api.tcloudbasegateway.com'],
  ['cloudbase.loginEndpoint', 'https://tcb.tencentcloudapi.com'],
  ['cloudbase.loginEndpoint', 'https://api.tcloudbasegateway.com'],
  ['cloudbase.loginEndpoint', 'https://{envId}.api.tcloudbasegateway.com?x={envId}'],
  ['cloudbase.loginEndpoint', 'https://user:pass@{envId}.api.tcloudbasegateway.com'],
  ['cloudbase.loginEndpoint', 'https://api.tcloudbasegateway.com.{envId}'],
  ['targets[0].cloudbase.loginEndpoint', 'https://{envId}.api.tcloudbasegateway.com.evil.example'],
  ['targets[0].cloudbase.loginEndpoint', 'https://eviltcloudbasegateway.com'],
  ['cloudbase.credentials.assumeRole.endpoint', 'https://tcb.tencentcloudapi.com'],
  ['targets[0].cloudbase.credentials.endpoint', 'https://ssm.tencentcloudapi.com'],
  ['cloudbase.credentials.endpoint', 'http://metadata.example'],
  ['targets[0].key.endpoint', 'https://tcb.tencentcloudapi.com'],
  ['targets[0].key.credentials.assumeRole.endpoint', 'https://evil.example'],
];

describe('endpoints', () => {
  test.each(ALLOWED)('%s may be %s', async (use, url) => {
    expect((await load(USES[use](url))).config.targets).toHaveLength(1);
  });

  test.each(REFUSED)('%s may not be %s', async (use, url) => {
    const problems = await problemsOf(USES[use](url));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(` ${use}: found `);
  });

  test.each([
    'https://secretsmanager.eu-west-1.amazonaws.com',
    'https://secretsmanager-fips.us-east-1.amazonaws.com',
    'https://secretsmanager.cn-north-1.amazonaws.com.cn',
    'https://vpce-0a1b-2c3d.secretsmanager.eu-west-1.vpce.amazonaws.com',
    'https://secretsmanager.eu-west-1.api.aws',
    'https://secretsmanager.us-gov-west-1.amazonaws.com',
    'https://vpce-0a1b-2c3d.secretsmanager.cn-north-1.vpce.amazonaws.com.cn',
    'http://127.0.0.1:4180',
  ])("AWS's %s", async (url) => {
    expect((await load(aws(url))).config.targets).toHaveLength(1);
  });

  test.each([
    'http://secretsmanager.eu-west-1.amazonaws.com',
    'https://ec2-1-2-3-4.compute.amazonaws.com',
    'https://bucket.s3.amazonaws.com',
    'https://secretsmanager.eu-west-1.amazonaws.com.evil.example',
    'https://secretsmanager.s3.amazonaws.com',
    'https://secretsmanager.s3-eu-west-1.amazonaws.com',
    'https://secretsmanager.eu-west-1.amazonaws.com.cn',
    'https://secretsmanager.cn-north-1.amazonaws.com',
    'https://bucket.secretsmanager.eu-west-1.amazonaws.com',
    'https://s3.secretsmanager.eu-west-1.vpce.amazonaws.com',
    'https://secretsmanager.vpce.amazonaws.com',
  ])("not AWS's %s", async (url) => {
    expect(await problemsOf(aws(url))).toHaveLength(1);
  });

  test.each([
    ['appleid.apple.com', true],
    ['apple.com', true],
    ['login.example', true],
    ['sub.login.example', false],
    ['appleid.apple.com.evil.example', false],
    ['evilapple.com', false],
    ['127.0.0.1', false],
    ['', false],
  ])('a provider may send its logins to %s: %s', (host, expected) => {
    expect(isLoginHost(host, ['login.example'])).toBe(expected);
  });

  test('a host of allowHosts may be named anywhere, by https alone', async () => {
    const named = (url: string) => `allowHosts: [Proxy.Example]\n${USES['cloudbase.endpoint'](url)}`;
    expect((await load(named('https://proxy.example:8443'))).config.targets[0]?.endpoint).toBe(
      'https://proxy.example:8443',
    );
    expect(await problemsOf(named('http://proxy.example'))).toEqual([
      '2 cloudbase.endpoint: found "http://proxy.example", wanted https:// (http:// is for loopback alone)',
    ]);
    expect(await problemsOf(named('https://sub.proxy.example'))).toHaveLength(1);
    const metadata = `allowHosts: [proxy.example]\n${USES['cloudbase.credentials.endpoint']('http://proxy.example')}`;
    expect(await problemsOf(metadata)).toHaveLength(1);
  });

  test('no password in a URL is shown', async () => {
    expect(await problemsOf(USES['apple.tokenUrl']('https://user:geheim@appleid.apple.com/'))).toEqual([
      `1 apple.tokenUrl: found text of 38 characters, wanted a URL such as https://appleid.apple.com/auth/token, without user and password`,
    ]);
    expect(await problemsOf(USES['targets[0].key.endpoint']('https://user:geheim@ssm.tencentcloudapi.com'))).toEqual([
      '4 targets[0].key.endpoint: found text of 43 characters, wanted a URL such as https://ssm.tencentcloudapi.com, without user and password',
    ]);
  });
});

describe('channels', () => {
  const channel = (rest: string) => `alerts: { channels: [{ name: a, type: slack, ${rest} }] }\n${TARGETS}`;

  test.each(['url: "https://a.example"', 'url: "http://127.0.0.1:1"', 'url: "http://a.example", insecure: true'])(
    '%s',
    async (rest) => {
      expect((await load(channel(rest))).config.alerts.channels).toHaveLength(1);
    },
  );

  test('plain http to anywhere else', async () => {
    expect(await problemsOf(channel('url: "http://a.example"'))).toEqual([
      '1 alerts.channels[0].url: found text of 16 characters, wanted https:// (http:// is for loopback alone, or with insecure: true)',
    ]);
  });
});

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['[::1]', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['128.0.0.1', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
