// What `run` does without and the other commands refuse; the environment-only form; and that nothing secret is shown.

import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { tries } from '../support/campaign.ts';
import { eachInAnEmptyFolder, everythingShown, file, lines, load, NOW, refusal, TARGETS, thrownBy } from './support.ts';

const GOOD = '  - { name: good, envId: e1, key: { from: file, path: k } }\n';
/** Pasted into the wrong place; it must be in no message, and would be no steady part of a condition's id. */
const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl';
const BAD_ID = '  - { name: bad, envId: e2, teamId: x, key: { from: file, path: k } }\n';

describe('an error in one entry of targets', () => {
  test.each([
    ['a malformed id', BAD_ID, 'bad', ['3 targets[1].teamId: found "x", wanted 10 upper-case letters or digits']],
    [
      'an unknown key',
      GOOD.replaceAll('good', 'b').replace('e1', 'e2').replace(' }\n', ', x: y }\n'),
      'b',
      [expect.stringContaining('targets[1].x: found an unknown key')],
    ],
    [
      'no name',
      '  - { envId: e2, key: { from: file, path: k } }\n',
      'targets[1]',
      [expect.stringContaining('targets[1].name: found nothing')],
    ],
    [
      'a variable that is not set',
      `  - { name: b, envId: "\${NOPE}", key: { from: file, path: k } }\n`,
      'b',
      [expect.stringContaining('which is not set')],
    ],
    [
      'a host that is not allowed',
      '  - { name: b, envId: e2, key: { from: file, path: k }, cloudbase: { endpoint: "https://evil.example" } }\n',
      'b',
      [expect.stringContaining('cloudbase.endpoint')],
    ],
    [
      'a policy that does not work',
      '  - { name: b, envId: e2, key: { from: file, path: k }, policy: { lifetime: 9d, renewBefore: 9d } }\n',
      'b',
      [expect.stringContaining('renewBefore below lifetime')],
    ],
    [
      'a key that stands there twice',
      '  - { name: b, envId: e2, envId: e3, key: { from: file, path: k } }\n',
      'b',
      [expect.stringContaining('the same key a second time')],
    ],
    [
      'a name that is none',
      `  - { name: ${JWT}, envId: e2, key: { from: file, path: k } }\n`,
      'targets[1]',
      [expect.stringMatching(/^3 targets\[1\]\.name: found text of \d+ characters, wanted 1 to 63 characters of a-z/)],
    ],
    ['no mapping', '  - shop\n', 'targets[1]', ['3 targets[1]: found "shop", wanted a mapping']],
  ])('disables that entry in run and is refused elsewhere: %s', async (_, entry, name, problems) => {
    const yaml = `targets:\n${GOOD}${entry}`;
    const { config, disabledTargets } = await load(yaml, {}, 'daemon');
    expect(config.targets.map((target) => target.name)).toEqual(['good']);
    expect(disabledTargets.map((target) => [target.name, target.index, lines(target.problems)])).toEqual([
      [name, 1, problems],
    ]);
    expect(lines((await refusal(yaml)).problems)).toEqual(problems);
  });

  test('is refused in run too where no target is left', async () => {
    expect((await refusal(`targets:\n${BAD_ID}`, {}, 'daemon')).problems).toHaveLength(1);
  });

  test('is told in run beside an error that concerns all', async () => {
    expect(lines((await refusal(`targets:\n${GOOD}${BAD_ID}log: x\n`, {}, 'daemon')).problems)).toEqual([
      '3 targets[1].teamId: found "x", wanted 10 upper-case letters or digits',
      '4 log: found "x", wanted a mapping',
    ]);
  });

  test('leaves its index and the others as they are', async () => {
    const { config, disabledTargets } = await load(
      `targets:\n${BAD_ID}${GOOD}${GOOD.replaceAll(/good|e1/g, 'more')}`,
      {},
      'daemon',
    );
    expect(config.targets.map(({ name, envId }) => [name, envId])).toEqual([
      ['good', 'e1'],
      ['more', 'more'],
    ]);
    expect(disabledTargets.map(({ name, index }) => [name, index])).toEqual([['bad', 0]]);
  });

  test('does not make a channel for that target wrong', async () => {
    const channel = 'alerts: { channels: [{ name: a, type: slack, url: "https://a.example", targets: [bad] }] }\n';
    const { config } = await load(`targets:\n${GOOD}${BAD_ID}${channel}`, {}, 'daemon');
    expect(config.alerts.channels).toHaveLength(1);
  });

  test('takes a duplicate with it: the other of the two is used', async () => {
    const { config } = await load(`targets:\n${GOOD}${BAD_ID.replace('bad', 'good')}`, {}, 'daemon');
    expect(config.targets.map(({ envId }) => envId)).toEqual(['e1']);
  });
});

test('the channels that can be read are at hand when the rest is wrong', async () => {
  const channels =
    '{ name: a, type: slack, url: "https://a.example" }, { name: b, type: x }, { name: c, type: wecom, url: "https://c.example" }';
  const error = await refusal(`alerts: { language: x, channels: [${channels}] }\nlog: x\n${TARGETS}`);
  expect(error.readable?.alerts.channels.map(({ name }) => name)).toEqual(['a', 'c']);
  expect((await refusal('a: [')).readable).toBeUndefined();
});

test('a thousand targets, each with a policy of its own', async () => {
  const entries = Array.from(
    { length: 1000 },
    (_, index) =>
      `  - { name: t${index}, envId: e${index}, key: { from: env, variable: K }, policy: { lifetime: ${100 + (index % 80)}d, window: { cron: "0 2 * * *", duration: 4h } } }\n`,
  );
  const { config } = await load(`schedule: { timezone: Europe/Berlin }\ntargets:\n${entries.join('')}`);
  expect(new Set(config.targets.map(({ name }) => name)).size).toBe(1000);
});

test('everything else has its turn while a large configuration is read', async () => {
  const entries = Array.from(
    { length: 2000 },
    (_, index) => `  - { name: t${index}, envId: e${index}, key: { from: env, variable: K } }\n`,
  );
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    for (; !isOver; turns += 1) await setImmediate();
  })();
  await load(`targets:\n${entries.join('')}`);
  isOver = true;
  await others;
  // Once for every 2,000 lexemes of the file, and for every 100 targets when they are interpolated, converted and judged.
  expect(turns).toBeGreaterThan(80);
});

describe('the environment alone', () => {
  const ENV = { CLOUDBASE_ENV_ID: 'shop-1', APPLE_PRIVATE_KEY: 'x' };
  eachInAnEmptyFolder();
  const fromEnv = (env: Record<string, string>, mode: 'daemon' | 'strict' = 'strict') =>
    loadConfig({ env: { ...ENV, ...env }, mode, now: NOW });

  test('gives one target', async () => {
    const { config, file: found } = await fromEnv({});
    expect(found).toBeUndefined();
    expect(config.targets).toMatchObject([
      {
        name: 'shop-1',
        envId: 'shop-1',
        providerId: 'apple',
        ids: {},
        key: { from: 'env', variable: 'APPLE_PRIVATE_KEY' },
      },
    ]);
    expect(config.journal.path).toBe('./data/journal.db');
  });

  test('may say everything that the form knows', async () => {
    const { config } = await fromEnv({
      CLOUDBASE_REGION: 'ap-singapore',
      APPLE_TEAM_ID: 'A1B2C3D4E5',
      APPLE_CLIENT_ID: 'com.acme.shop',
      APPLE_KEY_ID: 'K1L2M3N4O5',
      ROTATOR_JOURNAL: 'sqlite:/var/lib/rotator/journal.db',
      ALERT_TYPE: 'wecom',
      ALERT_URL: 'https://a.example/hook',
      HEARTBEAT_URL: 'https://b.example/ping',
    });
    expect(config.targets[0]).toMatchObject({
      ids: { teamId: 'A1B2C3D4E5', clientId: 'com.acme.shop', keyId: 'K1L2M3N4O5' },
      cloudbase: { region: 'ap-singapore', credentials: { from: 'env' } },
    });
    expect(config.journal.path).toBe('/var/lib/rotator/journal.db');
    expect(config.alerts.channels).toMatchObject([{ name: 'default', type: 'wecom', url: 'https://a.example/hook' }]);
    expect(config.heartbeat.url).toBe('https://b.example/ping');
  });

  test('drops white space around every value, and around the paths of files', async () => {
    const { config } = await fromEnv({
      CLOUDBASE_ENV_ID: ' shop-1g2h3j\n',
      CLOUDBASE_REGION: 'ap-singapore \r\n',
      APPLE_TEAM_ID: ' A1B2C3D4E5\r\n',
      APPLE_CLIENT_ID: 'com.acme.shop\n',
      APPLE_KEY_ID: '\uFEFFK1L2M3N4O5 ',
      ROTATOR_JOURNAL: ' sqlite:/data/journal.db\n',
      ALERT_TYPE: 'slack ',
      ALERT_URL_FILE: ` ${await file('https://a.example/hook \n\n')}\n`,
    });
    const ids = { teamId: 'A1B2C3D4E5', clientId: 'com.acme.shop', keyId: 'K1L2M3N4O5' };
    expect(config.targets).toMatchObject([
      { name: 'shop-1g2h3j', envId: 'shop-1g2h3j', ids, cloudbase: { region: 'ap-singapore' } },
    ]);
    expect(config.journal.path).toBe('/data/journal.db');
    expect(config.alerts.channels).toMatchObject([{ type: 'slack', url: 'https://a.example/hook' }]);
    const yaml = TARGETS.replace('shop-1', `"\${ENV_ID}"`);
    expect((await load(yaml, { ENV_ID: ' shop-2 \r\n' })).config.targets).toMatchObject([{ envId: 'shop-2' }]);
  });

  test('takes every value from a file as well', async () => {
    const { config } = await fromEnv({
      APPLE_PRIVATE_KEY: '',
      APPLE_PRIVATE_KEY_FILE: '/run/secrets/key.p8',
      ALERT_TYPE: 'slack',
      ALERT_URL_FILE: await file('https://a.example/hook\n'),
    });
    expect(config.targets[0]?.key).toEqual({ from: 'env', variable: 'APPLE_PRIVATE_KEY' });
    expect(config.alerts.channels).toMatchObject([{ url: 'https://a.example/hook' }]);
  });

  test('may accept that nobody is called', async () => {
    expect((await fromEnv({ ROTATOR_ALERTS: 'none' })).config.alerts.noneAccepted).toBe(true);
    expect((await fromEnv({})).config.alerts.noneAccepted).toBe(false);
  });

  test.each([
    [
      { APPLE_PRIVATE_KEY: '' },
      [
        '- APPLE_PRIVATE_KEY: found nothing, wanted the private key (.p8) in APPLE_PRIVATE_KEY, or the path of its file in APPLE_PRIVATE_KEY_FILE',
      ],
    ],
    [
      { APPLE_TEAM_ID: 'YOUR_TEAM_ID' },
      ['- APPLE_TEAM_ID: found text of 12 characters, wanted 10 upper-case letters or digits (this is a placeholder)'],
    ],
    [{ ROTATOR_ALERTS: 'off' }, ['- ROTATOR_ALERTS: found text of 3 characters, wanted accepted | none']],
    [
      { ALERT_URL: 'https://a.example' },
      [
        '- ALERT_TYPE: found nothing, wanted webhook | slack | wecom | dingtalk | feishu | pagerduty | alertmanager | email',
      ],
    ],
    [{ ALERT_TYPE: 'slack' }, ['- ALERT_URL: found nothing, wanted the URL to post to']],
    [
      { ALERT_TYPE: 'slack', ALERT_URL: 'http://a.example' },
      [
        '- ALERT_URL: found text of 16 characters, wanted https:// (http:// is for loopback alone, or with insecure: true)',
      ],
    ],
    [
      { ALERT_TYPE: 'slack', ALERT_URL_FILE: '/nowhere' },
      [
        `- ALERT_URL: found \${ALERT_URL}, but /nowhere, which ALERT_URL_FILE names, does not exist, wanted a readable text file`,
      ],
    ],
    [{ CLOUDBASE_REGION: 'X' }, ['- CLOUDBASE_REGION: found text of 1 character, wanted a region such as ap-shanghai']],
  ])('%j is told by the name of the variable', async (env, problems) => {
    for (const mode of ['strict', 'daemon'] as const) {
      const error = await thrownBy(fromEnv(env as Record<string, string>, mode));
      expect(lines(error.problems)).toEqual(problems);
      expect(error.problems[0]?.file).toBe('the environment');
    }
  });

  test('tells where a variable is not enough', async () => {
    const error = await thrownBy(fromEnv({ ALERT_TYPE: 'pagerduty', ALERT_URL: 'https://a.example' }));
    expect(error.problems).toMatchObject([
      {
        key: 'alerts.channels[0].routingKey',
        next: ['no-variable'],
      },
    ]);
  });

  test('tells once what is wrong with the id that is also the name', async () => {
    const error = await thrownBy(fromEnv({ CLOUDBASE_ENV_ID: 'Shop 1' }));
    expect(error.problems.map(({ key }) => key)).toEqual(['CLOUDBASE_ENV_ID', 'CLOUDBASE_ENV_ID']);
  });
});

describe('nothing secret is shown', () => {
  const SECRET_PLACES = [
    'http: { port: "$S" }',
    'http: { token: "$S $S" }',
    'journal: "$S"',
    'schedule: { cron: "$S" }',
    'apple: { tokenUrl: "$S" }',
    'cloudbase: { endpoint: "https://$S.example" }',
    'cloudbase: { credentials: { from: "$S" } }',
    'alerts: { channels: [{ name: "$S", type: slack, url: "http://a.example/$S" }] }',
    'alerts: { channels: [{ name: a, type: "$S", url: "https://a.example/$S" }] }',
    'heartbeat: { url: "$S", every: "$S" }',
    'allowHosts: ["$S/"]',
    'log: "$S"',
  ];

  test('of what came from the environment, wherever it stands', async () => {
    const texts = fc.string({
      minLength: 12,
      maxLength: 40,
      unit: fc.constantFrom(...'ABCDEFGHJKLMNPQRSTUVWXYZ!#%&+'),
    });
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom(...SECRET_PLACES), async (secret, place) => {
        expect(
          everythingShown(await refusal(`${place.replaceAll('$S', `\${S}`)}\n${TARGETS}`, { S: secret })),
        ).not.toContain(secret);
      }),
      { numRuns: tries(120) },
    );
  });

  test.each([
    ['http: { token: geheim }', 'geheim'],
    ['http: { readToken: [geheim] }', 'geheim'],
    ['heartbeat: { url: geheim }', 'geheim'],
    ['alerts: { channels: [{ name: a, type: slack, url: "http://a.example/geheim" }] }', 'geheim'],
    [
      'alerts: { channels: [{ name: a, type: email, host: h, port: x, password: geheim, from: a@b, to: [c@d] }] }',
      'geheim',
    ],
    ['log: { level: eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln }', 'eyJ'],
    ['log: { AKIDabcdefghijklmnopqrstuvwxyz012345: x }', 'AKIDabc'],
    ['instance: { a: -----BEGIN PRIVATE KEY-----geheim }', 'geheim'],
    ['cloudbase: { secretKey: geheim }', 'geheim'],
  ])('of what is a secret in the file: %s', async (line, secret) => {
    expect(everythingShown(await refusal(`${line}\n${TARGETS}`))).not.toContain(secret);
  });

  test('although what is not secret is shown, up to a bearable length', async () => {
    const { problems } = await refusal(`log: { level: ${'x'.repeat(100)} }\n${TARGETS}`);
    expect(problems[0]?.found).toEqual(['value', `"${'x'.repeat(60)}…"`]);
  });
});
