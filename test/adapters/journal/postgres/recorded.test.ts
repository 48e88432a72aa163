// What a change of the alert book may ask for at once is read when it is asked for, and not one row after another.
import { expect, test } from 'vitest';
import { type RecordedRows, withRecorded } from '../../../../src/adapters/journal/postgres/recorded.ts';
import { EMPTY_FLEET } from '../../../../src/core/records.ts';
import { aTarget, NOW } from '../../../support/journal.ts';

/** So many targets in the order of their writing, and what was read of them. */
function rowsOf(count: number) {
  const states = Array.from({ length: count }, (_, i) => aTarget({ name: `t${i}` }));
  const reads: string[] = [];
  const source = {};
  const rows: RecordedRows = {
    async target(key) {
      reads.push('target');
      return states.find((state) => state.key === key);
    },
    async named(name) {
      reads.push('named');
      return states.findLast((state) => state.name === name);
    },
    async changedSince(revision, limit) {
      reads.push('page');
      const from = revision?.number ?? 0;
      const page = states.slice(from, from + limit);
      return { revision: { source, number: from + page.length }, states: page };
    },
    fleet: async () => EMPTY_FLEET,
  };
  return { states, rows, reads };
}

test('one target is read alone, and many as all', async () => {
  const { states, rows, reads } = rowsOf(1200);
  const [first] = states;
  const keys = states.map(({ key }) => key);
  expect(await withRecorded(rows, (recorded) => recorded.target(keys[0] ?? ''))).toBe(first);
  expect(reads.splice(0)).toEqual(['target']);
  expect(await withRecorded(rows, (recorded) => keys.map((key) => recorded.target(key)))).toEqual(states);
  expect(reads.splice(0)).toEqual(['target', 'page', 'page', 'page']);
  expect(await withRecorded(rows, (recorded) => recorded.target('none'))).toBeUndefined();
});

test('of two targets of one name the one that was written last counts, read alone or with all', async () => {
  const { states, rows } = rowsOf(3);
  const last = aTarget({ name: 't0', key: 'moved', lastPassAt: NOW });
  states.push(last);
  expect(await withRecorded(rows, (recorded) => recorded.named('t0'))).toBe(last);
  expect(await withRecorded(rows, (recorded) => ['t1', 't2', 't0'].map((name) => recorded.named(name)))).toEqual([
    states[1],
    states[2],
    last,
  ]);
});

test('a change that throws is not made again', async () => {
  const { rows } = rowsOf(1);
  const fault = new Error('not this time');
  let runs = 0;
  const failing = () => {
    runs += 1;
    throw fault;
  };
  await expect(withRecorded(rows, failing)).rejects.toBe(fault);
  expect(runs).toBe(1);
});
