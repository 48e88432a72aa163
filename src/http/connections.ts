// What connections may cost: how many there are in all and for each client, and one request at a time on each. An
// idle connection is closed to make room for a new one, so that idle connections keep nobody out.
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import { isLoopback } from '../net/proxy.ts';

export interface ConnectionLimits {
  /** In all. Each may hold 16 KB of headers and one answer that its client does not read. */
  readonly maxConnections: number;
  /**
   * From one address. Fewer would hinder a proxy that stands in front; more would let one client that does not read hold
   * that many answers in memory (/metrics has about 2 KB for each target).
   */
  readonly maxConnectionsEach: number;
  /** Kept for loopback, where health checks come from. */
  readonly keptForLoopback: number;
}

interface Connection {
  readonly socket: Socket;
  readonly peer: string;
  /** A request is being answered. */
  busy: boolean;
}

/**
 * Holds the connections of `server` to `limits`, and returns `serve` so that it hears of one request at a time on each.
 * A client that sends a second request before it has the first answer (HTTP pipelining, which no common client does) is
 * disconnected: the answers to many requests would pile up for one that does not read them.
 */
export function limitConnections(server: Server, limits: ConnectionLimits, serve: RequestListener): RequestListener {
  /** Idle ones first, the one that has been idle longest at the very front. */
  const open = new Map<Socket, Connection>();

  const move = (connection: Connection, busy: boolean): void => {
    if (!open.delete(connection.socket)) return;
    connection.busy = busy;
    open.set(connection.socket, connection);
  };

  /** True if a connection of those that `counts` was closed: an idle one, else one whose client does not read. */
  const makeRoom = (counts: (connection: Connection) => boolean): boolean => {
    const all = [...open.values()].filter(counts);
    const least = all.find(({ busy }) => !busy) ?? all.find(({ socket }) => socket.writableLength > 0);
    if (least === undefined) return false;
    open.delete(least.socket);
    least.socket.destroy();
    return true;
  };

  const admit = (connection: Connection): boolean => {
    const { peer } = connection;
    const rules: readonly [number, (other: Connection) => boolean][] = [
      [limits.maxConnectionsEach, (other) => other.peer === peer],
      [
        isLoopback(peer) ? limits.maxConnections : limits.maxConnections - limits.keptForLoopback,
        isLoopback(peer) ? () => true : (other) => !isLoopback(other.peer),
      ],
    ];
    return rules.every(([limit, counts]) => {
      const number = [...open.values()].filter(counts).length;
      return number < limit || makeRoom(counts);
    });
  };

  server.on('connection', (socket) => {
    const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const connection: Connection = { socket, peer, busy: false };
    if (!admit(connection)) {
      socket.destroy();
      return;
    }
    open.set(socket, connection);
    socket.once('close', () => open.delete(socket));
  });

  return (request: IncomingMessage, response) => {
    const connection = open.get(request.socket);
    if (connection?.busy === true) {
      request.socket.destroy();
      return;
    }
    if (connection !== undefined) {
      move(connection, true);
      response.once('close', () => move(connection, false));
    }
    serve(request, response);
  };
}
