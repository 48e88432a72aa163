// What a journal row may look like: one zod schema per record, applied to what is written (a row that could not be
// read again is never written) and to what is read. Redaction happens here and nowhere else in the journal.
// A new value in one of the closed vocabularies needs a new schema version: older programs could not read it.
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type ErrorCode, REMEDIES } from '../../core/errors.ts';
import { OUTCOMES, REASONS, SHAPES, TARGET_STATES, TRIGGERS, VERDICTS } from '../../core/reasons.ts';
import type { FleetState, Rotation, TargetState } from '../../core/records.ts';
import { redact, redactText } from '../../core/redact.ts';

const instant = z.number();
const text = z.string();
const errorView = z.object({
  code: z.enum(Object.keys(REMEDIES) as [ErrorCode, ...ErrorCode[]]),
  message: text,
  hint: text,
});

const deployedRecord = z.object({
  fingerprint: text.nullable(),
  keyId: text.nullable(),
  issuedAt: instant.nullable(),
  expiresAt: instant.nullable(),
  shape: z.enum(SHAPES),
});

const writtenRecord = z.object({
  fingerprint: text,
  teamId: text,
  clientId: text,
  keyId: text,
  thumbprint: text,
  issuedAt: instant,
  expiresAt: instant,
  shape: z.enum(SHAPES),
  shownDigest: text.nullable(),
  at: instant,
  reason: z.enum(REASONS),
});

export const targetSchema: z.ZodType<TargetState> = z.object({
  endpoint: text,
  envId: text,
  providerId: text,
  key: text,
  name: text,
  state: z.enum(TARGET_STATES),
  reason: z.enum(REASONS).nullable(),
  error: errorView.nullable(),
  lastPassAt: instant.nullable(),
  lastGatherAt: instant.nullable(),
  lastSuccessAt: instant.nullable(),
  lastRotationAt: instant.nullable(),
  deployed: deployedRecord.nullable(),
  renewalAt: instant.nullable(),
  retry: z.object({ failures: z.number(), nextAttemptAt: instant.nullable() }),
  written: writtenRecord.nullable(),
  configKeys: z.array(text),
  keyThumbprints: z.record(text, text),
  acceptedKeys: z.record(text, instant),
  foreign: z.array(z.object({ fingerprint: text.nullable(), at: instant })),
  maybeWritten: writtenRecord.nullable(),
  providerChanges: z.array(z.object({ path: text, by: z.enum(['our-write', 'somebody-else']), at: instant })),
  providerDisabled: z.boolean(),
  dueSince: instant.nullable(),
  appleAsked: z
    .object({
      at: instant,
      verdict: z.enum(VERDICTS).exclude(['not-asked']),
      asked: z.enum(['deployed', 'same-key']),
      keyId: text.nullable(),
      fingerprint: text.nullable(),
    })
    .nullable(),
});

export const rotationSchema: z.ZodType<Rotation> = z.object({
  id: text,
  targetKey: text,
  target: text,
  envId: text,
  reason: z.enum(REASONS),
  emergency: z.boolean(),
  trigger: z.enum(TRIGGERS),
  requestedBy: text.nullable(),
  keyId: text.nullable(),
  fingerprint: text.nullable(),
  issuedAt: instant.nullable(),
  expiresAt: instant.nullable(),
  previousFingerprint: text.nullable(),
  previousExpiresAt: instant.nullable(),
  startedAt: z.int(),
  finishedAt: instant.nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  appleCheck: z.object({ candidate: z.enum(VERDICTS), deployed: z.enum(VERDICTS) }),
  appleCheckWaived: z.boolean(),
  requestIds: z.array(text),
  error: errorView.nullable(),
  intent: z
    .object({
      thumbprint: text,
      teamId: text,
      clientId: text,
      fields: z.record(text, z.unknown()),
      shapeBefore: z.enum(SHAPES),
      at: instant,
    })
    .nullable(),
});

export const fleetSchema: z.ZodType<FleetState> = z.object({
  failedAfterPush: z.number(),
  halted: z.object({ at: instant, error: errorView }).nullable(),
  apple: z.record(
    text,
    z.object({
      controlAskedAt: instant.nullable(),
      controlRejectedAt: instant.nullable(),
      oursAcceptedAt: instant.nullable(),
      firstAskedAt: instant.nullable(),
      answeredAt: instant.nullable(),
    }),
  ),
});

/**
 * An RFC 7638 thumbprint (base64url of 32 bytes). One in some thousands holds the letters that begin a JWT; redacted,
 * it would look like another key under the same id and stop the target, so it is kept as it is.
 */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

function storedThumbprint(value: string): string {
  return THUMBPRINT.test(value) ? value : redactText(value);
}

/**
 * An identifier as the journal may keep it: what is looked up must come back as it was. The patterns of a JWT also fit
 * honest names (`newgateway-proxy.example…`), so one is cut out only where a header that names an algorithm can be
 * read from it.
 */
export function storedLabel(value: string): string {
  const clean = redactText(value);
  if (clean === value) return value;
  const otherSecrets = clean.replaceAll('[redacted JWT]', '').includes('[redacted ');
  return otherSecrets || holdsToken(value) ? clean : value;
}

function holdsToken(value: string): boolean {
  for (const { index } of value.matchAll(/e(?=[wy])/g)) {
    const [header = ''] = /^[\w-]*/.exec(value.slice(index)) ?? [];
    if (Buffer.from(header, 'base64url').toString('latin1').includes('"alg"')) return true;
  }
  return false;
}

/** A copy of a target as the journal may keep it: redacted, and certain to be readable. Throws a TypeError if it is not. */
export function storableTarget(state: TargetState): TargetState {
  const clean = accepted(targetSchema, redact(state), 'target');
  const thumbprints = Object.entries(state.keyThumbprints).map(([id, value]) => [id, storedThumbprint(value)]);
  return {
    ...clean,
    endpoint: storedLabel(state.endpoint),
    envId: storedLabel(state.envId),
    providerId: storedLabel(state.providerId),
    key: storedLabel(state.key),
    keyThumbprints: Object.fromEntries(thumbprints),
    written: withThumbprint(clean.written, state.written),
    maybeWritten: withThumbprint(clean.maybeWritten, state.maybeWritten),
  };
}

/** The same for a rotation. */
export function storableRotation(rotation: Rotation): Rotation {
  const clean = accepted(rotationSchema, redact(rotation), 'rotation');
  return {
    ...clean,
    targetKey: storedLabel(rotation.targetKey),
    envId: storedLabel(rotation.envId),
    intent: withThumbprint(clean.intent, rotation.intent),
  };
}

function withThumbprint<T extends { readonly thumbprint: string }>(clean: T | null, original: T | null): T | null {
  return clean && original && { ...clean, thumbprint: storedThumbprint(original.thumbprint) };
}

/** The same for the fleet. */
export function storableFleet(fleet: FleetState): FleetState {
  const calibrations = Object.entries(fleet.apple).map(([tokenUrl, calibration]) => [
    storedLabel(tokenUrl),
    calibration,
  ]);
  return accepted(
    fleetSchema,
    { ...fleet, halted: redact(fleet.halted), apple: Object.fromEntries(calibrations) },
    'fleet',
  );
}

/** What a schema makes of a value; throws a TypeError that says what does not fit. */
export function accepted<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new TypeError(`the journal cannot keep this ${what}: ${complaint(result.error)}`);
}

/** Where a row does not fit, in one line and without its values. */
export function complaint(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message.toLowerCase()}`)
    .join('; ');
}

/** A mistake of the caller: rotations are append-only, and a finished one is history. */
export class RotationFinishedError extends TypeError {
  constructor(id: string) {
    super(`rotation ${id} is finished and never changes again`);
    this.name = 'RotationFinishedError';
  }
}

/**
 * What committing `next` over the stored row of the same id means: `write` it, or `keep` the row (finished, and the
 * same). Throws RotationFinishedError for a change of a finished one, a TypeError for another rotation under its id.
 */
export function rotationChange(stored: Rotation | undefined, next: Rotation): 'write' | 'keep' {
  if (stored === undefined) return 'write';
  if (stored.outcome !== null) {
    if (isDeepStrictEqual(stored, next)) return 'keep';
    throw new RotationFinishedError(next.id);
  }
  if (stored.targetKey !== next.targetKey || stored.startedAt !== next.startedAt)
    throw new TypeError(`rotation ${next.id} began at ${stored.startedAt} for another target or at another time`);
  return 'write';
}

/**
 * How much further than now + ttl a lease may end before it counts as written by a clock that was wrong. Two callers
 * never ask at one instant: one may have read the clock and then waited for the other's transaction.
 */
export const LEASE_TOLERANCE_MS = 60_000;
