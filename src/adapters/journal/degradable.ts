// A journal that goes on without its storage: what `run` uses, because a journal that cannot be written must not stop
// renewals. It keeps a mirror in memory; when the storage fails it answers from there, tries the storage again at most
// every 30 s, and brings it up to date before it calls itself well. All calls run one after the other.
import { isDeepStrictEqual } from 'node:util';
import { type AlertBook, type AlertUpdate, EMPTY_BOOK } from '../../core/alerts/records.ts';
import { asRotatorError, RotatorError } from '../../core/errors.ts';
import type { Clock, DegradableJournal, Journal, JournalChange } from '../../core/ports.ts';
import type { FleetState, Rotation, TargetState } from '../../core/records.ts';
import { updatedBook } from './alert-book.ts';
import { createMemoryJournal, type MemoryJournal } from './memory.ts';
import { commitUnlessFinished, MIRRORED_ROTATIONS, mirrorOf, writeBack, writeBackAlerts } from './mirror.ts';

export interface DegradableJournalOptions {
  /** Opens the storage; called again after every failure. */
  readonly open: () => Promise<Journal>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Told once when the storage is given up, with the reason, and once (`undefined`) when it is back. */
  readonly onChange: (degraded: RotatorError | undefined) => void;
}

/** How long the storage is left alone after it failed. */
const RETRY_AFTER_MS = 30_000;

/**
 * Opens the storage, or goes on without it. Throws ERR_JOURNAL_NEWER alone (to write beside a newer program's rows
 * would be wrong, and to ignore them as well); no method throws for trouble with the storage.
 */
export async function openDegradableJournal(options: DegradableJournalOptions): Promise<DegradableJournal> {
  const storage = new FallibleStorage(options);
  await storage.open();
  return journalOver(storage);
}

/** The storage and its mirror, and which of the two answers. */
class FallibleStorage {
  /** Why the mirror answers; `undefined` while the storage does. */
  degraded: RotatorError | undefined;
  readonly #options: DegradableJournalOptions;
  #storage: Journal | undefined;
  #mirror = createMemoryJournal({ maxFinished: MIRRORED_ROTATIONS });
  #triedAt = 0;
  #last: Promise<unknown> = Promise.resolve();
  readonly #rotations = new Map<string, Rotation>();
  readonly #targets = new Map<string, TargetState>();
  #fleetChanges: ((state: FleetState) => FleetState)[] = [];
  /** The alert book as the storage is known to hold it while it is away; the mirror's goes on from there. */
  #alertsBefore: AlertBook = EMPTY_BOOK;
  #wasRead = false;

  constructor(options: DegradableJournalOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      if (error instanceof RotatorError && error.code === 'ERR_JOURNAL_NEWER') throw error;
      await this.#giveUp(asRotatorError(error));
    }
  }

  /**
   * Asks the storage and notes the answer in the mirror; without a storage, or when it fails, asks the mirror. Calls
   * take turns, so that none falls between the two while they change places.
   */
  ask<T>(
    question: (journal: Journal) => Promise<T>,
    note: (mirror: MemoryJournal, answer: T) => unknown,
    missed?: (mirror: MemoryJournal) => Promise<T>,
  ): Promise<T> {
    return this.#inTurn(async () => {
      const isDue = this.#options.clock.monotonic() - this.#triedAt >= RETRY_AFTER_MS;
      if (this.#storage === undefined && isDue) await this.#tryAgain();
      if (this.#storage !== undefined) {
        try {
          const answer = await question(this.#storage);
          await note(this.#mirror, answer);
          return answer;
        } catch (error) {
          if (!isStorageTrouble(error)) throw error;
          await this.#giveUp(error);
        }
      }
      return (missed ?? question)(this.#mirror);
    });
  }

  /** A change that the storage will have to be told. */
  async commitToMirror(mirror: MemoryJournal, change: JournalChange): Promise<void> {
    await mirror.commit(change);
    const { target, rotation } = change;
    if (target) this.#targets.set(target.key, target);
    if (rotation) this.#rotations.set(rotation.id, rotation);
    const [oldest] = this.#rotations.keys();
    if (this.#rotations.size > MIRRORED_ROTATIONS && oldest !== undefined) this.#rotations.delete(oldest);
  }

  async updateMirroredFleet(mirror: MemoryJournal, change: (state: FleetState) => FleetState): Promise<FleetState> {
    const before = await mirror.fleet();
    const after = await mirror.updateFleet(change);
    if (!isDeepStrictEqual(before, after)) this.#fleetChanges.push(change);
    return after;
  }

  /** Ends with one more attempt to write back what the storage missed. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#storage === undefined) await this.#tryAgain();
      await this.#storage?.close().catch(() => {});
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Opens the storage, writes back what it missed, and fills a new mirror from it. */
  async #connect(): Promise<void> {
    this.#triedAt = this.#options.clock.monotonic();
    const storage = await this.#options.open();
    try {
      const backlog = {
        rotations: this.#rotations,
        targets: this.#targets,
        fleetChanges: this.#fleetChanges,
        isBlind: !this.#wasRead,
      };
      const leases = await writeBack(backlog, this.#mirror, storage, this.#options.clock.now());
      const alerts = await this.#mirror.alertBook();
      await writeBackAlerts(this.#alertsBefore, alerts, storage);
      // At once, not when all is done: what is delivered before the next attempt must be removed by that one.
      this.#alertsBefore = alerts;
      this.#mirror = await mirrorOf(storage, leases);
    } catch (error) {
      await storage.close().catch(() => {});
      throw error;
    }
    this.#storage = storage;
    this.#wasRead = true;
    this.#rotations.clear();
    this.#targets.clear();
    this.#fleetChanges = [];
  }

  async #tryAgain(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      this.degraded = asRotatorError(error);
      return;
    }
    this.degraded = undefined;
    this.#options.onChange(undefined);
  }

  async #giveUp(reason: RotatorError): Promise<void> {
    const failed = this.#storage;
    this.#storage = undefined;
    this.#triedAt = this.#options.clock.monotonic();
    this.degraded = reason;
    this.#alertsBefore = await this.#mirror.alertBook();
    await failed?.close().catch(() => {});
    this.#options.onChange(reason);
  }
}

function isStorageTrouble(error: unknown): error is RotatorError {
  return error instanceof RotatorError && error.code.startsWith('ERR_JOURNAL_');
}

function journalOver(storage: FallibleStorage): DegradableJournal {
  const nothing = (): void => {};
  return {
    get degraded() {
      return storage.degraded;
    },
    target: (key) =>
      storage.ask(
        (journal) => journal.target(key),
        async (mirror, target) => target && mirror.commit({ target }),
      ),
    targets: () =>
      storage.ask(
        (journal) => journal.targets(),
        async (mirror, targets) => {
          for (const target of targets) await mirror.commit({ target });
        },
      ),
    commit: (change) =>
      storage.ask(
        (journal) => journal.commit(change),
        async (mirror) => {
          if (change.target) await mirror.commit({ target: change.target });
          if (change.rotation) await commitUnlessFinished(mirror, change.rotation);
        },
        (mirror) => storage.commitToMirror(mirror, change),
      ),
    openRotations: (key) =>
      storage.ask(
        (journal) => journal.openRotations(key),
        async (mirror, rotations) => {
          for (const rotation of rotations) await commitUnlessFinished(mirror, rotation);
        },
      ),
    rotations: (filter) => storage.ask((journal) => journal.rotations(filter), nothing),
    fleet: () =>
      storage.ask(
        (journal) => journal.fleet(),
        (mirror, fleet) => mirror.updateFleet(() => fleet),
      ),
    updateFleet: (change) =>
      storage.ask(
        (journal) => journal.updateFleet(change),
        (mirror, fleet) => mirror.updateFleet(() => fleet),
        (mirror) => storage.updateMirroredFleet(mirror, change),
      ),
    acquireLease: (key, token, nowMs, ttlMs) =>
      storage.ask(
        (journal) => journal.acquireLease(key, token, nowMs, ttlMs),
        (mirror, taken) => {
          if (taken) mirror.setLease({ key, token, until: nowMs + ttlMs });
        },
      ),
    renewLease: (key, token, nowMs, ttlMs) =>
      storage.ask(
        (journal) => journal.renewLease(key, token, nowMs, ttlMs),
        async (mirror, held) => {
          if (held) mirror.setLease({ key, token, until: nowMs + ttlMs });
          else await mirror.releaseLease(key, token);
        },
      ),
    releaseLease: (key, token) =>
      storage.ask(
        (journal) => journal.releaseLease(key, token),
        (mirror) => mirror.releaseLease(key, token),
      ),
    endLeases: (prefix) =>
      storage.ask(
        (journal) => journal.endLeases(prefix),
        (mirror) => mirror.endLeases(prefix),
      ),
    alertBook: () =>
      storage.ask(
        (journal) => journal.alertBook(),
        (mirror, book) => mirror.setAlertBook(book),
      ),
    updateAlerts: (change) => {
      // The book that the storage gave, so that the mirror need not read it again.
      let given: AlertBook = EMPTY_BOOK;
      const noting = (book: AlertBook): AlertUpdate => {
        given = book;
        return change(book);
      };
      return storage.ask(
        (journal) => journal.updateAlerts(noting),
        (mirror, update) => mirror.setAlertBook(updatedBook(given, update)),
      );
    },
    close: () => storage.close(),
  };
}
