// What goes over the HTTP interface, as schemas: requests are parsed by them, the OpenAPI document is generated from
// them, and the tests compare every answer with them. They must produce the types of core.
import * as z from 'zod';
import type { AlertsView } from '../alerts/words/alert-view.ts';
import { SEVERITIES } from '../core/alerts/conditions.ts';
import { LANGUAGES } from '../core/alerts/message.ts';
import { CAUSES } from '../core/alerts/names.ts';
import { type ErrorCode, type ErrorView, REMEDIES } from '../core/errors.ts';
import { OUTCOMES, REASONS, TARGET_STATES, TRIGGERS, VERDICTS } from '../core/reasons.ts';
import { proofSchema } from '../core/records.ts';
import type { RotationView } from '../core/rotation-view.ts';
import { LOGINS_VIEW, type TargetView } from '../core/target-view.ts';
import { PROBLEM_KINDS, type ProblemBody, type Refusal, START_REFUSED, TYPE_PREFIX } from './problem.ts';

/** Schemas that the OpenAPI document names; the id is the name. */
export const NAMED = z.registry<{ id: string }>();

export const ERROR_CODES = Object.keys(REMEDIES) as [ErrorCode, ...ErrorCode[]];

export const instant = z.iso.datetime().nullable();
const fingerprint = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .nullable();
const uuid = z.uuidv7();

const ERROR = z
  .object({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    hint: z.string().describe('What to do next.'),
  })
  .register(NAMED, { id: 'Error' }) satisfies z.ZodType<ErrorView>;

const LOGINS = LOGINS_VIEW.register(NAMED, { id: 'Logins' });

export const TARGET = z
  .object({
    name: z.string(),
    envId: z.string(),
    providerId: z.string(),
    state: z.enum(TARGET_STATES),
    reason: z.enum(REASONS).nullable().describe('Why a rotation is wanted, or was begun.'),
    keyId: z.string().nullable().describe('Of the key that signed the deployed client secret; null: not known.'),
    expiresAt: instant.describe('When the deployed client secret expires.'),
    renewalAt: instant.describe('From when its renewal is due.'),
    lastRotationAt: instant,
    consecutiveFailures: z.int().nonnegative(),
    nextAttemptAt: instant.describe('Null: on the next tick.'),
    logins: LOGINS,
    error: ERROR.nullable(),
  })
  .register(NAMED, { id: 'Target' }) satisfies z.ZodType<TargetView>;

export const TARGETS = z.object({ targets: z.array(TARGET) }).register(NAMED, { id: 'Targets' });

export const ROTATION = z
  .object({
    id: uuid,
    target: z.string().describe("The target's name when the rotation began."),
    envId: z.string(),
    reason: z.enum(REASONS),
    trigger: z.enum(TRIGGERS),
    requestedBy: z.string().nullable(),
    keyId: z.string().nullable(),
    fingerprint: fingerprint.describe('SHA-256 of the new client secret.'),
    issuedAt: instant,
    expiresAt: instant,
    previousFingerprint: fingerprint,
    previousExpiresAt: instant,
    startedAt: instant,
    finishedAt: instant,
    outcome: z.enum(OUTCOMES).nullable().describe('Null while it is running.'),
    appleCheck: z.object({ candidate: z.enum(VERDICTS), deployed: z.enum(VERDICTS) }),
    requestIds: z.array(z.string()).describe("CloudBase's own ids, for a support ticket."),
    proof: proofSchema.nullable(),
    settles: uuid.nullable().describe('The failed rotation whose write showed later.'),
    error: ERROR.nullable(),
  })
  .register(NAMED, { id: 'Rotation' }) satisfies z.ZodType<RotationView>;

export const ROTATIONS = z.object({ rotations: z.array(ROTATION) }).register(NAMED, { id: 'Rotations' });

const ALERT = z
  .object({
    id: z.string().describe('The cause, and where.'),
    cause: z.enum(CAUSES),
    severity: z.enum(SEVERITIES),
    target: z.string().nullable().describe('Null: the service, or what several targets have in common.'),
    envId: z.string().nullable(),
    targets: z
      .array(z.object({ name: z.string(), loginsUntil: instant }))
      .describe('Every target that it is about, soonest expiry first.'),
    title: z.string(),
    what: z.string(),
    next: z.string().describe('What to do next.'),
    since: instant,
    loginsUntil: instant.describe('When the first client secret expires.'),
    runbook: z.string(),
    channels: z
      .array(z.object({ name: z.string(), toldAt: instant, delivered: z.boolean() }))
      .describe('Who was told, when last, and whether of this; `toldAt` null: not yet.'),
    error: ERROR.nullable(),
  })
  .register(NAMED, { id: 'Alert' });

export const ALERTS = z
  .object({
    alerts: z.array(ALERT),
    channels: z.array(
      z.object({
        name: z.string(),
        type: z.string().nullable().describe('Null where the configuration does not say.'),
        lastDeliveredAt: instant,
        waiting: z.int().nonnegative().describe('What was not told yet.'),
        failures: z.int().nonnegative(),
        nextAttemptAt: instant,
        error: ERROR.nullable(),
      }),
    ),
  })
  .register(NAMED, { id: 'Alerts' }) satisfies z.ZodType<AlertsView>;

export const ACCEPTED = z
  .object({ id: uuid.describe('The id of the rotation, as in /api/v1/rotations.') })
  .register(NAMED, { id: 'Accepted' });

export const HEALTHY = z
  .object({
    status: z.enum(['ok', START_REFUSED]),
    lastTurnSeconds: z.number().nonnegative().exactOptional().describe("When the scheduler's loop turned last."),
    code: z.enum(ERROR_CODES).exactOptional().describe('Why the start was refused.'),
  })
  .register(NAMED, { id: 'Healthy' });

export const READY = z.object({ status: z.literal('ok') }).register(NAMED, { id: 'Ready' });

export const REFUSAL = z
  .object({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    hint: z.string(),
    problems: z
      .array(
        z.object({
          file: z.string(),
          line: z.int().nullable(),
          key: z.string(),
          found: z.string(),
          wanted: z.string(),
          next: z.string().nullable(),
          excerpt: z
            .object({ text: z.string(), before: z.int().min(0).describe('The columns before the fault.') })
            .nullable()
            .describe('The line that YAML cannot read, without what may be a secret.'),
        }),
      )
      .describe('What is wrong with the configuration, in the order of its lines.'),
  })
  .describe('Why the daemon cannot start.')
  .register(NAMED, { id: 'Refusal' }) satisfies z.ZodType<Refusal>;

export const PROBLEM = z
  .object({
    type: z.enum(PROBLEM_KINDS.map((kind) => `${TYPE_PREFIX}${kind}`)),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string().exactOptional().describe('The requested path.'),
    id: uuid.exactOptional().describe('The id of the rotation that is running.'),
    reasons: z.array(z.string()).exactOptional().describe('Everything that is wrong.'),
    refusal: REFUSAL.exactOptional().describe('Why the daemon cannot start, for who may read.'),
  })
  .describe('A problem document (RFC 9457).')
  .register(NAMED, { id: 'Problem' }) satisfies z.ZodType<ProblemBody>;

export const MOST_ROTATIONS = 1000;

export const ROTATIONS_QUERY = z.strictObject({
  before: z.uuidv7().optional().describe('Only rotations that began before the one with this id.'),
  target: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Only rotations of this target, by its name; also of one that has left the configuration.'),
  language: z.enum(LANGUAGES).default('en').describe('Of the sentences of errors.'),
  limit: z.coerce.number().int().min(1).max(MOST_ROTATIONS).default(20).describe('At most this many, newest first.'),
});

export const NO_QUERY = z.strictObject({});

/** The body of a request to rotate: an empty object. */
export const ROTATE_BODY = z.strictObject({}).register(NAMED, { id: 'RotateRequest' });

export const IDEMPOTENCY_KEY = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/)
  .describe(
    '1 to 255 visible ASCII characters, new for each wanted rotation. The same key within 24 h gets the same answer.',
  );
