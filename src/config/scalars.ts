// The scalars of the configuration: each builder takes text (the file is read without guessing types) and says what
// it wants when the text is something else. The same definition gives the JSON Schema, which also admits the numbers
// and booleans that an editor sees where the loader sees text, and ${NAME} wherever a value may stand.
import * as z from 'zod';
import { parseCron } from '../core/cron.ts';
import { ID_FORMS, type IdName, isPlaceholder } from '../core/key-ids.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/time.ts';

/** What a scalar's reader answers when the text will not do. `wanted` and `next` never hold the text itself. */
class Refusal {
  readonly wanted: string;
  readonly next: string | undefined;
  constructor(wanted: string, next?: string) {
    this.wanted = wanted;
    this.next = next;
  }
}

/** A value that is only known when the program runs: ${NAME}, anywhere in the text. */
export const INTERPOLATED = { type: 'string', pattern: '\\$\\{' } as const;

type JsonForms = readonly { readonly [keyword: string]: unknown }[];

function scalar<T>(wanted: string, forms: JsonForms, read: (text: string) => T | Refusal) {
  return z
    .string({ error: () => wanted })
    .transform((text, context): T => {
      const value = read(text);
      if (!(value instanceof Refusal)) return value;
      const { wanted: message, next } = value;
      context.issues.push({ code: 'custom', message, input: text, params: { next } });
      return z.NEVER;
    })
    .meta({ anyOf: [...forms, INTERPOLATED] });
}

const ANY_SCALAR = { type: ['string', 'number', 'boolean'] } as const;

/** Text of 1 to `longest` characters without line breaks or other control characters. */
export function text(wanted: string, longest = 1024) {
  return scalar(wanted, [ANY_SCALAR], (found) =>
    found.length > longest || hasControlCharacters(found)
      ? new Refusal(`${wanted}, at most ${longest} characters`)
      : found,
  );
}

/** Text that fits `pattern`, which must be anchored at both ends. */
export function patterned(wanted: string, pattern: RegExp) {
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: ['number', 'boolean'] }], (found) =>
    pattern.test(found) ? found : new Refusal(wanted),
  );
}

/** One of the ids that belong to a key; the forms and the placeholders are those of core/key-ids.ts. */
export function appleId(id: IdName) {
  const { title, pattern, wanted, where } = ID_FORMS[id];
  const next = `Take the ${title} from: ${where}.`;
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: 'number' }], (found) => {
    if (isPlaceholder(found)) return new Refusal(`${wanted} (this is a placeholder)`, next);
    return pattern.test(found) ? found : new Refusal(wanted, next);
  });
}

/** An id of CloudBase; a placeholder out of a guide is named as such. */
export function cloudbaseId(wanted: string) {
  const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: 'number' }], (found) => {
    if (isPlaceholder(found) || /your[ _.-]?env/i.test(found)) return new Refusal(`${wanted} (this is a placeholder)`);
    return pattern.test(found) ? found : new Refusal(wanted);
  });
}

/** `true` or `false`, nothing else. */
export function flag() {
  return scalar('true or false', [{ type: 'boolean' }, { enum: ['true', 'false'] }], (found) => {
    if (found === 'true') return true;
    return found === 'false' ? false : new Refusal('true or false');
  });
}

/** One of a closed list of words. */
export function oneOf<const W extends string>(...words: readonly W[]) {
  const wanted = words.join(' | ');
  return scalar(wanted, [{ enum: words }], (found): W | Refusal => {
    const word = words.find((known) => known === found);
    return word ?? new Refusal(wanted);
  });
}

/** A whole number, both ends included. */
export function integer(from: number, to: number) {
  const wanted = `a whole number from ${from} to ${to}`;
  const forms = [
    { type: 'integer', minimum: from, maximum: to },
    { type: 'string', pattern: '^[0-9]{1,9}$' },
  ];
  return scalar(wanted, forms, (found) => {
    const value = Number(found);
    return /^[0-9]{1,9}$/.test(found) && value >= from && value <= to ? value : new Refusal(wanted);
  });
}

/** A number above 0, at most `to`; decimals allowed. */
export function positiveNumber(to: number) {
  const wanted = `a number above 0, at most ${to}`;
  const forms = [
    { type: 'number', exclusiveMinimum: 0, maximum: to },
    { type: 'string', pattern: '^[0-9]{1,9}(\\.[0-9]{1,9})?$' },
  ];
  return scalar(wanted, forms, (found) => {
    const value = Number(found);
    return /^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(found) && value > 0 && value <= to ? value : new Refusal(wanted);
  });
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };
const DURATION = /^([0-9]{1,9})([smhd])$/;

/** `90s`, `15m`, `4h`, `60d` → milliseconds. Both ends included; `wanted` names them. */
export function duration(fromMs: number, toMs: number) {
  const wanted = `a duration such as 90s, 15m, 4h or 60d, from ${formatDuration(fromMs)} to ${formatDuration(toMs)}`;
  return scalar(wanted, [{ type: 'string', pattern: DURATION.source }], (found) => {
    const [, count, unit] = DURATION.exec(found) ?? [];
    const value = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
    return value >= fromMs && value <= toMs ? value : new Refusal(wanted);
  });
}

/** Milliseconds as a configuration would write them: `90s`, `36h`, `60d`; whole seconds, rounded down. */
export function formatDuration(ms: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, unitMs]) => ms >= unitMs && ms % unitMs === 0) ?? [
    's',
    SECOND,
  ];
  return `${Math.floor(ms / size)}${unit}`;
}

/** An IANA time zone, as the runtime knows it. */
export function timezone() {
  const wanted = 'an IANA time zone such as UTC or Asia/Shanghai';
  return scalar(wanted, [{ type: 'string' }], (found) => (isTimezone(found) ? found : new Refusal(wanted)));
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const CRON_WANTED = 'a cron expression of five fields (minute hour day month weekday), or six with seconds first';

/** A cron expression, kept as text. */
export function cron() {
  return scalar(CRON_WANTED, [{ type: 'string' }], (found) => (isCron(found) ? found : new Refusal(CRON_WANTED)));
}

/** A cron expression, or `off` → undefined. */
export function cronOrOff() {
  const wanted = `${CRON_WANTED}; or "off"`;
  return scalar(wanted, [{ type: 'string' }], (found): string | undefined | Refusal => {
    if (found === 'off') return undefined;
    return isCron(found) ? found : new Refusal(wanted);
  });
}

function isCron(expression: string): boolean {
  try {
    parseCron(expression, 'UTC');
    return true;
  } catch {
    return false;
  }
}

/** An http or https URL without user and password. Hosts are judged elsewhere (hosts.ts), where allowHosts is known. */
export function httpUrl(wanted: string) {
  return scalar(wanted, [{ type: 'string', pattern: '^https?://' }], (found) => {
    if (!URL.canParse(found)) return new Refusal(wanted);
    const { protocol, username, password } = new URL(found);
    if (protocol !== 'https:' && protocol !== 'http:') return new Refusal(wanted);
    return username === '' && password === '' ? found : new Refusal(`${wanted}, without user and password`);
  });
}

/** A host as it stands in a URL: no scheme, no port, no path; lower-cased. */
export function hostName() {
  const wanted = 'a host name without scheme, port and path';
  return scalar(wanted, [{ type: 'string', pattern: '^[A-Za-z0-9.-]+$' }], (found) =>
    /^[A-Za-z0-9.-]{1,253}$/.test(found) ? found.toLowerCase() : new Refusal(wanted),
  );
}

/** The token of HTTP requests that change something. */
export function longToken(shortest: number) {
  const wanted = `at least ${shortest} characters, none of them white space`;
  const next = 'Make one with: openssl rand -hex 32';
  return scalar(wanted, [{ type: 'string', minLength: shortest }], (found) =>
    found.length >= shortest && /^[\x21-\x7e]+$/.test(found) ? found : new Refusal(wanted, next),
  );
}

function hasControlCharacters(found: string): boolean {
  return [...found].some((character) => character < ' ' || character === '\x7f');
}

/** `sqlite:PATH` → the path. PostgreSQL is recognised so that the refusal says why. */
export function journal() {
  const wanted = 'sqlite:PATH, such as sqlite:./data/journal.db';
  return scalar(
    wanted,
    [{ type: 'string', pattern: '^sqlite:.' }],
    (found): { kind: 'sqlite'; path: string } | Refusal => {
      if (/^postgres(?:ql)?:/i.test(found))
        return new Refusal(
          `${wanted}; this version does not support a PostgreSQL journal`,
          'Use sqlite:PATH; a journal in PostgreSQL belongs to the fleet mode, which this version does not have.',
        );
      const path = /^sqlite:(.+)$/.exec(found)?.[1];
      if (path === undefined || path.startsWith('//') || path.startsWith(':') || hasControlCharacters(path))
        return new Refusal(
          wanted,
          'Name a file: sqlite:data/journal.db, or with an absolute path sqlite:/var/lib/rotator/journal.db.',
        );
      return { kind: 'sqlite', path };
    },
  );
}
