// Rotations that somebody asks the running daemon for, and what it says of itself: whether its loop turns, and which
// targets it has not tried. The clock is moved by hand.
import { afterEach, describe, expect, test } from 'vitest';
import { RotatorError } from '../../src/core/errors.ts';
import { stallLimitMs } from '../../src/core/schedule.ts';
import { HOUR, MINUTE } from '../../src/core/time.ts';
import type { RequestAnswer } from '../../src/daemon/rotation-requests.ts';
import { startDaemon, wired } from '../support/daemon-rig.ts';

const A = wired('a');
const B = wired('b');
let rig: ReturnType<typeof startDaemon>;
const open: (() => void)[] = [];
afterEach(async () => {
  for (const resolve of open.splice(0)) resolve();
  rig.daemon.stop();
  await rig.clock.advance(30_000);
  await rig.running;
});

/** Open until it is opened by hand, or at the end of the test. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  open.push(resolve);
  return { promise, open: resolve };
}

/** A daemon whose checks at start are over. */
async function startIdle(): Promise<void> {
  rig = startDaemon([A, B]);
  await rig.clock.advance(0);
  rig.passes.length = 0;
  rig.requests.length = 0;
}

/** Asks, and lets everything go on that can go on now. */
async function ask(by = 'http token from 127.0.0.1', { target } = A): Promise<{ answer: RequestAnswer | undefined }> {
  const asked: { answer: RequestAnswer | undefined } = { answer: undefined };
  void rig.daemon.requestRotation(target.key, by).then((answer) => Object.assign(asked, { answer }));
  await rig.clock.advance(0);
  return asked;
}

describe('a request', () => {
  test('is a forced pass at once, in the name of whoever asked, and answered with its row while the pass goes on', async () => {
    await startIdle();
    const ends = gate();
    rig.answers.set('a', { row: 'row-1', lasts: ends.promise });
    const asked = await ask('http token from 10.0.0.1');
    expect(asked.answer).toEqual({ kind: 'started', id: 'row-1' });
    expect(rig.passes).toEqual([{ name: 'a', trigger: 'http', at: 0 }]);
    expect(rig.requests[0]).toMatchObject({
      requestedBy: 'http token from 10.0.0.1',
      force: true,
      waiveAppleCheck: false,
    });
  });

  test('comes before the retry of a target that failed, and the next pass is an ordinary one again', async () => {
    await startIdle();
    rig.answers.set('a', { state: 'failed', retry: { failures: 1, nextAttemptAt: rig.clock.now() + HOUR }, row: 'r' });
    await ask();
    await rig.clock.advance(HOUR + 1);
    expect(rig.passes.filter(({ name }) => name === 'a').map(({ trigger }) => trigger)).toEqual(['http', 'retry']);
    expect(rig.requests.at(-1)).toMatchObject({ force: false, requestedBy: null });
  });

  test('while a rotation of the target runs is answered with its id', async () => {
    await startIdle();
    const ends = gate();
    rig.answers.set('a', { row: 'row-1', lasts: ends.promise });
    await ask();
    expect((await ask()).answer).toEqual({ kind: 'running', id: 'row-1' });
    expect(rig.passes).toHaveLength(1);
    ends.open();
    await rig.clock.advance(0);
    rig.answers.set('a', { row: 'row-2' });
    expect((await ask()).answer).toEqual({ kind: 'started', id: 'row-2' });
  });

  test('while a check of the target runs has its turn right behind it', async () => {
    rig = startDaemon([A]);
    const ends = gate();
    rig.answers.set('a', { lasts: ends.promise });
    await rig.clock.advance(0);
    const asked = await ask();
    expect(asked.answer).toBeUndefined();
    rig.answers.set('a', { row: 'row-1' });
    ends.open();
    await rig.clock.advance(0);
    expect(asked.answer).toEqual({ kind: 'started', id: 'row-1' });
    expect(rig.passes.map(({ trigger }) => trigger)).toEqual(['start', 'http']);
  });

  test('is answered with the rotation that the check before it turns into', async () => {
    rig = startDaemon([A]);
    const decides = gate();
    rig.answers.set('a', { row: 'row-1', opens: decides.promise });
    await rig.clock.advance(0);
    const asked = await ask();
    expect(asked.answer).toBeUndefined();
    decides.open();
    await rig.clock.advance(0);
    expect(asked.answer).toEqual({ kind: 'running', id: 'row-1' });
    expect(rig.passes).toHaveLength(1);
  });

  test('joins one that waits: one rotation, and the second is answered that it runs', async () => {
    await startIdle();
    const opens = gate();
    rig.answers.set('a', { row: 'row-1', opens: opens.promise });
    const [first, second] = [await ask(), await ask()];
    expect([first.answer, second.answer]).toEqual([undefined, undefined]);
    opens.open();
    await rig.clock.advance(0);
    expect(first.answer).toEqual({ kind: 'started', id: 'row-1' });
    expect(second.answer).toEqual({ kind: 'running', id: 'row-1' });
    expect(rig.passes).toHaveLength(1);
  });

  test('is a sweep of its own beside one over all', async () => {
    await startIdle();
    rig.sweeps.length = 0;
    rig.answers.set('a', { row: 'row-1' });
    // A step of the clock makes everything due in the turn in which the request is seen.
    rig.clock.step(HOUR);
    expect((await ask()).answer).toEqual({ kind: 'started', id: 'row-1' });
    expect(rig.sweeps).toEqual([['a'], ['b']]);
  });

  test('that another process keeps from its lease is refused with that reason', async () => {
    await startIdle();
    const held = new RotatorError('ERR_LEASE_HELD', null);
    rig.answers.set('a', { waitsFor: held, error: held.stored });
    expect((await ask()).answer).toEqual({ kind: 'refused', error: held });
  });

  test('whose pass could not begin is refused with what kept it', async () => {
    await startIdle();
    const error = new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'waiting' });
    rig.answers.set('a', { state: 'failed', error: error.stored });
    const { answer } = await ask();
    expect(answer).toEqual({ kind: 'refused', error });
  });

  test('of a target that is not configured, or leaves the configuration while it waits, is refused', async () => {
    rig = startDaemon([A, B]);
    const ends = gate();
    rig.answers.set('a', { lasts: ends.promise });
    await rig.clock.advance(0);
    const gone = {
      kind: 'refused',
      error: { code: 'ERR_USAGE', message: expect.stringContaining('no longer in the configuration') },
    };
    expect((await ask('x', wired('c'))).answer).toMatchObject(gone);
    const asked = await ask();
    rig.daemon.reload(rig.plan([B]));
    await rig.clock.advance(0);
    expect(asked.answer).toMatchObject(gone);
  });

  test('is refused when the daemon stops, waiting or new', async () => {
    rig = startDaemon([A]);
    const ends = gate();
    rig.answers.set('a', { lasts: ends.promise });
    await rig.clock.advance(0);
    const asked = await ask();
    rig.daemon.stop();
    await rig.clock.advance(0);
    const stopping = {
      kind: 'refused',
      error: { code: 'ERR_INTERRUPTED', message: expect.stringContaining('stopping') },
    };
    expect(asked.answer).toMatchObject(stopping);
    expect((await ask()).answer).toMatchObject(stopping);
  });
});

describe('health', () => {
  test('the loop turns at least once a minute', async () => {
    await startIdle();
    await rig.clock.advance(5 * HOUR);
    expect(rig.daemon.health()).toEqual({ alive: true, lastTurnMs: expect.any(Number) });
    expect(rig.daemon.health().lastTurnMs).toBeLessThanOrEqual(MINUTE);
  });

  test.each([
    ['0 * * * *', 3 * HOUR],
    ['*/10 * * * *', 30 * MINUTE],
    ['* * * * * *', 3 * MINUTE],
    ['0 2 * * *', 3 * HOUR],
  ])('with ticks at %s it is dead after %i ms without a turn', async (cron, limit) => {
    rig = startDaemon([A], cron);
    await rig.clock.advance(0);
    rig.daemon.stop();
    await rig.clock.advance(0);
    await rig.running;
    const { lastTurnMs } = rig.daemon.health();
    await rig.clock.advance(limit - lastTurnMs);
    expect(rig.daemon.health()).toEqual({ alive: true, lastTurnMs: limit });
    await rig.clock.advance(1);
    expect(rig.daemon.health()).toEqual({ alive: false, lastTurnMs: limit + 1 });
  });

  test('a wall clock that steps makes nothing of it', async () => {
    await startIdle();
    rig.clock.step(-200 * 24 * HOUR);
    expect(rig.daemon.health().alive).toBe(true);
  });

  test('without a next tick three hours count', () => {
    rig = startDaemon([A]);
    expect(stallLimitMs(undefined)).toBe(3 * HOUR);
  });
});

describe('what was not tried', () => {
  test('is everything before the first passes have ended, and what a reload adds', async () => {
    rig = startDaemon([A, B]);
    const ends = gate();
    rig.answers.set('b', { lasts: ends.promise });
    expect(rig.daemon.untried()).toBe(2);
    await rig.clock.advance(0);
    expect(rig.daemon.untried()).toBe(1);
    ends.open();
    await rig.clock.advance(0);
    expect(rig.daemon.untried()).toBe(0);
    const added = gate();
    rig.answers.set('c', { lasts: added.promise });
    rig.daemon.reload(rig.plan([A, B, wired('c')]));
    await rig.clock.advance(0);
    expect(rig.daemon.untried()).toBe(1);
  });

  test('is not what was tried and failed', async () => {
    rig = startDaemon([A]);
    rig.answers.set('a', { state: 'failed' });
    await rig.clock.advance(0);
    expect(rig.daemon.untried()).toBe(0);
  });
});
