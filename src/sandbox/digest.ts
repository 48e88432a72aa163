// SHA-256, HMAC and a comparison in constant time, as every simulated service needs them for its signatures.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** Lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

export function hmac(key: string | Uint8Array, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

export function same(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
