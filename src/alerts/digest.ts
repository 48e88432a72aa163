// What the weekly sign of life says: how many targets are in which state, what is renewed next, and what is open.

import type { DigestFacts } from '../core/alerts/message.ts';
import type { Story } from '../core/alerts/records.ts';
import type { TargetState } from '../core/records.ts';
import { lastingView } from '../core/target-view.ts';
import { mapInSlices } from '../net/event-loop.ts';
import type { Surroundings } from './detect/service.ts';
import { viewOf } from './stories/view.ts';

/** A digest is read at a glance: more of either would bury what matters. `openTotal` counts all. */
const RENEWALS = 5;
const OPEN = 20;

/** The digest of a whole configuration. */
export async function digestOf(
  around: Surroundings,
  states: readonly TargetState[],
  stories: readonly Story[],
): Promise<DigestFacts> {
  const { targets } = around;
  const byKey = new Map(states.map((state) => [state.key, state]));
  const views = await mapInSlices(
    targets.values(),
    (target) => lastingView(byKey.get(target.key), target, around).state,
  );
  const counts: Record<string, number> = {};
  for (const state of views) counts[state] = (counts[state] ?? 0) + 1;
  const renewals = [...targets.values()]
    .flatMap(({ key, name }) => {
      const state = byKey.get(key);
      const expiresAt = state?.deployed?.expiresAt ?? null;
      if (state === undefined || state.renewalAt === null || expiresAt === null) return [];
      return [{ target: name, at: state.renewalAt, expiresAt }];
    })
    .sort((a, b) => a.at - b.at)
    .slice(0, RENEWALS);
  const open = stories
    .filter(({ endedAt }) => endedAt === null)
    .map(viewOf)
    .map(({ severity, lead: { condition, target }, targets: of }) => ({
      ...{ condition, severity, target: target?.name ?? null, targets: of.length },
    }))
    .sort((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'));
  return {
    targets: targets.size,
    states: counts,
    renewals,
    open: open.slice(0, OPEN),
    openTotal: open.length,
  };
}
