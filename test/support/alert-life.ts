// Findings, records and a small life of the engine for tests: looks follow each other over one book, as the watch and
// the journal do it.

import { type AlertPolicy, advance, type Look, type Transition } from '../../src/alerts/engine/engine.ts';
import type { Route } from '../../src/alerts/engine/recipients.ts';
import { conditionId, type Finding, type Severity } from '../../src/core/alerts/conditions.ts';
import { type AlertBook, type AlertUpdate, type Delivery, EMPTY_BOOK } from '../../src/core/alerts/records.ts';
import { NOW } from './builders.ts';

/** RotationFailing of the target `name`. */
export function failing(name: string, change: Partial<Finding> = {}): Finding {
  const identity = { endpoint: 'https://tcb.tencentcloudapi.com', envId: `${name}-1`, providerId: 'apple' };
  return {
    condition: 'RotationFailing',
    facts: { failures: 1, nextAttemptAt: null, emergency: false },
    id: conditionId('RotationFailing', identity),
    severity: 'warning',
    target: { key: `https://tcb.tencentcloudapi.com|${name}-1|apple`, name, envId: `${name}-1`, providerId: 'apple' },
    since: null,
    loginsUntil: NOW + 40 * 86_400_000,
    error: null,
    ...change,
  } as Finding;
}

/** A condition of the service itself. */
export function stalled(severity: Severity = 'critical'): Finding {
  return {
    condition: 'SchedulerStalled',
    facts: { lastTurnAt: NOW },
    id: 'SchedulerStalled',
    severity,
    target: null,
    since: null,
    loginsUntil: null,
    error: null,
  };
}

export function route(name: string, change: Partial<Route> = {}): Route {
  return { name, severities: ['warning', 'critical'], targets: undefined, ...change };
}

/** Applies an update to a book, as every journal does. */
export function applied(book: AlertBook, update: AlertUpdate): AlertBook {
  const replaced = <T>(
    kept: readonly T[],
    put: readonly T[] = [],
    removed: readonly string[] = [],
    key: (item: T) => string,
  ) => {
    const byKey = new Map(kept.map((item) => [key(item), item]));
    for (const item of put) byKey.set(key(item), item);
    for (const id of removed) byKey.delete(id);
    return [...byKey.values()];
  };
  return {
    conditions: replaced(book.conditions, update.putConditions, update.removeConditions, ({ finding }) => finding.id),
    deliveries: replaced(book.deliveries, update.addDeliveries, update.removeDeliveries, ({ id }) => id),
    channels: replaced(book.channels, update.putChannels, update.removeChannels, ({ name }) => name),
    memo: update.memo ?? book.memo,
  };
}

/** A book that looks are taken at, one after the other. */
export class Life {
  book: AlertBook = EMPTY_BOOK;
  now = NOW;
  private policy: AlertPolicy;
  private count = 0;

  constructor(routes: readonly Route[] = [route('ops')]) {
    this.policy = { repeatEvery: { warningMs: 24 * 3_600_000, criticalMs: 4 * 3_600_000 }, routes };
  }

  reroute(routes: readonly Route[]): void {
    this.policy = { ...this.policy, routes };
  }

  /** One look; returns what changed and what was put into the outbox by it. */
  look(
    findings: readonly Finding[],
    change: Partial<Look> = {},
  ): { transitions: Transition['what'][]; told: string[] } {
    const { update, transitions } = advance(
      this.book,
      { now: this.now, findings, undecided: () => false, newId: () => `id-${++this.count}`, ...change },
      this.policy,
    );
    this.book = applied(this.book, update);
    return { transitions: transitions.map(({ what }) => what), told: (update.addDeliveries ?? []).map(inWords) };
  }

  /** Takes everything out of the outbox, as a delivery does. */
  delivered(channel?: string): Delivery[] {
    const rows = this.book.deliveries.filter((row) => channel === undefined || row.channel === channel);
    this.book = applied(this.book, { removeDeliveries: rows.map(({ id }) => id) });
    return rows;
  }

  later(ms: number): this {
    this.now += ms;
    return this;
  }
}

/** `ops raised shop-prod`. */
function inWords({ channel, subject }: Delivery): string {
  if (subject.kind !== 'condition') return `${channel} ${subject.kind}`;
  return `${channel} ${subject.status} ${subject.finding.target?.name ?? subject.finding.condition}`;
}
