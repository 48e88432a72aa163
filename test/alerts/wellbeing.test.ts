// What the heartbeat is told: of the service itself, and of what is critical. A message that waits counts from the
// fifteenth minute.
import { describe, expect, test } from 'vitest';
import type { Surroundings } from '../../src/alerts/detect/service.ts';
import { wellbeing } from '../../src/alerts/wellbeing.ts';
import type { Finding } from '../../src/core/alerts/conditions.ts';
import { type AlertBook, EMPTY_BOOK } from '../../src/core/alerts/records.ts';
import { MINUTE } from '../../src/core/time.ts';
import { TOKEN_URL } from '../support/alert-facts.ts';
import { failing, Life, route, stalled } from '../support/alert-life.ts';
import { aChannel } from '../support/alert-rows.ts';
import { NOW } from '../support/builders.ts';

const WELL: Surroundings = {
  configuredAt: 0,
  now: NOW,
  targets: new Map(),
  configured: new Map(),
  misconfigured: [],
  longestTickGapMs: 60 * MINUTE,
  tokenUrl: TOKEN_URL,
  journal: { path: './data/journal.db', degraded: undefined, exposed: [] },
  skewMs: undefined,
  since: NOW,
  configurationRejected: null,
  scheduler: { alive: true, lastTurnAt: NOW },
  replicas: null,
  isSweeping: false,
};

/** The book after a look. */
const bookOf = (...findings: readonly Finding[]): AlertBook => {
  const life = new Life();
  life.look(findings);
  return life.book;
};
const { policy } = new Life(['ops', 'mail', 'pager'].map((name) => route(name)));
const critical = { severity: 'critical' } as const;

test('where nothing is wrong nothing is said', () => {
  expect(wellbeing(EMPTY_BOOK, policy, WELL)).toEqual({ troubles: [], critical: [] });
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
    expect(wellbeing(EMPTY_BOOK, policy, { ...WELL, ...change }).troubles).toEqual(troubles);
  });

  test('once a channel has failed for a quarter of an hour while something is to be told over it, a line a channel', () => {
    const since = { ops: 40 * MINUTE, mail: 15 * MINUTE - 1, pager: 15 * MINUTE };
    const channels = Object.entries(since).map(([name, ms]) => aChannel(name, { failures: 3, failingSince: NOW - ms }));
    expect(wellbeing({ ...bookOf(stalled()), channels }, policy, WELL).troubles).toEqual([
      'an alert has waited 40 minutes for channel ops',
      'an alert has waited 15 minutes for channel pager',
    ]);
    expect(wellbeing({ ...EMPTY_BOOK, channels }, policy, WELL).troubles).toEqual([]);
  });

  test('but not for what is wrong with a target', () => {
    expect(wellbeing(bookOf(failing('shop', critical)), policy, WELL).troubles).toEqual([]);
  });
});

describe('critical', () => {
  test('is named with its target, in a steady order', () => {
    const found = bookOf(failing('web', critical), stalled(), failing('shop', critical));
    expect(wellbeing(found, policy, WELL).critical).toEqual([
      'RenewalFailing shop',
      'RenewalFailing web',
      'SchedulerStalled',
    ]);
  });

  test('is no warning', () => {
    const found = bookOf(failing('web'));
    expect(wellbeing(found, policy, WELL).critical).toEqual([]);
  });
});
