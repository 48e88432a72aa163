// The deployed secret, as far as it can be known: read from the provider if it shows in clear, else taken from the
// journal's record of our last write if the provider still shows it as it did then, else unknown.
import {
  APPLE_AUDIENCE,
  APPLE_MAX_LIFETIME_S,
  fingerprint,
  parseClientSecret,
  verifySignature,
} from './client-secret.ts';
import { identityId } from './identity.ts';
import type { KeyMaterial } from './key-material.ts';
import { hasHeaderAlone, type ParsedSecret, withoutWrapping } from './parsed-secret.ts';
import type { ShownSecret } from './provider.ts';
import type { Defect } from './reasons.ts';
import type { DeployedRecord, WrittenRecord } from './records.ts';
import { showsNothing } from './shown-secret.ts';

export interface Deployed {
  readonly shown: ShownSecret;
  /** `read`: it shows; `record`: the journal's record of our last write stands in; `none`: only `shown` is known. */
  readonly from: 'read' | 'record' | 'none';
  readonly fingerprint: string | null;
  readonly teamId: string | null;
  readonly clientId: string | null;
  readonly keyId: string | null;
  readonly issuedAt: number | null;
  readonly expiresAt: number | null;
  /** See identity.ts; null unless the signature was verified, or our record says so. */
  readonly identity: string | null;
  /** What makes it certainly useless, but for expiry; null: nothing. */
  readonly defect: Defect | null;
  /** It is the secret of our last write. */
  readonly ours: boolean;
}

export interface DeployedContext {
  /** The provider's; a secret for another client is useless. */
  readonly clientId: string | undefined;
  readonly written: WrittenRecord | null;
  /** A write of ours that may have arrived. */
  readonly maybeWritten: WrittenRecord | null;
  /** Undefined: it could not be read, so that no signature is verified. */
  readonly key: KeyMaterial | undefined;
  /** The fingerprint of the last deployed secret that Apple accepted: it has no defect but another client's `sub`. */
  readonly acceptedSecret: string | null;
  /** Fingerprints of secrets that lately went through our hands, because a write of ours that failed may have damaged one. */
  readonly handled?: ReadonlySet<string>;
  readonly now: number;
}

/** What is deployed. */
export async function readDeployed(shown: ShownSecret, context: DeployedContext): Promise<Deployed> {
  const { written, key, acceptedSecret } = context;
  const { text } = shown;
  if (text === null || text === '' || shown.shape === 'digest') return fromRecord(shown, written);
  const parsed = parseClientSecret(text);
  if (parsed === undefined) return damagedText(shown, text, context) ?? fromRecord(asOpaque(shown), written);
  const print = fingerprint(text);
  const ours = print === written?.fingerprint;
  const { teamId = null, clientId = null, keyId = null } = parsed;
  const verified = key !== undefined && (await verifySignature(parsed, key.publicKey));
  const isWhole = teamId !== null && clientId !== null && keyId !== null;
  const verifiedId = verified && isWhole ? identityId({ teamId, clientId, keyId, thumbprint: key.thumbprint }) : null;
  const found = defectOf(parsed, verified, context);
  return {
    shown,
    from: 'read',
    fingerprint: print,
    teamId,
    clientId,
    keyId,
    issuedAt: parsed.issuedAtMs ?? null,
    expiresAt: parsed.expiresAtMs ?? null,
    identity: verifiedId ?? (ours ? identityId(written) : null),
    defect: print === acceptedSecret && found !== 'other-client' ? null : found,
    ours,
  };
}

function defectOf(
  parsed: ParsedSecret,
  verified: boolean,
  { clientId, written, maybeWritten, key, now }: DeployedContext,
): Defect | null {
  if (clientId !== undefined && parsed.clientId !== clientId) return 'other-client';
  if (!parsed.audience.includes(APPLE_AUDIENCE)) return 'other-audience';
  if (parsed.expiresAtMs === undefined) return 'never-expires';
  if (parsed.expiresAtMs - now > APPLE_MAX_LIFETIME_S * 1000) return 'too-long';
  const isCopyOf = (made: WrittenRecord | null) =>
    made !== null && parsed.fingerprint !== made.fingerprint && hasClaimsOf(parsed, made);
  return key !== undefined && !verified && (isCopyOf(written) || isCopyOf(maybeWritten)) ? 'damaged' : null;
}

/** True if the ids and instants are those of what we wrote: the signature alone may be another one. */
export function hasClaimsOf(
  { keyId, teamId, clientId, issuedAtMs, expiresAtMs }: ParsedSecret,
  made: Pick<WrittenRecord, 'keyId' | 'teamId' | 'clientId' | 'issuedAt' | 'expiresAt'>,
): boolean {
  const isSameId = keyId === made.keyId && teamId === made.teamId && clientId === made.clientId;
  return isSameId && issuedAtMs === made.issuedAt && expiresAtMs === made.expiresAt;
}

/** A text that is no client secret any more: ours in quotes or with white space, or one whose claims are broken. */
function damagedText(shown: ShownSecret, text: string, { written, handled }: DeployedContext): Deployed | undefined {
  const print = fingerprint(withoutWrapping(text));
  const isLast = written !== null && print === written.fingerprint;
  const isOurs = isLast || handled?.has(print) === true;
  // Where our last write showed in clear, what begins like a secret and breaks off is no mask.
  if (!isOurs && !hasHeaderAlone(text, written?.shape === 'clear')) return undefined;
  const ids = isLast ? idsOf(written) : NO_IDS;
  return {
    shown,
    from: 'read',
    fingerprint: fingerprint(text),
    ...ids,
    defect: isOurs ? 'damaged' : 'no-claims',
    ours: false,
  };
}

const NO_IDS = { teamId: null, clientId: null, keyId: null, issuedAt: null, expiresAt: null, identity: null };

function idsOf(written: WrittenRecord) {
  const { teamId, clientId, keyId, issuedAt, expiresAt } = written;
  return { teamId, clientId, keyId, issuedAt, expiresAt, identity: identityId(written) };
}

/** A text that looks like a JWT and is not one says no more than a mask. */
function asOpaque(shown: ShownSecret): ShownSecret {
  return shown.shape === 'clear' ? { shape: 'masked', text: shown.text } : shown;
}

function fromRecord(shown: ShownSecret, written: WrittenRecord | null): Deployed {
  if (written === null || !standsIn(shown, written))
    return { shown, from: 'none', fingerprint: null, ...NO_IDS, defect: null, ours: false };
  return { shown, from: 'record', fingerprint: written.fingerprint, ...idsOf(written), defect: null, ours: true };
}

/** The record stands in as long as the secret shows as it did after our write; a digest must be the same one. */
function standsIn(shown: ShownSecret, written: WrittenRecord): boolean {
  if (shown.shape === 'digest') return shown.text === written.fingerprint || shown.text === written.shownDigest;
  return shown.shape === written.shape;
}

/** Nothing shows, and no record stands in: there is no secret, or the cloud hides it. */
export function isMissing({ shown, from }: Deployed): boolean {
  return from === 'none' && showsNothing(shown.shape);
}

export function isExpired({ expiresAt }: Deployed, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Certain that no login works with it, because it was read. A hidden secret never is: somebody may have replaced it. */
export function isUseless(deployed: Deployed, now: number): boolean {
  return deployed.from === 'read' && (deployed.defect !== null || isExpired(deployed, now));
}

/** A readable secret that is not certainly useless: it may be put back, or left in place if it is somebody else's. */
export function isReadableAndGood(deployed: Deployed, now: number): boolean {
  return deployed.from === 'read' && !isUseless(deployed, now);
}

/** What the journal keeps of it. */
export function deployedRecord({
  shown,
  from,
  fingerprint: print,
  keyId,
  issuedAt,
  expiresAt,
  identity,
  defect,
}: Deployed): DeployedRecord {
  return { fingerprint: print, keyId, issuedAt, expiresAt, shape: shown.shape, from, identity, defect };
}
