// Every route of the control interface, a row each: what it takes, what it does, an example body. docs/sandbox.md
// explains them with examples; a test compares the two.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import * as z from 'zod';
import { behaviourSchema } from './behaviour.ts';
import { policySchema } from './cam.ts';
import { ControlError, found, part, type Route, route } from './control-route.ts';
import { faultSchema } from './faults.ts';
import type { ProviderRecord } from './providers.ts';
import { SECRET_STATES, type SecretStore } from './secret-store.ts';
import type { InboxGuard, World } from './world.ts';

const fields = z.record(z.string(), z.json());
const DAY_SECONDS = 86_400;

const providerPath = '/sandbox/environments/:envId/providers/:id';

export const ROUTES: readonly Route[] = [
  route('POST', '/sandbox/reset', {
    does: 'puts everything back as it was at start',
    run: (world) => void world.reset(),
  }),
  route('GET', '/sandbox/environments', {
    does: 'lists environments and the ids of their providers',
    run: (world) => ({
      environments: world.providers
        .environments()
        .map((envId) => ({ envId, providers: world.providers.list(envId).map(({ Id }) => Id) })),
    }),
  }),
  route('PUT', '/sandbox/environments/:envId', {
    does: 'makes an environment',
    run: (world, { path }) => void world.providers.addEnvironment(part(path, 'envId')),
  }),
  route('DELETE', '/sandbox/environments/:envId', {
    does: 'removes an environment and its providers',
    run: (world, { path }) => found(world.providers.deleteEnvironment(part(path, 'envId')), 'environment'),
  }),
  route('GET', '/sandbox/environments/:envId/providers', {
    does: 'shows the true state of the providers, secrets in clear',
    run: (world, { path }) => ({ providers: world.providers.list(part(path, 'envId')) }),
  }),
  route('GET', providerPath, {
    does: 'shows the true state of one provider, its secret in clear',
    run: (world, { path }) => provider(world, path),
  }),
  route('PUT', providerPath, {
    does: 'sets a provider (and makes its environment)',
    body: { Config: { ClientId: 'com.example.shop.web', ClientSecret: '' } },
    schema: z.looseObject({ Config: fields }).and(fields),
    run: (world, { path, body }) => void world.providers.put(part(path, 'envId'), { ...body, Id: part(path, 'id') }),
  }),
  route('PATCH', providerPath, {
    does: 'changes single fields of a provider, and single keys of its Config, as an administrator would',
    body: { On: 'FALSE', Config: { Scope: 'openid' } },
    schema: z.looseObject({ Config: fields.optional() }).and(fields),
    run: (world, { path, body }) => {
      const old = provider(world, path);
      const Config = { ...old.Config, ...(body.Config ?? {}) };
      world.providers.put(part(path, 'envId'), { ...old, ...body, Id: old.Id, Config });
      return undefined;
    },
  }),
  route('DELETE', providerPath, {
    does: 'removes a provider',
    run: (world, { path }) => found(world.providers.delete(part(path, 'envId'), part(path, 'id')), 'provider'),
  }),
  route('POST', `${providerPath}/secret`, {
    does: 'mints a client secret with a key that was generated here, and puts it into the provider',
    body: { keyId: 'SANDBOX001', expiresInDays: 5 },
    schema: z
      .strictObject({
        keyId: z.string(),
        expiresInDays: z.number().optional(),
        expiresInSeconds: z.int().optional(),
        lifetimeDays: z.number().positive().optional(),
      })
      .refine((body) => (body.expiresInDays === undefined) !== (body.expiresInSeconds === undefined), {
        message: 'exactly one of expiresInDays and expiresInSeconds is wanted',
      }),
    run: (world, { path, body }) => {
      const clientId = provider(world, path).Config['ClientId'];
      if (typeof clientId !== 'string') throw new ControlError(400, 'the provider has no ClientId');
      const lifetime = body.lifetimeDays === undefined ? {} : { lifetimeSeconds: body.lifetimeDays * DAY_SECONDS };
      const expiresInSeconds = body.expiresInSeconds ?? Math.round((body.expiresInDays ?? 0) * DAY_SECONDS);
      const secret = world.mintSecret({ keyId: body.keyId, clientId, expiresInSeconds, ...lifetime });
      world.patchConfig(part(path, 'envId'), part(path, 'id'), { ClientSecret: secret });
      return { expiresAt: new Date(world.clock.now() + expiresInSeconds * 1000).toISOString() };
    },
  }),
  route('GET', '/sandbox/behaviour', {
    does: 'shows how the services behave',
    run: (world) => world.behaviour,
  }),
  route('PATCH', '/sandbox/behaviour', {
    does: 'changes how the services behave',
    body: { showSecret: 'masked', staleReads: 2 },
    schema: behaviourSchema.partial(),
    run: (world, { body }) => Object.assign(world.behaviour, body),
  }),
  route('GET', '/sandbox/faults', {
    does: 'lists the faults that can still fire',
    run: (world) => ({ faults: world.faults.list() }),
  }),
  route('POST', '/sandbox/faults', {
    does: 'adds a fault',
    body: { service: 'tcb', action: 'ModifyProvider', kind: 'reset-after', times: 1 },
    schema: faultSchema,
    run: (world, { body }) => ({ id: world.faults.add(body) }),
  }),
  route('DELETE', '/sandbox/faults', {
    does: 'removes every fault',
    run: (world) => void world.faults.clear(),
  }),
  route('DELETE', '/sandbox/faults/:id', {
    does: 'removes one fault',
    run: (world, { path }) => found(world.faults.remove(part(path, 'id')), 'fault'),
  }),
  route('PUT', '/sandbox/seed', {
    does: 'restarts the random numbers that decide about the share of a fault',
    body: { seed: 1 },
    schema: z.strictObject({ seed: z.int() }),
    run: (world, { body }) => void world.faults.seed(body.seed),
  }),
  route('GET', '/sandbox/apple/keys', {
    does: 'lists the public halves of the keys that the simulated Apple knows',
    run: (world) => ({ keys: world.appleKeys.list() }),
  }),
  route('POST', '/sandbox/apple/keys', {
    does: 'registers the public half of your key with the simulated Apple; without one, generates a key',
    body: {
      teamId: 'A1B2C3D4E5',
      keyId: 'K1L2M3N4O5',
      clientIds: ['com.example.shop.web'],
      publicKey: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…',
    },
    schema: z.strictObject({
      teamId: z.string().min(1),
      keyId: z.string().min(1),
      clientIds: z.array(z.string().min(1)).min(1),
      publicKey: z.string().optional(),
      publicJwk: z.strictObject({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string() }).optional(),
    }),
    run: (world, { body }) => {
      const { publicKey, publicJwk: given, ...ids } = body;
      const publicJwk = publicKey === undefined ? given : publicJwkOf(publicKey);
      if (publicJwk === undefined) return world.appleKeys.generate(ids);
      world.appleKeys.register({ ...ids, publicJwk });
      return undefined;
    },
  }),
  route('DELETE', '/sandbox/apple/keys/:keyId', {
    does: 'revokes a key',
    run: (world, { path }) => found(world.appleKeys.revoke(part(path, 'keyId')), 'key'),
  }),
  ...secretRoutes('ssm', 'version', (world) => world.ssmSecrets),
  ...secretRoutes('aws', 'stage', (world) => world.awsSecrets),
  route('PUT', '/sandbox/credentials/:secretId', {
    does: 'adds an access key, for Tencent Cloud or AWS; policy: what CAM allows it, everything by default',
    body: { secretKey: 'sandbox-secret-key' },
    schema: z.strictObject({ secretKey: z.string().min(1), policy: policySchema.optional() }),
    run: (world, { path, body: { secretKey, policy } }) => {
      world.credentials.set(part(path, 'secretId'), { secretKey, ...(policy === undefined ? {} : { policy }) });
      return undefined;
    },
  }),
  route('DELETE', '/sandbox/credentials/:secretId', {
    does: 'removes an access key',
    run: (world, { path }) => found(world.credentials.delete(part(path, 'secretId')), 'access key'),
  }),
  route('GET', '/sandbox/requests', {
    does: 'lists what arrived, in order, each secret replaced by its SHA-256',
    run: (world) => ({ requests: world.requests.log }),
  }),
  route('DELETE', '/sandbox/requests', {
    does: 'empties that list',
    run: (world) => void world.requests.clearLog(),
  }),
  route('GET', '/sandbox/inbox', {
    does: 'lists the messages that were sent to /inbox/NAME',
    run: (world) => ({ messages: world.inbox }),
  }),
  route('DELETE', '/sandbox/inbox', {
    does: 'empties the inbox',
    run: (world) => void world.inbox.splice(0),
  }),
  route('PUT', '/sandbox/inbox/:name/secret', {
    does: 'sets the secret that signs the messages to an inbox (SECtest by default)',
    body: { secret: 'SEC0123456789' },
    schema: z.strictObject({ secret: z.string().min(1) }),
    run: (world, { path, body }) => void guard(world, part(path, 'name'), body),
  }),
  route('PUT', '/sandbox/inbox/:name/keyword', {
    does: 'protects a robot (`dingtalk`, `feishu`) by a word that each message must hold, in place of a signature',
    body: { keyword: 'prod-rotator' },
    schema: z.strictObject({ keyword: z.string().min(1) }),
    run: (world, { path, body }) => void guard(world, part(path, 'name'), body),
  }),
  route('PUT', '/sandbox/inbox/:name/authorization', {
    does: 'sets the header `Authorization` that an inbox (`webhook`, `alertmanager`) asks for',
    body: { authorization: 'Bearer 0123456789' },
    schema: z.strictObject({ authorization: z.string().min(1) }),
    run: (world, { path, body }) => void guard(world, part(path, 'name'), body),
  }),
];

function guard(world: World, name: string, asked: InboxGuard): void {
  world.inboxGuards.set(name, { ...world.inboxGuards.get(name), ...asked });
}

function secretRoutes(
  store: 'ssm' | 'aws',
  label: 'version' | 'stage',
  of: (world: World) => SecretStore,
): readonly Route[] {
  const path = `/sandbox/secrets/${store}`;
  const placed = { name: z.string().min(1), region: z.string().optional(), [label]: z.string().optional() };
  const value = { text: z.string().optional(), binary: z.base64().optional(), state: z.enum(SECRET_STATES).optional() };
  return [
    route('PUT', path, {
      does: `sets a ${label} of a secret; the private key as text, or base64 as binary`,
      body: { name: 'apple-key', text: '-----BEGIN PRIVATE KEY-----\n…' },
      schema: z.strictObject({ ...placed, ...value }),
      run: (world, { body }) => void of(world).put(body),
    }),
    route('DELETE', path, {
      does: 'removes a secret: ?name=…, and ?region=… if it is not the default one',
      run: (world, { query }) =>
        found(of(world).delete({ name: part(query, 'name'), region: query['region'] }), 'secret'),
    }),
  ];
}

function provider(world: World, path: Readonly<Record<string, string>>): ProviderRecord {
  const record = world.providers.get(part(path, 'envId'), part(path, 'id'));
  if (record === undefined) throw new ControlError(404, 'no such provider');
  return record;
}

/** From PEM, or from the base64 of DER, which fits on one line of a shell. */
function publicJwkOf(text: string): JsonWebKey {
  try {
    const der = { key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' } as const;
    return createPublicKey(text.includes('-----') ? text : der).export({ format: 'jwk' });
  } catch {
    throw new ControlError(400, 'publicKey is not a public key in PEM or base64 DER (openssl ec -pubout)');
  }
}
