// A real PostgreSQL server for tests: Debian's, in a folder of its own, on loopback, and stopped after the test file. It
// refuses to run as root, so root starts it as the user `postgres`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { postgresPrograms } from '../system/programs.ts';
import type { Certificate } from './certificate.ts';
import { freePort } from './free-port.ts';
import { fastFolder } from './journal.ts';

/** Of the role that owns the databases of tests. */
export const PASSWORD = 'correct-horse-battery-9f';

const ACCESS = `local all postgres trust
local replication postgres trust
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
`;

export interface PostgresServer {
  readonly port: number;
  readonly folder: string;
  /** A database of its own, of the role `rotator`: its URL. */
  readonly database: () => Promise<string>;
  /** The URL of a database, for a role. */
  readonly url: (database: string, login?: string) => string;
  /** Runs statements as the administrator, in the database that is named. */
  readonly sql: (text: string, database?: string) => Promise<readonly Record<string, unknown>[]>;
  /** Ends it at once, as a machine that loses its power does; `start` begins it again, on the same port. */
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Ends it and removes everything. */
  readonly end: () => Promise<void>;
}

export interface ServerOptions {
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[];
  /** With TLS; `server.crt` is in its folder. */
  readonly certificate?: Certificate;
  /** A read-only copy that follows this one. */
  readonly standbyOf?: PostgresServer;
}

export async function startPostgres(options: ServerOptions = {}): Promise<PostgresServer> {
  const { settings = [], certificate, standbyOf } = options;
  const programs = postgresPrograms();
  const folder = mkdtempSync(join(fastFolder(), 'rotator-postgres-'));
  const data = join(folder, 'data');
  const as = ownUser(folder);
  const run = (program: string, args: readonly string[]) => [...as, join(programs, program), ...args];
  const port = await freePort();
  const make = (program: string, args: readonly string[]) => {
    const [first = '', ...rest] = run(program, args);
    execFileSync(first, rest, { stdio: 'ignore', env: { ...process.env, LC_ALL: 'C' } });
  };
  if (standbyOf === undefined)
    make('initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8']);
  else
    make('pg_basebackup', [
      '-D',
      data,
      '-R',
      '--checkpoint=fast',
      '-X',
      'stream',
      '-h',
      standbyOf.folder,
      '-p',
      `${standbyOf.port}`,
      '-U',
      'postgres',
    ]);
  const own = [
    `port = ${port}`,
    `listen_addresses = '127.0.0.1'`,
    `unix_socket_directories = '${folder}'`,
    // Up to nine of each replica.
    'max_connections = 400',
    // Tests end processes, never the machine.
    'fsync = off',
  ];
  if (certificate !== undefined) {
    for (const [name, text] of Object.entries({ 'server.crt': certificate.cert, 'server.key': certificate.key })) {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      if (as.length > 0) chownSync(join(folder, name), statSync(folder).uid, statSync(folder).gid);
    }
    own.push('ssl = on', `ssl_cert_file = '${folder}/server.crt'`, `ssl_key_file = '${folder}/server.key'`);
  }
  appendFileSync(join(data, 'postgresql.conf'), [...own, ...settings, ''].join('\n'));
  writeFileSync(join(data, 'pg_hba.conf'), ACCESS);
  let server: ChildProcess | undefined;
  let databases = 0;

  const sql = async (text: string, database = 'postgres') => {
    const client = new pg.Client({ host: folder, port, user: 'postgres', database });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const result: pg.QueryResult | pg.QueryResult[] = await client.query(text);
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    } finally {
      await client.end();
    }
  };
  const start = async () => {
    const [program = '', ...args] = run('postgres', ['-D', data]);
    server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    const ended = once(server, 'exit');
    server.stderr?.on('data', (chunk) => {
      said += String(chunk);
    });
    while (!/database system is ready to accept (?:read-only )?connections/.test(said)) {
      if (server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`);
      await Promise.race([new Promise((resolve) => server?.stderr?.once('data', resolve)), ended]);
    }
  };
  const stop = async () => {
    if (server === undefined || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGQUIT');
    await ended;
  };
  await start();
  if (standbyOf === undefined) await sql(`CREATE ROLE rotator LOGIN PASSWORD '${PASSWORD}'`);
  const url = (database: string, login = `rotator:${PASSWORD}`) => `postgres://${login}@127.0.0.1:${port}/${database}`;
  return {
    port,
    folder,
    url,
    async database() {
      databases += 1;
      const name = `rotator${databases}`;
      await sql(`CREATE DATABASE ${name} OWNER rotator`);
      return url(name);
    },
    sql,
    stop,
    start,
    async end() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What starts a program as a user that PostgreSQL runs as, which gets the folder. */
function ownUser(folder: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const [uid, gid] = ['-u', '-g'].map((which) => Number(execFileSync('id', [which, 'postgres'])));
  chmodSync(folder, 0o755);
  chownSync(folder, uid ?? 0, gid ?? 0);
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
}
