// What the program says of itself while it works. Passes and the daemon emit events; the log (and later metrics
// and alerts) listen. An event never holds a secret; src/core/redact.ts is applied by the log all the same.
import type { Outcome, Reason } from './reasons.ts';

export const EVENT_NAMES = [
  'daemon.started',
  'daemon.stopped',
  'config.reloaded',
  'config.rejected',
  'pass.healthy',
  'pass.deferred',
  'pass.pending',
  'pass.failed',
  'rotation.started',
  'rotation.step',
  'rotation.succeeded',
  'rotation.unverified',
  'rotation.failed',
  'rotation.rolled_back',
  'rotation.blocked',
  'retry.scheduled',
  'journal.degraded',
  'condition.raised',
  'condition.cleared',
  'alert.sent',
  'alert.failed',
  'warning',
] as const;
export type EventName = (typeof EVENT_NAMES)[number];

/** The fields of a log line. Instants are ISO 8601 UTC; `message` is for a person and no contract. */
export interface RotatorEvent {
  readonly event: EventName;
  readonly message: string;
  readonly target?: string;
  readonly envId?: string;
  readonly reason?: Reason;
  readonly rotationId?: string;
  readonly outcome?: Outcome;
  readonly keyId?: string;
  readonly fingerprint?: string;
  readonly expiresAt?: string;
  readonly previousExpiresAt?: string;
  readonly nextCheckAt?: string;
  readonly requestId?: string;
  readonly durationMs?: number;
  readonly attempt?: number;
  readonly code?: string;
  readonly hint?: string;
  /** The outcome of a rotation that an earlier life of the program left open. */
  readonly resumed?: boolean;
  readonly [field: string]: unknown;
}

/** Must not throw; one listener's trouble never reaches another or the pass. */
export type EventSink = (event: RotatorEvent) => void;
