// What a list of numbers says: instants of calls, waits.

/** The most of `times` (ms, ascending) that lie in any stretch of `lengthMs`, its end left out. */
export function busiest(times: readonly number[], lengthMs: number): number {
  let most = 0;
  let first = 0;
  times.forEach((time, last) => {
    while (time - (times[first] ?? time) >= lengthMs) first += 1;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

/**
 * How many of `times` (ms, ascending) there are in a second, over the whole seconds from the first on: the calls of a
 * second may come at once, so a part of one would count too much or too little. NaN where they last less than one.
 */
export function perSecond(times: readonly number[]): number {
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const seconds = Math.floor((last - first) / 1_000);
  return seconds === 0 ? Number.NaN : times.filter((time) => time < first + seconds * 1_000).length / seconds;
}

/** The share of `values` that is `share` (0 to 1) is at most this; the least such value. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
