// How large and how deep a value of another system may be before anything that goes through it level by level sees it.
import type { Json, JsonObject } from './json.ts';

/** A provider has 3 levels, 30 values and names of 20 characters. Far more is a fault, and would fill journal and messages. */
const [DEEPEST, MOST_VALUES, LONGEST_NAME] = [30, 10_000, 256];

/** Whether `object` is deeper, larger or has longer names than is handled. Goes through it without recursion. */
export function isTooComplex(object: JsonObject): boolean {
  let level: readonly Json[] = [object];
  for (let [depth, seen] = [0, 0]; level.length > 0; depth += 1) {
    seen += level.length;
    if (depth > DEEPEST || seen > MOST_VALUES) return true;
    const next: Json[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      if (!Array.isArray(value) && Object.keys(value).some((name) => name.length > LONGEST_NAME)) return true;
      for (const inner of Object.values(value)) next.push(inner);
    }
    level = next;
  }
  return false;
}
