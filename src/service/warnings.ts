// What the service warns of when it starts and when it reads a configuration anew.
import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/resolve.ts';
import { RotatorError } from '../core/errors.ts';

/** Doubts about a configuration, and the entries of `targets` that it does without. */
export function configurationWarnings({ warnings, disabledTargets }: LoadedConfig): RotatorError[] {
  return [
    ...warnings.map((text) => new RotatorError('ERR_CONFIG', { problem: 'doubt', text })),
    ...disabledTargets.map(({ name: target, problems }) => {
      const words = problems.map(({ key, found, wanted }) => `${key}: ${found}, wanted ${wanted}`);
      return new RotatorError('ERR_CONFIG', { problem: 'left-out', target, problems: words });
    }),
  ];
}

/** What a reload cannot change is said, not ignored in silence. */
export function fixedWarning(old: Config, fresh: Config): RotatorError | undefined {
  const changed = [
    ...(isDeepStrictEqual(old.journal, fresh.journal) ? [] : ['journal']),
    ...(old.http.host === fresh.http.host ? [] : ['http.host']),
    ...(old.http.port === fresh.http.port ? [] : ['http.port']),
  ];
  if (changed.length === 0) return undefined;
  return new RotatorError('ERR_CONFIG', { problem: 'fixed', keys: changed });
}
