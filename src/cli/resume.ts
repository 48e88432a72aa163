// `resume`: ends FleetHalted, the stop after three rotations in a row that failed after the push. The daemon reads
// the journal before it begins a rotation, so it goes on without being told.
import { errorView } from '../core/errors.ts';
import { isoOrNull } from '../core/instants.ts';
import type { Journal } from '../core/ports.ts';
import type { FleetState } from '../core/records.ts';
import { type CliContext, EXIT, type ExitStatus } from './context.ts';
import { distance, minute } from './instants.ts';

export interface ResumeDeps {
  readonly context: CliContext;
  /** Opened for writing. */
  readonly journal: Pick<Journal, 'updateFleet'>;
}

/** Lets rotations go on, and says what had stopped them. */
export async function resume({ context, journal }: ResumeDeps): Promise<ExitStatus> {
  let halted: FleetState['halted'] = null;
  await journal.updateFleet((fleet) => {
    halted = fleet.halted;
    return fleet.halted === null ? fleet : { ...fleet, failedAfterPush: 0, halted: null };
  });
  context.stdout.write(`${sentence(halted, context.clock.now())}\n`);
  return EXIT.ok;
}

function sentence(halted: FleetState['halted'], nowMs: number): string {
  if (halted === null) return 'nothing was halted; rotations go on as before';
  const since = `${minute(isoOrNull(halted.at))}, ${distance(halted.at, nowMs)}`;
  return `rotations were halted (${since}) by ${halted.error.code}: ${errorView(halted.error).message}\nthey go on from now`;
}
