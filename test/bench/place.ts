// What every figure works with: the builds, the server, and for each fleet a folder with a journal that knows all of it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { NoFigure, run, type Took } from './command.ts';
import { CREDENTIALS, type Fleet, type madeKey, writeFleet } from './fleet.ts';
import type { Cell } from './report.ts';
import type { Build } from './revision.ts';
import type { Server } from './server-process.ts';
import type { RowId } from './tables.ts';

export interface PlaceOptions {
  readonly folder: string;
  readonly builds: readonly Build[];
  readonly server: Server;
  readonly key: ReturnType<typeof madeKey>;
  readonly sizes: readonly number[];
  readonly effort: Effort;
  readonly note: (row: RowId, column: string, build: Build, cell: Cell) => void;
  readonly isNoted: (row: RowId, column: string, build: Build) => boolean;
}

/** How much of a daemon's life is measured. */
export interface Effort {
  /** Seconds from the first pass on, in which much of the code is compiled. */
  readonly settle: number;
  /** Seconds in which `/healthz` is asked. */
  readonly waits: number;
  /** Seconds in which CPU and bytes are counted. */
  readonly window: number;
  /** Passes before a tick, or a fleet that is checked again and again, is measured. */
  readonly warmUp: number;
  /** Passes of such a fleet that are counted. */
  readonly counted: number;
}

export class Place {
  readonly options: PlaceOptions;
  private readonly filled = new Map<string, Promise<string>>();

  constructor(options: PlaceOptions) {
    this.options = options;
  }

  /** The program with these arguments, in the folder of a fleet. */
  command(build: Build, folder: string, ...args: readonly string[]): Promise<Took> {
    // `status` says with 1 that a target is not well, which is no failure of its own.
    const statuses = args[0] === 'status' ? [0, 1] : [0];
    return run([build.main, ...args, '--config', 'rotator.yaml'], { cwd: folder, env: CREDENTIALS, statuses });
  }

  /** Writes the files of a fleet without a journal; returns their folder. */
  fresh(build: Build, name: string, fleet: Fleet): string {
    const folder = join(this.options.folder, `${build.prefix}-${name}`);
    rmSync(folder, { recursive: true, force: true });
    this.write(build, folder, fleet);
    return folder;
  }

  /**
   * The folder of a fleet whose targets were all checked once, by `once` over as many lanes as make it fast. Throws
   * NoFigure, each time, if the program refuses that fleet.
   */
  async fleet(build: Build, fleet: Fleet): Promise<string> {
    const name = `${build.prefix}-${fleet.targets}`;
    const folder = await (this.filled.get(name) ?? this.fill(build, name, fleet.targets));
    this.write(build, folder, fleet);
    return folder;
  }

  /** Calls `measure` for each build. Where it throws NoFigure, the reason stands in the cells that it has not filled. */
  async forEach(rows: readonly RowId[], column: string, measure: (build: Build) => Promise<void>): Promise<void> {
    for (const build of this.options.builds) {
      try {
        await measure(build);
      } catch (thrown) {
        if (!(thrown instanceof NoFigure)) throw thrown;
        const { note, isNoted } = this.options;
        for (const row of rows) if (!isNoted(row, column, build)) note(row, column, build, thrown.message);
      }
    }
  }

  private fill(build: Build, name: string, targets: number): Promise<string> {
    const fill = async () => {
      const folder = this.fresh(build, String(targets), { targets, lanes: lanesFor(targets), cron: farAway() });
      await this.command(build, folder, 'once');
      return folder;
    };
    const filled = fill();
    this.filled.set(name, filled);
    return filled;
  }

  private write(build: Build, folder: string, fleet: Fleet): void {
    const { server, key } = this.options;
    writeFleet(folder, fleet, { url: server.url, pem: key.pem, prefix: build.prefix });
  }
}

/** So many that a thousand targets are read in a second. */
export function lanesFor(targets: number): number {
  return Math.min(50, Math.ceil(targets / 20));
}

/** Once an hour, half an hour from now. */
export function farAway(): string {
  return `${(new Date().getUTCMinutes() + 30) % 60} * * * *`;
}
