// Plays many histories, each from a seed of its own that repeats it, and says in words what went wrong.
import fc from 'fast-check';
import { SCALE, SEED, tries } from '../campaign.ts';
import { Place } from './place.ts';
import { play, type Verdict } from './play.ts';
import { type History, histories } from './steps.ts';

/**
 * How long a history may take, in ms, and be made smaller if it breaks a law. One that takes 6 s alone took a minute beside
 * other campaigns on a slow machine.
 */
const LONGEST_MS = 180_000;

/** Where the sandbox of the first campaign listens, if nobody else does; those of others listen beside it. */
const PORT = 41_801;

/** Repeats this history alone. */
const ONE = process.env['CAMPAIGN_HISTORY'];

/** How many histories are played in all: a sample in `npm test`, 2,500 in a campaign of the usual scale. */
const COUNT = tries(16, 250 * SCALE);

/** One of several campaigns that share the histories. */
export interface Share {
  readonly lane: number;
  readonly lanes: number;
}

/** Plays a share of the histories; what to read about each law that was broken, and how many were played. */
export async function campaign({ lane, lanes }: Share): Promise<{ readonly broken: string; readonly played: number }> {
  const place = new Place();
  await place.open(PORT + lane);
  try {
    const found = new Map<string, { readonly text: string; readonly seeds: number[] }>();
    const seeds = seedsOf({ lane, lanes });
    for (const seed of seeds) {
      const known = await lawBroken(place, seed, found);
      if (known !== undefined) found.get(known)?.seeds.push(seed);
    }
    const broken = [...found.values()].map(
      ({ text, seeds }) => `${text}\nbroken by ${seeds.length}: ${seeds.slice(0, 20)}`,
    );
    return { broken: broken.join('\n\n'), played: seeds.length };
  } finally {
    await place.close();
  }
}

function seedsOf({ lane, lanes }: Share): number[] {
  if (ONE !== undefined) return lane === 0 ? [Number(ONE)] : [];
  // The sample of `npm test` is always the same: what a history finds is not the fault of whoever runs the tests next.
  const first = SEED ?? 1;
  return Array.from({ length: COUNT }, (_, index) => first + index).filter((_, index) => index % lanes === lane);
}

/** Plays one history; the kind of what it breaks. The first of its kind is made smaller and described. */
async function lawBroken(
  place: Place,
  seed: number,
  found: Map<string, { readonly text: string; readonly seeds: number[] }>,
): Promise<string | undefined> {
  let kind: string | undefined;
  let last: Verdict = { broken: [], lines: [] };
  const property = fc.asyncProperty(histories, async (history: History) => {
    const verdict = await play(place, history);
    const own = verdict.broken.map(kindOf);
    kind ??= own[0];
    if (kind === undefined || !own.includes(kind)) return true;
    last = verdict;
    // Others of this kind are counted only.
    return found.has(kind);
  });
  const { interrupted } = await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: LONGEST_MS });
  // It goes on in a place that the next one needs.
  if (interrupted && kind === undefined) throw new Error(`history ${seed} does not end`);
  if (kind !== undefined && !found.has(kind)) {
    const lines = [
      ...last.broken,
      `repeat: CAMPAIGN_HISTORY=${seed} npm run test:campaigns -- histories`,
      ...last.lines,
    ];
    found.set(kind, { text: lines.join('\n'), seeds: [] });
  }
  return kind;
}

/** What a broken law is, whatever the target and the hours. */
function kindOf(law: string): string {
  return law
    .replace(/\b(?:shop|mall)\b/g, 'a target')
    .replace(/\d+ h\b/, 'hours')
    .replace(/\/\S+/, '');
}
