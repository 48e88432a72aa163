// PostgreSQL as WebAssembly, behind a socket that the real client connects to. It runs one statement at a time and keeps
// nobody else out while a transaction is open: connections of one process take turns by whole transactions.
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { freePort } from './free-port.ts';

export interface Pglite {
  /** The URL of a journal in a schema of its own. */
  readonly url: (schema: string) => string;
  readonly close: () => Promise<void>;
}

export async function startPglite(): Promise<Pglite> {
  const db = await PGlite.create();
  const port = await freePort();
  const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 100 });
  await server.start();
  return {
    url: (schema) => `postgres://postgres:postgres@127.0.0.1:${port}/postgres?schema=${schema}`,
    async close() {
      await server.stop();
      await db.close();
    },
  };
}
