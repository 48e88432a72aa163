// The one error class of the program, and what each of its codes means for retries and for alerts. An error carries a code and typed
// parameters (error-params.ts); its sentences, in each language, are in texts/. Parameters never hold a secret or an
// answer's body: src/core/redact.ts is the net below that rule, not its replacement.
import type { ErrorCode, ErrorFact, ErrorParams, ErrorView, StoredError } from './error-params.ts';
import { redact, redactText } from './redact.ts';
import { sentencesOf, withCopy } from './texts/catalogue.ts';
import { ERRORS_EN } from './texts/en/errors.ts';

export type { ErrorCode, ErrorFact, ErrorParams, ErrorView, StoredError } from './error-params.ts';

/**
 * Who can fix an error: `passes` may go away by itself (the scheduler retries by the table in schedule.ts),
 * `person` needs somebody to act (tried again on ordinary ticks only).
 */
export type Remedy = 'passes' | 'person';

/**
 * What an error blames, and so what else fails with it: what targets have in common, or the target alone. The lane, Apple,
 * the clock and the journal explain a failure only while it is known that something is wrong with them.
 */
export type Blame =
  | 'target'
  | 'credentials'
  | 'permission'
  | 'endpoint'
  | 'key'
  | 'lane'
  | 'apple'
  | 'clock'
  | 'journal';

/** Every code, classified. A new code does not compile until it stands here. */
const CLASSES = {
  // The command line and the configuration
  ERR_USAGE: ['person', 'target'],
  ERR_CONFIG: ['person', 'target'],
  // Key material
  ERR_KEY_NOT_FOUND: ['person', 'key'],
  ERR_KEY_FORBIDDEN: ['person', 'key'],
  ERR_KEY_INVALID: ['person', 'key'],
  ERR_KEY_IDS_MISSING: ['person', 'target'],
  ERR_KEY_IDS_CONFLICT: ['person', 'target'],
  ERR_KEY_IDS_INVALID: ['person', 'target'],
  ERR_KEY_SOURCE_UNAVAILABLE: ['passes', 'key'],
  ERR_KEY_BINDING: ['person', 'target'],
  // Tencent credentials
  ERR_CREDENTIALS_MISSING: ['person', 'credentials'],
  ERR_CREDENTIALS_REJECTED: ['person', 'credentials'],
  ERR_CREDENTIALS_UNAVAILABLE: ['passes', 'credentials'],
  // Any call to Tencent Cloud
  ERR_CLOUDBASE_THROTTLED: ['passes', 'endpoint'],
  ERR_CLOUDBASE_UNAVAILABLE: ['passes', 'endpoint'],
  ERR_CLOUDBASE_NETWORK: ['passes', 'endpoint'],
  ERR_CLOUDBASE_TIMEOUT: ['passes', 'endpoint'],
  ERR_CLOUDBASE_BAD_ANSWER: ['passes', 'endpoint'],
  ERR_CLOUDBASE_CLOCK: ['passes', 'clock'],
  ERR_CLOUDBASE_DENIED: ['person', 'permission'],
  ERR_CLOUDBASE_REFUSED: ['person', 'target'],
  ERR_REDIRECTED: ['person', 'endpoint'],
  ERR_CERTIFICATE: ['person', 'endpoint'],
  // The provider
  ERR_PROVIDER_NOT_FOUND: ['person', 'target'],
  ERR_CLIENT_ID_MISMATCH: ['person', 'target'],
  ERR_PROVIDER_NOT_ROUNDTRIPPABLE: ['person', 'target'],
  ERR_PROVIDER_CHANGED: ['person', 'target'],
  ERR_PROVISION: ['person', 'target'],
  ERR_PROBE: ['person', 'target'],
  ERR_CONSENT_REQUIRED: ['person', 'target'],
  // The candidate and Apple's opinion of it
  ERR_CANDIDATE_INVALID: ['person', 'target'],
  ERR_APPLE_REJECTED: ['person', 'apple'],
  ERR_APPLE_REJECTED_ONCE: ['passes', 'apple'],
  ERR_APPLE_UNKNOWN: ['passes', 'apple'],
  // The course of a pass
  ERR_CLOCK_SKEWED: ['passes', 'clock'],
  ERR_LEASE_HELD: ['passes', 'target'],
  ERR_LEASE_LOST: ['passes', 'target'],
  ERR_PROVIDER_MOVING: ['passes', 'target'],
  ERR_SUPERSEDED: ['passes', 'target'],
  ERR_INTERRUPTED: ['passes', 'target'],
  ERR_NOT_APPLIED: ['passes', 'target'],
  ERR_CONFLICT: ['person', 'target'],
  ERR_ROLLED_BACK: ['passes', 'target'],
  ERR_ROLLBACK_FAILED: ['passes', 'target'],
  ERR_READ_BACK: ['passes', 'target'],
  ERR_OUTCOME_UNKNOWN: ['passes', 'target'],
  ERR_WRITTEN_LATELY: ['person', 'target'],
  ERR_LANE_CLOSED: ['passes', 'lane'],
  // Alert channels and the heartbeat
  ERR_CHANNEL_REFUSED: ['person', 'target'],
  ERR_CHANNEL_THROTTLED: ['passes', 'target'],
  ERR_CHANNEL_UNAVAILABLE: ['passes', 'target'],
  // The service itself
  ERR_JOURNAL_UNWRITABLE: ['passes', 'journal'],
  ERR_JOURNAL_NEWER: ['person', 'journal'],
  ERR_DAEMON_RUNNING: ['person', 'target'],
  ERR_INTERNAL: ['passes', 'target'],
} as const satisfies Readonly<Record<ErrorCode, readonly [Remedy, Blame]>>;

const classes = Object.entries(CLASSES) as [ErrorCode, readonly [Remedy, Blame]][];
export const REMEDIES = Object.fromEntries(classes.map(([code, [remedy]]) => [code, remedy])) as Record<
  ErrorCode,
  Remedy
>;
export const BLAMES = Object.fromEntries(classes.map(([code, [, blame]]) => [code, blame])) as Record<ErrorCode, Blame>;

export interface RotatorErrorOptions {
  readonly cause?: unknown;
  /** The request id that the remote side gave, for a support ticket. */
  readonly requestId?: string | undefined;
  /** What the remote side said, whole. It may repeat anything: the log shows it at level `debug` alone. */
  readonly remoteMessage?: string | undefined;
  /** The remote side's own code (`UnauthorizedOperation`, `HTTP_503`, `TIMEOUT`, `NETWORK`), as metrics name it. */
  readonly remoteCode?: string | undefined;
  /** True where a write may have been applied although its answer was an error. */
  readonly ambiguous?: boolean;
  /** How long the other side asks to be left alone, in ms (Retry-After, a mute). */
  readonly retryAfterMs?: number | undefined;
  /** Our wall clock less that of the other side, in ms, where its answer told. */
  readonly skewMs?: number | undefined;
}

type ErrorArguments = {
  [C in ErrorCode]: [code: C, params: ErrorParams[C], options?: RotatorErrorOptions];
}[ErrorCode];

/** An error an operator can understand; anything else that is thrown is a fault of the program. */
export class RotatorError extends Error {
  readonly code: ErrorCode;
  /** What it is made of: the journal keeps this. */
  readonly stored: ErrorFact;
  readonly requestId: string | undefined;
  readonly remoteMessage: string | undefined;
  readonly remoteCode: string | undefined;
  readonly ambiguous: boolean;
  readonly retryAfterMs: number | undefined;
  readonly skewMs: number | undefined;

  constructor(...[code, params, options = {}]: ErrorArguments) {
    const stored = { code, params: redact(params) } as ErrorFact;
    super(sentencesOf(ERRORS_EN, stored)[0], options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RotatorError';
    this.code = code;
    this.stored = stored;
    this.requestId = options.requestId;
    this.remoteMessage = options.remoteMessage || undefined;
    this.remoteCode = options.remoteCode;
    this.ambiguous = options.ambiguous ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.skewMs = options.skewMs;
  }

  /** The error that was stored. */
  static of(stored: StoredError, options?: RotatorErrorOptions): RotatorError {
    const { code, params } = 'params' in stored ? stored : { code: 'ERR_INTERNAL', params: { said: stored.message } };
    return new RotatorError(...([code, params, options] as ErrorArguments));
  }

  get remedy(): Remedy {
    return REMEDIES[this.code];
  }

  /** The next step, for a reader who knows no target. */
  get hint(): string {
    return errorView(this.stored).hint;
  }
}

/**
 * The English form in which an error leaves the program: the hint is the next step with what it asks to paste.
 * `target` is the name that its commands are filled in with.
 */
export function errorView(error: StoredError, target?: string): ErrorView {
  const [message, next, copy] = sentencesOf(ERRORS_EN, error, target);
  return { code: error.code, message: redactText(message), hint: redactText(withCopy(next, copy)) };
}

/** Turns whatever was thrown into a RotatorError, so that every failure has a code and a next step. */
export function asRotatorError(thrown: unknown): RotatorError {
  if (thrown instanceof RotatorError) return thrown;
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new RotatorError('ERR_INTERNAL', { said }, { cause: thrown });
}
