// Which channel carries what: the severities that it names, for the targets that it names; a channel that names no
// targets carries what concerns the service as well. A channel that fails is reported over every other one, whatever they
// carry, and so is a target that left together with the only channel that carried it.
import { type ConditionTarget, SEVERITIES, type Severity } from '../../core/alerts/conditions.ts';
import type { Story } from '../../core/alerts/records.ts';

/** What a channel of the configuration carries. */
export interface Route {
  readonly name: string;
  readonly severities: readonly Severity[];
  /** Names of targets; undefined: every target, and the service itself. */
  readonly targets?: readonly string[] | undefined;
}

/** True if a channel carries alerts of this severity about this target (null: about the service). */
export function carries(route: Route, severity: Severity, target: Pick<ConditionTarget, 'name'> | null): boolean {
  return route.severities.includes(severity) && concerns(route, target);
}

/** True if a channel carries anything about this target (null: about the service). */
export function concerns({ targets }: Route, target: Pick<ConditionTarget, 'name'> | null): boolean {
  if (targets === undefined) return true;
  return target !== null && targets.includes(target.name);
}

/**
 * What a channel carries of a story; undefined where it carries nothing of it. A channel that left its own severities is
 * told of the end all the same.
 */
export function routeOf(name: string, { cause, id, members }: Story, routes: readonly Route[]): Route | undefined {
  const route = routes.find((each) => each.name === name);
  if (route === undefined || id === `ChannelFailing/${name}`) return undefined;
  const isCarried = () =>
    members.some(({ finding }) => routes.some((each) => carries(each, 'warning', finding.target)));
  const isForAll = cause === 'ChannelFailing' || (cause === 'Unwatched' && !isCarried());
  return isForAll ? { name, severities: SEVERITIES } : route;
}
