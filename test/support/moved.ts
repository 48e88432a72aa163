// A clock that is moved by hand for a whole program in this process: before time goes on from one instant to the next,
// everything that goes over sockets, files and threads comes to rest. A day then takes no longer than the work in it, and
// what happens at which minute is the same on every machine.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { HandClock } from './clock.ts';

/**
 * So many turns of the loop without work are rest: what is handed on from one to the other takes a turn, and on a busy
 * machine those that give way to each other take one each.
 */
const QUIET_TURNS = 10;

/** Connections, the time limits of calls, and work of libuv's threads, as Node lists them. */
const WORK = /^(?:TCPSocket|TCPConnect|Write|Shutdown|Close|Timeout|FSReq|GetAddrInfo)/;
/** Work of libuv's threads that Node does not list. */
const CRYPTOGRAPHY = ['sign', 'verify', 'generateKey', 'exportKey', 'importKey', 'digest'] as const;

/** A connection that is kept for the next call would look like work until it ends, seconds later. */
const endConnection = (message: unknown) => {
  (message as { readonly response: ServerResponse }).response.shouldKeepAlive = false;
};

/** A clock at `wall` for the test that runs. */
export function movedClock(wall: number): HandClock {
  subscribe('http.server.request.start', endConnection);
  onTestFinished(() => void unsubscribe('http.server.request.start', endConnection));
  let working = 0;
  const { subtle } = crypto;
  for (const name of CRYPTOGRAPHY) {
    const original = subtle[name] as (...args: unknown[]) => Promise<unknown>;
    const counted = async (...args: unknown[]) => {
      working += 1;
      try {
        return await Reflect.apply(original, subtle, args);
      } finally {
        working -= 1;
      }
    };
    Object.defineProperty(subtle, name, { value: counted, configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(subtle, name));
  }
  const isAtRest = () => working === 0 && !process.getActiveResourcesInfo().some((name) => WORK.test(name));
  return new HandClock(wall, async () => {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet = isAtRest() ? quiet + 1 : 0) await turn();
  });
}
