// Step 6: what the row says of a write before it goes out, so that a crash from here on can be resolved by reading.
import type { MintedSecret } from '../core/client-secret.ts';
import type { Snapshot } from '../core/decide.ts';
import type { ProviderView } from '../core/provider.ts';
import type { Rotation } from '../core/records.ts';

/** Candidate, predecessor and the provider's other fields, as the row keeps them. */
export function intentOf(snapshot: Snapshot, candidate: MintedSecret, at: number): Partial<Rotation> {
  const { key, deployed } = snapshot;
  const { keyId, thumbprint, teamId, clientId } = key;
  return {
    keyId,
    fingerprint: candidate.fingerprint,
    issuedAt: candidate.issuedAtMs,
    expiresAt: candidate.expiresAtMs,
    previousFingerprint: deployed.fingerprint,
    previousExpiresAt: deployed.expiresAt,
    intent: {
      thumbprint,
      teamId,
      clientId,
      fields: presentProvider(snapshot).fields.forJournal(),
      shapeBefore: deployed.shown.shape,
      at,
    },
  };
}

/** The provider of a snapshot for which a rotation was decided. */
export function presentProvider({ provider }: Snapshot): ProviderView {
  if (provider === undefined) throw new TypeError('a rotation was decided on for a provider that does not exist');
  return provider;
}
