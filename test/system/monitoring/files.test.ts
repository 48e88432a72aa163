// The files in config/, and what a scrape shows, checked by the programs that read them. The tests in
// test/service/metrics check what can be checked without these programs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { createMetrics } from '../../../src/service/metrics/metrics.ts';
import { busyMetrics, EVERYTHING, NOTHING } from '../../service/metrics/everything.ts';
import { expressions } from '../../support/dashboard.ts';
import { anEvent } from '../../support/events.ts';
import { amtool, promtool } from './promtool.ts';

test.each([
  [
    'promtool accepts the rules',
    promtool,
    ['check', 'rules', '--lint=all', '--lint-fatal', 'config/prometheus/alerts.yml'],
  ],
  [
    'every rule fires where it must, and nowhere else',
    promtool,
    ['test', 'rules', 'config/prometheus/alerts.test.yml'],
  ],
  ["promtool accepts Prometheus' configuration", promtool, ['check', 'config', 'config/prometheus/prometheus.yml']],
  ["amtool accepts Alertmanager's configuration", amtool, ['check-config', 'config/alertmanager/alertmanager.yml']],
])('%s', async (_, tool, args) => {
  const { code, stdout, stderr } = await tool(args);
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
});

test('promtool accepts every expression of the dashboard', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-expressions-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const rules = expressions.map(({ expr }, index) => ({ record: `expression_${index}`, expr }));
  const file = join(folder, 'expressions.yml');
  writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
  const { code, stdout, stderr } = await promtool(['check', 'rules', file]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`${expressions.length} rules found`);
});

const NAME = 'a"b\\c\nd';

function metricsOfOddNames() {
  const metrics = createMetrics({ version: '1.2.3' });
  metrics.onEvent(anEvent('alert.sent', { channel: NAME }));
  return metrics;
}

test.each([
  ['before anything happened', createMetrics({ version: '1.2.3' }), NOTHING],
  ['with something in every metric', busyMetrics(), EVERYTHING],
  [
    'with names that must be escaped',
    metricsOfOddNames(),
    { ...NOTHING, targets: [{ name: NAME, reading: undefined }] },
  ],
])('promtool accepts a scrape %s', async (_, metrics, snapshot) => {
  const { text } = await metrics.text(snapshot);
  expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('promtool refuses a scrape that is wrong', async () => {
  const { code, stderr } = await promtool(['check', 'metrics'], 'apple_secret_ready{ 1\n');
  expect(code).not.toBe(0);
  expect(stderr).not.toBe('');
});
