// The scalars of the configuration and of the adapters' options. Each builder takes text (the file is read without
// guessing types), gives a value, and says what it wants when the text is something else. The JSON Schema is generated
// from the same builders; it also accepts the numbers and booleans that an editor sees where the loader sees text, and
// ${NAME} wherever a value may stand.
import * as z from 'zod';
import { parseCron } from '../core/cron.ts';
import type { IdName } from '../core/error-troubles.ts';
import { ID_PATTERNS, isPlaceholder } from '../core/key-ids.ts';
import { looksSecret } from '../core/shown.ts';
import { IDS, takeFrom } from '../core/texts/en/errors-keys.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/time.ts';

/** A refusal in other words than the builder's own. Neither text holds the value. */
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

/**
 * `read` gives the value of a text, or undefined for one that is not `wanted`. It gets the text without the white space
 * that a variable or a file may have around it.
 */
function scalar<T>(wanted: string, forms: JsonForms, read: (text: string, whole: string) => T | Refusal | undefined) {
  return z
    .string({ error: () => wanted })
    .transform((text, context): T => {
      const value = read(text.trim(), text) ?? new Refusal(wanted);
      if (!(value instanceof Refusal)) return value;
      const { wanted: message, next } = value;
      context.issues.push({ code: 'custom', message, input: text, params: { next } });
      return z.NEVER;
    })
    .meta({ anyOf: [...forms, INTERPOLATED] });
}

/** Text of 1 to `longest` characters without line breaks and other control characters. It may begin or end in a blank. */
export function text(wanted: string, longest = 1024) {
  return scalar(wanted, [{ type: ['string', 'number', 'boolean'], minLength: 1 }], (_, found) => {
    if (CONTROL.test(found)) return new Refusal(`${wanted}, without line breaks and other control characters`);
    if (found.length > longest) return new Refusal(`${wanted}, at most ${longest} characters`);
    return found === '' ? undefined : found;
  });
}

const CONTROL = /\p{Cc}/u;

/** Text that fits `pattern`, which must be anchored at both ends. */
export function patterned(wanted: string, pattern: RegExp) {
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: ['number', 'boolean'] }], (found) =>
    pattern.test(found) ? found : undefined,
  );
}

/** The name of a target or of a channel. */
export const LABEL = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export function label(
  wanted = '1 to 63 characters of a-z, 0-9, dot, underscore and hyphen; the first is a letter or a digit',
) {
  return patterned(wanted, LABEL);
}

/** The name of an environment variable. */
export function variableName() {
  const pattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
  return scalar(
    'the name of a variable',
    [{ type: 'string', pattern: pattern.source }, { type: ['number', 'boolean'] }],
    (found) =>
      pattern.test(found) && !looksSecret(found)
        ? found
        : new Refusal('the name of a variable', 'Name the variable here, not what it holds.'),
  );
}

/** A region of a cloud, such as `example`. */
export function region(example: string) {
  return patterned(`a region such as ${example}`, /^[a-z0-9-]{2,40}$/);
}

/** One of the ids that belong to a key. The forms and the placeholders are those of core/key-ids.ts. */
export function appleId(id: IdName) {
  const { wanted } = IDS[id];
  const [pattern, next] = [ID_PATTERNS[id], takeFrom(id)];
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: 'number' }], (found) => {
    if (isPlaceholder(found)) return new Refusal(`${wanted} (this is a placeholder)`, next);
    return pattern.test(found) ? found : new Refusal(wanted, next);
  });
}

/** An id of CloudBase; a placeholder from a guide is named as one. */
export function cloudbaseId(wanted: string) {
  const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: 'number' }], (found) => {
    if (isPlaceholder(found) || /your[ _.-]?env/i.test(found)) return new Refusal(`${wanted} (this is a placeholder)`);
    return pattern.test(found) ? found : undefined;
  });
}

/** `true` or `false`, nothing else. */
export function flag() {
  return scalar('true or false', [{ type: 'boolean' }, { enum: ['true', 'false'] }], (found) => {
    if (found === 'true') return true;
    return found === 'false' ? false : undefined;
  });
}

/** One of a closed list of words. */
export function oneOf<const W extends string>(...words: readonly W[]) {
  return scalar(words.join(' | '), [{ enum: words }], (found) => words.find((word) => word === found));
}

/** A whole number, both ends included. */
export function integer(from: number, to: number) {
  const forms = [
    { type: 'integer', minimum: from, maximum: to },
    { type: 'string', pattern: '^[0-9]{1,9}$' },
  ];
  return scalar(`a whole number from ${from} to ${to}`, forms, (found) =>
    /^[0-9]{1,9}$/.test(found) && Number(found) >= from && Number(found) <= to ? Number(found) : undefined,
  );
}

/** A number above 0, at most `to`; decimals allowed. */
export function positiveNumber(to: number) {
  const pattern = /^[0-9]{1,9}(\.[0-9]{1,9})?$/;
  const forms = [
    { type: 'number', exclusiveMinimum: 0, maximum: to },
    { type: 'string', pattern: pattern.source },
  ];
  return scalar(`a number above 0, at most ${to}`, forms, (found) =>
    pattern.test(found) && Number(found) > 0 && Number(found) <= to ? Number(found) : undefined,
  );
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };
const DURATION = /^([0-9]{1,9})([smhd])$/;

/** `90s`, `15m`, `4h`, `60d` → milliseconds. Both ends included; the refusal names them. */
export function duration(fromMs: number, toMs: number) {
  const wanted = `a duration such as 90s, 15m, 4h or 60d, from ${formatDuration(fromMs)} to ${formatDuration(toMs)}`;
  return scalar(wanted, [{ type: 'string', pattern: DURATION.source }], (found) => {
    const [, count, unit] = DURATION.exec(found) ?? [];
    const value = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
    return value >= fromMs && value <= toMs ? value : undefined;
  });
}

/** Milliseconds as a configuration would write them: `90s`, `36h`, `60d`; whole seconds, rounded down. */
export function formatDuration(ms: number): string {
  const found = Object.entries(UNITS).findLast(([, unitMs]) => ms >= unitMs && ms % unitMs === 0);
  const [unit, unitMs] = found ?? ['s', SECOND];
  return `${Math.floor(ms / unitMs)}${unit}`;
}

/**
 * What to write in place of an abbreviation: the zones that people mean by it. The runtime accepts some of them and
 * gives each one meaning only: CST is Chicago, BST is Dhaka, AST is Anchorage.
 */
const ABBREVIATED: Readonly<Record<string, string>> = {
  CST: 'Asia/Shanghai (China) or America/Chicago (United States)',
  EST: 'America/New_York',
  MST: 'America/Denver or America/Phoenix',
  PST: 'America/Los_Angeles',
  AST: 'America/Halifax or Asia/Riyadh',
  HST: 'Pacific/Honolulu',
  IST: 'Asia/Kolkata, Europe/Dublin or Asia/Jerusalem',
  JST: 'Asia/Tokyo',
  KST: 'Asia/Seoul',
  SST: 'Asia/Singapore or Pacific/Pago_Pago',
  HKT: 'Asia/Hong_Kong',
  BST: 'Europe/London or Asia/Dhaka',
  WET: 'Europe/Lisbon',
  CET: 'Europe/Berlin or Europe/Paris',
  MET: 'Europe/Berlin or Europe/Paris',
  EET: 'Europe/Athens or Europe/Helsinki',
  MSK: 'Europe/Moscow',
  AET: 'Australia/Sydney or Australia/Brisbane',
  NZT: 'Pacific/Auckland',
};
/** Three or four letters, but those that IANA gives to one place or to UTC. */
const ABBREVIATION = /^(?!UTC$|GMT$|UCT$|PRC$|ROC$|ROK$|Cuba$|Eire$|Iran$|Zulu$)[A-Z]{3,4}$/i;

/** An IANA time zone that the runtime knows, not abbreviated. */
export function timezone() {
  const wanted = 'an IANA time zone such as UTC or Asia/Shanghai';
  return scalar(wanted, [{ type: 'string' }], (found) => {
    if (ABBREVIATION.test(found)) {
      // Summer time is of the same zone: EDT of EST, CEST of CET.
      const name = found
        .toUpperCase()
        .replace(/^(.)DT$/, '$1ST')
        .replace(/^(..)[SD]T$/, '$1T');
      const instead = ABBREVIATED[name] ?? 'the name of a place in that zone, such as Asia/Shanghai or America/Chicago';
      const next = `Write ${instead}.`;
      return new Refusal(`${wanted}, not an abbreviation, which may mean several`, next);
    }
    return isAccepted(() => new Intl.DateTimeFormat('en-US', { timeZone: found })) ? found : undefined;
  });
}

const CRON_WANTED =
  'a cron expression of five fields (minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7), or six with seconds first';

/** A cron expression, kept as text. `orOff`: or the word `off`. */
export function cron({ orOff = false } = {}) {
  return scalar(orOff ? `${CRON_WANTED}; or "off"` : CRON_WANTED, [{ type: 'string' }], (found) =>
    (orOff && found === 'off') || isAccepted(() => parseCron(found, 'UTC')) ? found : undefined,
  );
}

function isAccepted(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/** An http or https URL without user and password. Which hosts it may name is checked where allowHosts is known. */
export function httpUrl(wanted: string) {
  return scalar(wanted, [{ type: 'string', pattern: '^https?://' }], (found) => {
    const url = URL.parse(found);
    if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
    return url.username === '' && url.password === '' ? found : new Refusal(`${wanted}, without user and password`);
  });
}

/** A host as it stands in a URL: no scheme, no port, no path; lower-cased. */
export function hostName() {
  const pattern = /^[A-Za-z0-9.-]{1,253}$/;
  return scalar('a host name without scheme, port and path', [{ type: 'string', pattern: pattern.source }], (found) =>
    pattern.test(found) ? found.toLowerCase() : undefined,
  );
}

/** A bearer token of at least `shortest` visible characters: a shorter one could be guessed. */
export function longToken(shortest: number) {
  const wanted = `at least ${shortest} characters, none of them white space`;
  return scalar(wanted, [{ type: 'string', minLength: shortest }], (found) =>
    found.length >= shortest && /^[\x21-\x7e]+$/.test(found)
      ? found
      : new Refusal(wanted, 'Make one with: openssl rand -hex 32'),
  );
}

/** `sqlite:PATH` → the path. PostgreSQL is recognised so that the refusal says why. */
export function journal() {
  const wanted = 'sqlite:PATH, such as sqlite:./data/journal.db';
  return scalar(wanted, [{ type: 'string', pattern: '^sqlite:.' }], (found) => {
    if (/^postgres(?:ql)?:/i.test(found))
      return new Refusal(
        `${wanted}; this version does not support a journal in PostgreSQL`,
        'Use sqlite:PATH: this version keeps its journal in a file.',
      );
    const path = /^sqlite:(.+)$/.exec(found)?.[1];
    if (path === undefined || /^(?:\/\/|:)/.test(path) || CONTROL.test(path))
      return new Refusal(
        wanted,
        'Name a file: sqlite:data/journal.db, or with an absolute path sqlite:/var/lib/rotator/journal.db.',
      );
    return { kind: 'sqlite' as const, path };
  });
}
