// What every key source keeps (ports.ts, KeySource), whatever it reads from.
import { describe, expect, test } from 'vitest';
import { RotatorError } from '../../src/core/errors.ts';
import type { KeySource } from '../../src/core/ports.ts';

/** A key source over a place that the test can write to. */
export interface KeySourceHarness {
  readonly source: KeySource;
  /** A piece of the origin that an operator would look for. */
  readonly place: string;
  put(text: string): void;
  remove(): unknown;
  /** Leaves the content there and refuses it to us; absent where nobody can. */
  readonly forbid?: () => void;
  /** The next reads get no answer; absent where a read is over before it can be aborted. */
  readonly hang?: () => unknown;
}

const PEM = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n';

/** Runs the contract; `create` gives an empty place each time and cleans up with the test. */
export function keySourceContract(name: string, create: () => KeySourceHarness | Promise<KeySourceHarness>): void {
  const signal = new AbortController().signal;

  describe(`${name} keeps the contract of key sources`, () => {
    test.each([
      ['a PEM', PEM],
      ['JSON', JSON.stringify({ teamId: 'A1B2C3D4E5', privateKey: PEM })],
      ['text that is not ASCII', '{"note": "团队密钥 ü"}'],
    ])('%s comes as it was put, and says where from', async (_what, text) => {
      const { source, put, place } = await create();
      put(text);
      const found = await source.read(signal);
      expect(found).toEqual({ text, origin: expect.stringContaining(place), warnings: [] });
    });

    test('every read is fresh', async () => {
      const { source, put } = await create();
      put('first');
      expect((await source.read(signal)).text).toBe('first');
      put('second');
      expect((await source.read(signal)).text).toBe('second');
    });

    test('reads beside one another do not disturb one another', async () => {
      const { source, put } = await create();
      put(PEM);
      const found = await Promise.all([source.read(signal), source.read(signal), source.read(signal)]);
      expect(found.map(({ text }) => text)).toEqual([PEM, PEM, PEM]);
    });

    test('what is not there is ERR_KEY_NOT_FOUND, and is found once it is there', async () => {
      const { source, put, remove, place } = await create();
      await expect(source.read(signal)).rejects.toSatisfy(isOperatorError('ERR_KEY_NOT_FOUND', place));
      put(PEM);
      expect((await source.read(signal)).text).toBe(PEM);
      remove();
      await expect(source.read(signal)).rejects.toSatisfy(isOperatorError('ERR_KEY_NOT_FOUND', place));
    });

    test('what may not be read is ERR_KEY_FORBIDDEN, and the error holds nothing of it', async () => {
      const { source, put, forbid, place } = await create();
      put(PEM);
      if (forbid === undefined) return expect((await source.read(signal)).text).toBe(PEM);
      forbid();
      await expect(source.read(signal)).rejects.toSatisfy(isOperatorError('ERR_KEY_FORBIDDEN', place));
    });

    test('an aborted signal ends it with its reason, before anything is read', async () => {
      const { source, put } = await create();
      put(PEM);
      await expect(source.read(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    });

    test('a signal that aborts meanwhile ends it with its reason, and the next read works', async () => {
      const { source, put, hang } = await create();
      put(PEM);
      const controller = new AbortController();
      hang?.();
      const reading = source.read(controller.signal);
      controller.abort(new Error('stop meanwhile'));
      if (hang !== undefined) await expect(reading).rejects.toThrow('stop meanwhile');
      else await reading.catch((error: Error) => expect(error.message).toBe('stop meanwhile'));
    });
  });
}

function isOperatorError(code: string, place: string) {
  return (error: unknown): boolean => {
    expect(error).toBeInstanceOf(RotatorError);
    const { code: found, message, hint } = error as RotatorError;
    expect(found).toBe(code);
    expect(message).toContain(place);
    expect(message).not.toContain('MIGH');
    expect(message).toMatch(/^[a-z].*[^.]$/);
    expect(hint).toMatch(/^[A-Z]/);
    return true;
  };
}
