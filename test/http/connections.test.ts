// Who is let in, and who gives way, for addresses that a test cannot connect from.
import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { limitConnections } from '../../src/http/connections.ts';

const LIMITS = { maxConnections: 4, maxConnectionsEach: 2, keptForLoopback: 1 };

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  destroyed = false;
  writableLength = 0;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function start() {
  const server = new EventEmitter();
  const served: unknown[] = [];
  const serve = limitConnections(server as unknown as Server, LIMITS, (request) => served.push(request));
  return {
    served,
    connect(from: string): FakeSocket {
      const socket = new FakeSocket(from);
      server.emit('connection', socket);
      return socket;
    },
    /** Asks on a connection; the answer is open until the returned function is called. */
    ask(socket: FakeSocket): () => void {
      const response = new EventEmitter();
      serve({ socket } as unknown as IncomingMessage, response as unknown as ServerResponse);
      return () => void response.emit('close');
    },
  };
}

test('one address has at most its share, and its own connections give way', () => {
  const { connect } = start();
  const [other, first, second, third] = ['10.0.0.9', '10.0.0.1', '10.0.0.1', '10.0.0.1'].map(connect);
  expect([other, first, second, third].map((socket) => socket?.destroyed)).toEqual([false, true, false, false]);
});

test('an address written in the form of IPv6 is the same address', () => {
  const { connect } = start();
  const [first, second, third] = ['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.1'].map(connect);
  expect([first, second, third].map((socket) => socket?.destroyed)).toEqual([true, false, false]);
});

test('clients of the network cannot take what is kept for loopback, even if all are being answered', () => {
  const { connect, ask } = start();
  const remote = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(connect);
  for (const socket of remote) ask(socket);
  expect(connect('10.0.0.4').destroyed).toBe(true);
  expect(connect('127.0.0.1').destroyed).toBe(false);
  expect(remote.map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
});

test('a client that does not read its answer gives way if no connection is idle', () => {
  const { connect, ask } = start();
  const [reading, stalled] = [connect('10.0.0.1'), connect('10.0.0.1')];
  ask(reading);
  ask(stalled);
  stalled.writableLength = 1_000_000;
  expect(connect('10.0.0.1').destroyed).toBe(false);
  expect([reading.destroyed, stalled.destroyed]).toEqual([false, true]);
});

test('a request that is answered makes room for the next one on its connection, and no other does', () => {
  const { connect, ask, served } = start();
  const socket = connect('10.0.0.1');
  const answered = ask(socket);
  answered();
  ask(socket);
  expect([served.length, socket.destroyed]).toEqual([2, false]);
  ask(socket);
  expect([served.length, socket.destroyed]).toEqual([2, true]);
});
