// One event of every name, as the program emits them: what the log, the metrics and the texts are tried on.
import type { EventError, EventFields, EventName, RotatorEvent } from '../../src/core/events.ts';
import { DAY } from '../../src/core/time.ts';

/** When the sample events happen, in ms. */
export const EVENT_NOW = Date.UTC(2026, 10, 22, 16, 0, 0, 123);

/** An error that says this, as the journal keeps those of version 0.1.0. */
export function anEventError(message: string, hint = 'Look at the provider.', requestId?: string): EventError {
  return { code: 'ERR_NOT_APPLIED', stored: { code: 'ERR_NOT_APPLIED', message, hint }, requestId };
}

const error = anEventError('the write was not applied');
const ofTarget = { target: 'shop', envId: 'shop-1g2h3j' };
const secret = { keyId: 'K1L2M3N4O5', fingerprint: 'ab12', expiresAt: EVENT_NOW + 90 * DAY };
const pass = { ...ofTarget, rotationId: null, durationMs: 40, nextCheckAt: EVENT_NOW + 1000 };
const rotation = {
  ...ofTarget,
  ...secret,
  rotationId: 'row',
  reason: 'RenewalDue',
  previousExpiresAt: EVENT_NOW + DAY,
  requestId: '3e74db1b',
} as const;
const end = { ...rotation, proof: null, settles: null, resumed: false, durationMs: 1500, nextCheckAt: null };
const story = {
  ...ofTarget,
  story: 'RenewalFailing/shop',
  cause: 'RenewalFailing',
  targets: ['shop'],
  severity: 'warning',
  since: EVENT_NOW,
  code: null,
  title: 'rotation fails',
} as const;

export const EVENTS: EventFields = {
  'daemon.started': {
    version: '1.2.3',
    targets: 2,
    journal: 'j.db',
    http: 'http://127.0.0.1:8080',
    nextTickAt: EVENT_NOW,
  },
  'daemon.stopped': {},
  'start.refused': { error, problems: ['rotator.yaml line 1: log: found "x", wanted a mapping'], waits: true },
  'config.reloaded': { targets: 1 },
  'config.rejected': { error },
  'pass.healthy': { ...pass, ...secret },
  'pass.deferred': { ...pass, ...secret, reason: 'RenewalDue', why: { found: 'renewal' }, error: null },
  'pass.pending': { ...pass, ...secret, reason: 'RenewalDue', error },
  'pass.failed': { ...pass, ...secret, error },
  'rotation.started': { ...rotation, attempt: 2 },
  'rotation.step': { ...ofTarget, rotationId: 'row', step: 'minted', ...secret },
  'rotation.succeeded': { ...end, outcome: 'succeeded', error: null },
  'rotation.unverified': { ...end, outcome: 'unverified', error: null },
  'rotation.failed': { ...end, outcome: 'failed', error },
  'rotation.rolled_back': { ...end, outcome: 'rolled-back', error },
  'rotation.blocked': { ...end, outcome: 'blocked', error },
  'retry.scheduled': { ...ofTarget, rotationId: null, attempt: 3, nextCheckAt: EVENT_NOW + 1000, code: error.code },
  'journal.degraded': { degraded: true, error },
  'story.opened': { ...story, loginsUntil: EVENT_NOW + DAY, hint: 'Look at it.' },
  'story.changed': { ...story, loginsUntil: EVENT_NOW + DAY, hint: 'Look at it.' },
  'story.closed': { ...story, what: 'closed' },
  'target.unwatched': { ...ofTarget, expiresAt: EVENT_NOW + DAY, moved: false },
  'alert.sent': { channel: 'ops', kind: 'alert', alerts: 2, messageId: 'm1', detail: 'accepted', durationMs: 12 },
  'alert.failed': { channel: 'ops', error, attempt: 1, nextCheckAt: EVENT_NOW + 1000 },
  warning: { error },
};

export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];

/** The sample event of a name, with other values where given. */
export function anEvent<N extends EventName>(name: N, fields: Partial<EventFields[N]> = {}): RotatorEvent<N> {
  return { event: name, ...EVENTS[name], ...fields } as RotatorEvent<N>;
}
