// Examples of calls that brought no usable answer, as errors and findings carry them.
import type { CallTrouble, Remote } from '../error-troubles.ts';

/** How a call can bring no usable answer. */
export const CALLS: readonly CallTrouble[] = [
  { trouble: 'timeout', afterMs: 15_000 },
  { trouble: 'timeout', afterMs: 250 },
  { trouble: 'network', code: 'ECONNREFUSED' },
  { trouble: 'network', code: null },
  { trouble: 'cut' },
  { trouble: 'too-large' },
  { trouble: 'encoded' },
  { trouble: 'malformed' },
  { trouble: 'redirected', status: 307 },
  { trouble: 'http', status: 503 },
  { trouble: 'code', code: 'errcode 45009' },
];

/** A call to Tencent Cloud that failed. */
export function aRemote(remote: Remote['remote'], more: Partial<Remote> = {}): Remote {
  const base = { call: 'tcb GetProviders', about: null, code: 'InternalError', detail: null, said: '' };
  return { remote, ...base, statement: null, skewMs: null, ...more };
}
/** The same as the parameters of an error that is not always about a call. */
export const remote = (name: Remote['remote'], more: Partial<Remote> = {}) =>
  ({ problem: 'remote', ...aRemote(name, more) }) as const;
