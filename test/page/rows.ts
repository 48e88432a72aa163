// Rows and stories of the overview, with overrides.
import type { OverviewView, Row } from '../../src/http/page-schemas.ts';
import type { Story } from '../../src/page/judge.ts';

export const NOW = Date.UTC(2026, 10, 26, 12);
const DAY = 86_400_000;

/** So many days from now, as the interface writes it. */
export function inDays(days: number): string {
  return new Date(NOW + days * DAY).toISOString();
}

/** A healthy target with 100 days left. */
export function row(name: string, change: Partial<Row> = {}): Row {
  return {
    name,
    envId: `env-${name}`,
    state: 'healthy',
    reason: null,
    urgent: false,
    logins: { state: 'works', because: null, chosen: false },
    issuedAt: inDays(-80),
    expiresAt: inDays(100),
    renewalAt: inDays(40),
    plannedAt: inDays(40),
    warningAt: inDays(55),
    criticalAt: inDays(80),
    keyId: 'K1L2M3N4O5',
    lastCheckAt: inDays(-0.01),
    lastRotationAt: inDays(-80),
    failures: 0,
    nextAttemptAt: null,
    code: null,
    ...change,
  };
}

export const FAILS = { state: 'failed', logins: { state: 'fails', because: 'secret', chosen: false } } as const;

export function story(change: Partial<Story> = {}): Story {
  return {
    id: 'LoginsFail/shop',
    cause: 'LoginsFail',
    severity: 'critical',
    target: null,
    envId: null,
    targets: [],
    title: 'the journal cannot be written',
    what: 'What it is.',
    next: 'Do something.',
    since: inDays(-1),
    loginsUntil: null,
    runbook: 'docs/runbook.md#loginsfail',
    channels: [],
    error: null,
    ...change,
  };
}

export function overview(targets: readonly Row[], change: Partial<OverviewView> = {}): OverviewView {
  return {
    at: inDays(0),
    service: {
      instance: 'rotator',
      version: '1.2.3',
      command: 'apple-secret-rotator',
      mode: 'embedded',
      replicas: [],
      startedAt: inDays(-10),
      turns: true,
      lastTurnAt: inDays(0),
      nextTickAt: inDays(0.02),
      journal: { degradedSince: null, code: null },
      clock: { skewMs: 0 },
      apple: { answeredAt: inDays(-0.1) },
    },
    targets,
    alerts: [],
    channels: [],
    ...change,
  };
}
