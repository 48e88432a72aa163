// Label values from outside, limited to a small closed form, so that a server's answers cannot make the number of series
// grow without end.

/** `OK`, the client's own codes, and codes in Tencent Cloud's form: `FailedOperation.NetworkError`. */
const CODE = /^(?:OK|NETWORK|TIMEOUT|HTTP_\d{3}|[A-Z][A-Za-z]{2,59}(?:\.[A-Z][A-Za-z0-9]{1,59}){0,2})$/;

/** Far more than the API documents for our actions. Fewer might hide a real code as `OTHER`; more only costs memory. */
const DISTINCT_CODES = 100;

export const OTHER = 'OTHER';

/**
 * Returns the function that labels a code: the code itself if it has the documented form and is one of the first hundred,
 * else `OTHER`.
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
