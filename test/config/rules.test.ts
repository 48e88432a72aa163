// The rules that join several keys, each on both sides of its boundary.

import { describe, expect, test } from 'vitest';
import { redactText } from '../../src/core/redact.ts';
import { renewalInstant } from '../../src/core/schedule.ts';
import { DAY } from '../../src/core/time.ts';
import { lines, load, NOW, problemsOf, refusal, TARGETS } from './support.ts';

const above = (line: string) => problemsOf(`${line}\n${TARGETS}`);
const accepts = async (line: string) => (await load(`${line}\n${TARGETS}`)).config;

describe('lifetime and renewBefore', () => {
  test.each(['7d', '168h', '180d'])('a lifetime of %s', async (lifetime) => {
    expect((await accepts(`policy: { lifetime: ${lifetime} }`)).targets).toHaveLength(1);
  });

  test.each(['604799s', '181d', '15552001s'])('no lifetime of %s', async (lifetime) => {
    expect(await above(`policy: { lifetime: ${lifetime} }`)).toEqual([
      `1 policy.lifetime: found "${lifetime}", wanted a duration such as 90s, 15m, 4h or 60d, from 7d to 180d`,
    ]);
  });

  test('renewBefore is below the lifetime', async () => {
    expect(await above('policy: { lifetime: 30d, renewBefore: 30d }')).toEqual([
      '1 policy.renewBefore: found renewBefore 30d with a lifetime of 30d, wanted renewBefore below lifetime',
    ]);
  });

  test.each([
    ['30d', '28d', '28 days'],
    ['180d', '178d', '178 days'],
    ['10d', '8d', '8 days'],
    ['7d', '7632m', '5.3 days'],
  ])('of %s: a new secret rests for a day, so renewBefore is %s at most', async (lifetime, longest, shown) => {
    const { targets } = await accepts(`policy: { lifetime: ${lifetime}, renewBefore: ${longest} }`);
    const { lifetimeMs = 0, renewBeforeMs = 0 } = targets[0]?.policy ?? {};
    const renewals = Array.from({ length: 200 }, (_, index) =>
      renewalInstant({ key: `target ${index}`, expiresAt: lifetimeMs, lifetimeMs, renewBeforeMs }),
    );
    expect(Math.min(...renewals)).toBeGreaterThanOrEqual(DAY);
    const above1 = `${renewBeforeMs / 1000 + 1}s`;
    expect(await above(`policy: { lifetime: ${lifetime}, renewBefore: ${above1} }`)).toEqual([
      `1 policy.renewBefore: found renewBefore ${above1} with a lifetime of ${lifetime}, wanted renewBefore of at most ${shown}: a new secret must rest for a day before it is renewed`,
    ]);
  });

  test("a target's own policy must come to rest as well", async () => {
    const own = '    policy: { lifetime: 7d, renewBefore: 167h }\n';
    expect(await problemsOf(`${TARGETS}${own}`)).toEqual([
      expect.stringMatching(
        /^5 targets\[0\]\.policy\.renewBefore: found renewBefore 167h with a lifetime of 7d, wanted /,
      ),
    ]);
    expect(await problemsOf(`policy: { renewBefore: 167h }\n${TARGETS}    policy: { lifetime: 7d }\n`)).toEqual([
      expect.stringMatching(/^6 targets\[0\]\.policy\.lifetime: found renewBefore 167h with a lifetime of 7d, wanted /),
    ]);
  });

  test.each([
    ['7d', 7 * 8 * 3_600_000],
    ['100d', 100 * 8 * 3_600_000],
    ['180d', 60 * DAY],
  ])('of a lifetime of %s a third is renewBefore', async (lifetime, renewBeforeMs) => {
    const { targets } = await accepts(`policy: { lifetime: ${lifetime} }`);
    expect(targets[0]?.policy.renewBeforeMs).toBe(renewBeforeMs);
  });

  test("a target's lifetime is judged with the renewBefore in force", async () => {
    expect(await problemsOf(`policy: { renewBefore: 60d }\n${TARGETS}    policy: { lifetime: 60d }\n`)).toEqual([
      '6 targets[0].policy.lifetime: found renewBefore 60d with a lifetime of 60d, wanted renewBefore below lifetime',
    ]);
    const { config } = await load(`${TARGETS}    policy: { lifetime: 60d }\n`);
    expect(config.targets[0]?.policy.renewBeforeMs).toBe(20 * DAY);
  });
});

describe('ticks', () => {
  test('are at most a tenth of renewBefore apart', async () => {
    await accepts('policy: { lifetime: 7d, renewBefore: 10h }');
    expect(await above('policy: { lifetime: 7d, renewBefore: 599m }')).toEqual([
      '1 schedule.cron: found gaps of 3600 s between checks, wanted gaps of at most a tenth of renewBefore, here 3594 s',
    ]);
  });

  test('are looked at over weekends and months', async () => {
    await accepts('schedule: { cron: "0 0 * * 1-5" }');
    expect(await problemsOf(`schedule: { cron: "0 0 * * 1-5" }\npolicy: { renewBefore: 29d }\n${TARGETS}`)).toEqual([
      '1 schedule.cron: found gaps of 3 days between checks, wanted gaps of at most a tenth of renewBefore, here 2.9 days',
    ]);
    expect(await above('schedule: { cron: "0 0 1 * *" }')).toEqual([
      expect.stringMatching(/^1 schedule\.cron: found gaps of .* days between checks, wanted .*, here 6 days$/),
    ]);
  });

  test('count the days when the clocks change', async () => {
    const yaml = (timezone: string) =>
      `schedule: { cron: "30 2 * * *", timezone: ${timezone} }\npolicy: { renewBefore: 19d }\n${TARGETS}`;
    expect((await load(yaml('UTC'))).config.schedule.timezone).toBe('UTC');
    expect(await problemsOf(yaml('Europe/Berlin'))).toEqual([
      '1 schedule.cron: found gaps of 47 hours between checks, wanted gaps of at most a tenth of renewBefore, here 45.6 hours',
    ]);
  });

  test("too far apart for one target alone are that target's problem", async () => {
    const yaml = `schedule: { cron: "0 0 * * *" }\n${TARGETS}    policy: { lifetime: 20d, renewBefore: 9d }\n`;
    expect(await problemsOf(yaml)).toEqual([
      '6 targets[0].policy.renewBefore: found gaps of 24 hours between checks, wanted gaps of at most a tenth of renewBefore, here 21.6 hours',
    ]);
  });
});

describe('a window', () => {
  const window = (renewBefore: string, rest = '') =>
    `policy: { lifetime: 30d, renewBefore: ${renewBefore}, window: { cron: "0 2 * * *", duration: 4h${rest} } }`;

  test('opens within renewBefore', async () => {
    await accepts(window('20h'));
    expect(await above(window('1199m'))).toEqual([
      '1 policy.window: found a window that stays shut for 20 hours, wanted a window that opens within renewBefore, here 19.9 hours',
    ]);
  });

  test('that opens once a year is refused, whenever it is looked at', async () => {
    const yaml = `policy: { window: { cron: "0 2 1 6 *", duration: 4h } }\n${TARGETS}`;
    for (const now of [NOW, Date.UTC(2027, 4, 31), Date.UTC(2027, 5, 2), Date.UTC(2028, 1, 29)])
      expect(await problemsOf(yaml, {}, now)).toEqual([
        expect.stringMatching(
          /^1 policy\.window: found a window that stays shut for .* days, wanted .*, here 60 days$/,
        ),
      ]);
  });

  test('that never shuts is a window', async () => {
    const { targets } = await accepts('policy: { window: { cron: "0 * * * *", duration: 60m } }');
    expect(targets[0]?.policy.window).toEqual({ cron: '0 * * * *', durationMs: 3_600_000, timezone: 'UTC' });
  });

  test("of its own is judged with the target's renewBefore", async () => {
    const yaml = `${TARGETS}    policy: { lifetime: 30d, renewBefore: 4d, window: { cron: "0 2 * * 1", duration: 4h } }\n`;
    expect(await problemsOf(yaml)).toEqual([
      '5 targets[0].policy.window: found a window that stays shut for 6.8 days, wanted a window that opens within renewBefore, here 4 days',
    ]);
  });

  test('shared by all is judged with the renewBefore of each', async () => {
    const shared = 'policy: { window: { cron: "0 2 * * 1", duration: 4h } }';
    expect(await problemsOf(`${shared}\n${TARGETS}    policy: { lifetime: 30d, renewBefore: 4d }\n`)).toEqual([
      '6 targets[0].policy.renewBefore: found a window that stays shut for 6.8 days, wanted a window that opens within renewBefore, here 4 days',
    ]);
  });
});

describe('expiry thresholds', () => {
  test.each([
    ['{ warning: 5183999s, critical: 20d }', true],
    ['{ warning: 60d, critical: 20d }', false],
    ['{ warning: 20d, critical: 1727999s }', true],
    ['{ warning: 20d, critical: 20d }', false],
    ['{ warning: 10d }', false],
    ['{ critical: 44d }', true],
    ['{ critical: 45d }', false],
  ])('%s: %s', async (expiry, accepted) => {
    const line = `alerts: { expiry: ${expiry} }`;
    if (accepted) expect((await accepts(line)).targets).toHaveLength(1);
    else
      expect(await above(line)).toEqual([
        expect.stringMatching(
          /^1 alerts\.expiry: found critical .*, wanted expiry\.critical below expiry\.warning below renewBefore$/,
        ),
      ]);
  });

  test("that do not fit a target's renewBefore are that target's problem", async () => {
    const yaml = `alerts: { expiry: { warning: 45d, critical: 20d } }\n${TARGETS}    policy: { renewBefore: 45d }\n`;
    expect(await problemsOf(yaml)).toEqual([
      '6 targets[0].policy.renewBefore: found critical 20d, warning 45d, renewBefore 45d, wanted expiry.critical below expiry.warning below renewBefore',
    ]);
  });
});

test('what is told of the shared policy is not repeated for every target', async () => {
  const own = '    policy: { window: { cron: "0 2 * * *", duration: 4h } }\n';
  expect(await problemsOf(`schedule: { cron: "0 0 1 * *" }\n${TARGETS}${own}`)).toHaveLength(1);
});

describe('two targets', () => {
  const two = (first: string, second: string) =>
    `targets:\n  - { name: a, envId: e1, key: { from: file, path: k }, ${first} }\n  - { name: b, envId: e2, key: { from: file, path: k }, ${second} }\n`.replaceAll(
      ', }',
      ' }',
    );
  const named = (name: string, envId: string, rest = '') =>
    `  - { name: ${name}, envId: ${envId}, key: { from: file, path: k }${rest} }\n`;

  test('of one name are refused, in every mode', async () => {
    const yaml = `targets:\n${named('a', 'e1')}${named('a', 'e2')}`;
    for (const mode of ['strict', 'daemon'] as const)
      expect(lines((await refusal(yaml, {}, mode)).problems)).toEqual([
        '3 targets[1].name: found "a", wanted another name: targets[0] has this one',
      ]);
  });

  test.each([
    ['written alike', '', ''],
    ['the default provider named', '', ', providerId: apple'],
    ['the endpoint written otherwise', '', ', cloudbase: { endpoint: "https://TCB.tencentcloudapi.com:443/" }'],
    ['an endpoint of a region', '', ', cloudbase: { endpoint: "https://tcb.ap-shanghai.tencentcloudapi.com" }'],
    ['another region', '', ', cloudbase: { region: ap-guangzhou }'],
  ])('of one identity are refused, in every mode: %s', async (_, first, second) => {
    const yaml = `targets:\n${named('a', 'e1', first)}${named('b', 'e1', second)}`;
    for (const mode of ['strict', 'daemon'] as const)
      expect(lines((await refusal(yaml, {}, mode)).problems)).toEqual([
        '3 targets[1].envId: found the same site, envId and providerId as targets[0] (a), wanted each provider once',
      ]);
  });

  test.each([
    ['other environments', two('', '')],
    ['other providers', `targets:\n${named('a', 'e1')}${named('b', 'e1', ', providerId: apple-2')}`],
    [
      'other sites',
      `targets:\n${named('a', 'e1')}${named('b', 'e1', ', cloudbase: { endpoint: "https://tcb.intl.tencentcloudapi.com" }')}`,
    ],
  ])('of %s are two', async (_, yaml) => {
    expect((await load(yaml)).config.targets).toHaveLength(2);
  });
});

describe('a time zone', () => {
  test.each([
    ['CST', 'Asia/Shanghai or America/Chicago'],
    ['cst', 'Asia/Shanghai or America/Chicago'],
    ['EST', 'America/New_York'],
    ['EDT', 'America/New_York'],
    ['PST', 'America/Los_Angeles'],
    ['PDT', 'America/Los_Angeles'],
    ['CEST', 'Europe/Berlin or Europe/Paris'],
    ['AEDT', 'Australia/Sydney or Australia/Brisbane'],
    ['VST', 'the name of a place in that zone, such as Asia/Shanghai or America/Chicago'],
  ])('that is abbreviated, such as %s, is refused with what to write instead', async (zone, instead) => {
    for (const yaml of [
      `schedule: { timezone: ${zone} }\n${TARGETS}`,
      `policy: { window: { cron: "0 2 * * *", duration: 4h, timezone: ${zone} } }\n${TARGETS}`,
    ]) {
      const { problems, message, hint } = await refusal(yaml);
      expect(problems).toHaveLength(1);
      expect(message).toContain(
        'an IANA time zone such as UTC or Asia/Shanghai, not an abbreviation, which may mean several',
      );
      expect(hint).toBe(`Write ${instead}.`);
    }
  });

  test('what is refused as an abbreviation is all that the runtime knows by three letters, but for what means one place or UTC', async () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const known = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c))).filter(isZone);
    const accepted: string[] = [];
    for (const zone of known)
      if (await load(`schedule: { timezone: ${zone} }\n${TARGETS}`).then(Boolean, () => false)) accepted.push(zone);
    expect(known).toEqual(expect.arrayContaining(['CST', 'EST', 'PST', 'UTC']));
    expect(accepted).toEqual(['GMT', 'PRC', 'ROC', 'ROK', 'UCT', 'UTC']);
  });

  test.each(['UTC', 'GMT', 'Asia/Shanghai', 'America/Argentina/Buenos_Aires', 'Etc/UTC', 'Singapore', 'Cuba'])(
    '%s is one',
    async (zone) => {
      expect((await accepts(`schedule: { timezone: ${zone} }`)).schedule.timezone).toBe(zone);
    },
  );
});

test('a switched-off check of certificates is refused', async () => {
  const error = await refusal(TARGETS, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
  expect(error.message).toContain('the environment: NODE_TLS_REJECT_UNAUTHORIZED: found 0, which switches off');
  expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
  expect((await load(TARGETS, { NODE_TLS_REJECT_UNAUTHORIZED: '1' })).config.targets).toHaveLength(1);
});

test('auth and headers of a channel are known to the redaction, but for the name of this program', async () => {
  const headers = '{ X-Api-Key: "Token header-0badc0ffee11ab", User: apple-secret-rotator }';
  const own = (auth: string) =>
    `{ name: h${auth.length}, type: webhook, url: "https://a.example", auth: ${auth}, headers: ${headers} }`;
  const auths = ['{ bearer: bearer-1f2e3d4c5b6a }', '{ user: rotator, password: "basic: 6a7b8c9d0e1f" }'];
  await load(`alerts: { channels: [${auths.map(own).join(', ')}] }\n${TARGETS}`);
  for (const secret of ['bearer-1f2e3d4c5b6a', 'basic: 6a7b8c9d0e1f', 'header-0badc0ffee11ab'])
    expect(redactText(`a ${secret} b`)).not.toContain(secret);
  expect(redactText('run apple-secret-rotator alerts')).toBe('run apple-secret-rotator alerts');
});

describe('worth a second look', () => {
  test('an insecure channel', async () => {
    const { warnings } = await load(
      `alerts: { channels: [{ name: am, type: alertmanager, url: "http://am:9093", insecure: true }] }\n${TARGETS}`,
    );
    expect(warnings).toEqual([['unencrypted', 'am']]);
  });

  test.each(['dingtalk', 'feishu'])('a %s robot without a secret', async (type) => {
    const warned = async (secret: string) => {
      const channel = `{ name: team, type: ${type}, url: "https://robot.example"${secret} }`;
      return (await load(`alerts: { channels: [${channel}] }\n${TARGETS}`)).warnings;
    };
    expect([await warned(''), await warned(', secret: s')]).toEqual([[['unsigned', 'team']], []]);
  });

  test('a bind beyond loopback without a token for reading', async () => {
    expect((await load(`http: { host: 0.0.0.0 }\n${TARGETS}`)).warnings).toEqual([['open-to-read', '0.0.0.0']]);
    expect((await load(`http: { host: 0.0.0.0, readToken: x }\n${TARGETS}`)).warnings).toEqual([]);
    expect((await load(`http: { host: "::1" }\n${TARGETS}`)).warnings).toEqual([]);
  });
});

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return true;
  } catch {
    return false;
  }
}
