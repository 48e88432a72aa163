// A TCP proxy that fails as networks do: it hangs, cuts, refuses or delays.
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TcpProxy {
  readonly port: number;
  /** Forwards; what it held back goes first. */
  readonly pass: () => void;
  /** Takes connections and bytes, and lets nothing through in either direction. */
  readonly hang: () => void;
  /** Ends every connection, and each new one at once. */
  readonly cut: () => void;
  /** Forwards what goes there, and ends the connection in place of the next answer. */
  readonly cutAnswers: () => void;
  /** Forwards, each piece so many ms later. */
  readonly delay: (ms: number) => void;
  /** How many connections are open. */
  readonly open: () => number;
}

type Mode = 'pass' | 'hang' | 'cut' | 'cut-answers';

/** Stands before `port` of 127.0.0.1, until the test ends. */
export async function tcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let mode: Mode = 'pass';
  let delayMs = 0;
  let held: (() => void)[] = [];
  const forward = (from: Socket, to: Socket, isAnswer: boolean) => {
    from.on('data', (bytes) => {
      const write = () => void (to.writable && to.write(bytes));
      if (mode === 'cut-answers' && isAnswer) cutAll();
      else if (mode === 'hang') held.push(write);
      else if (delayMs > 0) setTimeout(write, delayMs);
      else write();
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      if (mode === 'hang') held.push(() => to.destroy());
      else to.destroy();
    });
  };
  const cutAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    held = [];
  };
  const server = createServer((client) => {
    if (mode === 'cut') return void client.resetAndDestroy();
    const upstream = createConnection(port, '127.0.0.1');
    for (const socket of [client, upstream]) sockets.add(socket);
    forward(client, upstream, false);
    forward(upstream, client, true);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    mode = 'cut';
    cutAll();
    server.close();
  });
  const become = (next: Mode) => () => {
    mode = next;
    delayMs = 0;
    if (next === 'cut') cutAll();
    if (next !== 'hang') for (const write of held.splice(0)) write();
  };
  return {
    port: (server.address() as AddressInfo).port,
    pass: become('pass'),
    hang: become('hang'),
    cut: become('cut'),
    cutAnswers: become('cut-answers'),
    delay(ms) {
      become('pass')();
      delayMs = ms;
    },
    open: () => sockets.size / 2,
  };
}
