// What each error knows, by its code: the found and the wanted, as data. The sentences are in texts/. Parameters are
// JSON (the journal keeps them and a later version renders them), and never hold a secret, an answer's body or a URL
// that may carry a token. A code whose sentences differ tells its variants apart by `problem`.
import type {
  CallTrouble,
  ChannelAdvice,
  DatabaseTrouble,
  IdName,
  JournalTrouble,
  KeyLook,
  Remote,
  RoundTripTrouble,
  SecretLook,
} from './error-troubles.ts';
import type { KeyConflict } from './identity.ts';
import type { Objection, Reason, Why } from './reasons.ts';
import type { KeyProblem, Phrase } from './texts/problems.ts';

interface At {
  /** Where a key was read: a path, `$VARIABLE`, `NAME (aws-secrets-manager, REGION)`. */
  readonly origin: string;
}
interface OfTencent extends Remote {
  readonly problem: 'remote';
}
interface Because {
  readonly because: ErrorFact;
}
interface OfChannel {
  readonly channel: string;
  readonly type: string;
}

/** The closed list of codes, each with what its sentences need. */
export interface ErrorParams {
  // The command line and the configuration
  readonly ERR_USAGE:
    | { readonly problem: 'no-channel' | 'all-clear-alone' | 'stdin-is-terminal' | 'stdin-too-large' | 'target-gone' }
    | {
        readonly problem: 'unknown-channel' | 'unknown-target' | 'unknown-story' | 'unknown-name';
        readonly found: string;
        readonly known: readonly string[];
      }
    | { readonly problem: 'no-key-file' | 'two-secrets' | 'no-secret' }
    | { readonly problem: 'days'; readonly found: string }
    /** `probe` in an environment of a target. */
    | { readonly problem: 'probe-target'; readonly envId: string; readonly target: string }
    /** No terminal to ask at, and no --yes. */
    | { readonly problem: 'no-consent' }
    /** Of `init`: no terminal to ask at, and these options are not given. */
    | { readonly problem: 'no-answers'; readonly options: readonly string[] }
    | { readonly problem: 'exists'; readonly paths: readonly string[] }
    | { readonly problem: 'not-written'; readonly path: string; readonly code: string }
    | { readonly problem: 'init-elsewhere' }
    | { readonly problem: 'same-ids' }
    /** `bare`: what follows the team. */
    | { readonly problem: 'team-prefix'; readonly found: string; readonly bare: string }
    | { readonly problem: 'init-env' | 'init-name' | 'no-domain'; readonly found: string }
    /** --credentials; the keys at which it is wrong, none where it is as a whole. */
    | { readonly problem: 'credentials'; readonly keys: readonly string[] }
    | { readonly problem: 'secret-file'; readonly path: string; readonly code: string }
    | { readonly problem: 'secret-look'; readonly look: SecretLook; readonly origin: string }
    | { readonly problem: 'no-jwt'; readonly length: number; readonly origin: string }
    /** Warnings: the secret is explained all the same. */
    | { readonly problem: 'secret-in-argument' }
    | { readonly problem: 'secret-with-spaces' | 'secret-in-text'; readonly origin: string }
    | { readonly problem: 'several-secrets'; readonly count: number; readonly origin: string }
    | { readonly problem: 'old-node'; readonly found: string; readonly wanted: string }
    | { readonly problem: 'no-demo-config' | 'no-journal' | 'no-such-journal' | 'file-exists'; readonly path: string }
    | { readonly problem: 'no-folder'; readonly path: string; readonly folder: string }
    | { readonly problem: 'journal-not-empty' | 'no-such-file'; readonly path: string }
    /** `path`: of the database; `file`: where its copy was wanted. */
    | { readonly problem: 'backup-database'; readonly path: string; readonly schema: string; readonly file: string }
    /** --journal names a database in a way that it cannot be. */
    | { readonly problem: 'journal-url' }
    /** A warning: the password is used all the same. */
    | { readonly problem: 'password-in-argument' }
    | { readonly problem: 'demo-folder'; readonly path: string; readonly isLink: boolean }
    | {
        readonly problem: 'rehearsal-elsewhere';
        readonly setting: string;
        readonly found: string;
        readonly wanted: string;
      }
    | { readonly problem: 'sandbox-host'; readonly host: string }
    | { readonly problem: 'sandbox-port'; readonly host: string; readonly port: number; readonly code: string };
  readonly ERR_CONFIG: /** The first of several problems. */
    | (KeyProblem & {
        readonly problem: 'invalid';
        readonly file: string;
        readonly line: number | null;
        readonly next: Phrase | null;
        readonly more: number;
      })
    | {
        readonly problem: 'unheard';
        readonly file: string | null;
        /** Null: the service itself. */
        readonly alerts: readonly { readonly target: string | null; readonly severity: 'warning' | 'critical' }[];
        readonly more: number;
      }
    | { readonly problem: 'left-out'; readonly target: string; readonly problems: readonly KeyProblem[] }
    | { readonly problem: 'doubt'; readonly about: Phrase }
    | { readonly problem: 'fixed'; readonly keys: readonly string[] }
    | { readonly problem: 'http-listen'; readonly host: string; readonly port: number; readonly code: string }
    | { readonly problem: 'plain-http'; readonly channel: string }
    | { readonly problem: 'proxy'; readonly variable: string; readonly scheme: string | null }
    | { readonly problem: 'endpoint' | 'files-hang' };

  // Key material
  readonly ERR_KEY_NOT_FOUND:
    | { readonly problem: 'no-path'; readonly length: number }
    | { readonly problem: 'bad-path'; readonly path: string; readonly code: string }
    | { readonly problem: 'broken-link' | 'no-folder'; readonly name: string; readonly folder: string }
    | { readonly problem: 'no-file'; readonly name: string; readonly folder: string; readonly keys: readonly string[] }
    | { readonly problem: 'variable'; readonly variable: string; readonly isSet: boolean }
    | ({
        readonly problem: 'aws-absent' | 'aws-no-value' | 'aws-name';
        readonly code: string;
      } & At)
    | ({ readonly problem: 'ssm-empty' } & At)
    | OfTencent;
  readonly ERR_KEY_FORBIDDEN:
    | {
        readonly problem: 'file';
        readonly path: string;
        /** Null: its folder may not be entered. */
        readonly owner: { readonly uid: number; readonly mode: string } | null;
        readonly folder: string;
        readonly uid: number | null;
      }
    | ({ readonly problem: 'aws-denied'; readonly said: string } & At)
    | ({ readonly problem: 'aws-kms'; readonly code: string } & At)
    | OfTencent;
  readonly ERR_KEY_INVALID:
    | ({ readonly problem: 'look'; readonly look: KeyLook } & At)
    | ({ readonly problem: 'other-key'; readonly kind: string; readonly half: 'public' | 'private' | 'secret' } & At)
    | ({ readonly problem: 'several'; readonly count: number } & At)
    | ({ readonly problem: 'other-text'; readonly length: number } & At)
    | ({ readonly problem: 'no-private-key'; readonly names: readonly string[]; readonly isThere: boolean } & At)
    /** JSON without the entry that jsonKey names, or where it is no text. */
    | ({ readonly problem: 'no-entry'; readonly isThere: boolean } & At)
    /** JSON of which several entries hold different keys. */
    | ({ readonly problem: 'several-entries'; readonly lengths: readonly number[] } & At)
    | { readonly problem: 'folder'; readonly path: string; readonly key: string | null }
    | { readonly problem: 'device' | 'too-large'; readonly path: string }
    /** Warnings: the key is used all the same. */
    | { readonly problem: 'readable-by-all'; readonly path: string; readonly mode: string }
    | { readonly problem: 'other-name'; readonly path: string; readonly named: string; readonly keyId: string };
  readonly ERR_KEY_IDS_MISSING: {
    readonly problem: 'configuration' | 'command-line';
    readonly ids: readonly IdName[];
    /** The Key ID in the name of the key file, where that is all that is missing. */
    readonly named: string | null;
  } & At;
  readonly ERR_KEY_IDS_CONFLICT: {
    readonly problem: 'configuration' | 'command-line';
    readonly id: IdName;
    readonly here: string;
    readonly there: string;
  } & At;
  readonly ERR_KEY_IDS_INVALID: /** `found` is a text of up to 40 characters, or the length of a longer one. */
    | { readonly problem: 'placeholder' | 'form'; readonly id: IdName; readonly found: string | number }
    | ({ readonly problem: 'type'; readonly id: IdName; readonly found: string } & At);
  readonly ERR_KEY_SOURCE_UNAVAILABLE:
    | { readonly problem: 'disk'; readonly path: string; readonly code: string }
    | ({ readonly problem: 'aws-call' } & At & CallTrouble)
    | ({ readonly problem: 'no-value' | 'unknown-form' } & At)
    | OfTencent;
  /** `detail`: why Apple's verdict is what it is; null where it was not asked now. */
  readonly ERR_KEY_BINDING: KeyConflict & { readonly detail: CallTrouble | null };

  // Cloud credentials
  readonly ERR_CREDENTIALS_MISSING:
    | ({ readonly problem: 'aws'; readonly said: string } & At)
    | { readonly problem: 'empty'; readonly source: string }
    /** Characters that no credential has; `place` names the variable or file. */
    | { readonly problem: 'characters'; readonly place: string }
    | { readonly problem: 'variables'; readonly id: string; readonly key: string; readonly unset: readonly string[] }
    | {
        readonly problem: 'variable-file';
        readonly variable: string;
        readonly path: string;
        readonly code: string;
        /** The user of the process, where the file may not be read. */
        readonly uid: number | null;
      }
    | { readonly problem: 'profile-file'; readonly path: string; readonly code: string }
    | {
        readonly problem: 'profile';
        readonly path: string;
        readonly profile: string;
        readonly known: readonly string[];
      }
    | {
        readonly problem: 'profile-keys';
        readonly path: string;
        readonly profile: string;
        readonly lacking: readonly string[];
      }
    | { readonly problem: 'no-role' }
    | { readonly problem: 'tke'; readonly unset: readonly string[] }
    /** `code` null: the file is empty. */
    | { readonly problem: 'tke-token'; readonly path: string; readonly code: string | null };
  readonly ERR_CREDENTIALS_REJECTED:
    | ({ readonly problem: 'aws-call' | 'aws-chain'; readonly said: string } & At)
    | OfTencent;
  readonly ERR_CREDENTIALS_UNAVAILABLE:
    | ({ readonly problem: 'aws' } & At & CallTrouble)
    | ({ readonly problem: 'metadata' } & CallTrouble)
    | { readonly problem: 'sts-form'; readonly action: string }
    | OfTencent;

  // Any call to Tencent Cloud
  readonly ERR_CLOUDBASE_THROTTLED: Remote;
  readonly ERR_CLOUDBASE_UNAVAILABLE: Remote;
  readonly ERR_CLOUDBASE_NETWORK: Remote;
  readonly ERR_CLOUDBASE_TIMEOUT: Remote;
  readonly ERR_CLOUDBASE_BAD_ANSWER:
    | OfTencent
    | { readonly problem: 'no-list' }
    | { readonly problem: 'too-complex'; readonly providerId: string }
    | { readonly problem: 'part-of-list'; readonly shown: number; readonly total: number; readonly providerId: string };
  readonly ERR_CLOUDBASE_CLOCK: Remote;
  readonly ERR_CLOUDBASE_DENIED: Remote;
  readonly ERR_CLOUDBASE_REFUSED: Remote;
  readonly ERR_REDIRECTED: { readonly call: string; readonly status: number };
  readonly ERR_CERTIFICATE: { readonly call: string; readonly code: string };

  // The provider
  readonly ERR_PROVIDER_NOT_FOUND: {
    /** `deleted`: it was there before the write. */
    readonly problem: 'absent' | 'deleted';
    readonly envId: string;
    readonly providerId: string;
  };
  readonly ERR_CLIENT_ID_MISMATCH: { readonly found: string | null; readonly wanted: string };
  readonly ERR_PROVIDER_NOT_ROUNDTRIPPABLE: {
    /** `spared`: a warning in the form `secret`, which has changed other fields before where it is `form`. */
    readonly problem: 'unsafe' | 'only-gone' | 'spared' | 'form';
    readonly fields: readonly { readonly path: string; readonly why: RoundTripTrouble }[];
  };
  readonly ERR_PROVIDER_CHANGED:
    | { readonly problem: 'our-write' | 'somebody-else'; readonly fields: readonly string[] }
    /** `field` cannot be written back unharmed; null: the provider changed meanwhile. */
    | { readonly problem: 'left-alone'; readonly field: string | null };
  /** Of `provision`; the provider stays, or is left, switched off where it is new. */
  readonly ERR_PROVISION: /** `meanwhile`: it is not as it was shown; `other-secret`: it does not hold what was sent; `secret-hidden`: a write would lose it. */
    | { readonly problem: 'meanwhile' | 'other-secret' | 'secret-hidden' }
    /** Settings that do not show as they were written; none: the provider itself does not show. */
    | { readonly problem: 'not-shown'; readonly fields: readonly string[] }
    /** Other fields that our write has changed; none: the client secret. */
    | { readonly problem: 'harmed'; readonly fields: readonly string[] }
    | {
        readonly problem: 'left-off';
        readonly why: 'rejected' | 'unanswered' | 'accepts-all' | 'not-asked';
        readonly detail: CallTrouble | null;
      };
  /** Of `probe`. */
  readonly ERR_PROBE:
    | { readonly problem: 'full'; readonly count: number }
    | { readonly problem: 'not-shown' }
    /** `leftover`: of another environment; `no-mark`: it is not what was made; `left`: it could not be removed, or may come later. */
    | { readonly problem: 'leftover' | 'no-mark' | 'left'; readonly envId: string; readonly providerId: string };
  /** Apple is not asked, and nothing else shows that the candidate is as good as what it would replace. */
  readonly ERR_CONSENT_REQUIRED: { readonly reason: Reason };

  // The candidate and Apple's opinion of it
  readonly ERR_CANDIDATE_INVALID: { readonly objections: readonly Objection[] };
  /** `detail`: why Apple's verdict is what it is; null where it was not asked. */
  readonly ERR_APPLE_REJECTED: {
    readonly of: 'candidate' | 'everybody' | 'login-check';
    readonly detail: CallTrouble | null;
  };
  /** A first rejection, or one that does not count; Apple is asked again. */
  readonly ERR_APPLE_REJECTED_ONCE: {
    readonly of: 'candidate' | 'deployed' | 'uncounted';
    readonly detail: CallTrouble | null;
  };
  readonly ERR_APPLE_UNKNOWN: {
    /** `unproven`: what replaced a useless secret has not been accepted yet; `unproven-unasked`: and Apple is not asked. */
    readonly problem: 'require' | 'not-proven' | 'unproven' | 'unproven-unasked';
    readonly detail: CallTrouble | null;
  };

  // The course of a pass
  readonly ERR_CLOCK_SKEWED:
    | { readonly problem: 'differs'; readonly skewMs: number }
    | { readonly problem: 'stepped'; readonly stepMs: number };
  readonly ERR_LEASE_HELD: null;
  readonly ERR_LEASE_LOST: null;
  readonly ERR_PROVIDER_MOVING:
    | { readonly problem: 'changed'; readonly secret: boolean; readonly fields: readonly string[] }
    | { readonly problem: 'late'; readonly seconds: number }
    | { readonly problem: 'gone' };
  readonly ERR_SUPERSEDED: Because;
  readonly ERR_INTERRUPTED: { readonly problem: 'before-read' | 'before-write' | 'no-new' };
  readonly ERR_NOT_APPLIED: { readonly problem: 'answered' | 'cut-off' };
  readonly ERR_CONFLICT: { readonly problem: 'after-write' | 'after-cut-off' };
  readonly ERR_ROLLED_BACK: null;
  readonly ERR_ROLLBACK_FAILED:
    | { readonly problem: 'left-alone' | 'not-shown' }
    | ({ readonly problem: 'error' } & Because);
  readonly ERR_READ_BACK: null;
  /** `cut-off`: during the write; `not-shown`: by a reading after a crash. */
  readonly ERR_OUTCOME_UNKNOWN:
    | { readonly problem: 'cut-off' | 'not-shown' }
    | ({ readonly problem: 'error' } & Because);
  /** Written within so many days, and still there is a reason to write. */
  readonly ERR_WRITTEN_LATELY: { readonly days: 1 | 7; readonly why: Why };
  /** `because`: what the last write of the lane ended with. */
  readonly ERR_LANE_CLOSED: { readonly until: number; readonly because: StoredError };

  // Alert channels and the heartbeat
  readonly ERR_CHANNEL_REFUSED: OfChannel &
    (
      | { readonly problem: 'refused'; readonly said: string; readonly advice: ChannelAdvice }
      | { readonly problem: 'other-answer'; readonly status: number; readonly missing: string }
      | { readonly problem: 'redirected'; readonly status: number }
      | { readonly problem: 'certificate'; readonly code: string }
      /** A warning: mail reached some of its recipients only. */
      | { readonly problem: 'partly'; readonly refused: number; readonly recipients: number }
    );
  readonly ERR_CHANNEL_THROTTLED: OfChannel & { readonly said: string };
  readonly ERR_CHANNEL_UNAVAILABLE: OfChannel & CallTrouble;

  // The service itself
  readonly ERR_JOURNAL_UNWRITABLE:
    | {
        readonly problem: 'file';
        readonly trouble: JournalTrouble;
        readonly what: 'journal' | 'lock' | 'copy';
        readonly path: string;
        readonly folder: string;
        readonly uid: number | null;
      }
    | {
        readonly problem: 'database';
        readonly trouble: DatabaseTrouble;
        /** Its URL without the password. */
        readonly path: string;
        readonly host: string;
        readonly port: number;
        readonly user: string;
        readonly database: string;
        readonly schema: string;
        /** The code of the server or of the network, or its sentence where there is none. */
        readonly said: string;
      }
    | { readonly problem: 'failed'; readonly path: string; readonly said: string }
    | { readonly problem: 'network'; readonly path: string; readonly fileSystem: string }
    /** A warning: the journal, or its folder, may be written by everybody on the machine. */
    | { readonly problem: 'open-to-all'; readonly path: string; readonly mode: string }
    | {
        readonly problem: 'damaged-row' | 'dropped-row';
        readonly path: string;
        readonly row: string;
        readonly said: string;
      }
    | { readonly problem: 'waiting' };
  readonly ERR_JOURNAL_NEWER: {
    readonly path: string;
    readonly version: number;
    readonly known: number;
    /** The newest copy that this version can read. */
    readonly copy: string | null;
  };
  readonly ERR_DAEMON_RUNNING: {
    readonly path: string;
    readonly holder: {
      readonly instance: string;
      readonly pid: number;
      readonly host: string;
      readonly since: string;
    } | null;
  };
  readonly ERR_INTERNAL: { readonly said: string };
}

export type ErrorCode = keyof ErrorParams;

/** An error as data: what a RotatorError is made of, what the journal keeps, and what texts/ make sentences of. */
export type ErrorFact = { readonly [C in ErrorCode]: { readonly code: C; readonly params: ErrorParams[C] } }[ErrorCode];

/** An error as it leaves the program: `--json`, HTTP, webhooks. */
export interface ErrorView {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** An error as the journal holds it: data, or in rows of version 0.1.0 the English sentences of that time. */
export type StoredError = ErrorFact | ErrorView;
