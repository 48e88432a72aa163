// The command line of `npm run bench`.
import { parseArgs } from 'node:util';

/** In the order in which they run. */
export const FIGURES = ['generate', 'rotation', 'sweeps', 'ticks', 'alone', 'status', 'replicas'] as const;
export type FigureName = (typeof FIGURES)[number];

export interface BenchOptions {
  /** A commit that is measured beside this tree. */
  readonly against: string | undefined;
  readonly only: readonly FigureName[];
  readonly quick: boolean;
}

export const HELP = `npm run bench -- [--against REV] [--only NAME]… [--quick]

Measures this tree's bundle, and writes docs/performance.md. Needs Linux, PostgreSQL for
\`replicas\`, and no network.

  --against REV   also measures an earlier commit, in the same run, and shows both
  --only NAME     measures one figure (${FIGURES.join(', ')}) and writes nothing; may be repeated
  --quick         small fleets and short windows, to see that all of it works; writes nothing
  --help          prints this
`;

/** Throws a TypeError, whose message is for a person, if the arguments are wrong. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      against: { type: 'string' },
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const only = (values.only ?? []).map((name) => {
    const known = FIGURES.find((figure) => figure === name);
    if (known === undefined)
      throw new TypeError(`--only ${name}: there is no such figure; choose from ${FIGURES.join(', ')}`);
    return known;
  });
  return { against: values.against, only: only.length === 0 ? FIGURES : only, quick: values.quick };
}
