// The keys of a provider's Config that Tencent documents: those of tencentcloud-sdk-nodejs 4.1.313 (tcb_models.d.ts,
// ProviderConfig), its two maps with theirs. CloudBase has others, and may treat them otherwise: a read may hide them.
import { isJsonObject, type JsonObject } from '../../core/json.ts';

const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    `Issuer JwksUri ClientId ClientSecret RedirectUri Scope AuthorizationEndpoint TokenEndpoint UserinfoEndpoint
    ResponseType SignoutEndpoint TokenEndpointAuthMethod SamlMetadata`
      .split(/\s+/)
      .map((key) => [key, []]),
  ),
  RequestParametersMap:
    `ClientId ClientSecret RedirectUri RegisterUserRoleId RegisterUserAutoLicense AuthPosition GrantType
    ClientCredentials AccessToken ExpiresIn RegisterUserType`.split(/\s+/),
  ResponseParametersMap: 'Sub Name Picture Username Email PhoneNumber Groups'.split(' '),
};

/** Where keys stand that are not documented: directly in Config, or in one of its two maps. */
export type UndocumentedDepth = 'none' | 'top' | 'nested' | 'both';

/** The paths of keys that are not documented: `Proxy`, `RequestParametersMap.RegisterUserSyncScope`. */
export function undocumented(config: JsonObject, depth: UndocumentedDepth): string[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const known = Object.hasOwn(DOCUMENTED, key) ? DOCUMENTED[key] : undefined;
    if (known === undefined) return depth === 'top' || depth === 'both' ? [key] : [];
    if (known.length === 0 || !isJsonObject(value) || depth === 'none' || depth === 'top') return [];
    return Object.keys(value)
      .filter((inner) => !known.includes(inner))
      .map((inner) => `${key}.${inner}`);
  });
}
