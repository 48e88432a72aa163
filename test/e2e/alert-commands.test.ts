// `alerts` and `alerts --test` as processes, and what `once` does for alerts: what a person reads, what a
// script gets, what arrives over the channels, and how each ends.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { CAUSES } from '../../src/core/alerts/names.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { type AlertPlace, alertPlace, alertsOf, lines, whoOf } from '../support/alert-place.ts';
import { fullProvider, IDS } from '../support/pass-rig.ts';
import { envIdOf, type Result } from '../support/program.ts';

const UNASKED = { apple: { check: 'off' } };
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const DENIED = { service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'UnauthorizedOperation' } as const;

/** Waits until something that other processes bring about is so. */
const eventually = (look: () => void) => vi.waitFor(look, { timeout: 20_000, interval: 50 });

/** A table with gaps of two blanks, times and ports as letters. */
function words({ stdout }: Result): string {
  return stdout
    .replace(/(?<=\S) {2,}/g, '  ')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?:Z| UTC)/g, 'T')
    .replace(/(?<=retry )(?:within a minute|at once)/, 'soon');
}

/** An entry of `targets`. */
function entry({ keyFile }: AlertPlace, name: string, path = keyFile): JsonObject {
  return { name, envId: envIdOf(name), ...IDS, key: { from: 'file', path } };
}

describe('alerts', () => {
  test('before anybody looked says so, and leaves no trace', async () => {
    const place = await alertPlace();
    expect(await place.run(['alerts'])).toEqual({
      code: 0,
      stdout:
        'no alerts\n\nCHANNEL  TYPE     LAST DELIVERED  WAITING  FAILURES\nops      webhook  never           0        0\n',
      stderr:
        'no daemon runs on the journal ./journal.db\n' +
        'not checked yet: `apple-secret-rotator once` or the daemon checks the targets and raises alerts\n',
    });
    expect(existsSync(place.journalFile)).toBe(false);
    expect(place.world.requests.log).toEqual([]);
  });

  test('shows what is raised, whom it was sent to, and which channel does not take it', async () => {
    const place = await alertPlace({
      channels: { ops: {}, pager: { severities: ['critical'] } },
      settings: UNASKED,
    });
    place.world.faults.add({ ...DENIED, message: 'not authorized' });
    place.world.faults.add({ service: 'inbox', action: 'pager', kind: 'status', status: 404 });
    expect((await place.run(['once'])).code).toBe(1);
    place.world.requests.clearLog();
    const shown = await place.run(['alerts']);
    expect(shown).toMatchObject({
      code: 0,
      stderr: 'no daemon runs on the journal ./journal.db: this is what was last recorded\n',
    });
    const [rows, channels] = words(shown).split('\n\n');
    const blocks = rows?.split(/\n(?! {4})/).slice(1);
    expect(blocks?.map((block) => block.split('\n')[0])).toEqual([
      'critical  shop  AccessDenied  T, just now  T, in 4 d',
      'warning  -  ChannelFailing  T, just now  -',
    ]);
    expect(blocks?.[0]).toMatch(
      /\n {4}shop cannot be renewed: CAM denies tcb:ModifyProvider\n {4}[A-Z].*\n(?: {4}.*\n)* {4}Next: /,
    );
    expect(blocks?.[0]).toMatch(
      /\n {4}sent over ops \(T, [\w ]+\);\s+this text: not yet sent over pager;\s+see\s+docs\/runbook\.md#accessdenied$/,
    );
    expect(blocks?.[1]).toMatch(/\n {4}sent over ops \(T, [\w ]+\);\s+see\s+docs\/runbook\.md#channelfailing\n?$/);
    expect(channels).toBe(
      `${[
        'CHANNEL  TYPE  LAST DELIVERED  WAITING  FAILURES',
        'ops  webhook  T, just now  0  0',
        'pager  webhook  never  1  1, retry soon',
        '    ERR_CHANNEL_REFUSED: channel pager (webhook) refused the message: HTTP 404',
        '    Copy the URL of the channel again: nothing can be posted to this one.',
      ].join('\n')}\n`,
    );
    expect(shown.stdout).not.toContain(place.sandbox.url);
    expect(place.world.requests.log).toEqual([]);
  });

  test('--json prints every field, absent values null', async () => {
    const place = await alertPlace({
      channels: { ops: {}, pager: { severities: ['critical'] } },
      settings: UNASKED,
      daysLeft: 120,
    });
    const fresh = await place.run(['alerts', '--json']);
    const never = { lastDeliveredAt: null, waiting: 0, failures: 0, nextAttemptAt: null, error: null };
    expect(JSON.parse(fresh.stdout)).toEqual({
      alerts: [],
      channels: [
        { name: 'ops', type: 'webhook', ...never },
        { name: 'pager', type: 'webhook', ...never },
      ],
    });
    rmSync(place.keyFile);
    await place.run(['once']);
    const { alerts, channels } = alertsOf(await place.run(['alerts', '--json']));
    const hint = 'Correct the path, or put the .p8 there.';
    const message = expect.stringMatching(/^no key file AuthKey_/);
    expect(alerts).toEqual([
      {
        id: expect.stringMatching(/^KeyUnavailable\/.*\/AuthKey_\w+\.p8$/),
        cause: 'KeyUnavailable',
        severity: 'warning',
        target: null,
        envId: null,
        targets: [{ name: 'shop', loginsUntil: ISO }],
        title: 'shop cannot be renewed: there is no signing key',
        what: expect.stringMatching(
          /^Its client secret cannot be renewed until this is fixed\. The last error: no key file /,
        ),
        next: hint,
        since: ISO,
        loginsUntil: expect.any(String),
        runbook: 'docs/runbook.md#keyunavailable',
        channels: [{ name: 'ops', toldAt: ISO, delivered: true }],
        error: { code: 'ERR_KEY_NOT_FOUND', message, hint },
      },
    ]);
    expect(channels).toEqual([
      { name: 'ops', type: 'webhook', ...never, lastDeliveredAt: ISO },
      { name: 'pager', type: 'webhook', ...never },
    ]);
  });

  test('without a channel says that nobody is called', async () => {
    const place = await alertPlace({ channels: {} });
    const { code, stdout } = await place.run(['alerts']);
    expect([code, stdout]).toEqual([0, 'no alerts\n\nno channel is configured: nobody is notified\n']);
  });
});

describe('alerts --test', () => {
  test('sends a marked message that names the instance through each channel, and writes nothing down', async () => {
    const place = await alertPlace({
      channels: { ops: {}, wecom: { type: 'wecom' } },
      settings: { instance: 'prod-eu' },
    });
    expect(await place.run(['alerts', '--test'])).toEqual({
      code: 0,
      stdout: 'ops (webhook): accepted (HTTP 200)\nwecom (wecom): accepted (HTTP 200, errcode 0)\n',
      stderr: 'ops: sending a test message …\nwecom: sending a test message …\n',
    });
    expect(place.messages('ops').map(({ body }) => body)).toMatchObject([
      { kind: 'test', instance: 'prod-eu', version: pkg.version, title: expect.stringMatching(/^\[prod-eu\] TEST/) },
    ]);
    expect(JSON.stringify(place.messages('wecom')[0]?.body)).toMatch(/\[prod-eu\] TEST/);
    expect(existsSync(place.journalFile)).toBe(false);
  });

  test('ends with 1 if one does not accept it, says why and what to do, and tries the others all the same', async () => {
    const place = await alertPlace({ channels: { mute: {}, ops: {} } });
    await place.run(['once']);
    const before = readFileSync(place.journalFile);
    place.world.inbox.length = 0;
    place.world.faults.add({ service: 'inbox', action: 'mute', kind: 'status', status: 404 });
    const { code, stdout, stderr } = await place.run(['alerts', '--test']);
    expect([code, stdout]).toEqual([
      1,
      'mute (webhook): not accepted\n    channel mute (webhook) refused the message: HTTP 404 (ERR_CHANNEL_REFUSED)\n' +
        '    Copy the URL of the channel again: nothing can be posted to this one.\n' +
        'ops (webhook): accepted (HTTP 200)\n',
    ]);
    expect(stdout + stderr).not.toContain(place.sandbox.url);
    expect(place.messages('ops')).toHaveLength(1);
    const told = await place.run(['alerts', '--test', '--json']);
    expect([told.code, JSON.parse(told.stdout)]).toEqual([
      1,
      {
        tests: [
          {
            channel: 'mute',
            type: 'webhook',
            delivered: false,
            answer: null,
            error: {
              code: 'ERR_CHANNEL_REFUSED',
              message: 'channel mute (webhook) refused the message: HTTP 404',
              hint: 'Copy the URL of the channel again: nothing can be posted to this one.',
            },
          },
          { channel: 'ops', type: 'webhook', delivered: true, answer: 'HTTP 200', error: null },
        ],
      },
    ]);
    expect(told.stderr).toBe('');
    expect(readFileSync(place.journalFile).equals(before)).toBe(true);
  });

  test('--channel sends through that one alone, and is enough to ask for the test', async () => {
    const place = await alertPlace({ channels: { ops: {}, other: {} } });
    const { code, stdout } = await place.run(['alerts', '--channel', 'other']);
    expect([code, stdout]).toEqual([0, 'other (webhook): accepted (HTTP 200)\n']);
    expect([place.messages('ops').length, place.messages('other').length]).toEqual([0, 1]);
  });

  test('a channel that does not exist, or none at all, is a mistake of the command line', async () => {
    const place = await alertPlace({ channels: { ops: {}, other: {} } });
    expect(await place.run(['alerts', '--test', '--channel', 'nope'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: no channel is named nope; the known ones are ops and other (ERR_USAGE)\n' +
        '  Correct the name in the command, or --config if you meant another configuration.\n',
    });
    place.configure({}, {});
    expect(await place.run(['alerts', '--test'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: no channel is configured, so there is nothing to test (ERR_USAGE)\n' +
        '  Add one under `alerts.channels`; config/rotator.example.yaml shows each type.\n',
    });
  });
});

test('a target that leaves the configuration is told once, its alerts end, and it may come back', async () => {
  const place = await alertPlace({ targets: [{ name: 'shop' }, { name: 'web' }], settings: UNASKED, daysLeft: 120 });
  const [web, good] = [entry(place, 'web'), entry(place, 'shop')];
  place.configure({ targets: [entry(place, 'shop', 'gone.p8'), web] });
  const daemon = place.start(['run']);
  await eventually(() => expect(place.heard()).toEqual(['raised KeyUnavailable shop']));

  place.configure({ targets: [web] });
  daemon.signal('SIGHUP');
  await eventually(() => expect(place.heard().slice(1)).toEqual(['happened Unwatched shop']));
  expect(place.items().at(-1)).toMatchObject({
    what: expect.stringMatching(/^The service no longer checks .* RotationFailing\.$/),
    next: 'Put the target back into the configuration if this was a mistake.',
  });
  expect(alertsOf(await place.run(['alerts', '--json'])).alerts).toEqual([]);
  expect((await place.run(['once'])).code).toBe(0);
  expect((await place.run(['history', '--target', 'shop'])).code).toBe(0);

  // Back in the configuration it is watched as before.
  place.configure({ targets: [good, web] });
  daemon.signal('SIGHUP');
  await daemon.waitFor((program) => lines(program, 'pass.healthy').some(({ target }) => target === 'shop'));
  place.configure({ targets: [entry(place, 'shop', 'gone.p8'), web] });
  daemon.signal('SIGHUP');
  await eventually(() => expect(place.heard().slice(2)).toEqual(['raised KeyUnavailable shop']));
  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
  expect(place.heard()).toHaveLength(3);
}, 90_000);

describe('once', () => {
  const BEATS = (place: AlertPlace) => ({
    heartbeat: { url: `${place.sandbox.url}/inbox/alive`, healthUrl: `${place.sandbox.url}/inbox/health` },
  });

  test('pings where all is well, and sends nothing', async () => {
    const place = await alertPlace({ settings: UNASKED });
    place.configure(BEATS(place));
    expect((await place.run(['once'])).code).toBe(0);
    expect([place.pings('alive'), place.pings('health')]).toEqual([['ok'], ['ok']]);
    expect(place.heard()).toEqual([]);
  });

  test('tells what is wrong and that it is over within the same run; healthUrl fails while it is critical', async () => {
    const place = await alertPlace({ settings: UNASKED });
    place.configure(BEATS(place));
    place.world.faults.add({ ...DENIED, message: 'not authorized' });
    const failed = await place.run(['once']);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      'alert: shop cannot be renewed: CAM denies tcb:ModifyProvider (ERR_CLOUDBASE_DENIED)',
    );
    expect(failed.stderr).toMatch(/^sent an alert over ops: HTTP 200$/m);
    expect(place.heard()).toEqual(['raised AccessDenied shop']);
    expect(place.pings('alive')).toEqual(['ok']);
    expect(place.pings('health')).toEqual(['/fail AccessDenied']);
    place.world.faults.clear();
    expect((await place.run(['once'])).code).toBe(0);
    expect(place.heard().slice(1)).toEqual(['cleared AccessDenied shop']);
    expect(place.pings('health').at(-1)).toBe('ok');
    expect(alertsOf(await place.run(['alerts', '--json'])).alerts).toEqual([]);
  });

  test('does not wait for a channel that refuses, tells it over the others at once, and ends as it would have', async () => {
    const place = await alertPlace({ channels: { ops: {}, pager: { severities: ['critical'] } }, settings: UNASKED });
    place.world.faults.add({ ...DENIED, message: 'not authorized' });
    place.world.faults.add({ service: 'inbox', action: 'pager', kind: 'status', status: 404 });
    expect((await place.run(['once'])).code).toBe(1);
    expect(place.heard()).toEqual(['raised AccessDenied shop', 'raised ChannelFailing']);
    const pager = place.world.requests.log.filter(({ action }) => action === 'pager');
    expect(pager).toHaveLength(1);
  });

  test('a target without an error ends with 0 although its alert reached nobody', async () => {
    const place = await alertPlace({ settings: UNASKED });
    place.world.providers.put(envIdOf('shop'), { ...fullProvider(place.mint(175)), On: 'FALSE' });
    place.world.faults.add({ service: 'inbox', action: 'ops', kind: 'status', status: 404 });
    expect((await place.run(['once'])).code).toBe(0);
    expect(alertsOf(await place.run(['alerts', '--json'])).alerts).toMatchObject([
      { cause: 'ProviderDisabled', channels: [{ name: 'ops', toldAt: null, delivered: false }] },
      { cause: 'ChannelFailing', channels: [] },
    ]);
  });

  test('--target raises and clears nothing of other targets', async () => {
    const place = await alertPlace({
      targets: [{ name: 'gone' }, { name: 'shop' }, { name: 'web' }],
      settings: UNASKED,
      daysLeft: 120,
    });
    // `gone` fails for want of credentials, and leaves the configuration while it does.
    const own = { from: 'profile', path: './none' };
    const bad = { ...entry(place, 'gone'), cloudbase: { credentials: own } };
    const [shop, web] = [entry(place, 'shop', 'gone.p8'), entry(place, 'web')];
    place.configure({ targets: [bad, shop, web] });
    await place.run(['once']);
    const names = (result: Result) =>
      alertsOf(result)
        .alerts.map((row) => [row.cause, whoOf(row)].filter(Boolean).join(' '))
        .sort();
    const all = ['CredentialsRejected gone', 'KeyUnavailable shop'];
    expect(names(await place.run(['alerts', '--json']))).toEqual(all);

    await place.run(['once', '--target', 'web']);
    expect(names(await place.run(['alerts', '--json']))).toEqual(all);

    place.configure({ targets: [shop, web] });
    await place.run(['once']);
    const left = ['KeyUnavailable shop'];
    expect(names(await place.run(['alerts', '--json']))).toEqual(left);
    await place.run(['once', '--target', 'web']);
    expect(names(await place.run(['alerts', '--json']))).toEqual(left);

    // Nor does it tell of what it was not asked to look at.
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${place.journalFile}${suffix}`, { force: true });
    await place.run(['once', '--target', 'web']);
    expect(names(await place.run(['alerts', '--json']))).toEqual([]);
  });
});

describe('alerts --test --story', () => {
  const EVERY = {
    hook: {},
    slack: { type: 'slack' },
    wecom: { type: 'wecom' },
    dingtalk: { type: 'dingtalk', secret: 'SECtest' },
    feishu: { type: 'feishu', secret: 'SECtest' },
    pagerduty: { type: 'pagerduty', routingKey: 'R0123456789012345678' },
    alertmanager: { type: 'alertmanager' },
  };

  test('shows in each channel how it will look, marked as a test; what it opens is closed again', async () => {
    const place = await alertPlace({ channels: EVERY, settings: { instance: 'prod-eu' } });
    const { code, stdout } = await place.run(['alerts', '--test', '--story', 'accessdenied']);
    expect([code, stdout.split('\n').length]).toEqual([0, Object.keys(EVERY).length + 1]);
    expect(stdout).toMatch(/^pagerduty \(pagerduty\): accepted \(HTTP 202, 2 events\)$/m);
    for (const name of Object.keys(EVERY)) {
      const said = JSON.stringify(place.messages(name).map(({ body }) => body));
      expect([name, said]).toEqual([name, expect.stringContaining('TEST: ')]);
      expect([name, said]).toEqual([name, expect.stringMatching(/CAM denies tcb:GetProviders.*Nothing is wrong/s)]);
      expect([name, said]).toEqual([name, expect.stringContaining('shop-prod')]);
    }
    expect(place.messages('hook').map(({ body }) => body)).toMatchObject([
      { kind: 'test', severity: 'critical', items: [{ cause: 'AccessDenied', status: 'raised' }] },
    ]);
    const events = place.messages('pagerduty').map(({ body }) => body as Record<string, string>);
    expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve']);
    expect(new Set(events.map(({ dedup_key }) => dedup_key)).size).toBe(1);
    expect(existsSync(place.journalFile)).toBe(false);
  });

  test('--all-clear also shows its end, in the language of the alerts', async () => {
    const place = await alertPlace({ settings: { alerts: { language: 'zh' } } });
    const { code, stdout } = await place.run(['alerts', '--channel', 'ops', '--story', 'ClockSkewed', '--all-clear']);
    expect([code, stdout]).toEqual([0, 'ops (webhook): accepted (HTTP 200; HTTP 200)\n']);
    expect(place.messages().map(({ body }) => body)).toMatchObject([
      { kind: 'test', title: expect.stringMatching(/^\[e2e\] 【测试】/), items: [{ status: 'raised' }] },
      { kind: 'test', title: expect.stringMatching(/^\[e2e\] 【测试】/), items: [{ status: 'cleared' }] },
    ]);
  });

  test('--all-clear of an event, which has no end, shows it once', async () => {
    const place = await alertPlace();
    const { code, stdout } = await place.run(['alerts', '--channel', 'ops', '--story', 'Unwatched', '--all-clear']);
    expect([code, stdout]).toEqual([0, 'ops (webhook): accepted (HTTP 200)\n']);
    expect(place.messages().map(({ body }) => body)).toMatchObject([{ items: [{ status: 'happened' }] }]);
  });

  test('a name that no story has is a mistake of the command line, and --help lists them all', async () => {
    const place = await alertPlace();
    const wrong = async (...args: string[]) => {
      const { code, stderr } = await place.run(['alerts', ...args]);
      return [code, stderr.split('\n')[0]];
    };
    expect(await wrong('--story', 'AcessDenied')).toEqual([
      2,
      'error: no story is named AcessDenied; did you mean AccessDenied? (ERR_USAGE)',
    ]);
    const all = CAUSES.join(', ');
    expect(await wrong('--story', 'x')).toEqual([
      2,
      `error: no story is named x; the known ones are ${all} (ERR_USAGE)`,
    ]);
    expect(await wrong('--all-clear')).toEqual([
      2,
      'error: --all-clear shows the end of a story, and none is named (ERR_USAGE)',
    ]);
    expect(place.messages()).toEqual([]);
    const { stdout } = await place.run(['alerts', '--help']);
    expect(stdout.replace(/\s+/g, ' ')).toContain(`Names of stories: ${all}`);
  });
});
