// Scenes of what befalls replicas, played side by side, because most of their time a lease has to end. What each took,
// and what came of it, is printed as a table.
import { expect } from 'vitest';
import type { Program } from './program.ts';
import type { ReplicaPlace } from './replica-place.ts';
import { FigureTable } from './replica-table.ts';

/** What is wrong at the end of a scene; a line each. The places that it adds to the table end with it. */
export type Scene = (table: Pick<FigureTable, 'add'>) => Promise<string[]>;

/** Work goes on elsewhere within 60 s, by the longest lease and the next turn; the rest is what a busy machine adds. */
const LIMIT_MS = 90_000;
/** Scenes at a time. With more, two cores could not carry their processes beside another file of tests. */
const LANES = 6;

/** Apple's one question a second would make a scene with several targets last for minutes. */
export const WITHOUT_APPLE = { apple: { check: 'off' } };

export function late(what: string, ms: number): string[] {
  return ms <= LIMIT_MS ? [] : [`${what} took ${ms} ms`];
}

export function other(programs: readonly Program[], one: Program): Program {
  const found = programs.find((each) => each !== one);
  if (found === undefined) throw new Error('there is no other');
  return found;
}

/** Whether the journal has heard of it within the last 15 s. */
export async function hasReported(place: ReplicaPlace, { pid }: Program): Promise<boolean> {
  const rows = await place.sql(
    `SELECT 1 FROM rotator.replicas WHERE name LIKE '%:${pid}'
     AND seen_at > extract(epoch FROM clock_timestamp()) * 1000 - 15000`,
  );
  return rows.length > 0;
}

/** Plays all, and expects that nothing is wrong. */
export async function play(scenes: Readonly<Record<string, Scene>>): Promise<void> {
  const table = new FigureTable();
  const waiting = Object.entries(scenes);
  const wrong: string[] = [];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, scene] = next;
      const places = new Set<ReplicaPlace>();
      const add: FigureTable['add'] = async (what, ms, place) => {
        places.add(place);
        await table.add(what, ms, place);
      };
      const lines = await scene({ add }).catch((thrown) => [String(thrown)]);
      await Promise.all([...places].map((place) => place.dispose()));
      // At once as well, in case the rest takes too long.
      for (const line of lines) process.stdout.write(`${name}: ${line}\n`);
      wrong.push(...lines.map((line) => `${name}: ${line}`));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  table.print();
  expect(wrong).toEqual([]);
}
