// Label values that come from outside, brought into a small closed form: what a server answers must not be able to
// grow the number of series without end.

/** `OK`, what the client says itself, and codes as Tencent Cloud writes them: `FailedOperation.NetworkError`. */
const CODE = /^(?:OK|NETWORK|TIMEOUT|HTTP_\d{3}|[A-Z][A-Za-z]{2,59}(?:\.[A-Z][A-Za-z0-9]{1,59}){0,2})$/;

/** Far more than the API documents for the actions that are used. */
const DISTINCT_CODES = 100;

export const OTHER = 'OTHER';

/**
 * A function that gives the label of a code: the code itself where it has the documented form and is one of the first
 * hundred, else `OTHER`.
 */
export function codeLabels(): (code: string) => string {
  const known = new Set<string>();
  return (code) => {
    if (known.has(code)) return code;
    if (known.size >= DISTINCT_CODES || !CODE.test(code)) return OTHER;
    known.add(code);
    return code;
  };
}
