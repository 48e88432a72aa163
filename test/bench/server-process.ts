// Starts server.ts and speaks to it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endAtExit } from './child.ts';
import type { Arrivals, ServerOrder } from './server.ts';

export interface Server {
  readonly url: string;
  /** See server.ts. One order at a time. */
  give(order: ServerOrder): Promise<void>;
  arrivals(): Promise<Arrivals>;
  close(): Promise<void>;
}

export async function startServer(): Promise<Server> {
  const child = fork(fileURLToPath(new URL('server.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const end = endAtExit(child);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const ask = async (order: ServerOrder): Promise<unknown> => {
    const answer = once(child, 'message');
    child.send(order);
    return (await answer)[0];
  };
  return {
    url: `http://127.0.0.1:${port}`,
    give: async (order) => void (await ask(order)),
    arrivals: async () => (await ask({ order: 'arrivals' })) as Arrivals,
    close: end,
  };
}
