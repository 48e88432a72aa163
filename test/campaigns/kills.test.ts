// Sixty kills of the real process: at each boundary of a rotation, and at random instants.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SEED } from '../support/campaign.ts';
import { callsOfARotation, killed, type Mode, type Moment } from '../support/killed.ts';

const KILLS = 60;
/** Longer than a rotation takes, so that some of the kills come after it. */
const LATEST_MS = 4_000;
/** Most of its time a rotation waits for Apple's turn. */
const LANES = 6;

test('a process that is killed and started again tells the truth, writes once and leaves the provider whole', async () => {
  const calls = await callsOfARotation();
  const modes: Mode[] = ['run', 'once'];
  const boundaries = modes.flatMap((mode) =>
    calls.flatMap((_call, index) => [true, false].map((arrives) => ({ mode, moment: { nth: index + 1, arrives } }))),
  );
  const instants = fc.sample(fc.integer({ min: 0, max: LATEST_MS }), {
    numRuns: Math.max(0, KILLS - boundaries.length),
    ...(SEED === undefined ? {} : { seed: SEED }),
  });
  const kills: { readonly mode: Mode; readonly moment: Moment }[] = [
    ...boundaries,
    ...instants.map((afterMs, index) => ({ mode: modes[index % 2] ?? 'run', moment: { afterMs } })),
  ];
  const waiting = [...kills];
  const wrong: string[] = [];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { mode, moment } = next;
      const name = 'nth' in moment ? `${calls[moment.nth - 1]} ${JSON.stringify(moment)}` : JSON.stringify(moment);
      for (const line of await killed(mode, moment)) wrong.push(`${mode}, ${name}: ${line}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  process.stdout.write(`kills: ${boundaries.length} at boundaries, ${instants.length} at random instants\n`);
  expect(wrong).toEqual([]);
});
