// The pace of calls over all replicas while the journal, which has their places, is away.
import { describe, expect, test } from 'vitest';
import { SECOND } from '../../src/core/time.ts';
import { replicaPace } from '../../src/service/replicas.ts';
import { HandClock } from '../support/clock.ts';
import { NOW } from '../support/journal.ts';

/** What replicas do while the journal is away; `ahead`: by how much the clock of each is ahead. */
function away(ahead: readonly number[]) {
  return ahead.map((aheadMs, rank) => {
    const clock = new HandClock(NOW + aheadMs);
    const journal = {
      degraded: { error: { code: 'ERR_JOURNAL_UNWRITABLE' }, since: NOW } as never,
      company: async () => ({ others: false, leftMsAgo: undefined }),
      takePlace: async () => 0,
    };
    const pace = replicaPace(journal, clock, () => ({ rank, of: ahead.length, aheadMs }));
    return { clock, pace };
  });
}

describe('while the journal is away', () => {
  test('replicas take turns, whatever their clocks say', async () => {
    const replicas = away([0, 600_000, -7_300]);
    const places: number[] = [];
    for (const { pace } of replicas)
      for (let i = 0; i < 5; i += 1) places.push(Math.round(await pace.takePlace('apple', SECOND)));
    const sorted = places.sort((a, b) => a - b);
    expect(sorted.slice(1).map((at, i) => at - (sorted[i] ?? 0))).toEqual(Array(14).fill(SECOND));
  });

  test('one that is alone waits for nobody', async () => {
    const [{ pace } = { pace: undefined }] = away([0]);
    expect(await pace?.company()).toEqual({ others: false, leftMsAgo: undefined });
  });

  test('a clock that is set back costs no wait', async () => {
    const [{ clock, pace } = { clock: undefined, pace: undefined }] = away([0, 0]);
    await pace?.takePlace('apple', SECOND);
    clock?.step(-3_600_000);
    expect(await pace?.takePlace('apple', SECOND)).toBeLessThanOrEqual(2 * SECOND);
  });
});
