// The one error class of the program, and what each of its codes means for retries.
// Messages are lower case, without a full stop: what was found and what was wanted. They never hold a secret
// or a response body of unknown content; src/core/redact.ts is the net below that rule, not its replacement.

/**
 * Who can mend an error: `passes` may go away by itself (the scheduler retries by the table in schedule.ts),
 * `person` wants somebody to act (tried again on ordinary ticks only).
 */
export type Remedy = 'passes' | 'person';

/** Every code, classified. A new code does not compile until it stands here. */
export const REMEDIES = {
  // The command line and the configuration
  ERR_USAGE: 'person',
  ERR_CONFIG: 'person',
  // Key material
  ERR_KEY_NOT_FOUND: 'person',
  ERR_KEY_FORBIDDEN: 'person',
  ERR_KEY_INVALID: 'person',
  ERR_KEY_IDS_MISSING: 'person',
  ERR_KEY_IDS_CONFLICT: 'person',
  ERR_KEY_IDS_INVALID: 'person',
  ERR_KEY_SOURCE_UNAVAILABLE: 'passes',
  ERR_KEY_BINDING: 'person',
  // Tencent credentials
  ERR_CREDENTIALS_MISSING: 'person',
  ERR_CREDENTIALS_REJECTED: 'person',
  ERR_CREDENTIALS_UNAVAILABLE: 'passes',
  // Any call to Tencent Cloud
  ERR_CLOUDBASE_THROTTLED: 'passes',
  ERR_CLOUDBASE_UNAVAILABLE: 'passes',
  ERR_CLOUDBASE_NETWORK: 'passes',
  ERR_CLOUDBASE_TIMEOUT: 'passes',
  ERR_CLOUDBASE_BAD_ANSWER: 'passes',
  ERR_CLOUDBASE_CLOCK: 'passes',
  ERR_CLOUDBASE_DENIED: 'person',
  ERR_CLOUDBASE_REFUSED: 'person',
  ERR_REDIRECTED: 'person',
  // The provider
  ERR_PROVIDER_NOT_FOUND: 'person',
  ERR_CLIENT_ID_MISMATCH: 'person',
  ERR_PROVIDER_NOT_ROUNDTRIPPABLE: 'person',
  ERR_PROVIDER_CHANGED: 'person',
  ERR_ADOPTION_REQUIRED: 'person',
  ERR_FOREIGN_SECRET: 'person',
  // The candidate and Apple's opinion of it
  ERR_CANDIDATE_INVALID: 'person',
  ERR_APPLE_REJECTED: 'person',
  ERR_APPLE_UNKNOWN: 'passes',
  // The course of a pass
  ERR_CLOCK_SKEWED: 'passes',
  ERR_LEASE_HELD: 'passes',
  ERR_LEASE_LOST: 'passes',
  ERR_PROVIDER_MOVING: 'passes',
  ERR_SUPERSEDED: 'passes',
  ERR_INTERRUPTED: 'passes',
  ERR_NOT_APPLIED: 'passes',
  ERR_CONFLICT: 'person',
  ERR_ROLLED_BACK: 'passes',
  ERR_ROLLBACK_FAILED: 'passes',
  ERR_READ_BACK: 'passes',
  ERR_OUTCOME_UNKNOWN: 'passes',
  ERR_ROTATION_LOOP: 'person',
  ERR_WAITING: 'passes',
  ERR_FLEET_HALTED: 'person',
  // Alert channels and the heartbeat
  ERR_CHANNEL_REFUSED: 'person',
  ERR_CHANNEL_THROTTLED: 'passes',
  ERR_CHANNEL_UNAVAILABLE: 'passes',
  // The service itself
  ERR_JOURNAL_UNWRITABLE: 'passes',
  ERR_JOURNAL_NEWER: 'person',
  ERR_JOURNAL_OLDER: 'person',
  ERR_DAEMON_RUNNING: 'person',
  ERR_INTERNAL: 'passes',
} as const satisfies Record<`ERR_${string}`, Remedy>;

export type ErrorCode = keyof typeof REMEDIES;

export interface RotatorErrorOptions {
  /** The imperative next step for the operator. */
  readonly hint: string;
  readonly cause?: unknown;
  /** The request id that the remote side gave, for a support ticket. */
  readonly requestId?: string;
  /** The remote side's own code (`UnauthorizedOperation`, `HTTP_503`, `TIMEOUT`, `NETWORK`), as metrics name it. */
  readonly remoteCode?: string;
  /** True where a write may have been applied although its answer was an error. */
  readonly ambiguous?: boolean;
  /** How long the other side asks to be left alone, in ms (Retry-After, a mute). */
  readonly retryAfterMs?: number;
  /** Our wall clock less that of the other side, in ms, where its answer told. */
  readonly skewMs?: number;
}

/** An error an operator can understand; anything else that is thrown is a fault of the program. */
export class RotatorError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly requestId: string | undefined;
  readonly remoteCode: string | undefined;
  readonly ambiguous: boolean;
  readonly retryAfterMs: number | undefined;
  readonly skewMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: RotatorErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RotatorError';
    this.code = code;
    this.hint = options.hint;
    this.requestId = options.requestId;
    this.remoteCode = options.remoteCode;
    this.ambiguous = options.ambiguous ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.skewMs = options.skewMs;
  }

  get remedy(): Remedy {
    return REMEDIES[this.code];
  }
}

/** The form in which an error is journalled and printed. */
export interface ErrorView {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Turns whatever was thrown into a RotatorError, so that every failure has a code and a next step. */
export function asRotatorError(thrown: unknown): RotatorError {
  if (thrown instanceof RotatorError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new RotatorError('ERR_INTERNAL', `unexpected: ${message}`, {
    hint: 'Report this with the log lines around it; the pass is tried again.',
    cause: thrown,
  });
}
