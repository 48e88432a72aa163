// A target as `once`, `plan`, `status` and the HTTP interface show it (design.md, "Commands"). Every field is always
// there: an absent value is null. What a target is called comes from the configuration, the rest from the journal.
import * as z from 'zod';
import { type ErrorView, errorView } from './errors.ts';
import { isoOrNull } from './instants.ts';
import { isChoice, type JudgeClock, judgeLogins, type Logins } from './logins.ts';
import {
  EVIDENCE_DETAILS,
  EVIDENCE_KINDS,
  LOGIN_CAUSES,
  LOGIN_STATES,
  type Reason,
  type TargetStateName,
} from './reasons.ts';
import { emptyTargetState, type Frozen, type TargetState } from './records.ts';
import type { StatedSettings } from './stated-settings.ts';

const shownInstant = z.iso.datetime().nullable();

export interface TargetLabel {
  readonly name: string;
  readonly envId: string;
  readonly providerId: string;
  /** How its provider is meant to be; absent where no configuration says. */
  readonly stated?: Pick<StatedSettings, 'enabled'>;
}

/** What is known of logins, and by which evidence; instants are ISO 8601 UTC. */
export const LOGINS_VIEW = z.object({
  state: z.enum(LOGIN_STATES).describe('Whether people can sign in with Apple.'),
  until: shownInstant.describe('When the deployed client secret expires; null where logins fail, or nobody knows.'),
  because: z.enum(LOGIN_CAUSES).nullable().describe('What logins fail because of.'),
  evidence: z
    .array(
      z.object({
        kind: z.enum(EVIDENCE_KINDS),
        verdict: z.enum(LOGIN_STATES),
        at: shownInstant,
        detail: z.enum(EVIDENCE_DETAILS),
      }),
    )
    .describe('What is known, the weightiest first.'),
});
export type LoginsView = Frozen<z.infer<typeof LOGINS_VIEW>>;

/** The JSON of one target; instants are ISO 8601 UTC. */
export interface TargetView {
  readonly name: string;
  readonly envId: string;
  readonly providerId: string;
  readonly state: TargetStateName;
  readonly reason: Reason | null;
  /** Of the key that signed the deployed client secret. */
  readonly keyId: string | null;
  readonly expiresAt: string | null;
  readonly renewalAt: string | null;
  readonly lastRotationAt: string | null;
  readonly consecutiveFailures: number;
  readonly nextAttemptAt: string | null;
  readonly logins: LoginsView;
  readonly error: ErrorView | null;
}

/** States of a pass that ended well. A target whose logins fail is in none of them, unless somebody chose that. */
const WELL: ReadonlySet<TargetStateName> = new Set(['healthy', 'rotated', 'unverified']);

/** Shows a target under its configured name; `undefined` is a target of which the journal knows nothing. */
export function targetView(
  state: TargetState | undefined,
  { name, envId, providerId, stated }: TargetLabel,
  clock: JudgeClock,
): TargetView {
  const logins = judgeLogins(state ?? emptyTargetState({ endpoint: '', envId, providerId }, name), clock);
  const isFailing = logins.state === 'fails' && !isChoice(logins, stated);
  const found = state?.state ?? 'unknown';
  return {
    name,
    envId,
    providerId,
    state: isFailing && WELL.has(found) ? 'failed' : found,
    reason: state?.reason ?? null,
    keyId: state?.deployed?.keyId ?? null,
    expiresAt: isoOrNull(state?.deployed?.expiresAt ?? null),
    renewalAt: isoOrNull(state?.renewalAt ?? null),
    lastRotationAt: isoOrNull(state?.lastRotationAt ?? null),
    consecutiveFailures: state?.retry.failures ?? 0,
    nextAttemptAt: isoOrNull(state?.retry.nextAttemptAt ?? null),
    logins: loginsView(logins),
    error: state?.error ? errorView(state.error, name) : null,
  };
}

/**
 * The same for whoever asks later than the pass: a rotation that succeeded leaves a healthy target; `rotated` is what
 * `once` alone says, of its own pass.
 */
export function lastingView(state: TargetState | undefined, label: TargetLabel, clock: JudgeClock): TargetView {
  const view = targetView(state, label, clock);
  return view.state === 'rotated' ? { ...view, state: 'healthy', reason: null } : view;
}

/** Instants as text. */
export function loginsView({ state, until, because, evidence }: Logins): LoginsView {
  const shown = evidence.map((each) => ({ ...each, at: isoOrNull(each.at) }));
  return { state, until: isoOrNull(until), because, evidence: shown };
}

/**
 * False if the target is failed or unknown, or its logins fail: the exit status of the commands. A provider that is
 * switched off is somebody's choice, unless the configuration wants it on.
 */
export function isWell({ state, logins }: TargetView, { stated }: Pick<TargetLabel, 'stated'> = {}): boolean {
  if (state === 'failed' || state === 'unknown') return false;
  return logins.state !== 'fails' || isChoice(logins, stated);
}
