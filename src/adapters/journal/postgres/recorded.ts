// What passes have recorded, for a change of the alert book that wants it at once: a row that was not read yet is read,
// and the change made anew. A second target is rarely the last, so that then all of them are read.
import type { ChangedTargets, Recorded, Revision } from '../../../core/journal-ports.ts';
import type { FleetState, TargetState } from '../../../core/records.ts';

export interface RecordedRows {
  target(key: string): Promise<TargetState | undefined>;
  named(name: string): Promise<TargetState | undefined>;
  changedSince(revision: Revision | undefined, limit: number): Promise<ChangedTargets>;
  fleet(): Promise<FleetState>;
}

const PAGE = 500;

/** By what a target is looked up. */
const BY = ['key', 'name'] as const;
type By = (typeof BY)[number];
type Every = Readonly<Record<By, Map<string, TargetState>>>;

/** Thrown through the change where something has to be read first. */
const MISSING = new Error('not read yet');

/** What `change` makes of what is recorded. It runs again after each thing that had to be read. */
export async function withRecorded<T>(rows: RecordedRows, change: (recorded: Recorded) => T): Promise<T> {
  const fleet = await rows.fleet();
  const known = new Map<string, unknown>();
  let all: Every | undefined;
  let load: (() => Promise<void>) | undefined;
  let misses = 0;
  const missing = (read: () => Promise<void>): never => {
    load = read;
    throw MISSING;
  };
  const everyTarget = async () => {
    const found: Every = { key: new Map(), name: new Map() };
    // In the order of writing, of which the last counts; in pages, because the server ends a silent transaction.
    for (let page: ChangedTargets | undefined; page === undefined || page.states.length === PAGE; ) {
      page = await rows.changedSince(page?.revision, PAGE);
      for (const state of page.states) for (const by of BY) found[by].set(state[by], state);
    }
    all = found;
  };
  const one = (by: By, value: string, read: () => Promise<TargetState | undefined>) => {
    if (all !== undefined) return all[by].get(value);
    const what = `${by} ${value}`;
    if (known.has(what)) return known.get(what) as TargetState | undefined;
    misses += 1;
    return missing(misses > 1 ? everyTarget : async () => void known.set(what, await read()));
  };
  const recorded: Recorded = {
    target: (key) => one('key', key, () => rows.target(key)),
    named: (name) => one('name', name, () => rows.named(name)),
    fleet: () => fleet,
    changedSince(revision, limit) {
      const name = `changed ${revision?.number} ${limit}`;
      const found = known.get(name) as ChangedTargets | undefined;
      return found ?? missing(async () => void known.set(name, await rows.changedSince(revision, limit)));
    },
  };
  for (;;) {
    try {
      return change(recorded);
    } catch (thrown) {
      if (thrown !== MISSING || load === undefined) throw thrown;
      await load();
      load = undefined;
    }
  }
}
