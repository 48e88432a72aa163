// Moving a journal between SQLite and PostgreSQL: both ways, row by row, or not at all.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  backupJournal,
  exportJournal,
  importJournal,
  type JournalPlace,
} from '../../../src/adapters/journal/journal.ts';
import type { Journal } from '../../../src/core/journal-ports.ts';
import { aChannel, aStory } from '../../support/alert-rows.ts';
import { aFleet } from '../../support/fleet.ts';
import { aRotation, aTarget, finished, folder, MovableClock, NOW, ownJournal } from '../../support/journal.ts';
import { type Pglite, startPglite } from '../../support/pglite.ts';
import { ownPostgresJournal, postgresPlace } from '../../support/postgres-journal.ts';

let server: Pglite;
let schemas = 0;
beforeAll(async () => {
  server = await startPglite();
  return () => server.close();
});

const clock = new MovableClock();
const MANY = 1203;

/** Everything that a journal records, in its order. */
async function everything(journal: Journal) {
  const targets: unknown[] = [];
  let revision: Parameters<Journal['changedSince']>[0];
  for (;;) {
    const page = await journal.changedSince(revision, 1000);
    targets.push(...page.states);
    if (page.states.length === 0) break;
    ({ revision } = page);
  }
  return {
    targets,
    rotations: await journal.rotations({ limit: 10_000 }),
    open: await journal.openRotations(aTarget().key),
    fleet: await journal.fleet(),
    expiries: await journal.expiries(),
    book: await journal.alertBook(),
  };
}

async function fill(journal: Journal): Promise<void> {
  for (const name of ['c', 'a', 'b', 'shop-prod']) await journal.commit({ target: aTarget({ name }) });
  await journal.commit({ target: aTarget({ name: 'a', lastPassAt: NOW }) });
  for (let i = 0; i < MANY; i += 1) await journal.commit({ rotation: finished(aRotation()) });
  await journal.commit({ rotation: aRotation() });
  await journal.updateFleet(() => aFleet(3));
  await journal.updateAlerts(() => ({
    putStories: [aStory('b'), aStory('a')],
    putChannels: [aChannel('ops', { digestAt: NOW }), aChannel('boss')],
    memo: { watchedSince: { k: NOW } },
  }));
}

const file = (): JournalPlace => ({ path: join(folder(), 'journal.db') });
function database(): { readonly url: string; readonly place: JournalPlace } {
  schemas += 1;
  const url = server.url(`m${schemas}`);
  return { url, place: postgresPlace(url) };
}

const COUNTS = { targets: 4, rotations: MANY + 1, stories: 2 };

describe('a journal moves', () => {
  test('from SQLite to PostgreSQL and back, with every row in its order', async () => {
    const old = file();
    const sqlite = await ownJournal(old.path);
    await fill(sqlite);
    const before = await everything(sqlite);
    const { url, place } = database();
    expect(await importJournal(place, old.path, clock)).toEqual(COUNTS);
    const postgres = await ownPostgresJournal(url);
    expect(await everything(postgres)).toEqual(before);

    const out = join(folder(), 'out.db');
    expect(await exportJournal(place, out, clock)).toEqual(COUNTS);
    expect((statSync(out).mode & 0o777).toString(8)).toBe('600');
    expect(await everything(await ownJournal(out, { mode: 'read' }))).toEqual(before);
    const again = file();
    expect(await importJournal(again, out, clock)).toEqual(COUNTS);
    const last = await ownJournal(again.path);
    expect(await everything(last)).toEqual(before);
    // It goes on where the other one stopped.
    await last.commit({ target: aTarget({ name: 'd' }) });
    await postgres.commit({ target: aTarget({ name: 'd' }) });
    expect(await everything(last)).toEqual(await everything(postgres));
  });

  test('to an empty journal alone', async () => {
    const source = file();
    await (await ownJournal(source.path)).commit({ target: aTarget() });
    const { url, place } = database();
    await (await ownPostgresJournal(url)).commit({ rotation: aRotation() });
    const other = file();
    await (await ownJournal(other.path)).updateFleet(() => aFleet(1));
    for (const target of [place, other])
      await expect(importJournal(target, source.path, clock)).rejects.toMatchObject({
        code: 'ERR_USAGE',
        message: `journal ${target.path} has rows already, and an import overwrites nothing`,
      });
    expect(await (await ownPostgresJournal(url)).targets()).toEqual([]);
  });

  test('as a whole or not at all', async () => {
    const source = file();
    const journal = await ownJournal(source.path);
    await fill(journal);
    await journal.close();
    const { url, place } = database();
    const target = await ownPostgresJournal(url);
    // The last table that is filled refuses.
    const { default: pg } = await import('pg');
    const admin = new pg.Client(url.replace(/\?.*/, ''));
    await admin.connect();
    await admin.query(`ALTER TABLE m${schemas}.alert_memo ADD CHECK (document = 'never')`);
    await admin.end();
    await expect(importJournal(place, source.path, clock)).rejects.toMatchObject({ code: 'ERR_JOURNAL_UNWRITABLE' });
    expect(await target.targets()).toEqual([]);
    expect(await target.rotations({ limit: 9 })).toEqual([]);
  });

  test('to a file that does not exist yet', async () => {
    const { place } = database();
    await importJournal(place, (await filled()).path, clock);
    const home = folder();
    const out = join(home, 'out.db');
    await exportJournal(place, out, clock);
    await expect(exportJournal(place, out, clock)).rejects.toMatchObject({
      message: `${out} exists, and a copy overwrites nothing`,
    });
    await expect(exportJournal(place, join(home, 'none/out.db'), clock)).rejects.toMatchObject({ code: 'ERR_USAGE' });
    expect(readdirSync(home)).toEqual(['out.db']);
  });

  test('from a journal that is there', async () => {
    const { place } = database();
    const out = join(folder(), 'out.db');
    for (const from of [place, file()])
      await expect(exportJournal(from, out, clock)).rejects.toThrow(/there is no journal/);
    await expect(importJournal(place, out, clock)).rejects.toThrow(`there is no file ${out}`);
    expect(existsSync(out)).toBe(false);
  });
});

test('a backup of a database is made by its own programs', async () => {
  const { place } = database();
  await expect(backupJournal(place, '/backup/j.dump')).rejects.toMatchObject({
    code: 'ERR_USAGE',
    hint: expect.stringContaining('pg_dump --schema='),
  });
});

async function filled(): Promise<JournalPlace> {
  const place = file();
  const journal = await ownJournal(place.path);
  await journal.commit({ target: aTarget() });
  await journal.close();
  return place;
}
