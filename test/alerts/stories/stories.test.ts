// Stories as a person sees them: everything about one cause is told once, with what changes, reminded, and once more when
// it is over; and the laws that hold for any sequence of looks.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectUnwatched } from '../../../src/alerts/detect/target.ts';
import { afterRotation } from '../../../src/alerts/stories/advance.ts';
import { viewOf } from '../../../src/alerts/stories/view.ts';
import { subjectOf } from '../../../src/core/alerts/causes.ts';
import type { Finding } from '../../../src/core/alerts/conditions.ts';
import type { Story } from '../../../src/core/alerts/records.ts';
import type { StoredError } from '../../../src/core/error-params.ts';
import { policyOf } from '../../../src/core/policy.ts';
import { aRemote } from '../../../src/core/texts/call-examples.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';
import { aLoginsFail, anError, aReplacement, DENIED, TIMEOUT } from '../../support/alert-findings.ts';
import { applied, failing, LANE_OF, Life, route, stalled } from '../../support/alert-life.ts';
import { NOW } from '../../support/builders.ts';
import { LANE } from '../../support/fleet.ts';

const CRITICAL = { severity: 'critical' } as const;
const names = (count: number) => Array.from({ length: count }, (_, index) => `shop-${index}`);
const many = (count: number, change: Partial<Finding> = {}) => names(count).map((name) => failing(name, change));
const loginsFail = (name: string): Finding =>
  ({
    ...aLoginsFail({}),
    target: failing(name).target,
    id: `LoginsFail/${name}-1/apple@tcb.tencentcloudapi.com`,
  }) as Finding;
const denied = (name: string, change: Partial<Finding> = {}) => failing(name, { error: DENIED, ...change });
const clockSkewed: Finding = {
  ...stalled('warning'),
  condition: 'ClockSkewed',
  facts: { skewMs: 120_000 },
  id: 'ClockSkewed',
};
/** Nobody has anything to tell of what was told. */
const idle = (life: Life) => life.tell();

describe('the cause of a finding', () => {
  const key: StoredError = anError('ERR_KEY_NOT_FOUND', {
    problem: 'no-file',
    name: 'AuthKey.p8',
    folder: '/keys',
    keys: [],
  });
  test.each<[string, Finding, readonly string[], string]>([
    ['an error of the target alone', failing('shop'), [], 'RenewalFailing/shop-1/apple@tcb.tencentcloudapi.com'],
    ['a denied permission: the credential', denied('shop'), [], 'AccessDenied/env TENCENTCLOUD_SECRET_ID'],
    ['no answer: the endpoint', failing('shop', { error: TIMEOUT }), [], 'EndpointFailing/tcb.tencentcloudapi.com'],
    ['a key that is not there: the file', failing('shop', { error: key }), [], 'KeyUnavailable//keys/AuthKey.p8'],
    [
      'rejected credentials',
      failing('shop', { error: anError('ERR_CREDENTIALS_REJECTED', { problem: 'remote', ...aRemote('credentials') }) }),
      [],
      'CredentialsRejected/env TENCENTCLOUD_SECRET_ID',
    ],
    [
      'a clock that is known to be wrong',
      failing('shop', { error: anError('ERR_CLOUDBASE_CLOCK', aRemote('clock')) }),
      ['ClockSkewed'],
      'ClockSkewed',
    ],
    [
      'a clock of which nothing else is known',
      failing('shop', { error: anError('ERR_CLOUDBASE_CLOCK', aRemote('clock')) }),
      [],
      'RenewalFailing/shop-1/apple@tcb.tencentcloudapi.com',
    ],
    [
      'an answer about one provider: the target',
      failing('shop', { error: anError('ERR_CLOUDBASE_BAD_ANSWER', { problem: 'too-complex', providerId: 'apple' }) }),
      [],
      'RenewalFailing/shop-1/apple@tcb.tencentcloudapi.com',
    ],
    [
      'a rejection by Apple, while it rejects every secret',
      failing('shop', { error: anError('ERR_APPLE_REJECTED', { of: 'everybody', detail: null }) }),
      ['AppleRejectsAll'],
      'AppleRejectsAll',
    ],
    [
      'a rejection by Apple, which can be reached then',
      failing('shop', { error: anError('ERR_APPLE_REJECTED', { of: 'candidate', detail: null }) }),
      ['AppleUnreachable'],
      'RenewalFailing/shop-1/apple@tcb.tencentcloudapi.com',
    ],
    [
      'a rejection by Apple, of this target alone',
      failing('shop', { error: anError('ERR_APPLE_REJECTED', { of: 'candidate', detail: null }) }),
      [],
      'RenewalFailing/shop-1/apple@tcb.tencentcloudapi.com',
    ],
    ['logins that fail, whatever the error', aLoginsFail({}, DENIED), [], aLoginsFail({}).id],
    ['the service itself', stalled(), [], 'SchedulerStalled'],
  ])('%s', (_name, finding, found, id) => {
    expect(subjectOf(finding, LANE_OF, (each) => found.includes(each)).id).toBe(id);
  });
});

describe('forty targets with one cause', () => {
  test('are one story: told once, over once', () => {
    const life = new Life();
    expect(life.look(many(40, { error: DENIED }))).toEqual(['opened']);
    expect(life.tell()).toEqual(['ops raised AccessDenied']);
    expect(life.book.stories.map(({ id, members }) => [id, members.length])).toEqual([
      ['AccessDenied/env TENCENTCLOUD_SECRET_ID', 40],
    ]);
    expect(life.later(MINUTE).look(many(12, { error: DENIED }))).toEqual([]);
    expect(idle(life)).toEqual([]);
    life.later(MINUTE).look([]);
    life.later(MINUTE);
    expect(life.tell()).toEqual(['ops cleared AccessDenied']);
  });

  test('wait for each other while passes are under way, for a minute at most', () => {
    const life = new Life();
    life.look([denied('shop-0')], { isSweeping: true });
    expect(life.tell()).toEqual([]);
    life.later(MINUTE).look(many(39, { error: DENIED }), { isSweeping: true });
    expect(life.tell()).toEqual(['ops raised AccessDenied']);
    const swept = new Life();
    swept.look([denied('shop-0')], { isSweeping: true });
    swept.later(3_000).look(many(40, { error: DENIED }));
    expect(swept.due('ops')[0]?.view.targets).toHaveLength(40);
  });

  test('take the worst severity, and the soonest deadline', () => {
    const life = new Life();
    const soon = denied('shop-3', { ...CRITICAL, loginsUntil: NOW + 3 * DAY });
    life.look([...many(3, { error: DENIED }), soon]);
    const [news] = life.due('ops');
    expect(news?.view).toMatchObject({ severity: 'critical', deadline: NOW + 3 * DAY });
    expect(news?.view.targets[0]?.name).toBe('shop-3');
  });

  test('that join are in the next message, and told within ten minutes where they cannot wait', () => {
    const life = new Life();
    life.look([denied('a', CRITICAL), denied('b')]);
    life.tell();
    const joined = [denied('a', CRITICAL), denied('b'), denied('c')];
    life.later(MINUTE).look(joined);
    expect(life.tell()).toEqual([]);
    life.look([...joined, denied('d', CRITICAL)]);
    expect(life.tell()).toEqual([]);
    life.later(9 * MINUTE).look([...joined, denied('d', CRITICAL), denied('e', CRITICAL)]);
    expect(life.tell()).toEqual(['ops changed AccessDenied']);
    expect(life.later(MINUTE).tell()).toEqual([]);
  });

  test('are told of over a channel as far as it names them', () => {
    const life = new Life([route('all'), route('mine', { targets: ['shop-1'] }), route('other', { targets: ['web'] })]);
    life.look(many(3, { error: DENIED }));
    expect(life.due('mine')[0]?.view.targets.map(({ name }) => name)).toEqual(['shop-1']);
    expect(life.tell()).toEqual(['all raised AccessDenied', 'mine raised AccessDenied']);
    life.later(MINUTE).look([denied('shop-0')]);
    expect(life.tell()).toEqual(['mine cleared AccessDenied']);
  });
});

describe('a story that lasts', () => {
  test('is told again after repeatEvery, and then later and later until it is daily', () => {
    const life = new Life();
    life.look([stalled()]);
    life.tell();
    for (const hours of [4, 8, 16, 24, 24]) {
      expect(life.later(hours * HOUR - 1).tell()).toEqual([]);
      expect(life.later(1).tell()).toEqual(['ops repeated SchedulerStalled']);
    }
  });

  test('is told when its error is another, once an hour at most', () => {
    const life = new Life();
    const other = anError('ERR_KEY_IDS_MISSING', { problem: 'configuration', ids: [], named: null, origin: 'k' });
    life.look([failing('shop')]);
    life.tell();
    life.later(MINUTE).look([failing('shop', { error: other })]);
    expect(life.tell()).toEqual([]);
    life.later(59 * MINUTE);
    expect(life.tell()).toEqual(['ops changed shop']);
    life.later(HOUR);
    expect(life.tell()).toEqual([]);
    // The last step before the end.
    life.look([failing('shop', { error: null })]);
    expect(life.tell()).toEqual([]);
  });

  test('is told when the nearest deadline is at least a day sooner', () => {
    const life = new Life();
    const until = (loginsUntil: number) => [denied('a', { loginsUntil: NOW + 40 * DAY }), denied('b', { loginsUntil })];
    life.look(until(NOW + 50 * DAY));
    life.tell();
    life.later(HOUR).look(until(NOW + 39 * DAY + 1));
    expect(life.tell()).toEqual([]);
    life.look(until(NOW + 39 * DAY));
    expect(life.tell()).toEqual(['ops changed AccessDenied']);
  });

  test('is told at once when it becomes critical, in an incident of its own; to new channels as new', () => {
    const life = new Life([route('ops'), route('pager', { severities: ['critical'] })]);
    life.look([failing('shop')]);
    expect(life.tell()).toEqual(['ops raised shop']);
    life.later(MINUTE);
    expect(life.look([failing('shop', CRITICAL)])).toEqual(['changed']);
    const [id] = life.book.stories.map((story) => story.id);
    const thread = `${id}#critical-${new Date(life.now).toISOString()}`;
    expect(life.due('ops')).toMatchObject([{ status: 'escalated', thread, closes: [id] }]);
    expect(life.tell()).toEqual(['ops escalated shop', 'pager raised shop']);
    // It does not fall within its episode: what flaps would call somebody each time.
    life.look([failing('shop')]);
    life.look([failing('shop', CRITICAL)]);
    expect(idle(life)).toEqual([]);
    life.later(MINUTE).look([]);
    life.later(MINUTE);
    expect(life.due('ops')).toMatchObject([{ status: 'cleared', closes: [thread] }]);
    expect(life.tell()).toEqual(['ops cleared shop', 'pager cleared shop']);
  });

  test('tells a channel that could not be reached what is true by then, as new', () => {
    const life = new Life([route('ops'), route('mail')]);
    life.look([failing('shop')]);
    expect(life.tell('mail')).toEqual(['mail raised shop']);
    life.later(DAY).look([failing('shop', CRITICAL)]);
    expect(life.tell()).toEqual(['ops raised shop', 'mail escalated shop']);
  });

  test('SecretReplaced is told once for each secret', () => {
    const finding = { ...aReplacement({}), target: failing('shop').target };
    const life = new Life();
    life.look([finding]);
    expect(life.tell()).toEqual(['ops raised shop']);
    life.later(6 * DAY).look([finding]);
    expect(life.tell()).toEqual([]);
    life.look([{ ...finding, since: life.now - MINUTE }]);
    expect(life.tell()).toEqual(['ops changed shop']);
    expect(life.later(DAY).tell()).toEqual([]);
  });

  test('Unverified comes every thirty days', () => {
    const life = new Life();
    life.look([{ ...stalled('warning'), condition: 'Unverified', facts: { targets: ['a'] }, id: 'Unverified' }]);
    life.tell();
    expect(life.later(30 * DAY - 1).tell()).toEqual([]);
    expect(life.later(1).tell()).toEqual(['ops repeated Unverified']);
  });
});

describe('the end of a story', () => {
  test('is told once it has held for a minute, to those who were told of it', () => {
    const life = new Life([route('ops'), route('pager', { severities: ['critical'] })]);
    life.look([failing('shop')]);
    life.tell();
    life.later(HOUR);
    expect(life.look([])).toEqual([]);
    expect(life.later(MINUTE - 1).tell()).toEqual([]);
    expect(life.later(1).tell()).toEqual(['ops cleared shop']);
    expect(life.look([])).toEqual(['closed']);
    life.later(10 * MINUTE).look([]);
    expect(life.book.stories).toEqual([]);
  });

  test('that does not hold is not told, and each return makes the next wait longer, up to ten minutes', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.tell();
    for (const wait of [1, 2, 4, 8]) {
      life.later(MINUTE).look([]);
      life.later(wait * MINUTE - 1).look([]);
      expect(life.tell()).toEqual([]);
      expect(life.look([failing('shop')])).toEqual([]);
      expect(life.tell()).toEqual([]);
    }
    life.look([]);
    expect(life.later(10 * MINUTE - 1).tell()).toEqual([]);
    expect(life.later(1).tell()).toEqual(['ops cleared shop']);
  });

  test('of what flaps each minute comes when it is over', () => {
    const life = new Life();
    const told: string[] = [];
    for (let minute = 0; minute < 120; minute += 1) {
      life.look(minute % 2 === 0 ? [failing('shop')] : []);
      told.push(...life.tell());
      life.later(MINUTE);
    }
    life.look([]);
    life.later(10 * MINUTE);
    expect([...told, ...life.tell()]).toEqual(['ops raised shop', 'ops cleared shop']);
  });

  test('that could not be told is told as what was, since when and until when', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.later(3 * HOUR).look([]);
    life.later(MINUTE);
    expect(life.due('ops')).toMatchObject([{ status: 'ended', story: { since: NOW, endedAt: NOW + 3 * HOUR } }]);
    expect(life.tell()).toEqual(['ops ended shop']);
    expect(life.tell()).toEqual([]);
  });

  test('is told to those who were told of it, however late', () => {
    const life = new Life([route('ops'), route('mail')]);
    life.look([failing('shop')]);
    life.tell('ops');
    life.later(MINUTE).look([]);
    life.later(100 * DAY).look([]);
    expect(life.tell('ops')).toEqual(['ops cleared shop']);
    life.look([]);
    expect(life.book.stories).toEqual([]);
  });

  test('is given up after a week', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.later(MINUTE).look([]);
    life.later(7 * DAY - 1).look([]);
    expect(life.book.stories).toHaveLength(1);
    life.later(1).look([]);
    expect(life.book.stories).toEqual([]);
  });

  test('is told over a channel whose filter no longer carries it, and not over one that is new', () => {
    const life = new Life([route('ops')]);
    life.look([failing('shop')]);
    life.tell();
    life.later(MINUTE).look([]);
    life.later(MINUTE);
    life.reroute([route('ops', { severities: ['critical'] }), route('pager', { severities: ['critical'] })]);
    expect(life.tell()).toEqual(['ops cleared shop']);
  });

  test('waits while a look cannot tell', () => {
    const life = new Life();
    life.look([stalled()]);
    life.tell();
    life.look([], { undecided: ({ condition }) => condition === 'SchedulerStalled' });
    expect(life.book.stories).toMatchObject([{ endedAt: null }]);
  });

  test('comes with the last target, though the cause is gone', () => {
    const life = new Life();
    const error = anError('ERR_CLOUDBASE_CLOCK', aRemote('clock'));
    life.look([clockSkewed, failing('shop', { ...CRITICAL, error })]);
    expect(life.due('ops')).toMatchObject([{ view: { severity: 'critical', lead: { condition: 'ClockSkewed' } } }]);
    expect(life.tell()).toEqual(['ops raised ClockSkewed']);
    life.later(MINUTE).look([failing('shop', { ...CRITICAL, error })]);
    expect(life.book.stories.map(({ id, endedAt }) => [id, endedAt])).toEqual([['ClockSkewed', null]]);
    life.look([]);
    life.later(MINUTE);
    expect(life.tell()).toEqual(['ops cleared ClockSkewed']);
  });
});

describe('what one cause explains', () => {
  test("Apple's rejection of everybody is explained by the clock alone", () => {
    const rejects: Finding = {
      ...stalled(),
      condition: 'AppleRejectsAll',
      facts: { targets: ['a'] },
      id: 'AppleRejectsAll',
    };
    const life = new Life();
    life.look([clockSkewed, rejects]);
    expect(life.due('ops')).toMatchObject([{ view: { severity: 'critical', lead: { condition: 'ClockSkewed' } } }]);
    const other = new Life();
    other.look([rejects, ...many(2, { error: DENIED })]);
    expect(other.tell()).toEqual(['ops raised AppleRejectsAll', 'ops raised AccessDenied']);
  });

  test('what nobody was told of yet is told in the story of the new error alone', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.later(MINUTE).look([denied('shop')]);
    expect(life.book.stories.map(({ cause }) => cause)).toEqual(['AccessDenied']);
    expect(life.tell()).toEqual(['ops raised AccessDenied']);
  });

  test('what was told of one target stays its own story, with the new error', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.tell();
    life.later(HOUR).look([denied('shop')]);
    expect(life.tell()).toEqual(['ops changed shop']);
  });

  test('a call that is denied explains the writes that fail for it, and what waits in their lane', () => {
    const life = new Life();
    const closed = anError('ERR_LANE_CLOSED', { until: NOW + HOUR, because: DENIED });
    const writes: Finding = {
      ...stalled('warning'),
      condition: 'WritesFailing',
      id: `WritesFailing/${LANE}`,
      facts: { lane: LANE, badWrites: 3, urgent: [] },
      error: DENIED,
    };
    const found = [denied('a'), failing('b', { error: closed }), writes];
    life.look(found);
    expect(life.tell()).toEqual(['ops raised AccessDenied']);
    expect(life.book.stories.map(({ members }) => members.length)).toEqual([3]);
    life.later(MINUTE).look([writes]);
    // Nobody is denied anything any more: what writes fail for is a story of its own.
    expect(life.tell()).toEqual(['ops raised WritesFailing']);
  });

  test('where CloudBase cannot be reached, nobody knows whether a call is still denied', () => {
    const life = new Life();
    const away = ['a', 'b'].map((name) => failing(name, { error: TIMEOUT }));
    life.look([denied('a'), denied('b')]);
    expect(life.tell()).toEqual(['ops raised AccessDenied']);
    for (const found of [[away[0], denied('b')], away, []].map((each) => each.filter((one) => one !== undefined))) {
      const undecided = () => found.length === 0;
      life.later(MINUTE).look(found, { undecided });
    }
    life.later(10 * MINUTE).look(away);
    expect(life.tell()).toEqual(['ops raised EndpointFailing']);
    expect(life.book.stories.map(({ id, members }) => [id, members.length])).toEqual([
      ['AccessDenied/env TENCENTCLOUD_SECRET_ID', 2],
      ['EndpointFailing/tcb.tencentcloudapi.com', 2],
    ]);
    // A denial is an answer.
    life.later(MINUTE).look([denied('a'), denied('b')]);
    life.later(MINUTE).look([denied('a'), denied('b')]);
    expect(life.tell()).toEqual(['ops cleared EndpointFailing']);
    life.later(MINUTE).look([]);
    life.later(MINUTE).look([]);
    expect(life.tell()).toEqual(['ops cleared AccessDenied']);
  });

  test('what was told by itself is not over because the clock explains it now', () => {
    const life = new Life();
    const rejects: Finding = {
      ...stalled(),
      condition: 'AppleRejectsAll',
      id: 'AppleRejectsAll',
      facts: { targets: [] },
    };
    life.look([rejects]);
    life.tell();
    life.later(MINUTE).look([rejects, clockSkewed]);
    life.later(10 * MINUTE).look([rejects, clockSkewed]);
    expect(life.tell()).toEqual(['ops raised ClockSkewed']);
  });

  test('the policy to paste names what all of them were denied, and it is no news that one has left', () => {
    const life = new Life();
    const of = (envId: string) => {
      const statement = policyOf(['tcb:GetProviders'], [`qcs::tcb:ap-shanghai:uin/1:env/${envId}`]);
      return denied(envId, { error: anError('ERR_CLOUDBASE_DENIED', aRemote('denied', { statement })) });
    };
    const policy = () => {
      const { error } = viewOf(life.book.stories[0] as Story).lead;
      return error?.code === 'ERR_CLOUDBASE_DENIED' && 'params' in error ? error.params.statement : undefined;
    };
    life.look(['a', 'b'].map(of));
    const [a, b] = ['a', 'b'].map((envId) => `qcs::tcb:ap-shanghai:uin/1:env/${envId}`);
    expect(policy()).toBe(policyOf(['tcb:GetProviders'], [a ?? '', b ?? '']));
    life.tell();
    life.later(2 * HOUR).look([of('b')]);
    expect(life.tell()).toEqual([]);
    life.later(MINUTE).look(names(9).map(of));
    expect(policy()).toBe(policyOf(['tcb:GetProviders'], ['qcs::tcb:ap-shanghai:uin/1:env/*']));
  });

  test('another trouble of a target that is critical already is no news', () => {
    const life = new Life();
    life.look([denied('a', CRITICAL)]);
    life.tell();
    const overdue = {
      ...denied('a', CRITICAL),
      condition: 'CheckStale',
      facts: { lastGatherAt: null },
      id: 'CheckStale/a',
    };
    life.later(20 * MINUTE).look([denied('a', CRITICAL), overdue as Finding]);
    expect(life.tell()).toEqual([]);
    life.later(MINUTE).look([denied('a', CRITICAL), overdue as Finding, denied('b', CRITICAL)]);
    expect(life.tell()).toEqual(['ops changed AccessDenied']);
  });
});

describe('logins that fail', () => {
  test('wait for each other while passes are under way, for a minute at most', () => {
    const life = new Life();
    const fails = (name: string): Finding => ({
      ...aLoginsFail({ detail: 'rejected' }),
      id: `LoginsFail/${name}`,
      target: failing(name).target,
    });
    life.look([fails('a')], { isSweeping: true });
    life.later(30_000).look([fails('a'), fails('b')], { isSweeping: true });
    expect(life.tell()).toEqual([]);
    life.later(30_000).look([fails('a'), fails('b'), fails('c')], { isSweeping: true });
    expect(life.tell()).toEqual(['ops raised a', 'ops raised b', 'ops raised c']);
  });

  test('one after the other, and work again so, are told together; so are reminders', () => {
    const life = new Life();
    const fails = (name: string): Finding => ({
      ...aLoginsFail({ detail: 'rejected' }),
      id: `LoginsFail/${name}`,
      target: failing(name).target,
    });
    life.look([fails('a')]);
    life.tell();
    life.later(5 * MINUTE).look(names(2).map(fails).concat(fails('a')));
    expect(life.tell()).toEqual([]);
    life.later(5 * MINUTE);
    expect(life.tell()).toHaveLength(2);
    life.later(4 * HOUR - 10 * MINUTE).look(names(2).map(fails).concat(fails('a')));
    expect(life.tell()).toHaveLength(3);
    life.later(20_000).look(names(2).map(fails));
    life.later(20_000).look([fails('shop-1')]);
    life.later(20_000).look([]);
    life.later(20_000).look([]);
    expect(life.tell()).toEqual([]);
    life.later(40_000).look([]);
    expect(life.tell()).toHaveLength(3);
  });

  test('and work again one after the other for longer than an end must hold are one message, within half an hour', () => {
    const life = new Life();
    const fails = (name: string): Finding => ({
      ...aLoginsFail({ detail: 'rejected' }),
      id: `LoginsFail/${name}`,
      target: failing(name).target,
    });
    const all = names(40).map(fails);
    life.look(all);
    expect(life.tell()).toHaveLength(40);
    const told: number[] = [];
    for (let left = 39; left >= 0; left -= 1) {
      life.later(100_000).look(all.slice(0, left));
      told.push(life.tell().length);
    }
    // 40 of them take 67 minutes.
    expect(told.filter((count) => count > 0).length).toBeLessThanOrEqual(2);
    life.later(5 * MINUTE).look([]);
    expect(told.concat(life.tell().length).reduce((a, b) => a + b, 0)).toBe(40);
  });
  const shop = failing('shop').target;
  const web = failing('web').target;
  const fails = (target: Finding['target']) =>
    ({ ...aLoginsFail({}), target, id: `LoginsFail/${target?.name}-1/apple@tcb.tencentcloudapi.com` }) as Finding;

  test('are a critical story for each target, whatever else explains', () => {
    const life = new Life();
    life.look([clockSkewed, fails(shop), fails(web), denied('other')]);
    expect(life.tell()).toEqual([
      'ops raised ClockSkewed',
      'ops raised shop',
      'ops raised web',
      'ops raised AccessDenied',
    ]);
  });

  test('say better what else is open of the target: it is not told again beside them', () => {
    const life = new Life();
    life.look([failing('shop'), failing('other')]);
    life.tell();
    life.later(DAY).look([failing('other'), fails(shop)], { undecided: ({ target }) => target?.name === 'shop' });
    expect(life.tell()).toEqual(['ops repeated other', 'ops raised shop']);
  });
});

describe('channels', () => {
  test('one that is new is told of what is open; one that left is told anew when it returns', () => {
    const life = new Life([route('ops')]);
    life.look([failing('shop')]);
    life.tell();
    life.reroute([route('ops'), route('mail')]);
    expect(life.tell()).toEqual(['mail raised shop']);
    life.reroute([route('ops')]);
    life.look([failing('shop')]);
    life.reroute([route('ops'), route('mail')]);
    expect(life.tell()).toEqual(['mail raised shop']);
  });

  test('one that fails is told over all the others, whatever they carry', () => {
    const life = new Life([route('ops'), route('pager', { severities: ['critical'], targets: ['web'] })]);
    const facts = { channel: 'ops', attempts: 3, oldestAt: null };
    life.look([{ ...stalled('warning'), condition: 'ChannelFailing', facts, id: 'ChannelFailing/ops' }]);
    expect(life.tell()).toEqual(['pager raised ChannelFailing']);
  });
});

describe('a target that left the configuration', () => {
  /** What a look finds of targets that left. */
  const gone = (...names: string[]) => {
    const findings = names.flatMap((name) => {
      const { target } = failing(name);
      return target === null ? [] : detectUnwatched(target, NOW + DAY, { moved: false, open: [] });
    });
    return { left: new Map(findings.map((finding) => [finding.target?.key ?? '', finding])) };
  };
  const unwatched = gone('shop');

  test('is told once to channels that take its warnings, and what is open of it ends without an all-clear', () => {
    const life = new Life([
      route('ops'),
      route('pager', { severities: ['critical'] }),
      route('web', { targets: ['web'] }),
    ]);
    life.look([failing('shop'), failing('web')]);
    life.tell();
    expect(life.look([failing('web')], unwatched)).toEqual(['unwatched']);
    const thread = 'RenewalFailing/shop-1/apple@tcb.tencentcloudapi.com';
    expect(life.due('ops')).toMatchObject([{ status: 'happened', thread, closes: [thread] }]);
    expect(life.tell()).toEqual(['ops happened shop']);
    expect(life.tell()).toEqual([]);
    expect(life.later(10 * MINUTE).look([failing('web')])).toEqual([]);
    expect(life.book.stories.map(({ members: [first] }) => first?.finding.target?.name)).toEqual(['web']);
  });

  test('is told once of those of its stories that somebody was told of, each in its incident', () => {
    const life = new Life();
    life.look([failing('shop'), loginsFail('shop')]);
    expect(life.tell()).toHaveLength(2);
    expect(life.look([], unwatched)).toEqual(['unwatched', 'unwatched']);
    const threads = life.due('ops').flatMap(({ closes }) => closes);
    expect(threads.map((thread) => thread.split('/')[0]).sort()).toEqual(['LoginsFail', 'RenewalFailing']);
    expect(life.tell()).toEqual(['ops happened shop', 'ops happened shop']);
  });

  test('is told of, though nothing was open of it, or nobody was told of that', () => {
    const life = new Life();
    life.look([failing('shop')]);
    expect(life.look([], gone('shop', 'web'))).toEqual(['unwatched']);
    expect(life.book.stories.map(({ id }) => id.split('/')[0])).toEqual(['Unwatched', 'Unwatched']);
    expect(life.due('ops').flatMap(({ closes }) => closes)).toEqual([]);
    expect(life.tell()).toEqual(['ops happened shop', 'ops happened web']);
  });

  test('leaves what others have in common with it as it is', () => {
    const life = new Life();
    life.look([denied('shop'), denied('web')]);
    life.tell();
    life.look([denied('web')], unwatched);
    expect(life.tell()).toEqual(['ops happened shop']);
    const open = life.book.stories.filter(({ endedAt }) => endedAt === null);
    expect(open.map((story) => viewOf(story).targets.map(({ name }) => name))).toEqual([['web']]);
  });

  test('together with all that it had something in common with is told as each of them, and the incident ends once', () => {
    const life = new Life();
    life.look([denied('shop'), denied('web')]);
    life.tell();
    life.look([], gone('shop', 'web'));
    expect(life.due('ops').flatMap(({ closes }) => closes)).toHaveLength(1);
    expect(life.tell()).toEqual(['ops happened shop', 'ops happened web']);
  });

  test('is told where what is open of it was told, so that an incident is closed', () => {
    const life = new Life([route('ops'), route('pager', { severities: ['critical'] })]);
    life.look([failing('shop', CRITICAL)]);
    life.tell();
    life.look([], unwatched);
    expect(life.due('pager')).toMatchObject([{ closes: ['RenewalFailing/shop-1/apple@tcb.tencentcloudapi.com'] }]);
    expect(life.tell()).toEqual(['ops happened shop', 'pager happened shop']);
  });

  test('and is back within ten minutes has its alerts anew, and is told of when it leaves again', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.tell();
    life.look([], unwatched);
    expect(life.tell()).toEqual(['ops happened shop']);
    expect(life.later(MINUTE).look([failing('shop')])).toEqual(['opened']);
    expect(life.tell()).toEqual(['ops raised shop']);
    expect(life.later(MINUTE).look([], unwatched)).toEqual(['unwatched']);
    expect(life.tell()).toEqual(['ops happened shop']);
    expect(life.later(MINUTE).look([])).toEqual([]);
    expect(life.tell()).toEqual([]);
  });

  test.each([
    ['every channel, where none names it any more', { targets: ['web'] }, ['ops happened shop', 'pager happened shop']],
    [
      'every channel, where none takes warnings',
      { severities: ['critical' as const] },
      ['ops happened shop', 'pager happened shop'],
    ],
    ['those alone that carry its warnings', {}, ['ops happened shop']],
  ])('is told to %s', (_name, ops, told) => {
    const life = new Life([route('ops', ops), route('pager', { severities: ['critical'] })]);
    life.look([], unwatched);
    expect(life.tell()).toEqual(told);
  });
});

describe('what was found and put right at once', () => {
  const found = (since: number | null) => ({ ...loginsFail('shop'), since });
  const rotation = { id: 'row', reason: 'RejectedByApple', proof: null, settles: null } as const;
  const afterwardsOf = (life: Life, finding: Finding) => {
    const rotated = { key: finding.target?.key ?? '', rotation, ended: finding };
    life.book = applied(life.book, afterRotation(life.book, rotated, life.now));
  };

  test('is told as what is over, since when it is known to have lasted, once', () => {
    const life = new Life();
    afterwardsOf(life, found(NOW - DAY));
    expect(life.due('ops')).toMatchObject([
      { status: 'ended', closes: [], story: { since: NOW - DAY, endedAt: NOW, rotation } },
    ]);
    expect(life.tell()).toEqual(['ops ended shop']);
    expect(life.look([])).toEqual([]);
    expect(life.tell()).toEqual([]);
    expect(life.later(10 * MINUTE).look([])).toEqual([]);
    expect(life.book.stories).toEqual([]);
  });

  test.each([
    ['nobody knows since when', null],
    ['the clock says that it began later', NOW + DAY],
  ])('began at that moment, if %s', (_name, since) => {
    const life = new Life();
    afterwardsOf(life, found(since));
    expect(life.book.stories).toMatchObject([{ since: NOW, endedAt: NOW }]);
  });

  test('is told by the end of a story of it that is there, which notes the rotation, until it comes back', () => {
    const life = new Life();
    life.look([loginsFail('shop'), loginsFail('other'), denied('shop')]);
    life.tell();
    afterwardsOf(life, found(null));
    expect(life.book.stories.map((story) => story.rotation)).toEqual([rotation, null, null]);
    life.look([]);
    life.look([loginsFail('shop')]);
    expect(life.book.stories[0]?.rotation).toBeNull();
    life.look([]);
    afterwardsOf(life, found(null));
    life.later(10 * MINUTE).look([]);
    expect(life.tell()).toEqual(['ops cleared shop', 'ops cleared other', 'ops cleared AccessDenied']);
  });

  test('is raised when it comes back', () => {
    const life = new Life();
    afterwardsOf(life, found(null));
    expect(life.later(MINUTE).look([loginsFail('shop')])).toEqual(['opened']);
    expect(life.tell()).toEqual(['ops raised shop']);
    expect(life.book.stories).toMatchObject([{ since: life.now }]);
  });
});

describe('a clock that was wrong', () => {
  test('puts no reminder to sleep, and a small step back repeats nothing', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.tell();
    life.later(-MINUTE).look([failing('shop')]);
    expect(life.tell()).toEqual([]);
    life.later(-90 * DAY).look([failing('shop')]);
    expect(life.tell()).toEqual(['ops repeated shop']);
    expect(life.later(MINUTE).tell()).toEqual([]);
  });
});

test('a look at an unchanged world changes nothing', () => {
  const life = new Life();
  const findings = [failing('shop'), stalled(), ...many(5, { error: DENIED })];
  life.look(findings);
  life.tell();
  const before = life.book;
  life.later(MINUTE).look(structuredClone(findings));
  expect(life.book.stories.every((story, index) => story === before.stories[index])).toBe(true);
});

describe('for any sequence of looks', () => {
  const step = fc.record({
    present: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }),
    isShared: fc.boolean(),
    critical: fc.boolean(),
    laterMs: fc.oneof(fc.integer({ min: 0, max: 5 * MINUTE }), fc.integer({ min: 0, max: 2 * DAY })),
    reaches: fc.subarray(['ops', 'pager']),
    restart: fc.boolean(),
  });

  test('every channel can tell from its messages alone what is open, and every incident ends', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const life = new Life([route('ops'), route('pager', { severities: ['critical'] })]);
        const open = new Map(['ops', 'pager'].map((name) => [name, new Map<string, string>()]));
        const hear = (channel: string) => {
          const incidents = open.get(channel);
          for (const { story, status, thread, closes } of life.due(channel)) {
            if (status === 'raised' || status === 'ended') expect(incidents?.has(story.id)).toBe(false);
            else expect([thread, ...closes]).toContain(incidents?.get(story.id));
            if (status === 'cleared' || status === 'ended') incidents?.delete(story.id);
            else incidents?.set(story.id, thread);
          }
          life.tell(channel);
        };
        for (const { present, isShared, critical, laterMs, reaches, restart } of steps) {
          if (restart) life.book = structuredClone(life.book);
          const change = { severity: critical ? 'critical' : 'warning', error: isShared ? DENIED : null } as const;
          life.later(laterMs).look(present.map((name) => failing(name, change)));
          for (const channel of reaches) hear(channel);
        }
        life.later(10 * MINUTE).look([]);
        life.later(10 * MINUTE).look([]);
        for (const channel of open.keys()) hear(channel);
        expect([...open.values()].map(({ size }) => size)).toEqual([0, 0]);
      }),
    );
  });

  test('no channel is told more of one story than reminders, what got worse and one change an hour', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const life = new Life();
        const told: [number, string, string][] = [];
        for (const { present, laterMs } of steps) {
          life.later(Math.min(laterMs, MINUTE)).look(present.map((name) => denied(name)));
          for (const { status, story } of life.due('ops')) told.push([life.now, status, story.id]);
          life.tell();
        }
        const begun = told.filter(([, status]) => status === 'raised').length;
        const ended = told.filter(([, status]) => status === 'cleared').length;
        expect(told.length).toBe(begun + ended);
        expect(begun - ended).toBeLessThanOrEqual(1);
      }),
    );
  });
});
