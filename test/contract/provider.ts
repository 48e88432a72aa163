// What every Provider keeps (ports.ts), whatever it speaks to.
import { describe, expect, test } from 'vitest';
import type { Provider, ProviderWrite } from '../../src/core/ports.ts';
import type { ProviderView } from '../../src/core/provider.ts';

/** A provider over an environment that the test can look into. */
export interface ProviderHarness {
  readonly provider: Provider;
  readonly envId: string;
  /** There are two of them in the environment, and no other. */
  readonly ids: readonly [string, string];
  /** The true state of one, through the eyes of a pass. */
  truth(id: string): ProviderView;
  /** Changes one field, as an administrator would; `Scope` is one that every provider has. */
  edit(id: string, key: string, value: string): void;
  /** How many reads and writes have arrived. */
  arrived(): { readonly reads: number; readonly writes: number };
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

/** A view as plain data. */
function facts(view: ProviderView | undefined): unknown {
  return view && { ...view, fields: view.fields.forJournal() };
}

const NEW = 'new.client.secret';

const renewed = ({ fields }: ProviderView): ProviderWrite => ({ fields, clientSecret: NEW });

const pathsChanged = (now: ProviderView | undefined, before: ProviderView | undefined) =>
  before && now?.fields.changesSince(before.fields).map(({ path }) => path);

/** Runs the contract; `create` gives a fresh environment each time and cleans up with the test. */
export function providerContract(name: string, create: () => Promise<ProviderHarness>): void {
  describe(`${name} keeps the contract of providers`, () => {
    test('a provider comes as it is, unknown keys included', async () => {
      const { provider, envId, ids, truth, edit } = await create();
      edit(ids[0], 'KeyThatNobodyKnows', 'kept');
      const reading = await provider.read(envId, ids[0], ALONE);
      expect(facts(reading.provider)).toEqual(facts(truth(ids[0])));
      expect(reading.provider?.fields.names).toContain('KeyThatNobodyKnows');
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
        const { provider, envId, ids, truth, arrived } = await create();
        const readings = await Promise.all([...ids, ids[0]].map((id) => provider.read(envId, id, SHARED)));
        expect(readings.map((reading) => facts(reading.provider))).toEqual([...ids, ids[0]].map(truth).map(facts));
        expect(arrived().reads).toBe(1);
      });

      test('a reading serves until it is as old as the caller permits, and not longer', async () => {
        const { provider, envId, ids, arrived, pass } = await create();
        const first = await provider.read(envId, ids[0], SHARED);
        await pass(30_000);
        expect((await provider.read(envId, ids[0], SHARED)).readAt).toBe(first.readAt);
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

      test('neither a reading nor a read under way serves that began before the instant that the caller names', async () => {
        const { provider, envId, ids, edit, arrived, pass, hold } = await create();
        const { readAt } = await provider.read(envId, ids[0], SHARED);
        await pass(1_000);
        await provider.read(envId, ids[0], { ...SHARED, notBefore: readAt });
        expect(arrived().reads).toBe(1);
        const held = hold('reads');
        const early = provider.read(envId, ids[0], { maxAgeMs: 1, signal: never });
        await held.waiting(1);
        await pass(1_000);
        edit(ids[0], 'Scope', 'changed by another process');
        const notBefore = readAt + 2_000;
        const late = [0, 1].map(() => provider.read(envId, ids[0], { ...SHARED, notBefore }));
        await held.waiting(2);
        held.release();
        await Promise.all([early, ...late]);
        expect(arrived().reads).toBe(3);
        const { provider: shared } = await provider.read(envId, ids[0], { ...SHARED, notBefore });
        expect([arrived().reads, shared?.fields.forJournal()['Config.Scope']]).toEqual([
          3,
          'changed by another process',
        ]);
      });

      test('one who aborts leaves alone', async () => {
        const { provider, envId, ids, truth, hold, arrived } = await create();
        const held = hold('reads');
        const controller = new AbortController();
        const left = provider.read(envId, ids[0], { maxAgeMs: 30_000, signal: controller.signal });
        const stayed = provider.read(envId, ids[1], SHARED);
        await held.waiting(1);
        const reason = new Error('stopping');
        controller.abort(reason);
        await expect(left).rejects.toBe(reason);
        held.release();
        expect(facts((await stayed).provider)).toEqual(facts(truth(ids[1])));
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
        const before = await provider.read(envId, ids[0], SHARED);
        edit(ids[0], 'Scope', 'changed');
        const now = await provider.read(envId, ids[0], ALONE);
        expect(pathsChanged(now.provider, before.provider)).toEqual(['Config.Scope']);
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
        const before = await provider.read(envId, ids[0], SHARED);
        edit(ids[0], 'Scope', 'changed');
        await provider.read(envId, ids[0], ALONE);
        const shared = await provider.read(envId, ids[0], SHARED);
        expect(pathsChanged(shared.provider, before.provider)).toEqual(['Config.Scope']);
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
      test('changes the client secret and nothing else', async () => {
        const { provider, envId, ids, truth, edit } = await create();
        edit(ids[0], 'KeyThatNobodyKnows', 'kept');
        const before = truth(ids[0]);
        expect((await provider.write(envId, ids[0], renewed(before), never)).requestId).toMatch(/./);
        expect(facts(truth(ids[0]))).toEqual({ ...(facts(before) as object), secret: { shape: 'clear', text: NEW } });
      });

      test('puts fields back as they were earlier', async () => {
        const { provider, envId, ids, truth, edit } = await create();
        const before = truth(ids[0]);
        edit(ids[0], 'Scope', 'changed');
        const fields = truth(ids[0]).fields.withRestored(before.fields, ['Config.Scope']);
        await provider.write(envId, ids[0], { fields, clientSecret: NEW }, never);
        expect(truth(ids[0]).fields.changesSince(before.fields)).toEqual([]);
      });

      test('of the client secret alone leaves every field as it is, where the cloud merges', async () => {
        const { provider, envId, ids, truth } = await create();
        const before = truth(ids[0]);
        await provider.write(envId, ids[0], { fields: undefined, clientSecret: NEW }, never);
        expect(facts(truth(ids[0]))).toEqual({ ...(facts(before) as object), secret: { shape: 'clear', text: NEW } });
      });

      test('takes no fields that another adapter made', async () => {
        const { provider, envId, ids, truth, arrived } = await create();
        const fields = { ...truth(ids[0]).fields };
        await expect(provider.write(envId, ids[0], { fields, clientSecret: NEW }, never)).rejects.toThrow(TypeError);
        expect(arrived().writes).toBe(0);
      });

      test('ends what was shared', async () => {
        const { provider, envId, ids, arrived, truth } = await create();
        await provider.read(envId, ids[0], SHARED);
        await provider.write(envId, ids[0], renewed(truth(ids[0])), never);
        expect((await provider.read(envId, ids[0], SHARED)).provider?.secret.text).toBe(NEW);
        expect(arrived()).toEqual({ reads: 2, writes: 1 });
      });

      test.each([ALONE, SHARED])('a read that was under way meanwhile is not shared afterwards: %o', async (how) => {
        const { provider, envId, ids, hold, arrived, truth } = await create();
        const held = hold('reads');
        const early = provider.read(envId, ids[0], how);
        await held.waiting(1);
        await provider.write(envId, ids[0], renewed(truth(ids[0])), never);
        held.release();
        await early;
        expect((await provider.read(envId, ids[0], SHARED)).provider?.secret.text).toBe(NEW);
        expect(arrived().reads).toBe(2);
      });

      test('a read during the write is not shared after it', async () => {
        const { provider, envId, ids, hold, truth } = await create();
        const held = hold('writes');
        const write = provider.write(envId, ids[0], renewed(truth(ids[0])), never);
        await held.waiting(1);
        await provider.read(envId, ids[0], SHARED);
        held.release();
        await write;
        expect((await provider.read(envId, ids[0], SHARED)).provider?.secret.text).toBe(NEW);
      });

      test.each(['before', 'after'] as const)(
        'an answer lost %s the effect: said, not retried, not shared',
        async (when) => {
          const { provider, envId, ids, truth, fail, arrived } = await create();
          await provider.read(envId, ids[0], SHARED);
          fail('write', when);
          await expect(provider.write(envId, ids[0], renewed(truth(ids[0])), never)).rejects.toMatchObject({
            remedy: 'passes',
            ambiguous: true,
          });
          expect(arrived().writes).toBe(1);
          const { provider: found } = await provider.read(envId, ids[0], SHARED);
          expect(facts(found)).toEqual(facts(truth(ids[0])));
          expect(found?.secret.text === NEW).toBe(when === 'after');
        },
      );

      test('a provider that does not exist: a person must act, and nothing was applied', async () => {
        const { provider, envId, ids, truth } = await create();
        await expect(provider.write(envId, 'nobody', renewed(truth(ids[0])), never)).rejects.toMatchObject({
          remedy: 'person',
          ambiguous: false,
        });
      });

      test('aborts with the reason of the signal', async () => {
        const { provider, envId, ids, hold, truth } = await create();
        const held = hold('writes');
        const controller = new AbortController();
        const write = provider.write(envId, ids[0], renewed(truth(ids[0])), controller.signal);
        await held.waiting(1);
        const reason = new Error('stopping');
        controller.abort(reason);
        await expect(write).rejects.toBe(reason);
        held.release();
      });
    });
  });
}
