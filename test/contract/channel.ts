// What every channel keeps (ports.ts, Channel), whatever service is behind it. Over real sockets: a message arrives, a
// second copy does no harm, every failure is of its class, and no error names the URL or a secret.
import { describe, expect, test } from 'vitest';
import { RotatorError } from '../../src/core/errors.ts';
import type { Channel } from '../../src/core/ports.ts';
import { item, items, message, signOfLife } from '../support/alert-messages.ts';

/** A channel to a service of the test, which takes what it should and refuses the rest. */
export interface ChannelHarness {
  readonly channel: Channel;
  /** The texts that no error may hold: URL, token, secret. */
  readonly secrets: readonly string[];
  /** Everything that the service took so far, as text. */
  taken(): string;
  /** What the service refused; empty if it was content with everything. */
  refused(): readonly string[];
  /** The next requests fail in this way. */
  fail(how: 'reset' | 'hang' | 'busy'): void;
}

/** Runs the contract; `create` gives a new service each time, whose channel gives up after `timeoutMs`. */
export function channelContract(
  type: string,
  create: (options: { readonly timeoutMs: number }) => Promise<ChannelHarness>,
): void {
  const { signal } = new AbortController();
  const start = (timeoutMs = 10_000) => create({ timeoutMs });

  describe(`${type} keeps the contract of channels`, () => {
    test('says what it is, and keeps a distance between messages', async () => {
      const { channel } = await start();
      expect(channel).toMatchObject({ name: 'ops', type });
      expect(channel.gapMs).toBeGreaterThanOrEqual(1_000);
      expect(channel.gapMs).toBeLessThanOrEqual(20_000);
    });

    test('an alert arrives with all that a person needs', async () => {
      const { channel, taken, refused } = await start();
      const { detail } = await channel.send(message(), signal);
      expect(detail).toMatch(/^(?:HTTP|SMTP) 2/);
      expect(refused()).toEqual([]);
      for (const word of [
        'prod-rotator',
        'shop-prod',
        'cannot be renewed',
        'CloudBase denied',
        'policy of this access key',
        'rotationfailing',
      ])
        expect(taken()).toContain(word);
      expect(taken()).toMatch(/2026-12-12/);
      expect(taken()).toMatch(/RenewalFailing/);
    });

    test('is reached without a message', async () => {
      const { channel, taken, refused } = await start();
      await channel.reach(signal);
      expect([taken(), refused()]).toEqual(['', []]);
    });

    test('a second copy of the same message does no harm', async () => {
      const { channel, refused } = await start();
      await channel.send(message(), signal);
      await channel.send(message(), signal);
      expect(refused()).toEqual([]);
    });

    test.each(['digest', 'test'] as const)('a %s arrives', async (kind) => {
      const { channel, taken, refused } = await start();
      await channel.send(signOfLife(kind), signal);
      expect(refused()).toEqual([]);
      expect(taken()).toContain(kind === 'digest' ? 'weekly report' : 'This is a test');
    });

    test('every status is told', async () => {
      const { channel, refused } = await start();
      const statuses = ['raised', 'escalated', 'changed', 'repeated', 'cleared', 'ended', 'happened'] as const;
      for (const status of statuses) {
        const over = status === 'cleared' || status === 'ended';
        const told = item({
          status,
          ...(over ? { until: '2026-11-22T00:00:00.000Z', next: null, loginsUntil: null } : {}),
        });
        await channel.send(message({ items: [told], closes: over ? [told.thread] : [] }), signal);
      }
      expect(refused()).toEqual([]);
    });

    test('a message far too long for it is cut, and taken', async () => {
      const { channel, taken, refused } = await start();
      const what = '错误 <@all> "quoted" \\ 😀'.repeat(150);
      await channel.send(message({ items: items(200, { what }) }), signal);
      expect(refused()).toEqual([]);
      expect(taken()).toContain('shop-1');
      expect(taken().isWellFormed()).toBe(true);
    });

    test.each([
      ['busy', 'ERR_CHANNEL_UNAVAILABLE'],
      ['reset', 'ERR_CHANNEL_UNAVAILABLE'],
    ] as const)('%s is %s, and the next message arrives', async (how, code) => {
      const { channel, secrets, fail, taken } = await start();
      fail(how);
      await expect(channel.send(message(), signal)).rejects.toSatisfy(isChannelError(code, secrets));
      await channel.send(message(), signal);
      expect(taken()).toContain('shop-prod');
    });

    test('silence is ERR_CHANNEL_UNAVAILABLE after the time limit', async () => {
      const { channel, secrets, fail } = await start(300);
      fail('hang');
      const told = channel.send(message(), signal);
      await expect(told).rejects.toSatisfy(isChannelError('ERR_CHANNEL_UNAVAILABLE', secrets));
      await expect(told).rejects.toThrow('no answer within 300 ms');
    });

    test('an aborted signal ends it with its reason, before anything is sent', async () => {
      const { channel, taken } = await start();
      await expect(channel.send(message(), AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
      expect(taken()).not.toContain('shop-prod');
    });

    test('a signal that aborts meanwhile ends it with its reason', async () => {
      const { channel, fail } = await start();
      const controller = new AbortController();
      fail('hang');
      const sending = channel.send(message(), controller.signal);
      controller.abort(new Error('stop meanwhile'));
      await expect(sending).rejects.toThrow('stop meanwhile');
    });
  });
}

/** An error of a channel in its class and form, with nothing in it that must not be shown. */
export function isChannelError(code: string, secrets: readonly string[]) {
  return (error: unknown): boolean => {
    expect(error).toBeInstanceOf(RotatorError);
    const { code: found, message: said, hint, remoteCode, cause } = error as RotatorError;
    expect([found, said]).toEqual([code, expect.stringMatching(/^channel ops \([a-z]+\) .*[^.]$/)]);
    expect(hint).toMatch(/^[A-Z].*\.$/);
    expect(remoteCode).toMatch(/^[\w-]+$/);
    expect(cause).toBeUndefined();
    const everything = JSON.stringify([said, hint, remoteCode, (error as Error).stack, Object.entries(error as Error)]);
    for (const secret of secrets) expect(everything).not.toContain(secret);
    return true;
  };
}
