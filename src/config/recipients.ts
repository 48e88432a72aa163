// Who would be called: `run` refuses to start while a warning or critical would reach nobody.
import { SEVERITIES, type Severity } from '../core/alerts/conditions.ts';
import type { Config } from './schema.ts';

export interface UnreachableAlert {
  /** The target's name; null: the service itself. */
  readonly target: string | null;
  readonly severity: Severity;
}

/**
 * The alerts that no channel carries, the service's own first. A channel that lists targets carries theirs alone, not
 * the service's own. Empty where the configuration says `alerts: { none: accepted }`.
 */
export function unreachableAlerts({ targets, alerts }: Pick<Config, 'targets' | 'alerts'>): UnreachableAlert[] {
  if (alerts.noneAccepted) return [];
  const concerned: readonly (string | null)[] = [null, ...targets.map(({ name }) => name)];
  return SEVERITIES.flatMap((severity) => {
    const carriers = alerts.channels.filter(({ severities }) => severities.includes(severity));
    if (carriers.some((channel) => channel.targets === undefined)) return [];
    const reached = new Set<string | null>(carriers.flatMap((channel) => channel.targets ?? []));
    return concerned.filter((target) => !reached.has(target)).map((target) => ({ target, severity }));
  });
}
