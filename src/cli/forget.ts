// `forget NAME`: ends the conditions of a target that left the configuration. Its history stays, and so does what is
// known of its key: whoever puts it back goes on where it was left.
import type { ConditionName } from '../core/alerts/conditions.ts';
import { RotatorError } from '../core/errors.ts';
import type { Journal } from '../core/ports.ts';
import type { TargetState } from '../core/records.ts';
import { shown } from '../core/shown.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';

export interface ForgetDeps {
  readonly context: CliContext;
  readonly journal: Pick<Journal, 'targets'>;
  /** The configured targets. */
  readonly targets: readonly { readonly name: string; readonly key: string }[];
  /** Returns the conditions that ended. */
  readonly forget: (state: TargetState) => Promise<ConditionName[]>;
}

/** Forgets a target. Throws ERR_USAGE where it is still configured, or nothing is known of it. */
export async function forget(
  name: string,
  { context, journal, targets, forget: end }: ForgetDeps,
): Promise<ExitStatus> {
  const states = await journal.targets();
  const configured = new Map(targets.map((target) => [target.key, target.name]));
  const left = states.filter((state) => state.name === name && !configured.has(state.key));
  if (left.length === 0) throw cannotForget(name, states, configured);
  for (const state of left) {
    const ended = await end(state);
    context.stdout.write(`${lines(state, ended).join('\n')}\n`);
  }
  return EXIT.ok;
}

function lines({ name, envId, providerId, forgottenAt }: TargetState, ended: readonly ConditionName[]): string[] {
  const who = `${name} (${envId}, ${providerId})`;
  if (ended.length === 0 && forgottenAt !== null) return [`${who} was forgotten already`];
  return [
    `forgot ${who}: ${ended.length === 0 ? 'it had no open conditions' : `this ended ${ended.join(', ')}`}`,
    ...(ended.length === 0 ? [] : ['whoever was told of that hears so from the daemon, or with the next `once`']),
    'its history stays; nobody renews its client secret',
  ];
}

function cannotForget(
  name: string,
  states: readonly TargetState[],
  configured: ReadonlyMap<string, string>,
): RotatorError {
  if ([...configured.values()].includes(name)) {
    return new RotatorError('ERR_USAGE', `target ${shown(name)} is in the configuration`, {
      hint: 'Remove it from `targets` first; a target that is configured is never forgotten.',
    });
  }
  const known = states.filter(({ key, forgottenAt }) => !configured.has(key) && forgottenAt === null);
  const list =
    known.length === 0
      ? 'no target left the configuration'
      : `those that left are ${known.map((state) => state.name).join(', ')}`;
  return new RotatorError(
    'ERR_USAGE',
    `the journal knows no target named ${shown(name)} that left the configuration; ${list}`,
    {
      hint: 'Correct the name, or --config if another configuration was meant.',
    },
  );
}
