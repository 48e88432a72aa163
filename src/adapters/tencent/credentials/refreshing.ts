// Keeps temporary credentials: fetched when first needed, refreshed well before they expire, one fetch for all that
// wait. The call after a failed fetch tries again (the SDK's own providers keep a rejected promise and never recover);
// until the old credentials expire, they are used.
import type { Clock } from '../../../core/ports.ts';
import { MINUTE } from '../../../core/time.ts';
import { type SharedCall, shareCall } from '../../../net/shared-call.ts';
import type { CredentialSource, TencentCredential } from './source.ts';

/** Refreshed when less than this is left, or a sixth of the life if that is more; never more than half of the life. */
const MARGIN_MS = 5 * MINUTE;
/** STS gives 12 hours at most: a later expiry means that a clock was wrong. */
const MAX_LIFE_MS = 12 * 60 * MINUTE;

interface Kept {
  readonly credential: TencentCredential;
  /** On the wall clock and on the monotonic one; the earlier of the two counts. */
  readonly expiresAt: number;
  readonly expiresMonotonic: number;
  readonly marginMs: number;
}

/** A source over `fetch`, which yields credentials with an expiry (those without one are never kept). */
export function createRefreshingCredentials(options: {
  readonly id: string;
  readonly clock: Clock;
  readonly fetch: (signal: AbortSignal) => Promise<TencentCredential>;
}): CredentialSource {
  const { id, clock, fetch } = options;
  let kept: Kept | undefined;
  let refresh: SharedCall<TencentCredential> | undefined;

  const refreshed = async (signal: AbortSignal) => {
    const credential = await fetch(signal);
    kept = keep(credential, clock);
    return credential;
  };
  return {
    id,
    async get(signal) {
      signal.throwIfAborted();
      if (kept !== undefined && leftMs(kept, clock) > kept.marginMs) return kept.credential;
      if (refresh?.open !== true) refresh = shareCall(refreshed);
      try {
        return await refresh.join(signal);
      } catch (error) {
        if (signal.aborted || kept === undefined || leftMs(kept, clock) <= 0) throw error;
        return kept.credential;
      }
    },
    renew(rejected) {
      if (kept?.credential === rejected) kept = undefined;
    },
  };
}

function keep(credential: TencentCredential, clock: Clock): Kept | undefined {
  if (credential.expiresAt === undefined) return undefined;
  const lifeMs = Math.min(credential.expiresAt - clock.now(), MAX_LIFE_MS);
  return {
    credential,
    expiresAt: clock.now() + lifeMs,
    expiresMonotonic: clock.monotonic() + lifeMs,
    marginMs: Math.min(Math.max(MARGIN_MS, lifeMs / 6), lifeMs / 2),
  };
}

function leftMs({ expiresAt, expiresMonotonic }: Kept, clock: Clock): number {
  return Math.min(expiresAt - clock.now(), expiresMonotonic - clock.monotonic());
}
