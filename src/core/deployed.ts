// The deployed secret, as far as it can be known: read from the provider where it shows in clear, else taken from
// the journal's record of our last write while the provider still shows it in the same way, else unknown.
import {
  APPLE_MAX_LIFETIME_S,
  fingerprint,
  type ObjectionCode,
  objections,
  parseClientSecret,
  verifySignature,
} from './client-secret.ts';
import type { KeyMaterial } from './key-material.ts';
import type { ShownSecret } from './provider.ts';
import type { DeployedRecord, WrittenRecord } from './records.ts';
import { emergencyInstant } from './schedule.ts';
import { shown as shownText } from './shown.ts';
import { showsNothing } from './shown-secret.ts';

export interface Deployed {
  readonly shown: ShownSecret;
  /** `read`: in clear; `record`: the journal stands in; `none`: nothing can be said but what `shown` says. */
  readonly knownFrom: 'read' | 'record' | 'none';
  readonly fingerprint: string | null;
  readonly teamId: string | null;
  readonly clientId: string | null;
  readonly keyId: string | null;
  readonly issuedAt: number | null;
  readonly expiresAt: number | null;
  /** True or false where it could be established. */
  readonly signedByOurKey: boolean | null;
  /**
   * What makes it useless at Apple whoever signed it, in words (a wrong algorithm or audience, another client's
   * secret …); expiry and too long a lifetime have reasons of their own and are not listed.
   */
  readonly defects: readonly string[];
  /** It is the secret of our last write. */
  readonly ours: boolean;
}

/** Objections with which no login can work, whoever signed the secret and whatever the time is. */
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

/** Reads what is deployed. `clientId` is the provider's own; a secret for another client is a defect. */
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
  const defects = found.filter(({ code }) => DEFECTS.has(code)).map(({ message }) => message);
  if (clientId !== undefined && parsed.clientId !== undefined && parsed.clientId !== clientId) {
    defects.push(`it was made for client ${shownText(parsed.clientId)}, the provider's is ${shownText(clientId)}`);
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

/** Text that looked like a JWT and is none is as opaque as a masked one. */
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

/** The journal's record stands in while the secret shows as it did after our write; a digest must be the same. */
function standsIn(shown: ShownSecret, written: WrittenRecord): boolean {
  if (shown.shape === 'digest') return shown.text === written.fingerprint || shown.text === written.shownDigest;
  return shown.shape === written.shape;
}

/** Nothing is deployed, as far as anybody can see. */
export function isMissing({ shown, knownFrom }: Deployed): boolean {
  return knownFrom === 'none' && showsNothing(shown.shape);
}

export function isExpired({ expiresAt }: Deployed, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Apple refuses it for now because of its expiry: none at all, or more than 15 777 000 s ahead. */
export function isTooLong({ knownFrom, expiresAt }: Deployed, now: number): boolean {
  if (knownFrom === 'none') return false;
  return expiresAt === null || expiresAt - now > APPLE_MAX_LIFETIME_S * 1000;
}

/** False only where it is certain that no login works with it; unknown and unreadable count as working. */
export function mayBeWorking(deployed: Deployed, now: number): boolean {
  if (isMissing(deployed) || isExpired(deployed, now) || isTooLong(deployed, now)) return false;
  return deployed.defects.length === 0;
}

/** A readable secret with nothing wrong about it: what may be put back, or left alone when it is somebody else's. */
export function isReadableAndGood(deployed: Deployed, now: number): boolean {
  return deployed.knownFrom === 'read' && mayBeWorking(deployed, now);
}

/** `exp − iat` where it is known, else the policy's. */
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
 * Emergency by what the journal knows alone: no secret, or less than a tenth of its lifetime left. What cannot be told
 * is none.
 */
export function isRecordEmergency(record: DeployedRecord | null, policyLifetimeMs: number, now: number): boolean {
  if (record === null) return false;
  const { expiresAt, fingerprint: print, shape } = record;
  if (expiresAt === null) return print === null && showsNothing(shape);
  return now > emergencyInstant(expiresAt, lifetimeOf(record, policyLifetimeMs));
}
