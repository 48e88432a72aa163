// Who would be notified: `run` refuses a configuration, at the start and at a reload, with which a warning or a critical
// alert would reach nobody.
import { SEVERITIES, type Severity } from '../core/alerts/conditions.ts';
import { RotatorError } from '../core/errors.ts';
import type { LoadedConfig } from './load.ts';
import type { Config } from './resolve.ts';

export interface UnreachableAlert {
  /** The target's name; null: the service itself. */
  readonly target: string | null;
  readonly severity: Severity;
}

/**
 * The alerts that no channel carries, the service's own first. A channel that lists targets carries their alerts alone.
 * Empty where the configuration says `alerts: { none: accepted }`.
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

/**
 * Throws ERR_CONFIG if alerts would reach nobody, unless the configuration accepts that. The error names whose alerts
 * these are.
 */
export function mustReachSomebody({ config, file }: Pick<LoadedConfig, 'config' | 'file'>): void {
  const unreachable = unreachableAlerts(config);
  if (unreachable.length === 0) return;
  const [alerts, more] = [unreachable.slice(0, 5), Math.max(0, unreachable.length - 5)];
  throw new RotatorError('ERR_CONFIG', { problem: 'unheard', file: file ?? null, alerts, more });
}
