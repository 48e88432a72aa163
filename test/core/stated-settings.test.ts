// What a configuration states, compared with what a provider has.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProviderSettings } from '../../src/core/provider-settings.ts';
import { SETTING_NAMES, type StatedSettings, settingDifferences } from '../../src/core/stated-settings.ts';

const NOTHING: ProviderSettings = {
  type: undefined,
  name: undefined,
  issuer: undefined,
  jwksUri: undefined,
  authorizationEndpoint: undefined,
  tokenEndpoint: undefined,
  scope: undefined,
  responseType: undefined,
  authMethod: undefined,
  redirectUri: undefined,
  linkByEmail: undefined,
  linkByPhone: undefined,
  names: [],
  undocumented: [],
};

const FOUND: StatedSettings = {
  type: 'oauth',
  name: 'Apple',
  scope: 'openid email name',
  responseType: 'code',
  redirectUri: 'https://shop.example/callback',
  linkByEmail: false,
  linkByPhone: true,
  enabled: true,
};

/** A provider with these settings. */
function provider({ enabled, type, ...settings }: StatedSettings) {
  return { enabled, fields: { settings: () => ({ ...NOTHING, ...settings, type: type?.toUpperCase() }) } };
}

test.each<[string, StatedSettings, StatedSettings, unknown[]]>([
  ['nothing that is not stated differs', {}, FOUND, []],
  ['nothing differs from itself', FOUND, FOUND, []],
  ['a text', { type: 'oidc' }, FOUND, [{ name: 'type', found: 'oauth', wanted: 'oidc' }]],
  ['a switch', { linkByPhone: false }, FOUND, [{ name: 'linkByPhone', found: true, wanted: false }]],
  ['what the provider does not say', { name: 'Apple' }, {}, [{ name: 'name', found: null, wanted: 'Apple' }]],
  ['not the order of a scope, nor its blanks', { scope: 'name  openid email' }, FOUND, []],
  [
    'a scope that lacks a word',
    { scope: 'openid email' },
    FOUND,
    [{ name: 'scope', found: 'openid email name', wanted: 'openid email' }],
  ],
  [
    'another setting in another order',
    { name: 'email name' },
    { name: 'name email' },
    [{ name: 'name', found: 'name email', wanted: 'email name' }],
  ],
])('%s', (_, stated, found, differences) => {
  expect(settingDifferences(stated, provider(found))).toEqual(differences);
});

test('they come in the order in which settings are shown, whatever the order of the configuration', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...SETTING_NAMES]), (names) => {
      const stated = Object.fromEntries(names.map((name) => [name, 'x']));
      const shown = settingDifferences(stated, provider(FOUND)).map(({ name }) => name);
      expect(shown).toEqual(SETTING_NAMES.filter((name) => names.includes(name)));
    }),
  );
});
