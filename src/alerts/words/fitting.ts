// Cuts texts and lists to a size: the most that fits, found by bisection.

/** The longest beginning of `raw` (whole characters) for which `fits` holds, or '' if there is none. */
export function longestFitting(raw: string, fits: (beginning: string) => boolean): string {
  const characters = [...raw];
  let [low, high] = [0, characters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(characters.slice(0, middle).join(''))) low = middle;
    else high = middle - 1;
  }
  return characters.slice(0, low).join('');
}

/** `raw` if `fits` holds for it, else as much of it as fits with `cut` behind it. */
export function shortened(raw: string, cut: string, fits: (text: string) => boolean): string {
  if (fits(raw)) return raw;
  return `${longestFitting(raw, (beginning) => fits(`${beginning}${cut}`))}${cut}`;
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
