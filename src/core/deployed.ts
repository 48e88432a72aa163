// The deployed secret, as far as it can be known: read from the provider if it shows in clear, else taken from the
// journal's record of our last write if the provider still shows it as it did then, else unknown.
import { APPLE_MAX_LIFETIME_S, fingerprint, objections, parseClientSecret, verifySignature } from './client-secret.ts';
import type { KeyMaterial } from './key-material.ts';
import type { ShownSecret } from './provider.ts';
import type { Objection, ObjectionCode } from './reasons.ts';
import type { DeployedRecord, WrittenRecord } from './records.ts';
import { emergencyInstant } from './schedule.ts';
import { shown as shownText } from './shown.ts';
import { showsNothing } from './shown-secret.ts';

export interface Deployed {
  readonly shown: ShownSecret;
  /** `read`: it shows in clear; `record`: the journal's record stands in; `none`: only `shown` is known. */
  readonly knownFrom: 'read' | 'record' | 'none';
  readonly fingerprint: string | null;
  readonly teamId: string | null;
  readonly clientId: string | null;
  readonly keyId: string | null;
  readonly issuedAt: number | null;
  readonly expiresAt: number | null;
  /** Null if it could not be established. */
  readonly signedByOurKey: boolean | null;
  /**
   * What makes it useless at Apple, whoever signed it: a wrong algorithm or audience, another client's secret
   * … Expiry and too long a lifetime are not listed; they are reasons of their own.
   */
  readonly defects: readonly Objection[];
  /** It is the secret of our last write. */
  readonly ours: boolean;
}

/** Objections with which no login can work, whoever signed the secret and whatever time it is. */
const DEFECTS: ReadonlySet<ObjectionCode> = new Set([
  'AlgorithmNotEs256',
  'KeyIdMissing',
  'IssuerMissing',
  'SubjectMissing',
  'PlaceholderLeftIn',
  'AudienceWrong',
  'SignatureDer',
  'SignatureLength',
]);

/** What is deployed. `clientId` is the provider's; a secret for another client has a defect. */
export async function readDeployed(
  shown: ShownSecret,
  clientId: string | undefined,
  written: WrittenRecord | null,
  key: KeyMaterial,
  now: number,
): Promise<Deployed> {
  const parsed = shown.shape === 'clear' && shown.text !== null ? parseClientSecret(shown.text) : undefined;
  if (parsed === undefined || shown.text === null) return fromRecord(asOpaque(shown), written, key);
  const found = await objections(parsed, { nowMs: now });
  const defects = found.filter(({ code }) => DEFECTS.has(code));
  if (clientId !== undefined && parsed.clientId !== undefined && parsed.clientId !== clientId) {
    defects.push({ code: 'SubjectDiffers', found: shownText(parsed.clientId), wanted: shownText(clientId) });
  }
  const print = fingerprint(shown.text);
  return {
    shown,
    knownFrom: 'read',
    fingerprint: print,
    teamId: parsed.teamId ?? null,
    clientId: parsed.clientId ?? null,
    keyId: parsed.keyId ?? null,
    issuedAt: parsed.issuedAtMs ?? null,
    expiresAt: parsed.expiresAtMs ?? null,
    signedByOurKey: await verifySignature(parsed, key.publicJwk),
    defects,
    ours: print === written?.fingerprint,
  };
}

/** A text that looks like a JWT and is not one says no more than a mask. */
function asOpaque(shown: ShownSecret): ShownSecret {
  return shown.shape === 'clear' ? { shape: 'masked', text: shown.text } : shown;
}

function fromRecord(shown: ShownSecret, written: WrittenRecord | null, key: KeyMaterial): Deployed {
  const blank = {
    shown,
    fingerprint: null,
    teamId: null,
    clientId: null,
    keyId: null,
    issuedAt: null,
    expiresAt: null,
  };
  if (written === null || !standsIn(shown, written)) {
    return { ...blank, knownFrom: 'none', signedByOurKey: null, defects: [], ours: false };
  }
  return {
    shown,
    knownFrom: 'record',
    fingerprint: written.fingerprint,
    teamId: written.teamId,
    clientId: written.clientId,
    keyId: written.keyId,
    issuedAt: written.issuedAt,
    expiresAt: written.expiresAt,
    signedByOurKey: written.thumbprint === key.thumbprint,
    defects: [],
    ours: true,
  };
}

/** The record stands in as long as the secret shows as it did after our write; a digest must be the same one. */
function standsIn(shown: ShownSecret, written: WrittenRecord): boolean {
  if (shown.shape === 'digest') return shown.text === written.fingerprint || shown.text === written.shownDigest;
  return shown.shape === written.shape;
}

/** Nothing shows, and no record stands in: there is no secret, or the cloud hides it. */
export function isMissing({ shown, knownFrom }: Deployed): boolean {
  return knownFrom === 'none' && showsNothing(shown.shape);
}

export function isExpired({ expiresAt }: Deployed, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Apple refuses it now because of its expiry: it has none, or one more than 15 777 000 s ahead. */
export function isTooLong({ knownFrom, expiresAt }: Deployed, now: number): boolean {
  if (knownFrom === 'none') return false;
  return expiresAt === null || expiresAt - now > APPLE_MAX_LIFETIME_S * 1000;
}

/** False only if it is certain that no login works with it. */
export function mayBeWorking(deployed: Deployed, now: number): boolean {
  if (isMissing(deployed) || isExpired(deployed, now) || isTooLong(deployed, now)) return false;
  return deployed.defects.length === 0;
}

/** A readable secret without a defect: it may be put back, or left in place if it is somebody else's. */
export function isReadableAndGood(deployed: Deployed, now: number): boolean {
  return deployed.knownFrom === 'read' && mayBeWorking(deployed, now);
}

/** `exp − iat` if both are known, else the policy's. */
export function lifetimeOf(
  { issuedAt, expiresAt }: Pick<Deployed, 'issuedAt' | 'expiresAt'>,
  policyLifetimeMs: number,
): number {
  return issuedAt !== null && expiresAt !== null && expiresAt > issuedAt ? expiresAt - issuedAt : policyLifetimeMs;
}

/** What the journal keeps of it. */
export function deployedRecord({ fingerprint: print, keyId, issuedAt, expiresAt, shown }: Deployed): DeployedRecord {
  return { fingerprint: print, keyId, issuedAt, expiresAt, shape: shown.shape };
}

/**
 * Emergency, judged by the journal alone: there is no secret, or less than a tenth of its lifetime is left. False if the
 * journal does not know.
 */
export function isRecordEmergency(record: DeployedRecord | null, policyLifetimeMs: number, now: number): boolean {
  if (record === null) return false;
  const { expiresAt, fingerprint: print, shape } = record;
  if (expiresAt === null) return print === null && showsNothing(shape);
  return now > emergencyInstant(expiresAt, lifetimeOf(record, policyLifetimeMs));
}
