// A CloudBase provider record as the pass sees it (core/provider.ts), and the Config that a write sends. Every rule here
// exists because ModifyProvider has no version or ETag and nobody knows how deep it merges: the whole Config goes back
// as it was read, so the whole Config must be fit to go back.
import { hash } from 'node:crypto';
import type { RoundTripTrouble } from '../../core/error-troubles.ts';
import {
  canonical,
  holdsNothing,
  isJsonObject,
  type Json,
  type JsonObject,
  leaves,
  withValueAt,
} from '../../core/json.ts';
import type { ProviderWrite } from '../../core/ports.ts';
import type {
  EarlierFields,
  FieldChange,
  FieldObstacle,
  JournalledFields,
  ProviderFields,
  ProviderView,
} from '../../core/provider.ts';
import type { ProviderSettings } from '../../core/provider-settings.ts';
import { looksSecret } from '../../core/shown.ts';
import { shownSecret } from '../../core/shown-secret.ts';
import { undocumented } from './documented.ts';
import { isUnfinished } from './mark.ts';

const SECRET = 'Config.ClientSecret';

/** The view of a record exactly as GetProviders returned it, unknown keys included. */
export function providerView(record: JsonObject): ProviderView {
  const { ClientId, ClientSecret } = configOf(record) as { ClientId?: Json; ClientSecret?: Json };
  return {
    clientId: typeof ClientId === 'string' && ClientId !== '' ? ClientId : undefined,
    // `UNSPECIFIED` means TRUE when it is read; it is not stated by anybody.
    enabled: record['On'] === 'FALSE' ? false : record['On'] === undefined ? undefined : true,
    isUnfinished: isUnfinished(record),
    secret: shownSecret(ClientSecret),
    // Of three readings of a pass one is asked for these, and each takes five URLs apart.
    get statedHosts() {
      return statedHosts(configOf(record));
    },
    fields: providerFields(record),
  };
}

/**
 * The endpoints that a login goes through, as the SDK documents them (tcb_models.d.ts, ProviderConfig). Not
 * SignoutEndpoint and RedirectUri, which belong to the app.
 */
const LOGIN_ENDPOINTS = ['Issuer', 'JwksUri', 'AuthorizationEndpoint', 'TokenEndpoint', 'UserinfoEndpoint'] as const;

function statedHosts(config: JsonObject): string[] {
  const stated = LOGIN_ENDPOINTS.map((name) => config[name] ?? '').filter(
    (value) => value !== '' && !holdsNothing(value),
  );
  const hosts = stated.map((value) => (typeof value === 'string' ? (URL.parse(value)?.hostname ?? '') : ''));
  return [...new Set(hosts)].sort();
}

function providerSettings(record: JsonObject): ProviderSettings {
  const config = configOf(record);
  const { Name: name } = record as { Name?: Json };
  const text = (value: Json | undefined) => (typeof value === 'string' && value !== '' ? value : undefined);
  const present = withoutNothing(config);
  return {
    type: text(record['ProviderType']),
    name: text(isJsonObject(name) ? name['Message'] : undefined),
    issuer: text(config['Issuer']),
    jwksUri: text(config['JwksUri']),
    authorizationEndpoint: text(config['AuthorizationEndpoint']),
    tokenEndpoint: text(config['TokenEndpoint']),
    scope: text(config['Scope']),
    responseType: text(config['ResponseType']),
    authMethod: text(config['TokenEndpointAuthMethod']),
    redirectUri: text(config['RedirectUri']),
    linkByEmail: FLAGS[String(record['AutoSignInWhenEmailMatch'])],
    linkByPhone: FLAGS[String(record['AutoSignInWhenPhoneNumberMatch'])],
    names: twoLevels(present).sort(),
    undocumented: undocumented(present, 'both').sort(),
  };
}

/** Tencent's booleans; `UNSPECIFIED` is as good as absent. */
const FLAGS: Readonly<Record<string, boolean | undefined>> = { TRUE: true, FALSE: false };

/** Without what holds nothing, two levels deep. */
function withoutNothing(config: JsonObject, depth = 2): JsonObject {
  const kept = Object.entries(config).filter(([, value]) => !holdsNothing(value));
  return Object.fromEntries(
    kept.map(([name, value]) => [name, depth > 1 && isJsonObject(value) ? withoutNothing(value, depth - 1) : value]),
  );
}

/** `Scope`, `RequestParametersMap`, `RequestParametersMap.ClientId`: names, and those inside a map. */
function twoLevels(config: JsonObject): string[] {
  return Object.entries(config).flatMap(([name, value]) => [
    name,
    ...(isJsonObject(value) ? Object.keys(value).map((inner) => `${name}.${inner}`) : []),
  ]);
}

/** The Config to send: everything as it was read with ClientSecret replaced, or ClientSecret alone. */
export function configToSend({ fields, clientSecret }: ProviderWrite): JsonObject {
  return { ...(fields && configOf(recordOf(fields))), ClientSecret: clientSecret };
}

/** A record and its leaves, which every pass looks at many times. */
interface Source {
  readonly record: JsonObject;
  readonly own: readonly OwnLeaf[];
}

/** What is behind the fields. Kept apart from them, so that no log, error or journal can come upon what is in one. */
const sources = new WeakMap<object, Source>();

export function recordOf(fields: ProviderFields): JsonObject {
  const source = sources.get(fields);
  if (source === undefined) throw new TypeError('these fields were made by another adapter');
  return source.record;
}

function providerFields(record: JsonObject): ProviderFields {
  const own = leavesOf(record);
  const fields: ProviderFields = {
    get names() {
      return inConfig(own)
        .map(([name]) => name)
        .sort();
    },
    forJournal: () => forJournal(own),
    settings: () => providerSettings(record),
    changesSince: (earlier) => changes(keptOf(earlier), new Map(own)),
    obstacles: (seen) => obstacles(inConfig(own), seen),
    withRestored: (earlier, paths) => providerFields(restored({ record, own }, keptOf(earlier), paths)),
  };
  sources.set(fields, { record, own });
  return fields;
}

/** A provider without a Config has an empty one. */
export function configOf(record: JsonObject): JsonObject {
  const config = record['Config'];
  return isJsonObject(config) ? config : {};
}

type OwnLeaf = readonly [path: string, value: Json];

/** Every leaf of the record but the client secret, by its path from the top. */
function leavesOf(record: JsonObject): OwnLeaf[] {
  return leaves(record).filter(([path]) => path !== SECRET && !path.startsWith(`${SECRET}.`));
}

/** Those of the Config, by their paths inside it. */
function inConfig(own: readonly OwnLeaf[]): OwnLeaf[] {
  return own.flatMap(([path, value]): OwnLeaf[] =>
    path.startsWith('Config.') ? [[path.slice('Config.'.length), value]] : [],
  );
}

/** Asterisks or bullets in a row, or a text of x alone: the usual ways to hide a value. */
const MASKED = /\*{3,}|[•●∗]{3,}|^x{6,}$/i;

/** Names that the SDK loses or misreads on the way: it assigns to `__proto__`, and takes `_isBigNumber` for a number. */
const UNFIT_NAME = /(?:^|(?<!\\)\.)(?:__proto__|_isBigNumber)(?:\.|$)/;

/**
 * A masked value would overwrite the real one; a number or a text that reading may have changed would be stored changed;
 * what a write cannot carry, and a key that used to be there and is not shown any more, might be cleared.
 */
function obstacles(found: readonly OwnLeaf[], seen: readonly string[]): FieldObstacle[] {
  const unfit = found.flatMap(([name, value]): FieldObstacle[] => {
    const path = `Config.${name}`;
    const inside = everyLeaf(name, value);
    return UNFIT.filter(([, isUnfit]) => inside.some(isUnfit)).map(([why]) => ({ path, why }));
  });
  const gone = seen.filter((name) => !found.some(([path]) => path === name || path.startsWith(`${name}.`)));
  return [...unfit, ...gone.map((name) => ({ path: `Config.${name}`, why: 'gone' }) as const)];
}

/** What makes a value unfit to be sent back, by its name and itself. */
const UNFIT: readonly (readonly [RoundTripTrouble, (leaf: Leaf) => boolean])[] = [
  ['masked', ([, value]) => typeof value === 'string' && MASKED.test(value)],
  ['unsafe-number', ([, value]) => typeof value === 'number' && !Number.isSafeInteger(value)],
  ['not-utf8', (leaf) => leaf.some((text) => typeof text === 'string' && !isUnicode(text))],
  ['key', ([name]) => UNFIT_NAME.test(name)],
];

type Leaf = readonly [name: string, value: Json];

/** The leaves of a value, also of the objects in its lists. */
function everyLeaf(name: string, value: Json): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((item) => everyLeaf(name, item));
  if (!isJsonObject(value)) return [[name, value]];
  return Object.entries(value).flatMap(([key, item]) => everyLeaf(`${name}.${key}`, item));
}

/** False for half a character, and for what decoding put in place of bytes that are none. */
function isUnicode(text: string): boolean {
  return text.isWellFormed() && !text.includes('\ufffd');
}

/** Names that may hold somebody else's secret (a proxy's password, an SMTP account, a signing key). */
const PRIVATE_NAME =
  /secret|pass(?:$|phrase|wd|word|code)|pwd|token$|credential|private|account|proxy|key$|hook|bearer/i;

/** An address with a password in it. */
const PRIVATE_URL = /:\/\/[^/?#\s]*:[^/?#\s]*@/;

/** Config values in clear, because a crash may have to restore one; everything else as a digest. */
function forJournal(own: readonly OwnLeaf[]): JournalledFields {
  return Object.fromEntries(
    own.map(([path, value]) => [path, path.startsWith('Config.') && !isPrivate(path, value) ? value : digestOf(value)]),
  );
}

/** May hold a secret: by its name, by the name of something inside it (a list of objects), or by how it looks. */
function isPrivate(name: string, value: Json): boolean {
  if (PRIVATE_NAME.test(name)) return true;
  if (Array.isArray(value)) return value.some((item) => isPrivate('', item));
  if (isJsonObject(value)) return Object.entries(value).some(([key, item]) => isPrivate(key, item));
  return typeof value === 'string' && (PRIVATE_URL.test(value) || looksSecret(value));
}

function digestOf(value: Json): string {
  return `sha256:${hash('sha256', canonical(value), 'hex')}`;
}

function isDigest(kept: Json): boolean {
  return typeof kept === 'string' && /^sha256:[0-9a-f]{64}$/.test(kept);
}

/** Path → value or digest, from the journal or from the record of an earlier reading. */
type Kept = ReadonlyMap<string, Json>;

function keptOf(earlier: EarlierFields): Kept {
  const kept = sources.get(earlier)?.own ?? Object.entries(earlier as Readonly<Record<string, Json>>);
  return new Map(kept.filter(([, value]) => !holdsNothing(value)));
}

function changes(before: Kept, now: Kept): FieldChange[] {
  const paths = new Set([...before.keys(), ...now.keys()]);
  return [...paths]
    .filter((path) => !isSame(before.get(path), now.get(path)))
    .sort()
    .map((path) => ({ path, by: isExplained(path, before, now) ? 'our-write' : 'somebody-else' }));
}

function isSame(before: Json | undefined, now: Json | undefined): boolean {
  if (before === undefined || now === undefined || before === now) return before === now;
  return canonical(before) === canonical(now) || before === digestOf(now);
}

/** Config fields that OIDC discovery fills in from the Issuer. */
export const DISCOVERED = /(?:Endpoint|JwksUri)$/;

/**
 * Three effects of a write on Config fields are known. A write that replaces loses keys: an administrator cannot take a
 * key away, because ModifyProvider keeps what is not sent. Discovery is repeated because Issuer was sent: the field
 * becomes empty, or a plain URL at the issuer's host. And a list may be appended to the one that is there.
 */
function isExplained(path: string, before: Kept, now: Kept): boolean {
  if (!path.startsWith('Config.') || !before.has(path)) return false;
  const after = now.get(path);
  if (after === undefined) return !isReplaced(path, now);
  if (isAppended(before.get(path), after)) return true;
  if (!DISCOVERED.test(path) || typeof after !== 'string') return false;
  if (after === '') return true;
  const issuer = before.get('Config.Issuer');
  const url = URL.parse(after);
  const home = typeof issuer === 'string' ? URL.parse(issuer) : null;
  return url !== null && home !== null && url.host === home.host && url.search === '';
}

/** A list that stands there twice. */
function isAppended(before: Json | undefined, after: Json | undefined): boolean {
  if (!Array.isArray(after) || after.length === 0) return false;
  const [first, second] = [after.slice(0, after.length / 2), after.slice(after.length / 2)];
  return isSame(before, first) && canonical(first) === canonical(second);
}

/** The field has gone because a value stands where its object was, or an object where its value was. */
function isReplaced(path: string, now: Kept): boolean {
  return [...now.keys()].some((other) => other.startsWith(`${path}.`) || path.startsWith(`${other}.`));
}

function restored({ record, own }: Source, earlier: Kept, paths: readonly string[]): JsonObject {
  const now = new Map(own);
  return paths.reduce((made, path) => {
    const value = path.startsWith('Config.') ? earlier.get(path) : undefined;
    // Sent once more it would only grow again. A null is not sent.
    if (isAppended(value, now.get(path))) return withValueAt(made, path, null);
    return value === undefined || isDigest(value) ? made : withValueAt(made, path, value);
  }, record);
}
