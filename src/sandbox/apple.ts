// Apple's token endpoint, for client secrets alone: it verifies them as Apple's documentation says and then refuses the
// code. So `invalid_grant` means that the secret is good, `invalid_client` that it is not. It shares no code with the
// part of src/core that mints, because it judges what that mints.
import { createPublicKey, verify } from 'node:crypto';
import type { Behaviour } from './behaviour.ts';
import { type Answer, type Call, type Incoming, json, jsonObject } from './exchange.ts';
import type { World } from './world.ts';

/** Six months: Apple's limit for how far ahead a client secret may expire. */
const MAX_SECONDS_AHEAD = 15_777_000;

/** The call, if the request is for the token endpoint. */
export function appleCall(incoming: Incoming): Call | undefined {
  if (incoming.method !== 'POST' || incoming.path !== '/auth/token') return undefined;
  const form = new URLSearchParams(incoming.body.toString('utf8'));
  return {
    service: 'apple',
    action: 'token',
    body: Object.fromEntries(form),
    error: (code, _, status) => json(status ?? 400, { error: code }),
    answer: (world) => token(world, incoming.headers['content-type'] ?? '', form),
  };
}

function token(world: World, contentType: string, form: URLSearchParams): Answer {
  const { apple } = world.behaviour;
  if (apple === 'unavailable') return { status: 503, headers: { 'content-type': 'text/html' }, body: 'unavailable' };
  if (apple !== 'real') return json(400, { error: apple });
  const field = (name: string) => form.get(name) ?? '';
  if (!contentType.startsWith('application/x-www-form-urlencoded')) return json(400, { error: 'invalid_request' });
  if ([field('grant_type'), field('client_id'), field('client_secret')].includes(''))
    return json(400, { error: 'invalid_request' });
  const granted = { authorization_code: 'code', refresh_token: 'refresh_token' }[field('grant_type')];
  if (granted === undefined) return json(400, { error: 'unsupported_grant_type' });
  if (field(granted) === '') return json(400, { error: 'invalid_request' });
  return json(400, { error: appleError(world, field('client_id'), field('client_secret')) });
}

/** Apple's error about a code that cannot exist; `unavailable`: it does not answer. */
export function appleError(world: World, clientId: string, secret: string): Exclude<Behaviour['apple'], 'real'> {
  const { apple } = world.behaviour;
  if (apple !== 'real') return apple;
  return secretFault(world, clientId, secret) === undefined ? 'invalid_grant' : 'invalid_client';
}

/** What is wrong with a client secret, in a word; undefined: nothing. Apple itself never says which it is. */
export function secretFault(world: World, clientId: string, secret: string): string | undefined {
  const parts = secret.split('.');
  const [head = '', body = '', signature = ''] = parts;
  const header = jsonObject(Buffer.from(head, 'base64url'));
  const claims = jsonObject(Buffer.from(body, 'base64url'));
  if (parts.length !== 3 || header === undefined || claims === undefined) return 'not a JWT';
  if (header['alg'] !== 'ES256') return 'alg';
  const key = typeof header['kid'] === 'string' ? world.appleKeys.get(header['kid']) : undefined;
  if (key === undefined) return 'kid';
  if (key.revoked) return 'revoked';
  const bytes = Buffer.from(signature, 'base64url');
  const publicKey = createPublicKey({ key: key.publicJwk, format: 'jwk' });
  // ieee-p1363 is the raw form: only 64 bytes can verify.
  const fits =
    bytes.toString('base64url') === signature &&
    verify('sha256', Buffer.from(`${head}.${body}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
  if (!fits) return 'signature';
  const now = world.clock.now() / 1000;
  const { iss, sub, aud, iat, exp } = claims;
  if (iss !== key.teamId) return 'iss';
  if (sub !== clientId || !key.clientIds.includes(clientId)) return 'sub';
  if (aud !== 'https://appleid.apple.com') return 'aud';
  if (typeof iat !== 'number' || iat > now + world.behaviour.appleLeewaySeconds) return 'iat';
  if (typeof exp !== 'number' || exp <= now) return 'exp';
  return exp > now + MAX_SECONDS_AHEAD ? 'lifetime' : undefined;
}
