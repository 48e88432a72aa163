// The sleep of the real clock: its end, and what it leaves behind.
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/service/system-clock.ts';

test('a sleep that ends leaves no listener at its signal', async () => {
  const { signal } = new AbortController();
  const sleep = systemClock.sleep(1, signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await expect(sleep).resolves.toBeUndefined();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test.each(['before', 'during'] as const)(
  'an abort %s it rejects with its reason, and leaves no timer',
  async (when) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    if (when === 'before') controller.abort(reason);
    const sleep = systemClock.sleep(3_600_000, controller.signal);
    const thrown = expect(sleep).rejects.toBe(reason);
    controller.abort(reason);
    expect(timers()).toBe(before);
    await thrown;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  },
);
