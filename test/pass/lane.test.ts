// What a pass takes from its lane and leaves to it: a bad write holds back what is not urgent, the turn comes before
// the intent, and what is old by then is gathered again.
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import type { WriteRank } from '../../src/core/lanes.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import type { LaneTurns } from '../../src/pass/pass.ts';
import { ENV_ID, IDS, type Rig, startRig } from '../support/pass-rig.ts';
import { said } from '../support/said.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.stop());

const LANE = 'test';
const lanes = async () => (await rig.journal.fleet()).lanes;

/** The next write is answered with this code of the API. */
function refuse(code: string): void {
  rig.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code, times: 1 });
}

/** Another target's write through the lane ended badly. */
async function closeLane(): Promise<void> {
  const error = { code: 'ERR_NOT_APPLIED', params: { problem: 'answered' } } as const;
  const now = rig.clock.now();
  const lane = { badWrites: 1, since: now, closedUntil: now + HOUR, error };
  await rig.journal.updateFleet((fleet) => ({ ...fleet, lanes: { [LANE]: lane } }));
}

/** A lane in which something happens between the asking for the write's turn and its coming. */
function slowLane(meanwhile: () => Promise<void> | void, ranks: WriteRank[] = []): LaneTurns {
  return {
    look: (_signal, work) => work(),
    async write(rank, _signal, work) {
      ranks.push(rank);
      await meanwhile();
      return work(new AbortController().signal);
    },
  };
}

describe('a write that ends badly', () => {
  test('closes the lane for an hour, and counts', async () => {
    refuse('InternalError');
    expect((await rig.pass()).outcome).toBe('failed');
    expect(await lanes()).toEqual({
      [LANE]: {
        badWrites: 1,
        since: expect.any(Number),
        closedUntil: rig.clock.now() + HOUR,
        error: expect.objectContaining({ code: 'ERR_CLOUDBASE_UNAVAILABLE' }),
      },
    });
    refuse('InternalError');
    await rig.pass();
    expect((await lanes())[LANE]?.badWrites).toBe(2);
  });

  test.each([
    ['does, where it was refused for its permission', 'UnauthorizedOperation', 1],
    ['does not, where the target alone was refused', 'InvalidParameterValue', undefined],
  ])('%s', async (_name, code, badWrites) => {
    refuse(code);
    expect((await rig.pass()).outcome).toBe('failed');
    expect((await lanes())[LANE]?.badWrites).toBe(badWrites);
  });

  test('is not tried again before the lane opens, unless it is urgent', async () => {
    rig.put(rig.mint(50));
    refuse('InternalError');
    const { state } = await rig.pass();
    expect(state.retry).toEqual({ failures: 1, nextAttemptAt: rig.clock.now() + HOUR + MINUTE });
    rig.put(rig.mint(5));
    rig.clock.pass(MINUTE);
    refuse('InternalError');
    expect((await rig.pass()).state.retry.nextAttemptAt).toBeLessThanOrEqual(rig.clock.now() + 10 * MINUTE);
  });

  test('leaves its target failed while it waits, with what went wrong', async () => {
    rig.put(rig.mint(50));
    refuse('UnauthorizedOperation');
    await rig.pass();
    const { state, wakeAt } = await rig.pass();
    expect(state).toMatchObject({ state: 'failed', error: { code: 'ERR_CLOUDBASE_DENIED' }, retry: { failures: 1 } });
    expect(wakeAt).toBe(((await lanes())[LANE]?.closedUntil ?? 0) + MINUTE);
    expect(rig.writes()).toHaveLength(1);
  });
});

describe('a closed lane', () => {
  beforeEach(closeLane);

  test('holds back a renewal, says until when and why, and wakes the target then', async () => {
    rig.put(rig.mint(50));
    const { state, waitsFor, wakeAt, outcome } = await rig.pass();
    expect([outcome, wakeAt]).toEqual([null, (await lanes())[LANE]?.closedUntil]);
    expect(state).toMatchObject({ state: 'due', reason: 'RenewalDue', error: { code: 'ERR_LANE_CLOSED' } });
    expect(said(state.error)?.message).toMatch(
      /pause until 2\S+ \d\d:\d\d UTC, because the last write ended badly: CloudBase answered the write with success/,
    );
    expect(waitsFor?.code).toBe('ERR_LANE_CLOSED');
    expect([await rig.rotations(), rig.writes()]).toEqual([[], []]);
    rig.clock.pass(HOUR);
    expect((await rig.pass()).state.state).toBe('rotated');
  });

  test('lets through what is urgent, and a good write opens it', async () => {
    expect((await rig.pass()).state.state).toBe('rotated');
    expect(await lanes()).toEqual({});
  });

  test('lets through what was asked for', async () => {
    rig.put(rig.mint(120));
    expect((await rig.pass({ force: true })).state.state).toBe('rotated');
  });
});

describe('the turn of the lane', () => {
  test('is asked for with what is known: urgency, request, expiry', async () => {
    const ranks: WriteRank[] = [];
    const lane = slowLane(() => undefined, ranks);
    await rig.pass({}, { tools: { lane } });
    rig.put(rig.mint(50));
    await rig.pass({ force: true }, { tools: { lane } });
    rig.put('');
    rig.clock.pass(2 * DAY);
    await rig.pass({}, { tools: { lane } });
    const expiry = expect.any(Number);
    expect(ranks).toEqual([
      { failedAt: null, urgent: true, requested: false, neededBy: expiry },
      { failedAt: null, urgent: false, requested: true, neededBy: expiry },
      { failedAt: null, urgent: false, requested: false, neededBy: Number.POSITIVE_INFINITY },
    ]);
  });

  test('comes last for a target whose last write ended badly', async () => {
    refuse('InternalError');
    await rig.pass();
    const ranks: WriteRank[] = [];
    await rig.pass({}, { tools: { lane: slowLane(() => undefined, ranks) } });
    expect(ranks).toMatchObject([{ failedAt: (await rig.rotations()).at(-1)?.finishedAt }]);
  });

  test('that comes late finds the key as it is then', async () => {
    const useKey = (keyId: string) => {
      const key = rig.world.appleKeys.generate({ teamId: IDS.teamId, keyId, clientIds: [IDS.clientId] });
      writeFileSync(rig.keyFile, JSON.stringify({ ...IDS, keyId, privateKey: key.privateKeyPem }));
    };
    useKey('KEYCCCCCCC');
    const lane = slowLane(() => {
      rig.clock.pass(11_000);
      useKey('KEYBBBBBBB');
    });
    const { state } = await rig.pass({}, { tools: { lane }, target: { ids: {} } });
    expect(state.error).toBeNull();
    expect(state.written?.keyId).toBe('KEYBBBBBBB');
  });

  test('that comes late writes nothing where nothing is due any more', async () => {
    const lane = slowLane(() => {
      rig.clock.pass(11_000);
      rig.put(rig.mint(170));
    });
    const { state, outcome } = await rig.pass({}, { tools: { lane } });
    expect([state.state, outcome]).toEqual(['healthy', null]);
    expect([rig.writes(), await rig.rotations()]).toEqual([[], []]);
  });

  test('that comes at once needs no second look', async () => {
    await rig.pass({}, { tools: { lane: slowLane(() => rig.clock.pass(8_900)) } });
    // One to decide, one right before the push, one to read back.
    expect(rig.reads()).toHaveLength(3);
  });

  test('that comes when another process has taken the target over is passed on', async () => {
    await rig.pass();
    const before = await rig.state();
    rig.put(rig.mint(25));
    rig.clock.pass(8 * DAY);
    const lane = slowLane(async () => {
      await rig.journal.acquireLease(rig.target.key, 'another');
    });
    const { waitsFor, wakeAt } = await rig.pass({}, { tools: { lane } });
    expect([waitsFor?.code, wakeAt]).toEqual(['ERR_LEASE_HELD', rig.clock.now() + MINUTE]);
    expect(rig.writes()).toHaveLength(1);
    expect(await rig.state()).toEqual(before);
  });

  test('that comes after another process has rotated the target finds what that one wrote', async () => {
    let turns = 0;
    const lane = slowLane(async () => {
      turns += 1;
      if (turns === 1) await rig.pass();
    });
    const { state, outcome } = await rig.pass({ leaseWaitMs: MINUTE }, { tools: { lane } });
    expect([state.state, outcome, turns]).toEqual(['healthy', null, 1]);
    expect(state.written?.fingerprint).toBe(fingerprint(rig.secret()));
    expect([(await rig.rotations()).length, rig.writes().length]).toEqual([1, 1]);
  });

  test('leaves the target to another process that has rotated it meanwhile, where nobody waits for it', async () => {
    const lane = slowLane(async () => void (await rig.pass()));
    const { waitsFor, wakeAt, state } = await rig.pass({}, { tools: { lane } });
    expect([waitsFor?.code, wakeAt]).toEqual(['ERR_LEASE_HELD', rig.clock.now() + MINUTE]);
    expect(state.written?.fingerprint).toBe(fingerprint(rig.secret()));
    expect(rig.writes()).toHaveLength(1);
  });

  test('that does not come before a stop drops the pass', async () => {
    const stopping = new AbortController();
    const lane: LaneTurns = {
      look: (_signal, work) => work(),
      write: async (_rank, signal) => {
        stopping.abort(new Error('stopping'));
        signal.throwIfAborted();
        throw new TypeError('not stopped');
      },
    };
    const { state, waitsFor } = await rig.pass({ drop: stopping.signal }, { tools: { lane } });
    expect([waitsFor?.code, state.retry.failures]).toEqual(['ERR_INTERRUPTED', 0]);
  });
});

test('a window that holds a renewal back names when it opens', async () => {
  rig.put(rig.mint(50));
  const opens = rig.clock.now() + 3 * HOUR;
  const window = { isOpen: () => false, nextOpening: () => opens };
  const policy = { lifetimeMs: 180 * DAY, renewBeforeMs: 60 * DAY, window };
  const { state, wakeAt } = await rig.pass({}, { target: { policy } });
  expect([state.state, wakeAt]).toEqual(['due', opens]);
});

test('a write that a crash cut off is settled in the lane’s turn, before all others', async () => {
  const ranks: WriteRank[] = [];
  await rig.pass();
  const [row] = await rig.rotations();
  await rig.journal.commit({
    rotation: { ...(row ?? never()), id: rig.tools.newId(), outcome: null, finishedAt: null },
  });
  await rig.pass({}, { tools: { lane: slowLane(() => undefined, ranks) } });
  expect(ranks).toEqual([{ failedAt: null, urgent: true, requested: false, neededBy: 0 }]);
  expect((await rig.rotations()).every(({ outcome }) => outcome !== null)).toBe(true);
  expect(rig.world.providers.get(ENV_ID, 'apple')).toMatchObject({ Config: { ClientId: IDS.clientId } });
});

function never(): never {
  throw new TypeError('there is no row');
}
