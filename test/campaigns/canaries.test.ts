// No secret gets out of any sequence of bad answers, whose text begins and ends anywhere in the secrets that it holds.
// The daemon and every command that reads the journal take part.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SCALE, tries } from '../support/campaign.ts';
import {
  BAD_ANSWERS,
  expectNoLeak,
  type Figures,
  type Inputs,
  meet,
  runOthers,
  spill,
  type Watched,
  watched,
} from '../support/canaries.ts';
import { CREDENTIAL_INPUTS, KEY_INPUTS } from '../support/canary-inputs.ts';
import { FORMS, LANES } from '../support/canary-table.ts';

async function inPlace(
  work: (place: Watched) => Promise<unknown>,
  inputs: Inputs = {},
  note: (figures: Figures) => void = () => undefined,
): Promise<void> {
  const place = await watched(inputs);
  try {
    await work(place);
    note(await expectNoLeak(place));
  } finally {
    await place.dispose();
  }
}

const step = fc.record({
  answer: fc.constantFrom(...BAD_ANSWERS),
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 16, max: 2_000 }),
});

test('no secret gets out of any sequence of bad answers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), fc.boolean(), (steps, withDaemon) =>
      inPlace(async (place) => {
        for (const { answer, from, length } of steps) {
          const all = spill(place);
          const start = Math.floor(from * all.length);
          await meet(place, answer, all.slice(start, start + length));
        }
        if (withDaemon) await place.daemon(/rotation\.succeeded/);
      }),
    ),
    { numRuns: tries(1, 2 * SCALE), endOnFailure: true },
  );
});

test('nor of a write that arrived, whose answer is broken, and which another writer then replaced', async () => {
  await inPlace(async (place) => {
    const body = spill(place);
    place.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'body', body, times: 1 });
    place.world.requests.before('tcb', 'ModifyProvider', () => place.place(place.mint(170)));
    await place.run(['once', '--force', '--json']);
    expect(place.writes()).toHaveLength(1);
  });
});

test('nor of any way in which key and credentials may be given', async () => {
  const credentials = Object.keys(CREDENTIAL_INPUTS);
  const ways = Object.keys(KEY_INPUTS).map((key, index) => ({
    key,
    credentials: credentials[index % credentials.length] ?? '',
    byReference: index % 2 === 1,
  }));
  let [secrets, searches] = [0, 0];
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (const way of ways.filter((_way, index) => index % LANES === lane)) {
      await inPlace(
        async (place) => {
          await place.daemon(/rotation\.succeeded/);
          await runOthers(place);
        },
        way,
        (figures) => {
          secrets += figures.secrets;
          searches += figures.secrets * figures.places;
        },
      );
    }
  });
  await Promise.all(lanes);
  process.stdout.write(
    `canaries: ${secrets} secrets in their right inputs, ${searches} searches of a place, in ${Object.keys(FORMS).length} forms, 0 found\n`,
  );
});
