// Open conditions and channels as the command `alerts` and the HTTP interface show them. Every field is always there:
// an absent value is null. Instants are ISO 8601 UTC.

import type { ConditionName, Severity } from '../../core/alerts/conditions.ts';
import type { AlertBook, ConditionRecord, Delivery } from '../../core/alerts/records.ts';
import { type ErrorView, errorView } from '../../core/errors.ts';
import { isoOrNull } from '../../core/instants.ts';
import { sinceOf } from '../engine/engine.ts';
import { describeFinding } from './compose.ts';

export interface AlertView {
  readonly id: string;
  readonly condition: ConditionName;
  readonly severity: Severity;
  readonly target: string | null;
  readonly envId: string | null;
  readonly title: string;
  readonly what: string;
  readonly next: string;
  readonly since: string | null;
  readonly loginsUntil: string | null;
  readonly runbook: string;
  /** The channels that were notified, and whether they have accepted all messages about it. */
  readonly channels: readonly { readonly name: string; readonly delivered: boolean }[];
  readonly error: ErrorView | null;
}

export interface ChannelView {
  readonly name: string;
  readonly type: string;
  readonly lastDeliveredAt: string | null;
  /** Messages that wait for it. */
  readonly waiting: number;
  readonly failures: number;
  readonly nextAttemptAt: string | null;
  readonly error: ErrorView | null;
}

export interface AlertsView {
  readonly alerts: readonly AlertView[];
  readonly channels: readonly ChannelView[];
}

/** What is raised now, critical first and then oldest first, and the state of the channels. */
export function alertsView(
  book: AlertBook,
  channels: readonly { readonly name: string; readonly type: string }[],
  { now, runbook }: { readonly now: number; readonly runbook: string },
): AlertsView {
  const raised = book.conditions.filter(({ raisedAt }) => raisedAt !== null).sort(worstFirst);
  return {
    alerts: raised.map((record) => alertView(record, book.deliveries, now, runbook)),
    channels: channels.map(({ name, type }) => {
      const state = book.channels.find((each) => each.name === name);
      return {
        name,
        type,
        lastDeliveredAt: isoOrNull(state?.lastDeliveredAt ?? null),
        waiting: book.deliveries.filter(({ channel }) => channel === name).length,
        failures: state?.failures ?? 0,
        nextAttemptAt: isoOrNull(state?.nextAttemptAt ?? null),
        error: state?.error ? errorView(state.error) : null,
      };
    }),
  };
}

function alertView(record: ConditionRecord, waiting: readonly Delivery[], now: number, runbook: string): AlertView {
  const { finding, told } = record;
  const { id, condition, severity, target, error } = finding;
  const isWaiting = (channel: string) =>
    waiting.some((row) => row.channel === channel && row.subject.kind === 'condition' && row.subject.finding.id === id);
  return {
    id,
    condition,
    severity,
    target: target?.name ?? null,
    envId: target?.envId ?? null,
    ...describeFinding(finding, { language: 'en', now, runbook }),
    since: isoOrNull(sinceOf(record)),
    loginsUntil: isoOrNull(finding.loginsUntil),
    channels: Object.keys(told)
      .sort()
      .map((name) => ({ name, delivered: !isWaiting(name) })),
    error: error === null ? null : errorView(error, target?.name),
  };
}

function worstFirst(a: ConditionRecord, b: ConditionRecord): number {
  const critical = Number(b.finding.severity === 'critical') - Number(a.finding.severity === 'critical');
  return critical || sinceOf(a) - sinceOf(b);
}
