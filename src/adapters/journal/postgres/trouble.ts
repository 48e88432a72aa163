// What keeps a journal's database from being used: each becomes a RotatorError that says the next step. Of what the server
// says only its code is kept, and where nothing is known of that, its sentence: never the URL, and never a password.

import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import type { DatabaseTrouble } from '../../../core/error-troubles.ts';
import { RotatorError } from '../../../core/errors.ts';
import { cleanText } from '../../../core/output.ts';
import type { PostgresPlace } from '../place.ts';

export interface Where {
  readonly path: string;
  readonly place: PostgresPlace;
}

/** How a connection is made. Everything is said, so that nothing is taken from variables of the environment. */
export function clientOptions({ host, port, user, password, database, tls, rootCert }: PostgresPlace): ClientConfig {
  // A server that wants no password does not ask; to one that does, nothing is a wrong one.
  const answer = () => password ?? '';
  const ca = rootCert === undefined ? {} : { ca: readFileSync(rootCert, 'utf8') };
  return { host, port, user, password: answer, database, ssl: tls ? { rejectUnauthorized: true, ...ca } : false };
}

/** By SQLSTATE, or by its class (postgresql.org, appendix A). */
const BY_STATE: Readonly<Record<string, DatabaseTrouble>> = {
  '08': 'away',
  '25006': 'standby',
  '28000': 'login',
  '28P01': 'login',
  '3D000': 'no-database',
  '3F000': 'no-journal',
  '42501': 'no-right',
  // A table of the name of ours, with other columns.
  '42703': 'foreign',
  '42P01': 'no-journal',
  '53': 'full',
  '53300': 'too-many',
  '55P03': 'slow',
  '57014': 'slow',
  '57P01': 'away',
  '57P02': 'away',
  '57P03': 'away',
  '25P03': 'slow',
};

/** By the code of Node's error. */
const TLS_CODES = /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_OSSL)/;

/** What pg says without a code. */
const BY_WORDS: readonly (readonly [words: RegExp, what: DatabaseTrouble])[] = [
  [/does not support SSL|error establishing an SSL connection/, 'tls'],
  [/password must be/, 'login'],
  [/timeout|timed out/i, 'slow'],
  [/terminat|not queryable|closed|ended/i, 'away'],
];

/** ERR_JOURNAL_UNWRITABLE for what the server, the network or pg said. */
export function databaseError(thrown: unknown, where: Where): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  if ('severity' in thrown && typeof code === 'string')
    return trouble(BY_STATE[code] ?? BY_STATE[code.slice(0, 2)] ?? 'failed', where, thrown, code);
  const byWords = BY_WORDS.find(([words]) => words.test(thrown.message))?.[1];
  // The only file that is opened here is sslrootcert.
  const isTls = syscall === 'open' || (typeof code === 'string' && TLS_CODES.test(code));
  if (typeof code === 'string') return trouble(isTls ? 'tls' : 'away', where, thrown, code);
  return trouble(byWords ?? 'failed', where, thrown);
}

export function trouble(what: DatabaseTrouble, { path, place }: Where, cause?: Error, code?: string): RotatorError {
  const { user, database, schema, host, port } = place;
  const said = code ?? (cause === undefined ? '' : cleanText(cause.message));
  const params = { problem: 'database', trouble: what, path, user, database, schema, host, port, said } as const;
  return new RotatorError('ERR_JOURNAL_UNWRITABLE', params, { cause });
}
