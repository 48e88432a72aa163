// What the settings of a provider have to be for logins with Apple, beside the client secret: the one judge of them, for
// whoever shows, compares or writes settings. Apple's values are those of its documentation ("Sign in with Apple REST
// API") and of https://appleid.apple.com/.well-known/openid-configuration.

/** What a reading shows of a provider's settings. Undefined: it does not say; an empty text counts as that. */
export interface ProviderSettings {
  /** The protocol, in the cloud's words: `OIDC`, `OAUTH`. */
  readonly type: string | undefined;
  /** The name that people see. */
  readonly name: string | undefined;
  readonly issuer: string | undefined;
  readonly jwksUri: string | undefined;
  readonly authorizationEndpoint: string | undefined;
  readonly tokenEndpoint: string | undefined;
  /** Names with spaces between them: `openid email name`. */
  readonly scope: string | undefined;
  readonly responseType: string | undefined;
  /** How the client secret is sent to the token endpoint, in the cloud's words. */
  readonly authMethod: string | undefined;
  /** Where Apple sends people back to. */
  readonly redirectUri: string | undefined;
  /** Whether an Apple account is linked to an existing account with the same address. */
  readonly linkByEmail: boolean | undefined;
  readonly linkByPhone: boolean | undefined;
  /** The names of the other settings that have a value, two levels deep, sorted: `Scope`, `Map.inner`. */
  readonly names: readonly string[];
  /** Those of them that the cloud does not document. */
  readonly undocumented: readonly string[];
}

/** Settings whose value Apple decides. */
export type JudgedSetting = Extract<
  keyof ProviderSettings,
  | 'type'
  | 'issuer'
  | 'jwksUri'
  | 'authorizationEndpoint'
  | 'tokenEndpoint'
  | 'scope'
  | 'responseType'
  | 'authMethod'
  | 'redirectUri'
>;

export interface SettingTrouble {
  readonly setting: JudgedSetting;
  /**
   * `absent`: it has no value; `other`: it has another one than Apple wants; `form-post`: Apple refuses to send name or
   * e-mail address without `response_mode=form_post`; `not-https`: Apple sends nobody to such an address.
   */
  readonly why: 'absent' | 'other' | 'form-post' | 'not-https';
  readonly found: string | null;
  /** The value to set; null where only the operator knows it. */
  readonly wanted: string | null;
  /** No login can succeed like this. False: the cloud may fill it in by itself. */
  readonly breaks: boolean;
}

export const APPLE_HOST = 'appleid.apple.com';
export const APPLE_ISSUER = `https://${APPLE_HOST}`;
export const APPLE_JWKS_URI = `https://${APPLE_HOST}/auth/keys`;
export const APPLE_TOKEN_ENDPOINT = `https://${APPLE_HOST}/auth/token`;
const APPLE_AUTHORIZATION_ENDPOINT = `https://${APPLE_HOST}/auth/authorize`;
const FORM_POST = 'form_post';

/** The response type with which the client secret is used. */
export const CODE = 'code';
/** The one way in which Apple takes a client secret. */
export const CLIENT_SECRET_POST = 'CLIENT_SECRET_POST';
const TYPES: readonly string[] = ['OIDC', 'OAUTH'];
const APPLE_SCOPES: readonly string[] = ['openid', 'email', 'name'];

/** Whether Apple is asked for the name or the address of a person, which it sends by a posted form alone. */
export function wantsFormPost(scope: string | undefined): boolean {
  return scopesOf(scope).some((name) => name === 'name' || name === 'email');
}

/** The authorization endpoint that a login with these scopes needs. */
export function authorizationEndpointFor(scope: string | undefined): string {
  return wantsFormPost(scope)
    ? `${APPLE_AUTHORIZATION_ENDPOINT}?response_mode=${FORM_POST}`
    : APPLE_AUTHORIZATION_ENDPOINT;
}

/**
 * What is wrong with the settings, in the order in which they are listed above. `isAllowedHost`: hosts other than
 * Apple's that the operator lets endpoints name; what is behind them is not judged.
 */
export function settingTroubles(
  settings: ProviderSettings,
  isAllowedHost: (host: string) => boolean,
): readonly SettingTrouble[] {
  const isOidc = settings.type !== 'OAUTH';
  const endpoint = (setting: JudgedSetting, wanted: string, isNeeded: boolean): SettingTrouble | undefined => {
    const found = settings[setting];
    // A provider that discovers its endpoints from the issuer may show none of them.
    if (found === undefined) return isNeeded ? absent(setting, wanted, !isOidc) : undefined;
    return found === wanted || isElsewhere(found, isAllowedHost) ? undefined : other(setting, found, wanted);
  };
  const judged = [
    ofType(settings),
    endpoint('issuer', APPLE_ISSUER, isOidc),
    endpoint('jwksUri', APPLE_JWKS_URI, false),
    ofAuthorization(settings, isAllowedHost, isOidc),
    endpoint('tokenEndpoint', APPLE_TOKEN_ENDPOINT, true),
    ofScope(settings),
    ofResponseType(settings, isOidc),
    ofAuthMethod(settings),
    ofRedirectUri(settings),
  ];
  return judged.filter((trouble) => trouble !== undefined);
}

function absent(setting: JudgedSetting, wanted: string | null, breaks: boolean): SettingTrouble {
  return { setting, why: 'absent', found: null, wanted, breaks };
}

function other(setting: JudgedSetting, found: string, wanted: string | null): SettingTrouble {
  return { setting, why: 'other', found, wanted, breaks: true };
}

function scopesOf(scope: string | undefined): string[] {
  return (scope ?? '').split(/[\s,]+/).filter((name) => name !== '');
}

/** An endpoint on a host of the operator's own. */
function isElsewhere(url: string, isAllowedHost: (host: string) => boolean): boolean {
  const host = URL.parse(url)?.hostname;
  return host !== undefined && host !== APPLE_HOST && isAllowedHost(host);
}

function ofType({ type }: ProviderSettings): SettingTrouble | undefined {
  if (type === undefined) return absent('type', 'OIDC', false);
  return TYPES.includes(type) ? undefined : other('type', type, 'OIDC');
}

function ofAuthorization(
  { authorizationEndpoint: found, scope }: ProviderSettings,
  isAllowedHost: (host: string) => boolean,
  isOidc: boolean,
): SettingTrouble | undefined {
  const setting = 'authorizationEndpoint';
  const wanted = authorizationEndpointFor(scope);
  // What discovery fills in has no response mode.
  if (found === undefined) return absent(setting, wanted, !isOidc || wantsFormPost(scope));
  if (isElsewhere(found, isAllowedHost)) return undefined;
  const url = URL.parse(found);
  if (url === null || `${url.origin}${url.pathname}` !== APPLE_AUTHORIZATION_ENDPOINT)
    return other(setting, found, wanted);
  const mode = url.searchParams.get('response_mode');
  if (!wantsFormPost(scope) || mode === FORM_POST) return undefined;
  return { setting, why: 'form-post', found, wanted, breaks: true };
}

function ofScope({ scope }: ProviderSettings): SettingTrouble | undefined {
  const known = scopesOf(scope).filter((name) => APPLE_SCOPES.includes(name));
  if (scope === undefined || known.length === scopesOf(scope).length) return undefined;
  return other('scope', scope, known.join(' '));
}

/** Apple gives a code, with or without an id token; an id token alone it does not support. */
function ofResponseType({ responseType }: ProviderSettings, isOidc: boolean): SettingTrouble | undefined {
  // Where none is set, CloudBase asks OIDC providers for an id token, others for a code.
  if (responseType === undefined) return isOidc ? absent('responseType', CODE, false) : undefined;
  return scopesOf(responseType).includes(CODE) ? undefined : other('responseType', responseType, CODE);
}

function ofAuthMethod({ authMethod }: ProviderSettings): SettingTrouble | undefined {
  if (authMethod === undefined || authMethod === CLIENT_SECRET_POST) return undefined;
  return other('authMethod', authMethod, CLIENT_SECRET_POST);
}

function ofRedirectUri({ redirectUri }: ProviderSettings): SettingTrouble | undefined {
  if (redirectUri === undefined) return absent('redirectUri', null, false);
  const isHttps = URL.parse(redirectUri)?.protocol === 'https:';
  return isHttps
    ? undefined
    : { setting: 'redirectUri', why: 'not-https', found: redirectUri, wanted: null, breaks: true };
}

/** Whether accounts are linked, as it is in force. */
export interface LinkInForce {
  readonly linked: boolean;
  /** It is not set: this is what CloudBase documents for that. */
  readonly isDefault: boolean;
}

/** What is in force where it is not set (GetProviders, AddProvider): e-mail addresses do not link, phone numbers do. */
export function linking({
  linkByEmail,
  linkByPhone,
}: ProviderSettings): Readonly<Record<'email' | 'phone', LinkInForce>> {
  return {
    email: { linked: linkByEmail ?? false, isDefault: linkByEmail === undefined },
    phone: { linked: linkByPhone ?? true, isDefault: linkByPhone === undefined },
  };
}
