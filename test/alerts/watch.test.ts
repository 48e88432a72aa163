// The watch over a real journal: what a look finds in states that were committed by hand, what it leaves alone, what
// the weekly digest says, and what it remembers. Time is moved by hand.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Surroundings } from '../../src/alerts/detect/service.ts';
import type { WatchedTarget } from '../../src/alerts/detect/target-facts.ts';
import { type AlertPolicy, dueOf, newsFor, toldOf } from '../../src/alerts/stories/news.ts';
import { Watch } from '../../src/alerts/watch.ts';
import type { RotatorEvent } from '../../src/core/events.ts';
import { type TargetState, targetKey } from '../../src/core/records.ts';
import { DAY, MINUTE } from '../../src/core/time.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
import { anError, aWatched, aWatchedState, TOKEN_URL } from '../support/alert-facts.ts';
import { aLoginsFail } from '../support/alert-findings.ts';
import { route } from '../support/alert-life.ts';
import { ownJournal } from '../support/journal.ts';
import { LeapingClock } from '../support/pass-rig.ts';

const SUNDAY = Date.UTC(2026, 10, 22, 10);

const identity = (name: string) => ({
  endpoint: 'https://tcb.tencentcloudapi.com',
  envId: `${name}-1`,
  providerId: 'apple',
});
const keyOf = (name: string) => targetKey(identity(name));

function watched(name: string): WatchedTarget {
  return aWatched({ ...identity(name), key: keyOf(name), name });
}

function byKey(names: readonly string[]): ReadonlyMap<string, WatchedTarget> {
  return new Map(names.map((name) => [keyOf(name), watched(name)]));
}

interface Configured {
  readonly names?: readonly string[];
  /** Of which these were selected. */
  readonly selected?: readonly string[];
  readonly change?: Partial<Surroundings>;
  readonly own?: AlertPolicy;
}

async function start() {
  const clock = new LeapingClock();
  clock.wall = SUNDAY;
  const journal = await ownJournal();
  const events: RotatorEvent[] = [];
  const looked: string[] = [];
  const newId = () => uuidv7(clock.now(), new Uint8Array(randomBytes(10)));
  const policy: AlertPolicy = {
    repeatEvery: { warningMs: DAY, criticalMs: DAY / 6 },
    routes: [route('ops'), route('mail')],
    leastHoldMs: 0,
  };
  const heard = new Map<string, string[]>(['ops', 'mail', 'pager'].map((name) => [name, []]));

  /** A process with this configuration over the journal. */
  function watch({ names = ['shop', 'web'], selected = names, change = {}, own = policy }: Configured = {}): Watch {
    const configuredAt = clock.now();
    const targets = byKey(selected);
    const configured = byKey(names);
    const surroundings = (): Surroundings => ({
      now: clock.now(),
      configuredAt,
      targets,
      configured,
      misconfigured: [],
      longestTickGapMs: 60 * MINUTE,
      tokenUrl: TOKEN_URL,
      journal: { path: './data/journal.db', degraded: undefined, exposed: [] },
      skewMs: 0,
      since: SUNDAY - DAY,
      configurationRejected: null,
      scheduler: { alive: true, lastTurnAt: clock.now() },
      replicas: null,
      isSweeping: false,
      ...change,
    });
    return new Watch(own, surroundings, {
      clock,
      journal,
      emit: (event) => void events.push(event),
      onLook: ({ name }) => void looked.push(name),
    });
  }

  return {
    clock,
    journal,
    watch,
    events,
    policy,
    /** The targets that were looked at since this was asked last. */
    looked: () => looked.splice(0).sort(),
    newId,
    /** Commits what passes would have: a healthy target, but for these. */
    async state(name: string, change: Partial<TargetState> = {}): Promise<TargetState> {
      const now = clock.now();
      const state: TargetState = {
        ...aWatchedState({ lastPassAt: now, lastGatherAt: now, lastSuccessAt: now, renewalAt: now + 400 * DAY }),
        ...identity(name),
        key: keyOf(name),
        name,
        ...change,
      };
      const { deployed } = state;
      const fresh = deployed && { ...deployed, expiresAt: now + 500 * DAY };
      const told = { ...state, deployed: change.deployed === undefined ? fresh : change.deployed };
      await journal.commit({ target: told });
      return told;
    },
    book: () => journal.alertBook(),
    /** Tells every channel what there is to tell. */
    async delivered(): Promise<void> {
      for (const channel of heard.keys()) await tell(channel);
      for (const channel of heard.keys()) heard.set(channel, []);
    },
    /** `RotationFailing shop`. */
    async open(): Promise<string[]> {
      const { stories } = await journal.alertBook();
      const members = stories.flatMap(({ endedAt, members }) => (endedAt === null ? members : []));
      return members.map(({ finding }) => [finding.condition, finding.target?.name].filter(Boolean).join(' ')).sort();
    },
    /** What a channel was told since `delivered`: `raised RotationFailing`. */
    async told(channel = 'ops'): Promise<string[]> {
      await tell(channel);
      return heard.get(channel) ?? [];
    },
  };

  async function tell(channel: string): Promise<void> {
    const now = clock.now();
    await journal.updateAlerts(({ stories }) => {
      const due = dueOf(newsFor(stories, channel, policy, now), now);
      const words = due.map(({ status, view }) => `${status} ${view.lead.condition}`);
      heard.set(channel, [...(heard.get(channel) ?? []), ...words]);
      return {
        putStories: due.map((news) => ({
          ...news.story,
          told: { ...news.story.told, [channel]: toldOf(news, channel, now) },
        })),
      };
    });
  }
}

const FAILED = {
  state: 'failed',
  error: anError('ERR_KEY_NOT_FOUND'),
  retry: { failures: 1, nextAttemptAt: null },
} as const;

describe('a look', () => {
  test('at logins that fail neither raises nor clears what that says better, and clears both when they work', async () => {
    const { watch, state, open, told, delivered } = await start();
    await state('web');
    await state('shop', FAILED);
    const daemon = watch();
    await daemon.look();
    await delivered();
    const rejected = { at: SUNDAY, verdict: 'rejected', rejectedSince: SUNDAY - DAY } as const;
    for (const change of [{ ...FAILED, loginCheck: rejected }, { loginCheck: rejected }]) {
      await state('shop', change);
      await daemon.look();
      expect(await open()).toEqual(['LoginsFail shop', 'RotationFailing shop']);
      expect(await told()).toEqual(['raised LoginsFail']);
    }
    await state('shop');
    await daemon.look();
    expect(await open()).toEqual([]);
    expect((await told()).slice(1).sort()).toEqual(['cleared LoginsFail', 'cleared RotationFailing']);
  });

  describe('before the clock was compared', () => {
    const expired = () => {
      const { deployed } = aWatchedState();
      return { deployed: deployed && { ...deployed, expiresAt: SUNDAY - DAY } };
    };
    const uncompared = { skewMs: undefined, since: SUNDAY };

    test('says of nothing that it has expired, and of nothing that it is over', async () => {
      const { watch, state, open, told, delivered } = await start();
      await state('web');
      await state('shop', expired());
      await watch({ change: uncompared }).look();
      expect(await open()).toEqual([]);
      await watch().look();
      expect(await told()).toEqual(['raised LoginsFail']);
      await delivered();
      await watch({ change: uncompared }).look();
      expect([await open(), await told()]).toEqual([['LoginsFail shop'], []]);
    });

    test('says it after an hour', async () => {
      const { watch, state, told } = await start();
      await state('shop', expired());
      await watch({ change: { ...uncompared, since: SUNDAY - 60 * MINUTE } }).look();
      expect(await told()).toContain('raised LoginsFail');
    });
  });

  test('raises what is wrong once, over every channel, logs it, and clears it when it is over', async () => {
    const { watch, state, open, told, events } = await start();
    await state('web');
    await state('shop', FAILED);
    const daemon = watch();
    await daemon.look();
    await daemon.look();
    expect(await open()).toEqual(['RotationFailing shop']);
    expect([await told('ops'), await told('mail')]).toEqual([['raised RotationFailing'], ['raised RotationFailing']]);
    await state('shop');
    await daemon.look();
    expect(await open()).toEqual([]);
    expect(await told()).toEqual(['raised RotationFailing', 'cleared RotationFailing']);
    expect(events).toMatchObject([
      { event: 'story.opened', targets: ['shop'], cause: 'RenewalFailing' },
      { event: 'story.closed', targets: ['shop'], cause: 'RenewalFailing' },
    ]);
  });

  test('of another process goes on where that one was', async () => {
    const { watch, state, told } = await start();
    await state('shop', FAILED);
    await watch().look();
    await watch().look();
    expect(await told()).toEqual(['raised RotationFailing']);
  });

  test('that cannot be journalled throws, and says nothing of what it found', async () => {
    const { watch, state, journal, events } = await start();
    await state('shop', FAILED);
    const daemon = watch();
    const { updateAlerts } = journal;
    journal.updateAlerts = () => Promise.reject(new Error('no'));
    await expect(daemon.look()).rejects.toThrow('no');
    journal.updateAlerts = updateAlerts;
    expect(events).toEqual([]);
    await daemon.look();
    expect(events.map(({ event }) => event)).toEqual(['story.opened']);
  });
});

const LATE = { lastGatherAt: SUNDAY - DAY, lastSuccessAt: SUNDAY - DAY };

describe('a look is at', () => {
  test('everything at first, and then at what was written since', async () => {
    const { watch, state, looked } = await start();
    for (const name of ['shop', 'web']) await state(name);
    const daemon = watch();
    await daemon.look();
    expect(looked()).toEqual(['shop', 'web']);
    await daemon.look();
    expect(looked()).toEqual([]);
    await state('web');
    await daemon.catchUp();
    expect(looked()).toEqual(['web']);
    await daemon.look();
    expect(looked()).toEqual([]);
  });

  test('what was written while it was under way', async () => {
    const { watch, state, looked, journal, open } = await start();
    const daemon = watch();
    await daemon.look();
    const { alertBook } = journal;
    journal.alertBook = async () => {
      journal.alertBook = alertBook;
      const book = await alertBook();
      await state('shop', FAILED);
      return book;
    };
    await daemon.look();
    expect([looked(), await open()]).toEqual([['shop'], ['RotationFailing shop']]);
  });

  test('all of many hundreds within ten minutes, though nothing was written: 500 of them, or a tenth, each minute', async () => {
    const { watch, state, looked, clock } = await start();
    const names = Array.from({ length: 1_200 }, (_, i) => `t-${i}`);
    for (const name of names) await state(name);
    const daemon = watch({ names });
    await daemon.look();
    expect(looked()).toHaveLength(1_200);
    const turns: string[][] = [];
    for (let minute = 0; minute < 3; minute += 1) {
      clock.pass(MINUTE);
      await daemon.look();
      turns.push(looked());
      clock.pass(MINUTE / 2);
      await daemon.look();
      expect(looked()).toEqual([]);
    }
    expect(turns.map(({ length }) => length)).toEqual([500, 500, 500]);
    expect(new Set(turns.flat()).size).toBe(1_200);
  });

  test('a target of which something is open or held back each minute', async () => {
    const { watch, state, looked, clock } = await start();
    const names = ['failing', 'late', ...Array.from({ length: 1_000 }, (_, i) => `t-${i}`)];
    for (const name of names) await state(name, name === 'failing' ? FAILED : name === 'late' ? LATE : {});
    const daemon = watch({ names });
    await daemon.look();
    for (let minute = 0; minute < 2; minute += 1) {
      looked();
      clock.pass(MINUTE);
      await daemon.look();
      expect(looked()).toEqual(expect.arrayContaining(['failing', 'late']));
    }
  });

  test.each<[string, (rig: Awaited<ReturnType<typeof start>>) => Partial<Surroundings>]>([
    [
      'the clock was set',
      ({ clock }) => {
        clock.wall -= DAY;
        return {};
      },
    ],
    ['the clock was compared', () => ({ skewMs: undefined })],
    ['it turned out to be wrong', () => ({ skewMs: 40_000 })],
  ])('everything again after %s', async (_name, happens) => {
    const rig = await start();
    for (const name of ['shop', 'web']) await rig.state(name);
    let change: Partial<Surroundings> = {};
    const daemon = rig.watch({
      change: {
        get skewMs() {
          return change.skewMs;
        },
      },
    });
    change = { skewMs: 0 };
    await daemon.look();
    rig.looked();
    change = { skewMs: 0, ...happens(rig) };
    await daemon.look();
    expect(rig.looked()).toEqual(['shop', 'web']);
  });

  test('everything again under another configuration', async () => {
    const { watch, state, looked, policy } = await start();
    await state('shop');
    const daemon = watch();
    await daemon.look();
    looked();
    daemon.configure(policy);
    await daemon.look();
    expect(looked()).toEqual(['shop']);
  });
});

describe('what lateness alone raises', () => {
  test('is told once it was found for ten minutes without a break', async () => {
    const { watch, state, open, clock } = await start();
    await state('web');
    await state('shop', LATE);
    const daemon = watch();
    await daemon.look();
    clock.pass(9 * MINUTE);
    await state('shop');
    await daemon.look();
    await state('shop', LATE);
    await daemon.look();
    clock.pass(10 * MINUTE - 1);
    await daemon.look();
    expect(await open()).toEqual([]);
    clock.pass(1);
    await state('web');
    await daemon.look();
    expect(await open()).toEqual([]);
    clock.pass(MINUTE);
    await daemon.look();
    expect(await open()).toEqual(['CheckStale shop']);
  });

  test('is told as soon by a process that begins meanwhile, and comes back at once', async () => {
    const { watch, state, open, clock, policy } = await start();
    await state('web');
    await state('shop', LATE);
    await watch().look();
    clock.pass(10 * MINUTE);
    const daemon = watch({ own: { ...policy, leastHoldMs: MINUTE } });
    await daemon.look();
    expect(await open()).toEqual(['CheckStale shop']);
    await state('shop');
    await daemon.look();
    await state('shop', LATE);
    await daemon.look();
    expect(await open()).toEqual(['CheckStale shop']);
  });
});

describe('the weekly digest', () => {
  test('says how the targets are, what is renewed next, and what is open', async () => {
    const { watch, state } = await start();
    await state('shop');
    await state('web', { ...FAILED });
    const daemon = watch();
    await daemon.look();
    expect(await daemon.digest()).toMatchObject({
      targets: 2,
      states: { healthy: 1, failed: 1 },
      renewals: [{ target: 'shop' }, { target: 'web' }],
      open: [{ condition: 'RotationFailing', target: 'web' }],
      openTotal: 1,
    });
  });

  test('counts a target whose logins fail as failed, whatever its last pass said', async () => {
    const { watch, state } = await start();
    const { deployed } = aWatchedState();
    for (const name of ['shop', 'web']) await state(name, { state: 'rotated' });
    await state('shop', { state: 'healthy', deployed: deployed && { ...deployed, expiresAt: SUNDAY } });
    const daemon = watch();
    await daemon.look();
    expect((await daemon.digest()).states).toEqual({ failed: 1, healthy: 1 });
  });
});

describe('since when a target is watched', () => {
  const since = async ({ book }: Awaited<ReturnType<typeof start>>) => (await book()).memo.watchedSince;

  test('is remembered over processes, and ends when it leaves the configuration', async () => {
    const rig = await start();
    await rig.watch().look();
    expect(await since(rig)).toEqual({ [keyOf('shop')]: SUNDAY, [keyOf('web')]: SUNDAY });
    rig.clock.pass(DAY);
    await rig.watch({ names: ['web', 'new'] }).look();
    expect(await since(rig)).toEqual({ [keyOf('web')]: SUNDAY, [keyOf('new')]: SUNDAY + DAY });
  });

  test('is kept for those that were not selected', async () => {
    const rig = await start();
    await rig.watch().look();
    rig.clock.pass(DAY);
    await rig.watch({ selected: ['web'] }).look();
    expect(await since(rig)).toEqual({ [keyOf('shop')]: SUNDAY, [keyOf('web')]: SUNDAY });
  });

  test('is never in the future, so that a clock that was ahead puts no alarm off', async () => {
    const rig = await start();
    rig.clock.wall = SUNDAY + 365 * DAY;
    await rig.watch().look();
    rig.clock.wall = SUNDAY;
    await rig.watch().look();
    expect(Object.values(await since(rig))).toEqual([SUNDAY, SUNDAY]);
  });

  test('a target that was never read is stale from then on', async () => {
    const rig = await start();
    const daemon = rig.watch();
    await daemon.look();
    rig.clock.pass(7 * 60 * MINUTE);
    await daemon.look();
    rig.clock.pass(11 * MINUTE);
    await daemon.look();
    expect(await rig.open()).toEqual(['CheckStale shop', 'CheckStale web']);
  });
});

describe('a look at some of the targets', () => {
  test('raises and clears nothing of the others, nor what only the daemon knows', async () => {
    const { watch, state, open } = await start();
    await state('shop', FAILED);
    await state('web', { ...FAILED });
    const rejected = { at: SUNDAY, error: anError('ERR_CONFIG') };
    await watch({ change: { configurationRejected: rejected } }).look();
    const all = ['ConfigurationRejected', 'RotationFailing shop', 'RotationFailing web'];
    expect(await open()).toEqual(all);
    await state('shop');
    await state('web');
    const unknown = { configurationRejected: undefined, scheduler: undefined, replicas: undefined };
    await watch({ selected: ['web'], change: unknown }).look();
    expect(await open()).toEqual(all.slice(0, 2));
    await watch({ change: unknown }).look();
    expect(await open()).toEqual(all.slice(0, 1));
    await watch().look();
    expect(await open()).toEqual([]);
  });

  test('tells for the fleet by those that were not selected too, but not by those that left', async () => {
    const { watch, state, open } = await start();
    await state('shop', { state: 'unverified' });
    await state('web');
    await watch({ selected: ['web'] }).look();
    expect(await open()).toEqual(['Unverified']);
    await watch({ names: ['web', 'other'], selected: ['web'] }).look();
    expect(await open()).toEqual([]);
  });
});

test('what another process records until the update counts, so that neither takes back what the other has found', async () => {
  const { watch, state, open, journal } = await start();
  await state('shop');
  const { updateAlerts } = journal;
  journal.updateAlerts = async (change) => {
    await state('shop', FAILED);
    return updateAlerts(change);
  };
  await watch().look();
  expect(await open()).toEqual(['RotationFailing shop']);
});

describe('a target that is not in the configuration', () => {
  test('is told once, and its stories end without an all-clear', async () => {
    const { watch, state, open, told, delivered, events, book } = await start();
    const expiresAt = SUNDAY + 130 * DAY;
    const { deployed } = aWatchedState();
    await state('shop', { ...FAILED, deployed: deployed && { ...deployed, expiresAt } });
    await state('web');
    await watch().look();
    expect(await told()).toEqual(['raised RotationFailing']);
    await delivered();
    await watch({ names: ['web'] }).look();
    await watch({ names: ['web'] }).look();
    expect(await open()).toEqual([]);
    expect(await told()).toEqual(['happened Unwatched']);
    const { stories } = await book();
    const finding = { target: { name: 'shop', envId: 'shop-1' }, loginsUntil: expiresAt };
    expect(stories).toMatchObject([
      {
        id: 'Unwatched/RenewalFailing/shop-1/apple@tcb.tencentcloudapi.com',
        members: [{ finding: { ...finding, facts: { moved: false, open: ['RotationFailing'] } } }],
      },
    ]);
    expect(events.map(({ event }) => event)).toEqual(['story.opened', 'target.unwatched', 'story.closed']);
    expect(events.slice(1)).toMatchObject([{ target: 'shop', expiresAt }, { what: 'unwatched' }]);
  });

  test('says nothing of its last failure when it comes back, before a pass has looked anew', async () => {
    const { clock, watch, state, told, delivered } = await start();
    await state('web');
    await state('shop', FAILED);
    await watch().look();
    await watch({ names: ['web'] }).look();
    await delivered();
    clock.wall += MINUTE;
    const back = watch();
    await back.look();
    expect(await told()).toEqual([]);
    await state('shop', FAILED);
    await back.look();
    expect(await told()).toEqual(['raised RotationFailing']);
  });

  test('because its endpoint changed is told as that: the same provider is watched on', async () => {
    const { watch, state, events, book } = await start();
    await state('shop');
    await watch({ names: ['shop'] }).look();
    const elsewhere = {
      ...watched('shop'),
      key: targetKey({ ...identity('shop'), endpoint: 'https://other.example' }),
    };
    await watch({ names: ['shop'], change: { targets: new Map([[elsewhere.key, elsewhere]]) } }).look();
    expect((await book()).stories).toMatchObject([
      {
        id: 'Unwatched/shop-1/apple@tcb.tencentcloudapi.com',
        members: [{ finding: { facts: { moved: true, open: [] } } }],
      },
    ]);
    expect(events.map(({ event }) => event)).toEqual(['target.unwatched']);
  });

  test('is watched anew when it comes back, and told again when it leaves again', async () => {
    const { watch, state, told } = await start();
    await state('shop');
    await state('web');
    for (const names of [['shop', 'web'], ['web'], ['shop', 'web'], ['web']]) {
      await watch({ names }).look();
      await told();
    }
    expect(await told()).toEqual(['happened Unwatched', 'happened Unwatched']);
  });

  test('is not told by a process that looks at some targets alone', async () => {
    const { watch, state, told } = await start();
    await state('shop');
    await state('web');
    await watch().look();
    await watch({ names: ['web', 'other'], selected: ['web'] }).look();
    expect(await told()).toEqual([]);
  });

  test('because its entry is wrong is told as that, with what is wrong, and not as removed', async () => {
    const { watch, state, open, book } = await start();
    await state('shop');
    await state('web');
    const found = ['value', '"x"'] as const;
    const wrong = { name: 'shop', problems: [{ key: 'keyId', found, wanted: ['id', 'keyId'] as const }] };
    await watch({ names: ['web'], change: { misconfigured: [wrong] } }).look();
    expect(await open()).toEqual(['TargetMisconfigured shop']);
    expect((await book()).stories[0]?.members[0]?.finding).toMatchObject({ facts: { problems: wrong.problems } });
    await watch().look();
    expect(await open()).toEqual([]);
  });
});

test('what a rotation has ended is told afterwards, unless it is being told of already', async () => {
  const { watch, state, told, clock, book } = await start();
  const daemon = watch();
  const { deployed } = await state('shop');
  await state('shop', { deployed: deployed && { ...deployed, expiresAt: clock.now() - 1 } });
  await daemon.look();
  const [story] = (await book()).stories;
  const rotation = { id: 'row', reason: 'SecretExpired', proof: null, settles: null } as const;
  const ended = { ...aLoginsFail({}), id: story?.id ?? '' };
  const key = story?.members[0]?.finding.target?.key ?? '';
  await daemon.noteRotation({ key, rotation, ended });
  expect((await book()).stories).toEqual([{ ...story, rotation }]);
  await daemon.noteRotation({ key: 'another', rotation, ended: { ...ended, id: 'LoginsFail/another' } });
  expect((await told()).sort()).toEqual(['ended LoginsFail', 'raised LoginsFail']);
});
