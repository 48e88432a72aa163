// The metrics of the service in Prometheus' text format. Counters count events and outgoing calls from the start of the
// process, across reloads. Gauges are computed at each scrape (readings.ts). Nothing here may throw into a pass.
import { Counter, Histogram, Registry } from 'prom-client';
import type { EventSink, RotatorEvent } from '../../core/events.ts';
import type { AppleAnswer } from '../../core/ports.ts';
import { OUTCOMES } from '../../core/reasons.ts';
import { mapInSlices } from '../../net/event-loop.ts';
import { codeLabels } from './labels.ts';
import { GAUGES, type GaugeRow, type MetricsSnapshot } from './readings.ts';

export type { MetricsSnapshot } from './readings.ts';

/** How a pass can end: without a rotation, or as its rotation did. */
const PASS_OUTCOMES = ['healthy', 'deferred', 'pending', ...OUTCOMES] as const;
type PassOutcome = (typeof PASS_OUTCOMES)[number];

interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

export interface Metrics {
  /** Counts the ends of passes and rotations, and messages to channels. Never throws. */
  readonly onEvent: EventSink;
  /** Counts a request to Tencent Cloud. `code`: `OK`, the API's code, `HTTP_nnn`, `NETWORK` or `TIMEOUT`. Never throws. */
  readonly tencentRequest: (request: { readonly action: string; readonly code: string }) => void;
  /** Counts an answer from Apple. Never throws. */
  readonly appleAnswer: (verdict: AppleAnswer['verdict']) => void;
  /** The answer to a scrape. */
  text(snapshot: Omit<MetricsSnapshot, 'version'>): Promise<MetricsText>;
}

/** In s. A pass waits for network calls: a tenth of a second if they are fast, two minutes with all read-backs and timeouts. */
const PASS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];

/** Metrics that start at 0, in their own registry. */
export function createMetrics({ version }: { readonly version: string }): Metrics {
  const registry = new Registry();
  const counters = countersOf(registry);
  const codeLabel = codeLabels();

  return {
    onEvent: (event) => noteEvent(counters, event),
    tencentRequest: ({ action, code }) => counters.tencent.inc({ action, code: codeLabel(code) }),
    appleAnswer: (verdict) => counters.apple.inc({ verdict }),
    async text(snapshot) {
      const texts: string[] = [];
      for (const gauge of GAUGES) {
        const text = await gaugeText(gauge, { ...snapshot, version });
        if (text !== undefined) texts.push(text);
      }
      return { contentType: registry.contentType, text: [...texts, await registry.metrics()].join('\n') };
    },
  };
}

type Counters = ReturnType<typeof countersOf>;

function countersOf(registry: Registry) {
  const registers = [registry];
  const counters = {
    rotations: new Counter({
      name: 'apple_secret_rotations_total',
      help: 'Rotations that ended, by outcome and by the reason for them.',
      labelNames: ['target', 'outcome', 'reason'],
      registers,
    }),
    passes: new Histogram({
      name: 'apple_secret_pass_duration_seconds',
      help: 'How long passes took, by how they ended.',
      labelNames: ['outcome'],
      buckets: PASS_SECONDS,
      registers,
    }),
    tencent: new Counter({
      name: 'apple_secret_cloudbase_requests_total',
      help: "Requests to Tencent Cloud (CloudBase, SSM, STS), by result: OK, the API's code, HTTP_nnn, NETWORK, TIMEOUT.",
      labelNames: ['action', 'code'],
      registers,
    }),
    apple: new Counter({
      name: 'apple_secret_apple_requests_total',
      help: "Questions to Apple's token endpoint, by its verdict on the client secret.",
      labelNames: ['verdict'],
      registers,
    }),
    alerts: new Counter({
      name: 'apple_secret_alerts_total',
      help: 'Messages to alert channels, by result.',
      labelNames: ['channel', 'outcome'],
      registers,
    }),
  };
  // A rate needs a first value, so counters with few series show all of them from the start.
  for (const outcome of PASS_OUTCOMES) counters.passes.zero({ outcome });
  for (const verdict of ['accepted', 'rejected', 'unknown']) counters.apple.inc({ verdict }, 0);
  return counters;
}

/**
 * The end of a rotation is also the end of its pass, unless an earlier life of the program began it (`resumed`: the
 * pass goes on). What the pass then reports about its own row (deferred after it was blocked) is not a second end.
 */
function noteEvent({ rotations, passes, alerts }: Counters, event: RotatorEvent): void {
  const timed = (outcome: PassOutcome, durationMs: number | null) => {
    if (durationMs !== null && durationMs >= 0) passes.observe({ outcome }, durationMs / 1000);
  };
  switch (event.event) {
    case 'pass.healthy':
    case 'pass.deferred':
    case 'pass.pending':
    case 'pass.failed':
      if (event.rotationId === null) timed(PASS_ENDS[event.event], event.durationMs);
      break;
    case 'rotation.succeeded':
    case 'rotation.unverified':
    case 'rotation.failed':
    case 'rotation.rolled_back':
    case 'rotation.blocked': {
      const { target, outcome, reason, resumed, durationMs } = event;
      rotations.inc({ target, outcome, reason });
      if (!resumed) timed(outcome, durationMs);
      break;
    }
    case 'alert.sent':
      alerts.inc({ channel: event.channel, outcome: 'sent' });
      break;
    case 'alert.failed':
      alerts.inc({ channel: event.channel, outcome: 'failed' });
  }
}

const PASS_ENDS = {
  'pass.healthy': 'healthy',
  'pass.deferred': 'deferred',
  'pass.pending': 'pending',
  'pass.failed': 'failed',
} as const;

/**
 * One gauge of one scrape; undefined if nothing is known. Written here and not by prom-client, which writes all series of
 * a metric at once: thirty thousand of them held the event loop for 0.1 s.
 */
async function gaugeText({ name, help, series }: GaugeRow, snapshot: MetricsSnapshot): Promise<string | undefined> {
  const lines = await mapInSlices(series(snapshot), ({ labels, value }) => `${name}${labelsText(labels)} ${value}\n`);
  return lines.length === 0 ? undefined : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const each = Object.entries(labels).map(([label, value]) => `${label}="${value.replaceAll(/[\\"\n]/g, escaped)}"`);
  return each.length === 0 ? '' : `{${each.join(',')}}`;
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
