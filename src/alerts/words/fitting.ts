// Cuts texts and lists to a size: the most that fits, found by bisection.

/** `raw` if `fits` holds for it, else as much of it (whole characters) as fits with `cut` behind it. */
export function shortened(raw: string, cut: string, fits: (text: string) => boolean): string {
  if (fits(raw)) return raw;
  const characters = [...raw];
  const beginning = (count: number) => `${characters.slice(0, count).join('')}${cut}`;
  return beginning(largest(characters.length, (count) => fits(beginning(count))));
}

/**
 * The largest number from 0 to `most` for which `holds` is true, by bisection: it must be true for all smaller ones.
 */
export function largest(most: number, holds: (count: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The first of a list, as many as fit with `cut` behind them. */
export function cutList(list: readonly string[], cut: string, fits: (list: readonly string[]) => boolean): string[] {
  const beginning = (count: number) => [...list.slice(0, count), cut];
  return beginning(largest(list.length, (count) => fits(beginning(count))));
}
