// When temporary credentials are fetched, shared, kept and dropped; the clock is moved by hand.
import { describe, expect, test } from 'vitest';
import { createRefreshingCredentials } from '../../../../src/adapters/tencent/credentials/refreshing.ts';
import type { TencentCredential } from '../../../../src/adapters/tencent/credentials/source.ts';
import { HOUR, MINUTE } from '../../../../src/core/time.ts';
import { HandClock } from '../../../support/clock.ts';
import { get } from './support.ts';

/** A source whose credentials are numbered in the order in which they were fetched. */
function numbered(lifeMs: number | undefined) {
  const clock = new HandClock();
  const state = { fetches: 0, failing: false, signals: [] as AbortSignal[] };
  const source = createRefreshingCredentials({
    id: 'test',
    clock,
    async fetch(signal): Promise<TencentCredential> {
      state.fetches += 1;
      state.signals.push(signal);
      if (state.failing) throw new Error('no answer');
      const expiry = lifeMs === undefined ? {} : { expiresAt: clock.now() + lifeMs };
      return { secretId: `id-${state.fetches}`, secretKey: 'key', token: 'token', ...expiry };
    },
  });
  const id = async () => (await get(source)).secretId;
  return { clock, state, source, id };
}

describe('kept until well before they expire', () => {
  test.each([
    ['two hours: a sixth is left', 2 * HOUR, 100 * MINUTE],
    ['half an hour: five minutes are left', 30 * MINUTE, 25 * MINUTE],
    ['six minutes: half is left', 6 * MINUTE, 3 * MINUTE],
    ['a month, which no rule can give: as if it were twelve hours', 720 * HOUR, 10 * HOUR],
  ])('%s', async (_, lifeMs, refreshedAfterMs) => {
    const { clock, id } = numbered(lifeMs);
    expect(await id()).toBe('id-1');
    await clock.advance(refreshedAfterMs - 1000);
    expect(await id()).toBe('id-1');
    await clock.advance(1000);
    expect(await id()).toBe('id-2');
    expect(await id()).toBe('id-2');
  });

  test('those without an expiry, or expired on arrival, are fetched for each call', async () => {
    for (const lifeMs of [undefined, -HOUR]) {
      const { id } = numbered(lifeMs);
      expect([await id(), await id()]).toEqual(['id-1', 'id-2']);
    }
  });
});

describe('clocks that step', () => {
  test('back: credentials do not live longer for it', async () => {
    const { clock, id } = numbered(2 * HOUR);
    await id();
    clock.step(-24 * HOUR);
    await clock.advance(HOUR);
    expect(await id()).toBe('id-1');
    await clock.advance(HOUR);
    expect(await id()).toBe('id-2');
  });

  test('forward: they are fetched anew', async () => {
    const { clock, id } = numbered(2 * HOUR);
    await id();
    clock.step(3 * HOUR);
    expect(await id()).toBe('id-2');
  });
});

describe('callers at the same time', () => {
  test('share one fetch', async () => {
    const { state, id } = numbered(HOUR);
    expect(await Promise.all([id(), id(), id()])).toEqual(['id-1', 'id-1', 'id-1']);
    expect(state.fetches).toBe(1);
  });

  test('one who aborts does not abort it for the others', async () => {
    const { state, source, id } = numbered(HOUR);
    const controller = new AbortController();
    const left = source.get(controller.signal);
    const stayed = id();
    const reason = new Error('stopping');
    controller.abort(reason);
    await expect(left).rejects.toBe(reason);
    expect(await stayed).toBe('id-1');
    expect(state.signals[0]?.aborted).toBe(false);
  });

  test('one who has aborted already fetches nothing', async () => {
    const { state, source } = numbered(HOUR);
    await expect(source.get(AbortSignal.abort(new Error('stopping')))).rejects.toThrow('stopping');
    expect(state.fetches).toBe(0);
  });
});

describe('a fetch that fails', () => {
  test('is told to all who waited, and forgotten: the next call tries again', async () => {
    const { state, id } = numbered(HOUR);
    state.failing = true;
    const both = [id(), id()];
    await Promise.all(both.map((one) => expect(one).rejects.toThrow('no answer')));
    expect(state.fetches).toBe(1);
    state.failing = false;
    expect(await id()).toBe('id-2');
  });

  test('leaves the old ones in use until they expire, and no longer', async () => {
    const { clock, state, id } = numbered(2 * HOUR);
    await id();
    state.failing = true;
    await clock.advance(2 * HOUR - 1000);
    expect(await id()).toBe('id-1');
    expect(state.fetches).toBe(2);
    await clock.advance(1000);
    await expect(id()).rejects.toThrow('no answer');
    state.failing = false;
    expect(await id()).toBe('id-4');
  });
});

describe('renew', () => {
  test('drops what was rejected, also as a stopgap', async () => {
    const { state, source, id } = numbered(HOUR);
    source.renew(await get(source));
    state.failing = true;
    await expect(id()).rejects.toThrow('no answer');
    state.failing = false;
    expect(await id()).toBe('id-3');
  });

  test('keeps what was fetched since', async () => {
    const { source, id } = numbered(HOUR);
    const rejected = await get(source);
    source.renew(rejected);
    expect(await id()).toBe('id-2');
    source.renew(rejected);
    expect(await id()).toBe('id-2');
  });
});
