// What `provision` makes of a provider: how a new one is to be, what of an existing one is to change, and what must not.
// Pure: it compares, and writes nothing.
import type { KeyMaterial } from './key-material.ts';
import type { ProviderView } from './provider.ts';
import {
  APPLE_ISSUER,
  APPLE_JWKS_URI,
  APPLE_TOKEN_ENDPOINT,
  authorizationEndpointFor,
  CLIENT_SECRET_POST,
  CODE,
  settingTroubles,
} from './provider-settings.ts';
import {
  foundSettings,
  isSameSetting,
  SETTING_NAMES,
  type SettingDifference,
  type StatedSettings,
} from './stated-settings.ts';

/** How a provider is to be, beside its client secret. What is absent is left as it is. */
export interface ProviderWish extends StatedSettings {
  readonly clientId?: string | undefined;
  readonly issuer?: string | undefined;
  readonly jwksUri?: string | undefined;
  readonly authorizationEndpoint?: string | undefined;
  readonly tokenEndpoint?: string | undefined;
  readonly authMethod?: string | undefined;
}

const [TYPE, NAME, ...OTHER_SETTINGS] = SETTING_NAMES;
/** In the order in which they are shown. */
export const WISH_NAMES = [
  TYPE,
  NAME,
  'clientId',
  'issuer',
  'jwksUri',
  'authorizationEndpoint',
  'tokenEndpoint',
  'authMethod',
  ...OTHER_SETTINGS,
] as const satisfies readonly (keyof ProviderWish)[];
export type WishName = (typeof WISH_NAMES)[number];

export type WishDifference = SettingDifference<WishName>;

/** `finish`: a creation that was begun and has not ended; `refuse`: `clientId` cannot be changed without harm. */
export type ProvisionAction = 'create' | 'finish' | 'complete' | 'none' | 'refuse';

export interface ProvisionPlan {
  readonly action: ProvisionAction;
  /** What will be otherwise at the end, `enabled` included. */
  readonly differences: readonly WishDifference[];
  /** Whether it is switched on at the end, once Apple has accepted its secret. */
  readonly switchOn: boolean;
}

const SCOPE = 'openid email name';

/** How a new provider is to be at its end. Linking by address lets an Apple account into an existing one: never by default. */
export function newProvider(stated: StatedSettings, clientId: string): ProviderWish {
  const { type = 'oidc', name = 'Apple', scope = SCOPE, responseType = CODE, redirectUri } = stated;
  return {
    type,
    name,
    clientId,
    ...(type === 'oidc' ? { issuer: APPLE_ISSUER, jwksUri: APPLE_JWKS_URI } : {}),
    authorizationEndpoint: authorizationEndpointFor(scope),
    tokenEndpoint: APPLE_TOKEN_ENDPOINT,
    authMethod: CLIENT_SECRET_POST,
    scope,
    responseType,
    redirectUri,
    linkByEmail: stated.linkByEmail ?? false,
    linkByPhone: stated.linkByPhone ?? false,
    enabled: stated.enabled ?? true,
  };
}

/**
 * What is to be done about a provider; undefined: there is none. `usable`: what shows as its secret may work with its
 * present client id.
 */
export function planProvision(
  stated: StatedSettings,
  { clientId }: Pick<KeyMaterial, 'clientId'>,
  provider: ProviderView | undefined,
  usable: boolean,
): ProvisionPlan {
  const isNew = provider === undefined || provider.isUnfinished;
  const wish = isNew ? newProvider(stated, clientId) : completed(stated, clientId, provider);
  const differences = wishDifferences(wish, provider);
  const switchOn = wish.enabled === true && provider?.enabled !== true;
  if (provider === undefined) return { action: 'create', differences, switchOn };
  if (provider.isUnfinished) return { action: 'finish', differences, switchOn };
  if (differences.length === 0) return { action: 'none', differences, switchOn: false };
  const harms = differences.some(({ name, found }) => name === 'clientId' && found !== null);
  // Nobody logs in with a provider that is switched off.
  const isHarmed = harms && usable && provider.enabled !== false;
  return { action: isHarmed ? 'refuse' : 'complete', differences, switchOn };
}

/** What is stated, and what a stated setting cannot work without. */
function completed(stated: StatedSettings, clientId: string, { fields }: ProviderView): ProviderWish {
  const found = fields.settings();
  const isOtherType = stated.type !== undefined && stated.type !== found.type?.toLowerCase();
  const scope = stated.scope ?? found.scope;
  const lacksFormPost = settingTroubles({ ...found, scope }, () => true).some(({ why }) => why === 'form-post');
  return {
    ...stated,
    clientId,
    ...(isOtherType && stated.type === 'oidc' ? { issuer: APPLE_ISSUER, jwksUri: APPLE_JWKS_URI } : {}),
    ...(stated.scope !== undefined && lacksFormPost ? { authorizationEndpoint: authorizationEndpointFor(scope) } : {}),
  };
}

/** What a provider is to be and is not, in the order of WISH_NAMES. */
export function wishDifferences(wish: ProviderWish, provider: ProviderView | undefined): WishDifference[] {
  const found: ProviderWish = provider === undefined ? {} : wishOf(provider);
  return WISH_NAMES.flatMap((name) => {
    const [wanted, has] = [wish[name], found[name] ?? null];
    return wanted === undefined || isSameSetting(name, wanted, has) ? [] : [{ name, found: has, wanted }];
  });
}

/** What a wish names of the differences. */
export function wishOfDifferences(differences: readonly WishDifference[]): ProviderWish {
  return Object.fromEntries(differences.map(({ name, wanted }) => [name, wanted]));
}

function wishOf(provider: ProviderView): ProviderWish {
  const { issuer, jwksUri, authorizationEndpoint, tokenEndpoint, authMethod } = provider.fields.settings();
  const endpoints = { issuer, jwksUri, authorizationEndpoint, tokenEndpoint, authMethod };
  return { ...foundSettings(provider), clientId: provider.clientId, ...endpoints };
}
