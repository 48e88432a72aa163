// The time zone of a message. The texts of every language write an instant as `2026-11-22 20:15 UTC` (core/texts); here
// it becomes the local time of the reader with its offset, and UTC stands beside it, because the log, the consoles of
// Tencent and other time zones speak UTC.
import type { Language } from '../../core/alerts/message.ts';
import { MINUTE } from '../../core/time.ts';
import { offsetSpan } from '../../core/timezone.ts';

/** An instant, and the parenthesis that may follow it: `2026-11-22 20:15 UTC (in 12 days)`. */
const INSTANT = /(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC( \(|（)?/g;

/**
 * Every instant of a text in `timezone`: `2026-11-23 04:15 +08:00 (2026-11-22 20:15 UTC, in 12 days)`. The date of UTC is
 * only there where it is another one. In UTC itself the text stays as it is.
 */
export function zoned(text: string, timezone = 'UTC', language: Language): string {
  if (timezone === 'UTC') return text;
  const [open, comma, close] = language === 'zh' ? ['（', '，', '）'] : [' (', ', ', ')'];
  return text.replace(INSTANT, (whole, day: string, minute: string, follows: string | undefined) => {
    const at = Date.parse(`${day}T${minute}:00Z`);
    if (Number.isNaN(at)) return whole;
    const { offsetMs } = offsetSpan(timezone, at);
    const local = new Date(at + offsetMs).toISOString();
    const utc = local.startsWith(day) ? minute : `${day} ${minute}`;
    const shown = `${local.slice(0, 10)} ${local.slice(11, 16)} ${offsetText(offsetMs)}${open}${utc} UTC`;
    return `${shown}${follows === undefined ? close : comma}`;
  });
}

/** `+08:00`, `-03:30`. */
function offsetText(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / MINUTE);
  const part = (count: number) => String(count).padStart(2, '0');
  return `${offsetMs < 0 ? '-' : '+'}${part(Math.floor(minutes / 60))}:${part(minutes % 60)}`;
}
