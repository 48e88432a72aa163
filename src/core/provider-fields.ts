// What a provider record says: how its secret shows, whether its Config can be sent back without harm, and which
// of its changes a write of ours explains. Every rule here exists because ModifyProvider has no version or ETag
// and nobody knows how deep it merges: the whole Config goes back, so the whole Config must be fit to go back.
import { createHash } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject, leaves, valueAt } from './json.ts';
import type { Shape } from './reasons.ts';
import { redactText } from './redact.ts';

/** The Config of a provider; a provider without one has an empty one. */
export function configOf(provider: JsonObject): JsonObject {
  const config = provider['Config'];
  return isJsonObject(config) ? config : {};
}

/** How the ClientSecret shows, and its text where there is one. */
export interface ShownSecret {
  readonly shape: Shape;
  readonly text: string | null;
}

const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
const SHA256_HEX = /^[0-9a-f]{64}$/i;

/** Sorts a shown ClientSecret into one of the six shapes. Text that is neither a JWT nor a SHA-256 counts as masked. */
export function shownSecret(config: JsonObject): ShownSecret {
  if (!('ClientSecret' in config)) return { shape: 'missing', text: null };
  const value = config['ClientSecret'];
  if (value === null || value === undefined) return { shape: 'null', text: null };
  if (typeof value !== 'string') return { shape: 'masked', text: null };
  if (value === '') return { shape: 'empty', text: '' };
  if (JWT.test(value)) return { shape: 'clear', text: value };
  if (SHA256_HEX.test(value)) return { shape: 'digest', text: value.toLowerCase() };
  return { shape: 'masked', text: value };
}

/** True where nothing at all is shown: no secret, or one that CloudBase keeps to itself. */
export function showsNothing(shape: Shape): boolean {
  return shape === 'empty' || shape === 'null' || shape === 'missing';
}

/** The Config to send: everything as it was read, ClientSecret alone replaced. */
export function withClientSecret(config: JsonObject, clientSecret: string): JsonObject {
  return { ...config, ClientSecret: clientSecret };
}

/** Dotted paths of every Config field that has a value, ClientSecret excepted. An object that holds nothing is none. */
export function configKeys(config: JsonObject): string[] {
  return leaves(config)
    .filter(([path, value]) => path !== 'ClientSecret' && !isJsonObject(value))
    .map(([path]) => path)
    .sort();
}

/** Why a Config may not be sent back. */
export interface RoundTripProblem {
  readonly path: string;
  readonly why: 'masked' | 'unsafe-number' | 'gone';
}

/** Asterisks or bullets in a row, or a text of nothing but x: the usual ways to hide a value. */
const MASKED = /\*{3,}|[•●∗]{3,}|^x{6,}$/i;

/**
 * What would be lost or broken if this Config were sent back as it was read: a masked value would overwrite the
 * real one, a number that JSON.parse may have changed would be stored changed, and a key that used to be there
 * and is not shown any more might be cleared.
 */
export function roundTripProblems(config: JsonObject, seenKeys: readonly string[]): RoundTripProblem[] {
  const found: RoundTripProblem[] = [];
  for (const [path, value] of leaves(config)) {
    if (path === 'ClientSecret') continue;
    if (deepSome(value, (leaf) => typeof leaf === 'string' && MASKED.test(leaf))) found.push({ path, why: 'masked' });
    if (deepSome(value, (leaf) => typeof leaf === 'number' && !Number.isSafeInteger(leaf))) {
      found.push({ path, why: 'unsafe-number' });
    }
  }
  for (const path of seenKeys) {
    if ((valueAt(config, path) ?? null) === null) found.push({ path, why: 'gone' });
  }
  return found;
}

function deepSome(value: Json, test: (leaf: Json) => boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => deepSome(item, test));
  if (isJsonObject(value)) return Object.values(value).some((item) => deepSome(item, test));
  return test(value);
}

/** Names that may hold a secret of somebody else's (a proxy's password, SMTP's account). */
const PRIVATE_NAME = /secret|password|passwd|token$|credential|private|account|proxy|apikey/i;

/** An address with a password in it. */
const PRIVATE_URL = /:\/\/[^/?#\s]*:[^/?#\s]*@/;

/**
 * The provider's fields as the journal may keep them: Config values in clear (a crash may have to restore one),
 * everything else, and whatever may be private, as `sha256:<hex>`. ClientSecret is left out.
 */
export function fieldsForJournal(provider: JsonObject): Record<string, Json> {
  return Object.fromEntries(
    leaves(provider)
      .filter(([path]) => path !== 'Config.ClientSecret')
      .map(([path, value]) => [path, path.startsWith('Config.') && !isPrivate(path, value) ? value : digestOf(value)]),
  );
}

/** May hold a secret: by its name, by the name of something inside it (a list of objects), or by how it looks. */
function isPrivate(name: string, value: Json): boolean {
  if (PRIVATE_NAME.test(name)) return true;
  if (Array.isArray(value)) return value.some((item) => isPrivate('', item));
  if (isJsonObject(value)) return Object.entries(value).some(([key, item]) => isPrivate(key, item));
  return typeof value === 'string' && (PRIVATE_URL.test(value) || redactText(value) !== value);
}

/** Compares a provider with fields that the journal kept: the paths that differ, ClientSecret excepted. */
export function differsFromJournal(provider: JsonObject, kept: Readonly<Record<string, unknown>>): string[] {
  const now = new Map(leaves(provider).filter(([path]) => path !== 'Config.ClientSecret'));
  const changed = Object.entries(kept).filter(([path, was]) => {
    const is = now.get(path);
    if (is === undefined) return true;
    return !sameText(was, is) && was !== digestOf(is);
  });
  const added = [...now.keys()].filter((path) => !Object.hasOwn(kept, path));
  return [...changed.map(([path]) => path), ...added].sort();
}

/** True for a journalled field that was kept as a digest alone. */
export function isDigestOnly(kept: unknown): boolean {
  return typeof kept === 'string' && /^sha256:[0-9a-f]{64}$/.test(kept);
}

function digestOf(value: Json): string {
  return `sha256:${createHash('sha256').update(canonical(value)).digest('hex')}`;
}

function sameText(a: unknown, b: Json): boolean {
  return canonical(a as Json) === canonical(b);
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(',')}}`;
}

/** Config fields that OIDC discovery fills in from the Issuer. */
const DISCOVERED = /(?:Endpoint|JwksUri)$/;

/**
 * True if a Config field that differs after our write can be laid to that write, so that restoring it undoes our
 * own harm and nobody else's work. Two effects are known: discovery is repeated because Issuer was sent (the
 * field becomes empty, or a plain URL at the issuer's host), and a write that replaces loses keys (an
 * administrator cannot take a key away: ModifyProvider keeps what is not sent). Everything else is somebody's edit.
 */
export function explainedByOurWrite(
  path: string,
  before: Json | undefined,
  after: Json | undefined,
  issuer: Json | undefined,
): boolean {
  if ((before ?? null) === null) return false;
  if ((after ?? null) === null) return true;
  const key = path.slice(path.lastIndexOf('.') + 1);
  if (!DISCOVERED.test(key) || typeof after !== 'string') return false;
  if (after === '') return true;
  const url = URL.parse(after);
  const home = typeof issuer === 'string' ? URL.parse(issuer) : null;
  return url !== null && home !== null && url.host === home.host && url.search === '';
}
