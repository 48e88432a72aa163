// The alert engine as a person sees it: told once, reminded, told when it gets worse, told when it is over; and the
// laws that hold for any sequence of looks.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/core/alerts/conditions.ts';
import type { ConditionRecord } from '../../../src/core/alerts/records.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';
import { aLoginsFail, aReplacement } from '../../support/alert-findings.ts';
import { failing, Life, route, stalled } from '../../support/alert-life.ts';
import { NOW } from '../../support/builders.ts';

describe('a condition that lasts', () => {
  test('is told once, and once more only when repeatEvery is over', () => {
    const life = new Life();
    expect(life.look([failing('shop')])).toEqual({ transitions: ['raised'], told: ['ops raised shop'] });
    life.delivered();
    expect(life.later(DAY - 1).look([failing('shop')])).toEqual({ transitions: [], told: [] });
    expect(life.later(1).look([failing('shop')])).toEqual({ transitions: ['repeated'], told: ['ops repeated shop'] });
    life.delivered();
    expect(life.later(DAY - 1).look([failing('shop')]).told).toEqual([]);
    expect(life.later(1).look([failing('shop')]).told).toEqual(['ops repeated shop']);
  });

  test('is repeated sooner where it is critical', () => {
    const life = new Life();
    life.look([stalled()]);
    life.delivered();
    expect(life.later(4 * HOUR - 1).look([stalled()]).told).toEqual([]);
    expect(life.later(1).look([stalled()]).told).toEqual(['ops repeated SchedulerStalled']);
  });

  test('is not repeated over a channel that has not taken the last message yet', () => {
    const life = new Life([route('ops'), route('mail')]);
    life.look([failing('shop')]);
    life.delivered('mail');
    expect(life.later(DAY).look([failing('shop')]).told).toEqual(['mail repeated shop']);
  });

  test('keeps the instant at which it was first found, or the earlier one that the facts tell', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.later(HOUR).look([failing('shop')]);
    expect(life.book.conditions[0]).toMatchObject({ foundAt: NOW, raisedAt: NOW });
    life.later(DAY).look([failing('shop', { since: NOW - HOUR })]);
    const repeated = life.delivered().at(-1);
    expect(repeated?.subject).toMatchObject({ status: 'raised', since: NOW });
    life.later(DAY).look([failing('shop', { since: NOW - HOUR })]);
    expect(life.delivered().at(-1)?.subject).toMatchObject({ status: 'repeated', since: NOW - HOUR });
  });
});

describe('the end of a condition', () => {
  test('is told to those who were told of it, and to nobody else', () => {
    const life = new Life([route('ops'), route('pager', { severities: ['critical'] })]);
    expect(life.look([failing('shop')]).told).toEqual(['ops raised shop']);
    expect(life.later(HOUR).look([])).toEqual({ transitions: ['cleared'], told: ['ops cleared shop'] });
    expect(life.book.conditions).toEqual([]);
  });

  test('is told over a channel whose filter no longer carries it', () => {
    const life = new Life([route('ops')]);
    life.look([failing('shop')]);
    life.reroute([route('ops', { severities: ['critical'] })]);
    expect(life.look([]).told).toEqual(['ops cleared shop']);
  });

  test('says since when it had been so, and when it ended', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.later(3 * HOUR).look([]);
    expect(life.delivered().at(-1)?.subject).toMatchObject({ since: NOW, until: NOW + 3 * HOUR });
  });

  test('waits while a look cannot tell', () => {
    const life = new Life();
    life.look([stalled()]);
    expect(life.look([], { undecided: ({ condition }) => condition === 'SchedulerStalled' }).transitions).toEqual([]);
    expect(life.book.conditions).toHaveLength(1);
    expect(life.look([]).transitions).toEqual(['cleared']);
  });
});

describe('a target that left the configuration', () => {
  const shop = { key: failing('shop').target?.key ?? '', name: 'shop', envId: 'shop-1', providerId: 'apple' };
  const unwatched = [{ target: shop, expiresAt: NOW + DAY, moved: false }];

  test('is told once to channels that take its warnings, and what is open of it ends without an all-clear', () => {
    const life = new Life([
      route('ops'),
      route('pager', { severities: ['critical'] }),
      route('web', { targets: ['web'] }),
    ]);
    life.look([failing('shop'), failing('web')]);
    life.delivered();
    expect(life.look([failing('web')], { unwatched })).toEqual({ transitions: ['unwatched'], told: ['ops unwatched'] });
    expect(life.book.conditions.map(({ finding }) => finding.target?.name)).toEqual(['web']);
    expect(life.book.deliveries[0]?.subject).toEqual({
      kind: 'unwatched',
      event: {
        target: { name: 'shop', envId: 'shop-1', providerId: 'apple' },
        expiresAt: NOW + DAY,
        moved: false,
        open: ['RotationFailing'],
      },
      closes: [failing('shop').id],
    });
  });

  test('is told where what is open of it was told, so that an incident is closed', () => {
    const life = new Life([route('ops'), route('pager', { severities: ['critical'] })]);
    life.look([failing('shop', { severity: 'critical' })]);
    life.delivered();
    expect(life.look([], { unwatched }).told).toEqual(['ops unwatched', 'pager unwatched']);
  });

  test('takes what waits to be told of it out of the outbox', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.look([], { unwatched });
    expect(life.delivered().map(({ subject }) => subject.kind)).toEqual(['unwatched']);
  });

  test.each([
    ['every channel that takes warnings, where none names it any more', { targets: ['web'] }, ['ops unwatched']],
    [
      'every channel, where none takes warnings',
      { severities: ['critical' as const] },
      ['ops unwatched', 'pager unwatched'],
    ],
  ])('is told to %s', (_name, ops, told) => {
    const life = new Life([route('ops', ops), route('pager', { severities: ['critical'] })]);
    expect(life.look([], { unwatched }).told).toEqual(told);
  });
});

describe('a condition that gets worse', () => {
  test('is told at once, to new channels as raised', () => {
    const life = new Life([route('ops'), route('pager', { severities: ['critical'] })]);
    life.look([failing('shop')]);
    const worse = life.later(MINUTE).look([failing('shop', { severity: 'critical' })]);
    expect(worse).toEqual({ transitions: ['escalated'], told: ['ops escalated shop', 'pager raised shop'] });
    expect(life.later(MINUTE).look([]).told).toEqual(['ops cleared shop', 'pager cleared shop']);
  });

  test('does not fall back within its episode, so that what flaps calls nobody twice', () => {
    const life = new Life();
    life.look([failing('shop', { severity: 'critical' })]);
    expect(life.look([failing('shop')]).transitions).toEqual([]);
    expect(life.book.conditions[0]?.finding.severity).toBe('critical');
    expect(life.look([failing('shop', { severity: 'critical' })]).transitions).toEqual([]);
  });
});

describe('a condition that is held back', () => {
  const held = stalled();
  const finding: Finding = { ...held, holdMs: HOUR };

  test('is told once it was found for so long', () => {
    const life = new Life();
    expect(life.look([finding])).toEqual({ transitions: [], told: [] });
    expect(life.later(HOUR - 1).look([finding]).told).toEqual([]);
    expect(life.later(1).look([finding])).toEqual({ transitions: ['raised'], told: ['ops raised SchedulerStalled'] });
  });

  test('is never told if it ends before', () => {
    const life = new Life();
    life.look([finding]);
    expect(life.later(HOUR - 1).look([])).toEqual({ transitions: [], told: [] });
    expect(life.book.conditions).toEqual([]);
  });
});

describe('channels', () => {
  test('a channel that is new is told of what is open', () => {
    const life = new Life([route('ops')]);
    life.look([failing('shop')]);
    life.reroute([route('ops'), route('mail')]);
    expect(life.look([failing('shop')]).told).toEqual(['mail raised shop']);
    expect(life.look([failing('shop')]).told).toEqual([]);
  });

  test('a channel that left takes its messages along, and is told anew when it returns', () => {
    const life = new Life([route('ops'), route('mail')]);
    life.look([failing('shop')]);
    life.reroute([route('ops')]);
    life.look([failing('shop')]);
    expect(life.book.deliveries.map(({ channel }) => channel)).toEqual(['ops']);
    life.reroute([route('ops'), route('mail')]);
    expect(life.look([failing('shop')]).told).toEqual(['mail raised shop']);
  });

  test('one that names targets carries theirs alone', () => {
    const life = new Life([route('all'), route('mine', { targets: ['shop'] })]);
    expect(life.look([failing('shop'), failing('web'), stalled()]).told).toEqual([
      'all raised shop',
      'mine raised shop',
      'all raised web',
      'all raised SchedulerStalled',
    ]);
  });

  test('one that fails is told over all the others, whatever they carry', () => {
    const life = new Life([route('ops'), route('pager', { severities: ['critical'], targets: ['web'] })]);
    const finding: Finding = {
      ...stalled('warning'),
      condition: 'ChannelFailing',
      facts: { channel: 'ops', attempts: 3, oldestAt: null },
      id: 'ChannelFailing/ops',
    };
    expect(life.look([finding]).told).toEqual(['pager raised ChannelFailing']);
  });
});

describe('beside LoginsFail', () => {
  const expiring = failing('shop', {
    condition: 'SecretExpiring',
    facts: { expiresAt: NOW },
    id: 'SecretExpiring/shop',
  });
  const { target } = failing('shop');
  const fails = { ...aLoginsFail({}), target };
  const undecided = () => true;

  test('what it says better is not repeated', () => {
    const life = new Life();
    life.look([expiring, fails]);
    life.delivered();
    expect(life.later(DAY).look([fails], { undecided }).told).toEqual(['ops repeated shop']);
    expect(life.look([expiring]).told).toEqual(['ops repeated shop', 'ops cleared shop']);
  });

  test('of another target it is', () => {
    const life = new Life();
    life.look([failing('web'), fails]);
    life.delivered();
    expect(life.later(DAY).look([failing('web'), fails]).told).toEqual(['ops repeated web', 'ops repeated shop']);
  });

  test('what is held back is not raised while it is undecided, and keeps the time that it was held', () => {
    const life = new Life();
    const held = { ...expiring, holdMs: HOUR } as Finding;
    life.look([held]);
    expect(life.later(HOUR).look([fails], { undecided }).told).toEqual(['ops raised shop']);
    expect(life.look([held]).told).toEqual(['ops raised shop', 'ops cleared shop']);
  });
});

test('SecretReplaced is told once for each secret', () => {
  const finding = { ...aReplacement({}), target: failing('shop').target };
  const life = new Life();
  expect(life.look([finding]).told).toEqual(['ops raised shop']);
  life.delivered();
  expect(life.later(6 * DAY).look([finding]).told).toEqual([]);
  const another = { ...finding, since: life.now - MINUTE };
  expect(life.look([another]).told).toEqual(['ops repeated shop']);
  life.delivered();
  expect(life.later(DAY).look([another]).told).toEqual([]);
  expect(life.look([]).told).toEqual(['ops cleared shop']);
});

test('Unverified comes every thirty days', () => {
  const finding: Finding = {
    ...stalled('warning'),
    condition: 'Unverified',
    facts: { targets: ['a'] },
    id: 'Unverified',
  };
  const life = new Life();
  life.look([finding]);
  life.delivered();
  expect(life.later(30 * DAY - 1).look([finding]).told).toEqual([]);
  expect(life.later(1).look([finding]).told).toEqual(['ops repeated Unverified']);
});

describe('a clock that was wrong', () => {
  test('puts no reminder to sleep', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.delivered();
    life.now -= 90 * DAY;
    expect(life.look([failing('shop')]).told).toEqual(['ops repeated shop']);
    life.delivered();
    expect(life.later(MINUTE).look([failing('shop')]).told).toEqual([]);
  });

  test('a small step back repeats nothing', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.delivered();
    expect(life.later(-MINUTE).look([failing('shop')]).told).toEqual([]);
  });
});

describe('threads', () => {
  const threads = (life: Life): string[] => [
    ...new Set(life.book.conditions.flatMap(({ told }) => Object.values(told))),
  ];
  const many = (count: number): Finding[] => Array.from({ length: count }, (_, index) => failing(`app-${index}`));

  test('each condition has its own as long as they are few', () => {
    const life = new Life();
    life.look(many(5));
    expect(threads(life)).toEqual(life.book.conditions.map(({ finding }) => finding.id));
  });

  test('above five within ten minutes they share one, which closes with the last of them', () => {
    const life = new Life();
    life.look(many(6));
    expect(threads(life)).toEqual([`storm/${new Date(NOW).toISOString()}`]);
    life.later(MINUTE).look(many(20));
    expect(threads(life)).toHaveLength(1);
    life.delivered();
    life.look(many(1));
    const closes = () =>
      life.delivered().flatMap(({ subject }) => (subject.kind === 'condition' ? subject.closes : []));
    expect(closes()).toEqual([]);
    life.look([]);
    expect(closes()).toEqual([`storm/${new Date(NOW).toISOString()}`]);
  });

  test('a storm of ten minutes ago takes no new ones in', () => {
    const life = new Life();
    life.look(many(6));
    life.later(10 * MINUTE).look([...many(6), failing('late')]);
    expect(threads(life)).toContain(failing('late').id);
  });

  test('what gets worse has a new one and closes the old, so that somebody is called anew', () => {
    const life = new Life();
    life.look([failing('shop')]);
    life.delivered();
    life.look([failing('shop', { severity: 'critical' })]);
    const { id } = failing('shop');
    expect(life.delivered()[0]?.subject).toMatchObject({ thread: `${id}#critical`, closes: [id] });
    life.look([]);
    expect(life.delivered()[0]?.subject).toMatchObject({ thread: `${id}#critical`, closes: [`${id}#critical`] });
  });
});

test('a look at an unchanged world changes nothing', () => {
  const life = new Life();
  life.look([failing('shop'), stalled()]);
  const before = life.book;
  life.later(MINUTE).look([failing('shop'), stalled()]);
  expect(life.book).toEqual(before);
});

describe('for any sequence of looks', () => {
  const step = fc.record({
    present: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
    critical: fc.boolean(),
    laterMs: fc.integer({ min: 0, max: 2 * DAY }),
    deliver: fc.boolean(),
    restart: fc.boolean(),
  });

  test('every channel can tell from its messages alone what is open', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const life = new Life([route('ops'), route('pager', { severities: ['critical'] })]);
        const open = new Map<string, Set<string>>([
          ['ops', new Set()],
          ['pager', new Set()],
        ]);
        for (const { present, critical, laterMs, restart } of steps) {
          if (restart) life.book = structuredClone(life.book);
          life
            .later(laterMs)
            .look(present.map((name) => failing(name, { severity: critical ? 'critical' : 'warning' })));
          for (const { channel, subject } of life.delivered()) {
            if (subject.kind !== 'condition') continue;
            const names = open.get(channel);
            const id = subject.finding.id;
            if (subject.status === 'raised') expect(names?.has(id)).toBe(false);
            else expect(names?.has(id)).toBe(true);
            if (subject.status === 'cleared') names?.delete(id);
            else names?.add(id);
          }
          const raised = life.book.conditions.map(({ finding }) => finding);
          expect([...(open.get('ops') ?? [])].sort()).toEqual(raised.map(({ id }) => id).sort());
          const paged = raised.filter(({ severity }) => severity === 'critical').map(({ id }) => id);
          expect([...(open.get('pager') ?? [])].sort()).toEqual(paged.sort());
        }
      }),
    );
  });

  test('a thread closes exactly when nothing is open in it', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const life = new Life();
        for (const { present, critical, laterMs } of steps) {
          life
            .later(laterMs)
            .look(present.map((name) => failing(name, { severity: critical ? 'critical' : 'warning' })));
          const open = new Set(life.book.conditions.flatMap(({ told }: ConditionRecord) => Object.values(told)));
          for (const { subject } of life.delivered()) {
            if (subject.kind !== 'condition') continue;
            for (const thread of subject.closes) expect(open.has(thread)).toBe(false);
          }
        }
      }),
    );
  });
});
