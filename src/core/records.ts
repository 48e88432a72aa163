// What the journal keeps, as plain data: one TargetState per target, one Rotation per rotation, one FleetState. Each
// record is defined once, as a schema that the journal applies to what it writes and reads; its type is inferred.
// Instants are ms since the epoch by the wall clock; a reader treats one that lies further ahead than its rule can
// produce as void (schedule.ts). No field ever holds a secret: fingerprints only.
// A field that journals of an earlier version lack has a default. A new value of a closed vocabulary needs a new schema
// version of the journal: an older program could not read it.
import * as z from 'zod';
import { type ErrorCode, REMEDIES, type StoredError } from './errors.ts';
import { isJsonObject } from './json.ts';
import { DEFECTS, OUTCOMES, REASONS, type Reason, SHAPES, TARGET_STATES, TRIGGERS, VERDICTS } from './reasons.ts';
import { SETTING_NAMES } from './stated-settings.ts';

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

/** Reasons of version 0.1.0 → what they are called now. */
const OLD_REASONS: ReadonlyMap<unknown, Reason> = new Map([
  ['TeamChanged', 'KeyChanged'],
  ['ClientChanged', 'KeyChanged'],
  ['SignatureInvalid', 'SecretInvalid'],
  ['LifetimeTooLong', 'SecretInvalid'],
]);

export const reasonSchema = z.preprocess((name) => OLD_REASONS.get(name) ?? name, z.enum(REASONS));

export const proofSchema = z
  .object({
    readBack: z.enum(['seen', 'not-shown', 'not-seen']),
    apple: z.enum(VERDICTS),
    loginCheck: z.enum(['rejected', 'unknown', 'not-asked']),
  })
  .describe('What shows that the new client secret is in place and good.');
const maybeInstant = instant.nullable();

/** An error as it is kept: its data, or in rows of version 0.1.0 the sentences of that time. */
export function errorSchema({ prose, params }: Kinds): z.ZodType<StoredError, StoredError> {
  const code = z.enum(Object.keys(REMEDIES) as [ErrorCode, ...ErrorCode[]]);
  // A code that this version no longer has is read as a fault of the program.
  const old = z.object({ code: code.catch('ERR_INTERNAL'), message: prose, hint: prose });
  return z.union([z.object({ code, params }), old]) as z.ZodType<StoredError, StoredError>;
}

/** A setting of a provider that is otherwise than the configuration says. */
export function settingDifference({ label }: Kinds) {
  const value = z.union([label, z.boolean()]);
  return z.object({ name: z.enum(SETTING_NAMES), found: value.nullable(), wanted: value });
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
    reason: reasonSchema,
  });

  /** The last answer of Apple that says anything about one subject. */
  const answer = z.object({
    at: instant,
    verdict: z.enum(['accepted', 'rejected']),
    /** Whether it proves anything (answers.ts). */
    counts: z.boolean(),
    /** Of the secret that was shown to Apple. */
    identity: maybe,
    fingerprint: maybe,
    /** Since when Apple has said so, answer after answer. */
    since: instant,
    /** The first of these rejections that counts; null: none does. */
    rejectedSince: maybeInstant,
  });
  /** When Apple was last asked about a subject, whatever it said, and its last usable answer. */
  const subject = z.object({ askedAt: maybeInstant, answer: answer.nullable() });
  const UNASKED = { askedAt: null, answer: null };

  const target = z.object({
    endpoint: label,
    envId: label,
    providerId: label,
    /** See targetKey. */
    key: label,
    name: label,
    state: z.enum(TARGET_STATES),
    reason: reasonSchema.nullable(),
    error,
    lastPassAt: maybeInstant,
    /** The last pass that read both the key material and the provider. */
    lastGatherAt: maybeInstant,
    /** The last pass that ended healthy, succeeded or unverified. */
    lastSuccessAt: maybeInstant,
    lastRotationAt: maybeInstant,
    /** The deployed secret as the last complete gather saw it, or as the journal's record stood in for it. */
    deployed: z
      .object({
        fingerprint: maybe,
        keyId: maybe,
        issuedAt: maybeInstant,
        expiresAt: maybeInstant,
        shape,
        /** See Deployed. */
        from: z.enum(['read', 'record', 'none']).default('record'),
        identity: maybe.default(null),
        defect: z.enum(DEFECTS).nullable().default(null),
      })
      .nullable(),
    renewalAt: maybeInstant,
    /** When a target that waits is to be checked again, beside ticks and retries. */
    wakeAt: maybeInstant.default(null),
    /** How many passes failed in a row, and when the next attempt may come; null: on the next tick. */
    retry: z.object({ failures: z.number(), nextAttemptAt: maybeInstant }),
    /** The last client secret that we wrote and that arrived. */
    written: written.nullable(),
    /** The names of all fields that were ever seen (provider.ts, ProviderFields). */
    configKeys: z.array(label),
    /**
     * Identity (identity.ts) → when Apple last accepted a secret of it, its first rejection since that counts, and when a
     * second one ended the proof.
     */
    proven: z
      .record(label, z.object({ acceptedAt: instant, rejectedAt: maybeInstant, endedAt: maybeInstant }))
      .default({}),
    /** What Apple says about the deployed secret, and about the identity of the key source. */
    apple: z
      .object({
        deployed: subject,
        candidate: subject,
        /** The fingerprint of the last deployed secret that Apple accepted. */
        acceptedSecret: maybe,
      })
      .default({ deployed: UNASKED, candidate: UNASKED, acceptedSecret: null }),
    /** What readings of the provider say about logins. */
    provider: z
      .object({
        /** Null: no reading has told. */
        enabled: z.boolean().nullable(),
        /** A host that it names and that is neither Apple's nor allowed. */
        strangeHost: maybe,
        /** Where it is otherwise than the configuration said when it was read. */
        differs: z.array(settingDifference(kinds)).default([]),
        /** The provider, or its environment, could not be had at every reading since `since`. */
        trouble: z.enum(['gone', 'environment']).nullable(),
        since: maybeInstant,
        at: maybeInstant,
      })
      .default({ enabled: null, strangeHost: null, differs: [], trouble: null, since: null, at: null }),
    /** What CloudBase's login interface said; `rejectedSince`: its first rejection in a row. */
    loginCheck: z
      .object({ at: instant, verdict: z.enum(['rejected', 'unknown']), rejectedSince: maybeInstant })
      .nullable()
      .default(null),
    /** The last secret of somebody else that was found in place of ours. */
    replaced: z
      .object({ at: instant, fingerprint: maybe, kind: z.enum(['other', 'own-identity', 'not-shown']) })
      .nullable()
      .default(null),
    /** A write of the client secret alone changed other fields: the form is not used again until a person says so. */
    secretFormHarmed: z.boolean().default(false),
    /** The fingerprint of a secret that replaced a useless one without proof that it is better. */
    unproven: maybe.default(null),
    /** A write that may or may not have arrived: the target is due until a reading tells. */
    maybeWritten: written.nullable(),
    /** Fields that our write changed and that could not be restored, or that somebody else changed meanwhile. */
    providerChanges: z.array(z.object({ path: label, by: z.enum(['our-write', 'somebody-else']), at: instant })),
    /** Since when a rotation has been wanted and deferred without a break; null while none is. */
    dueSince: maybeInstant,
  });

  const rotation = z.object({
    /** UUIDv7. */
    id: label,
    targetKey: label,
    /** The target's name when the rotation began. */
    target: label,
    envId: label,
    reason: reasonSchema,
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
    /** Null: nothing was written, or not yet read back. */
    proof: proofSchema.nullable().default(null),
    /** The failed row whose write showed later. */
    settles: maybe.default(null),
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

  /** What Apple said to all targets together, and so how far its answers can be trusted. */
  const appleRecord = z.object({
    /** When Apple was first asked, and when it last gave a usable answer (accepted or rejected) to any question. */
    firstAskedAt: maybeInstant,
    answeredAt: maybeInstant,
    /** When the control was last asked, what Apple said, and since when it has said so. */
    controlAskedAt: maybeInstant,
    control: z.enum(['accepted', 'rejected']).nullable().default(null),
    controlSince: maybeInstant.default(null),
    /** When it last accepted something real. */
    acceptedAt: maybeInstant.default(null),
    /** Rejections in a row that do not count. */
    rejections: z.object({ count: z.number(), since: instant, at: instant }).nullable().default(null),
    /** Key (identity.ts, keyName) → when it was last asked about, and last rejected. */
    keys: z.record(label, z.object({ askedAt: instant, rejectedAt: maybeInstant })).default({}),
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
    /** Token URL → what Apple said there. */
    apple: z.record(label, appleRecord),
    /** Key id → the team and the public key that Apple accepted it with. */
    keys: z.record(label, z.object({ teamId: label, thumbprint })).default({}),
    /** Our clock less CloudBase's in ms, as last measured. */
    skew: z.object({ skewMs: z.number(), at: instant }).nullable().default(null),
    /** When the daemon that has this journal open began; null: it has closed it. */
    openSince: maybeInstant.default(null),
  });

  /** What a replica says of itself. Instants are by its own clock. */
  const replica = z.object({
    name: label,
    version: label,
    startedAt: instant,
    /** The digest of its configuration, and how many targets that has. */
    configuration: label,
    targets: z.number(),
    leads: z.boolean(),
    /** Its clock less CloudBase's. */
    skewMs: z.number().nullable(),
    /** Its clock less the journal's: all that is known before the first answer of CloudBase. */
    aheadMs: z.number().nullable(),
    /** Why it could not use the configuration that it read last, and when it did. */
    rejected: z.object({ at: instant, error: errorSchema(kinds) }).nullable(),
    /** Since when the loop of its scheduler stands still. */
    stalledSince: maybeInstant,
  });

  return { target, rotation, fleet, replica };
}

type Records = ReturnType<typeof recordSchemas>;

export type TargetState = Frozen<z.infer<Records['target']>>;
export type Rotation = Frozen<z.infer<Records['rotation']>>;
/** What concerns every target of a journal. */
export type FleetState = Frozen<z.infer<Records['fleet']>>;
export type ReplicaReport = Frozen<z.infer<Records['replica']>>;

export type DeployedRecord = NonNullable<TargetState['deployed']>;
export type WrittenRecord = NonNullable<TargetState['written']>;
export type ProviderChange = TargetState['providerChanges'][number];
export type Answer = NonNullable<TargetState['apple']['deployed']['answer']>;
export type Subject = TargetState['apple']['deployed'];
export type Proof = Frozen<z.infer<typeof proofSchema>>;
export type Intent = NonNullable<Rotation['intent']>;
export type LaneState = FleetState['lanes'][string];
export type AppleRecord = FleetState['apple'][string];

/** What a target is, whatever it is called. */
export type TargetIdentity = Pick<TargetState, 'endpoint' | 'envId' | 'providerId'>;

/** One text for the identity: the journal's primary key. */
export function targetKey({ endpoint, envId, providerId }: TargetIdentity): string {
  return `${endpoint.replace(/\/+$/, '')}|${envId}|${providerId}`;
}

/** What a target's key names. */
export function identityOf(key: string): TargetIdentity {
  const [endpoint = '', envId = '', providerId = ''] = key.split('|');
  return { endpoint, envId, providerId };
}

export const EMPTY_FLEET: FleetState = { lanes: {}, apple: {}, keys: {}, skew: null, openSince: null };

export const NEVER_ASKED: Subject = { askedAt: null, answer: null };

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
    wakeAt: null,
    retry: { failures: 0, nextAttemptAt: null },
    written: null,
    configKeys: [],
    proven: {},
    apple: { deployed: NEVER_ASKED, candidate: NEVER_ASKED, acceptedSecret: null },
    provider: { enabled: null, strangeHost: null, differs: [], trouble: null, since: null, at: null },
    loginCheck: null,
    replaced: null,
    secretFormHarmed: false,
    unproven: null,
    maybeWritten: null,
    providerChanges: [],
    dueSince: null,
  };
}
