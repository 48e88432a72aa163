// Chinese for what many sentences need: times, lists and reasons.

import type { Reason } from '../../reasons.ts';
import { dayOf, firstOf, inUnits, minuteOf } from '../quote.ts';

const UNITS = { day: '天', hour: '小时', minute: '分钟' } as const;
const UNKNOWN_TIME = '时间不明';

/** `12 天`, `1 小时`, `不到 1 分钟`; rounded down. */
export function duration(ms: number): string {
  const { count, unit } = inUnits(ms);
  if (count === null) return UNKNOWN_TIME;
  return count === 0 ? '不到 1 分钟' : `${count} ${UNITS[unit]}`;
}

/** `2026-11-22 20:15 UTC`. */
export function at(ms: number): string {
  return minuteOf(ms) ?? UNKNOWN_TIME;
}

export function day(ms: number): string {
  return dayOf(ms) ?? UNKNOWN_TIME;
}

/** `12 天后`, `3 小时前`, `现在` (within a minute). */
export function distance(ms: number, now: number): string {
  if (Math.abs(ms - now) < 60_000) return '现在';
  return ms > now ? `${duration(ms - now)}后` : `${duration(now - ms)}前`;
}

/** `2026-11-22 20:15 UTC（12 天后）`. */
export function when(ms: number, now: number): string {
  return minuteOf(ms) === null ? UNKNOWN_TIME : `${at(ms)}（${distance(ms, now)}）`;
}

/** `a、b、c 等 7 个`. */
export function listed(items: readonly string[]): string {
  const { named, more } = firstOf(items);
  return more > 0 ? `${named.join('、')} 等 ${items.length} 个` : named.join('、');
}

/** Why a client secret is to be replaced. */
export const REASONS: Readonly<Record<Reason, string>> = {
  SecretMissing: '没有客户端密钥',
  SecretUnreadable: '现有客户端密钥无法读取',
  SecretExpired: '客户端密钥已过期',
  SecretInvalid: 'Apple 无法接受现有客户端密钥',
  RejectedByApple: 'Apple 拒绝现有客户端密钥',
  KeyChanged: '更换了 Apple 私钥',
  RenewalDue: '到了轮换时间',
  Requested: '有人手动要求轮换',
};
