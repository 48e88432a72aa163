// PgBouncer in transaction mode before a server of tests: each transaction may have another connection.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemProgram } from '../system/programs.ts';
import { freePort } from './free-port.ts';
import { fastFolder } from './journal.ts';
import { PASSWORD, type PostgresServer } from './postgres.ts';

export interface Pgbouncer {
  /** The URL of a database of the server, by way of it. */
  readonly url: (url: string) => string;
  readonly end: () => Promise<void>;
}

export async function startPgbouncer(server: PostgresServer): Promise<Pgbouncer> {
  const folder = mkdtempSync(join(fastFolder(), 'rotator-pgbouncer-'));
  const port = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  writeFileSync(join(folder, 'users.txt'), `"rotator" "${PASSWORD}"\n`);
  writeFileSync(
    config,
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${folder}/users.txt
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
`,
  );
  // It refuses to run as root, as the server does.
  const { uid, gid } = statSync(server.folder);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const path of [folder, config, join(folder, 'users.txt')]) chownSync(path, uid, gid);
  const as = isRoot ? { uid, gid } : {};
  const running = spawn(systemProgram('pgbouncer'), [config], { stdio: ['ignore', 'ignore', 'pipe'], ...as });
  let said = '';
  running.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  while (!said.includes('process up')) {
    if (running.exitCode !== null) throw new Error(`PgBouncer did not start: ${said}`);
    await Promise.race([once(running.stderr, 'data'), once(running, 'exit')]);
  }
  return {
    url: (url) => url.replace(`:${server.port}/`, `:${port}/`),
    async end() {
      const ended = once(running, 'exit');
      running.kill('SIGTERM');
      running.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
