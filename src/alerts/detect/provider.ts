// The rows of the table of conditions about changes of a provider, by somebody else or by our own write, and about what
// waits for a person's decision. Pure functions, as in target.ts.
import { isRecordEmergency } from '../../core/deployed.ts';
import { within } from '../../core/schedule.ts';
import { DAY } from '../../core/time.ts';
import type { Detail } from './finding.ts';
import { earliest, expiryOf, type Known, severityOf } from './target-facts.ts';

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
    since: earliest(changes.map(({ at }) => Math.min(at, now))),
  };
}

const REPLACED_MS = 7 * DAY;
/**
 * After this many replacements the loop guard leaves a foreign secret alone, except in an emergency (decide.ts,
 * foreignSecret). A secret that our key signed is as good as ours: the guard meets it when its renewal is due.
 */
const GUARDED = 2;

/**
 * Reported for a week while somebody else's secret is deployed, and for a day if we have replaced it; always while the
 * loop guard leaves it alone, and after it collided with our own write.
 */
export function secretReplaced(known: Known): Detail<'SecretReplaced'> | undefined {
  const { state, now } = known;
  const { deployed, written, error } = state;
  const replacements = state.foreign.filter(({ at }) => within(at, now, REPLACED_MS));
  const last = replacements.at(-1);
  const theirs = deployed !== null && deployed.fingerprint !== (written?.fingerprint ?? null);
  const guarded = error?.code === 'ERR_FOREIGN_SECRET';
  const met = error?.code === 'ERR_CONFLICT';
  const recent = last !== undefined && (theirs || within(last.at, now, DAY));
  if (!recent && !guarded && !met) return undefined;
  const foreignKey = theirs && deployed.keyId !== (written?.keyId ?? null);
  const emergency = isRecordEmergency(deployed, known.target.policy.lifetimeMs, now);
  const leftAlone = guarded || (foreignKey && replacements.length >= GUARDED && !emergency);
  return {
    severity: leftAlone ? severityOf(known) : 'warning',
    facts: {
      replacements: replacements.map(({ fingerprint, at }) => ({ fingerprint, at })),
      keyId: deployed?.keyId ?? null,
      ourFingerprint: written?.fingerprint ?? null,
      ourKeyId: written?.keyId ?? null,
      takenBack: deployed !== null && !theirs,
      leftAlone,
    },
    since: last?.at ?? null,
    loginsUntil: expiryOf(state),
    error: guarded || met ? error : null,
  };
}

/** A target that the loop guard holds back is pending as well, but is reported as SecretReplaced. */
export function adoptionPending(known: Known): Detail<'AdoptionPending'> | undefined {
  const { state } = known;
  if (state.state !== 'pending' || state.error?.code === 'ERR_FOREIGN_SECRET') return undefined;
  return {
    severity: severityOf(known),
    facts: { keyId: state.deployed?.keyId ?? null, fingerprint: state.deployed?.fingerprint ?? null },
    loginsUntil: expiryOf(state),
    error: state.error,
  };
}
