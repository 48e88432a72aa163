// When passes run. The clock is moved by hand and the passes are recorded instead of run: what is tested is timing,
// which no real part can produce in the time that a test has.
import { afterEach, describe, expect, test } from 'vitest';
import { deployedRecord } from '../../src/core/deployed.ts';
import { RotatorError } from '../../src/core/errors.ts';
import { HOUR, MINUTE, SECOND } from '../../src/core/time.ts';
import { anError } from '../support/alert-facts.ts';
import { aDeployed, asked } from '../support/builders.ts';
import type { HandClock } from '../support/clock.ts';
import { type RecordedPass, START, startDaemon, wired } from '../support/daemon-rig.ts';

let rig: ReturnType<typeof startDaemon>;
afterEach(async () => {
  rig.daemon.stop();
  await rig.clock.advance(30_000);
  await rig.running;
});

const retry = (clock: HandClock, ms: number) => ({
  state: 'failed' as const,
  retry: { failures: 1, nextAttemptAt: clock.now() + ms },
});

describe('ticks', () => {
  test('everything is checked at the start', async () => {
    rig = startDaemon([wired('a'), wired('b')]);
    await rig.clock.advance(0);
    expect(rig.passes).toEqual([
      { name: 'a', trigger: 'start', at: 0 },
      { name: 'b', trigger: 'start', at: 0 },
    ]);
  });

  test('a pass counts from when it is due until it has ended', async () => {
    rig = startDaemon([wired('a'), wired('b')]);
    const { promise: lasts, resolve: release } = Promise.withResolvers<void>();
    rig.answers.set('b', { lasts });
    expect(rig.daemon.passes).toBe(2);
    await rig.clock.advance(0);
    expect(rig.daemon.passes).toBe(1);
    release();
    await rig.clock.advance(HOUR);
    expect(rig.daemon.passes).toBe(0);
  });

  test('then everything is due at every tick, in one sweep', async () => {
    rig = startDaemon([wired('a'), wired('b')]);
    await rig.clock.advance(2 * HOUR);
    expect(rig.sweeps).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(rig.passes.map(({ at }) => at)).toEqual([0, 0, 30, 30, 90, 90]);
  });

  test('come to the second, also where they lie closer together than the loop turns', async () => {
    rig = startDaemon([wired('a')], '*/20 * * * * *');
    await rig.clock.advance(20 * SECOND - 1);
    expect(rig.passes).toHaveLength(1);
    await rig.clock.advance(1);
    expect(rig.passes).toHaveLength(2);
    await rig.clock.advance(40 * SECOND);
    expect(rig.passes).toHaveLength(4);
  });

  test('end with one call for what looks at the results', async () => {
    rig = startDaemon([wired('a'), wired('b')]);
    await rig.clock.advance(2 * HOUR);
    expect(rig.ended).toEqual([0, 30, 90]);
  });
});

describe('the wall clock', () => {
  test.each([
    ['back by 180 days', -180 * 24 * HOUR],
    ['ahead by 200 days', 200 * 24 * HOUR],
    ['back by a minute', -MINUTE],
  ])('that steps %s: everything is checked within a minute', async (_name, step) => {
    rig = startDaemon([wired('a')]);
    await rig.clock.advance(5 * MINUTE);
    rig.clock.step(step);
    await rig.clock.advance(MINUTE);
    expect(rig.passes).toHaveLength(2);
    expect(rig.events).toMatchObject([{ event: 'warning', error: { code: 'ERR_CLOCK_SKEWED' } }]);
  });

  test('that steps by less than five seconds is nothing', async () => {
    rig = startDaemon([wired('a')]);
    await rig.clock.advance(5 * MINUTE);
    rig.clock.step(4_000);
    await rig.clock.advance(2 * MINUTE);
    expect([rig.passes.length, rig.events.length]).toEqual([1, 0]);
  });

  test('goes on ticking after it was set back', async () => {
    rig = startDaemon([wired('a')]);
    await rig.clock.advance(MINUTE);
    rig.clock.step(-180 * 24 * HOUR);
    await rig.clock.advance(2 * HOUR);
    expect(rig.passes.length).toBeGreaterThanOrEqual(4);
  });
});

describe('retries', () => {
  test('come at their instant, and a tick before it passes the target by', async () => {
    rig = startDaemon([wired('a')]);
    rig.answers.set('a', retry(rig.clock, 55 * MINUTE));
    await rig.clock.advance(0);
    rig.answers.delete('a');
    await rig.clock.advance(56 * MINUTE);
    expect(rig.passes).toEqual([
      { name: 'a', trigger: 'start', at: 0 },
      { name: 'a', trigger: 'retry', at: 55 },
    ]);
  });

  test('that a person must fix wait for the tick', async () => {
    rig = startDaemon([wired('a')]);
    rig.answers.set('a', { state: 'failed', retry: { failures: 1, nextAttemptAt: null } });
    await rig.clock.advance(50 * MINUTE);
    expect(rig.passes.map(({ trigger }) => trigger)).toEqual(['start', 'schedule']);
  });

  test('of a target whose lease another process holds come a minute later', async () => {
    rig = startDaemon([wired('a')]);
    const held = new RotatorError('ERR_LEASE_HELD', null);
    rig.answers.set('a', { waitsFor: held, wakeAt: START + MINUTE });
    await rig.clock.advance(0);
    rig.answers.delete('a');
    await rig.clock.advance(MINUTE);
    expect(rig.passes).toMatchObject([{ at: 0 }, { at: 1, trigger: 'retry' }]);
  });

  test('of one target are not held up by another one that hangs', async () => {
    rig = startDaemon([wired('slow'), wired('quick')]);
    let release = () => {};
    rig.answers.set('slow', {
      lasts: new Promise((resolve) => {
        release = resolve;
      }),
    });
    rig.answers.set('quick', retry(rig.clock, MINUTE));
    await rig.clock.advance(0);
    await rig.clock.advance(3 * MINUTE);
    expect(rig.passes.filter(({ name }) => name === 'quick').length).toBeGreaterThanOrEqual(2);
    expect(rig.passes.filter(({ name }) => name === 'slow')).toHaveLength(1);
    release();
    await rig.clock.advance(0);
  });
});

test('a failure that a person must mend is tried at ticks as well as at its own instant', async () => {
  rig = startDaemon([wired('a')], '*/5 * * * *');
  const error = new RotatorError('ERR_KEY_FORBIDDEN', { problem: 'aws-denied', said: '', origin: 'x' }).stored;
  rig.answers.set('a', { ...retry(rig.clock, 7 * MINUTE), error });
  await rig.clock.advance(6 * MINUTE);
  rig.answers.delete('a');
  await rig.clock.advance(4 * MINUTE);
  expect(rig.passes.map(({ at }) => at)).toEqual([0, 5, 7, 10]);
});

test('a retry that a wrong clock has put off comes as soon as one of a right clock', async () => {
  rig = startDaemon([wired('a')]);
  const error = anError('ERR_CLOUDBASE_CLOCK');
  rig.answers.set('a', { ...retry(rig.clock, 11 * MINUTE), error });
  await rig.clock.advance(0);
  rig.answers.set('a', { ...retry(rig.clock, MINUTE), error });
  await rig.clock.advance(30 * SECOND);
  rig.answers.delete('a');
  await rig.clock.advance(MINUTE);
  expect(rig.passes).toMatchObject([{ at: 0 }, { trigger: 'retry' }, { at: 1, trigger: 'retry' }]);
});

test('a target is woken when its window or its lane opens, and ticks before that check it as well', async () => {
  rig = startDaemon([wired('a')]);
  rig.answers.set('a', { state: 'due', reason: 'RenewalDue', wakeAt: START + 37 * MINUTE });
  await rig.clock.advance(31 * MINUTE);
  rig.answers.delete('a');
  await rig.clock.advance(7 * MINUTE);
  expect(rig.passes).toEqual([
    { name: 'a', trigger: 'start', at: 0 },
    { name: 'a', trigger: 'schedule', at: 30 },
    { name: 'a', trigger: 'schedule', at: 37 },
  ]);
});

describe('a rejection by Apple', () => {
  const good = (keyId = 'K1') => ({ deployed: deployedRecord(aDeployed({ keyId })) });
  const rejected = (at: number, since = at, keyId = 'K1'): RecordedPass => ({
    ...good(keyId),
    apple: asked({ at, since, rejectedSince: null }),
  });
  /** The names of the passes since this was asked last. */
  const passed = () => rig.passes.splice(0).map(({ name }) => name);

  /** Four targets, of which the last has another key, at a tick at which the first hears something of Apple. */
  async function atTick(answer: (now: number) => RecordedPass): Promise<void> {
    rig = startDaemon(['a', 'b', 'c', 'other'].map((name) => wired(name)));
    for (const name of ['a', 'b', 'c']) rig.answers.set(name, good());
    rig.answers.set('other', good('K2'));
    await rig.clock.advance(30 * MINUTE - 1);
    rig.answers.set('a', answer(rig.clock.now() + 1));
    passed();
    await rig.clock.advance(1);
  }

  test('that is the first has the other targets of the key checked at once, whatever they wait for', async () => {
    rig = startDaemon(['a', 'b', 'c', 'other'].map((name) => wired(name)));
    rig.answers.set('a', good());
    rig.answers.set('b', good());
    rig.answers.set('c', { ...good(), ...retry(rig.clock, 6 * HOUR) });
    rig.answers.set('other', good('K2'));
    await rig.clock.advance(30 * MINUTE - 1);
    rig.answers.set('a', rejected(rig.clock.now() + 1));
    passed();
    await rig.clock.advance(1);
    expect(passed()).toEqual(['a', 'b', 'other', 'c', 'b']);
  });

  test.each<[string, (now: number) => RecordedPass]>([
    ['that is not the first', (now) => rejected(now, now - MINUTE)],
    ['that an earlier pass heard', (now) => rejected(now - MINUTE)],
    ['of a key that no other target has', (now) => rejected(now, now, 'K3')],
  ])('%s wakes nobody', async (_name, answer) => {
    await atTick(answer);
    expect(passed()).toEqual(['a', 'b', 'c', 'other']);
  });

  test('wakes the targets of a key once in 5 minutes, so that those who hear the same do not wake each other', async () => {
    await atTick((now) => ({ ...rejected(now), wakeAt: now + 5 * MINUTE - 1 }));
    for (const name of ['b', 'c']) rig.answers.set(name, rejected(rig.clock.now()));
    expect(passed()).toEqual(['a', 'b', 'c', 'other', 'b', 'c']);
    const next = rig.clock.now() + 5 * MINUTE;
    rig.answers.set('a', { ...rejected(next - 1), wakeAt: next + MINUTE });
    await rig.clock.advance(5 * MINUTE);
    expect(passed()).toEqual(['a']);
    rig.answers.set('a', rejected(next + MINUTE));
    await rig.clock.advance(MINUTE);
    expect(passed()).toEqual(['a', 'b', 'c']);
  });

  test.each([
    { waitMs: 19 * MINUTE, before: ['b'], after: ['c', 'a'] },
    { waitMs: 21 * MINUTE, before: ['b', 'a'], after: ['c'] },
  ])('waits for the others of its key before the second question: $waitMs ms', async ({ waitMs, before, after }) => {
    rig = startDaemon(['a', 'b', 'c'].map((name) => wired(name)));
    for (const name of ['a', 'b', 'c']) rig.answers.set(name, good());
    await rig.clock.advance(30 * MINUTE - 1);
    // The pass of one of them lasts, as where hundreds wait for their turn at Apple.
    let release = () => {};
    const lasts = new Promise<void>((resolve) => {
      release = resolve;
    });
    const now = rig.clock.now() + 1;
    rig.answers.set('a', { ...rejected(now), wakeAt: now + 5 * MINUTE });
    rig.answers.set('b', { ...good(), wakeAt: now + 6 * MINUTE });
    rig.answers.set('c', { ...good(), lasts });
    passed();
    await rig.clock.advance(1);
    expect(passed()).toEqual(['a', 'b', 'c', 'b']);
    // Nor does another first rejection wake anybody before all were heard of.
    rig.answers.set('b', rejected(now + 6 * MINUTE));
    rig.answers.set('a', good());
    rig.answers.set('c', good());
    await rig.clock.advance(waitMs);
    expect(passed()).toEqual(before);
    release();
    await rig.clock.advance(MINUTE);
    expect(passed()).toEqual(after);
  });
});

describe('a failure of what a lane shares', () => {
  const denied = { code: 'ERR_CLOUDBASE_DENIED', message: 'no', hint: 'Allow it.' } as const;
  const passed = () => rig.passes.splice(0).map(({ name }) => name);

  /** Three targets, of which the last has another lane; the first fails at a retry between two ticks. */
  async function atRetry(error: RecordedPass['error'] = denied): Promise<void> {
    rig = startDaemon([wired('a'), wired('b'), wired('other', 'another')]);
    rig.answers.set('a', { wakeAt: START + 10 * MINUTE });
    await rig.clock.advance(10 * MINUTE - 1);
    rig.answers.set('a', { state: 'failed', error, wakeAt: START + 20 * MINUTE });
    passed();
    await rig.clock.advance(1);
  }

  test('has the other targets of the lane checked at once', async () => {
    await atRetry();
    expect(passed()).toEqual(['a', 'b']);
  });

  test('but not for an error of the target alone', async () => {
    await atRetry({ ...denied, code: 'ERR_KEY_INVALID' });
    expect(passed()).toEqual(['a']);
  });

  test('once in an hour, and not those that fail by then', async () => {
    await atRetry();
    passed();
    await rig.clock.advance(10 * MINUTE);
    expect(passed()).toEqual(['a']);
  });

  test('and nothing twice at a tick, where all are under way', async () => {
    rig = startDaemon([wired('a'), wired('b')]);
    await rig.clock.advance(30 * MINUTE - 1);
    rig.answers.set('a', { state: 'failed', error: denied });
    passed();
    await rig.clock.advance(1);
    expect(passed()).toEqual(['a', 'b']);
  });
});

test('what was known may be old: everything is checked at once', async () => {
  rig = startDaemon([wired('a'), wired('b')]);
  await rig.clock.advance(MINUTE);
  rig.daemon.checkAll();
  await rig.clock.advance(0);
  expect(rig.sweeps).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  rig.daemon.stop();
  rig.daemon.checkAll();
  await rig.clock.advance(0);
  expect(rig.sweeps).toHaveLength(2);
});

describe('a reload', () => {
  test('checks everything at once, targets that are new included, and drops those that left', async () => {
    rig = startDaemon([wired('a'), wired('b')]);
    await rig.clock.advance(MINUTE);
    rig.daemon.reload(rig.plan([wired('b'), wired('c')]));
    await rig.clock.advance(0);
    expect(rig.passes.slice(2)).toMatchObject([
      { name: 'b', trigger: 'start' },
      { name: 'c', trigger: 'start' },
    ]);
    await rig.clock.advance(2 * HOUR);
    expect(rig.passes.slice(4).map(({ name }) => name)).not.toContain('a');
  });
});

describe('a stop', () => {
  test('begins no pass, drops those without an intent at once and cuts off the others after 25 s', async () => {
    rig = startDaemon([wired('a')]);
    let release = () => {};
    rig.answers.set('a', {
      lasts: new Promise((resolve) => {
        release = resolve;
      }),
    });
    await rig.clock.advance(0);
    rig.daemon.stop();
    const [request] = rig.requests;
    expect([request?.drop.aborted, request?.cutOff.aborted]).toEqual([true, false]);
    await rig.clock.advance(24_999);
    expect(request?.cutOff.aborted).toBe(false);
    await rig.clock.advance(1);
    expect(request?.cutOff.aborted).toBe(true);
    release();
    await rig.running;
    expect(rig.passes).toHaveLength(1);
  });

  test('is not undone by a reload', async () => {
    rig = startDaemon([wired('a')]);
    await rig.clock.advance(0);
    rig.daemon.stop();
    rig.daemon.reload(rig.plan([wired('a'), wired('b')]));
    await rig.running;
    expect(rig.passes).toHaveLength(1);
  });
});

test('the next tick is that after now', () => {
  rig = startDaemon([wired('a')]);
  expect(rig.daemon.nextTick()).toBe(START + 30 * MINUTE);
});
