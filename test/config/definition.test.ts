// The definition key by key: what each takes, what it defaults to, and how a wrong one is told.
import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { nearestOf } from '../../src/core/nearest.ts';
import { DAY } from '../../src/core/time.ts';
import { load, problemsOf, refusal, TARGETS } from './support.ts';

/** Problems of a file of one line above the usual target. */
const above = (line: string) => problemsOf(`${line}\n${TARGETS}`);
/** Problems of one more line in a target that is right otherwise. */
const inTarget = (line: string) => problemsOf(`${TARGETS}    ${line}\n`);

test('what is left out has the defaults of the contract', async () => {
  const { config, warnings, disabledTargets } = await load(TARGETS);
  const third = 60 * DAY;
  expect(config).toEqual({
    instance: hostname(),
    journal: { path: './data/journal.db' },
    log: { level: 'info', format: 'auto' },
    http: { host: '127.0.0.1', port: 8080, token: undefined, readToken: undefined },
    schedule: { cron: '7 * * * *', timezone: 'UTC' },
    apple: { tokenUrl: 'https://appleid.apple.com/auth/token', check: 'compare' },
    targets: [
      {
        endpoint: 'https://tcb.tencentcloudapi.com',
        envId: 'shop-1',
        providerId: 'apple',
        name: 'shop',
        ids: {},
        key: { from: 'file', path: 'key.p8' },
        policy: { lifetimeMs: 180 * DAY, renewBeforeMs: third, window: undefined },
        cloudbase: {
          endpoint: 'https://tcb.tencentcloudapi.com',
          region: 'ap-shanghai',
          requestsPerSecond: 5,
          timeoutMs: 15_000,
          credentials: { from: 'env' },
        },
        write: 'whole',
        login: { check: 'off', endpoint: 'https://{envId}.api.tcloudbasegateway.com' },
        stated: {},
        expiry: { warningMs: 45 * DAY, criticalMs: 20 * DAY },
      },
    ],
    alerts: {
      language: 'en',
      timezone: 'UTC',
      repeatEvery: { warningMs: DAY, criticalMs: 4 * 3_600_000 },
      digest: '0 9 * * 1',
      runbook: 'docs/runbook.md',
      channels: [],
      noneAccepted: false,
    },
    heartbeat: { url: undefined, healthUrl: undefined, everyMs: 300_000 },
    allowHosts: [],
  });
  expect([warnings, disabledTargets]).toEqual([[], []]);
});

test('empty sections are sections left out', async () => {
  const empty = [
    'instance',
    'journal',
    'log',
    'http',
    'schedule',
    'policy',
    'apple',
    'cloudbase',
    'alerts',
    'heartbeat',
    'allowHosts',
  ];
  const { config } = await load(`${empty.map((key) => `${key}:\n`).join('')}${TARGETS}`);
  expect(config).toEqual((await load(TARGETS)).config);
});

test.each([
  ['https://rotator.example', 'https://rotator.example'],
  ['https://Rotator.example:8443/', 'https://rotator.example:8443'],
  ['https://ops.example/rotator/', 'https://ops.example/rotator'],
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
])('http.publicUrl: %s is %s, to which a path can be added', async (url, publicUrl) => {
  const { config } = await load(`http: { publicUrl: "${url}" }\n${TARGETS}`);
  expect(config.alerts.publicUrl).toBe(publicUrl);
});

test.each([
  'rotator',
  'http://rotator.example',
  'ftp://rotator.example',
  'https://r.example/?a=b',
  'https://r.example/#a',
])('http.publicUrl: %s is refused', async (url) => {
  expect(await problemsOf(`http: { publicUrl: "${url}" }\n${TARGETS}`)).toEqual([
    `1 http.publicUrl: found "${url}", wanted an https:// URL without query and fragment, such as https://rotator.example.com (http:// is for loopback alone)`,
  ]);
});

test('http.publicUrl with a password is refused without showing it', async () => {
  const [problem] = await problemsOf(`http: { publicUrl: "https://me:geheim@r.example" }\n${TARGETS}`);
  expect(problem).toContain(', without user and password');
  expect(problem).not.toContain('geheim');
});

/** Alerts with a channel whose flag is this. */
const mail = (insecure: string) =>
  `alerts: { channels: [{ name: a, type: slack, url: "https://a.example/b", insecure: ${insecure} }] }`;

describe('the word that was meant is named', () => {
  test.each([
    ['log: { level: wran }', 'Did you mean warn?'],
    ['log: { format: Jsn }', 'Did you mean json?'],
    ['alerts: { language: french }', 'Write one of these words: language: en'],
    ['apple: { check: compair }', 'Did you mean compare?'],
    ['apple: { check: sometimes }', 'Write one of these words: check: compare'],
    ['cloudbase: { credentials: { from: envv } }', 'Did you mean env?'],
    ['alerts: { channels: [{ name: a, type: dingtakl, url: "https://a.example/b" }] }', 'Did you mean dingtalk?'],
    ['schedule: { timezone: Asia/Shangai }', 'Did you mean Asia/Shanghai?'],
    [mail('yes'), 'Did you mean true?'],
    [mail('flase'), 'Did you mean false?'],
    [
      'alerts: { channels: [{ name: a, type: slack, url: "https://a.example/b", targets: [shpo] }] }',
      'Did you mean shop?',
    ],
    [
      'alerts: { channels: [{ name: a, type: slack, url: "https://a.example/b", targets: [mall] }] }',
      'Write one of shop.',
    ],
  ])('%s', async (line, hint) => {
    expect((await refusal(`${line}\n${TARGETS}`)).hint).toContain(hint);
  });
});

describe('what looks like YAML and is not', () => {
  test.each([
    [
      'targets:\n  - name：shop\n',
      '2 targets[0]: found the full-width sign ：, wanted a colon and a space (": ") after the key',
    ],
    ['\u3000instance: a\n', 'found a space that is not the ordinary one (U+00A0 or U+3000)'],
    ['http:\n  \u00a0port: 80\n', 'found a space that is not the ordinary one (U+00A0 or U+3000)'],
  ])('%j', async (text, problem) => {
    const whole = text.startsWith('targets') ? text : `${text}${TARGETS}`;
    expect((await problemsOf(whole)).join('\n')).toContain(problem);
  });
});

describe('a wrong value is told with what is wanted', () => {
  test.each([
    ['instance: { a: b }', '1 instance: found a mapping, wanted a name'],
    [
      'instance: "a\\nb"',
      '1 instance: found text of 3 characters, wanted a name, without line breaks and other control characters',
    ],
    [
      'journal: /var/journal.db',
      '1 journal: found "/var/journal.db", wanted sqlite:PATH, such as sqlite:./data/journal.db, or postgres://…',
    ],
    [
      'journal: "sqlite:"',
      '1 journal: found "sqlite:", wanted sqlite:PATH, such as sqlite:./data/journal.db, or postgres://…',
    ],
    [
      'journal: "sqlite::memory:"',
      '1 journal: found "sqlite::memory:", wanted sqlite:PATH, such as sqlite:./data/journal.db, or postgres://…',
    ],
    [
      'journal: sqlite://data/x',
      '1 journal: found "sqlite://data/x", wanted sqlite:PATH, such as sqlite:./data/journal.db, or postgres://…',
    ],
    ['log: debug', '1 log: found "debug", wanted a mapping'],
    ['log: { level: silent }', '1 log.level: found "silent", wanted trace | debug | info | warn | error | fatal'],
    ['http: { port: 65536 }', '1 http.port: found "65536", wanted a whole number from 0 to 65535'],
    ['http: { port: -1 }', '1 http.port: found "-1", wanted a whole number from 0 to 65535'],
    ['http: { port: 8e3 }', '1 http.port: found "8e3", wanted a whole number from 0 to 65535'],
    [
      'schedule: { maxRotationsPerHour: 20 }',
      '1 schedule.maxRotationsPerHour: found a key that was removed, wanted no such key',
    ],
    ['alerts: { rotated: true }', '1 alerts.rotated: found a key that was removed, wanted no such key'],
    [
      'schedule: { timezone: Mars/Olympus }',
      '1 schedule.timezone: found "Mars/Olympus", wanted an IANA time zone such as UTC or Asia/Shanghai',
    ],
    ['apple: { check: maybe }', '1 apple.check: found "maybe", wanted compare | require | off'],
    [
      'cloudbase: { requestsPerSecond: 0 }',
      '1 cloudbase.requestsPerSecond: found "0", wanted a number above 0, at most 20',
    ],
    [
      'cloudbase: { requestsPerSecond: 20.5 }',
      '1 cloudbase.requestsPerSecond: found "20.5", wanted a number above 0, at most 20',
    ],
    [
      'cloudbase: { timeout: 15 }',
      '1 cloudbase.timeout: found "15", wanted a duration such as 90s, 15m, 4h or 60d, from 1s to 20s',
    ],
    ['cloudbase: { write: all }', '1 cloudbase.write: found "all", wanted whole | secret'],
    ['cloudbase: { loginCheck: on }', '1 cloudbase.loginCheck: found "on", wanted off | observe'],
    ['cloudbase: { region: Shanghai }', '1 cloudbase.region: found "Shanghai", wanted a region such as ap-shanghai'],
    ['cloudbase: { credentials: env }', '1 cloudbase.credentials: found "env", wanted a mapping'],
    [
      'cloudbase: { credentials: { from: vault } }',
      '1 cloudbase.credentials.from: found "vault", wanted env | profile | cvm-role | tke-oidc',
    ],
    [
      'cloudbase: { credentials: { profile: x } }',
      '1 cloudbase.credentials.from: found nothing, wanted env | profile | cvm-role | tke-oidc',
    ],
    [
      'cloudbase: { credentials: { from: env, assumeRole: { sessionName: x } } }',
      '1 cloudbase.credentials.assumeRole.roleArn: found nothing, wanted a role such as qcs::cam::uin/100000000001:roleName/rotator',
    ],
    ['allowHosts: proxy.example', '1 allowHosts: found "proxy.example", wanted a list'],
    [
      'allowHosts: ["https://proxy.example"]',
      '1 allowHosts[0]: found "https://proxy.example", wanted a host name without scheme, port and path',
    ],
    [
      'heartbeat: { every: 5 }',
      '1 heartbeat.every: found "5", wanted a duration such as 90s, 15m, 4h or 60d, from 10s to 1d',
    ],
    ['heartbeat: { url: "ftp://x" }', '1 heartbeat.url: found text of 7 characters, wanted the URL to call'],
    ['alerts: { language: de }', '1 alerts.language: found "de", wanted en | zh'],
    ['alerts: { none: yes }', '1 alerts.none: found "yes", wanted accepted | none'],
    ['alerts: { channels: { name: ops } }', '1 alerts.channels: found a mapping, wanted a list'],
    [
      'alerts: { digest: weekly }',
      '1 alerts.digest: found "weekly", wanted a cron expression of five fields (minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7), or six with seconds first; or "off"',
    ],
    [
      'alerts: { repeatEvery: { critical: 0s } }',
      '1 alerts.repeatEvery.critical: found "0s", wanted a duration such as 90s, 15m, 4h or 60d, from 1m to 30d',
    ],
  ])('%s', async (line, problem) => {
    expect(await above(line)).toEqual([problem]);
  });

  test.each(['7 * * *', '* * * * * * *', 'hourly', '*/0 * * * *'])('cron %s', async (expression) => {
    expect(await above(`schedule: { cron: "${expression}" }`)).toEqual([
      `1 schedule.cron: found "${expression}", wanted a cron expression of five fields (minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7), or six with seconds first`,
    ]);
  });

  test.each([
    ['60 * * * *', 'a minute from 0 to 59'],
    ['0 25 * * *', 'an hour from 0 to 23'],
    ['0 0 32 * *', 'a day from 1 to 31'],
    ['0 0 1 0-13 *', 'a month from 1 to 12'],
    ['0 0 * * 8', 'a weekday from 0 to 7'],
    ['61 0 0 * * *', 'a second from 0 to 59'],
    ['0 0 31 2 *', 'a cron expression that fits a day: there is no such day in forty years'],
    ['0 0 31 4,6 *', 'a cron expression that fits a day: there is no such day in forty years'],
  ])('cron %s: what is out of range, or never comes, is named', async (expression, wanted) => {
    expect(await above(`schedule: { cron: "${expression}" }`)).toEqual([
      `1 schedule.cron: found "${expression}", wanted ${wanted}`,
    ]);
  });

  test.each(['0 0 29 2 1', '0 0 1 jan *', '*/90 * * * *', '0 0 * * 1#1', '0 0 L * *'])(
    'cron %s is one',
    async (cron) => {
      const { config } = await load(`alerts: { digest: "${cron}" }\n${TARGETS}`);
      expect(config.alerts.digest).toBe(cron);
    },
  );

  test.each(['90', '1w', '-5m', '5 m', '1.5h', '0s', 'PT5M', '5M'])('duration %s', async (text) => {
    expect(await above(`cloudbase: { timeout: "${text}" }`)).toEqual([
      `1 cloudbase.timeout: found "${text}", wanted a duration such as 90s, 15m, 4h or 60d, from 1s to 20s`,
    ]);
  });

  test.each([
    ['20s', []],
    ['21s', ['1 cloudbase.timeout: found "21s", wanted a duration such as 90s, 15m, 4h or 60d, from 1s to 20s']],
  ])('a request takes at most 20 s: %s', async (text, problems) => {
    const yaml = `cloudbase: { timeout: ${text} }\n${TARGETS}`;
    expect(await (problems.length === 0 ? load(yaml).then(() => []) : problemsOf(yaml))).toEqual(problems);
  });

  test.each(['True', 'yes', 'on', '1', 'TRUE'])('a boolean is true or false, not %s', async (text) => {
    expect(await problemsOf(`${mail(text)}\n${TARGETS}`)).toEqual([
      `1 alerts.channels[0].insecure: found "${text}", wanted true or false`,
    ]);
  });

  test.each([
    ['rotator:geheim@db/rotator', 'Add ?sslmode=verify-full'],
    ['rotator:geheim@db/rotator?sslmode=require', 'Add ?sslmode=verify-full'],
    ['rotator:ge/heim@db/rotator', 'Write user, host and database'],
    ['rotator:geheim@/rotator', 'Write user, host and database'],
    ['rotator:geheim@localhost/rotator?application_name=x', 'Leave out every option'],
    ['rotator:geheim@localhost/rotator?schema=Rotator', 'Name the schema'],
  ])('a journal in PostgreSQL that is named wrongly, and the password is not shown: %s', async (rest, next) => {
    const error = await refusal(`journal: postgres://${rest}\n${TARGETS}`);
    expect(error.message).toContain('postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full');
    expect(error.hint).toContain(next);
    expect(JSON.stringify(error)).not.toMatch(/geheim|heim@/);
  });

  test.each([
    [31, false],
    [32, true],
  ])('a token of %i characters', async (length, accepted) => {
    const yaml = `http: { token: "${'x'.repeat(length)}" }\n${TARGETS}`;
    if (accepted) expect((await load(yaml)).config.http.token).toHaveLength(length);
    else
      expect(await problemsOf(yaml)).toEqual([
        `1 http.token: found text of ${length} characters, wanted at least 32 characters, none of them white space`,
      ]);
  });
});

describe('durations', () => {
  test.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['1d', 86_400_000],
  ])('%s', async (text, everyMs) => {
    const { config } = await load(`heartbeat: { every: ${text} }\n${TARGETS}`);
    expect(config.heartbeat.everyMs).toBe(everyMs);
  });
});

describe('a target', () => {
  test('needs name, envId and key', async () => {
    expect(await problemsOf('targets:\n  - teamId: A1B2C3D4E5\n')).toEqual([
      '2 targets[0].name: found nothing, wanted 1 to 63 characters of a-z, 0-9, dot, underscore and hyphen; the first is a letter or a digit',
      '2 targets[0].envId: found nothing, wanted the id of a CloudBase environment, such as shop-prod-1g2h3j',
      '2 targets[0].key: found nothing, wanted a mapping',
    ]);
  });

  test.each([
    ['a', true],
    [`a${'b'.repeat(62)}`, true],
    [`a${'b'.repeat(63)}`, false],
    ['9._-', true],
    ['-a', false],
    ['Shop', false],
    ['a b', false],
  ])('may be called %j: %s', async (name, accepted) => {
    const yaml = `targets:\n  - { name: "${name}", envId: e, key: { from: file, path: k } }\n`;
    if (accepted) expect((await load(yaml)).config.targets[0]?.name).toBe(name);
    else expect(await problemsOf(yaml)).toEqual([expect.stringContaining('2 targets[0].name: found ')]);
  });

  test.each([
    ['teamId: a1b2c3d4e5', '5 targets[0].teamId: found "a1b2c3d4e5", wanted 10 upper-case letters or digits'],
    ['teamId: A1B2C3D4E', '5 targets[0].teamId: found "A1B2C3D4E", wanted 10 upper-case letters or digits'],
    ['keyId: K1L2M3N4O56', '5 targets[0].keyId: found "K1L2M3N4O56", wanted 10 upper-case letters or digits'],
    [
      'teamId: YOUR_TEAM_ID',
      '5 targets[0].teamId: found "YOUR_TEAM_ID", wanted 10 upper-case letters or digits (this is a placeholder)',
    ],
    [
      'keyId: XXXXXXXXXX',
      '5 targets[0].keyId: found "XXXXXXXXXX", wanted 10 upper-case letters or digits (this is a placeholder)',
    ],
    [
      'clientId: com.yourcompany.service',
      '5 targets[0].clientId: found "com.yourcompany.service", wanted a name such as com.acme.shop.web (this is a placeholder)',
    ],
    ['clientId: "com example"', '5 targets[0].clientId: found "com example", wanted a name such as com.acme.shop.web'],
    ['providerId: a|b', '5 targets[0].providerId: found "a|b", wanted the id of an identity provider, such as apple'],
  ])('%s', async (line, problem) => {
    expect(await inTarget(line)).toEqual([problem]);
  });

  test('a placeholder for the environment is named as one', async () => {
    expect(await problemsOf(TARGETS.replace('shop-1', 'your-env-id'))).toEqual([
      '3 targets[0].envId: found "your-env-id", wanted the id of a CloudBase environment, such as shop-prod-1g2h3j (this is a placeholder)',
    ]);
  });

  test('a key id that looks like a number stays what it is', async () => {
    const { config } = await load(`${TARGETS}    keyId: 12E4567890\n    teamId: 1234567890\n`);
    expect(config.targets[0]?.ids).toEqual({ keyId: '12E4567890', teamId: '1234567890' });
  });

  test.each([
    ['{ from: file }', '4 targets[0].key.path: found nothing, wanted the path of a .p8 file'],
    ['{ from: env, variable: "A B" }', '4 targets[0].key.variable: found "A B", wanted the name of a variable'],
    [
      '{ from: aws-secrets-manager, region: eu-west-1 }',
      '4 targets[0].key.secretId: found nothing, wanted the name or ARN of a secret',
    ],
    [
      '{ from: tencent-ssm, secretName: x }',
      '4 targets[0].key.region: found nothing, wanted a region such as ap-shanghai',
    ],
    ['{ from: hsm }', '4 targets[0].key.from: found "hsm", wanted file | env | aws-secrets-manager | tencent-ssm'],
  ])('key: %s', async (key, problem) => {
    expect(await problemsOf(TARGETS.replace('{ from: file, path: key.p8 }', key))).toEqual([problem]);
  });

  test('a secret in SSM is read with the credentials of the target unless it has its own', async () => {
    const { config } = await load(`cloudbase: { credentials: { from: cvm-role } }
targets:
  - { name: a, envId: a, key: { from: tencent-ssm, secretName: s, region: ap-shanghai } }
  - { name: b, envId: b, key: { from: tencent-ssm, secretName: s, region: ap-shanghai }, cloudbase: { credentials: { from: profile } } }
  - { name: c, envId: c, key: { from: tencent-ssm, secretName: s, region: ap-shanghai, credentials: { from: env } } }
`);
    const credentials = config.targets.map(({ key }) => ('credentials' in key ? key.credentials.from : undefined));
    expect(credentials).toEqual(['cvm-role', 'profile', 'env']);
  });

  test('overrides what it names, key by key', async () => {
    const { config } = await load(`policy: { lifetime: 150d, window: { cron: "0 2 * * *", duration: 4h } }
schedule: { timezone: Asia/Shanghai }
cloudbase: { region: ap-guangzhou, requestsPerSecond: 2.5 }
${TARGETS}    policy: { renewBefore: 40d }
    cloudbase: { region: ap-singapore, endpoint: "HTTPS://TCB.intl.tencentcloudapi.com:443/" }
`);
    expect(config.targets[0]).toMatchObject({
      endpoint: 'https://tcb.intl.tencentcloudapi.com',
      policy: {
        lifetimeMs: 150 * DAY,
        renewBeforeMs: 40 * DAY,
        window: { cron: '0 2 * * *', durationMs: 4 * 3_600_000, timezone: 'Asia/Shanghai' },
      },
      cloudbase: { region: 'ap-singapore', requestsPerSecond: 2.5, endpoint: 'https://tcb.intl.tencentcloudapi.com' },
      expiry: { warningMs: 30 * DAY, criticalMs: Math.floor((40 * DAY) / 3) },
    });
  });
});

test('a target states how its provider is meant to be', async () => {
  const { config } = await load(`${TARGETS}    provider:
      { type: oidc, name: Sign in, scope: "name  email", responseType: code, redirectUri: "https://shop.example/cb",
        linkByEmail: false, linkByPhone: true, enabled: true }
`);
  expect(config.targets.map(({ stated }) => stated)).toEqual([
    {
      type: 'oidc',
      name: 'Sign in',
      scope: 'name email',
      responseType: 'code',
      redirectUri: 'https://shop.example/cb',
      linkByEmail: false,
      linkByPhone: true,
      enabled: true,
    },
  ]);
});

test.each([
  ['type: saml', 'oidc | oauth'],
  ['scope: email phone', 'openid, email and name, or some of them, with blanks between'],
  ['scope: email email', 'openid, email and name, or some of them, with blanks between'],
  ['responseType: token', 'code | id_token | code id_token'],
  ['redirectUri: "http://shop.example/cb"', 'a URL such as https://shop-prod-1g2h3j'],
  ['redirectUri: "https://user:pass@shop.example/cb"', 'without user and password'],
  ['linkByEmail: TRUE', 'true or false'],
])('a provider cannot be stated with %s', async (entry, wanted) => {
  await expect(load(`${TARGETS}    provider: { ${entry} }\n`)).rejects.toThrow(wanted);
});

test('what is sent, and what is asked beside it, may differ by target', async () => {
  const { config } =
    await load(`cloudbase: { write: secret, loginCheck: observe, loginEndpoint: "http://127.0.0.1:1/{envId}" }
${TARGETS}    cloudbase: { write: whole, loginCheck: off, loginEndpoint: "https://shop-1.api.tcloudbasegateway.com" }
    provider: { enabled: false }
${TARGETS.replace('targets:\n', '').replace('name: shop', 'name: blog').replace('shop-1', 'blog-1')}`);
  expect(config.targets.map(({ write, login, stated }) => ({ write, login, stated }))).toEqual([
    {
      write: 'whole',
      login: { check: 'off', endpoint: 'https://shop-1.api.tcloudbasegateway.com' },
      stated: { enabled: false },
    },
    { write: 'secret', login: { check: 'observe', endpoint: 'http://127.0.0.1:1/{envId}' }, stated: {} },
  ]);
});

describe('channels', () => {
  const channel = (text: string) => above(`alerts: { channels: [{ name: ops, ${text} }] }`);

  test.each([
    ['type: webhook, url: "https://a.example"', {}],
    ['type: webhook, url: "https://a.example", secret: s', { secret: 's' }],
    ['type: slack, url: "https://a.example"', {}],
    ['type: wecom, url: "https://a.example"', {}],
    ['type: dingtalk, url: "https://a.example"', {}],
    ['type: feishu, url: "https://a.example", secret: s', { secret: 's' }],
    ['type: slack, url: "https://a.example", mention: [U012AB3CD, everybody]', { mention: ['U012AB3CD', 'everybody'] }],
    ['type: wecom, url: "https://a.example", mention: [13800138000, li.si]', { mention: ['13800138000', 'li.si'] }],
    ['type: dingtalk, url: "https://a.example", mention: ["+852-51234567"]', { mention: ['+852-51234567'] }],
    ['type: feishu, url: "https://a.example", mention: [ou_0a1b, everybody]', { mention: ['ou_0a1b', 'everybody'] }],
    ['type: webhook, url: "https://a.example", auth: { bearer: t }', { auth: { bearer: 't' } }],
    [
      'type: alertmanager, url: "https://a.example", auth: { user: a, password: "p w" }, headers: { X-A: b, X-C: "" }',
      { auth: { user: 'a', password: 'p w' }, headers: { 'X-A': 'b', 'X-C': undefined } },
    ],
    [
      'type: pagerduty, routingKey: R0UTINGKEYR0UTINGKEYR0UTINGKEY12',
      { url: 'https://events.pagerduty.com/v2/enqueue' },
    ],
    ['type: pagerduty, routingKey: 12345678901234567890123456789012', {}],
    ['type: alertmanager, url: "http://127.0.0.1:9093"', {}],
    ['type: email, host: "::1", port: 587, from: "运维 <a@b.example>", to: [c@d]', { host: '::1', port: 587 }],
    ['type: email, host: h, port: 465, secure: true, from: a@b, to: [c@d]', { port: 465, secure: true, to: ['c@d'] }],
  ])('%s', async (text, expected) => {
    const { config } = await load(`alerts: { channels: [{ name: ops, ${text} }] }\n${TARGETS}`);
    expect(config.alerts.channels).toEqual([
      expect.objectContaining({ name: 'ops', severities: ['warning', 'critical'], insecure: false, ...expected }),
    ]);
  });

  const at = '1 alerts.channels[0]';
  const MENTION_UNKNOWN = `${at}.mention: found an unknown key "mention", wanted one of type, name, severities, targets, insecure, url, secret, auth, headers`;
  test.each([
    [
      'type: sms',
      `${at}.type: found "sms", wanted webhook | slack | wecom | dingtalk | feishu | pagerduty | alertmanager | email`,
    ],
    ['type: slack', `${at}.url: found nothing, wanted the URL to post to`],
    ['type: webhook, url: "https://a.example", mention: [everybody]', MENTION_UNKNOWN],
    [
      'type: slack, url: "https://a.example", mention: everybody',
      `${at}.mention: found "everybody", wanted a list of at least one person, or [everybody]`,
    ],
    [
      'type: slack, url: "https://a.example", mention: ["@alice"]',
      `${at}.mention[0]: found "@alice", wanted the id of a member (U012AB3CD) or a group (S012AB3CD) of Slack, or everybody`,
    ],
    [
      'type: wecom, url: "https://a.example", mention: [ops, "张三"]',
      `${at}.mention[1]: found "张三", wanted a user id of WeCom or a mobile number such as 13800138000, or everybody`,
    ],
    [
      'type: dingtalk, url: "https://a.example", mention: ["+86 13800138000"]',
      `${at}.mention[0]: found "+86 13800138000", wanted a user id of DingTalk or a mobile number such as 13800138000 or +852-51234567, or everybody`,
    ],
    [
      'type: feishu, url: "https://a.example", mention: ["a@b.example"]',
      `${at}.mention[0]: found "a@b.example", wanted the Open ID (ou_…) or User ID of a member, or everybody`,
    ],
    [
      'type: webhook, url: "https://a.example", auth: { user: a }',
      `${at}.auth: found a mapping, wanted { bearer }, or { user, password }`,
    ],
    [
      'type: webhook, url: "https://a.example", auth: { bearer: t, password: p }',
      `${at}.auth: found a mapping, wanted { bearer }, or { user, password }`,
    ],
    [
      'type: webhook, url: "https://a.example", auth: { bearer: "with a blank" }',
      `${at}.auth.bearer: found text of 12 characters, wanted a token of visible ASCII characters`,
    ],
    [
      'type: webhook, url: "https://a.example", auth: { user: "a:b", password: p }',
      `${at}.auth.user: found "a:b", wanted a user name without a colon`,
    ],
    [
      'type: alertmanager, url: "https://a.example", headers: { Host: a }',
      `${at}.headers.Host: found text of 1 character, wanted a header that the channel does not set itself`,
    ],
    [
      'type: alertmanager, url: "https://a.example", headers: { "a b": a }',
      `${at}.headers.a b: found text of 1 character, wanted the name of a header`,
    ],
    [
      'type: alertmanager, url: "https://a.example", headers: { X-Scope: "中文" }',
      `${at}.headers.X-Scope: found text of 2 characters, wanted the value of a header, in printable ASCII characters`,
    ],
    ['type: pagerduty', `${at}.routingKey: found nothing, wanted the integration key of a service`],
    [
      'type: slack, url: "https://a.example", severities: []',
      `${at}.severities: found an empty list, wanted at least one of warning, critical`,
    ],
    [
      'type: slack, url: "https://a.example", severities: [info]',
      `${at}.severities[0]: found "info", wanted warning | critical`,
    ],
    [
      'type: slack, url: "https://a.example", targets: [nobody]',
      `${at}.targets[0]: found "nobody", wanted the name of a target of this file`,
    ],
    [
      'type: email, host: h, port: 25, from: a@b, to: []',
      `${at}.to: found an empty list, wanted at least one mail address`,
    ],
    ['type: email, host: h, port: 25, from: a@b, to: [ops]', `${at}.to[0]: found "ops", wanted a mail address`],
    [
      'type: pagerduty, routingKey: "R0UTINGKEY R0UTINGKEY"',
      `${at}.routingKey: found text of 21 characters, wanted the integration key of a service`,
    ],
    [
      'type: email, host: "smtp://a.example", port: 25, from: a@b, to: [c@d]',
      `${at}.host: found "smtp://a.example", wanted the host of a mail server`,
    ],
    [
      'type: email, host: h, port: 70000, from: a@b, to: [c@d]',
      `${at}.port: found "70000", wanted a whole number from 1 to 65535`,
    ],
    [
      'type: email, host: h, port: 25, secure: yes, from: a@b, to: [c@d]',
      `${at}.secure: found "yes", wanted true or false`,
    ],
    ['type: email, host: h, port: 25, from: ops, to: [c@d]', `${at}.from: found "ops", wanted the sender`],
    [
      'type: email, host: h, port: 25, from: "A <a@b>, B <b@c>", to: [c@d]',
      `${at}.from: found "A <a@b>, B <b@c>", wanted the sender`,
    ],
    [
      'type: email, host: h, port: 25, from: "a\\nBcc: x <a@b>", to: [c@d]',
      `${at}.from: found text of 14 characters, wanted the sender`,
    ],
    [
      'type: email, host: h, port: 25, from: a@b, to: ["c@d, e@f"]',
      `${at}.to[0]: found "c@d, e@f", wanted a mail address`,
    ],
    ['type: slack, url: "ftp://a.example"', `${at}.url: found text of 15 characters, wanted the URL to post to`],
    [
      'type: slack, url: "https://u:p@a.example"',
      `${at}.url: found text of 21 characters, wanted the URL to post to, without user and password`,
    ],
  ])('%s', async (text, problem) => {
    expect(await channel(text)).toEqual([problem]);
  });

  test('each has a name of its own', async () => {
    const one = '{ name: ops, type: slack, url: "https://a.example" }';
    expect(await above(`alerts: { channels: [${one}, ${one}] }`)).toEqual([
      '1 alerts.channels[1].name: found "ops", wanted another name: alerts.channels[0] has this one',
    ]);
  });

  test('the runbook can be your own', async () => {
    const runbook = 'https://wiki.example/rotator';
    const { config } = await load(`alerts: { runbook: "${runbook}" }\n${TARGETS}`);
    expect(config.alerts).toMatchObject({ runbook });
  });

  test('the digest can be switched off', async () => {
    expect((await load(`alerts: { digest: "off" }\n${TARGETS}`)).config.alerts.digest).toBeUndefined();
  });
});

describe('unknown keys', () => {
  test.each([
    ['tragets: []', '1 tragets: found an unknown key "tragets", wanted targets, the nearest known key'],
    // Names that every object has are names like any other.
    ...['__proto__', 'constructor', 'toString'].map((key) => [
      `${key}: { x: 1 }`,
      expect.stringContaining(`${key}: found an unknown key "${key}", wanted one of instance, `),
    ]),
    ['http: { tokn: x }', '1 http.tokn: found an unknown key "tokn", wanted token, the nearest known key'],
    [
      'cloudbase: { credentials: { from: env, id_variable: X } }',
      '1 cloudbase.credentials.id_variable: found an unknown key "id_variable", wanted idVariable, the nearest known key',
    ],
    [
      'alerts: { channels: [{ name: a, type: slack, url: "https://a.example", sekret: x }] }',
      '1 alerts.channels[0].sekret: found an unknown key "sekret", wanted one of type, name, severities, targets, insecure, url, mention',
    ],
    [
      'alerts: { channels: [{ name: a, type: webhook, url: "https://a.example", sekret: x }] }',
      '1 alerts.channels[0].sekret: found an unknown key "sekret", wanted secret, the nearest known key',
    ],
    ['log: { file: x }', '1 log.file: found an unknown key "file", wanted one of level, format'],
    ['log: { level: , file: }', '1 log.file: found an unknown key "file", wanted one of level, format'],
  ])('%s', async (line, problem) => {
    expect(await above(line)).toEqual([problem]);
  });

  test.each([
    [
      'in a target',
      'key_id: X',
      '5 targets[0].key_id: found an unknown key "key_id", wanted keyId, the nearest known key',
    ],
    [
      'in a block of a target',
      'policy: { lifetme: 3d }',
      '5 targets[0].policy.lifetme: found an unknown key "lifetme", wanted lifetime, the nearest known key',
    ],
  ])('%s', async (_, line, problem) => {
    expect(await inTarget(line)).toEqual([problem]);
  });

  test.each([
    ['hots', 'host'],
    ['Host', 'host'],
    ['por', 'port'],
    ['ports', 'port'],
    ['lifetimes', 'lifetime'],
    ['nmae', 'name'],
    ['envID', 'envId'],
    ['renew-before', 'renewBefore'],
    ['date', undefined],
    ['x', undefined],
  ])('the nearest of %s is %s', (key, nearest) => {
    expect(nearestOf(key, ['host', 'port', 'lifetime', 'name', 'envId', 'renewBefore'])).toBe(nearest);
  });
});

test('targets must be there', async () => {
  expect(await problemsOf('instance: a\n')).toEqual([
    '1 targets: found nothing, wanted a list with at least one target',
  ]);
  expect(await problemsOf('instance: a\ntargets: []\n')).toEqual([
    '2 targets: found an empty list, wanted a list with at least one target',
  ]);
  expect(await problemsOf('targets:\n')).toEqual(['1 targets: found nothing, wanted a list with at least one target']);
  expect(await problemsOf('targets: { a: b }\n')).toEqual([
    '1 targets: found a mapping, wanted a list with at least one target',
  ]);
  expect(await problemsOf('targets:\n  - shop\n')).toEqual(['2 targets[0]: found "shop", wanted a mapping']);
});

test('all problems are told at once, in the order of the file', async () => {
  const problems = await problemsOf(`instance: { a: b }
journal: x
http: { port: x, bogus: y }
schedule: { cron: x, timezone: y }
policy: { lifetime: x, window: { cron: x } }
apple: { tokenUrl: "https://evil.example/", check: x }
cloudbase: { endpoint: "https://evil.example", timeout: x }
targets:
  - { name: A, envId: "", teamId: x, key: { from: file } }
  - { name: b, envId: b, key: { from: x }, cloudbase: { endpoint: "https://evil.example" } }
alerts: { language: x, channels: [{ name: a, type: x }, { name: b, type: slack, url: "http://a.example" }] }
heartbeat: { every: x }
allowHosts: [":"]
`);
  expect(problems.map((line) => line.slice(0, line.indexOf(':')))).toEqual([
    '1 instance',
    '2 journal',
    '3 http.port',
    '3 http.bogus',
    '4 schedule.cron',
    '4 schedule.timezone',
    '5 policy.lifetime',
    '5 policy.window.cron',
    '5 policy.window.duration',
    '6 apple.check',
    '6 apple.tokenUrl',
    '7 cloudbase.timeout',
    '7 cloudbase.endpoint',
    '9 targets[0].name',
    '9 targets[0].envId',
    '9 targets[0].teamId',
    '9 targets[0].key.path',
    '10 targets[1].key.from',
    '11 alerts.language',
    '11 alerts.channels[0].type',
    '11 alerts.channels[1].url',
    '12 heartbeat.every',
    '13 allowHosts[0]',
  ]);
});
