// The rules and configurations in config/ and their links. test/system/monitoring has them checked by Prometheus' and
// Alertmanager's own tools.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { panels } from '../../support/dashboard.ts';
import { metricsByName } from './everything.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const file = 'config/prometheus/alerts.yml';
const yaml = (path: string): unknown => parse(readFileSync(path, 'utf8'));
const { groups } = yaml(file) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

test('the rules are those of the contract, and each is tested', () => {
  expect([...new Set(rules.map(({ alert }) => alert))].sort()).toEqual([
    'AppleSecretExpiring',
    'AppleSecretRotatorAbsent',
    'AppleSecretRotatorStalled',
    'AppleSecretStory',
  ]);
  const tests = readFileSync('config/prometheus/alerts.test.yml', 'utf8');
  for (const { alert } of rules) expect(tests).toContain(`alertname: ${alert}`);
});

describe.each(rules.map((rule) => [`${rule.alert} (${rule.labels['severity']})`, rule] as const))('%s', (_, rule) => {
  test('says how bad it is, what happened, what to do, and where to read on', () => {
    expect(rule.labels['severity']).toMatch(/^(?:warning|critical)$/);
    expect(Object.keys(rule.annotations)).toEqual(['summary', 'description', 'runbook_url']);
    expect(rule.annotations['description']).toMatch(/Run|Look/);
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

test('the tests of the rules feed them metrics that there are', async () => {
  const { rule_files, tests } = yaml('config/prometheus/alerts.test.yml') as {
    rule_files: string[];
    tests: { input_series: { series: string }[] }[];
  };
  expect(rule_files).toEqual(['alerts.yml']);
  const names = await metricsByName();
  const series = tests.flatMap(({ input_series }) => input_series.map((input) => input.series.replace(/\{.*/, '')));
  expect(series.length).toBeGreaterThan(0);
  expect(series.filter((name) => name !== 'up' && !names.has(name))).toEqual([]);
});

test('Prometheus loads the rules, scrapes the rotator and knows Alertmanager', () => {
  expect(yaml('config/prometheus/prometheus.yml')).toMatchObject({
    rule_files: ['alerts.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: ['alertmanager:9093'] }] }] },
    scrape_configs: [
      { job_name: 'apple-secret-rotator', static_configs: [{ targets: ['rotator:8080'] }] },
      { job_name: 'alertmanager', static_configs: [{ targets: ['alertmanager:9093'] }] },
    ],
  });
});

describe('Alertmanager', () => {
  const path = 'config/alertmanager/alertmanager.yml';

  test('has one receiver, which every alert reaches', () => {
    const { route, receivers } = yaml(path) as { route: { receiver: string; routes: object[] }; receivers: object[] };
    expect([route.receiver, receivers]).toEqual(['nobody', [{ name: 'nobody' }]]);
    expect(route.routes).toEqual([{ matchers: ['severity = "warning"'], repeat_interval: '24h' }]);
  });

  test('notifies nobody and says so, until the two lines that every page names are changed', () => {
    const text = readFileSync(path, 'utf8');
    const lines = '    # webhook_configs:\n    #   - url: https://example.internal/alerts\n';
    expect(text).toContain('NOTIFIES NOBODY');
    expect(text).toContain(lines);
    const { receivers } = parse(text.replace(lines, lines.replaceAll('# ', ''))) as { receivers: object[] };
    expect(receivers).toEqual([{ name: 'nobody', webhook_configs: [{ url: 'https://example.internal/alerts' }] }]);
    const [panel] = panels;
    for (const shown of [panel?.options?.content ?? '', readFileSync('docs/monitoring.md', 'utf8')]) {
      expect(shown).toContain('webhook_configs:\n');
      expect(shown).toContain('- url: https://example.internal/alerts');
      expect(shown).toMatch(/notifies nobody/i);
    }
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
