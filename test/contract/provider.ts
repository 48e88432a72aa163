// What every Provider keeps (ports.ts), whatever it speaks to.
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Provider } from '../../src/core/ports.ts';

/** A provider over an environment that the test can look into. */
export interface ProviderHarness {
  readonly provider: Provider;
  readonly envId: string;
  /** There are two of them in the environment, and no other. */
  readonly ids: readonly [string, string];
  /** The true state of one. */
  state(id: string): JsonObject | undefined;
  /** Changes one Config key, as an administrator would. */
  edit(id: string, key: string, value: string): void;
  /** How many reads and writes have arrived. */
  arrived(): { readonly reads: number; readonly writes: number };
  /** The parameters of the last write. */
  lastWrite(): unknown;
  /** From now on reads (or writes) wait, once they have arrived and before they take effect. */
  hold(what: 'reads' | 'writes'): Held;
  /** The next read or write fails: without effect, or after it had its effect. */
  fail(what: 'read' | 'write', when: 'before' | 'after'): void;
  /** Lets time go by. */
  pass(ms: number): Promise<void>;
}

export interface Held {
  /** Resolves when this many have arrived since. */
  waiting(count: number): Promise<void>;
  release(): void;
}

const never = new AbortController().signal;
const SHARED = { maxAgeMs: 30_000, signal: never };
const ALONE = { maxAgeMs: 0, signal: never };

/** Runs the contract; `create` gives a fresh environment each time and cleans up with the test. */
export function providerContract(name: string, create: () => Promise<ProviderHarness>): void {
  describe(`${name} keeps the contract of providers`, () => {
    test('a provider comes as it is, unknown keys included', async () => {
      const { provider, envId, ids, state, edit } = await create();
      edit(ids[0], 'KeyThatNobodyKnows', 'kept');
      const reading = await provider.read(envId, ids[0], ALONE);
      expect(reading.provider).toEqual(state(ids[0]));
      expect(reading.provider).toHaveProperty('Config.KeyThatNobodyKnows', 'kept');
      expect(reading.requestId).toMatch(/./);
      expect(reading.readAt).toBeTypeOf('number');
    });

    test('one that does not exist is absent, not an error', async () => {
      const { provider, envId } = await create();
      expect((await provider.read(envId, 'nobody', ALONE)).provider).toBeUndefined();
      expect((await provider.read(envId, 'nobody', SHARED)).provider).toBeUndefined();
    });

    test('an environment that does not exist is an error', async () => {
      const { provider, ids } = await create();
      await expect(provider.read('no-such-environment', ids[0], ALONE)).rejects.toMatchObject({ remedy: 'person' });
    });

    describe('reading together', () => {
      test('callers at the same time share one read, whatever id they want', async () => {
        const { provider, envId, ids, state, arrived } = await create();
        const readings = await Promise.all([...ids, ids[0]].map((id) => provider.read(envId, id, SHARED)));
        expect(readings.map((reading) => reading.provider)).toEqual([...ids, ids[0]].map(state));
        expect(arrived().reads).toBe(1);
      });

      test('a reading serves until it is as old as the caller permits, and not longer', async () => {
        const { provider, envId, ids, arrived, pass } = await create();
        const first = await provider.read(envId, ids[0], SHARED);
        await pass(30_000);
        expect(await provider.read(envId, ids[0], SHARED)).toEqual(first);
        expect(arrived().reads).toBe(1);
        await pass(1);
        await provider.read(envId, ids[0], SHARED);
        expect(arrived().reads).toBe(2);
        await pass(1_000);
        await provider.read(envId, ids[0], { maxAgeMs: 999, signal: never });
        expect(arrived().reads).toBe(3);
      });

      test('a read that began longer ago than the caller permits is not joined', async () => {
        const { provider, envId, ids, arrived, pass, hold } = await create();
        const held = hold('reads');
        const first = provider.read(envId, ids[0], SHARED);
        await held.waiting(1);
        await pass(30_001);
        const second = provider.read(envId, ids[0], SHARED);
        await held.waiting(2);
        held.release();
        await Promise.all([first, second]);
        expect(arrived().reads).toBe(2);
      });

      test('one who aborts leaves alone', async () => {
        const { provider, envId, ids, hold, arrived } = await create();
        const held = hold('reads');
        const controller = new AbortController();
        const left = provider.read(envId, ids[0], { maxAgeMs: 30_000, signal: controller.signal });
        const stayed = provider.read(envId, ids[1], SHARED);
        await held.waiting(1);
        const reason = new Error('stopping');
        controller.abort(reason);
        await expect(left).rejects.toBe(reason);
        held.release();
        expect((await stayed).provider).toMatchObject({ Id: ids[1] });
        expect(arrived().reads).toBe(1);
      });

      test('after all have left, the next caller reads anew', async () => {
        const { provider, envId, ids, hold, arrived } = await create();
        const held = hold('reads');
        const controller = new AbortController();
        const left = provider.read(envId, ids[0], { maxAgeMs: 30_000, signal: controller.signal });
        await held.waiting(1);
        controller.abort(new Error('stopping'));
        await expect(left).rejects.toThrow('stopping');
        held.release();
        await provider.read(envId, ids[0], SHARED);
        expect(arrived().reads).toBe(2);
      });
    });

    describe('reading alone', () => {
      test('always goes out, and sees what changed', async () => {
        const { provider, envId, ids, edit, arrived } = await create();
        await provider.read(envId, ids[0], SHARED);
        edit(ids[0], 'Scope', 'changed');
        expect((await provider.read(envId, ids[0], ALONE)).provider).toHaveProperty('Config.Scope', 'changed');
        await Promise.all([provider.read(envId, ids[0], ALONE), provider.read(envId, ids[0], ALONE)]);
        expect(arrived().reads).toBe(4);
      });

      test('does not wait for a shared read that is under way', async () => {
        const { provider, envId, ids, hold, arrived } = await create();
        const held = hold('reads');
        const shared = provider.read(envId, ids[0], SHARED);
        const alone = provider.read(envId, ids[0], ALONE);
        await held.waiting(2);
        held.release();
        await Promise.all([shared, alone]);
        expect(arrived().reads).toBe(2);
      });

      test('refreshes what is shared', async () => {
        const { provider, envId, ids, edit, arrived } = await create();
        await provider.read(envId, ids[0], SHARED);
        edit(ids[0], 'Scope', 'changed');
        await provider.read(envId, ids[0], ALONE);
        expect((await provider.read(envId, ids[0], SHARED)).provider).toHaveProperty('Config.Scope', 'changed');
        expect(arrived().reads).toBe(2);
      });

      test('aborts with the reason of the signal', async () => {
        const { provider, envId, ids, hold, arrived } = await create();
        const reason = new Error('stopping');
        await expect(provider.read(envId, ids[0], { maxAgeMs: 0, signal: AbortSignal.abort(reason) })).rejects.toBe(
          reason,
        );
        expect(arrived().reads).toBe(0);
        const held = hold('reads');
        const controller = new AbortController();
        const reading = provider.read(envId, ids[0], { maxAgeMs: 0, signal: controller.signal });
        await held.waiting(1);
        controller.abort(reason);
        await expect(reading).rejects.toBe(reason);
        held.release();
      });
    });

    test.each([ALONE, SHARED])(
      'a failed read throws, is not tried again and not answered from an older one: %o',
      async (how) => {
        const { provider, envId, ids, fail, arrived, pass } = await create();
        await provider.read(envId, ids[0], SHARED);
        await pass(30_001);
        fail('read', 'before');
        await expect(provider.read(envId, ids[0], how)).rejects.toMatchObject({ remedy: 'passes', ambiguous: false });
        expect(arrived().reads).toBe(2);
        await provider.read(envId, ids[0], how);
        expect(arrived().reads).toBe(3);
      },
    );

    describe('writing', () => {
      test('sends EnvId, Id and the whole Config, and nothing else', async () => {
        const { provider, envId, ids, state, lastWrite } = await create();
        const { Config: before, ...others } = state(ids[0]) ?? {};
        const config = { ...(before as JsonObject), ClientSecret: 'new', KeyThatNobodyKnows: { a: ['b'] } };
        expect((await provider.write(envId, ids[0], config, never)).requestId).toMatch(/./);
        expect(lastWrite()).toMatchObject({ EnvId: envId, Id: ids[0] });
        expect(Object.keys(lastWrite() as object).sort()).toEqual(['Config', 'EnvId', 'Id']);
        expect(state(ids[0])).toEqual({ ...others, Config: config });
      });

      test('ends what was shared', async () => {
        const { provider, envId, ids, arrived } = await create();
        await provider.read(envId, ids[0], SHARED);
        await provider.write(envId, ids[0], { ClientSecret: 'new' }, never);
        const { provider: found } = await provider.read(envId, ids[0], SHARED);
        expect(found).toHaveProperty('Config.ClientSecret', 'new');
        expect(arrived()).toEqual({ reads: 2, writes: 1 });
      });

      test.each([ALONE, SHARED])('a read that was under way meanwhile is not shared afterwards: %o', async (how) => {
        const { provider, envId, ids, hold, arrived } = await create();
        const held = hold('reads');
        const early = provider.read(envId, ids[0], how);
        await held.waiting(1);
        await provider.write(envId, ids[0], { ClientSecret: 'new' }, never);
        held.release();
        await early;
        const { provider: found } = await provider.read(envId, ids[0], SHARED);
        expect(found).toHaveProperty('Config.ClientSecret', 'new');
        expect(arrived().reads).toBe(2);
      });

      test('a read during the write is not shared after it', async () => {
        const { provider, envId, ids, hold } = await create();
        const held = hold('writes');
        const write = provider.write(envId, ids[0], { ClientSecret: 'new' }, never);
        await held.waiting(1);
        await provider.read(envId, ids[0], SHARED);
        held.release();
        await write;
        const { provider: found } = await provider.read(envId, ids[0], SHARED);
        expect(found).toHaveProperty('Config.ClientSecret', 'new');
      });

      test.each(['before', 'after'] as const)(
        'an answer lost %s the effect: said, not retried, not shared',
        async (when) => {
          const { provider, envId, ids, state, fail, arrived } = await create();
          await provider.read(envId, ids[0], SHARED);
          fail('write', when);
          await expect(provider.write(envId, ids[0], { ClientSecret: 'new' }, never)).rejects.toMatchObject({
            remedy: 'passes',
            ambiguous: true,
          });
          expect(arrived().writes).toBe(1);
          const { provider: found } = await provider.read(envId, ids[0], SHARED);
          expect(found).toEqual(state(ids[0]));
          const renewed = expect.objectContaining({ ClientSecret: 'new' });
          expect(found?.['Config']).toEqual(
            when === 'after' ? renewed : expect.not.objectContaining({ ClientSecret: 'new' }),
          );
        },
      );

      test('a provider that does not exist: a person must act, and nothing was applied', async () => {
        const { provider, envId } = await create();
        await expect(provider.write(envId, 'nobody', { ClientSecret: 'new' }, never)).rejects.toMatchObject({
          remedy: 'person',
          ambiguous: false,
        });
      });

      test('aborts with the reason of the signal', async () => {
        const { provider, envId, ids, hold } = await create();
        const held = hold('writes');
        const controller = new AbortController();
        const write = provider.write(envId, ids[0], { ClientSecret: 'new' }, controller.signal);
        await held.waiting(1);
        const reason = new Error('stopping');
        controller.abort(reason);
        await expect(write).rejects.toBe(reason);
        held.release();
      });
    });
  });
}
