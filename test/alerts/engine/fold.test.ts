// What waits in the outbox, folded into what is worth saying: a table of sequences, and the law that every row is
// accounted for exactly once.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextBatch, outdated } from '../../../src/alerts/engine/fold.ts';
import type { Delivery, DeliverySubject } from '../../../src/core/alerts/records.ts';
import { HOUR } from '../../../src/core/time.ts';
import { failing } from '../../support/alert-life.ts';
import { NOW } from '../../support/builders.ts';

type Status = Extract<DeliverySubject, { kind: 'condition' }>['status'];

let count = 0;

function row(
  status: Status,
  change: { name?: string; at?: number; thread?: string; closes?: string[] } = {},
): Delivery {
  const { name = 'shop', at = NOW, closes = [] } = change;
  const finding = failing(name);
  const ended = status === 'cleared';
  const subject = { kind: 'condition', status, finding, since: at, until: ended ? at : null, closes } as const;
  return { id: `row-${++count}`, channel: 'ops', at, subject: { ...subject, thread: change.thread ?? finding.id } };
}

describe('the rows of one condition become one', () => {
  test.each<[string, Status[], Status]>([
    ['a raise', ['raised'], 'raised'],
    ['a raise and its reminder', ['raised', 'repeated'], 'raised'],
    ['a raise that got worse before anybody heard of it', ['raised', 'escalated'], 'raised'],
    ['a raise that ended before anybody heard of it', ['raised', 'cleared'], 'ended'],
    ['one that got worse and ended before anybody heard of it', ['raised', 'escalated', 'cleared'], 'ended'],
    ['one that ended and came back before anybody heard of it', ['raised', 'cleared', 'raised'], 'raised'],
    ['an all-clear', ['cleared'], 'cleared'],
    ['a reminder and the end', ['repeated', 'cleared'], 'cleared'],
    ['an escalation and the end', ['escalated', 'cleared'], 'cleared'],
    ['an escalation and its reminder', ['escalated', 'repeated'], 'escalated'],
    ['an end that did not last', ['cleared', 'raised'], 'raised'],
    ['an end that did not last, and came again', ['cleared', 'raised', 'cleared'], 'cleared'],
  ])('%s', (_name, statuses, folded) => {
    const batch = nextBatch(statuses.map((status) => row(status)));
    expect(batch?.subjects).toMatchObject([{ status: folded }]);
    expect(batch?.deliveries).toHaveLength(statuses.length);
  });

  test('"was failing from … to …" begins with the raise', () => {
    const batch = nextBatch([
      row('raised'),
      row('repeated', { at: NOW + HOUR }),
      row('cleared', { at: NOW + 2 * HOUR }),
    ]);
    expect(batch?.subjects).toMatchObject([{ status: 'ended', since: NOW, until: NOW + 2 * HOUR }]);
  });

  test('rows of different conditions stay apart', () => {
    const batch = nextBatch([row('raised'), row('raised', { name: 'web' }), row('cleared')]);
    expect(batch?.subjects).toMatchObject([{ status: 'ended' }, { status: 'raised' }]);
  });

  test('a thread that was left and is used again does not close', () => {
    const batch = nextBatch([row('cleared', { thread: 't', closes: ['t'] }), row('raised', { thread: 't' })]);
    expect(batch?.subjects).toMatchObject([{ status: 'raised', closes: [] }]);
    const apart = nextBatch([
      row('cleared', { thread: 't', closes: ['t'] }),
      row('raised', { name: 'web', thread: 't' }),
    ]);
    expect(apart?.subjects).toMatchObject([{ closes: [] }, { closes: [] }]);
  });
});

describe('the next message', () => {
  const other = (kind: 'digest' | 'test'): Delivery => {
    const digest = { version: '1', targets: 1, states: {}, renewals: [], open: [], openTotal: 0 };
    return { id: `row-${++count}`, channel: 'ops', at: NOW, subject: kind === 'test' ? { kind } : { kind, digest } };
  };

  test('is none where nothing waits', () => {
    expect(nextBatch([])).toBeUndefined();
  });

  test('is alerts before a digest before a test', () => {
    const rows = [other('test'), other('digest'), row('raised')];
    expect(nextBatch(rows)?.kind).toBe('alert');
    expect(nextBatch(rows.slice(0, 2))?.kind).toBe('digest');
    expect(nextBatch(rows.slice(0, 1))?.kind).toBe('test');
  });

  test('is one digest where several wait', () => {
    const rows = [other('digest'), other('digest')];
    expect(nextBatch(rows)).toMatchObject({ subjects: [rows[1]?.subject], deliveries: rows.map(({ id }) => id) });
  });

  test('accounts for every row of its kind exactly once, whatever the sequence', () => {
    const statuses = fc.constantFrom<Status>('raised', 'repeated', 'escalated', 'cleared');
    const rows = fc.array(fc.record({ status: statuses, name: fc.constantFrom('a', 'b') }), { minLength: 1 });
    fc.assert(
      fc.property(rows, (given) => {
        const waiting = given.map(({ status, name }) => row(status, { name }));
        const batch = nextBatch(waiting);
        expect(batch?.deliveries).toEqual(waiting.map(({ id }) => id));
        expect(batch?.subjects).toHaveLength(new Set(given.map(({ name }) => name)).size);
      }),
    );
  });
});

describe('what is given up after a week', () => {
  const week = 7 * 24 * HOUR;

  test('is what tells of nothing that lasts', () => {
    const rows = [row('raised'), row('cleared')];
    expect(outdated(rows, NOW + week)).toEqual([]);
    expect(outdated(rows, NOW + week + 1)).toEqual(rows.map(({ id }) => id));
  });

  test('is never a condition that lasts', () => {
    const rows = [
      row('raised'),
      row('cleared'),
      row('raised', { at: NOW + HOUR }),
      row('escalated', { at: NOW + HOUR }),
    ];
    expect(outdated(rows, NOW + 100 * week)).toEqual([]);
  });
});
