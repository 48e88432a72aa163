// The rules and configurations that lie in config/, checked by the programs that will read them, and their links.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { amtool, promtool } from '../../support/promtool.ts';
import { metricsByName } from './everything.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const file = 'config/prometheus/alerts.yml';
const { groups } = parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

test.each([
  ['promtool is content with the rules', promtool, ['check', 'rules', '--lint=all', '--lint-fatal', file]],
  [
    'every rule fires where it must, and nowhere else',
    promtool,
    ['test', 'rules', 'config/prometheus/alerts.test.yml'],
  ],
  ['promtool is content with the configuration', promtool, ['check', 'config', 'config/prometheus/prometheus.yml']],
  ['amtool is content with the configuration', amtool, ['check-config', 'config/alertmanager/alertmanager.yml']],
])('%s', async (_, tool, args) => {
  const { code, stdout, stderr } = await tool(args);
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
});

test('the rules are those of the contract, and each is tested', () => {
  expect([...new Set(rules.map(({ alert }) => alert))].sort()).toEqual([
    'AppleSecretAlertQueueStuck',
    'AppleSecretClockSkewed',
    'AppleSecretExpiring',
    'AppleSecretFailing',
    'AppleSecretNotReady',
    'AppleSecretRenewalOverdue',
    'AppleSecretRotatorAbsent',
  ]);
  const tests = readFileSync('config/prometheus/alerts.test.yml', 'utf8');
  for (const { alert } of rules) expect(tests).toContain(`alertname: ${alert}`);
});

describe.each(rules.map((rule) => [`${rule.alert} (${rule.labels['severity']})`, rule] as const))('%s', (_, rule) => {
  test('says how bad it is, what happened, what to do, and where to read on', () => {
    expect(rule.labels['severity']).toMatch(/^(?:warning|critical)$/);
    expect(Object.keys(rule.annotations)).toEqual(['summary', 'description', 'runbook_url']);
    expect(rule.annotations['description']).toMatch(/Run|Set|Look/);
    expect(rule.annotations['runbook_url']).toBe(`docs/runbook.md#${rule.alert.toLowerCase()}`);
    expect(readFileSync('docs/runbook.md', 'utf8')).toMatch(new RegExp(`^### ${rule.alert}$`, 'm'));
  });

  test('asks for metrics that there are', async () => {
    const names = await metricsByName();
    const wanted = rule.expr.match(/apple_secret_\w+/g) ?? [];
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
  });
});

test('nothing lies in the folders that Prometheus and Alertmanager mount but what is meant for them', () => {
  expect(readdirSync('config/prometheus').sort()).toEqual(['alerts.test.yml', 'alerts.yml', 'prometheus.yml']);
  expect(readdirSync('config/alertmanager')).toEqual(['alertmanager.yml']);
});

test('docs/monitoring.md explains every metric and every rule', async () => {
  const text = readFileSync('docs/monitoring.md', 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
  const metrics = [...(await metricsByName()).keys()];
  expect(rows.sort()).toEqual([...metrics, ...new Set(rules.map(({ alert }) => alert))].sort());
});
