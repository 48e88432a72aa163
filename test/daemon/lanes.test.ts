// The turns of a lane: a few looks at a time, one write at a time, in the order of their ranks.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Turns } from '../../src/core/journal-ports.ts';
import type { WriteRank } from '../../src/core/lanes.ts';
import { Lanes, type LaneTools } from '../../src/daemon/lanes.ts';
import { HandClock } from '../support/clock.ts';

const CALM: WriteRank = { failedAt: null, urgent: false, requested: false, neededBy: 10 };
const NEVER = new AbortController().signal;

/** Of a process that shares its lanes with nobody. */
function alone(journal: Partial<Turns> = {}): LaneTools {
  const turns = { takeTurn: async () => true, endTurn: async () => undefined, ...journal };
  return { clock: new HandClock(), journal: turns, leaseHolder: 'test:', newId: () => 'id' };
}

function laneOf(width: number, tools = alone()) {
  return new Lanes().lane('a', width, tools);
}

/** Work that lasts until it is ended by hand, and what of it has begun. */
function works() {
  const begun: string[] = [];
  const ends = new Map<string, (outcome: 'well' | 'badly') => void>();
  const work = (name: string) => () =>
    new Promise<string>((resolve, reject) => {
      begun.push(name);
      ends.set(name, (outcome) => (outcome === 'well' ? resolve(name) : reject(new Error(name))));
    });
  const end = async (name: string, outcome: 'well' | 'badly' = 'well') => {
    ends.get(name)?.(outcome);
    await turn();
  };
  return { begun, work, end };
}

describe('looks', () => {
  test('a few at a time, then in the order in which they came', async () => {
    const { begun, work, end } = works();
    const lane = laneOf(2);
    const all = ['1', '2', '3', '4'].map((name) => lane.look(NEVER, work(name)));
    await turn();
    expect(begun).toEqual(['1', '2']);
    await end('2');
    expect(begun).toEqual(['1', '2', '3']);
    for (const name of ['1', '3', '4']) await end(name);
    expect(await Promise.all(all)).toEqual(['1', '2', '3', '4']);
  });

  test('do not wait for a write, nor for another lane', async () => {
    const { begun, work, end } = works();
    const lanes = new Lanes();
    const all = [
      lanes.lane('a', 1, alone()).write(CALM, NEVER, work('write')),
      lanes.lane('a', 1, alone()).look(NEVER, work('look')),
      lanes.lane('b', 1, alone()).look(NEVER, work('elsewhere')),
    ];
    await turn();
    expect([...begun].sort()).toEqual(['elsewhere', 'look', 'write']);
    for (const name of begun) await end(name);
    await Promise.all(all);
  });
});

describe('writes', () => {
  test('one at a time, by rank, and among equals in the order in which they came', async () => {
    const { begun, work, end } = works();
    const lane = laneOf(5);
    const running = lane.write(CALM, NEVER, work('running'));
    await turn();
    const ranks: [string, Partial<WriteRank>][] = [
      ['failed last', { failedAt: 1, urgent: true }],
      ['calm', {}],
      ['calm too', {}],
      ['asked for', { requested: true }],
      ['urgent', { urgent: true }],
      ['most urgent', { urgent: true, neededBy: 0 }],
    ];
    const all = ranks.map(([name, rank]) => lane.write({ ...CALM, ...rank }, NEVER, work(name)));
    await turn();
    expect(begun).toEqual(['running']);
    for (let i = 0; i <= ranks.length; i += 1) await end(begun[i] ?? '');
    await Promise.all([running, ...all]);
    expect(begun).toEqual(['running', 'most urgent', 'urgent', 'asked for', 'calm', 'calm too', 'failed last']);
  });

  test('of a target whose last one failed wait until no look of the lane is left', async () => {
    const { begun, work, end } = works();
    const lane = laneOf(1);
    const looks = ['look', 'look too'].map((name) => lane.look(NEVER, work(name)));
    const failed = lane.write({ ...CALM, failedAt: 1 }, NEVER, work('failed before'));
    await turn();
    await end('look');
    expect(begun).toEqual(['look', 'look too']);
    const calm = lane.write(CALM, NEVER, work('calm'));
    await turn();
    expect(begun).toEqual(['look', 'look too', 'calm']);
    await end('calm');
    expect(begun).toHaveLength(3);
    await end('look too');
    await end('failed before');
    await Promise.all([...looks, failed, calm]);
    expect(begun).toEqual(['look', 'look too', 'calm', 'failed before']);
  });

  test('go on after one that throws', async () => {
    const { work, end } = works();
    const lane = laneOf(1);
    const fails = expect(lane.write(CALM, NEVER, work('fails'))).rejects.toThrow('fails');
    const next = lane.write(CALM, NEVER, work('next'));
    await turn();
    await end('fails', 'badly');
    await end('next');
    await fails;
    expect(await next).toBe('next');
  });

  test('that are given up while they wait leave the queue', async () => {
    const { begun, work, end } = works();
    const lane = laneOf(1);
    const gone = new AbortController();
    const first = lane.write(CALM, NEVER, work('first'));
    const given = expect(lane.write(CALM, gone.signal, work('given up'))).rejects.toThrow('stopping');
    const last = lane.write(CALM, NEVER, work('last'));
    gone.abort(new Error('stopping'));
    await given;
    await end('first');
    await end('last');
    expect(await Promise.all([first, last])).toEqual(['first', 'last']);
    expect(begun).toEqual(['first', 'last']);
  });

  test('that are given up in the moment in which their turn comes pass it on', async () => {
    const { begun, work } = works();
    const lane = laneOf(1);
    const gone = new AbortController();
    const first = Promise.withResolvers<void>();
    void lane.write(CALM, NEVER, () => first.promise);
    const given = expect(lane.write(CALM, gone.signal, work('given up'))).rejects.toThrow('stopping');
    void lane.write(CALM, NEVER, work('last'));
    gone.abort(new Error('stopping'));
    first.resolve();
    await given;
    await turn();
    expect(begun).toEqual(['last']);
  });
});

describe('beside another process', () => {
  /** A journal in which another process has the turn until it is told to end it. */
  function shared() {
    const clock = new HandClock();
    const asked: WriteRank[] = [];
    let [isFree, ended, lose] = [false, 0, () => {}];
    const tools = alone({
      takeTurn: async (_lane, _token, rank, onLost = () => undefined) => {
        asked.push(rank);
        lose = onLost;
        return isFree;
      },
      endTurn: async () => {
        ended += 1;
      },
    });
    const lane = laneOf(1, { ...tools, clock });
    return { clock, lane, asked, free: () => (isFree = true), lose: () => lose(), ended: () => ended };
  }

  test('a write asks every quarter of a second until it is its turn', async () => {
    const { begun, work, end } = works();
    const { clock, lane, asked, free, ended } = shared();
    const write = lane.write(CALM, NEVER, work('write'));
    await clock.advance(600);
    expect([asked.length, begun]).toEqual([3, []]);
    free();
    await clock.advance(150);
    expect(begun).toEqual(['write']);
    await end('write');
    expect([await write, ended()]).toEqual(['write', 1]);
  });

  test('the first in line asks, at once where a more urgent one comes', async () => {
    const { begun, work, end } = works();
    const { clock, lane, asked, free, ended } = shared();
    const urgent = { ...CALM, urgent: true };
    const all = [lane.write(CALM, NEVER, work('calm'))];
    await clock.advance(0);
    all.push(lane.write(urgent, NEVER, work('urgent')), lane.write(CALM, NEVER, work('calm too')));
    await clock.advance(0);
    expect(asked).toEqual([CALM, urgent]);
    free();
    await clock.advance(1_000);
    for (const name of ['urgent', 'calm', 'calm too']) await end(name);
    await Promise.all(all);
    // Each write hands its turn on to the next one.
    expect([begun, ended()]).toEqual([['urgent', 'calm', 'calm too'], 1]);
  });

  test('the line is left by a process of which no write waits any more', async () => {
    const { clock, lane, ended } = shared();
    const gone = new AbortController();
    const given = expect(lane.write(CALM, gone.signal, async () => 'written')).rejects.toThrow('stopping');
    await clock.advance(0);
    gone.abort(new Error('stopping'));
    await given;
    await clock.advance(0);
    expect(ended()).toBe(1);
  });

  test('a turn that is lost aborts the signal of the write', async () => {
    const { clock, lane, free, lose } = shared();
    free();
    const ends = Promise.withResolvers<void>();
    let turnOf: AbortSignal | undefined;
    const write = lane.write(CALM, NEVER, async (turn) => {
      turnOf = turn;
      await ends.promise;
    });
    await clock.advance(0);
    expect(turnOf?.aborted).toBe(false);
    lose();
    expect(turnOf?.reason).toMatchObject({ code: 'ERR_LEASE_LOST' });
    ends.resolve();
    await write;
  });

  test('a write fails with the journal that cannot be asked, and the next one asks again', async () => {
    const fails = [true, false];
    const lane = laneOf(1, alone({ takeTurn: async () => (fails.shift() ? Promise.reject(new Error('full')) : true) }));
    const first = expect(lane.write(CALM, NEVER, async () => 'first')).rejects.toThrow('full');
    const next = lane.write(CALM, NEVER, async () => 'next');
    await first;
    expect(await next).toBe('next');
  });
});
