// What the program reports while it works. Passes, the daemon and the alerts emit events; the log, the metrics, the
// alerts and the progress of `once` listen. An event carries values, never sentences: instants are ms since the epoch
// and durations are ms. The texts stand in texts/en/events.ts and are made by the log alone. An event never holds a secret.

import type { Severity } from './alerts/conditions.ts';
import type { Cause } from './alerts/names.ts';
import type { ErrorCode, StoredError } from './error-params.ts';
import type { CallTrouble } from './error-troubles.ts';
import type { ReadBack } from './read-back.ts';
import type { Outcome, Reason, Verdict, Why } from './reasons.ts';
import type { Proof } from './records.ts';

/** An error as an event carries it: what it knows, from which the log makes its sentences. */
export interface EventError {
  readonly code: ErrorCode;
  readonly stored: StoredError;
  readonly requestId?: string | undefined;
  readonly remoteMessage?: string | undefined;
}

interface OfTarget {
  readonly target: string;
  readonly envId: string;
}

interface OfPass extends OfTarget {
  /** The row of this pass in the journal; null if it has none. */
  readonly rotationId: string | null;
}

/** A client secret: the deployed one in an event of a pass, the candidate in an event of a rotation. */
interface OfSecret {
  readonly keyId: string | null;
  readonly fingerprint: string | null;
  readonly expiresAt: number | null;
}

interface PassEnd extends OfPass {
  readonly durationMs: number;
  readonly nextCheckAt: number | null;
}

interface OfRotation extends OfTarget, OfSecret {
  readonly rotationId: string;
  readonly reason: Reason;
  readonly previousExpiresAt: number | null;
  readonly requestId: string | null;
}

interface RotationEnd<O extends Outcome> extends OfRotation {
  readonly outcome: O;
  readonly error: EventError | null;
  readonly proof: Proof | null;
  /** The failed row whose write showed later. */
  readonly settles: string | null;
  /** True if an earlier life of the program began this rotation. The pass that finishes it then goes on. */
  readonly resumed: boolean;
  /** How long the pass took; null if `resumed`. */
  readonly durationMs: number | null;
  readonly nextCheckAt: number | null;
}

/** One thing that a pass did on its way. */
export type Step =
  | { readonly step: 'found'; readonly why: Why; readonly expiresAt: number | null }
  | ({ readonly step: 'minted' } & OfSecret)
  | { readonly step: 'verified' }
  | { readonly step: 'answer-reused' }
  | {
      readonly step: 'apple-answered';
      readonly asked: 'candidate' | 'deployed' | 'control';
      readonly verdict: Verdict;
      readonly detail: CallTrouble;
    }
  | { readonly step: 'login-checked'; readonly verdict: 'rejected' | 'unknown'; readonly detail: CallTrouble }
  | { readonly step: 'intent-recorded' }
  | { readonly step: 'pushed'; readonly requestId: string | null }
  | { readonly step: 'push-unclear'; readonly error: EventError }
  | { readonly step: 'starting-over'; readonly error: EventError }
  | { readonly step: 'read-back'; readonly found: ReadBack }
  | { readonly step: 'restoring-fields'; readonly fields: readonly string[] }
  | { readonly step: 'putting-back' }
  | { readonly step: 'outcome-recorded' };

/** What is known of a story; its texts come from the alerts' own catalogue. */
interface OfStory {
  /** Its id. */
  readonly story: string;
  readonly cause: Cause;
  readonly severity: Severity;
  readonly since: number;
  readonly target: string | null;
  readonly envId: string | null;
  /** Names of the targets that it is about, soonest expiry first. */
  readonly targets: readonly string[];
  readonly code: string | null;
  readonly title: string;
}
interface OfOpenStory extends OfStory {
  readonly loginsUntil: number | null;
  readonly hint: string | null;
}

/** The fields of every event, by its name. */
export interface EventFields {
  'daemon.started': {
    readonly version: string;
    readonly targets: number;
    readonly journal: string;
    readonly http: string;
    readonly nextTickAt: number | null;
  };
  'daemon.stopped': object;
  /** `problems`: every problem of a configuration that cannot be used. `waits`: the program tries again by itself. */
  'start.refused': { readonly error: EventError; readonly problems: readonly string[]; readonly waits: boolean };
  'config.reloaded': { readonly targets: number };
  'config.rejected': { readonly error: EventError };
  'pass.healthy': PassEnd & OfSecret;
  /** A rotation is wanted, but not now. `error` says what it waits for, if not for the maintenance window. */
  'pass.deferred': PassEnd &
    OfSecret & { readonly reason: Reason; readonly why: Why; readonly error: EventError | null };
  'pass.pending': PassEnd & OfSecret & { readonly reason: Reason; readonly error: EventError };
  /** `durationMs` and what follows it are null if the pass broke off before it could record anything. */
  'pass.failed': OfPass &
    OfSecret & {
      readonly error: EventError;
      readonly durationMs: number | null;
      readonly nextCheckAt: number | null;
    };
  'rotation.started': OfRotation & { readonly attempt: number };
  'rotation.step': OfPass & Step;
  'rotation.succeeded': RotationEnd<'succeeded'>;
  'rotation.unverified': RotationEnd<'unverified'>;
  'rotation.failed': RotationEnd<'failed'>;
  'rotation.rolled_back': RotationEnd<'rolled-back'>;
  'rotation.blocked': RotationEnd<'blocked'>;
  'retry.scheduled': OfPass & { readonly attempt: number; readonly nextCheckAt: number; readonly code: string };
  /** `error` is null when the journal can be written again. */
  'journal.degraded': { readonly degraded: boolean; readonly error: EventError | null };
  'story.opened': OfOpenStory;
  /** It has become critical, or its error or next step is another. */
  'story.changed': OfOpenStory;
  'story.closed': OfStory & { readonly what: 'closed' | 'unwatched' };
  /** A target left the configuration; `expiresAt` is that of its client secret, `moved`: see the condition Unwatched. */
  'target.unwatched': {
    readonly target: string;
    readonly envId: string | null;
    readonly expiresAt: number | null;
    readonly moved: boolean;
  };
  'alert.sent': {
    readonly channel: string;
    readonly kind: 'alert' | 'digest' | 'test';
    readonly alerts: number;
    readonly messageId: string;
    readonly detail: string;
    readonly durationMs: number;
  };
  /** `nextCheckAt`: when delivery is tried again; null if it is not. */
  'alert.failed': {
    readonly channel: string;
    readonly error: EventError;
    readonly attempt: number | null;
    readonly nextCheckAt: number | null;
  };
  warning: {
    readonly error: EventError;
    /** What was going on, where the error itself does not say it. */
    readonly during?: 'alerts' | 'http-request' | 'replicas';
    readonly channel?: string;
    readonly target?: string;
    readonly envId?: string;
    readonly rotationId?: string | null;
  };
}

export type EventName = keyof EventFields;

/** An event: any, or that of the given names. */
export type RotatorEvent<N extends EventName = EventName> = {
  [K in N]: { readonly event: K } & EventFields[K];
}[N];

/** The end of a rotation. */
export type RotationEndEvent = RotatorEvent<
  'rotation.succeeded' | 'rotation.unverified' | 'rotation.failed' | 'rotation.rolled_back' | 'rotation.blocked'
>;

/** Must not throw; one listener's trouble never reaches another or the pass. */
export type EventSink = (event: RotatorEvent) => void;
