// The scalars of the configuration and of the adapters' options. Each builder takes text (the file is read without
// guessing types), gives a value, and says what it wants when the text is something else. The JSON Schema is generated
// from the same builders; it also accepts the numbers and booleans that an editor sees where the loader sees text, and
// ${NAME} wherever a value may stand.
import * as z from 'zod';
import { parseCron } from '../core/cron.ts';
import type { IdName } from '../core/error-troubles.ts';
import { ID_PATTERNS, isPlaceholder } from '../core/key-ids.ts';
import { nearestOf } from '../core/nearest.ts';
import { looksSecret } from '../core/shown.ts';
import type { Phrase, PlainPhrase } from '../core/texts/problems.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/time.ts';
import { isLoopback } from '../net/proxy.ts';
import { isPostgres, type JournalPlace, readPostgresUrl } from './journal/place.ts';

/** A refusal in other words than the builder's own. Neither phrase holds the value. */
class Refusal {
  readonly wanted: Phrase;
  readonly next: Phrase | undefined;
  constructor(wanted: Phrase, next?: Phrase) {
    this.wanted = wanted;
    this.next = next;
  }
}

/** A value that is only known when the program runs: ${NAME}, anywhere in the text. */
export const INTERPOLATED = { type: 'string', pattern: '\\$\\{' } as const;

/** What zod is told is wanted. Its messages are texts: config/issues.ts reads the phrase in them. */
export function wants(wanted: Phrase): { readonly error: () => string } {
  return { error: () => JSON.stringify(wanted) };
}

type JsonForms = readonly { readonly [keyword: string]: unknown }[];

/**
 * `read` gives the value of a text, or undefined for one that is not `wanted`. It gets the text without the white space
 * that a variable or a file may have around it.
 */
function scalar<T>(wanted: Phrase, forms: JsonForms, read: (text: string, whole: string) => T | Refusal | undefined) {
  return z
    .string(wants(wanted))
    .transform((text, context): T => {
      const value = read(text.trim(), text) ?? new Refusal(wanted);
      if (!(value instanceof Refusal)) return value;
      const message = JSON.stringify(value.wanted);
      context.issues.push({ code: 'custom', message, input: text, params: { next: value.next } });
      return z.NEVER;
    })
    .meta({ anyOf: [...forms, INTERPOLATED] });
}

/** Text of 1 to `longest` characters without line breaks and other control characters. It may begin or end in a blank. */
export function text(wanted: PlainPhrase = ['text-value'], longest = 1024) {
  return scalar(wanted, [{ type: ['string', 'number', 'boolean'], minLength: 1 }], (_, found) => {
    if (CONTROL.test(found)) return new Refusal(['printable', wanted]);
    if (found.length > longest) return new Refusal(['at-most', wanted, longest]);
    return found === '' ? undefined : found;
  });
}

/** A name that every message shows, and so no secret that was put there by mistake. */
export function shownLabel(wanted: PlainPhrase, longest: number) {
  return text(wanted, longest).refine((found) => !looksSecret(found), wants(wanted));
}

const CONTROL = /\p{Cc}/u;

/** Text that fits `pattern`, which must be anchored at both ends. */
export function patterned(wanted: PlainPhrase, pattern: RegExp) {
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: ['number', 'boolean'] }], (found) =>
    pattern.test(found) ? found : undefined,
  );
}

/** The name of a target or of a channel. */
export const LABEL = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export function label(wanted: PlainPhrase = ['label']) {
  return patterned(wanted, LABEL);
}

/** The name of an environment variable. */
export function variableName() {
  const pattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
  return scalar(
    ['variable'],
    [{ type: 'string', pattern: pattern.source }, { type: ['number', 'boolean'] }],
    (found) => (pattern.test(found) && !looksSecret(found) ? found : new Refusal(['variable'], ['name-not-content'])),
  );
}

/** A region of a cloud, such as `example`. */
export function region(example: string) {
  return patterned(['region', example], /^[a-z0-9-]{2,40}$/);
}

/** One of the ids that belong to a key. The forms and the placeholders are those of core/key-ids.ts. */
export function appleId(id: IdName) {
  const pattern = ID_PATTERNS[id];
  const [wanted, next] = [
    ['id', id],
    ['take-id', id],
  ] as const;
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: 'number' }], (found) => {
    if (isPlaceholder(found)) return new Refusal(['no-placeholder', wanted], next);
    return pattern.test(found) && !looksSecret(found) ? found : new Refusal(wanted, next);
  });
}

/** An id of CloudBase, which every message shows; a placeholder from a guide is named as one. */
export function cloudbaseId(wanted: PlainPhrase) {
  const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
  return scalar(wanted, [{ type: 'string', pattern: pattern.source }, { type: 'number' }], (found) => {
    if (isPlaceholder(found) || /your[ _.-]?env/i.test(found)) return new Refusal(['no-placeholder', wanted]);
    return pattern.test(found) && !looksSecret(found) ? found : undefined;
  });
}

/** What earlier versions of YAML took for a flag. */
const MEANT: Readonly<Record<string, string>> = { yes: 'true', on: 'true', no: 'false', off: 'false' };

/** `true` or `false`, nothing else. */
export function flag() {
  return scalar(['flag'], [{ type: 'boolean' }, { enum: ['true', 'false'] }], (found) => {
    if (found === 'true') return true;
    if (found === 'false') return false;
    const meant = MEANT[found.toLowerCase()] ?? nearestOf(found, ['true', 'false']);
    return meant === undefined ? undefined : new Refusal(['flag'], ['mean-word', meant]);
  });
}

/** One of a closed list of words. */
export function oneOf<const W extends string>(...words: readonly W[]) {
  return scalar(['words', ...words], [{ enum: words }], (found) => words.find((word) => word === found));
}

/** A whole number, both ends included. */
export function integer(from: number, to: number) {
  const forms = [
    { type: 'integer', minimum: from, maximum: to },
    { type: 'string', pattern: '^[0-9]{1,9}$' },
  ];
  return scalar(['integer', from, to], forms, (found) =>
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
  return scalar(['number', to], forms, (found) =>
    pattern.test(found) && Number(found) > 0 && Number(found) <= to ? Number(found) : undefined,
  );
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };
const DURATION = /^([0-9]{1,9})([smhd])$/;

/** `90s`, `15m`, `4h`, `60d` → milliseconds. Both ends included; the refusal names them. */
export function duration(fromMs: number, toMs: number) {
  return scalar(
    ['duration', formatDuration(fromMs), formatDuration(toMs)],
    [{ type: 'string', pattern: DURATION.source }],
    (found) => {
      const [, count, unit] = DURATION.exec(found) ?? [];
      const value = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
      return value >= fromMs && value <= toMs ? value : undefined;
    },
  );
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
const ABBREVIATED: Readonly<Record<string, readonly string[]>> = {
  CST: ['Asia/Shanghai', 'America/Chicago'],
  EST: ['America/New_York'],
  MST: ['America/Denver', 'America/Phoenix'],
  PST: ['America/Los_Angeles'],
  AST: ['America/Halifax', 'Asia/Riyadh'],
  HST: ['Pacific/Honolulu'],
  IST: ['Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem'],
  JST: ['Asia/Tokyo'],
  KST: ['Asia/Seoul'],
  SST: ['Asia/Singapore', 'Pacific/Pago_Pago'],
  HKT: ['Asia/Hong_Kong'],
  BST: ['Europe/London', 'Asia/Dhaka'],
  WET: ['Europe/Lisbon'],
  CET: ['Europe/Berlin', 'Europe/Paris'],
  MET: ['Europe/Berlin', 'Europe/Paris'],
  EET: ['Europe/Athens', 'Europe/Helsinki'],
  MSK: ['Europe/Moscow'],
  AET: ['Australia/Sydney', 'Australia/Brisbane'],
  NZT: ['Pacific/Auckland'],
};
/** Three or four letters, but those that IANA gives to one place or to UTC. */
const ABBREVIATION = /^(?!UTC$|GMT$|UCT$|PRC$|ROC$|ROK$|Cuba$|Eire$|Iran$|Zulu$)[A-Z]{3,4}$/i;

/** An IANA time zone that the runtime knows, not abbreviated. */
export function timezone() {
  return scalar(['timezone'], [{ type: 'string' }], (found) => {
    if (ABBREVIATION.test(found)) {
      // Summer time is of the same zone: EDT of EST, CEST of CET.
      const name = found
        .toUpperCase()
        .replace(/^(.)DT$/, '$1ST')
        .replace(/^(..)[SD]T$/, '$1T');
      const zones = ABBREVIATED[name];
      return new Refusal(
        ['no-abbreviation', ['timezone']],
        zones === undefined ? ['place-in-zone'] : ['zone-in-full', ...zones],
      );
    }
    if (isAccepted(() => new Intl.DateTimeFormat('en-US', { timeZone: found }))) return found;
    const nearest = nearestOf(found, Intl.supportedValuesOf('timeZone'));
    return nearest === undefined ? undefined : new Refusal(['timezone'], ['mean-word', nearest]);
  });
}

/** A cron expression, kept as text. `orOff`: or the word `off`. */
export function cron({ orOff = false } = {}) {
  return scalar(orOff ? ['cron-or-off', ['cron']] : ['cron'], [{ type: 'string' }], (found) => {
    if (orOff && found === 'off') return found;
    const outside = outsideField(found);
    if (outside !== undefined) return new Refusal(outside);
    if (!isAccepted(() => parseCron(found, 'UTC')))
      return fitsNoDay(found) ? new Refusal(['cron-that-matches']) : undefined;
    // From a fixed instant: whether an expression is one must not depend on the day.
    const start = parseCron(found, 'UTC').nextStart(CRON_FROM, CRON_HORIZON);
    return start === undefined ? new Refusal(['cron-that-matches']) : found;
  });
}

const CRON_FROM = Date.UTC(2024, 0, 1);
/** 29 February falls on each weekday within 28 years, within 40 also around 2100; with less, a rare rule would be refused. */
const CRON_HORIZON = 40 * 366 * DAY;

const CRON_FIELDS = [
  ['second', 0, 59],
  ['minute', 0, 59],
  ['hour', 0, 23],
  ['day', 1, 31],
  ['month', 1, 12],
  ['weekday', 0, 7],
] as const;

/** True where day and month are right by themselves, as in `0 0 31 2 *`. */
function fitsNoDay(expression: string): boolean {
  const fields = expression.split(/\s+/);
  if (fields.length < 5) return false;
  const month = fields.at(-2) ?? '';
  return [fields.with(-2, '*').join(' '), `0 0 1 ${month} *`].every((each) => isAccepted(() => parseCron(each, 'UTC')));
}

/** What a field of a cron expression wants that has a number beyond its range; undefined where none has. */
function outsideField(expression: string): Phrase | undefined {
  const fields = expression.split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) return undefined;
  const wrong = CRON_FIELDS.slice(-fields.length).find(([, from, to], index) =>
    // What follows a slash is a step, and what follows a # the how manieth weekday.
    (fields[index]?.match(/(?<![\w/#])\d+(?!\w)/g) ?? []).some(
      (number) => Number(number) < from || Number(number) > to,
    ),
  );
  return wrong === undefined ? undefined : ['cron-field', ...wrong];
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
export function httpUrl(wanted: PlainPhrase) {
  return scalar(wanted, [{ type: 'string', pattern: '^https?://' }], (found) => {
    const url = URL.parse(found);
    if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
    return url.username === '' && url.password === '' ? found : new Refusal(['no-user', wanted]);
  });
}

/** The same, with https alone. */
export function httpsUrl(wanted: PlainPhrase) {
  return scalar(wanted, [{ type: 'string', pattern: '^https://' }], (found) => {
    const url = URL.parse(found);
    if (url?.protocol !== 'https:') return undefined;
    return url.username === '' && url.password === '' ? found : new Refusal(['no-user', wanted]);
  });
}

const SCOPES: readonly string[] = ['openid', 'email', 'name'];

/** What Apple may be asked for at a login, each word once, with single blanks. */
export function scope() {
  return scalar(
    ['scope'],
    [{ type: 'string', pattern: `^(?:${SCOPES.join('|')})(?: +(?:${SCOPES.join('|')}))*$` }],
    (found) => {
      const words = found.split(/\s+/);
      return words.every((word) => SCOPES.includes(word)) && new Set(words).size === words.length
        ? words.join(' ')
        : undefined;
    },
  );
}

/** Where people reach the service: https, or http on loopback. It may have a path; the value has no slash at its end. */
export function publicUrl() {
  const wanted: PlainPhrase = ['public-url'];
  return scalar(wanted, [{ type: 'string', pattern: '^https?://' }], (found) => {
    const url = URL.parse(found);
    if (url === null || /[?#]/.test(found)) return undefined;
    if (url.username !== '' || url.password !== '') return new Refusal(['no-user', wanted]);
    const isFit = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
    return isFit ? url.href.replace(/\/+$/, '') : undefined;
  });
}

/** A host as it stands in a URL: no scheme, no port, no path; lower-cased. */
export function hostName() {
  const pattern = /^[A-Za-z0-9.-]{1,253}$/;
  return scalar(['host-name'], [{ type: 'string', pattern: pattern.source }], (found) =>
    pattern.test(found) ? found.toLowerCase() : undefined,
  );
}

/** A bearer token of at least `shortest` visible characters: a shorter one could be guessed. */
export function longToken(shortest: number) {
  return scalar(['token', shortest], [{ type: 'string', minLength: shortest }], (found) =>
    found.length >= shortest && /^[\x21-\x7e]+$/.test(found) ? found : new Refusal(['token', shortest], ['make-token']),
  );
}

/** `sqlite:PATH` → the path; `postgres://…` → the database. */
export function journal() {
  const forms = [
    { type: 'string', pattern: '^sqlite:.' },
    { type: 'string', pattern: '^postgres(?:ql)?://.' },
  ] as const;
  return scalar(['journal'], forms, (found): JournalPlace | Refusal => {
    if (isPostgres(found)) {
      const place = readPostgresUrl(found);
      return typeof place === 'string' ? new Refusal(['postgres-url'], [`postgres-${place}`]) : place;
    }
    const path = /^sqlite:(.+)$/.exec(found)?.[1];
    if (path === undefined || /^(?:\/\/|:)/.test(path) || CONTROL.test(path) || looksSecret(path))
      return new Refusal(['journal'], ['name-file']);
    return { path };
  });
}
