// Forty targets that fail by one cause are one alert of the real Prometheus in the real Alertmanager, beside the one that
// the daemon sends itself, and both end with the cause.
import { expect, test, vi } from 'vitest';
import { lines, seen } from '../../support/alert-place.ts';
import { ownWorkspace } from '../../support/program.ts';
import { startAlertmanager, startPrometheus } from './servers.ts';

const eventually = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 90_000, interval: 500 });

const TARGETS = Array.from({ length: 40 }, (_, index) => ({ name: `shop-${index + 1}` }));

test('CAM denies every call: one alert fires for forty targets, and is resolved', async () => {
  const alertmanager = await startAlertmanager();
  const place = await ownWorkspace({
    targets: TARGETS,
    daysLeft: 120,
    settings: {
      schedule: { cron: '*/10 * * * * *' },
      alerts: { digest: 'off', channels: [{ name: 'monitoring', type: 'alertmanager', url: alertmanager.url }] },
    },
  });
  const denial = { service: 'tcb', action: 'GetProviders', kind: 'error', code: 'UnauthorizedOperation' } as const;
  place.world.faults.add(denial);
  const daemon = place.start(['run']);
  await daemon.waitFor(seen('daemon.started'));
  const prometheus = await startPrometheus(lines(daemon, 'daemon.started')[0]?.['http'] as string, alertmanager.url);
  const told = async () =>
    (await alertmanager.alerts())
      .map(({ labels }) => labels)
      .filter((labels) => labels['alertname'] === 'AccessDenied' || labels['cause'] === 'AccessDenied');

  const failing = 'sum(apple_secret_consecutive_failures > bool 0)';
  await eventually(async () => {
    expect(await prometheus.query(failing)).toMatchObject([{ value: TARGETS.length }]);
    expect(await prometheus.query('apple_secret_stories{cause="AccessDenied"} > 0')).toMatchObject([{ value: 1 }]);
    expect((await told()).map((labels) => labels['alertname']).sort()).toEqual(['AccessDenied', 'AppleSecretStory']);
  });
  const firing = await prometheus.query(
    'ALERTS{alertname=~"AppleSecret.*", alertstate="firing", cause!="JournalExposed"}',
  );
  expect(firing.map(({ metric }) => metric['cause'])).toEqual(['AccessDenied']);

  place.world.faults.clear();
  await eventually(async () => {
    expect(await prometheus.query(failing)).toMatchObject([{ value: 0 }]);
    expect(await prometheus.query('sum(apple_secret_stories{cause="AccessDenied"})')).toMatchObject([{ value: 0 }]);
    expect((await told()).filter((labels) => labels['alertname'] === 'AppleSecretStory')).toEqual([]);
  });
}, 240_000);
