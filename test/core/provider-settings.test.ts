// The judge of a provider's settings: what Apple wants of each, what may be absent, and what no login can succeed with.
import { describe, expect, test } from 'vitest';
import {
  authorizationEndpointFor,
  linking,
  type ProviderSettings,
  type SettingTrouble,
  settingTroubles,
  wantsFormPost,
} from '../../src/core/provider-settings.ts';

const AUTHORIZE = 'https://appleid.apple.com/auth/authorize';

const RIGHT: ProviderSettings = {
  type: 'OIDC',
  name: 'Apple',
  issuer: 'https://appleid.apple.com',
  jwksUri: 'https://appleid.apple.com/auth/keys',
  authorizationEndpoint: `${AUTHORIZE}?response_mode=form_post`,
  tokenEndpoint: 'https://appleid.apple.com/auth/token',
  scope: 'openid email name',
  responseType: 'code',
  authMethod: 'CLIENT_SECRET_POST',
  redirectUri: 'https://shop-1g2h3j.ap-shanghai.tcb-api.tencentcloudapi.com/auth/v1/callback',
  linkByEmail: false,
  linkByPhone: false,
  names: [],
  undocumented: [],
};

const troubles = (change: Partial<ProviderSettings>) =>
  settingTroubles({ ...RIGHT, ...change }, (host) => host === 'login.example.com');

describe('nothing is wrong with', () => {
  test.each<[string, Partial<ProviderSettings>]>([
    ['what CloudBase documents for Apple', {}],
    ['an OAUTH provider that names neither issuer nor keys', { type: 'OAUTH', issuer: undefined, jwksUri: undefined }],
    ['an OAUTH provider without a response type: the default is a code', { type: 'OAUTH', responseType: undefined }],
    [
      'no response mode where neither name nor address is asked for',
      { scope: 'openid', authorizationEndpoint: AUTHORIZE },
    ],
    ['no scope at all', { scope: undefined, authorizationEndpoint: AUTHORIZE }],
    ['a code beside an id token', { responseType: 'code id_token' }],
    [
      'further parameters of the endpoint',
      { authorizationEndpoint: `${AUTHORIZE}?response_mode=form_post&locale=zh_CN` },
    ],
    ['a host that the operator allows', { tokenEndpoint: 'https://login.example.com/token' }],
    ['keys that discovery has yet to fill in', { jwksUri: undefined }],
  ])('%s', (_, change) => {
    expect(troubles(change)).toEqual([]);
  });
});

describe('what is wrong with', () => {
  test.each<[string, Partial<ProviderSettings>, SettingTrouble]>([
    [
      'a type that cannot be one of Apple',
      { type: 'SAML' },
      { setting: 'type', why: 'other', found: 'SAML', wanted: 'OIDC', breaks: true },
    ],
    [
      'an issuer with a slash at its end',
      { issuer: 'https://appleid.apple.com/' },
      {
        setting: 'issuer',
        why: 'other',
        found: 'https://appleid.apple.com/',
        wanted: 'https://appleid.apple.com',
        breaks: true,
      },
    ],
    [
      'name and address without response_mode=form_post, as discovery leaves the endpoint',
      { authorizationEndpoint: AUTHORIZE },
      {
        setting: 'authorizationEndpoint',
        why: 'form-post',
        found: AUTHORIZE,
        wanted: `${AUTHORIZE}?response_mode=form_post`,
        breaks: true,
      },
    ],
    [
      'another response mode',
      { authorizationEndpoint: `${AUTHORIZE}?response_mode=query`, scope: 'email' },
      {
        setting: 'authorizationEndpoint',
        why: 'form-post',
        found: `${AUTHORIZE}?response_mode=query`,
        wanted: `${AUTHORIZE}?response_mode=form_post`,
        breaks: true,
      },
    ],
    [
      'an endpoint of somebody else',
      { authorizationEndpoint: 'https://appleid.apple.com.example.com/auth/authorize' },
      {
        setting: 'authorizationEndpoint',
        why: 'other',
        found: 'https://appleid.apple.com.example.com/auth/authorize',
        wanted: `${AUTHORIZE}?response_mode=form_post`,
        breaks: true,
      },
    ],
    [
      'an OAUTH provider without a token endpoint',
      { type: 'OAUTH', tokenEndpoint: undefined },
      {
        setting: 'tokenEndpoint',
        why: 'absent',
        found: null,
        wanted: 'https://appleid.apple.com/auth/token',
        breaks: true,
      },
    ],
    [
      'an OIDC provider that shows none: discovery may fill it in',
      { tokenEndpoint: undefined },
      {
        setting: 'tokenEndpoint',
        why: 'absent',
        found: null,
        wanted: 'https://appleid.apple.com/auth/token',
        breaks: false,
      },
    ],
    [
      'a scope that Apple does not know',
      { scope: 'openid email profile' },
      { setting: 'scope', why: 'other', found: 'openid email profile', wanted: 'openid email', breaks: true },
    ],
    [
      'an id token alone',
      { responseType: 'id_token' },
      { setting: 'responseType', why: 'other', found: 'id_token', wanted: 'code', breaks: true },
    ],
    [
      'no response type, for which OIDC providers get an id token',
      { responseType: undefined },
      { setting: 'responseType', why: 'absent', found: null, wanted: 'code', breaks: false },
    ],
    [
      'a client secret in a header',
      { authMethod: 'CLIENT_SECRET_BASIC' },
      {
        setting: 'authMethod',
        why: 'other',
        found: 'CLIENT_SECRET_BASIC',
        wanted: 'CLIENT_SECRET_POST',
        breaks: true,
      },
    ],
    [
      'no callback URL',
      { redirectUri: undefined },
      { setting: 'redirectUri', why: 'absent', found: null, wanted: null, breaks: false },
    ],
    [
      'a callback URL without TLS',
      { redirectUri: 'http://shop.example.com/callback' },
      {
        setting: 'redirectUri',
        why: 'not-https',
        found: 'http://shop.example.com/callback',
        wanted: null,
        breaks: true,
      },
    ],
  ])('%s', (_, change, trouble) => {
    expect(troubles(change)).toEqual([trouble]);
  });

  test('several settings, each by itself', () => {
    const found = troubles({ type: 'SAML', tokenEndpoint: 'https://example.com/token', authMethod: 'NONE' });
    expect(found.map(({ setting }) => setting)).toEqual(['type', 'tokenEndpoint', 'authMethod']);
  });

  test('the endpoint that is proposed for a scope is one that is right for it', () => {
    for (const scope of [undefined, 'openid', 'email', 'openid name', 'openid email name']) {
      expect(troubles({ scope, authorizationEndpoint: authorizationEndpointFor(scope) })).toEqual([]);
      expect(wantsFormPost(scope)).toBe(/email|name/.test(scope ?? ''));
    }
  });
});

test('links that are not set are what CloudBase documents: by phone number, not by e-mail address', () => {
  expect(linking({ ...RIGHT, linkByEmail: undefined, linkByPhone: undefined })).toEqual({
    email: { linked: false, isDefault: true },
    phone: { linked: true, isDefault: true },
  });
  expect(linking({ ...RIGHT, linkByEmail: true, linkByPhone: false })).toEqual({
    email: { linked: true, isDefault: false },
    phone: { linked: false, isDefault: false },
  });
});
