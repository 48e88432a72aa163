// Folding: the rows that wait for one channel become one message with the news of now. Rows of one condition become
// one: a condition that ended before it was delivered "was failing from … to …", and a change that a later one replaced
// is left out. Rows are never rewritten; they are folded again at every attempt.
import type { Delivery, DeliverySubject } from '../../core/alerts/records.ts';
import { DAY } from '../../core/time.ts';

/** The subjects of one message. */
export interface Batch {
  readonly kind: 'alert' | 'digest' | 'test';
  readonly subjects: readonly DeliverySubject[];
  /** The rows to remove once this message is delivered. */
  readonly deliveries: readonly string[];
}

type ConditionSubject = Extract<DeliverySubject, { kind: 'condition' }>;

/**
 * The next message of a channel, or undefined if nothing waits. Alerts go before a digest, and a digest before a test.
 * `waiting`: the rows of this channel, oldest first.
 */
export function nextBatch(waiting: readonly Delivery[]): Batch | undefined {
  const alerts = waiting.filter(({ subject }) => subject.kind !== 'digest' && subject.kind !== 'test');
  if (alerts.length > 0) return { kind: 'alert', subjects: foldAlerts(alerts), deliveries: idsOf(alerts) };
  for (const kind of ['digest', 'test'] as const) {
    const rows = waiting.filter(({ subject }) => subject.kind === kind);
    const last = rows.at(-1);
    if (last !== undefined) return { kind, subjects: [last.subject], deliveries: idsOf(rows) };
  }
  return undefined;
}

function foldAlerts(rows: readonly Delivery[]): DeliverySubject[] {
  const conditions = new Map<string, ConditionSubject[]>();
  const events: DeliverySubject[] = [];
  for (const { subject } of rows) {
    if (subject.kind === 'condition') {
      const id = subject.finding.id;
      conditions.set(id, [...(conditions.get(id) ?? []), subject]);
    } else {
      events.push(subject);
    }
  }
  const folded = [...conditions.values()].map(foldCondition);
  const stillOpen = new Set(folded.filter(({ until }) => until === null).map(({ thread }) => thread));
  return [...folded, ...events].map((subject) =>
    'closes' in subject ? { ...subject, closes: subject.closes.filter((thread) => !stillOpen.has(thread)) } : subject,
  );
}

/** One condition's rows, oldest first, as one. */
function foldCondition(rows: readonly ConditionSubject[]): ConditionSubject {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('nothing to fold');
  const closes = [...new Set(rows.flatMap((row) => row.closes))];
  // A row that raises the condition shows that the channel was not notified of this episode yet.
  const untold = first.status === 'raised';
  const since = untold ? first.since : last.since;
  return { ...last, since, closes, status: foldedStatus(rows, untold, last.status) };
}

function foldedStatus(
  rows: readonly ConditionSubject[],
  untold: boolean,
  last: ConditionSubject['status'],
): ConditionSubject['status'] {
  if (last === 'cleared') return untold ? 'ended' : last;
  if (untold) return 'raised';
  if (rows.some(({ status }) => status === 'escalated')) return 'escalated';
  return rows.some(({ status }) => status === 'raised') ? 'raised' : last;
}

function idsOf(rows: readonly Delivery[]): string[] {
  return rows.map(({ id }) => id);
}

/** Undelivered news of what is already over is dropped after a week: nobody can act on it by then. */
const OUTDATED_MS = 7 * DAY;

/**
 * The ids of rows that are a week old and no longer worth sending: events, digests, tests, and conditions that are
 * over. A row of a condition that is still open is never dropped.
 */
export function outdated(waiting: readonly Delivery[], now: number): string[] {
  const last = new Map<string, ConditionSubject>();
  for (const { subject } of waiting) if (subject.kind === 'condition') last.set(subject.finding.id, subject);
  const lasts = (subject: DeliverySubject) =>
    subject.kind === 'condition' && (last.get(subject.finding.id)?.until ?? null) === null;
  return waiting.filter(({ at, subject }) => now - at > OUTDATED_MS && !lasts(subject)).map(({ id }) => id);
}
