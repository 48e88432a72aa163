// Which known name somebody meant who wrote another: a key of the configuration, a target, a channel.

/** The known name that differs by a slip or two of the fingers, or by case alone; undefined if none is that close. */
export function nearestOf(key: string, known: readonly string[]): string | undefined {
  const found = flat(key);
  const ranked = known
    .map((candidate) => ({ candidate, distance: slipsBetween(found, flat(candidate)) }))
    .filter(({ candidate, distance }) => distance <= (candidate.length > 4 ? 2 : 1))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

function flat(key: string): string {
  return key.toLowerCase().replace(/[-_]/g, '').slice(0, 60);
}

/** Letters added, left out, changed, or swapped with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(change, at(i - 1, j) + 1, at(i, j - 1) + 1, swapped ? at(i - 2, j - 2) + 1 : change));
    }
  }
  return at(a.length, b.length);
}
