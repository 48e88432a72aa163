// What the heartbeat is told: of the service itself, and of what is critical. A message that waits counts from the
// fifteenth minute.
import { describe, expect, test } from 'vitest';
import type { Surroundings } from '../../src/alerts/watch.ts';
import { wellbeing } from '../../src/alerts/wellbeing.ts';
import type { Finding } from '../../src/core/alerts/conditions.ts';
import { type AlertBook, type ConditionRecord, type Delivery, EMPTY_BOOK } from '../../src/core/alerts/records.ts';
import { MINUTE } from '../../src/core/time.ts';
import { TOKEN_URL } from '../support/alert-facts.ts';
import { failing, stalled } from '../support/alert-life.ts';
import { NOW } from '../support/builders.ts';

const WELL: Surroundings = {
  since: 0,
  now: NOW,
  targets: new Map(),
  configured: new Map(),
  misconfigured: [],
  longestTickGapMs: 60 * MINUTE,
  tokenUrl: TOKEN_URL,
  journal: { path: './data/journal.db', degraded: undefined, exposed: [] },
  skewMs: undefined,
  startedAt: NOW,
  configurationRejected: null,
  scheduler: { alive: true, lastTurnAt: NOW },
};

const waiting = (channel: string, at: number): Delivery => ({
  id: `${channel} ${at}`,
  channel,
  at,
  subject: { kind: 'test' },
});
const open = (finding: Finding, raisedAt: number | null = NOW): ConditionRecord => ({
  finding,
  foundAt: NOW,
  raisedAt,
  toldAt: raisedAt,
  told: {},
});
const book = (change: Partial<AlertBook>): AlertBook => ({ ...EMPTY_BOOK, ...change });
const critical = { severity: 'critical' } as const;

test('where nothing is wrong nothing is said', () => {
  expect(wellbeing(EMPTY_BOOK, WELL)).toEqual({ troubles: [], critical: [] });
});

describe('the service itself is not well', () => {
  const error = {
    code: 'ERR_JOURNAL_UNWRITABLE',
    message: 'https://token.example is no reason',
    hint: 'Look.',
  } as const;
  const degraded = { error, since: 0 };
  test.each<[string, Partial<Surroundings>, string[]]>([
    [
      'while its journal cannot be written',
      { journal: { ...WELL.journal, degraded } },
      ['the journal cannot be written'],
    ],
    ['while its scheduler stands', { scheduler: { alive: false, lastTurnAt: 0 } }, ['the scheduler hangs']],
    ['but not for want of one, in `once`', { scheduler: undefined }, []],
  ])('%s', (_name, change, troubles) => {
    expect(wellbeing(EMPTY_BOOK, { ...WELL, ...change }).troubles).toEqual(troubles);
  });

  test('once an alert has waited for a quarter of an hour, by its oldest, a line a channel', () => {
    const deliveries = [
      waiting('ops', NOW - 16 * MINUTE),
      waiting('ops', NOW - 40 * MINUTE),
      waiting('mail', NOW - 15 * MINUTE + 1),
      waiting('pager', NOW - 15 * MINUTE),
    ];
    expect(wellbeing(book({ deliveries }), WELL).troubles).toEqual([
      'an alert has waited 40 minutes for channel ops',
      'an alert has waited 15 minutes for channel pager',
    ]);
  });

  test('but not for what is wrong with a target', () => {
    expect(wellbeing(book({ conditions: [open(failing('shop', critical))] }), WELL).troubles).toEqual([]);
  });
});

describe('critical', () => {
  test('is named with its target, in a steady order', () => {
    const conditions = [open(failing('web', critical)), open(stalled()), open(failing('shop', critical))];
    expect(wellbeing(book({ conditions }), WELL).critical).toEqual([
      'RotationFailing shop',
      'RotationFailing web',
      'SchedulerStalled',
    ]);
  });

  test('is neither a warning nor what is held back still', () => {
    const conditions = [open(failing('web')), open(failing('shop', critical), null)];
    expect(wellbeing(book({ conditions }), WELL).critical).toEqual([]);
  });
});
