// What a configuration can state about a provider beside its client secret, and how far a provider differs from that.
// A setting that is not stated is nobody's wish: it never differs. What Apple wants of settings: provider-settings.ts.
import type { ProviderView } from './provider.ts';

/** In the order in which they are shown. */
export const SETTING_NAMES = [
  'type',
  'name',
  'scope',
  'responseType',
  'redirectUri',
  'linkByEmail',
  'linkByPhone',
  'enabled',
] as const;
export type SettingName = (typeof SETTING_NAMES)[number];

/** As the configuration states them, or as a provider has them. Absent: not stated, or the provider does not say. */
export interface StatedSettings {
  /** `oidc`, `oauth`; of a provider also any other in lower case. */
  readonly type?: string | undefined;
  /** As people see it. */
  readonly name?: string | undefined;
  /** Words in any order. */
  readonly scope?: string | undefined;
  readonly responseType?: string | undefined;
  /** Where Apple sends people back to. */
  readonly redirectUri?: string | undefined;
  /** Whether a login with Apple enters the account that has the same mail address, or phone number. */
  readonly linkByEmail?: boolean | undefined;
  readonly linkByPhone?: boolean | undefined;
  /** Whether it is switched on. */
  readonly enabled?: boolean | undefined;
}

export interface SettingDifference<Name = SettingName> {
  readonly name: Name;
  /** Null: there is no provider, or it does not say. */
  readonly found: string | boolean | null;
  readonly wanted: string | boolean;
}

/** What is stated and found otherwise, in the order of SETTING_NAMES. */
export function settingDifferences(stated: StatedSettings, provider: Settled): SettingDifference[] {
  const found = foundSettings(provider);
  return SETTING_NAMES.flatMap((name) => {
    const [wanted, has] = [stated[name], found[name] ?? null];
    return wanted === undefined || isSameSetting(name, wanted, has) ? [] : [{ name, found: has, wanted }];
  });
}

/** What is looked at of a provider. */
export type Settled = Pick<ProviderView, 'enabled'> & { readonly fields: Pick<ProviderView['fields'], 'settings'> };

/** The settings that a provider has, in the words of the configuration. */
export function foundSettings({ enabled, fields }: Settled): StatedSettings {
  const { type, name, scope, responseType, redirectUri, linkByEmail, linkByPhone } = fields.settings();
  return { type: type?.toLowerCase(), name, scope, responseType, redirectUri, linkByEmail, linkByPhone, enabled };
}

/** Whether a setting is as wanted; the words of a scope count in any order. */
export function isSameSetting(name: string, wanted: string | boolean, found: string | boolean | null): boolean {
  if (name !== 'scope' || found === null) return wanted === found;
  const words = (value: string | boolean) => [...new Set(String(value).split(/\s+/).filter(Boolean))].sort().join(' ');
  return words(wanted) === words(found);
}
