// Abort signals, joined with promises and with time. Everything here removes its listeners and timers when it is done:
// a signal that lives as long as the daemon would otherwise collect them.

/** Settles with `promise`, or rejects with the signal's reason as soon as it aborts. The promise itself goes on. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: first, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  const end = () => signal.removeEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  promise.then(
    (value) => {
      end();
      resolve(value);
    },
    (thrown) => {
      end();
      reject(thrown);
    },
  );
  return first;
}

export interface Deadline {
  /** Aborts with the caller's signal, or when the time is up. */
  readonly signal: AbortSignal;
  /** True if the time was up before the caller aborted. */
  readonly expired: boolean;
  /** Aborts now, without `expired`. */
  end(): void;
  /** Stops the timer. Call it in `finally`. */
  clear(): void;
}

/** A limit of `timeoutMs` milliseconds of real time, joined with the caller's own signal. */
export function deadline(timeoutMs: number, caller: AbortSignal): Deadline {
  const controller = new AbortController();
  let expired = false;
  const onAbort = () => controller.abort(caller.reason);
  if (caller.aborted) onAbort();
  else caller.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => {
    expired = !controller.signal.aborted;
    controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'));
  }, timeoutMs);
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    end() {
      controller.abort(new DOMException('the call is over', 'AbortError'));
    },
    clear() {
      clearTimeout(timer);
      caller.removeEventListener('abort', onAbort);
    },
  };
}
