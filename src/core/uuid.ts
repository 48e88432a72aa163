// UUID version 7 (RFC 9562, section 5.7): the ids of rotations. They sort by the wall clock that made them, but
// nothing relies on that: a clock may have been wrong, so the journal keeps its own order.

const RANDOM_BYTES = 10;
const MAX_TIMESTAMP = 2 ** 48 - 1;

/**
 * Builds a UUIDv7 from a Unix time in milliseconds and at least ten random bytes (74 bits of them are used: twelve
 * from the first two bytes, sixty-two from the eight that follow). Throws a RangeError for a time that does not fit
 * into 48 bits, and for too few bytes.
 */
export function uuidv7(nowMs: number, random: Uint8Array): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs > MAX_TIMESTAMP)
    throw new RangeError(`a UUIDv7 wants whole milliseconds from 0 to ${MAX_TIMESTAMP}, got ${nowMs}`);
  if (random.length < RANDOM_BYTES)
    throw new RangeError(`a UUIDv7 wants ${RANDOM_BYTES} random bytes, got ${random.length}`);
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes.set(random.subarray(0, RANDOM_BYTES), 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
