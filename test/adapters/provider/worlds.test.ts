// What a write costs in every CloudBase that the documentation leaves open, in each form: which fields are lost, which of
// them a reading shows, and what is left after they were restored once. Only what no reading ever showed may be lost
// without a word, and only in the form that sends the whole Config.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCloudbaseProvider } from '../../../src/adapters/provider/cloudbase.ts';
import { providerView } from '../../../src/adapters/provider/fields.ts';
import { type JsonObject, leaves } from '../../../src/core/json.ts';
import type { ProviderFields } from '../../../src/core/provider.ts';
import { type Behaviour, behaviourSchema, defaultBehaviour } from '../../../src/sandbox/behaviour.ts';
import { appleProvider } from '../../../src/sandbox/demo.ts';
import { writtenConfig } from '../../../src/sandbox/provider-config.ts';
import { type Sandbox, startSandbox, World } from '../../../src/sandbox/server.ts';
import { realClock } from '../../support/clock.ts';
import { ENV_ID, tencentClient } from '../../support/tencent.ts';

type Form = 'whole' | 'secret';
type Type = 'OIDC' | 'OAUTH';

/** A provider with a key at each depth that the SDK's types do not know, a list and an empty text. */
function record(type: Type) {
  const provider = appleProvider(type, { envId: ENV_ID, clientId: 'com.a', secret: 'old.client.secret' });
  const more = {
    SignoutEndpoint: '',
    Domains: ['a.example', 'b.example'],
    RequestParametersMap: { ClientId: 'client_id', RegisterUserSyncScope: 'profile' },
    ResponseParametersMap: { Sub: 'sub' },
  };
  return { ...provider, Config: { ...provider.Config, ...more } };
}

const TOP = ['Domains', 'RevocationEndpoint'];
const NESTED = ['RequestParametersMap.RegisterUserSyncScope'];
const UNKNOWN = [...TOP, ...NESTED].sort();
const EVERY = namesIn(record('OIDC').Config);
const KNOWN = EVERY.filter((name) => !UNKNOWN.includes(name));

function namesIn(config: JsonObject): string[] {
  return leaves(config)
    .map(([name]) => name)
    .filter((name) => name !== 'ClientSecret')
    .sort();
}

/** What differs between two Configs, whether anybody sees it or not. */
function differences(before: JsonObject, after: JsonObject): string[] {
  const [was, is] = [before, after].map((config) => new Map(leaves(config)));
  const differs = (name: string) => JSON.stringify(was?.get(name)) !== JSON.stringify(is?.get(name));
  return [...new Set([...namesIn(before), ...namesIn(after)])].filter(differs).sort();
}

/** What a pass learns from two readings. */
function reported(before: ProviderFields, after: ProviderFields): string[] {
  return after.changesSince(before).map(({ path }) => path.replace(/^Config\./, ''));
}

interface Cost {
  /** The names of the fields that the write lost or changed. */
  readonly lost: readonly string[];
  /** Those of them that the next reading tells. */
  readonly told: readonly string[];
  /** Those that it still tells after they were restored once. */
  readonly left: readonly string[];
}

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
});
afterAll(() => sandbox.close());

async function cost(behaviour: Partial<Behaviour>, form: Form, type: Type): Promise<Cost> {
  const { url, world } = sandbox;
  world.reset();
  world.providers.put(ENV_ID, record(type));
  Object.assign(world.behaviour, behaviour);
  const adapter = createCloudbaseProvider({ client: tencentClient(url), lane: 'lane', clock: realClock });
  const { signal } = new AbortController();
  const read = async () => {
    const { provider } = await adapter.read(ENV_ID, 'apple', { maxAgeMs: 0, signal });
    return provider?.fields ?? expect.fail('the provider is gone');
  };
  const before = await read();
  expect(before.obstacles(before.names)).toEqual([]);
  const fields = form === 'whole' ? before : undefined;
  await adapter.write(ENV_ID, 'apple', { fields, clientSecret: 'new.client.secret' }, signal);
  const lost = differences(record(type).Config, world.providers.get(ENV_ID, 'apple')?.Config ?? {});
  const after = await read();
  const told = reported(before, after);
  if (told.length === 0) return { lost, told, left: [] };
  const changes = after.changesSince(before);
  expect(changes.filter(({ by }) => by !== 'our-write')).toEqual([]);
  const paths = changes.map(({ path }) => path);
  const restoring = form === 'secret' ? before : after.withRestored(before, paths);
  await adapter.write(ENV_ID, 'apple', { fields: restoring, clientSecret: 'new.client.secret' }, signal);
  return { lost, told, left: reported(before, await read()) };
}

const NOTHING: Cost = { lost: [], told: [], left: [] };
const mended = (...names: string[]): Cost => ({ lost: names, told: names, left: [] });
const lasting = (...names: string[]): Cost => ({ lost: names, told: names, left: names });
const unseen = (...names: string[]): Cost => ({ lost: names, told: [], left: [] });
const AUTHORIZE = 'AuthorizationEndpoint';
/** Where the Issuer was lost, restoring it changes it, so that discovery is repeated. */
const MISPLACED = { lost: EVERY, told: EVERY, left: [AUTHORIZE] };

describe.each<[string, Partial<Behaviour>, whole: Cost, secret: Cost]>([
  ['merges one level', {}, NOTHING, NOTHING],
  ['merges deeply', { configWrite: 'merge-deep' }, NOTHING, NOTHING],
  ['replaces', { configWrite: 'replace' }, NOTHING, MISPLACED],
  [
    'replaces, and drops what it does not know',
    { configWrite: 'replace-known' },
    lasting(...UNKNOWN),
    { ...MISPLACED, left: [AUTHORIZE, ...UNKNOWN] },
  ],
  ['merges one level and hides keys of Config', { hiddenKeys: 'top' }, NOTHING, NOTHING],
  ['merges one level and hides keys of its maps', { hiddenKeys: 'nested' }, unseen(...NESTED), NOTHING],
  ['merges one level and hides both', { hiddenKeys: 'both' }, unseen(...NESTED), NOTHING],
  ['merges deeply and hides both', { configWrite: 'merge-deep', hiddenKeys: 'both' }, NOTHING, NOTHING],
  [
    'replaces and hides keys of Config',
    { configWrite: 'replace', hiddenKeys: 'top' },
    unseen(...TOP),
    { ...MISPLACED, told: EVERY.filter((name) => !TOP.includes(name)) },
  ],
  [
    'replaces and hides both',
    { configWrite: 'replace', hiddenKeys: 'both' },
    unseen(...UNKNOWN),
    { ...MISPLACED, told: KNOWN },
  ],
  ['appends lists', { lists: 'append' }, lasting('Domains'), NOTHING],
  ['appends lists and merges deeply', { lists: 'append', configWrite: 'merge-deep' }, lasting('Domains'), NOTHING],
  ['ignores empty texts and merges', { emptyTexts: 'ignored' }, NOTHING, NOTHING],
  [
    'ignores empty texts and replaces',
    { emptyTexts: 'ignored', configWrite: 'replace' },
    lasting('SignoutEndpoint'),
    { ...MISPLACED, left: [AUTHORIZE, 'SignoutEndpoint'] },
  ],
  ['repeats discovery once', { rediscovery: 'once' }, mended(AUTHORIZE), NOTHING],
  ['repeats discovery whenever Issuer is sent', { rediscovery: true }, lasting(AUTHORIZE), NOTHING],
  ['repeats discovery at every write', { rediscovery: 'every-write' }, lasting(AUTHORIZE), lasting(AUTHORIZE)],
  ['stores the secret cut short', { storeSecret: 'cut' }, NOTHING, NOTHING],
])('CloudBase %s', (_, behaviour, whole, secret) => {
  test('a write of the whole Config', async () => {
    expect(await cost(behaviour, 'whole', 'OIDC')).toEqual(whole);
  });

  test('a write of the client secret alone', async () => {
    expect(await cost(behaviour, 'secret', 'OIDC')).toEqual(secret);
  });
});

test.each(['once', true, 'every-write'] as const)(
  'discovery (%s) does not concern an OAUTH provider',
  async (rediscovery) => {
    expect(await cost({ rediscovery }, 'whole', 'OAUTH')).toEqual(NOTHING);
    expect(await cost({ rediscovery }, 'secret', 'OAUTH')).toEqual(NOTHING);
  },
);

describe('CloudBase that refuses keys which it shows', () => {
  test.each([
    ['top', 'Config.RevocationEndpoint'],
    ['nested', 'Config.RequestParametersMap.RegisterUserSyncScope'],
  ] as const)('%s: says which, and takes the client secret alone', async (refusedKeys, named) => {
    await expect(cost({ refusedKeys }, 'whole', 'OIDC')).rejects.toMatchObject({
      code: 'ERR_CLOUDBASE_REFUSED',
      message: `tcb ModifyProvider was refused: the API does not know the parameter ${named} (UnknownParameter)`,
      hint: expect.stringContaining('`cloudbase.write: secret`'),
    });
    expect(differences(record('OIDC').Config, sandbox.world.providers.get(ENV_ID, 'apple')?.Config ?? {})).toEqual([]);
    expect(await cost({ refusedKeys }, 'secret', 'OIDC')).toEqual(NOTHING);
  });

  test('what it hides is not sent, so it is not refused', async () => {
    expect(await cost({ refusedKeys: 'both', hiddenKeys: 'both' }, 'whole', 'OIDC')).toEqual(unseen(...NESTED));
  });
});

/** Every combination of what concerns the fields. */
function everyWorld(): Behaviour[] {
  const { shape } = behaviourSchema;
  return shape.configWrite.options.flatMap((configWrite) =>
    shape.hiddenKeys.options.flatMap((hiddenKeys) =>
      shape.lists.options.flatMap((lists) =>
        shape.emptyTexts.options.flatMap((emptyTexts) =>
          ([false, 'once', true, 'every-write'] as const).map((rediscovery) => ({
            ...defaultBehaviour(),
            ...{ configWrite, hiddenKeys, lists, emptyTexts, rediscovery },
          })),
        ),
      ),
    ),
  );
}

test('in every combination, whatever a reading showed and a write lost is told, and the client secret alone loses nothing unseen where CloudBase merges', () => {
  const worlds = everyWorld();
  expect(worlds).toHaveLength(256);
  for (const behaviour of worlds)
    for (const type of ['OIDC', 'OAUTH'] as const)
      for (const form of ['whole', 'secret'] as const) {
        const { configWrite, hiddenKeys, rediscovery } = behaviour;
        const world = new World({ now: () => 0 });
        world.providers.put(ENV_ID, record(type));
        const read = () => providerView(world.providers.shown(ENV_ID, behaviour)[0] ?? {});
        const before = read();
        const shown = world.providers.shown(ENV_ID, behaviour)[0]?.Config ?? {};
        const sent = { ...(form === 'whole' ? shown : {}), ClientSecret: 'new.client.secret' };
        const Config = writtenConfig(record(type).Config, sent, { ...behaviour }, type);
        world.providers.put(ENV_ID, { ...record(type), Config });
        const lost = differences(record(type).Config, Config);
        const told = reported(before.fields, read().fields);
        const visible = new Set(namesIn(shown));
        const at = JSON.stringify({ ...behaviour, type, form });
        expect([at, told]).toEqual([at, lost.filter((name) => visible.has(name))]);
        const merges = configWrite.startsWith('merge');
        if (form === 'secret' && merges && rediscovery !== 'every-write') expect([at, lost]).toEqual([at, []]);
        const hides = hiddenKeys !== 'none' && configWrite !== 'merge-deep';
        if (!hides) expect([at, lost]).toEqual([at, told]);
      }
});
