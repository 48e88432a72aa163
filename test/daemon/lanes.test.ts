// The turns of a lane: a few looks at a time, one write at a time, in the order of their ranks.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { WriteRank } from '../../src/core/lanes.ts';
import { Lanes } from '../../src/daemon/lanes.ts';

const CALM: WriteRank = { failedAt: null, urgent: false, requested: false, neededBy: 10 };
const NEVER = new AbortController().signal;

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
    const lane = new Lanes().lane('a', 2);
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
      lanes.lane('a', 1).write(CALM, NEVER, work('write')),
      lanes.lane('a', 1).look(NEVER, work('look')),
      lanes.lane('b', 1).look(NEVER, work('elsewhere')),
    ];
    await turn();
    expect(begun).toEqual(['write', 'look', 'elsewhere']);
    for (const name of begun) await end(name);
    await Promise.all(all);
  });
});

describe('writes', () => {
  test('one at a time, by rank, and among equals in the order in which they came', async () => {
    const { begun, work, end } = works();
    const lane = new Lanes().lane('a', 5);
    const ranks: [string, Partial<WriteRank>][] = [
      ['running', {}],
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
    for (let i = 0; i < ranks.length; i += 1) await end(begun[i] ?? '');
    await Promise.all(all);
    expect(begun).toEqual(['running', 'most urgent', 'urgent', 'asked for', 'calm', 'calm too', 'failed last']);
  });

  test('of a target whose last one failed wait until no look of the lane is left', async () => {
    const { begun, work, end } = works();
    const lane = new Lanes().lane('a', 1);
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
    const lane = new Lanes().lane('a', 1);
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
    const lane = new Lanes().lane('a', 1);
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
    const lane = new Lanes().lane('a', 1);
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
