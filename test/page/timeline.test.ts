// What the drawing of a target's client secrets and the calendar are made from.
import { describe, expect, test } from 'vitest';
import { PAGE_EN } from '../../src/core/texts/en/page.ts';
import type { TimelineView } from '../../src/http/page-schemas.ts';
import { proofOf } from '../../src/page/rotations.tsx';
import { livesOf, type Moment, momentsOf } from '../../src/page/timeline.tsx';
import { renewalsByDay } from '../../src/page/views.tsx';
import { inDays, NOW, row } from './rows.ts';

function rotation(day: number, change: Partial<TimelineView['rotations'][number]> = {}) {
  return {
    id: `rotation of day ${day}`,
    target: 'shop',
    envId: 'env-shop',
    reason: 'RenewalDue',
    trigger: 'schedule',
    requestedBy: null,
    keyId: 'K1L2M3N4O5',
    fingerprint: String(day).repeat(4),
    issuedAt: inDays(day),
    expiresAt: inDays(day + 180),
    previousFingerprint: null,
    previousExpiresAt: null,
    startedAt: inDays(day),
    finishedAt: inDays(day),
    outcome: 'succeeded',
    appleCheck: { candidate: 'accepted', deployed: 'accepted' },
    requestIds: [],
    proof: null,
    settles: null,
    error: null,
    ...change,
  } satisfies TimelineView['rotations'][number];
}

const timeline = (change: Partial<TimelineView>): TimelineView => ({
  target: row('shop'),
  evidence: [],
  error: null,
  windows: [],
  replaced: null,
  rejections: [],
  changes: [],
  differs: [],
  rotations: [],
  ...change,
});

test('every secret that arrived and overlaps the span is drawn, the deployed one once', () => {
  const rotations = [
    rotation(-80),
    rotation(-90, { outcome: 'failed' }),
    rotation(-200),
    rotation(-400),
    rotation(-20, { outcome: 'unverified', expiresAt: inDays(160) }),
  ];
  expect(livesOf(timeline({ rotations }), NOW).map(({ from, isDeployed }) => [from, isDeployed])).toEqual([
    [Date.parse(inDays(-200)), false],
    [Date.parse(inDays(-80)), true],
    [Date.parse(inDays(-20)), false],
  ]);
});

test('a hidden secret of which only the expiry is known is drawn from the edge', () => {
  const lives = livesOf(timeline({ target: row('shop', { issuedAt: null }) }), NOW);
  expect(lives).toEqual([
    { key: 'deployed', from: Date.parse(inDays(-180)), until: Date.parse(inDays(100)), isDeployed: true },
  ]);
});

test('what happened and what is to come stands in order; what lies outside of the span is left out', () => {
  const found = momentsOf(
    timeline({
      target: row('shop', { plannedAt: inDays(41), expiresAt: inDays(181) }),
      rotations: [rotation(-80), rotation(-181), rotation(-1, { outcome: 'rolled-back', reason: 'Requested' })],
      replaced: { at: inDays(-30), kind: 'other' },
      rejections: [{ since: inDays(-3), at: inDays(-2), by: 'apple' }],
      changes: [{ path: 'Scope', by: 'somebody-else', at: inDays(-29) }],
    }),
    NOW,
    PAGE_EN,
  );
  expect(found.map(({ at, text }) => [Math.round((at - NOW) / 86_400_000), text])).toEqual([
    [-80, 'rotation: succeeded (renewal was due)'],
    [-80, 'issued'],
    [-30, 'somebody else’s client secret was found in place of ours'],
    [-29, 'Scope: changed by somebody else'],
    [-3, 'Apple rejects the deployed client secret'],
    [-1, 'rotation: rolled back (requested by hand)'],
    [40, 'renewal due'],
    [41, 'planned renewal, when the window opens'],
    [55, 'warning threshold'],
    [80, 'critical threshold'],
  ]);
});

describe('what rotations met and was over before the last', () => {
  const rejected = { appleCheck: { candidate: 'accepted', deployed: 'rejected' } } as const;
  const found = (change: Partial<TimelineView>, kind: Moment['kind']) =>
    momentsOf(timeline(change), NOW, PAGE_EN).flatMap((each) =>
      each.kind === kind ? Math.round((each.at - NOW) / 86_400_000) : [],
    );

  test('a rejection of the deployed secret, once for all attempts in a row', () => {
    const rotations = [
      rotation(-9, { ...rejected, reason: 'RejectedByApple' }),
      rotation(-10, { ...rejected, outcome: 'failed' }),
      rotation(-50, rejected),
    ];
    expect(found({ rotations }, 'rejected')).toEqual([-50, -10]);
    const rejections = [{ since: inDays(-11), at: inDays(-8), by: 'apple' as const }];
    expect(found({ rotations, rejections }, 'rejected')).toEqual([-50, -11]);
  });

  test('a secret of somebody else in place of ours', () => {
    const rotations = [
      rotation(-9, { previousFingerprint: '-50'.repeat(4) }),
      rotation(-10, { previousFingerprint: 'a'.repeat(64) }),
      rotation(-20, { previousFingerprint: '-50'.repeat(4) }),
      rotation(-30, { previousFingerprint: 'a'.repeat(64), outcome: 'failed' }),
      rotation(-31, { previousFingerprint: 'a'.repeat(64), outcome: 'failed' }),
      rotation(-50, { previousFingerprint: 'of the set-up' }),
    ];
    expect(found({ rotations }, 'replaced')).toEqual([-31, -10]);
    expect(found({ rotations, replaced: { at: inDays(-12), kind: 'other' } }, 'replaced')).toEqual([-31, -12]);
  });
});

test.each([
  [null, 'Apple accepts it'],
  [{ readBack: 'seen', apple: 'accepted', loginCheck: 'not-asked' }, 'read back, Apple accepts it'],
  [
    { readBack: 'not-shown', apple: 'unknown', loginCheck: 'unknown' },
    'not shown, Apple: unknown, login check: unknown',
  ],
  [
    { readBack: 'seen', apple: 'not-asked', loginCheck: 'rejected' },
    'read back, Apple not asked, login check: Apple rejects it',
  ],
] as const)('the proof %o is shown whole', (proof, said) => {
  expect(proofOf(proof, 'accepted', PAGE_EN).join(', ')).toBe(said);
});

test('the calendar has the renewals of 90 days by day, and what is due already before them', () => {
  const rows = [
    row('b', { plannedAt: inDays(3) }),
    row('a', { plannedAt: inDays(3.01) }),
    row('late', { plannedAt: inDays(-20) }),
    row('far', { plannedAt: inDays(91) }),
    row('unknown', { plannedAt: null }),
  ];
  const days = [...renewalsByDay(rows, NOW)].map(([, planned]) => planned.map(({ row: { name } }) => name));
  expect(days).toEqual([['late'], ['b', 'a']]);
});
