// What the service warns of when it starts and when it reads a configuration anew.
import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/resolve.ts';
import { RotatorError } from '../core/errors.ts';

/** Doubts about a configuration, and the entries of `targets` that it does without. */
export function configurationWarnings({ warnings, disabledTargets }: LoadedConfig): RotatorError[] {
  return [
    ...warnings.map((warning) => new RotatorError('ERR_CONFIG', warning, { hint: 'Look at the configuration.' })),
    ...disabledTargets.map(({ name, problems }) => {
      const words = problems.map(({ key, found, wanted }) => `${key}: ${found}, wanted ${wanted}`).join('; ');
      return new RotatorError('ERR_CONFIG', `target ${name} is left out because its configuration is wrong: ${words}`, {
        hint: 'Correct it and send SIGHUP; until then nobody renews its client secret.',
      });
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
  const hint = 'Restart the service to apply them.';
  return new RotatorError('ERR_CONFIG', `a reload does not change ${changed.join(', ')}; the old values stay`, {
    hint,
  });
}
