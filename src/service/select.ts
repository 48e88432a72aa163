// Which targets a command is about: those that are named, or all.
import type { Config } from '../config/resolve.ts';
import { RotatorError } from '../core/errors.ts';
import type { Target } from '../core/ports.ts';
import { shownName } from '../core/shown.ts';

/** Throws ERR_USAGE for a name that no target has. */
export function mustExist({ targets }: Config, names: readonly string[]): void {
  const known = targets.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new RotatorError('ERR_USAGE', { problem: 'unknown-target', found: shownName(unknown), known });
}

/** The targets with these names, or all if no name is given. */
export function selected<T extends { readonly target: Pick<Target, 'name'> }>(
  wired: readonly T[],
  names: readonly string[],
): T[] {
  return names.length === 0 ? [...wired] : wired.filter(({ target }) => names.includes(target.name));
}
