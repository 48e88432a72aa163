// The rows of the table of conditions about changes of a provider, by somebody else or by our own write, and about what
// waits for a person's decision. Pure functions, as in target.ts.
import type { TargetState } from '../../core/records.ts';
import { within } from '../../core/schedule.ts';
import { DAY, earliest } from '../../core/time.ts';
import type { Detail } from './finding.ts';
import { deadlineSeverity, type Known, notAhead } from './target-facts.ts';

/**
 * The provider is otherwise than the configuration says. One that is switched off against it is ProviderDisabled. Only
 * differences from what is stated now: the configuration may have changed since the provider was read.
 */
export function providerDiffers({ state, target }: Known): Detail<'ProviderDiffers'> | undefined {
  const differences = state.provider.differs.filter(
    ({ name, wanted, found }) => target.stated[name] === wanted && !(name === 'enabled' && found === false),
  );
  if (differences.length === 0 || state.provider.trouble !== null) return undefined;
  return { severity: 'warning', facts: { differences } };
}

/** A change by somebody else is reported for a week: they may have wanted it, so it must not be reported for ever. */
const THEIR_CHANGES_MS = 7 * DAY;
/**
 * A change by our own write is reported until the field is as it was before (a pass then takes it off the list), and
 * for a month at most: a person may have settled it with a third value.
 */
const OUR_CHANGES_MS = 30 * DAY;

/** Critical if our own write did it. */
export function providerChanged({ state, now }: Known): Detail<'ProviderChanged'> | undefined {
  const changes = state.providerChanges.filter(({ by, at }) => {
    if (at > now) return by === 'our-write';
    return now - at < (by === 'our-write' ? OUR_CHANGES_MS : THEIR_CHANGES_MS);
  });
  if (changes.length === 0) return undefined;
  return {
    severity: changes.some(({ by }) => by === 'our-write') ? 'critical' : 'warning',
    facts: { changes: changes.map(({ path, by }) => ({ path, by })) },
    since: earliest(changes.map(({ at }) => notAhead(at, now))),
  };
}

/** What took the place of our secret is told for a week, so that it is not told for ever. */
const REPLACED_MS = 7 * DAY;

/** While somebody else's secret is deployed, and for a day if ours is there again. */
export function secretReplaced({ state, now, expiresAt }: Known): Detail<'SecretReplaced'> | undefined {
  const { deployed, written, replaced, error } = state;
  if (replaced === null || replaced.kind === 'not-shown' || written === null) return undefined;
  const takenBack = isTakenBack(state, now);
  if (!within(replaced.at, now, takenBack ? DAY : REPLACED_MS)) return undefined;
  return {
    severity: 'warning',
    facts: {
      kind: replaced.kind,
      at: replaced.at,
      keyId: deployed?.keyId ?? null,
      fingerprint: replaced.fingerprint,
      ourFingerprint: takenBack ? null : written.fingerprint,
      takenBack,
    },
    since: replaced.at,
    loginsUntil: expiresAt,
    error: error?.code === 'ERR_CONFLICT' ? error : null,
  };
}

/**
 * While nothing that can be read shows in place of our secret, and for a day if it shows again. Not where what was written
 * then did not show either: Unverified says so.
 */
export function secretNotShown({ state, target, now, expiresAt }: Known): Detail<'SecretNotShown'> | undefined {
  const { written, replaced } = state;
  if (replaced?.kind !== 'not-shown' || written === null) return undefined;
  const takenBack = isTakenBack(state, now);
  if (takenBack && written.shape !== 'clear') return undefined;
  if (!within(replaced.at, now, takenBack ? DAY : REPLACED_MS)) return undefined;
  return { severity: 'warning', facts: { targets: [target.name] }, since: replaced.at, loginsUntil: expiresAt };
}

/** Our secret is deployed again. */
function isTakenBack({ deployed, written, replaced }: TargetState, now: number): boolean {
  if (written === null || deployed?.fingerprint !== written.fingerprint) return false;
  return written.at <= now && replaced !== null && replaced.at <= now;
}

/** A rotation waits for a person. */
export function consentNeeded(known: Known): Detail<'ConsentNeeded'> | undefined {
  const { state, reason } = known.state;
  return state === 'pending' ? { severity: deadlineSeverity(known), facts: { reason } } : undefined;
}
