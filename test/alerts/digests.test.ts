// The regular sign of life, as the outside sees it: each channel gets one for each tick, made when it is sent.
import { describe, expect, test } from 'vitest';
import type { DigestFacts } from '../../src/core/alerts/message.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/core/time.ts';
import { failing } from '../support/alert-life.ts';
import { type Settings, startDelivery, VOICE } from './rig.ts';

const FACTS: DigestFacts = { targets: 1, states: {}, renewals: [], open: [], openTotal: 0 };
const WEEK = 7 * DAY;

/** Ticks are weeks since a while before the start; how many targets there are is counted anew each time. */
async function start(channels?: readonly Settings[]) {
  let targets = 0;
  const digests = {
    tick: (now: number) => now - (now % WEEK),
    facts: () => Promise.resolve({ ...FACTS, targets: ++targets }),
  };
  const rig = await startDelivery(channels, digests);
  const rounds = async () => {
    // What was started may have left something else to do.
    for (let idle = 0; idle < 2; ) {
      const waitMs = await rig.round();
      idle = waitMs > 5 * SECOND ? idle + 1 : 0;
      if (idle === 0) rig.clock.pass(waitMs);
    }
  };
  return {
    ...rig,
    digests,
    /** Lives until nothing more is to be sent soon. */
    rounds,
    nextTick: async () => {
      rig.clock.pass(WEEK - (rig.clock.now() % WEEK));
      await rounds();
    },
    /** `digest 1`, by how many targets it counts, or `raised shop`. */
    heard: (name = 'ops') =>
      rig.inbox(name).map(({ body }) => {
        const { kind, title, items } = body as { kind: string; title: string; items: { status: string }[] };
        return kind === 'digest' ? `digest ${/(\d+) targets?/.exec(title)?.[1]}` : (items[0]?.status ?? '');
      }),
  };
}

const FAULT = { service: 'inbox', action: 'ops', kind: 'status', status: 503 } as const;

describe('a digest', () => {
  test('waits at the first start for the next tick, and then comes once, also where two processes run', async () => {
    const rig = await start();
    await rig.rounds();
    expect([rig.heard(), (await rig.channel())?.digestAt]).toEqual([[], rig.digests.tick(rig.clock.now())]);
    await rig.nextTick();
    await rig.rounds();
    const other = rig.newDeliverer('once:');
    rig.clock.pass(MINUTE);
    other.start(await rig.journal.alertBook(), () => undefined, true);
    await other.settled();
    expect(rig.heard()).toEqual(['digest 1']);
    expect(rig.told('alert.sent')).toMatchObject([{ channel: 'ops', kind: 'digest', alerts: 1 }]);
    await rig.nextTick();
    expect(rig.heard()).toEqual(['digest 1', 'digest 2']);
  });

  test('whose ticks were missed while nobody ran comes once', async () => {
    const rig = await start();
    await rig.rounds();
    rig.clock.pass(5 * WEEK);
    await rig.rounds();
    expect(rig.heard()).toEqual(['digest 1']);
  });

  test('is not lost to a clock that was ahead', async () => {
    const rig = await start();
    rig.clock.wall += 365 * DAY;
    await rig.rounds();
    rig.clock.wall -= 365 * DAY;
    await rig.rounds();
    expect(rig.heard()).toEqual([]);
    await rig.nextTick();
    expect(rig.heard()).toEqual(['digest 1']);
  });

  test('that a channel refuses at first comes later, as it is by then, and once to the others', async () => {
    const rig = await start([
      { name: 'ops', type: 'webhook' },
      { name: 'mail', type: 'webhook' },
    ]);
    await rig.rounds();
    rig.sandbox.world.faults.add({ ...FAULT, times: 2 });
    await rig.nextTick();
    rig.clock.pass(HOUR);
    await rig.rounds();
    rig.clock.pass(HOUR);
    await rig.rounds();
    expect([rig.heard('mail').length, rig.heard().length]).toEqual([1, 1]);
    expect(rig.heard()).toEqual(['digest 4']);
    expect(await rig.channel()).toMatchObject({ failures: 0, error: null });
  });

  test('of which the answer was lost comes again under the same id', async () => {
    const rig = await start();
    await rig.rounds();
    rig.sandbox.world.faults.add({ service: 'inbox', action: 'ops', kind: 'reset-after', times: 1 });
    await rig.nextTick();
    rig.clock.pass(MINUTE);
    await rig.rounds();
    const ids = rig.inbox().map(({ body }) => (body as { id?: string }).id);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
    await rig.nextTick();
    expect(new Set(rig.inbox().map(({ body }) => (body as { id?: string }).id)).size).toBe(2);
  });

  test('goes after what is wrong', async () => {
    const rig = await start();
    await rig.rounds();
    rig.clock.pass(WEEK);
    await rig.look([failing('shop')]);
    await rig.rounds();
    expect(rig.heard()).toEqual(['raised', 'digest 1']);
  });

  test('is for the next tick where a channel is new, and the first tick ends no failure of it', async () => {
    const rig = await start();
    const { channels, policy, deliverer, digests } = rig;
    deliverer.configure({ channels, policy, voice: VOICE });
    rig.sandbox.world.faults.add({ ...FAULT, times: 1 });
    await rig.look([failing('shop')]);
    await rig.rounds();
    await rig.journal.updateAlerts(({ stories }) => ({ removeStories: stories.map(({ id }) => id) }));
    deliverer.configure({ channels, policy, voice: VOICE, digests });
    await rig.rounds();
    expect(rig.heard()).toEqual([]);
    expect(await rig.channel()).toMatchObject({ failures: 1, digestAt: digests.tick(rig.clock.now()) });
    rig.clock.pass(HOUR);
    await rig.nextTick();
    expect(rig.heard()).toEqual(['digest 1']);
  });

  test('is sent by no process that has none to send', async () => {
    const rig = await startDelivery();
    await rig.round(true);
    rig.clock.pass(4 * WEEK);
    await rig.round(true);
    expect([rig.inbox(), await rig.channel()]).toEqual([[], undefined]);
  });
});
