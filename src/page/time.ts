// Times as a person reads them. Pure: now and the language are arguments.
import type { PageTexts } from '../core/texts/en/page.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/time.ts';

/** An instant of the interface in ms; undefined for null. */
export function instantOf(iso: string | null): number | undefined {
  return iso === null ? undefined : Date.parse(iso);
}

/** `9 s`, `3 minutes`, `12 days`; rounded down. */
export function amountOf(ms: number, { time }: PageTexts): string {
  const length = Math.abs(ms);
  if (length < MINUTE) return time.seconds(Math.floor(length / SECOND));
  if (length < HOUR) return time.minutes(Math.floor(length / MINUTE));
  if (length < 2 * DAY) return time.hours(Math.floor(length / HOUR));
  return time.days(Math.floor(length / DAY));
}

/** `3 minutes ago`, `in 12 days`. */
export function distanceOf(at: number, now: number, texts: PageTexts): string {
  const ms = at - now;
  if (Math.abs(ms) < SECOND) return texts.time.now;
  return ms < 0 ? texts.time.ago(amountOf(ms, texts)) : texts.time.ahead(amountOf(ms, texts));
}

/** Whole days that are left, rounded down; below zero it is over. */
export function daysLeft(until: number, now: number): number {
  return Math.floor((until - now) / DAY);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** In the time zone of who looks. */
export function dayOf(at: number, { locale }: PageTexts): string {
  return format(locale, { day: 'numeric', month: 'short', year: 'numeric' }).format(at);
}

export function monthOf(at: number, { locale }: PageTexts): string {
  return format(locale, { month: 'short' }).format(at);
}

/** With the time zone, for who compares it with a log. */
export function momentOf(at: number, { locale }: PageTexts): string {
  return format(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at);
}

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${Object.keys(options).join()}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, known);
  return known;
}
