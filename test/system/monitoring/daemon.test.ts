// A real Prometheus scrapes the real daemon, its rules fire into a real Alertmanager, and the daemon's own alert
// arrives there too; when the trouble ends, both are resolved. Rules, dashboard and configurations are those of config/.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import pkg from '../../../package.json' with { type: 'json' };
import { parseClientSecret } from '../../../src/core/client-secret.ts';
import { lines, seen } from '../../support/alert-place.ts';
import { expressions } from '../../support/dashboard.ts';
import { ownWorkspace, type Program } from '../../support/program.ts';
import { promtool } from './promtool.ts';
import { type ActiveAlert, startAlertmanager, startPrometheus } from './servers.ts';

/** Asks again and again until the answer fits; fails with the last reason. */
const eventually = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 60_000, interval: 200 });

const named = (alerts: readonly ActiveAlert[], name: string) =>
  alerts.filter(({ labels }) => labels['alertname'] === name);

/** The causes that the rules tell of; the service itself may have others (a journal that lies in a container). */
const fromRules = (alerts: readonly ActiveAlert[]) =>
  named(alerts, 'AppleSecretStory')
    .map(({ labels }) => `${labels['cause']} ${labels['severity']}`)
    .filter((told) => /^(?:Renewal|Key|Logins|Access)/.test(told));

async function listening(daemon: Program): Promise<string> {
  await daemon.waitFor(seen('daemon.started'));
  return lines(daemon, 'daemon.started')[0]?.['http'] as string;
}

test('what goes wrong is seen by Prometheus and told by the daemon itself, and both say when it is over', async () => {
  const alertmanager = await startAlertmanager();
  // Little enough is left for every rule about expiry and renewal, and more than an emergency has.
  const place = await ownWorkspace({
    daysLeft: 19,
    settings: {
      schedule: { cron: '* * * * * *' },
      alerts: { digest: 'off', channels: [{ name: 'monitoring', type: 'alertmanager', url: alertmanager.url }] },
    },
  });
  // The renewal waits for a window that opens in half a day; then the key goes, and the target fails at every tick.
  const opens = (new Date().getUTCHours() + 12) % 24;
  place.configure({ policy: { window: { cron: `0 ${opens} * * *`, duration: '1h' } } });
  const daemon = place.start(['run']);
  await daemon.waitFor(seen('pass.deferred'));
  const key = readFileSync(place.keyFile);
  rmSync(place.keyFile);
  const url = await listening(daemon);
  const prometheus = await startPrometheus(url, alertmanager.url);

  // The scrape
  const expiresAt = (parseClientSecret(place.secret() as string)?.expiresAtMs ?? 0) / 1000;
  const labels = { job: prometheus.job, instance: new URL(url).host };
  await eventually(async () => {
    expect(await prometheus.query(`up{job="${prometheus.job}"}`)).toEqual([
      { metric: { __name__: 'up', ...labels }, value: 1 },
    ]);
    expect(await prometheus.query('apple_secret_expiration_timestamp_seconds')).toEqual([
      {
        metric: { __name__: 'apple_secret_expiration_timestamp_seconds', ...labels, target: 'shop' },
        value: expiresAt,
      },
    ]);
    expect(await prometheus.query('apple_secret_ready')).toMatchObject([{ value: 0 }]);
  });
  expect(await prometheus.query('apple_secret_build_info')).toMatchObject([{ metric: { version: pkg.version } }]);
  const scrape = await fetch(`${url}/metrics`);
  expect(scrape.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await scrape.text();
  expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(text).not.toContain(place.secret());
  expect(text).toMatch(/^apple_secret_cloudbase_requests_total\{action="GetProviders",code="OK"\} [1-9]/m);

  // The rules fire, and say of what
  await eventually(async () => {
    const alerts = await alertmanager.alerts();
    expect(fromRules(alerts)).toContain('KeyUnavailable critical');
    expect(named(alerts, 'KeyUnavailable')).toHaveLength(1);
  });
  const firing = await alertmanager.alerts();
  expect(firing.filter(({ labels }) => labels['cause'] === 'KeyUnavailable')).toMatchObject([
    {
      labels: { alertname: 'AppleSecretStory', ...labels },
      annotations: {
        description: expect.stringContaining('KeyUnavailable. Run "apple-secret-rotator alerts"'),
        runbook_url: 'docs/runbook.md#applesecretstory',
      },
    },
  ]);
  expect(await prometheus.query('apple_secret_last_turn_seconds < 60')).toHaveLength(1);
  // As it is delivered: the dashboard says so at its top.
  expect(await prometheus.query('alertmanager_integrations')).toMatchObject([{ value: 0 }]);

  // The daemon's own alert
  const [own] = named(firing, 'KeyUnavailable');
  expect(own).toMatchObject({
    labels: { severity: expect.stringMatching(/^(?:warning|critical)$/), instance: 'e2e' },
    annotations: {
      code: 'ERR_KEY_NOT_FOUND',
      description: expect.stringContaining('.p8'),
      runbook_url: 'docs/runbook.md#keyunavailable',
    },
  });
  await eventually(async () => {
    expect(await prometheus.query('apple_secret_alerts_total{channel="monitoring", outcome="sent"} > 0')).toHaveLength(
      1,
    );
    expect(await prometheus.query('apple_secret_stories{cause="KeyUnavailable"} > 0')).toHaveLength(1);
    expect(await prometheus.query('apple_secret_alert_queue_length')).toMatchObject([{ value: 0 }]);
  });

  // Every panel of the dashboard shows something now, or when the trouble is over
  const empty = async () => {
    const results = expressions.map(async ({ expr }) => ((await prometheus.query(expr)).length === 0 ? [expr] : []));
    return (await Promise.all(results)).flat();
  };
  const emptyInTrouble = await empty();
  expect(emptyInTrouble).toEqual([
    expect.stringContaining('apple_secret_last_success_timestamp_seconds'),
    expect.stringContaining('apple_secret_rotations_total'),
  ]);

  // The trouble ends
  const heard = await alertmanager.received('resolved');
  writeFileSync(place.keyFile, key, { mode: 0o600 });
  place.configure();
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('rotation.succeeded'));
  await eventually(async () => {
    expect(fromRules(await alertmanager.alerts())).toEqual([]);
    expect(await prometheus.query('apple_secret_ready')).toMatchObject([{ value: 1 }]);
    expect((await empty()).filter((expr) => emptyInTrouble.includes(expr))).toEqual([]);
  });
  // Long before the end that the alerts were sent with, so both were resolved by word.
  expect(await alertmanager.received('resolved')).toBeGreaterThan(heard);
  expect(await prometheus.query('apple_secret_rotations_total{outcome="succeeded"}')).toMatchObject([
    { metric: { target: 'shop', reason: 'RenewalDue' }, value: 1 },
  ]);
  await eventually(async () => {
    expect(await prometheus.query('apple_secret_stories{cause=~"Renewal.*|Key.*"} > 0')).toEqual([]);
  });

  // And when nobody is left to call
  daemon.signal('SIGTERM');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
  await eventually(async () => {
    expect(named(await alertmanager.alerts(), 'AppleSecretRotatorAbsent')).toMatchObject([
      { labels: { severity: 'critical', ...labels } },
    ]);
  });
}, 240_000);
