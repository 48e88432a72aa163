// What CloudBase makes of a provider's Config when it is written and read. It documents none of this: the world's
// behaviour decides.
import { undocumented } from '../adapters/provider/documented.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { Behaviour } from './behaviour.ts';

/** A Config without what `undocumented` named. */
export function withoutPaths(config: JsonObject, paths: readonly string[], prefix = ''): JsonObject {
  if (paths.length === 0) return config;
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => !paths.includes(`${prefix}${key}`))
      .map(([key, value]) => [
        key,
        prefix === '' && isJsonObject(value) ? withoutPaths(value, paths, `${key}.`) : value,
      ]),
  );
}

/** What Config is after a write. `type` is the provider's ProviderType. */
export function writtenConfig(old: JsonObject, sent: JsonObject, behaviour: Behaviour, type: Json): JsonObject {
  const secret = sent['ClientSecret'];
  const arrived =
    typeof secret === 'string' && secret !== ''
      ? { ...sent, ClientSecret: STORED[behaviour.storeSecret](secret) }
      : sent;
  const written = combined(old, arrived, behaviour);
  return type !== 'OAUTH' && isDiscovered(old, sent, behaviour) ? { ...written, ...DISCOVERED } : written;
}

function combined(old: JsonObject, sent: JsonObject, behaviour: Behaviour): JsonObject {
  const { configWrite, emptyTexts } = behaviour;
  const meant = emptyTexts === 'stored' ? sent : withoutEmptyTexts(sent);
  if (configWrite === 'replace') return meant;
  if (configWrite === 'replace-known') return withoutPaths(meant, undocumented(meant, 'both'));
  return merged(old, meant, behaviour);
}

function withoutEmptyTexts(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([, value]) => value !== '')
      .map(([key, value]) => [key, isJsonObject(value) ? withoutEmptyTexts(value) : value]),
  );
}

function merged(old: JsonObject, sent: JsonObject, behaviour: Behaviour): JsonObject {
  const { configWrite, lists } = behaviour;
  const both = Object.entries(sent).map(([key, value]): [string, Json] => {
    const before = Object.hasOwn(old, key) ? old[key] : undefined;
    if (lists === 'append' && Array.isArray(before) && Array.isArray(value)) return [key, [...before, ...value]];
    if (configWrite === 'merge-deep' && isJsonObject(before) && isJsonObject(value))
      return [key, merged(before, value, behaviour)];
    return [key, value];
  });
  return { ...old, ...Object.fromEntries(both) };
}

/** What Apple's discovery document says. */
const DISCOVERED = {
  AuthorizationEndpoint: 'https://appleid.apple.com/auth/authorize',
  TokenEndpoint: 'https://appleid.apple.com/auth/token',
  JwksUri: 'https://appleid.apple.com/auth/keys',
} as const;

function isDiscovered(old: JsonObject, { Issuer }: { readonly Issuer?: Json }, behaviour: Behaviour): boolean {
  const { rediscovery } = behaviour;
  if (rediscovery === 'every-write') return true;
  if (typeof Issuer !== 'string' || Issuer === '') return false;
  if (Issuer !== old['Issuer']) return true;
  if (rediscovery === 'once') behaviour.rediscovery = false;
  return rediscovery !== false;
}

const SIGNATURE_CHARACTERS = 86;

const STORED: Readonly<Record<Behaviour['storeSecret'], (secret: string) => string>> = {
  'as-sent': (secret) => secret,
  cut: (secret) => secret.slice(0, -SIGNATURE_CHARACTERS / 2),
  'cut-claims': (secret) => secret.slice(0, -2 * SIGNATURE_CHARACTERS),
  spaced: (secret) => `${secret} \n`,
  quoted: (secret) => `"${secret}"`,
  'other-claims': withOtherClaims,
  lost: () => '',
};

/** The same signature below claims that say something else. */
function withOtherClaims(secret: string): string {
  const [header, claims = '', signature] = secret.split('.');
  const changed = Buffer.from(claims, 'base64url').toString().replace(/}$/, ',"jti":"changed"}');
  return [header, Buffer.from(changed).toString('base64url'), signature].join('.');
}
