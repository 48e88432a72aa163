// The values that channels are configured with, as text out of the configuration file. The JSON Schema of the file is
// generated from these too; ${…} is accepted wherever a value may stand.
import * as z from 'zod';

const INTERPOLATED = { type: 'string', pattern: '\\$\\{' };

/** Text of 1 to `longest` characters without control characters. */
export function text(wanted: string, longest = 1024) {
  return z
    .string({ error: () => wanted })
    .min(1, { error: () => wanted })
    .refine((found) => found.length <= longest && !/\p{Cc}/u.test(found), {
      error: () => `${wanted}, at most ${longest} characters`,
    });
}

/** Text that fits `pattern`, which must be anchored at both ends. */
export function patterned(wanted: string, pattern: RegExp) {
  return z
    .string({ error: () => wanted })
    .refine((found) => pattern.test(found), { error: () => wanted })
    .meta({ anyOf: [{ type: 'string', pattern: pattern.source }, { type: 'number' }, INTERPOLATED] });
}

/** `true` or `false`. */
export function flag() {
  const wanted = 'true or false';
  return z
    .string({ error: () => wanted })
    .refine((found) => found === 'true' || found === 'false', { error: () => wanted })
    .transform((found) => found === 'true')
    .meta({ anyOf: [{ type: 'boolean' }, { enum: ['true', 'false'] }, INTERPOLATED] });
}

/** The number of a TCP port. */
export function port() {
  const wanted = 'a whole number from 1 to 65535';
  return z
    .string({ error: () => wanted })
    .refine((found) => /^[0-9]{1,5}$/.test(found) && Number(found) >= 1 && Number(found) <= 65_535, {
      error: () => wanted,
    })
    .transform(Number)
    .meta({
      anyOf: [
        { type: 'integer', minimum: 1, maximum: 65_535 },
        { type: 'string', pattern: '^[0-9]{1,5}$' },
        INTERPOLATED,
      ],
    });
}

/** An http or https URL without user and password. Whether http is permitted is judged by its host. */
export function postUrl() {
  const wanted = 'the URL to post to';
  const parsed = (found: string) => URL.parse(found);
  return z
    .string({ error: () => wanted })
    .refine((found) => /^https?:$/.test(parsed(found)?.protocol ?? ''), { error: () => wanted, abort: true })
    .refine((found) => parsed(found)?.username === '' && parsed(found)?.password === '', {
      error: () => `${wanted}, without user and password`,
    })
    .describe('Where to post to. A secret: it is never shown.')
    .meta({ anyOf: [{ type: 'string', pattern: '^https?://' }, INTERPOLATED] });
}

/** What signs the messages. */
export function signingSecret() {
  return text('the secret that signs messages').describe('Signs each message. Never shown.');
}
