// Journals on PostgreSQL for tests: closed after the test, and by a clock that is moved by hand where one is given.
import { onTestFinished } from 'vitest';
import { type PostgresPlace, readPostgresUrl } from '../../src/adapters/journal/place.ts';
import { openPostgresJournal, type PostgresJournalOptions } from '../../src/adapters/journal/postgres/journal.ts';
import type { Journal } from '../../src/core/journal-ports.ts';
import { MovableClock } from './journal.ts';

export function postgresPlace(url: string): { readonly path: string; readonly postgres: PostgresPlace } {
  const place = readPostgresUrl(url);
  if (typeof place === 'string' || place.postgres === undefined) throw new TypeError(`${url}: ${String(place)}`);
  return { path: place.path, postgres: place.postgres };
}

/** On a busy machine the last of many writers waits for longer than the program has patience. */
const WAIT_MS = 60_000;

/** A clock that is given is the database's as well. */
export async function ownPostgresJournal(url: string, options: Partial<PostgresJournalOptions> = {}): Promise<Journal> {
  const { clock } = options;
  const journal = await openPostgresJournal(postgresPlace(url), {
    mode: 'write',
    clock: new MovableClock(),
    waitMs: WAIT_MS,
    ...(clock && { time: () => `${clock.now()}::bigint` }),
    ...options,
  });
  onTestFinished(() => journal.close());
  return journal;
}
