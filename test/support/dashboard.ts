// The dashboard as tests see it: its panels, and its expressions with Grafana's variables filled in.
import { readFileSync } from 'node:fs';

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly options?: { readonly content?: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat?: string;
    readonly datasource: DataSource;
  }[];
}

export const dashboard = JSON.parse(readFileSync('config/grafana/dashboard.json', 'utf8')) as {
  readonly id: number | null;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
};

export const panels = dashboard.panels;

/** What Grafana puts in place of its variables, with All chosen everywhere. */
const VALUES: Readonly<Record<string, string>> = {
  job: '.*',
  target: '.*',
  __interval: '1h',
  __rate_interval: '2m',
  __range: '30d',
};

/** Every expression of the dashboard, ready for Prometheus. */
export const expressions = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat = '' }) => ({
    title,
    legend: legendFormat,
    expr: expr.replace(/\$(\w+)/g, (whole, name: string) => VALUES[name] ?? whole),
  })),
);
