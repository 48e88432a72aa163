// What the service works with: made from the real process by main.ts, by hand in tests.
import type { EventSink } from '../core/events.ts';
import type { Clock } from '../core/ports.ts';
import type { Env } from '../net/proxy.ts';

export interface ServiceTools {
  readonly clock: Clock;
  readonly env: Env;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
  /** Of this program. */
  readonly version: string;
  readonly emit: EventSink;
}

/** Hands each event to every listener, in order; `listen` adds one. */
export function eventHub(...listeners: EventSink[]): { readonly emit: EventSink; listen(listener: EventSink): void } {
  return {
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    listen: (listener) => void listeners.push(listener),
  };
}
