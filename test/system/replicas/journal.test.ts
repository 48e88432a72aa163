// The journal's contract on a real PostgreSQL server, alone and shared by processes: directly, and by way of PgBouncer in
// transaction mode.
import { beforeAll } from 'vitest';
import { alertBookContract, sharedAlertBookContract } from '../../contract/alert-book.ts';
import { journalContract, type SharedPlace, sharedJournalContract } from '../../contract/journal.ts';
import { type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { ownPostgresJournal } from '../../support/postgres-journal.ts';

let server: PostgresServer;
let pooler: Pgbouncer;
let schemas = 0;
beforeAll(async () => {
  server = await startPostgres();
  pooler = await startPgbouncer(server);
  await server.database();
  return async () => {
    await pooler.end();
    await server.end();
  };
});

const direct = () => {
  schemas += 1;
  return `${server.url('rotator1')}?schema=j${schemas}`;
};
const pooled = () => pooler.url(direct());

for (const [name, url] of [
  ['the journal on PostgreSQL', direct],
  ['the journal behind PgBouncer', pooled],
] as const) {
  const shared = (): SharedPlace => {
    const path = url();
    let processes = 0;
    return {
      path,
      open(clock) {
        processes += 1;
        return ownPostgresJournal(path, { process: `test:${processes}`, ...(clock && { clock }) });
      },
    };
  };
  journalContract(name, (clock) => ownPostgresJournal(url(), clock && { clock }));
  alertBookContract(name, () => ownPostgresJournal(url()));
  sharedJournalContract(name, shared);
  sharedAlertBookContract(name, shared);
}
