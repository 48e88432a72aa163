// The table of figures that the tests of replicas print: for each fault, how long it took until the work went on, and what
// came of it.
import type { ReplicaPlace } from './replica-place.ts';

const COLUMNS = ['what', 'takeover', 'writes by target', 'rows', 'messages'] as const;
const WIDTHS = [52, 9, 18, 26, 9] as const;

export class FigureTable {
  private readonly lines: string[] = [];

  /** `ms`: until the work went on elsewhere. */
  async add(what: string, ms: number | undefined, place: ReplicaPlace): Promise<void> {
    const outcomes = Map.groupBy(await place.rows(), ({ outcome }) => outcome ?? 'open');
    const rows = [...outcomes].map(([outcome, each]) => `${each.length} ${outcome}`).join(', ');
    const takeover = ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`;
    const cells = line([
      what,
      takeover,
      place.writesByTarget(),
      rows,
      String(place.world.inbox.filter(({ name }) => name === 'ops').length),
    ]);
    this.lines.push(cells);
    process.stdout.write(`${cells}\n`);
  }

  print(): void {
    process.stdout.write(`\n${[line(COLUMNS), ...this.lines].join('\n')}\n`);
  }
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join('  ')
    .trimEnd();
}
