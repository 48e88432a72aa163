// CloudBase's public login interface, as far as an impossible code gets: it presents the client secret that it holds to the
// simulated Apple. The real one has a host for each environment; here the environment stands in the path.
import { appleError } from './apple.ts';
import type { Behaviour } from './behaviour.ts';
import { type Answer, type Call, type Incoming, json, jsonObject } from './exchange.ts';
import type { World } from './world.ts';

/** The call, if the request is for `/login/ENVIRONMENT/auth/v1/provider/token`. */
export function loginCall(incoming: Incoming): Call | undefined {
  const [, envId] = /^\/login\/([^/]+)\/auth\/v1\/provider\/token$/.exec(incoming.path) ?? [];
  if (incoming.method !== 'POST' || envId === undefined) return undefined;
  const body = jsonObject(incoming.body) ?? {};
  return {
    service: 'login',
    action: 'token',
    envId,
    body,
    error: (code, message, status) => refusal(status ?? 400, code, message),
    answer: (world) => {
      const { login } = world.behaviour;
      const answer = login === 'keyed' && incoming.headers['authorization'] !== undefined ? 'passes-on' : login;
      if ((incoming.headers['x-device-id'] ?? '') === '') return refusal(400, 'invalid_argument', 'no x-device-id');
      return ANSWERS[answer](world, envId, String(body['provider_id']));
    },
  };
}

const ANSWERS: Readonly<Record<Behaviour['login'], (world: World, envId: string, providerId: string) => Answer>> = {
  'passes-on': (world, envId, providerId) => {
    const provider = world.providers.get(envId, providerId);
    if (provider === undefined || provider['On'] === 'FALSE') return refusal(404, 'not_found', 'no such provider');
    const { ClientId, ClientSecret } = provider.Config as Readonly<Record<string, unknown>>;
    const error = appleError(world, String(ClientId), String(ClientSecret));
    return error === 'unavailable' ? refusal(502, error, 'no answer') : refusal(400, error, `apple: ${error}`);
  },
  opaque: () => refusal(400, 'login_failed', 'the code was not accepted'),
  // CloudBase's own word, and not Apple's.
  keyed: () => refusal(401, 'invalid_client', 'a publishable key is required'),
  captcha: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>are you a person?</html>' }),
  throttled: () => refusal(429, 'resource_exhausted', 'too many requests'),
  unavailable: () => ({ status: 503, headers: { 'content-type': 'text/html' }, body: 'unavailable' }),
};

function refusal(status: number, error: string, description: string): Answer {
  return json(status, { error, error_code: String(status), error_description: description });
}
