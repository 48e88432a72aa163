// What every AppleCheck keeps (ports.ts), whoever it asks.
import { describe, expect, test } from 'vitest';
import type { AppleCheck } from '../../src/core/ports.ts';

/** A check over somebody who judges secrets and can be made to fail. */
export interface AppleHarness {
  readonly check: AppleCheck;
  readonly clientId: string;
  /** A secret that is good, and one that is not. */
  readonly good: string;
  readonly bad: string;
  /** How many questions have arrived. */
  arrived(): number;
  /** From now on questions get no clear answer. */
  spoil(how: 'unavailable' | 'reset' | 'hang' | 'nonsense'): void;
  /** Lets time go by, on the clock by which questions are spaced. */
  pass(ms: number): Promise<void>;
}

const never = new AbortController().signal;

/** Runs the contract; `create` gives a fresh judge each time and cleans up with the test. */
export function appleCheckContract(name: string, create: () => Promise<AppleHarness>): void {
  describe(`${name} keeps the contract of Apple checks`, () => {
    test('a good secret is accepted, a bad one rejected', async () => {
      const { check, clientId, good, bad, pass } = await create();
      expect(await check.ask({ clientId, clientSecret: good, signal: never })).toMatchObject({ verdict: 'accepted' });
      const second = check.ask({ clientId, clientSecret: bad, signal: never });
      await pass(1_040);
      expect(await second).toMatchObject({ verdict: 'rejected' });
    });

    test('says whose answers these are', async () => {
      const { check } = await create();
      expect(check.tokenUrl).toMatch(/^https?:/);
    });

    test.each(['unavailable', 'reset', 'hang', 'nonsense'] as const)(
      'whatever is no clear answer (%s) is unknown, with a detail, and asked once',
      async (how) => {
        const { check, clientId, good, arrived, spoil } = await create();
        spoil(how);
        const answer = await check.ask({ clientId, clientSecret: good, signal: never });
        expect(answer).toEqual({
          verdict: 'unknown',
          detail: expect.objectContaining({ trouble: expect.any(String) }),
        });
        expect(JSON.stringify(answer.detail)).not.toContain(good);
        expect(arrived()).toBe(1);
      },
    );

    test('at most one question a second goes out, in the order in which they came', async () => {
      const { check, clientId, good, bad, arrived, pass } = await create();
      const verdicts: string[] = [];
      const asked = [good, bad, good].map(async (clientSecret) => {
        const { verdict } = await check.ask({ clientId, clientSecret, signal: never });
        verdicts.push(verdict);
      });
      await asked[0];
      await pass(1_039);
      expect(arrived()).toBe(1);
      await pass(1);
      await asked[1];
      expect(arrived()).toBe(2);
      await pass(1_040);
      await Promise.all(asked);
      expect(verdicts).toEqual(['accepted', 'rejected', 'accepted']);
    });

    test('a question that is aborted while it waits is not asked, and holds nobody up', async () => {
      const { check, clientId, good, bad, arrived, pass } = await create();
      await check.ask({ clientId, clientSecret: good, signal: never });
      const controller = new AbortController();
      const waiting = check.ask({ clientId, clientSecret: good, signal: controller.signal });
      const next = check.ask({ clientId, clientSecret: bad, signal: never });
      const reason = new Error('stopping');
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await pass(1_040);
      expect((await next).verdict).toBe('rejected');
      expect(arrived()).toBe(2);
    });

    test('a question that is aborted under way rejects with the reason', async () => {
      const { check, clientId, good, spoil } = await create();
      spoil('hang');
      const controller = new AbortController();
      const asked = check.ask({ clientId, clientSecret: good, signal: controller.signal });
      const reason = new Error('stopping');
      controller.abort(reason);
      await expect(asked).rejects.toBe(reason);
    });
  });
}
