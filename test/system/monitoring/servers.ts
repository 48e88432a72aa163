// A real Prometheus and a real Alertmanager as processes of the test that runs: on free ports of loopback, in folders
// of their own, with the configuration of config/ made quick. They are ended by their own process ids, come what may.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { startCommand } from '../../support/program.ts';
import { systemProgram } from '../programs.ts';

/** An alert as Alertmanager shows it. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generatorURL?: string;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Starts Alertmanager with config/alertmanager/alertmanager.yml. */
export async function startAlertmanager() {
  const config = join(process.cwd(), 'config/alertmanager/alertmanager.yml');
  const server = await start('alertmanager', config, (folder) => [
    `--storage.path=${folder}`,
    // One instance: no gossip with others.
    '--cluster.listen-address=',
  ]);
  return {
    ...server,
    /** The alerts that are active now. */
    alerts: () => getJson<ActiveAlert[]>(`${server.url}/api/v2/alerts?active=true&silenced=false&inhibited=true`),
    /** How many alerts arrived in this state (`firing`, `resolved`), repetitions included. */
    async received(status: string): Promise<number> {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      const counts = text.matchAll(/^alertmanager_alerts_received_total\{(.*)\} (\d+)$/gm);
      return [...counts]
        .filter(([, labels = '']) => labels.includes(`status="${status}"`))
        .reduce((sum, [, , count]) => sum + Number(count), 0);
    },
  };
}

/** Starts Prometheus with config/prometheus: it scrapes both every second, and its rules fire after one. */
export async function startPrometheus(target: string, alertmanager: string) {
  const folder = temporaryFolder();
  const written = parse(readFileSync('config/prometheus/prometheus.yml', 'utf8')) as PrometheusConfig;
  const [{ job_name } = { job_name: '' }] = written.scrape_configs;
  const config = {
    ...written,
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager).host] }] }] },
    scrape_configs: [target, alertmanager].map((url, index) => ({
      job_name: written.scrape_configs[index]?.job_name,
      static_configs: [{ targets: [new URL(url).host] }],
    })),
  };
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, stringify(config));
  const rules = readFileSync('config/prometheus/alerts.yml', 'utf8').replaceAll(/for: \w+/g, 'for: 1s');
  writeFileSync(join(folder, 'alerts.yml'), rules);
  const server = await start('prometheus', file, (data) => [`--storage.tsdb.path=${data}`]);
  return {
    ...server,
    job: job_name,
    /** The present samples of an expression. Throws what Prometheus objects to. */
    async query(expr: string): Promise<Sample[]> {
      const url = `${server.url}/api/v1/query?${new URLSearchParams({ query: expr })}`;
      const answer = await getJson<{ error?: string; data: { result: Result[] } }>(url);
      if (answer.error !== undefined) throw new Error(`${expr}: ${answer.error}`);
      return answer.data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
  };
}

interface PrometheusConfig {
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Resolves when the server says on which port it listens. */
async function start(name: 'prometheus' | 'alertmanager', config: string, more: (folder: string) => string[]) {
  const args = [`--config.file=${config}`, '--web.listen-address=127.0.0.1:0', ...more(temporaryFolder())];
  const program = startCommand(systemProgram(name), args);
  const address = await program.waitFor(/msg="Listening on" address=(\S+)/);
  return { url: `http://${address}`, stop: () => program.stop() };
}

async function getJson<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rotator-monitoring-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
