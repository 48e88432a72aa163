// Key material: Team ID, Services ID (client id), Key ID and the P-256 private key. It is parsed from what a key source
// holds (a PEM, or JSON with the ids and a PEM) and joined with the ids of the configuration.
import type { ErrorParams } from './error-params.ts';
import type { IdName } from './error-troubles.ts';
import { RotatorError } from './errors.ts';
import { holdSecret } from './held-secrets.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { ID_NAMES, joinIds, type KeyIds, type PartialKeyIds } from './key-ids.ts';
import { decodedBase64, type PrivateKey, parsePrivateKey, withLineEnds } from './private-key.ts';

export type { KeyIds } from './key-ids.ts';

/** `privateKey` is never logged or journalled. */
export interface KeyMaterial extends KeyIds, PrivateKey {}

/** A key and the ids that came with it. */
export interface FoundKey extends PrivateKey {
  readonly ids: PartialKeyIds;
}

/**
 * The key material of a target: the text of a key source, completed with the ids of the configuration. `origin` says in
 * messages where the text was read (`file /run/secrets/key.p8`), `jsonKey` which entry of JSON holds the key.
 * Throws ERR_KEY_INVALID (says what the text is instead of a P-256 private key), ERR_KEY_IDS_MISSING (names the ids and
 * where to put them), ERR_KEY_IDS_CONFLICT (names both values), ERR_KEY_IDS_INVALID (a placeholder or a wrong form).
 */
export async function parseKeyMaterial(
  text: string,
  ids: PartialKeyIds,
  origin: string,
  jsonKey?: string,
): Promise<KeyMaterial> {
  const { ids: withKey, ...key } = parseKeyText(text, origin, jsonKey);
  const joined = joinIds(ids, withKey, origin);
  const { teamId, clientId, keyId } = joined.ids;
  const [problem] = joined.problems;
  if (problem !== undefined) throw problem;
  if (teamId === undefined || clientId === undefined || keyId === undefined)
    throw new TypeError('joinIds left out an id without a problem');
  return { teamId, clientId, keyId, ...key };
}

/** A JSON text, object or list; `[default]` begins an INI file. */
const JSON_START = /^(?:["{]|\[(?:\s|\\[nrt])*(?:["{[\]\d-]|true|false|null))/;

/** Base64 around JSON around base64 around a PEM, and one to spare. */
const DEEPEST = 4;

/**
 * The key and the ids that came with it, from a PEM (see parsePrivateKey for what is repaired), a text in quotes, JSON
 * `{ teamId?, clientId?, keyId?, privateKey }`, or the base64 of any of them. JSON without `privateKey` may hold the key
 * under another name, such as that of its file, if no other entry holds one. `jsonKey` names the entry instead.
 * Throws ERR_KEY_INVALID, and ERR_KEY_IDS_INVALID if an id in the JSON is not a text.
 */
export function parseKeyText(text: string, origin: string, jsonKey?: string, depth = 0): FoundKey {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  const inner = (found: string) => parseKeyText(found, origin, jsonKey, depth + 1);
  if (depth < DEEPEST && JSON_START.test(trimmed)) {
    const json = parseJson(trimmed, origin);
    if (typeof json === 'string') return inner(json);
    if (!isJsonObject(json))
      throw invalid({ problem: 'look', look: Array.isArray(json) ? 'json-list' : 'json-value', origin });
    return fromDocument(json, origin, jsonKey, depth);
  }
  const encoded = depth < DEEPEST ? encodedText(trimmed) : undefined;
  if (encoded === undefined) return { ids: {}, ...parsePrivateKey(trimmed, origin) };
  const found = inner(encoded);
  holdSecret(trimmed);
  return found;
}

/** The text that base64 stands for; undefined for what is no base64, or stands for bytes. */
function encodedText(text: string): string | undefined {
  const bytes = decodedBase64(text);
  if (bytes === undefined) return undefined;
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  const found = new TextDecoder(encoding).decode(bytes);
  return /(?!\s)[\p{Cc}\uFFFD]/u.test(found) ? undefined : found;
}

function fromDocument(document: JsonObject, origin: string, jsonKey: string | undefined, depth: number): FoundKey {
  const read = ([name, value]: readonly [string, string]) =>
    parseKeyText(value, /^[A-Za-z][\w.-]{0,63}$/.test(name) ? `${origin}:${name}` : origin, undefined, depth + 1);
  const found = read(keyEntry(document, origin, jsonKey, read));
  return { ...found, ids: { ...idsOf(document, origin), ...found.ids } };
}

type Entry = readonly [name: string, value: string];

/** The entry that holds the key: the named one, else `privateKey`, else the only one that can be meant. */
function keyEntry(
  document: JsonObject,
  origin: string,
  jsonKey: string | undefined,
  read: (entry: Entry) => FoundKey,
): Entry {
  const named = jsonKey ?? (Object.hasOwn(document, 'privateKey') ? 'privateKey' : undefined);
  if (named !== undefined) {
    const value = Object.hasOwn(document, named) ? document[named] : undefined;
    if (typeof value === 'string') return [named, value];
    if (jsonKey !== undefined) throw invalid({ problem: 'no-entry', origin, isThere: value !== undefined });
    throw withoutPrivateKey(document, origin);
  }
  const entries = Object.entries(document).filter(mayHoldKey);
  const keys = Map.groupBy(entries, (entry) => thumbprintIn(entry, read));
  const others = keys.get(undefined) ?? [];
  keys.delete(undefined);
  const [[only] = []] = keys.values();
  if (keys.size > 1) {
    const lengths = [...keys.values()].flat().map(([, value]) => value.length);
    throw invalid({ problem: 'several-entries', origin, lengths });
  }
  const meant = only ?? others.find(([, value]) => /-----BEGIN|^\s*LS0tLS1CRUdJTi/.test(value));
  if (meant === undefined) throw withoutPrivateKey(document, origin);
  return meant;
}

/** The shortest key has 51 bytes (SEC1 without its public half): shorter texts need no look. */
const SHORTEST_KEY = 64;

function mayHoldKey(entry: readonly [string, Json]): entry is [string, string] {
  return typeof entry[1] === 'string' && entry[1].length >= SHORTEST_KEY;
}

/** Which key an entry holds; undefined: none. */
function thumbprintIn(entry: Entry, read: (entry: Entry) => FoundKey): string | undefined {
  try {
    return read(entry).thumbprint;
  } catch {
    return undefined;
  }
}

/** As it stands; else with the line ends outside its texts repaired, which an environment variable may have escaped. */
function parseJson(text: string, origin: string): Json {
  for (const tried of [text, withLineEnds(text)]) {
    // JSON forbids raw line ends inside a text, where they can only mean line ends.
    const repaired = tried.replace(/(?<!\\)"(?:[^"\\]|\\[\s\S])*"/g, (found) => found.replace(/\r?\n|\r/g, '\\n'));
    try {
      return JSON.parse(repaired);
    } catch {
      // The parser's message is dropped: it would quote the key.
    }
  }
  throw invalid({ problem: 'look', look: 'broken-json', origin });
}

function idsOf(document: JsonObject, origin: string): PartialKeyIds {
  const ids: Partial<Record<IdName, string>> = {};
  for (const id of ID_NAMES) {
    const value = document[id] ?? '';
    if (typeof value !== 'string')
      throw new RotatorError('ERR_KEY_IDS_INVALID', { problem: 'type', id, found: typeof value, origin });
    if (value !== '') ids[id] = value;
  }
  return ids;
}

function withoutPrivateKey(document: JsonObject, origin: string): RotatorError {
  const names = Object.keys(document).filter((name) => /^[A-Za-z][\w.-]{0,30}$/.test(name));
  return invalid({ problem: 'no-private-key', names: names.slice(0, 6), isThere: 'privateKey' in document, origin });
}

function invalid(params: ErrorParams['ERR_KEY_INVALID']): RotatorError {
  return new RotatorError('ERR_KEY_INVALID', params);
}
