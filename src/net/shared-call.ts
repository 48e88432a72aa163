// One call for many callers: those that come while it is under way get the same result. A caller that aborts leaves
// the others alone; when the last one has left, the call itself is aborted.
import { untilAborted } from './abort.ts';

export interface SharedCall<T> {
  /** False once the call has ended or every caller has left: it can no longer be joined. */
  readonly open: boolean;
  /** The call's result; rejects with the signal's reason when this caller aborts. */
  join(signal: AbortSignal): Promise<T>;
}

/** Begins `call` at once. Only those who joined see its rejection. */
export function shareCall<T>(call: (signal: AbortSignal) => Promise<T>): SharedCall<T> {
  const controller = new AbortController();
  let callers = 0;
  let ended = false;
  const result = call(controller.signal).finally(() => {
    ended = true;
  });
  result.catch(() => undefined);
  return {
    get open() {
      return !ended && !controller.signal.aborted;
    },
    async join(signal) {
      callers += 1;
      try {
        return await untilAborted(result, signal);
      } finally {
        callers -= 1;
        if (callers === 0 && !ended) controller.abort(new DOMException('every caller left', 'AbortError'));
      }
    },
  };
}
