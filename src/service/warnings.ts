// What the service warns about when it starts and when it reads a configuration again.
import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from '../config/load.ts';
import { keyProblems } from '../config/problems.ts';
import type { Settings } from '../config/resolve.ts';
import { RotatorError } from '../core/errors.ts';

/** Doubts about a configuration, and the entries of `targets` that are left out. */
export function configurationWarnings({ warnings, disabledTargets }: Omit<LoadedConfig, 'config'>): RotatorError[] {
  return [
    ...warnings.map((about) => new RotatorError('ERR_CONFIG', { problem: 'doubt', about })),
    ...disabledTargets.map(({ name: target, problems }) => {
      return new RotatorError('ERR_CONFIG', { problem: 'left-out', target, problems: keyProblems(problems) });
    }),
  ];
}

/** A warning that names the changes that a reload does not apply; undefined if there are none. */
export function fixedWarning(old: Settings, fresh: Settings): RotatorError | undefined {
  const changed = [
    ...(isDeepStrictEqual(old.journal, fresh.journal) ? [] : ['journal']),
    ...(old.http.host === fresh.http.host ? [] : ['http.host']),
    ...(old.http.port === fresh.http.port ? [] : ['http.port']),
  ];
  if (changed.length === 0) return undefined;
  return new RotatorError('ERR_CONFIG', { problem: 'fixed', keys: changed });
}
