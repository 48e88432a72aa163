// UUIDv7 against the example of RFC 9562 and its laws.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uuidv7 } from '../../src/core/uuid.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

test('builds the example of RFC 9562, appendix A.6', () => {
  // rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F, the bits that version and variant cover set the other way.
  expect(uuidv7(0x017f22e279b0, bytes('fcc3d8c4dc0c0c07398f'))).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  expect(uuidv7(0x017f22e279b0, bytes('0cc318c4dc0c0c07398f'))).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const random = fc.uint8Array({ minLength: 10, maxLength: 16 });

test('is always of version 7 and variant 10, and carries its time', () => {
  fc.assert(
    fc.property(time, random, (nowMs, noise) => {
      const id = uuidv7(nowMs, noise);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(nowMs);
    }),
  );
});

test('sorts by time, and differs where the random bytes do', () => {
  fc.assert(
    fc.property(time, time, random, random, (one, other, noise, noise2) => {
      if (one < other) expect(uuidv7(one, noise) < uuidv7(other, noise2)).toBe(true);
    }),
  );
  expect(uuidv7(1, bytes('00000000000000000001'))).not.toBe(uuidv7(1, bytes('00000000000000000002')));
});

test.each([-1, 2 ** 48, 1.5, Number.NaN])('refuses the time %d', (nowMs) => {
  expect(() => uuidv7(nowMs, new Uint8Array(10))).toThrow(
    new RangeError(`a UUIDv7 wants whole milliseconds from 0 to 281474976710655, got ${nowMs}`),
  );
});

test('refuses nine random bytes', () => {
  expect(() => uuidv7(0, new Uint8Array(9))).toThrow(new RangeError('a UUIDv7 wants 10 random bytes, got 9'));
});
