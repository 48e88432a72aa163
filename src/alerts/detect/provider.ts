// The rows of the table of conditions about changes of a provider, by somebody else or by our own write, and about what
// waits for a person's decision. Pure functions, as in target.ts.
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
export function secretReplaced(known: Known): Detail<'SecretReplaced'> | undefined {
  const { deployed, error } = known.state;
  const { written, replaced, takenBack = false } = replacementOf(known) ?? {};
  if (written === undefined || replaced === undefined || replaced.kind === 'not-shown') return undefined;
  const { kind, at, fingerprint } = replaced;
  const ourFingerprint = takenBack ? null : written.fingerprint;
  return {
    severity: 'warning',
    facts: { kind, at, keyId: deployed?.keyId ?? null, fingerprint, ourFingerprint, takenBack },
    since: at,
    loginsUntil: known.expiresAt,
    error: error?.code === 'ERR_CONFLICT' ? error : null,
  };
}

/**
 * While nothing that can be read shows in place of our secret, and for a day if it shows again. Not where what was written
 * then did not show either: Unverified says so.
 */
export function secretNotShown(known: Known): Detail<'SecretNotShown'> | undefined {
  const { target, expiresAt } = known;
  const { written, replaced, takenBack } = replacementOf(known) ?? {};
  if (replaced?.kind !== 'not-shown' || (takenBack && written?.shape !== 'clear')) return undefined;
  return { severity: 'warning', facts: { targets: [target.name] }, since: replaced.at, loginsUntil: expiresAt };
}

/** What took the place of our secret lately; `takenBack`: ours is deployed again. */
function replacementOf({ state: { deployed, written, replaced }, now }: Known) {
  if (written === null || replaced === null) return undefined;
  const takenBack = deployed?.fingerprint === written.fingerprint && written.at <= now && replaced.at <= now;
  return within(replaced.at, now, takenBack ? DAY : REPLACED_MS) ? { written, replaced, takenBack } : undefined;
}

/** A rotation waits for a person. */
export function consentNeeded(known: Known): Detail<'ConsentNeeded'> | undefined {
  const { state, reason } = known.state;
  return state === 'pending' ? { severity: deadlineSeverity(known), facts: { reason } } : undefined;
}
