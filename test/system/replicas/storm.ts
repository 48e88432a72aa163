// 200 targets in ten lanes, three replicas, random faults of every service, and a replica killed every ten seconds for
// five minutes. CAMPAIGN_SEED repeats it. Afterwards every target has been written once, and no row is open.
import { SEED } from '../../support/campaign.ts';
import type { PostgresServer } from '../../support/postgres.ts';
import type { Program } from '../../support/program.ts';
import { replicaPlace } from '../../support/replica-place.ts';
import type { Scene } from '../../support/replica-scene.ts';

const TARGETS = 200;
const LANES = 10;
const REPLICAS = 3;
const MINUTES = 5;
const EVERY_MS = 10_000;

/** Numerical Recipes' generator. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function storm(server: PostgresServer): Scene {
  return async (table) => {
    const seed = SEED ?? Date.now() % 2 ** 31;
    process.stdout.write(`repeat this run: CAMPAIGN_SEED=${seed}\n`);
    const random = randomOf(seed);
    const place = await replicaPlace(server, {
      targets: TARGETS,
      // Urgent: a bad write closes its lane to all that is not, for an hour.
      daysLeft: 5,
      entry: (n) => ({ cloudbase: { region: `ap-region-${n % LANES}` } }),
      // With Apple's one question a second nobody would be rotated in five minutes.
      settings: { apple: { check: 'off' } },
    });
    const { faults } = place.world;
    faults.seed(seed);
    faults.add({ service: 'tcb', kind: 'reset-after', share: 0.01 });
    faults.add({ service: 'tcb', kind: 'reset-before', share: 0.01 });
    faults.add({ service: 'tcb', kind: 'status', status: 503, share: 0.01 });
    faults.add({ service: 'tcb', kind: 'delay', delayMs: 2_000, share: 0.05 });
    faults.add({ service: 'inbox', kind: 'status', status: 503, share: 0.2 });
    const programs: Program[] = await place.replicas(REPLICAS);
    const began = performance.now();
    let kills = 0;
    for (let at = EVERY_MS; at < MINUTES * 60_000; at += EVERY_MS) {
      await place.until('ten seconds are over', () => performance.now() - began >= at, 60_000);
      const index = Math.floor(random() * programs.length);
      const victim = programs[index];
      if (victim === undefined) continue;
      await place.kill(victim);
      kills += 1;
      programs[index] = await place.replica();
    }
    faults.clear();
    const ms = await place.until('all are rotated, and no row is open', place.isAllDone, 330_000);
    await table.add(`${TARGETS} targets, ${kills} kills in ${MINUTES} minutes`, ms, place);
    return place.lastingFaults();
  };
}
