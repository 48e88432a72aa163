// The journal over what keeps its rows: transactions, the leases that this process holds, and its name among those that
// use the journal. SQLite answers at once, PostgreSQL later; both are awaited.
import type { AlertBook, AlertUpdate } from '../../core/alerts/records.ts';
import type {
  ChangedTargets,
  Company,
  Journal,
  JournalChange,
  LeaseName,
  Recorded,
  Revision,
  RotationFilter,
  TargetRecord,
} from '../../core/journal-ports.ts';
import type { WriteRank } from '../../core/lanes.ts';
import type { FleetState, Rotation, TargetState } from '../../core/records.ts';
import { HOUR } from '../../core/time.ts';
import { SLICE, yieldToLoop } from '../../net/event-loop.ts';
import type { HeldLeases, JournalClock } from './leases.ts';
import { laneLease } from './sharing.ts';

export type Maybe<T> = T | Promise<T>;

/** The rows of the journal inside a transaction; see journal-ports.ts. */
export interface Rows {
  target(key: string): Maybe<TargetState | undefined>;
  record(key: string): Maybe<TargetRecord>;
  expiries(): Maybe<ReadonlyMap<string, number>>;
  changedSince(revision: Revision | undefined, limit: number): Maybe<ChangedTargets>;
  commit(change: JournalChange): Maybe<void>;
  openRotations(key: string): Maybe<Rotation[]>;
  rotations(filter: RotationFilter): Maybe<Rotation[]>;
  fleet(): Maybe<FleetState>;
  updateFleet(change: (state: FleetState) => FleetState): Maybe<FleetState>;
  book(): Maybe<AlertBook>;
  /** The book, if no transaction is needed for it. */
  knownBook(): Maybe<AlertBook | undefined>;
  updateBook(change: (book: AlertBook, recorded: Recorded) => AlertUpdate): Maybe<AlertUpdate>;
  readonly shared: SharedRows;
}

export interface SharedRows {
  acquireLease(lease: LeaseName): Maybe<boolean>;
  isFresh(lease: LeaseName): Maybe<boolean>;
  /** Renews them, and gives those that are lost. */
  renewLeases(leases: readonly LeaseName[]): Maybe<readonly LeaseName[]>;
  releaseLease(lease: LeaseName): Maybe<boolean>;
  takeTurn(lane: string, token: string, rank: WriteRank): Maybe<boolean>;
  endTurn(lane: string, token: string): Maybe<void>;
  register(process: string): Maybe<void>;
  company(process: string): Maybe<Company>;
  takePlace(process: string, pace: string, gapMs: number): Maybe<number>;
}

/** What the journal needs of a connection. */
export interface Source {
  read<T>(work: (rows: Rows) => Maybe<T>): Maybe<T>;
  write<T>(work: (rows: Rows) => Maybe<T>): Maybe<T>;
  /** The same for what need not survive the machine: only living processes need it, or it is seen again. */
  share<T>(work: (rows: Rows) => Maybe<T>): Maybe<T>;
  /** Reads what one statement reads, or what is kept while nobody else writes. */
  glance<T>(work: (rows: Rows) => Maybe<T>): Maybe<T>;
  close(process?: string): Maybe<void>;
}

/** How often a process writes its name again, so that it counts. See PROCESS_MS, of which it must stay well below. */
const REGISTER_MS = HOUR;

export interface Self {
  readonly clock: JournalClock;
  /** The name of this process among those that use the journal; undefined: it is not among them. */
  readonly process: string | undefined;
}

const NOBODY: Company = { others: false, leftMsAgo: undefined };

export function journalOver(source: Source, held: HeldLeases, { clock, process }: Self): Journal {
  const renew = async (leases: readonly LeaseName[]) => source.share(({ shared }) => shared.renewLeases(leases));
  const register = async () => {
    try {
      await source.share(({ shared }) => shared.register(process ?? ''));
    } catch {
      // The next hour will do.
    }
  };
  const stop = process === undefined ? undefined : clock.every(REGISTER_MS, register);
  return {
    target: async (key) => source.read((rows) => rows.target(key)),
    record: async (key) => source.read((rows) => rows.record(key)),
    targets: () => inPages(source),
    expiries: async () => source.read((rows) => rows.expiries()),
    changedSince: async (revision, limit) => source.read((rows) => rows.changedSince(revision, limit)),
    async commit(change) {
      const { lease, rotation } = change;
      const begins = lease !== undefined && 'begins' in lease;
      // What was only seen is seen again after the machine's end, and nothing has been done yet where a lease begins.
      const isSeenAgain = begins || (lease === undefined && rotation === undefined);
      await (isSeenAgain ? source.share((rows) => rows.commit(change)) : source.write((rows) => rows.commit(change)));
      if (begins) held.add(lease, lease.begins, renew);
      else if (lease?.ends) held.remove(lease);
    },
    openRotations: async (key) => source.read((rows) => rows.openRotations(key)),
    rotations: async (filter) => source.glance((rows) => rows.rotations(filter)),
    fleet: async () => source.glance((rows) => rows.fleet()),
    updateFleet: async (change) => source.write((rows) => rows.updateFleet(change)),
    async acquireLease(key, token, onLost = () => undefined) {
      const isTaken = await source.share(({ shared }) => shared.acquireLease({ key, token }));
      if (isTaken) held.add({ key, token }, onLost, renew);
      return isTaken;
    },
    async renewLease(key, token) {
      const lease = { key, token };
      // Most often it is: a write less for each rotation.
      const isOurs =
        (await source.glance(({ shared }) => shared.isFresh(lease))) || (await renew([lease])).length === 0;
      if (!isOurs) held.lose(lease);
      return isOurs;
    },
    async releaseLease(key, token) {
      held.remove({ key, token });
      await source.share(({ shared }) => shared.releaseLease({ key, token }));
    },
    async takeTurn(lane, token, rank, onLost = () => undefined) {
      const isOurs = await source.share(({ shared }) => shared.takeTurn(lane, token, rank));
      if (isOurs) held.add(laneLease(lane, token), onLost, renew);
      else held.remove(laneLease(lane, token));
      return isOurs;
    },
    async endTurn(lane, token) {
      held.remove(laneLease(lane, token));
      await source.share(({ shared }) => shared.endTurn(lane, token));
    },
    company: async () => (process === undefined ? NOBODY : source.glance(({ shared }) => shared.company(process))),
    takePlace: async (pace, gapMs) => source.share(({ shared }) => shared.takePlace(process ?? '', pace, gapMs)),
    alertBook: async () => (await source.glance((rows) => rows.knownBook())) ?? source.read((rows) => rows.book()),
    updateAlerts: async (change) => source.write((rows) => rows.updateBook(change)),
    async close() {
      held.close();
      stop?.();
      await source.close(process);
    },
  };
}

async function inPages(source: Source): Promise<TargetState[]> {
  const found = new Map<string, TargetState>();
  let revision: Revision | undefined;
  for (;;) {
    const page = await source.read((rows) => rows.changedSince(revision, SLICE));
    // One that was written meanwhile comes again.
    for (const state of page.states) found.set(state.key, state);
    if (page.states.length < SLICE) break;
    ({ revision } = page);
    await yieldToLoop();
  }
  return [...found.values()].sort((a, b) => order(a.name, b.name) || order(a.key, b.key));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
