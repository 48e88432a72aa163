// Ending the conditions of a target that left the configuration: whoever was told of them hears that nobody watches
// the target any more, which is no all-clear.

import type { ConditionName } from '../core/alerts/conditions.ts';
import type { Clock, Journal } from '../core/ports.ts';
import type { TargetState } from '../core/records.ts';
import { type AlertPolicy, advance } from './engine/engine.ts';

export interface ForgetTools {
  readonly clock: Pick<Clock, 'now'>;
  readonly journal: Pick<Journal, 'commit' | 'updateAlerts'>;
  readonly policy: AlertPolicy;
  readonly newId: () => string;
}

/** Forgets a target; returns the conditions that this ended. */
export async function forgetTarget(state: TargetState, tools: ForgetTools): Promise<ConditionName[]> {
  const { clock, journal, policy, newId } = tools;
  const now = clock.now();
  // First the mark: a look of the daemon between the two would raise TargetRemoved anew.
  await journal.commit({ target: { ...state, forgottenAt: now } });
  let ended: ConditionName[] = [];
  await journal.updateAlerts((book) => {
    const { update, transitions } = advance(
      book,
      {
        now,
        findings: [],
        undecided: () => true,
        forgotten: ({ target }) => target?.key === state.key,
        newId,
      },
      policy,
    );
    ended = transitions.filter(({ what }) => what === 'forgotten').map(({ finding }) => finding.condition);
    return update;
  });
  return ended;
}
