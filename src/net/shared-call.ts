// One call, many callers: whoever comes while it is under way gets the same result. A caller that aborts leaves
// alone; the call itself is aborted when the last one has left.
import { untilAborted } from './abort.ts';

export interface SharedCall<T> {
  /** False once the call has ended or was abandoned by everybody: it can no longer be joined. */
  readonly open: boolean;
  /** The call's result; rejects with the signal's reason when this caller aborts. */
  join(signal: AbortSignal): Promise<T>;
}

/** Begins `call` at once. Its rejection is seen by those who joined, and by nobody else. */
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
