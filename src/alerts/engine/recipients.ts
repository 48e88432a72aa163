// Which channel carries what: the severities that it names, for the targets that it names; a channel that names no
// targets carries the conditions of the service as well. A channel that fails is reported over every other one,
// whatever they carry.
import type { ConditionTarget, Finding, Severity } from '../../core/alerts/conditions.ts';

/** What a channel of the configuration carries. */
export interface Route {
  readonly name: string;
  readonly severities: readonly Severity[];
  /** Names of targets; undefined: every target, and the service itself. */
  readonly targets: readonly string[] | undefined;
}

/** True if a channel carries alerts of this severity about this target (null: about the service). */
export function carries(route: Route, severity: Severity, target: Pick<ConditionTarget, 'name'> | null): boolean {
  return route.severities.includes(severity) && concerns(route, target);
}

/** True if a channel carries anything about this target (null: about the service). */
function concerns({ targets }: Route, target: Pick<ConditionTarget, 'name'> | null): boolean {
  if (targets === undefined) return true;
  return target !== null && targets.includes(target.name);
}

/** The names of the channels that a finding goes to. */
export function recipientsOf(finding: Finding, routes: readonly Route[]): string[] {
  const able =
    finding.condition === 'ChannelFailing'
      ? routes.filter(({ name }) => name !== finding.facts.channel)
      : routes.filter((route) => carries(route, finding.severity, finding.target));
  return able.map(({ name }) => name);
}
