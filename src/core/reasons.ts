// The closed vocabularies that cross every border: reasons, outcomes, states, triggers, verdicts.
// They are metric labels, journal values and JSON output; renaming one breaks somebody's dashboard.

/** Why a rotation is wanted, in the order in which the policies are asked (decide.ts). */
export const REASONS = [
  'SecretMissing',
  'SecretUnreadable',
  'SecretExpired',
  'SecretInvalid',
  'RejectedByApple',
  'KeyChanged',
  'RenewalDue',
  'Requested',
] as const;
export type Reason = (typeof REASONS)[number];

/** How a rotation ended. */
export const OUTCOMES = ['succeeded', 'unverified', 'rolled-back', 'blocked', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What is known of a target after its last pass, as `status`, `plan` and `once` print it. */
export const TARGET_STATES = ['healthy', 'rotated', 'due', 'pending', 'unverified', 'failed', 'unknown'] as const;
export type TargetStateName = (typeof TARGET_STATES)[number];

/** What made the pass run. */
export const TRIGGERS = ['schedule', 'start', 'retry', 'cli', 'http'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Apple's opinion of a client secret. */
export const VERDICTS = ['accepted', 'rejected', 'unknown', 'not-asked'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** How the provider shows its client secret. */
export const SHAPES = ['clear', 'digest', 'masked', 'empty', 'null', 'missing'] as const;
export type Shape = (typeof SHAPES)[number];

/** What Apple objects to in a client secret, in the order in which the rules are asked (objections.ts). */
export const OBJECTION_CODES = [
  'EncodingDamaged',
  'AlgorithmNotEs256',
  'KeyIdMissing',
  'CriticalHeader',
  'IssuerMissing',
  'SubjectMissing',
  'PlaceholderLeftIn',
  'AudienceWrong',
  'IssuedAtMissing',
  'IssuedInFuture',
  'NotYetValid',
  'ExpiryMissing',
  'Expired',
  'LifetimeTooLong',
  'SignatureDer',
  'SignatureLength',
  'SignatureDoesNotFit',
  'KeyIdDiffers',
  'IssuerDiffers',
  'SubjectDiffers',
] as const;
export type ObjectionCode = (typeof OBJECTION_CODES)[number];

/** What Apple would object to, as data: the sentences are in texts/. */
export interface Objection {
  readonly code: ObjectionCode;
  /** What stands there, as far as it may be shown; a number of bytes or seconds. Null: nothing, or the code says it all. */
  readonly found: string | number | null;
  /** The id that should stand there; null where all secrets want the same. */
  readonly wanted: string | null;
}

/** What makes a client secret certainly useless at Apple, whoever signed it (deployed.ts). */
export const DEFECTS = ['damaged', 'other-client', 'other-audience', 'too-long', 'never-expires', 'no-claims'] as const;
export type Defect = (typeof DEFECTS)[number];

/** Whether people can sign in with Apple with what is deployed (logins.ts). */
export const LOGIN_STATES = ['works', 'fails', 'unknown'] as const;
export type LoginState = (typeof LOGIN_STATES)[number];

/** What logins fail because of. */
export const LOGIN_CAUSES = ['secret', 'provider', 'login-check'] as const;
export type LoginCause = (typeof LOGIN_CAUSES)[number];

/** Where evidence about logins comes from. */
export const EVIDENCE_KINDS = ['apple', 'secret', 'provider', 'login-check', 'clock'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** What was found about logins. The sentences are in texts/. */
export const EVIDENCE_DETAILS = [
  'accepted',
  'rejected',
  'rejected-once',
  'rejected-uncounted',
  'accepted-uncounted',
  /** Apple accepted a fresh secret of the identity of a hidden one. */
  'identity-accepted',
  'expired',
  'valid',
  ...DEFECTS,
  /** Nothing shows, or no client secret, and no write of ours stands in. */
  'missing',
  'unreadable',
  /** Our last write stands in for a hidden secret. */
  'stands-in',
  /** It replaced a useless secret, and Apple has not accepted it. */
  'unproven',
  'gone',
  'environment-gone',
  'not-found-once',
  'switched-off',
  'strange-host',
  'invalid-client',
  'invalid-client-once',
  'never-compared',
] as const;
export type EvidenceDetail = (typeof EVIDENCE_DETAILS)[number];

/** What a policy found, for which a rotation is wanted (decide.ts). The sentences are in texts/. */
export type Why =
  | { readonly found: 'missing' | 'unreadable'; readonly shape: Shape }
  | { readonly found: 'defect'; readonly defect: Defect }
  /** The deployed secret names another id than the key has; null: none. */
  | { readonly found: 'other-key' | 'other-team' | 'other-client'; readonly id: string | null; readonly wanted: string }
  | {
      readonly found:
        | 'expired'
        /** Apple rejected it twice, and its rejections count. */
        | 'rejected'
        /** The ids are the same, and another private key signed it. */
        | 'other-signature'
        /** The outcome of an earlier rotation could not be read. */
        | 'unresolved'
        | 'renewal'
        | 'requested';
    };
