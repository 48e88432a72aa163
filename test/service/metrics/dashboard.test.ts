// The Grafana dashboard: every panel asks for metrics that there are, and the provisioning files lead Grafana to it.
// test/system/monitoring has its expressions checked by promtool.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboard, expressions, panels } from '../../support/dashboard.ts';
import { metricsByName } from './everything.ts';

/** Labels that Prometheus and its functions add. */
const OF_PROMETHEUS = ['job', 'instance', 'le'];

describe('every panel', () => {
  test.each(panels.map((panel) => [panel.title, panel] as const))('%s', (_, panel) => {
    expect(panel.title).not.toBe('');
    if (panel.type === 'row' || panel.type === 'text') return;
    expect(panel.description).toMatch(/\.$/);
    expect(panel.datasource).toEqual({ type: 'prometheus', uid: `\${datasource}` });
    expect(panel.targets?.length).toBeGreaterThan(0);
    for (const { expr, refId, datasource } of panel.targets ?? []) {
      expect(expr).toMatch(/apple_secret_|alertmanager_/);
      expect(refId).toMatch(/^\w+$/);
      expect(datasource).toEqual(panel.datasource);
    }
  });

  test('has an id and a title of its own, and a place that no other has', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});

describe('the expressions', () => {
  test('name metrics and labels that there are, and every metric is shown', async () => {
    const metrics = await metricsByName();
    const shown = new Set<string>();
    for (const { expr, legend } of expressions) {
      const names = (expr.match(/apple_secret_\w+/g) ?? []).map((name) => name.replace(/_bucket$/, ''));
      const labels = new Set([...OF_PROMETHEUS, ...names.flatMap((name) => [...(metrics.get(name)?.labels ?? [])])]);
      const used = [
        ...[...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', ')),
        ...[...expr.matchAll(/(\w+)=~/g)].map(([, label = '']) => label),
        ...[...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
      ];
      expect({ expr, unknown: names.filter((name) => !metrics.has(name)) }).toEqual({ expr, unknown: [] });
      expect({ expr, unknown: used.filter((label) => !labels.has(label)) }).toEqual({ expr, unknown: [] });
      for (const name of names) shown.add(name);
    }
    expect([...metrics.keys()].filter((name) => !shown.has(name))).toEqual([]);
  });

  test('use variables that the dashboard has', () => {
    const names = dashboard.templating.list.map(({ name }) => name);
    expect(names).toEqual(['datasource', 'job', 'target']);
    const used = JSON.stringify(dashboard.panels).match(/\$\{?\w+/g) ?? [];
    const builtIn = ['__interval', '__rate_interval', '__range'];
    const unknown = used
      .map((text) => text.replace(/^\$\{?/, ''))
      .filter((name) => ![...names, ...builtIn].includes(name));
    expect(unknown).toEqual([]);
  });
});

test('begins by saying who is notified', () => {
  const [first, second] = panels;
  expect([first, second].map((panel) => [panel?.title, panel?.gridPos.y])).toEqual([
    ['Who is notified', 0],
    ['Alertmanager notifies', 0],
  ]);
  expect(readFileSync('docker-compose.yml', 'utf8')).toContain(
    'GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: /etc/grafana/provisioning/dashboard.json',
  );
});

test('its table has one row for each target, whatever labels Prometheus adds', () => {
  const { targets = [] } = panels.find(({ type }) => type === 'table') ?? {};
  expect(targets).toHaveLength(5);
  for (const { expr } of targets) expect(expr).toContain('max by (job, instance, target) (apple_secret_');
});

test('belongs to no instance of Grafana: no id, a steady uid, a schema of Grafana 12', () => {
  expect(dashboard).toMatchObject({ id: null, uid: 'apple-secret-rotator', schemaVersion: 41 });
});

test('is found where the provisioning files look for it', () => {
  const read = (path: string) => parse(readFileSync(join('config/grafana', path), 'utf8')) as unknown;
  expect(read('datasources/prometheus.yml')).toMatchObject({
    datasources: [{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }],
  });
  expect(read('dashboards/apple-secret-rotator.yml')).toMatchObject({
    providers: [{ type: 'file', options: { path: '/etc/grafana/provisioning' } }],
  });
  expect(readFileSync('docker-compose.yml', 'utf8')).toContain(
    'source: ./config/grafana, target: /etc/grafana/provisioning',
  );
});
