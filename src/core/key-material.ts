// Key material: Team ID, Services ID (client id), Key ID and the P-256 private key. It is parsed from what a key source
// holds (a PEM, or JSON with the ids and a PEM) and joined with the ids of the configuration.
import type { ErrorParams } from './error-params.ts';
import type { IdName } from './error-troubles.ts';
import { RotatorError } from './errors.ts';
import { ID_NAMES, joinIds, type KeyIds, type PartialKeyIds } from './key-ids.ts';
import { type PrivateKey, parsePrivateKey } from './private-key.ts';

export type { KeyIds } from './key-ids.ts';

/** `privateKeyPem` is never logged or journalled. */
export interface KeyMaterial extends KeyIds, PrivateKey {}

/** A key and the ids that came with it. */
export interface FoundKey extends PrivateKey {
  readonly ids: PartialKeyIds;
}

/**
 * The key material of a target: the text of a key source, completed with the ids of the configuration. `origin` says in
 * messages where the text was read (`file /run/secrets/key.p8`).
 * Throws ERR_KEY_INVALID (says what the text is instead of a P-256 private key), ERR_KEY_IDS_MISSING (names the ids and
 * where to put them), ERR_KEY_IDS_CONFLICT (names both values), ERR_KEY_IDS_INVALID (a placeholder or a wrong form).
 */
export async function parseKeyMaterial(text: string, ids: PartialKeyIds, origin: string): Promise<KeyMaterial> {
  const { ids: withKey, ...key } = parseKeyText(text, origin);
  const joined = joinIds(ids, withKey, origin);
  const { teamId, clientId, keyId } = joined.ids;
  const [problem] = joined.problems;
  if (problem !== undefined) throw problem;
  if (teamId === undefined || clientId === undefined || keyId === undefined)
    throw new TypeError('joinIds left out an id without a problem');
  return { teamId, clientId, keyId, ...key };
}

/**
 * The key and the ids that came with it, from a PEM (see parsePrivateKey for what is repaired), a PEM in quotes, or JSON
 * `{ teamId?, clientId?, keyId?, privateKey }`, whose other names are ignored.
 * Throws ERR_KEY_INVALID, and ERR_KEY_IDS_INVALID if an id in the JSON is not a text.
 */
export function parseKeyText(text: string, origin: string): FoundKey {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (!/^["{[]/.test(trimmed)) return { ids: {}, ...parsePrivateKey(trimmed, origin) };
  const json = parseJson(trimmed, origin);
  if (typeof json === 'string') return { ids: {}, ...parsePrivateKey(json, origin) };
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid({ problem: 'look', look: Array.isArray(json) ? 'json-list' : 'json-value', origin });
  const document = json as Readonly<Record<string, unknown>>;
  const { privateKey } = document;
  if (typeof privateKey !== 'string' || privateKey.trim() === '') throw withoutPrivateKey(document, origin);
  return { ids: idsOf(document, origin), ...parsePrivateKey(privateKey, `${origin}:privateKey`) };
}

function parseJson(text: string, origin: string): unknown {
  // JSON forbids raw line ends inside a text, but inside a PEM they can only mean line ends.
  const repaired = text.replace(/-----BEGIN [\s\S]*?-----END [A-Z ]+-----(?:\s*(?="))?/g, (pem) =>
    pem.replace(/\r?\n|\r/g, '\\n'),
  );
  try {
    return JSON.parse(repaired);
  } catch {
    // The parser's message is dropped: it would quote the key.
    throw invalid({ problem: 'look', look: 'broken-json', origin });
  }
}

function idsOf(document: Readonly<Record<string, unknown>>, origin: string): PartialKeyIds {
  const ids: Partial<Record<IdName, string>> = {};
  for (const id of ID_NAMES) {
    const value = document[id] ?? '';
    if (typeof value !== 'string')
      throw new RotatorError('ERR_KEY_IDS_INVALID', { problem: 'type', id, found: typeof value, origin });
    ids[id] = value;
  }
  return ids;
}

function withoutPrivateKey(document: Readonly<Record<string, unknown>>, origin: string): RotatorError {
  const names = Object.keys(document).filter((name) => /^[A-Za-z][\w-]{0,30}$/.test(name));
  return invalid({ problem: 'no-private-key', names: names.slice(0, 6), isThere: 'privateKey' in document, origin });
}

function invalid(params: ErrorParams['ERR_KEY_INVALID']): RotatorError {
  return new RotatorError('ERR_KEY_INVALID', params);
}
