// A database that cannot be used: each way says what it is and what to do, and no password.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { inspectPlace, openJournal } from '../../../src/adapters/journal/journal.ts';
import { RotatorError } from '../../../src/core/errors.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { realClock } from '../../support/clock.ts';
import { freePort } from '../../support/free-port.ts';
import { aRotation, aTarget, finished, folder } from '../../support/journal.ts';
import { PASSWORD, type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { ownPostgresJournal, postgresPlace } from '../../support/postgres-journal.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  return () => server.end();
});

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RotatorError)) throw new Error(`expected a RotatorError, got ${String(error)}`);
  expect(inspect(error, { depth: 9 })).not.toContain(PASSWORD);
  const { code, message, hint } = error;
  expect(code).toBe('ERR_JOURNAL_UNWRITABLE');
  return { message, hint };
}

const write = (url: string) => openJournal(postgresPlace(url), { mode: 'write', clock: realClock });
const read = (url: string) => openJournal(postgresPlace(url), { mode: 'read', clock: realClock });

describe('a database that cannot be used says what to do', () => {
  test('nobody listens', async () => {
    const port = await freePort();
    const url = `postgres://rotator:${PASSWORD}@127.0.0.1:${port}/rotator`;
    for (const open of [write, read])
      expect(await refusal(open(url))).toEqual({
        message: `journal postgres://rotator@127.0.0.1:${port}/rotator cannot be reached (ECONNREFUSED)`,
        hint: `Check that the database runs and that this machine may reach it: pg_isready -h 127.0.0.1 -p ${port}`,
      });
    expect((await refusal(write(url.replace('127.0.0.1', 'localhost')))).message).toContain('ECONNREFUSED');
  });

  test('a wrong password, a user that does not exist, no password', async () => {
    const url = await server.database();
    for (const login of [`rotator:not-${PASSWORD}`, `nobody:${PASSWORD}`, 'rotator']) {
      const { message, hint } = await refusal(write(url.replace(/\/\/.*@/, `//${login}@`)));
      expect(message).toMatch(/^journal \S+ refuses user and password( \(28P01\)|$| \()/);
      expect(hint).toMatch(/^Correct user and password of journal/);
    }
  });

  test('no such database: the SQL that makes it', async () => {
    const name = 'new_one';
    const { message, hint } = await refusal(write(server.url(name)));
    expect(message).toContain('does not exist (3D000)');
    const sql = hint.slice(hint.indexOf('CREATE'));
    await server.sql(sql);
    const journal = await write(server.url(name));
    onTestFinished(() => journal.close());
    await journal.commit({ target: aTarget() });
  });

  test('no right to make a schema: the SQL that gives one', async () => {
    await server.sql('CREATE DATABASE "of Somebody-Else"');
    const url = server.url('of%20Somebody-Else');
    const { message, hint } = await refusal(write(url));
    expect(message).toContain('does not permit what the journal needs (42501)');
    expect(await refusal(inspectPlace(postgresPlace(url), realClock))).toEqual({ message, hint });
    await server.sql(hint.slice(hint.indexOf('GRANT')), 'of Somebody-Else');
    expect(await inspectPlace(postgresPlace(url), realClock)).toMatchObject({ exists: false });
    const journal = await write(url);
    onTestFinished(() => journal.close());
    await journal.commit({ target: aTarget() });
    expect(await inspectPlace(postgresPlace(url), realClock)).toMatchObject({ exists: true });
  });

  test('a user that may read alone', async () => {
    const url = await server.database();
    await (await write(url)).close();
    const database = url.slice(url.lastIndexOf('/') + 1);
    await server.sql(
      `CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'; GRANT USAGE ON SCHEMA rotator TO reader;
       GRANT SELECT ON ALL TABLES IN SCHEMA rotator TO reader`,
      database,
    );
    const reader = server.url(database, `reader:${PASSWORD}`);
    const journal = await read(reader);
    onTestFinished(() => journal.close());
    expect(await journal.targets()).toEqual([]);
    expect((await refusal(write(reader))).message).toContain('does not permit what the journal needs (42501)');
  });

  test('the tables of another program', async () => {
    const url = await server.database();
    await server.sql('CREATE SCHEMA rotator AUTHORIZATION rotator', url.slice(url.lastIndexOf('/') + 1));
    await server.sql('CREATE TABLE rotator.journal (day date)', url.slice(url.lastIndexOf('/') + 1));
    expect((await refusal(write(url))).message).toContain('tables of another program');
  });

  test('a standby', async () => {
    const primary = await server.database();
    await (await write(primary)).close();
    const standby = await startPostgres({ standbyOf: server });
    onTestFinished(() => standby.end());
    const url = standby.url(primary.slice(primary.lastIndexOf('/') + 1));
    const { message, hint } = await refusal(write(url));
    expect(message).toContain('is read-only: it is a standby (25006)');
    expect(hint).toBe('Name the primary in journal, by a name that follows it.');
    const journal = await read(url);
    onTestFinished(() => journal.close());
    expect(await journal.targets()).toEqual([]);
  });

  test('a server without TLS, with a certificate of nobody known, and of another host', async () => {
    const [plain, place] = [await server.database(), folder()];
    const tls = (url: string, root?: string) =>
      `${url.replace('127.0.0.1', 'localhost')}?sslmode=verify-full${root === undefined ? '' : `&sslrootcert=${root}`}`;
    expect((await refusal(write(tls(plain)))).message).toContain('has no TLS connection that can be trusted');
    expect((await refusal(write(tls(plain, join(place, 'none.crt'))))).message).toContain('(ENOENT)');
    for (const [host, works] of [
      ['localhost', true],
      ['db.example.com', false],
    ] as const) {
      const own = await startPostgres({ certificate: selfSignedCertificate([host]) });
      onTestFinished(() => own.end());
      const root = join(place, `${host}.crt`);
      copyFileSync(join(own.folder, 'server.crt'), root);
      const url = await own.database();
      const unknown = await refusal(write(tls(url)));
      expect(unknown.message).toContain('has no TLS connection that can be trusted (DEPTH_ZERO_SELF_SIGNED_CERT)');
      if (works) {
        const journal = await write(tls(url, root));
        onTestFinished(() => journal.close());
        await journal.commit({ target: aTarget() });
        expect(await own.sql('SELECT count(*)::int AS n FROM pg_stat_ssl WHERE ssl')).toEqual([{ n: 1 }]);
      } else {
        expect((await refusal(write(tls(url, root)))).message).toContain('(ERR_TLS_CERT_ALTNAME_INVALID)');
      }
    }
  });
});

test('a journal that does not exist yet is empty to a reader, which makes nothing', async () => {
  const url = await server.database();
  const journal = await read(url);
  onTestFinished(() => journal.close());
  expect(await journal.targets()).toEqual([]);
  const schemas = await server.sql(
    "SELECT 1 FROM pg_namespace WHERE nspname = 'rotator'",
    url.slice(url.lastIndexOf('/') + 1),
  );
  expect(schemas).toEqual([]);
});

test('a finished rotation cannot be changed or lost by SQL', async () => {
  const url = await server.database();
  const journal = await ownPostgresJournal(url);
  const [done, open] = [finished(aRotation()), aRotation()];
  for (const rotation of [done, open]) await journal.commit({ rotation });
  const database = url.slice(url.lastIndexOf('/') + 1);
  const run = (sql: string) => server.sql(sql, database);
  await expect(run(`UPDATE rotator.rotations SET outcome = NULL WHERE id = '${done.id}'`)).rejects.toThrow(
    'never changes',
  );
  await expect(run(`DELETE FROM rotator.rotations`)).rejects.toThrow('never deleted');
  await expect(run(`UPDATE rotator.rotations SET started_at = 5 WHERE id = '${open.id}'`)).rejects.toThrow('identity');
});
