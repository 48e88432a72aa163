// What is wrong with the service as a whole, condition by condition, each at its boundary; what a process that does not
// know leaves undecided; and targets that are not in the configuration.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concernsService, detectService, type ServiceFacts } from '../../../src/alerts/detect/service.ts';
import { detectMisconfigured, detectTarget, detectUnwatched } from '../../../src/alerts/detect/target.ts';
import { CONDITIONS, type ConditionName, type Finding } from '../../../src/core/alerts/conditions.ts';
import { SHARED_CONDITIONS } from '../../../src/core/alerts/names.ts';
import { emptyChannelState } from '../../../src/core/alerts/records.ts';
import type { SeenReplica } from '../../../src/core/journal-ports.ts';
import type { Shape } from '../../../src/core/reasons.ts';
import {
  type AppleRecord,
  EMPTY_FLEET,
  type FleetState,
  NEVER_ASKED,
  type TargetState,
} from '../../../src/core/records.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';
import {
  anAppleRecord,
  anError,
  aWatched,
  aWatchedState,
  inShort,
  left,
  serviceFacts,
  TOKEN_URL,
  targetFacts,
} from '../../support/alert-facts.ts';
import { anyTarget } from '../../support/any-record.ts';
import { asked, aWritten, CLOCK, NOW } from '../../support/builders.ts';
import { aFleet, LANE } from '../../support/fleet.ts';

const DAEMON_ONLY: ConditionName[] = [
  'ClockSkewed',
  'ConfigurationRejected',
  'SchedulerStalled',
  'ReplicasDiffer',
  'ReplicaSilent',
];

function found(overrides: Partial<ServiceFacts>): string[] {
  return inShort(detectService(serviceFacts(overrides)).findings);
}

const REPLICA = {
  version: '1.2.3',
  startedAt: NOW - DAY,
  targets: 3,
  leads: false,
  aheadMs: 0,
  rejected: null,
  stalledSince: null,
};
const aReplica = (name: string, change: Partial<SeenReplica> = {}): SeenReplica => ({
  ...REPLICA,
  ...{ name, configuration: 'abc', skewMs: 0, seenAt: NOW, silentMs: 3_000, knownMs: DAY, left: false },
  ...change,
});

function table(rows: [name: string, found: string[], facts: Partial<ServiceFacts>][]): void {
  test.each(rows)('%s', (_name, expected, facts) => {
    expect(found(facts)).toEqual(expected);
  });
}

function apple(overrides: Partial<AppleRecord>): { fleet: FleetState } {
  return { fleet: { ...EMPTY_FLEET, apple: { [TOKEN_URL]: anAppleRecord(overrides) } } };
}

test('nothing is wrong with a service that works, and everything is decided', () => {
  expect(detectService(serviceFacts())).toEqual({ findings: [], undecided: [] });
});

test('what a process does not know it neither raises nor clears', () => {
  const unknown = { skewMs: undefined, configurationRejected: undefined, scheduler: undefined, replicas: undefined };
  expect(detectService(serviceFacts(unknown))).toEqual({ findings: [], undecided: DAEMON_ONLY });
});

describe('of several targets', () => {
  const states = ['b', 'a', 'c'].map((name) => aWatchedState({ name, state: 'unverified' }));

  test('those that cannot be verified are one condition', () => {
    const { findings } = detectService(serviceFacts({ states: [...states, aWatchedState({ name: 'd' })] }));
    expect(findings).toMatchObject([
      { id: 'Unverified', severity: 'warning', target: null, facts: { targets: ['a', 'b', 'c'] }, loginsUntil: null },
    ]);
  });

  test('those that cannot be verified stay so after the passes that follow, until CloudBase shows the secret', () => {
    const written = aWritten({ shape: 'masked' });
    const { fingerprint, keyId, issuedAt, expiresAt } = written;
    const hidden = (name: string, overrides: Partial<TargetState> = {}, shape: Shape = written.shape) =>
      aWatchedState({
        name,
        written,
        deployed: { fingerprint, keyId, issuedAt, expiresAt, shape, from: 'record', identity: null, defect: null },
        ...overrides,
      });
    const digest = (shownDigest: string) =>
      hidden('digest', { written: { ...written, shape: 'digest', shownDigest } }, 'digest');
    const named = (state: TargetState) =>
      detectService(serviceFacts({ states: [state] })).findings.map(({ condition }) => condition);
    expect(named(hidden('healthy'))).toEqual(['Unverified']);
    expect(named(hidden('due', { state: 'due' }))).toEqual(['Unverified']);
    expect(named(digest('0'.repeat(64)))).toEqual(['Unverified']);
    expect(named(digest(fingerprint))).toEqual([]);
    expect(named(hidden('shown', {}, 'clear'))).toEqual([]);
    expect(named(hidden('foreign', { written: aWritten({ fingerprint: 'another' }) }))).toEqual([]);
  });
});

test('what is decided of the service makes no more targets than it needs, however many there are', () => {
  const made = (size: number) => {
    let count = 0;
    const all = Array.from({ length: size }, (_, index) => aWatched({ key: `k${index}`, name: `t${index}` }));
    const targets: ServiceFacts['targets'] = {
      size,
      has: () => true,
      get: (key) => all.find((each) => each.key === key),
      keys: () => all.map(({ key }) => key),
      *values() {
        for (const each of all) {
          count += 1;
          yield each;
        }
      },
    };
    detectService(serviceFacts({ targets, configured: targets, fleet: aFleet(3) }));
    return count;
  };
  expect(made(1_000)).toBe(made(10));
});

/** Targets whose client secrets nobody shows to Apple. */
const unasked = new Map([[aWatched().key, aWatched({ appleCheck: 'off' })]]);

describe('AppleUnreachable', () => {
  const wasAsked = (ageMs: number) => ({ lastAskedAt: NOW - ageMs });
  const silent = (ageMs: number) => apple({ answeredAt: NOW - ageMs });
  table([
    ['not 48 h after the last usable answer', [], { ...silent(48 * HOUR), ...wasAsked(HOUR) }],
    ['1 ms later', ['AppleUnreachable warning'], { ...silent(48 * HOUR + 1), ...wasAsked(HOUR) }],
    [
      '48 h after the first question, where there never was an answer',
      ['AppleUnreachable warning'],
      { ...apple({ answeredAt: null, firstAskedAt: NOW - 48 * HOUR - 1 }), ...wasAsked(HOUR) },
    ],
    ['not sooner', [], { ...apple({ answeredAt: null, firstAskedAt: NOW - 48 * HOUR }), ...wasAsked(HOUR) }],
    ['not where Apple is not asked', [], { ...silent(9 * DAY), ...wasAsked(HOUR), targets: unasked }],
  ]);

  test.each<[string, Partial<ServiceFacts>]>([
    ['where nobody asked within 48 h', { ...silent(9 * DAY - HOUR), ...wasAsked(48 * HOUR) }],
    ['where the only question lies in the future', { ...silent(9 * DAY - HOUR), ...wasAsked(-1) }],
    ['where Apple was never asked', { fleet: EMPTY_FLEET }],
  ])('is undecided %s', (_name, facts) => {
    expect(detectService(serviceFacts(facts)).undecided).toEqual(['AppleUnreachable']);
  });

  test('tells since when', () => {
    const { findings } = detectService(serviceFacts({ ...silent(3 * DAY), ...wasAsked(HOUR) }));
    expect(findings).toMatchObject([{ facts: { lastAnswerAt: NOW - 3 * DAY }, since: NOW - 3 * DAY }]);
  });
});

describe('AppleRejectsAll', () => {
  const rejections = (count: number, ageMs: number) => apple({ rejections: { count, since: NOW - ageMs, at: NOW } });
  const all = rejections(3, HOUR);
  table([
    ['after three rejections that do not count, over an hour', ['AppleRejectsAll critical'], all],
    ['not after two', [], rejections(2, 9 * HOUR)],
    ['not over an hour less 1 ms', [], rejections(3, HOUR - 1)],
    ['not after one that was accepted', [], apple({ rejections: null })],
    ['not where Apple is not asked', [], { ...all, targets: unasked }],
    ['not by what another token endpoint says', [], { ...all, tokenUrl: 'https://other.example/token' }],
  ]);

  test('names the targets that it was asked about, and says since when', () => {
    const of = (name: string, overrides: Parameters<typeof asked>[0]) =>
      aWatchedState({ name, apple: asked(overrides) });
    const states = [
      of('b', { counts: false, rejectedSince: null }),
      aWatchedState({
        name: 'a',
        apple: { ...asked(), deployed: NEVER_ASKED, candidate: asked({ counts: false }).deployed },
      }),
      of('counted', {}),
      of('good', { verdict: 'accepted', rejectedSince: null }),
      aWatchedState({ name: 'never' }),
    ];
    const { findings } = detectService(serviceFacts({ ...all, states }));
    expect(findings).toMatchObject([
      { id: 'AppleRejectsAll', target: null, facts: { targets: ['a', 'b'] }, since: NOW - HOUR, loginsUntil: null },
    ]);
  });
});

describe('AppleAcceptsAll', () => {
  const accepts = (ageMs: number) => apple({ control: 'accepted', controlSince: NOW - ageMs });
  table([
    ['when the control is accepted for an hour', ['AppleAcceptsAll critical'], accepts(HOUR)],
    ['not 1 ms before', [], accepts(HOUR - 1)],
    ['not when it is rejected', [], apple({ control: 'rejected', controlSince: NOW - 9 * DAY })],
    [
      'not before the first control was answered',
      [],
      apple({ control: null, controlAskedAt: null, controlSince: null }),
    ],
    ['not where Apple is not asked', [], { ...accepts(HOUR), targets: unasked }],
  ]);

  test('says since when', () => {
    expect(detectService(serviceFacts(accepts(2 * HOUR))).findings).toMatchObject([
      { facts: {}, since: NOW - 2 * HOUR },
    ]);
  });
});

describe('ClockSkewed', () => {
  table([
    ['not by 60 s', [], { skewMs: 60_000 }],
    ['by 1 ms more', ['ClockSkewed warning'], { skewMs: 60_001 }],
    ['also behind', ['ClockSkewed warning'], { skewMs: -60_001 }],
    ['a warning by 4 minutes', ['ClockSkewed warning'], { skewMs: -240_000 }],
    ['critical by 1 ms more', ['ClockSkewed critical'], { skewMs: -240_001 }],
    [
      'still by 45 s and 1 ms, once raised',
      ['ClockSkewed warning'],
      { skewMs: 45_001, open: new Set(['ClockSkewed']) },
    ],
    ['no more by 45 s', [], { skewMs: 45_000, open: new Set(['ClockSkewed']) }],
  ]);

  test('tells whole seconds, so that a look that finds the same says the same', () => {
    expect(detectService(serviceFacts({ skewMs: -90_400 })).findings).toMatchObject([{ facts: { skewMs: -90_000 } }]);
  });
});

describe('the journal, the configuration and the scheduler', () => {
  const path = './data/journal.db';
  const error = anError('ERR_JOURNAL_UNWRITABLE');
  const degraded = { error, since: NOW - DAY + 1 };
  test.each<[string, Partial<ServiceFacts>, Partial<Finding>]>([
    [
      'JournalUnwritable',
      { journal: { path, degraded, exposed: [] } },
      { severity: 'warning', since: NOW - DAY + 1, facts: { path }, error },
    ],
    [
      'JournalExposed',
      { journal: { path, degraded: undefined, exposed: [{ path, mode: '666' }] } },
      { severity: 'warning', facts: { places: [{ path, mode: '666' }] } },
    ],
    [
      'ConfigurationRejected',
      { configurationRejected: { at: NOW - HOUR, error: anError('ERR_CONFIG') } },
      { severity: 'warning', since: NOW - HOUR, error: anError('ERR_CONFIG') },
    ],
    [
      'SchedulerStalled',
      { scheduler: { alive: false, lastTurnAt: NOW - HOUR } },
      { severity: 'critical', since: NOW - HOUR, facts: { lastTurnAt: NOW - HOUR } },
    ],
  ])('%s', (condition, facts, expected) => {
    const { findings } = detectService(serviceFacts(facts));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ condition, id: condition, target: null, loginsUntil: null, ...expected });
  });
});

test.each<[string, Partial<ServiceFacts>]>([
  [
    'after a day',
    { journal: { path: '', degraded: { error: anError('ERR_JOURNAL_UNWRITABLE'), since: NOW - DAY }, exposed: [] } },
  ],
  ['while a rotation waits', { states: [aWatchedState({ dueSince: NOW })] }],
])('JournalUnwritable is critical %s', (_name, facts) => {
  const degraded = { error: anError('ERR_JOURNAL_UNWRITABLE'), since: NOW };
  const { findings } = detectService(serviceFacts({ journal: { path: '', degraded, exposed: [] }, ...facts }));
  expect(findings).toMatchObject([{ condition: 'JournalUnwritable', severity: 'critical' }]);
});

describe('ChannelFailing', () => {
  const channel = (
    failures: number,
    code: 'ERR_CHANNEL_REFUSED' | 'ERR_CHANNEL_UNAVAILABLE' | null,
    waitsMs?: number,
  ) => ({
    channels: [
      {
        state: {
          ...emptyChannelState('ops'),
          failures,
          failingSince: failures > 0 ? NOW - HOUR : null,
          error: code === null ? null : anError(code),
        },
        oldestAt: waitsMs === undefined ? null : NOW - waitsMs,
      },
    ],
  });
  table([
    ['not after two failures', [], channel(2, 'ERR_CHANNEL_UNAVAILABLE')],
    ['after three', ['ChannelFailing warning'], channel(3, 'ERR_CHANNEL_UNAVAILABLE')],
    ['at the first refusal', ['ChannelFailing warning'], channel(1, 'ERR_CHANNEL_REFUSED')],
    ['no more after a delivery', [], channel(0, null)],
    ['not while a message waits for 15 minutes', [], channel(1, 'ERR_CHANNEL_UNAVAILABLE', 15 * MINUTE)],
    ['1 ms later', ['ChannelFailing warning'], channel(1, 'ERR_CHANNEL_UNAVAILABLE', 15 * MINUTE + 1)],
    [
      'also where nothing was tried yet',
      ['ChannelFailing warning'],
      { channels: [{ state: emptyChannelState('ops'), oldestAt: NOW - HOUR }] },
    ],
  ]);

  test('is one for each channel, and tells since when and what waits', () => {
    const other = { state: emptyChannelState('mail'), oldestAt: NOW - 2 * HOUR };
    const facts = { channels: [...channel(4, 'ERR_CHANNEL_UNAVAILABLE', MINUTE).channels, other] };
    expect(detectService(serviceFacts(facts)).findings).toMatchObject([
      {
        id: 'ChannelFailing/ops',
        facts: { channel: 'ops', attempts: 4, oldestAt: NOW - MINUTE },
        since: NOW - HOUR,
        error: anError('ERR_CHANNEL_UNAVAILABLE'),
      },
      { id: 'ChannelFailing/mail', facts: { attempts: 0 }, since: NOW - 2 * HOUR, error: null },
    ]);
  });
});

describe('a target of which the configuration says nothing usable', () => {
  const problems = [{ key: 'key.path', found: ['nothing'], wanted: ['key-path'] }] as const;

  test.each([
    ['is critical where 1 ms less than 20 days is left', 'critical', 20 * DAY - 1],
    ['is a warning where 20 days are left', 'warning', 20 * DAY],
  ])('misconfigured, %s', (_name, severity, ms) => {
    const state = aWatchedState(left(ms));
    const loginsUntil = NOW + ms;
    expect(detectMisconfigured({ name: 'shop', problems }, state, CLOCK)).toMatchObject({
      id: 'TargetMisconfigured/shop',
      severity,
      target: { key: state.key, name: 'shop', envId: state.envId, providerId: 'apple' },
      facts: { problems },
      loginsUntil,
    });
  });

  test('misconfigured, has no expiry that is past by a clock that was not compared', () => {
    const clock = { now: NOW, skewMs: undefined, since: NOW };
    const found = detectMisconfigured({ name: 'shop', problems }, aWatchedState(left(-DAY)), clock);
    expect(found).toMatchObject({ severity: 'critical', loginsUntil: null });
  });

  test('misconfigured, is critical where nobody knows how much is left, and has the same id', () => {
    expect(detectMisconfigured({ name: 'shop', problems }, undefined, CLOCK)).toMatchObject({
      id: 'TargetMisconfigured/shop',
      severity: 'critical',
      target: { key: 'shop', name: 'shop', envId: null, providerId: null },
      loginsUntil: null,
    });
  });
});

describe('writes that end badly', () => {
  const fleet = aFleet(3);
  const key = aWatchedState().key;
  const urgent = { ...left(DAY), state: 'failed' } as const;

  test.each<[string, string[], Partial<ServiceFacts>]>([
    ['once or twice are nothing yet', [], { fleet: aFleet(2) }],
    ['three times in a row are a warning', ['WritesFailing warning'], { fleet }],
    [
      'are critical where an urgent target waits',
      ['WritesFailing critical'],
      { fleet, states: [aWatchedState(urgent)] },
    ],
    [
      'are critical where logins of a target fail because of its secret',
      ['WritesFailing critical'],
      { fleet, states: [aWatchedState({ state: 'due', apple: asked() })] },
    ],
    [
      'are a warning where the urgent target writes through another lane',
      ['WritesFailing warning'],
      {
        fleet,
        states: [aWatchedState(urgent)],
        configured: new Map([
          [key, aWatched({ key, lane: 'another' })],
          ['calm', aWatched({ key: 'calm', lane: LANE })],
        ]),
      },
    ],
    ['are over when no target writes through the lane any more', [], { fleet, configured: new Map() }],
  ])('%s', (_name, expected, facts) => {
    expect(found(facts)).toEqual(expected);
  });

  test('say which lane, how often, since when, and who waits', () => {
    expect(detectService(serviceFacts({ fleet, states: [aWatchedState(urgent)] })).findings).toMatchObject([
      {
        id: `WritesFailing/${LANE}`,
        target: null,
        since: NOW,
        facts: { lane: LANE, badWrites: 3, urgent: [aWatchedState().name] },
        error: { code: 'ERR_NOT_APPLIED' },
      },
    ]);
  });
});
test('every condition has a row, but for what stories are made of, and StartRefused, which a daemon tells that cannot look', () => {
  const failed = { state: 'failed', error: anError('ERR_CREDENTIALS_REJECTED') } as const;
  const DIFFERS = { name: 'scope', found: null, wanted: 'openid' } as const;
  const ofTargets: Partial<TargetState>[] = [
    { ...left(DAY), ...failed, renewalAt: NOW - DAY, lastGatherAt: NOW - DAY },
    {
      apple: asked(),
      provider: { enabled: false, strangeHost: null, differs: [DIFFERS], trouble: null, since: null, at: NOW },
      replaced: { at: NOW, fingerprint: null, kind: 'other' },
      providerChanges: [{ path: 'On', by: 'our-write', at: NOW }],
    },
    { state: 'pending', replaced: { at: NOW, fingerprint: null, kind: 'not-shown' } },
  ];
  const target = aWatched({ stated: { scope: 'openid' } });
  const ofEach = ofTargets.flatMap((state) => detectTarget(targetFacts(state, { target })).findings);
  const ofService = [
    serviceFacts({
      ...apple({
        answeredAt: NOW - 3 * DAY,
        control: 'accepted',
        rejections: { count: 3, since: NOW - DAY, at: NOW },
      }),
      states: [aWatchedState({ ...failed, apple: asked() }), aWatchedState({ state: 'unverified' })],
      skewMs: HOUR,
      journal: {
        path: '',
        degraded: { error: anError('ERR_JOURNAL_UNWRITABLE'), since: NOW },
        exposed: [{ path: '', mode: '666' }],
      },
      channels: [{ state: emptyChannelState('ops'), oldestAt: NOW - HOUR }],
      configurationRejected: { at: NOW, error: anError('ERR_CONFIG') },
      scheduler: { alive: false, lastTurnAt: NOW },
    }),
    serviceFacts({ fleet: aFleet(3) }),
    serviceFacts({
      replicas: {
        configuration: 'abc',
        seen: [aReplica('a', { silentMs: HOUR }), aReplica('b', { configuration: 'x' })],
      },
    }),
  ].flatMap((facts) => detectService(facts).findings);
  const wrong = detectMisconfigured({ name: 'shop', problems: [] }, aWatchedState(), CLOCK);
  const gone = { key: 'https://tcb.tencentcloudapi.com|shop-1|apple', name: 'shop', envId: 'shop-1', providerId: null };
  const unwatched = detectUnwatched(gone, null, { moved: false, open: [] });
  const names = new Set([...ofEach, ...ofService, wrong, unwatched].map(({ condition }) => condition));
  expect(CONDITIONS.filter((name) => !names.has(name))).toEqual([...SHARED_CONDITIONS, 'StartRefused']);
});

test('the states that concern the service decide its conditions as all of them do', () => {
  fc.assert(
    fc.property(
      fc.array(anyTarget, { maxLength: 4 }),
      fc.constantFrom(EMPTY_FLEET, aFleet(3), serviceFacts().fleet),
      fc.constantFrom(undefined, { error: anError('ERR_JOURNAL_UNWRITABLE'), since: NOW }),
      (all, fleet, degraded) => {
        const configured = new Map(all.map((state) => [state.key, aWatched({ ...state, lane: LANE })]));
        const journal = { ...serviceFacts().journal, degraded };
        const look = (states: readonly TargetState[]) =>
          detectService(serviceFacts({ fleet, configured, journal, states }));
        expect(look(all.filter(concernsService))).toEqual(look(all));
      },
    ),
  );
});

describe('of replicas', () => {
  const ofReplicas = (...seen: SeenReplica[]) =>
    detectService(serviceFacts({ skewMs: 9 * HOUR, replicas: { configuration: 'abc', seen } })).findings;
  const ids = (...seen: SeenReplica[]) => ofReplicas(...seen).map(({ id }) => id);

  test('nothing is wrong with those that report and are alike', () => {
    expect(ids(aReplica('a'), aReplica('b'))).toEqual([]);
  });

  test('the clock, the configuration and the loop are told as those of the replica', () => {
    const rejected = { at: NOW - MINUTE, error: anError('ERR_CONFIG') };
    const found = ofReplicas(
      aReplica('a', { skewMs: null, aheadMs: 70_000 }),
      aReplica('b', { skewMs: 5 * MINUTE, rejected, stalledSince: NOW - HOUR }),
    );
    expect(found).toMatchObject([
      { id: 'ClockSkewed/a', severity: 'warning', facts: { skewMs: 70_000, replica: 'a' } },
      { id: 'ClockSkewed/b', severity: 'critical', facts: { replica: 'b' } },
      { id: 'ConfigurationRejected/b', facts: { replica: 'b' }, since: NOW - MINUTE },
      { id: 'SchedulerStalled/b', facts: { replica: 'b', lastTurnAt: NOW - HOUR } },
    ]);
  });

  test('one that has said nothing for 45 s is silent, unless it said goodbye', () => {
    const seenAt = NOW - 45_000;
    expect(ids(aReplica('a'), aReplica('b', { silentMs: 44_999 }))).toEqual([]);
    expect(ofReplicas(aReplica('a'), aReplica('b', { silentMs: 45_000, seenAt, skewMs: DAY }))).toMatchObject([
      { id: 'ReplicaSilent/b', severity: 'warning', facts: { replica: 'b', seenAt }, since: seenAt },
    ]);
    expect(ids(aReplica('a'), aReplica('b', { silentMs: 45_000, left: true }))).toEqual([]);
  });

  test('a silent one is told of for ten minutes at least, and then until another one has taken its place', () => {
    const silent = (silentMs: number) => aReplica('b', { silentMs });
    const later = aReplica('c', { knownMs: MINUTE });
    expect(ids(silent(10 * MINUTE - 1), later)).toEqual(['ReplicaSilent/b']);
    expect(ids(silent(10 * MINUTE), later)).toEqual([]);
    expect(ids(silent(10 * MINUTE), aReplica('a'))).toEqual(['ReplicaSilent/b']);
  });

  test('other configurations than that of the one that leads are told after ten minutes', () => {
    const found = ofReplicas(
      aReplica('a'),
      aReplica('b', { configuration: 'x' }),
      aReplica('c', { configuration: 'y' }),
    );
    expect(found).toMatchObject([{ id: 'ReplicasDiffer', facts: { replicas: ['b', 'c'] } }]);
    expect(ids(aReplica('a'), aReplica('b', { configuration: 'x', left: true }))).toEqual([]);
  });

  test('what is not known any more is left undecided', () => {
    const { findings, undecided } = detectService(
      serviceFacts({ replicas: { configuration: 'abc', seen: undefined } }),
    );
    expect(findings).toEqual([]);
    expect(new Set(undecided)).toEqual(new Set(DAEMON_ONLY));
  });
});
