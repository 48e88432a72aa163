// A service with something to show in every metric, and the names of all metrics as a scrape shows them.
import { EMPTY_BOOK } from '../../../src/core/alerts/records.ts';
import { DAY } from '../../../src/core/time.ts';
import { createMetrics, type Metrics, type MetricsSnapshot } from '../../../src/service/metrics/metrics.ts';
import { readingOf } from '../../../src/service/metrics/readings.ts';
import { aState, CLOCK, NOW } from '../../support/builders.ts';
import { anEvent } from '../../support/events.ts';

/** What a scrape is answered from, but for the version, which the metrics know. */
export type Shown = Omit<MetricsSnapshot, 'version'>;

export const NOTHING: Shown = {
  clock: CLOCK,
  targets: [],
  book: EMPTY_BOOK,
  waiting: { count: 0, since: null },
  lastTurnMs: 0,
  skewMs: undefined,
  journalDegraded: false,
};

export const EVERYTHING: Shown = {
  clock: CLOCK,
  targets: [
    {
      name: 'shop',
      reading: readingOf(aState({ renewalAt: NOW + 40 * DAY, lastSuccessAt: NOW }), CLOCK),
    },
    { name: 'new', reading: undefined },
  ],
  book: EMPTY_BOOK,
  waiting: { count: 1, since: NOW - 1000 },
  lastTurnMs: 9_000,
  skewMs: 250,
  journalDegraded: true,
};

/** Metrics that have counted one of everything. */
export function busyMetrics(): Metrics {
  const metrics = createMetrics({ version: '1.2.3' });
  metrics.onEvent(anEvent('rotation.succeeded'));
  metrics.onEvent(anEvent('alert.sent'));
  metrics.tencentRequest({ action: 'GetProviders', code: 'OK' });
  metrics.appleAnswer('accepted');
  return metrics;
}

/** Every metric with its type and the labels of its series, by its name. */
export async function metricsByName(): Promise<ReadonlyMap<string, { type: string; labels: ReadonlySet<string> }>> {
  const { text } = await busyMetrics().text(EVERYTHING);
  const found = new Map<string, { type: string; labels: Set<string> }>();
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) found.set(name, { type, labels: new Set() });
    const [, series, labels = ''] = /^([a-z_]+)(?:\{(.*)\})? /.exec(line) ?? [];
    const metric = series === undefined ? undefined : found.get(series.replace(/_(?:bucket|sum|count)$/, ''));
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) metric?.labels.add(label);
  }
  return found;
}
