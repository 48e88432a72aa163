// Several replicas over one journal: who leads, who makes which pass, and what follows when one dies or the journal
// cannot be reached.
import { afterEach, describe, expect, test } from 'vitest';
import { MINUTE, SECOND } from '../../src/core/time.ts';
import { wired } from '../support/daemon-rig.ts';
import { replicas } from '../support/replica-rig.ts';

let rig: Awaited<ReturnType<typeof replicas>>;
afterEach(() => rig.dispose());

const TARGETS = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => wired(name));

describe('with two replicas', () => {
  test('one leads, and each target is checked once, by both', async () => {
    rig = await replicas(['one', 'two'], TARGETS);
    await rig.clock.advance(10 * SECOND);
    expect(rig.leaders()).toEqual(['one']);
    expect(rig.passes.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(new Set(rig.passes.map(({ by }) => by))).toEqual(new Set(['one', 'two']));
    expect(rig.all.map(({ daemon }) => daemon.passes)).toEqual([0, 0]);
  });

  test('a tick checks each target once', async () => {
    rig = await replicas(['one', 'two'], TARGETS);
    await rig.clock.advance(29 * MINUTE);
    rig.passes.length = 0;
    await rig.clock.advance(10 * MINUTE);
    expect(rig.passes).toHaveLength(6);
    expect(rig.passes.every(({ at, trigger }) => at === 30 && trigger === 'schedule')).toBe(true);
  });

  test('the end of a sweep has alerts look, on the replica that leads', async () => {
    rig = await replicas(['one', 'two'], TARGETS);
    await rig.clock.advance(20 * SECOND);
    expect(rig.swept.filter((name) => name === 'two')).toEqual([]);
    expect(rig.swept.length).toBeGreaterThan(0);
  });

  test('a retry is made at its instant, whichever replica found the failure', async () => {
    rig = await replicas(['one', 'two'], [wired('a')]);
    rig.answers.set('a', {
      state: 'failed',
      retry: { failures: 1, nextAttemptAt: rig.clock.now() + 5 * MINUTE },
    });
    await rig.clock.advance(10 * SECOND);
    rig.answers.delete('a');
    await rig.clock.advance(6 * MINUTE);
    expect(rig.passes.map(({ at, trigger }) => [at, trigger])).toEqual([
      [0, 'start'],
      [5, 'retry'],
    ]);
  });

  test('a target that waits is woken at its instant', async () => {
    rig = await replicas(['one', 'two'], [wired('a')]);
    rig.answers.set('a', { state: 'due', wakeAt: rig.clock.now() + 7 * MINUTE });
    await rig.clock.advance(10 * SECOND);
    rig.answers.delete('a');
    await rig.clock.advance(8 * MINUTE);
    expect(rig.passes.map(({ at }) => at)).toEqual([0, 7]);
  });
});

describe('a replica that dies', () => {
  test('as it leads: the other one leads within 60 s, and checks everything', async () => {
    rig = await replicas(['one', 'two'], TARGETS);
    await rig.clock.advance(MINUTE);
    await rig.kill('one');
    rig.passes.length = 0;
    await rig.clock.advance(55 * SECOND);
    expect(rig.leaders()).toEqual(['two']);
    expect(rig.passes.map(({ by, name }) => `${by} ${name}`).sort()).toEqual(
      TARGETS.map((t) => `two ${t.target.name}`),
    );
  });

  test('in the middle of a pass: the pass is made by the other one', async () => {
    rig = await replicas(['one', 'two'], [wired('a')]);
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.answers.set('a', { lasts: promise });
    await rig.clock.advance(6 * SECOND);
    rig.answers.delete('a');
    await rig.kill('one');
    resolve();
    await rig.clock.advance(70 * SECOND);
    expect(rig.passes.map(({ by }) => by)).toContain('two');
  });
});

test('a rotation that a dead replica left open is taken up within seconds', async () => {
  rig = await replicas(['one', 'two'], TARGETS);
  await rig.clock.advance(MINUTE);
  rig.passes.length = 0;
  rig.abandoned.push(TARGETS[2]?.target.key ?? '');
  await rig.clock.advance(6 * SECOND);
  expect(rig.passes.map(({ name }) => name)).toContain('c');
  expect(new Set(rig.passes.map(({ name }) => name))).toEqual(new Set(['c']));
});

test('a replica whose clock is wrong leaves passes to the others, as long as one is right', async () => {
  rig = await replicas(['one', 'two'], TARGETS);
  rig.skews.set('two', 10 * MINUTE);
  await rig.clock.advance(29 * MINUTE);
  rig.passes.length = 0;
  await rig.clock.advance(5 * MINUTE);
  expect(rig.passes.map(({ by }) => by)).toEqual(Array(6).fill('one'));
  rig.skews.set('one', -10 * MINUTE);
  await rig.clock.advance(MINUTE);
  rig.passes.length = 0;
  await rig.clock.advance(60 * MINUTE);
  expect(new Set(rig.passes.map(({ by }) => by))).toEqual(new Set(['one', 'two']));
});

test('a replica says what keeps it from working with the others, and tries again by itself', async () => {
  rig = await replicas(['one', 'two'], TARGETS);
  await rig.clock.advance(10 * SECOND);
  expect(await Promise.all(rig.all.map(({ replica }) => replica.trouble()))).toEqual([undefined, undefined]);
  rig.queue.away = true;
  rig.all.push(await rig.start('late'));
  await rig.clock.advance(30 * SECOND);
  expect(await rig.all[2]?.replica.trouble()).toBe('no passes can be taken from the queue');
  // Once in ten seconds each.
  expect(rig.troubles.length).toBeLessThanOrEqual(4 * rig.all.length);
  rig.queue.away = false;
  await rig.clock.advance(11 * SECOND);
  expect(await rig.all[2]?.replica.trouble()).toBeUndefined();
});

test('a replica that stops lets the other one lead at once', async () => {
  rig = await replicas(['one', 'two'], TARGETS);
  await rig.clock.advance(MINUTE);
  const [one] = rig.all;
  one?.daemon.stop();
  one?.replica.stop();
  await one?.replica.leave();
  await rig.clock.advance(6 * SECOND);
  expect(rig.leaders()).toEqual(['two']);
});

test('passes go only to replicas with the same configuration', async () => {
  rig = await replicas(['one'], TARGETS);
  rig.all.push(await rig.start('other', TARGETS.slice(0, 3), 'another'));
  await rig.clock.advance(MINUTE);
  expect(rig.passes).toHaveLength(6);
  expect(rig.passes.every(({ by }) => by === 'one')).toBe(true);
});

test('what waits for a configuration is removed once no replica has it that may come back', async () => {
  rig = await replicas(['one'], TARGETS);
  for (const [name, configuration] of [
    ['silent', 'of-silent'],
    ['gone', 'of-gone'],
  ] as const)
    rig.all.push(await rig.start(name, TARGETS, configuration));
  await rig.clock.advance(15 * SECOND);
  expect(rig.queue.kept).toEqual(['same', 'of-silent', 'of-gone']);
  await rig.kill('silent');
  const gone = rig.all[2];
  gone?.daemon.stop();
  gone?.replica.stop();
  await gone?.replica.leave();
  await rig.clock.advance(MINUTE);
  expect(rig.queue.kept).toEqual(['same', 'of-silent']);
});

describe('while the journal cannot be reached', () => {
  test('nothing is begun for a minute, and then by one replica after the other', async () => {
    rig = await replicas(['one', 'two'], [wired('a')]);
    await rig.clock.advance(MINUTE);
    rig.passes.length = 0;
    rig.setAway(true);
    await rig.clock.advance(55 * SECOND);
    expect(rig.passes).toEqual([]);
    await rig.clock.advance(10 * SECOND);
    expect(rig.passes.map(({ by }) => by)).toEqual(['one']);
    await rig.clock.advance(20 * SECOND);
    expect(rig.passes.map(({ by }) => by)).toEqual(['one', 'two']);
  });

  test('it is back by itself: one leads, and everything is checked', async () => {
    rig = await replicas(['one', 'two'], TARGETS);
    await rig.clock.advance(MINUTE);
    rig.setAway(true);
    await rig.clock.advance(2 * MINUTE);
    rig.passes.length = 0;
    rig.setAway(false);
    await rig.clock.advance(MINUTE);
    expect(rig.leaders()).toHaveLength(1);
    expect(rig.passes.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });
});
