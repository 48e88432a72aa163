// The journal on PostgreSQL: the shared contract on PGlite, over the real client. What needs several processes or a
// server that can fail is in test/system/replicas/.
import { beforeAll } from 'vitest';
import { alertBookContract } from '../../../contract/alert-book.ts';
import { journalContract } from '../../../contract/journal.ts';
import { type Pglite, startPglite } from '../../../support/pglite.ts';
import { ownPostgresJournal } from '../../../support/postgres-journal.ts';

let server: Pglite;
let schemas = 0;
beforeAll(async () => {
  server = await startPglite();
  return () => server.close();
});

const url = () => {
  schemas += 1;
  return server.url(`j${schemas}`);
};

journalContract('the journal on PGlite', (clock) => ownPostgresJournal(url(), clock && { clock }));
alertBookContract('the journal on PGlite', () => ownPostgresJournal(url()));
