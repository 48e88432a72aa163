// Apple is asked about each deployed secret once a day, one question a second, however short the sweeps of a large fleet
// are. Real passes on a clock that is moved by hand; the provider, the key and Apple are within the process.
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { providerView } from '../../src/adapters/provider/fields.ts';
import { mintClientSecret } from '../../src/core/client-secret.ts';
import { parseCron } from '../../src/core/cron.ts';
import { parseKeyMaterial } from '../../src/core/key-material.ts';
import type { AppleCheck, Provider } from '../../src/core/ports.ts';
import { DAY, MINUTE, SECOND } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { byKey, Sweeper, type WiredTarget } from '../../src/daemon/sweep.ts';
import { createRateLimit } from '../../src/net/rate-limit.ts';
import { HandClock } from '../support/clock.ts';
import { START, wired } from '../support/daemon-rig.ts';
import { ownJournal } from '../support/journal.ts';
import { IDS, newP8 } from '../support/keys.ts';
import { fullProvider } from '../support/pass-rig.ts';

/** So many passes at most wait for Apple, and so for the clock; a busy machine lets one go on in each turn of the loop. */
const MOST_ASKING = 4;
const TURNS = 50;

async function startFleet(size: number, cron: string) {
  let passes = 0;
  const clock = new HandClock(START, async () => {
    for (let turns = 0; turns < TURNS; turns = passes > MOST_ASKING ? 0 : turns + 1) await turn();
  });
  const emit = () => undefined;
  const text = newP8();
  const key = await parseKeyMaterial(text, IDS, 'a test');
  const { jwt } = await mintClientSecret(key, { nowMs: START, lifetimeMs: 120 * DAY });
  const view = providerView(fullProvider(jwt));
  /** When Apple was asked about the secret that is deployed. */
  const asked: number[] = [];
  const limit = createRateLimit(1, clock);
  const apple: AppleCheck = {
    tokenUrl: 'https://appleid.apple.com/auth/token',
    async ask({ clientSecret, signal }) {
      (await limit.turn(signal))();
      if (clientSecret === jwt) asked.push(clock.now());
      return { verdict: clientSecret === jwt ? 'accepted' : 'rejected', detail: { trouble: 'http', status: 400 } };
    },
  };
  const never: Provider['write'] = () => Promise.reject(new Error('nothing is to be written'));
  const provider = (lane: string): Provider => ({
    lane,
    read: async () => ({ provider: view, requestId: null, readAt: clock.now(), skewMs: 0 }),
    write: never,
  });
  const newId = () => uuidv7(clock.now(), randomBytes(10));
  const targets = Array.from({ length: size }, (_, i): WiredTarget => {
    const each = wired(`t${i}`, `lane-${i}`);
    const keySource = { read: async () => ({ text, origin: 'a test', warnings: [] }) };
    const tools = { clock, emit, apple, leaseHolder: 'test:', newId, keySource, loginCheck: undefined };
    return { ...each, target: { ...each.target, ids: IDS }, tools: { ...tools, provider: provider(`lane-${i}`) } };
  });
  const journal = await ownJournal();
  const shared = { journal, isDegraded: () => false, nextTick: () => undefined, crashedBefore: undefined };
  const sweeper = new Sweeper({ ...shared, startedAt: START });
  const sweep = sweeper.sweep.bind(sweeper);
  sweeper.sweep = (items, onResult) => {
    passes += items.length;
    return sweep(items, (target, result) => {
      passes -= 1;
      onResult(target, result);
    });
  };
  const daemon = new Daemon(
    { targets: byKey(targets), cron: parseCron(cron, 'UTC') },
    { clock, emit, sweeper, onSwept: () => undefined },
  );
  const running = daemon.run();
  return {
    clock,
    journal,
    asked,
    async stop() {
      daemon.stop();
      await clock.advance(MINUTE);
      await running;
    },
  };
}

let fleet: Awaited<ReturnType<typeof startFleet>>;
afterEach(() => fleet.stop());

test.each([
  ['between two ticks', '0 * * * *'],
  ['although ticks come sooner than all of them can be asked about', '* * * * *'],
])('every secret of a fleet is asked about, one a second, %s', async (_, cron) => {
  fleet = await startFleet(150, cron);
  await fleet.clock.advance(4 * MINUTE);
  const states = await fleet.journal.targets();
  expect(states.filter(({ apple }) => apple.deployed.answer?.verdict === 'accepted')).toHaveLength(150);
  expect(fleet.asked).toHaveLength(150);
  for (const [i, at] of fleet.asked.slice(1).entries()) expect(at - (fleet.asked[i] ?? 0)).toBeGreaterThan(SECOND);
});
