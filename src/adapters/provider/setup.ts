// Creates and changes a provider over CloudBase's `tcb` API (AddProvider, ModifyProvider, version 2018-06-08): the names
// that CloudBase has for what a configuration can state. Not for the daemon, whose credentials may not create providers.
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import type { ProviderSetup } from '../../core/ports.ts';
import type { FieldChange, ProviderFields } from '../../core/provider.ts';
import type { ProviderWish, WishName } from '../../core/provision.ts';
import type { TencentClient } from '../tencent/client.ts';
import { configOf, DISCOVERED, recordOf } from './fields.ts';
import { markOf } from './mark.ts';

/** Where a setting is kept: inside Config, or at the top. */
const IN_CONFIG: { readonly [N in WishName]?: string } = {
  clientId: 'ClientId',
  issuer: 'Issuer',
  jwksUri: 'JwksUri',
  authorizationEndpoint: 'AuthorizationEndpoint',
  tokenEndpoint: 'TokenEndpoint',
  authMethod: 'TokenEndpointAuthMethod',
  scope: 'Scope',
  responseType: 'ResponseType',
  redirectUri: 'RedirectUri',
};

export function createProviderSetup(client: TencentClient): ProviderSetup {
  const call = async (action: string, envId: string, params: JsonObject, signal: AbortSignal) => {
    const { requestId } = await client.call(action, { EnvId: envId, ...params }, { signal, write: true, envId });
    return { requestId };
  };
  return {
    create(envId, providerId, { wish, clientSecret }, signal) {
      const Config = { ...configChange(wish), ClientSecret: clientSecret };
      const params = { Id: providerId, ...topChange({ ...wish, enabled: false }), ...markOf(false), Config };
      return call('AddProvider', envId, params, signal);
    },
    change(envId, providerId, { wish, clientSecret, from, form, finishes = false }, signal) {
      const changed = { ...configChange(wish), ...(clientSecret === undefined ? {} : { ClientSecret: clientSecret }) };
      const isSent = Object.keys(changed).length > 0;
      const Config = form === 'whole' ? { ...configOf(recordOf(from)), ...changed } : changed;
      const mark = finishes ? markOf(true) : {};
      const params = { Id: providerId, ...topChange(wish, from), ...mark, ...(isSent ? { Config } : {}) };
      return call('ModifyProvider', envId, params, signal);
    },
    otherChanges(before, after, wish) {
      const meant = Object.keys(configChange(wish)).map((key) => `Config.${key}`);
      // A new issuer is discovered: its endpoints are nobody else's doing.
      const isOurs = ({ path, by }: FieldChange) =>
        by === 'our-write' || (wish.issuer !== undefined && DISCOVERED.test(path));
      return after
        .changesSince(before)
        .filter((change) => isOurs(change) && !meant.includes(change.path))
        .map(({ path }) => path);
    },
  };
}

function configChange(wish: ProviderWish): JsonObject {
  const sent = Object.entries(IN_CONFIG).map(([name, key]) => [key, wish[name as WishName]] as const);
  return Object.fromEntries(sent.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function topChange({ type, name, linkByEmail, linkByPhone, enabled }: ProviderWish, from?: ProviderFields): JsonObject {
  const texts: Json | undefined = from && recordOf(from)['Name'];
  return {
    ...(type === undefined ? {} : { ProviderType: type.toUpperCase() }),
    // Names in other languages stay.
    ...(name === undefined ? {} : { Name: { ...(isJsonObject(texts) ? texts : {}), Message: name } }),
    ...(linkByEmail === undefined ? {} : { AutoSignInWhenEmailMatch: flag(linkByEmail) }),
    ...(linkByPhone === undefined ? {} : { AutoSignInWhenPhoneNumberMatch: flag(linkByPhone) }),
    ...(enabled === undefined ? {} : { On: flag(enabled) }),
  };
}

function flag(value: boolean): 'TRUE' | 'FALSE' {
  return value ? 'TRUE' : 'FALSE';
}
