// The JSON Schema in config/ is the one that the definition gives, and accepts what the loader accepts; the commented
// example and the reference in docs/ have every key.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema, includedJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { unreachableAlerts } from '../../src/config/recipients.ts';
import { SECTIONS } from '../../src/config/schema.ts';
import { misfits, propertiesOf } from '../support/schema-check.ts';
import { load, NOW, refusal } from './support.ts';

const SCHEMA = configJsonSchema();
const EXAMPLE = 'config/rotator.example.yaml';
/** As an editor reads it: with YAML's usual types. */
const fits = (yaml: string) => misfits(SCHEMA, parse(yaml));

const EXAMPLE_ENV = {
  WECOM_URL: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x',
  SLACK_URL: 'https://hooks.slack.com/services/x',
  DINGTALK_URL: 'https://oapi.dingtalk.com/robot/send?access_token=x',
  DINGTALK_SECRET: 'SECx',
  FEISHU_URL: 'https://open.feishu.cn/open-apis/bot/v2/hook/x',
  FEISHU_SECRET: 'x',
  PAGERDUTY_KEY: 'R0UTINGKEYR0UTINGKEYR0UTINGKEY12',
  WEBHOOK_URL: 'https://tool.example.com/alerts',
  SMTP_PASSWORD: 'x',
  ALERTMANAGER_PASSWORD: 'x',
  WEBHOOK_TOKEN: 'x',
};

const target = (rest: string) => `targets:\n  - { name: shop, envId: shop-1, key: { from: file, path: k }${rest} }\n`;
const BASE = target('');

describe('config/rotator.schema.json', () => {
  test('is what the definition gives: else run `npm run schema`', async () => {
    expect(JSON.parse(await readFile('config/rotator.schema.json', 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(SCHEMA)),
    );
  });

  test('describes every key', () => {
    const properties = propertiesOf(SCHEMA);
    expect(properties.length).toBeGreaterThan(100);
    expect(properties.filter(([, { description }]) => typeof description !== 'string').map(([path]) => path)).toEqual(
      [],
    );
    expect(Object.keys(SECTIONS)).toEqual(Object.keys(SCHEMA['properties'] as object));
  });

  test.each([EXAMPLE, 'config/sandbox.yaml'])('accepts %s', async (path) => {
    expect(fits(await readFile(path, 'utf8'))).toEqual([]);
  });
});

describe('config/targets.schema.json', () => {
  const TARGETS_SCHEMA = includedJsonSchema();

  test('is what the definition gives: else run `npm run schema`', async () => {
    expect(JSON.parse(await readFile('config/targets.schema.json', 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(TARGETS_SCHEMA)),
    );
  });

  test.each([
    [BASE, true],
    ['targets: []\n', true],
    [`include: [x.yaml]\n${BASE}`, false],
    ['log: { level: info }\n', false],
    [BASE.replace('shop', 'Shop'), false],
  ])('%j', (yaml, isRight) => {
    expect(misfits(TARGETS_SCHEMA, parse(yaml)).length === 0).toBe(isRight);
  });

  test('without targets of its own, the main file wants to include some', () => {
    expect([fits('include: [targets.d/*.yaml]\n'), fits('instance: a\n')].map((found) => found.length)).toEqual([0, 1]);
  });
});

describe('the schema and the loader agree', () => {
  test.each([
    `http: { port: 8080 }\n${BASE}`,
    `http: { port: "8080" }\n${BASE}`,
    `http: { port: "\${PORT}", token: "\${TOKEN:-}" }\n${BASE}`,
    `http: { token: , readToken: "" }\n${BASE}`,
    `instance: 12\njournal:\nlog:\n${BASE}`,
    `cloudbase: { requestsPerSecond: 2.5, credentials: { from: cvm-role } }\n${BASE}`,
    `schedule: { cron: "* * * * *" }\n${BASE}`,
    `alerts: { none: accepted, digest: off }\n${BASE}`,
    `alerts: { channels: [{ name: a, type: email, host: h, port: 25, secure: false, from: a@b, to: [c@d] }] }\n${BASE}`,
    `alerts: { channels: [{ name: a, type: webhook, url: "https://a.example", headers: { X-A: 1, X-B: "" } }] }\n${BASE}`,
    `apple: { check: "\${CHECK:-require}" }\n${BASE}`,
    target(', provider: { enabled: true }, cloudbase: { write: secret, loginCheck: observe }'),
    `cloudbase: { loginEndpoint: "https://{envId}.api.tcloudbasegateway.com" }\n${BASE}`,
    target(', keyId: 12E4567890, teamId: 1234567890'),
    target(', policy: , cloudbase: ""'),
    target(', policy: { lifetime: 90d }').replace('from: file', `from: "\${FROM}"`),
  ])('on accepting %s', async (yaml) => {
    expect(fits(yaml)).toEqual([]);
    const env = { PORT: '1', FROM: 'file' };
    expect((await load(yaml, env)).config.targets).toHaveLength(1);
  });

  test.each([
    'instance: a\n',
    `bogus: 1\n${BASE}`,
    `http: { port: 70000 }\n${BASE}`,
    `http: { port: eighty }\n${BASE}`,
    `http: { token: short }\n${BASE}`,
    `policy: { lifetime: 180 }\n${BASE}`,
    `policy: { window: { cron: "0 2 * * *" } }\n${BASE}`,
    `apple: { check: maybe }\n${BASE}`,
    `cloudbase: { requestsPerSecond: 21 }\n${BASE}`,
    `cloudbase: { credentials: { from: vault } }\n${BASE}`,
    `cloudbase: { credentials: { from: env, path: x } }\n${BASE}`,
    `alerts: { channels: [{ name: a, type: slack }] }\n${BASE}`,
    `alerts: { channels: [{ name: a, type: feishu, url: "https://a.example", mention: everybody }] }\n${BASE}`,
    `alerts: { channels: [{ name: a, type: slack, url: "https://a.example", mention: [bob] }] }\n${BASE}`,
    `alerts: { channels: [{ name: a, type: webhook, url: "https://a.example", headers: { X-A: { b: c } } }] }\n${BASE}`,
    `allowHosts: a.example\n${BASE}`,
    target(', teamId: a1'),
    target(', provider: { type: saml }'),
    target(', provider: { enabled: yes }'),
    `cloudbase: { write: all }\n${BASE}`,
    target(', name2: x'),
    target('').replace('path: k', 'variable: K'),
    target('').replace('name: shop', 'name: Shop'),
    target('').replace('envId: shop-1, ', ''),
  ])('on refusing %s', async (yaml) => {
    expect(fits(yaml)).not.toEqual([]);
    await refusal(yaml);
  });
});

describe('docs/configuration.md', () => {
  const tables = async () =>
    (await readFile('docs/configuration.md', 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.split('|').map((cell) => cell.trim()));

  test('has a row for every key, with its default', async () => {
    const rows = await tables();
    const keys = propertiesOf(SCHEMA);
    const missing = keys.filter(([path, { default: fallback }]) => {
      if (keys.some(([other]) => other.startsWith(`${path}.`))) return false;
      const [key, own] = [path.slice(path.lastIndexOf('.') + 1), path.replace('targets.', 'targets[].')];
      const isOfKey = (cell: string) =>
        cell === `\`${key}\`` || cell === `\`${own.slice(1)}\`` || cell.endsWith(`${own}\``);
      const found = rows.filter((cells) => cells.some(isOfKey));
      const asDefault = typeof fallback === 'string' ? `\`${fallback}\`` : '';
      return !found.some((cells) => cells.some((cell) => cell.includes(asDefault)));
    });
    expect(missing.map(([path]) => path)).toEqual([]);
  });

  test('has the variables of the form without a file', async () => {
    const rows = (await tables()).map(([, first]) => first);
    const variables = 'CLOUDBASE_ENV_ID CLOUDBASE_REGION APPLE_TEAM_ID APPLE_CLIENT_ID APPLE_KEY_ID APPLE_PRIVATE_KEY';
    const others = 'ROTATOR_JOURNAL ALERT_TYPE ALERT_URL ROTATOR_ALERTS HEARTBEAT_URL';
    expect(`${variables} ${others}`.split(' ').filter((name) => !rows.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('config/rotator.example.yaml', () => {
  const example = () => loadConfig({ file: EXAMPLE, env: EXAMPLE_ENV, mode: 'strict', now: NOW });

  test('loads, with somebody to call for everything', async () => {
    const { config, disabledTargets, warnings } = await example();
    expect(config.targets.map(({ name, key }) => [name, key.from])).toEqual([
      ['shop-prod', 'file'],
      ['shop-staging', 'env'],
      ['blog-prod', 'aws-secrets-manager'],
      ['forum-prod', 'tencent-ssm'],
    ]);
    expect(unreachableAlerts(config)).toEqual([]);
    expect([disabledTargets, warnings]).toEqual([[], [['unencrypted', 'monitoring']]]);
  });

  test('shows the defaults as they are', async () => {
    const [{ config }, { config: bare }] = [await example(), await load(BASE)];
    const { instance: _, alerts, targets: __, heartbeat, ...others } = config;
    expect(bare).toMatchObject(others);
    expect({ ...bare.alerts, channels: alerts.channels }).toEqual(alerts);
    expect(bare.heartbeat).toEqual(heartbeat);
    expect(config.targets[0]?.cloudbase).toEqual(bare.targets[0]?.cloudbase);
    expect(config.targets[0]?.expiry).toEqual(bare.targets[0]?.expiry);
    expect({ ...config.targets[0]?.policy, window: undefined }).toEqual(bare.targets[0]?.policy);
  });

  test('names every key that there is', async () => {
    const text = await readFile(EXAMPLE, 'utf8');
    const keys = new Set(propertiesOf(SCHEMA).map(([path]) => path.slice(path.lastIndexOf('.') + 1)));
    expect([...keys].filter((key) => !new RegExp(`(^|[\\s{])${key}:`, 'm').test(text))).toEqual([]);
  });

  test('names every kind of source, credentials and channel', async () => {
    const text = await readFile(EXAMPLE, 'utf8');
    const kinds = JSON.stringify(SCHEMA).matchAll(/"const":"([^"]+)"/g);
    expect([...kinds].map(([, kind]) => kind).filter((kind) => !text.includes(`: ${kind}`))).toEqual([]);
  });
});
