// What the journal keeps, as plain data: one TargetState per target, one Rotation per rotation, one FleetState. Each
// record is defined once, as a schema that the journal applies to what it writes and reads; its type is inferred.
// Instants are ms since the epoch by the wall clock; a reader treats one that lies further ahead than its rule can
// produce as void (schedule.ts). No field ever holds a secret: fingerprints only.
// A field that journals of an earlier version lack has a default. A new value of a closed vocabulary needs a new schema
// version of the journal: an older program could not read it.
import * as z from 'zod';
import { type ErrorCode, REMEDIES, type StoredError } from './errors.ts';
import { isJsonObject } from './json.ts';
import { OUTCOMES, REASONS, SHAPES, TARGET_STATES, TRIGGERS, VERDICTS } from './reasons.ts';

/** Read-only all the way down. */
export type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** A schema for texts that may change a text while it is applied. */
export type TextSchema = z.ZodType<string, string>;

/** How the parts of a record that come from outside are treated: left as they are when read, redacted when written. */
export interface Kinds {
  /** Sentences: everything that looks like a secret is cut out. */
  readonly prose: TextSchema;
  /** Names, ids and addresses. They must come back as they were written, so only what surely is a secret is cut out. */
  readonly label: TextSchema;
  /** RFC 7638 thumbprint of a public key, base64url. It may look like the beginning of a JWT. */
  readonly thumbprint: TextSchema;
  /** Fields of the provider: dotted path → value. */
  readonly fields: z.ZodType<Record<string, unknown>, Record<string, unknown>>;
  /** What an error knows: JSON, in which each text is prose. */
  readonly params: z.ZodType<unknown>;
}

// Zod's own schemas of JSON and of records leave out a name `__proto__`.
export const anyJson = z.custom<unknown>((value) => value !== undefined);
export const anyJsonObject = z.custom<Record<string, unknown>>(isJsonObject);

/** Leaves everything as it is. */
export const AS_IT_IS: Kinds = {
  prose: z.string(),
  label: z.string(),
  thumbprint: z.string(),
  fields: anyJsonObject,
  params: anyJson,
};

export const instant = z.number();
const maybeInstant = instant.nullable();

/** An error as it is kept: its data, or in rows of version 0.1.0 the sentences of that time. */
export function errorSchema({ prose, params }: Kinds): z.ZodType<StoredError, StoredError> {
  const code = z.enum(Object.keys(REMEDIES) as [ErrorCode, ...ErrorCode[]]);
  // A code that this version no longer has is read as a fault of the program.
  const old = z.object({ code: code.catch('ERR_INTERNAL'), message: prose, hint: prose });
  return z.union([z.object({ code, params }), old]) as z.ZodType<StoredError, StoredError>;
}

/** The schemas of the records. */
export function recordSchemas(kinds: Kinds) {
  const { prose, label, thumbprint, fields } = kinds;
  const maybe = label.nullable();
  const error = errorSchema(kinds).nullable();
  const shape = z.enum(SHAPES);

  /** A client secret that we wrote. */
  const written = z.object({
    fingerprint: label,
    teamId: label,
    clientId: label,
    keyId: label,
    thumbprint,
    issuedAt: instant,
    expiresAt: instant,
    /** How the provider showed it afterwards. */
    shape,
    /** The digest that the provider showed, where it shows one. */
    shownDigest: maybe,
    at: instant,
    reason: z.enum(REASONS),
  });

  const target = z.object({
    endpoint: label,
    envId: label,
    providerId: label,
    /** See targetKey. */
    key: label,
    name: label,
    state: z.enum(TARGET_STATES),
    reason: z.enum(REASONS).nullable(),
    error,
    lastPassAt: maybeInstant,
    /** The last pass that read both the key material and the provider. */
    lastGatherAt: maybeInstant,
    /** The last pass that ended healthy, succeeded or unverified. */
    lastSuccessAt: maybeInstant,
    lastRotationAt: maybeInstant,
    /** The deployed secret as the last complete gather saw it, or as the journal's record stood in for it. */
    deployed: z
      .object({ fingerprint: maybe, keyId: maybe, issuedAt: maybeInstant, expiresAt: maybeInstant, shape })
      .nullable(),
    renewalAt: maybeInstant,
    /** How many passes failed in a row, and when the next attempt may come; null: on the next tick. */
    retry: z.object({ failures: z.number(), nextAttemptAt: maybeInstant }),
    /** The last client secret that we wrote and that arrived. */
    written: written.nullable(),
    /** The names of all fields that were ever seen (provider.ts, ProviderFields). */
    configKeys: z.array(label),
    /** Key id → thumbprint of the public key that was used under that id. */
    keyThumbprints: z.record(label, thumbprint),
    /** Accepted key (see apple-gate.ts, acceptanceId) → when Apple last accepted a secret of it. */
    acceptedKeys: z.record(label, instant),
    /** Replacements of our secret by somebody else, newest last. */
    foreign: z.array(z.object({ fingerprint: maybe, at: instant })),
    /** A write that may or may not have arrived: the target is due until a reading tells. */
    maybeWritten: written.nullable(),
    /** Fields that our write changed and that could not be restored, or that somebody else changed meanwhile. */
    providerChanges: z.array(z.object({ path: label, by: z.enum(['our-write', 'somebody-else']), at: instant })),
    /** The provider is switched off. Its secret is kept fresh all the same. */
    providerDisabled: z.boolean(),
    /** Since when a rotation has been wanted and deferred without a break; null while none is. */
    dueSince: maybeInstant,
    /** What Apple said when it was last asked about the deployed secret. */
    appleAsked: z
      .object({
        at: instant,
        verdict: z.enum(VERDICTS).exclude(['not-asked']),
        /** `same-key`: the deployed secret is hidden, and a fresh one of the same key was shown to Apple. */
        asked: z.enum(['deployed', 'same-key']),
        keyId: maybe,
        /** Of the secret that was shown to Apple. */
        fingerprint: maybe,
      })
      .nullable(),
  });

  const rotation = z.object({
    /** UUIDv7. */
    id: label,
    targetKey: label,
    /** The target's name when the rotation began. */
    target: label,
    envId: label,
    reason: z.enum(REASONS),
    trigger: z.enum(TRIGGERS),
    requestedBy: prose.nullable(),
    keyId: maybe,
    fingerprint: maybe,
    issuedAt: maybeInstant,
    expiresAt: maybeInstant,
    previousFingerprint: maybe,
    previousExpiresAt: maybeInstant,
    startedAt: z.int(),
    finishedAt: maybeInstant,
    /** Null while open. */
    outcome: z.enum(OUTCOMES).nullable(),
    appleCheck: z.object({ candidate: z.enum(VERDICTS), deployed: z.enum(VERDICTS) }),
    /** A check was waived by hand (`once --no-apple-check`). */
    appleCheckWaived: z.boolean(),
    requestIds: z.array(label),
    error,
    /** What is about to be written, recorded before the write so that a crash can be resolved by reading. */
    intent: z
      .object({
        thumbprint,
        teamId: label,
        clientId: label,
        /**
         * The provider's other fields as they were. Those that a write sends keep their value, because a crash may have to
         * restore them; every other field, and whatever may be a secret, is kept as `sha256:<hex>`.
         */
        fields,
        /** How the secret showed before the write. */
        shapeBefore: shape,
        at: instant,
      })
      .nullable(),
  });

  /** How far Apple's answers can be trusted. */
  const calibration = z.object({
    controlAskedAt: maybeInstant,
    controlRejectedAt: maybeInstant,
    oursAcceptedAt: maybeInstant,
    /** When Apple was first asked, and when it last gave a usable answer (accepted or rejected) to any question. */
    firstAskedAt: maybeInstant,
    answeredAt: maybeInstant,
  });

  /** A lane whose last write ended badly. */
  const lane = z.object({
    /** Bad writes in a row, 1 or more. */
    badWrites: z.number(),
    /** When the first of them ended. */
    since: instant,
    closedUntil: instant,
    /** Of the last of them. */
    error: errorSchema(kinds),
  });

  const fleet = z.object({
    /** Lanes whose last write ended badly. */
    lanes: z.record(label, lane).default({}),
    /** Token URL → calibration. */
    apple: z.record(label, calibration),
  });

  return { target, rotation, fleet };
}

type Records = ReturnType<typeof recordSchemas>;

export type TargetState = Frozen<z.infer<Records['target']>>;
export type Rotation = Frozen<z.infer<Records['rotation']>>;
/** What concerns every target of a journal. */
export type FleetState = Frozen<z.infer<Records['fleet']>>;

export type DeployedRecord = NonNullable<TargetState['deployed']>;
export type WrittenRecord = NonNullable<TargetState['written']>;
export type ProviderChange = TargetState['providerChanges'][number];
export type AppleAsked = NonNullable<TargetState['appleAsked']>;
export type Intent = NonNullable<Rotation['intent']>;
export type LaneState = FleetState['lanes'][string];
export type Calibration = FleetState['apple'][string];

/** What a target is, whatever it is called. */
export type TargetIdentity = Pick<TargetState, 'endpoint' | 'envId' | 'providerId'>;

/** One text for the identity: the journal's primary key. */
export function targetKey({ endpoint, envId, providerId }: TargetIdentity): string {
  return `${endpoint.replace(/\/+$/, '')}|${envId}|${providerId}`;
}

export const EMPTY_FLEET: FleetState = { lanes: {}, apple: {} };

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
