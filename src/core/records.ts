// What the journal keeps, as plain data: one TargetState per target, one Rotation per rotation, one FleetState.
// Instants are milliseconds since the epoch, as the wall clock said; a reader treats one that lies further ahead
// than its rule can produce as void (schedule.ts). No field ever holds a secret: fingerprints only.
import type { ErrorView } from './errors.ts';
import type { Outcome, Reason, Shape, TargetStateName, Trigger, Verdict } from './reasons.ts';

/** What a target is, whatever it is called. */
export interface TargetIdentity {
  readonly endpoint: string;
  readonly envId: string;
  readonly providerId: string;
}

/** One text for the identity: the journal's primary key. */
export function targetKey({ endpoint, envId, providerId }: TargetIdentity): string {
  return `${endpoint.replace(/\/+$/, '')}|${envId}|${providerId}`;
}

/** The deployed secret as the last complete gather saw it, or as the journal's record stood in for it. */
export interface DeployedRecord {
  readonly fingerprint: string | null;
  readonly keyId: string | null;
  readonly issuedAt: number | null;
  readonly expiresAt: number | null;
  readonly shape: Shape;
}

/** The last client secret that we wrote and that arrived. */
export interface WrittenRecord {
  readonly fingerprint: string;
  readonly teamId: string;
  readonly clientId: string;
  readonly keyId: string;
  /** RFC 7638 thumbprint of the public key, base64url. */
  readonly thumbprint: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** How the provider showed it afterwards. */
  readonly shape: Shape;
  /** The digest that the provider showed, where it shows one. */
  readonly shownDigest: string | null;
  readonly at: number;
  readonly reason: Reason;
}

/** The retry state: how many passes failed in a row, and when the next attempt may come. */
export interface RetryState {
  readonly failures: number;
  /** Null: on the next tick. */
  readonly nextAttemptAt: number | null;
}

/** A field of the provider that our write changed and that could not be restored, or that somebody else changed meanwhile. */
export interface ProviderChange {
  /** `Config.AuthorizationEndpoint`, `On`, … */
  readonly path: string;
  readonly by: 'our-write' | 'somebody-else';
  readonly at: number;
}

export interface TargetState extends TargetIdentity {
  readonly key: string;
  readonly name: string;
  readonly state: TargetStateName;
  readonly reason: Reason | null;
  readonly error: ErrorView | null;
  readonly lastPassAt: number | null;
  /** The last pass that read both the key material and the provider. */
  readonly lastGatherAt: number | null;
  /** The last pass that ended healthy, succeeded or unverified. */
  readonly lastSuccessAt: number | null;
  readonly lastRotationAt: number | null;
  readonly deployed: DeployedRecord | null;
  readonly renewalAt: number | null;
  readonly retry: RetryState;
  readonly written: WrittenRecord | null;
  /** Every Config key (dotted path) that was ever seen, ClientSecret excepted. */
  readonly configKeys: readonly string[];
  /** Key id → thumbprint of the public key that was used under that id. */
  readonly keyThumbprints: Readonly<Record<string, string>>;
  /** Accepted key (see apple-gate.ts, acceptanceId) → when Apple last accepted a secret of it. */
  readonly acceptedKeys: Readonly<Record<string, number>>;
  /** Replacements of our secret by somebody else, newest last. */
  readonly foreign: readonly { readonly fingerprint: string | null; readonly at: number }[];
  /** A write of which it is not known whether it arrived: the target is due until a reading tells. */
  readonly maybeWritten: WrittenRecord | null;
  readonly providerChanges: readonly ProviderChange[];
  /** The provider is switched off (`On: FALSE`). Kept fresh, and reported. */
  readonly providerDisabled: boolean;
  /** Since when a rotation has been wanted and deferred without a break; null while none is. */
  readonly dueSince: number | null;
  /** What Apple said when it was last asked about the deployed secret or a fresh one of the same key. */
  readonly appleAsked: AppleAsked | null;
}

/** The daily question about what is deployed. */
export interface AppleAsked {
  readonly at: number;
  readonly verdict: Exclude<Verdict, 'not-asked'>;
  /** `same-key`: the deployed secret is hidden, and a fresh one of the same key was shown to Apple. */
  readonly asked: 'deployed' | 'same-key';
  readonly keyId: string | null;
  /** Of the secret that was shown to Apple. */
  readonly fingerprint: string | null;
}

/** What is about to be written, recorded before the write so that a crash can be resolved by reading. */
export interface Intent {
  readonly thumbprint: string;
  readonly teamId: string;
  readonly clientId: string;
  /**
   * The provider's other fields as they were: dotted path → value. Config fields keep their value (a crash may
   * have to restore them); every other field, and whatever may be a secret, is kept as `sha256:<hex>`.
   */
  readonly fields: Readonly<Record<string, unknown>>;
  /** How the secret showed before the write. */
  readonly shapeBefore: Shape;
  readonly at: number;
}

export interface Rotation {
  /** UUIDv7. */
  readonly id: string;
  readonly targetKey: string;
  /** The target's name when the rotation began. */
  readonly target: string;
  readonly envId: string;
  readonly reason: Reason;
  readonly emergency: boolean;
  readonly trigger: Trigger;
  readonly requestedBy: string | null;
  readonly keyId: string | null;
  readonly fingerprint: string | null;
  readonly issuedAt: number | null;
  readonly expiresAt: number | null;
  readonly previousFingerprint: string | null;
  readonly previousExpiresAt: number | null;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  /** Null while open. */
  readonly outcome: Outcome | null;
  readonly appleCheck: { readonly candidate: Verdict; readonly deployed: Verdict };
  /** Says that a check was waived by hand (`once --no-apple-check`). */
  readonly appleCheckWaived: boolean;
  readonly requestIds: readonly string[];
  readonly error: ErrorView | null;
  readonly intent: Intent | null;
}

/** What is known of how far Apple's answers can be trusted, per token URL. */
export interface Calibration {
  readonly controlAskedAt: number | null;
  readonly controlRejectedAt: number | null;
  readonly oursAcceptedAt: number | null;
  /** When Apple was first asked, and when it last gave a usable answer (accepted or rejected) to any question. */
  readonly firstAskedAt: number | null;
  readonly answeredAt: number | null;
}

/** What concerns every target of a journal. */
export interface FleetState {
  /** Rotations in a row that failed after the push. */
  readonly failedAfterPush: number;
  readonly halted: { readonly at: number; readonly error: ErrorView } | null;
  /** Token URL → calibration. */
  readonly apple: Readonly<Record<string, Calibration>>;
}

export const EMPTY_FLEET: FleetState = { failedAfterPush: 0, halted: null, apple: {} };

/** A target of which nothing is known yet. */
export function emptyTargetState(identity: TargetIdentity, name: string): TargetState {
  return {
    ...identity,
    key: targetKey(identity),
    name,
    state: 'unknown',
    reason: null,
    error: null,
    lastPassAt: null,
    lastGatherAt: null,
    lastSuccessAt: null,
    lastRotationAt: null,
    deployed: null,
    renewalAt: null,
    retry: { failures: 0, nextAttemptAt: null },
    written: null,
    configKeys: [],
    keyThumbprints: {},
    acceptedKeys: {},
    foreign: [],
    maybeWritten: null,
    providerChanges: [],
    providerDisabled: false,
    dueSince: null,
    appleAsked: null,
  };
}
