// Rotations as comma-separated values (RFC 4180), for a spreadsheet.
import type { RotationView } from '../core/rotation-view.ts';

const COLUMNS: Readonly<Record<string, (rotation: RotationView) => string | null>> = {
  id: ({ id }) => id,
  target: ({ target }) => target,
  envId: ({ envId }) => envId,
  reason: ({ reason }) => reason,
  trigger: ({ trigger }) => trigger,
  requestedBy: ({ requestedBy }) => requestedBy,
  keyId: ({ keyId }) => keyId,
  fingerprint: ({ fingerprint }) => fingerprint,
  issuedAt: ({ issuedAt }) => issuedAt,
  expiresAt: ({ expiresAt }) => expiresAt,
  previousFingerprint: ({ previousFingerprint }) => previousFingerprint,
  previousExpiresAt: ({ previousExpiresAt }) => previousExpiresAt,
  startedAt: ({ startedAt }) => startedAt,
  finishedAt: ({ finishedAt }) => finishedAt,
  outcome: ({ outcome }) => outcome,
  appleCandidate: ({ appleCheck }) => appleCheck.candidate,
  appleDeployed: ({ appleCheck }) => appleCheck.deployed,
  readBack: ({ proof }) => proof?.readBack ?? null,
  loginCheck: ({ proof }) => proof?.loginCheck ?? null,
  requestIds: ({ requestIds }) => requestIds.join(' '),
  settles: ({ settles }) => settles,
  errorCode: ({ error }) => error?.code ?? null,
  errorMessage: ({ error }) => error?.message ?? null,
};

/** The line above all others. */
export function csvHead(): string {
  return line(Object.keys(COLUMNS));
}

export function csvLine(rotation: RotationView): string {
  return line(Object.values(COLUMNS).map((of) => of(rotation) ?? ''));
}

function line(fields: readonly string[]): string {
  return `${fields.map(field).join(',')}\n`;
}

/** A spreadsheet would compute what begins like a formula: an apostrophe before it makes it text. */
function field(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
