// English for what keeps the journal's database from being used.
import type { ErrorParams } from '../../error-params.ts';
import type { DatabaseTrouble } from '../../error-troubles.ts';
import { quoted } from '../command.ts';
import { identifier } from '../sql.ts';

export type Database = Extract<ErrorParams['ERR_JOURNAL_UNWRITABLE'], { readonly problem: 'database' }>;

const REACH = ({ host, port }: Database) => `pg_isready -h ${quoted(host)} -p ${port}`;

/** What is wrong with it, the next step, and what to paste. */
const DATABASE: Readonly<
  Record<DatabaseTrouble, readonly [found: string, next: string, copy?: (database: Database) => string]>
> = {
  away: ['cannot be reached', 'Check that the database runs and that this machine may reach it.', REACH],
  slow: [
    'does not answer in time',
    'Check the load of the database, the network, and whether somebody holds a lock on its tables.',
    () => `psql -c 'SELECT pid, state, wait_event, query FROM pg_stat_activity'`,
  ],
  login: [
    'refuses user and password',
    'Correct user and password of journal in the configuration, or let this user in from this machine (pg_hba.conf).',
  ],
  'no-database': [
    'does not exist',
    'Let an administrator create the database.',
    ({ database, user }) => `CREATE DATABASE ${identifier(database)} OWNER ${identifier(user)};`,
  ],
  'no-right': [
    'does not permit what the journal needs',
    'Let an administrator give this user the right to create schemas in the database.',
    ({ database, user }) => `GRANT CONNECT, CREATE ON DATABASE ${identifier(database)} TO ${identifier(user)};`,
  ],
  'no-journal': ['has no journal yet', 'Start the service with this journal once: it makes the tables.'],
  older: [
    'has the schema of an older version',
    'Start the service of this version once: it brings the schema up to date.',
  ],
  standby: ['is read-only: it is a standby', 'Name the primary in journal, by a name that follows it.'],
  tls: [
    'has no TLS connection that can be trusted',
    "Check the server's certificate and its host name; sslrootcert names the file of a certificate authority of your own.",
  ],
  full: ['cannot grow: its disk is full, or it is out of memory', 'Free space on its disk.'],
  'too-many': ['takes no further connection', 'Raise max_connections, or put a pooler in front of it.'],
  foreign: [
    'has no journal in this schema, but tables of another program',
    'Name another schema by ?schema= in journal.',
  ],
  failed: ['failed', 'Check the log of the database.'],
};

export function databaseText(found: Database): readonly [message: string, next: string, copy?: string] {
  const [what, next, copy] = DATABASE[found.trouble];
  const said = found.said === '' ? '' : ` (${found.said})`;
  const message = `journal ${found.path} ${what}${said}`;
  return copy === undefined ? [message, next] : [message, next, copy(found)];
}
