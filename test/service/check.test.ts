// `check` against a world that is broken in one way at a time: the line of that part says so, all others are as they
// were, and the advice, pasted, makes it well again. Real clients over sockets, real files; nothing is ever written.
import { execSync } from 'node:child_process';
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { CheckLine, CheckPart, Mark } from '../../src/core/check.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Clock } from '../../src/core/ports.ts';
import { type CheckTexts, checkTexts } from '../../src/core/texts/en/check.ts';
import { type Policy, policySchema } from '../../src/sandbox/cam.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import { type CheckOptions, checkEverything, spaceLine } from '../../src/service/check.ts';
import type { Progress } from '../../src/service/progress.ts';
import { realClock } from '../support/clock.ts';
import { newP8 } from '../support/keys.ts';
import { IDS } from '../support/pass-rig.ts';
import { envIdOf, ownWorkspace, type Workspace, type WorkspaceOptions } from '../support/program.ts';

/** Waits are over at once: Apple is asked once a second, and these tests ask often. */
let skippedMs = 0;
const clock: Clock = {
  ...realClock,
  monotonic: () => realClock.monotonic() + skippedMs,
  async sleep(ms, signal) {
    skippedMs += ms;
    await turn(undefined, signal === undefined ? {} : { signal });
  },
};
const env = {};

/** Checks the place as it is now. */
async function linesOf(place: Workspace, options: Partial<CheckOptions> = {}): Promise<CheckLine[]> {
  const loaded = await loadConfig({ file: place.configFile, env, mode: 'strict' });
  const tools = { clock, env, newId: () => crypto.randomUUID(), version: '0.0.0', emit: () => undefined };
  const { signal } = new AbortController();
  return checkEverything(loaded, tools, {
    ...{ target: [], stop: signal, sendTest: undefined, onProgress: () => undefined },
    ...options,
  });
}

const ENV_ID = envIdOf('shop');

/** A place whose every part is well: paths are absolute, because this process works elsewhere. */
async function wellPlace(options: WorkspaceOptions = {}): Promise<Workspace & { set(settings: JsonObject): void }> {
  const place = await ownWorkspace({ daysLeft: 170, ...options });
  const set = (settings: JsonObject) => {
    const { cloudbase = {}, ...others } = settings as { cloudbase?: JsonObject };
    place.configure({
      journal: `sqlite:${place.journalFile}`,
      cloudbase: { credentials: { from: 'profile', path: join(place.folder, 'credentials') }, ...cloudbase },
      ...others,
    });
  };
  set({});
  return { ...place, set };
}

type Place = Awaited<ReturnType<typeof wellPlace>>;

/** What is not well, as `part mark`; what cannot be known before the first rotation is left out. */
function notWell(lines: readonly CheckLine[]): string[] {
  const found = lines.filter(({ mark, fact }) => mark !== 'ok' && !EXPECTED.includes(fact.found));
  return found.map(({ part, mark }) => `${part}: ${mark}`);
}

/** `alerts: { none: accepted }` of every place, and a first set-up. */
const EXPECTED: readonly string[] = ['nobody', 'write-unknown'];

function textsOf(lines: readonly CheckLine[], part: CheckPart, mark: Mark): CheckTexts {
  const line = lines.find((each) => each.part === part && each.mark === mark);
  if (line === undefined) throw new Error(`no line about ${part} is ${mark}`);
  return checkTexts(line.fact, clock.now(), line.target);
}

function change(place: Place, config: JsonObject, others: JsonObject = {}): void {
  const record = place.provider();
  if (record === undefined) throw new Error('no provider');
  place.world.providers.put(ENV_ID, { ...record, ...others, Config: { ...record.Config, ...config } });
}

function allow(place: Place, policy: Policy): void {
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  place.world.credentials.set(secretId, { secretKey, policy });
}

/** Everything that a target needs but what lies elsewhere. */
const OF_CLOUDBASE: Policy = { statement: [{ effect: 'allow', action: 'tcb:*', resource: '*' }] };

/** A policy beside those that are there. */
function allowMore(place: Place, policy: Policy): void {
  const { policy: before = { statement: [] } } = place.world.credentials.get(SANDBOX_CREDENTIALS.secretId) ?? {};
  allow(place, { statement: [...before.statement, ...policy.statement] });
}

/**
 * Pastes what a line gives to be pasted: a policy into CAM's console, a command of the system or of the program into a
 * shell. False: it gives nothing of the kind.
 */
async function paste(place: Place, { next, copy }: CheckTexts): Promise<boolean> {
  const [, command] = /`apple-secret-rotator ((?:once|provision) [^`]*)`/.exec(next ?? '') ?? [];
  if (copy?.startsWith('{"version"')) allowMore(place, policySchema.parse(JSON.parse(copy)));
  else if (/^(?:chmod|mkdir|mv) /.test(copy ?? '')) execSync(copy ?? '');
  else if (command !== undefined) {
    // Where nobody can be asked it wants consent.
    const words = command.split(' ').concat(command.startsWith('provision') ? '--yes' : []);
    expect((await place.run(words)).code).toBe(0);
  } else return false;
  return true;
}

function credentialsFile(place: Place, text: string): void {
  writeFileSync(join(place.folder, 'credentials'), text, { mode: 0o600 });
}

const { secretId, secretKey } = SANDBOX_CREDENTIALS;
const GOOD_CREDENTIALS = `[default]\nsecret_id = ${secretId}\nsecret_key = ${secretKey}\n`;

/** A key that Apple knows, and a secret that was signed with it. */
function newKey({ useKey, place, mint }: Place): void {
  useKey(IDS.keyId);
  place(mint(170));
}

/** States how the provider is meant to be. */
function state({ configFile }: Place, provider: string): void {
  const text = readFileSync(configFile, 'utf8');
  writeFileSync(configFile, text.replace('    key:', `    provider: ${provider}\n    key:`));
}

interface Breakage {
  readonly options?: WorkspaceOptions;
  /** Breaks it. */
  readonly how: (place: Place) => unknown;
  /** The line of the part that is wrong comes first. */
  readonly says: readonly string[];
  readonly message: RegExp;
  readonly next: RegExp;
  /** Does what the line advises beyond what it gives to a shell or to CAM; `copy` is what it gave to paste. */
  readonly advice?: (place: Place, copy: string | null) => unknown;
  /** What is still not well then; default: nothing. */
  readonly leaves?: readonly string[];
}

const setting = (name: string, wrong: string | null, says: 'failed' | 'warning' = 'failed'): Breakage => ({
  how: (place) => change(place, { [name]: wrong }),
  says: [`settings: ${says}`],
  message: new RegExp(name),
  next: /^Set it in the CloudBase console .* to:$/,
  advice: (place, copy) => change(place, { [name]: copy }),
});

const BROKEN: Readonly<Record<string, Breakage>> = {
  'alerts that reach nobody': {
    how: ({ configFile }) => {
      const text = readFileSync(configFile, 'utf8');
      writeFileSync(configFile, text.replace('none: accepted', 'language: en'));
    },
    says: ['alerts: failed'],
    message: /nobody would be notified/,
    next: /channel/,
    advice: (place) => place.set({}),
  },
  'a port that another program has': {
    how: async (place) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      place.set({ http: { port: (server.address() as AddressInfo).port } });
    },
    says: ['http: failed'],
    message: /cannot listen/,
    next: /port/,
    advice: (place) => place.set({}),
  },
  'a journal whose folder cannot be made': {
    how: (place) => place.set({ journal: `sqlite:${place.folder}/no/such/journal.db` }),
    says: ['journal: failed'],
    message: /folder/,
    next: /folder/,
  },
  'a journal that is none': {
    how: (place) => writeFileSync(place.journalFile, 'no database at all, whatever its name says'.repeat(50)),
    says: ['journal: failed'],
    message: /not|no/,
    next: /./,
  },
  'a journal that everybody may write': {
    how: (place) => {
      writeFileSync(place.journalFile, '');
      chmodSync(place.journalFile, 0o666);
    },
    says: ['journal: warning'],
    message: /every user/,
    next: /./,
  },
  'a channel that cannot be reached': {
    how: (place) =>
      place.set({ alerts: { channels: [{ name: 'ops', type: 'webhook', url: 'http://127.0.0.1:1/x' }] } }),
    says: ['channel: failed'],
    message: /ops/,
    next: /./,
    advice: (place) =>
      place.set({ alerts: { channels: [{ name: 'ops', type: 'webhook', url: `${place.sandbox.url}/inbox/ops` }] } }),
  },
  'a heartbeat that cannot be reached': {
    how: (place) => place.set({ heartbeat: { url: 'http://127.0.0.1:1/ping' } }),
    says: ['heartbeat: failed'],
    message: /heartbeat/,
    next: /./,
    advice: (place) => place.set({ heartbeat: { url: `${place.sandbox.url}/inbox/ping` } }),
  },
  'a key file that is not there': {
    how: ({ keyFile }) => rmSync(keyFile),
    says: ['key: failed'],
    message: /no key file AuthKey_/,
    next: /path/,
    advice: newKey,
  },
  'a key that is none': {
    how: ({ keyFile }) => writeFileSync(keyFile, '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n'),
    says: ['key: failed'],
    message: /public/,
    next: /\.p8/,
    advice: newKey,
  },
  'a key file whose name says another key id': {
    how: (place) => {
      const path = join(place.folder, 'AuthKey_OTHERKEY01.p8');
      renameSync(place.keyFile, path);
      place.set({ targets: [{ name: 'shop', envId: ENV_ID, ...IDS, key: { from: 'file', path } }] });
    },
    says: ['key: warning'],
    message: /AuthKey_OTHERKEY01\.p8/,
    next: /belong together/,
    advice: (place) => {
      renameSync(join(place.folder, 'AuthKey_OTHERKEY01.p8'), place.keyFile);
      place.set({});
    },
  },
  'a key that everybody may read': {
    how: ({ keyFile }) => chmodSync(keyFile, 0o644),
    says: ['key: warning'],
    message: /every user/,
    next: /Restrict/,
  },
  'credentials that are not there': {
    how: (place) => rmSync(join(place.folder, 'credentials')),
    says: ['credentials: failed'],
    message: /credentials/,
    next: /./,
    advice: (place) => credentialsFile(place, GOOD_CREDENTIALS),
  },
  'credentials that nobody knows, as on the other site': {
    how: (place) => credentialsFile(place, GOOD_CREDENTIALS.replace(secretId, 'AKIDsomebody')),
    says: ['credentials: failed'],
    message: /AuthFailure\.SecretIdNotFound/,
    next: /secret id and key/,
    advice: (place) => credentialsFile(place, GOOD_CREDENTIALS),
  },
  'temporary credentials that nothing renews': {
    how: (place) => {
      const { secretId: id, secretKey: key, token } = place.world.issueCredential();
      credentialsFile(place, `[default]\nsecret_id = ${id}\nsecret_key = ${key}\ntoken = ${token}\n`);
    },
    says: ['credentials: warning'],
    message: /temporary.*nothing renews them/,
    next: /cvm-role/,
    advice: (place) => credentialsFile(place, GOOD_CREDENTIALS),
  },
  'an STS that does not say whose they are': {
    how: ({ world }) => world.faults.add({ service: 'sts', action: 'GetCallerIdentity', kind: 'status', status: 503 }),
    says: ['credentials: warning'],
    message: /whose they are is not known/,
    next: /^Nothing/,
    advice: ({ world }) => world.faults.clear(),
  },
  'no permission to read': {
    how: (place) => allow(place, { version: '2.0', statement: [] }),
    says: ['read: failed'],
    message: /GetProviders is not permitted/,
    next: /CAM/,
  },
  'no permission to write, as the last rotation found': {
    options: { daysLeft: 5 },
    how: async (place) => {
      allow(place, { statement: [{ effect: 'allow', action: 'tcb:GetProviders', resource: '*' }] });
      expect((await place.run(['once'])).code).toBe(1);
    },
    says: ['write: failed'],
    message: /ModifyProvider is not permitted/,
    next: /CAM/,
    advice: async (place) => expect((await place.run(['once'])).code).toBe(0),
  },
  'no permission to read the key in the secret store': {
    how: (place) => {
      const { url, world } = { ...place, ...place.sandbox };
      world.ssmSecrets.put({ name: 'apple-key', region: 'ap-shanghai', text: readFileSync(place.keyFile, 'utf8') });
      const key = { from: 'tencent-ssm', secretName: 'apple-key', region: 'ap-shanghai', endpoint: url };
      place.set({ targets: [{ name: 'shop', envId: ENV_ID, ...IDS, key }] });
      allow(place, OF_CLOUDBASE);
    },
    says: ['key: failed'],
    message: /ssm GetSecretValue is not permitted/,
    next: /CAM/,
  },
  'no permission to take on the role': {
    how: (place) => {
      const credentials = {
        from: 'profile',
        path: join(place.folder, 'credentials'),
        assumeRole: { roleArn: 'qcs::cam::uin/100000000001:roleName/rotator', endpoint: place.sandbox.url },
      };
      place.set({ cloudbase: { credentials } });
      allow(place, OF_CLOUDBASE);
    },
    says: ['credentials: failed'],
    message: /sts AssumeRole is not permitted/,
    next: /CAM/,
  },
  'an environment that is not there': {
    how: ({ world }) => world.providers.deleteEnvironment(ENV_ID),
    says: ['read: failed'],
    message: /found no such environment/,
    next: /envId/,
    advice: ({ place, mint }) => place(mint(170)),
  },
  'no provider': {
    how: (place) => {
      state(place, '{ redirectUri: "https://shop.example.com/auth/v1/callback" }');
      place.world.providers.delete(ENV_ID, 'apple');
    },
    says: ['provider: failed'],
    message: /apple/,
    next: /`apple-secret-rotator provision --target shop`/,
  },
  'a provider that is switched off': {
    how: (place) => change(place, {}, { On: 'FALSE' }),
    says: ['provider: warning', 'logins: warning'],
    message: /switched off/,
    next: /Switch it on/,
    advice: (place) => change(place, {}, { On: 'TRUE' }),
  },
  'another client id': {
    how: (place) => change(place, { ClientId: 'com.example.other' }),
    says: ['client id: failed', 'logins: failed'],
    message: /com\.example\.other/,
    next: /./,
    advice: (place) => change(place, { ClientId: IDS.clientId }),
  },
  'a type that is not one of Apple': {
    ...setting('ProviderType', 'SAML'),
    how: (place) => change(place, {}, { ProviderType: 'SAML' }),
    advice: (place, copy) => change(place, {}, { ProviderType: copy }),
  },
  'another issuer': setting('Issuer', 'https://appleid.apple.com/'),
  'an authorization endpoint without response_mode=form_post': setting(
    'AuthorizationEndpoint',
    'https://appleid.apple.com/auth/authorize',
  ),
  'another path of the token endpoint': setting('TokenEndpoint', 'https://appleid.apple.com/auth/tokens'),
  'a scope that Apple does not know': setting('Scope', 'openid email name phone'),
  'an id token in place of a code': setting('ResponseType', 'id_token'),
  'no response type': setting('ResponseType', null, 'warning'),
  'a client secret in a header': setting('TokenEndpointAuthMethod', 'CLIENT_SECRET_BASIC'),
  'endpoints of somebody else': {
    ...setting('TokenEndpoint', 'https://appleid.example.com/auth/token'),
    says: ['settings: failed', 'logins: warning'],
  },
  'a setting that is not as the configuration says': {
    how: (place) => state(place, '{ scope: openid email, type: oidc }'),
    says: ['stated: warning'],
    message: /`provider\.scope` is "openid email name", and the configuration says "openid email"/,
    next: /^Run `apple-secret-rotator provision --target shop`/,
  },
  'a provider that is switched off, which the configuration wants on': {
    how: (place) => {
      state(place, '{ enabled: true }');
      change(place, {}, { On: 'FALSE' });
    },
    says: ['provider: failed', 'logins: failed'],
    message: /switched off, although the configuration says `provider.enabled: true`/,
    next: /^Run `apple-secret-rotator provision --target shop`/,
  },
  'no callback URL': {
    how: (place) => change(place, { RedirectUri: null }),
    says: ['callback: warning'],
    message: /callback URL/,
    next: /Return URLs/,
    advice: (place) => change(place, { RedirectUri: 'https://shop.example.com/auth/v1/callback' }),
  },
  'a callback URL without TLS': {
    how: (place) => change(place, { RedirectUri: 'http://shop.example.com/callback' }),
    says: ['callback: failed'],
    message: /https/,
    next: /Correct it/,
    advice: (place) => change(place, { RedirectUri: 'https://shop.example.com/callback' }),
  },
  'a field that cannot be written back': {
    how: (place) => change(place, { Proxy: '******' }),
    says: ['rotation: failed'],
    message: /Config\.Proxy/,
    next: /^Set `cloudbase.write: secret`/,
    advice: (place) => place.set({ cloudbase: { write: 'secret' } }),
    // What a rotation may lose is still told.
    leaves: ['rotation: warning'],
  },
  'a client secret that has expired': {
    how: ({ place, mint }) => place(mint(-1)),
    says: ['logins: failed'],
    message: /fail: the client secret has expired/,
    next: /runbook/,
    advice: async (place) => expect((await place.run(['once', '--target', 'shop'])).code).toBe(0),
  },
  'a client secret that does not show': {
    how: ({ place }) => place(undefined),
    says: ['logins: warning'],
    message: /shows no client secret/,
    next: /^$/,
    advice: ({ place, mint }) => place(mint(170)),
  },
  'a key that Apple does not accept': {
    how: ({ world }) => world.appleKeys.revoke(IDS.keyId),
    says: ['apple: failed', 'logins: warning'],
    message: /Apple rejected the new client secret/,
    next: /Apple Developer portal/,
    advice: newKey,
  },
  'an Apple that does not answer': {
    how: ({ world }) => Object.assign(world.behaviour, { apple: 'unavailable' }),
    says: ['apple: failed'],
    message: /HTTP 503/,
    next: /apple\.tokenUrl/,
    advice: ({ world }) => Object.assign(world.behaviour, { apple: 'real' }),
  },
  'an Apple that accepts everything': {
    how: ({ world }) => Object.assign(world.behaviour, { apple: 'invalid_grant' }),
    says: ['apple: warning', 'logins: warning'],
    message: /false ones too/,
    next: /apple\.tokenUrl/,
    advice: ({ world }) => Object.assign(world.behaviour, { apple: 'real' }),
  },
  'a login check that passes on a rejection': {
    how: (place) => {
      place.set({ cloudbase: { loginCheck: 'observe', loginEndpoint: `${place.sandbox.url}/login/{envId}` } });
      place.world.appleKeys.generate({ ...IDS, keyId: 'OTHERKEY01', clientIds: [IDS.clientId] });
      place.place(place.mint(170, 'OTHERKEY01'));
      place.world.appleKeys.revoke('OTHERKEY01');
    },
    says: ['login check: failed', 'logins: warning'],
    message: /invalid_client/,
    next: /once --target shop --force/,
  },
  'a clock that is two minutes off': {
    how: ({ world }) => Object.assign(world.behaviour, { dateOffsetSeconds: -120 }),
    says: ['clock: failed'],
    message: /clock/,
    next: /clock|NTP/,
    advice: ({ world }) => Object.assign(world.behaviour, { dateOffsetSeconds: 0 }),
  },
  'another private key under a key id that Apple has accepted': {
    options: { daysLeft: 5 },
    how: async (place) => {
      expect((await place.run(['once'])).code).toBe(0);
      renameSync(place.keyFile, `${place.keyFile}.right`);
      writeFileSync(place.keyFile, newP8(), { mode: 0o600 });
    },
    says: ['key: failed', 'apple: failed'],
    message: new RegExp(IDS.keyId),
    next: /./,
    advice: ({ keyFile }) => renameSync(`${keyFile}.right`, keyFile),
  },
};

test('a place whose every part is well has no line that says otherwise', async () => {
  const place = await wellPlace();
  expect(notWell(await linesOf(place))).toEqual([]);
});

describe('broken in one way', () => {
  test.for(Object.entries(BROKEN))(
    '%s',
    async ([, { options = {}, how, says, message, next, advice, leaves = [] }]) => {
      const place = await wellPlace(options);
      await how(place);
      const lines = await linesOf(place);
      const expected = [...says].sort();
      expect(notWell(lines).sort()).toEqual(expected);
      const [part, mark] = (says[0] ?? '').split(': ') as [CheckPart, Mark];
      const texts = textsOf(lines, part, mark);
      expect(texts.message).toMatch(message);
      expect(texts.next ?? '').toMatch(next);
      expect(texts.copy ?? '').not.toMatch(/<[a-z]/);
      const isPasted = await paste(place, texts);
      expect(isPasted || advice !== undefined).toBe(true);
      await advice?.(place, texts.copy);
      expect(notWell(await linesOf(place))).toEqual(leaves);
    },
  );
});

test.each([
  ['CAM denies the reading', (place: Place) => allow(place, { version: '2.0', statement: [] })],
  ['there are no credentials', (place: Place) => rmSync(join(place.folder, 'credentials'))],
] as const)('Apple is asked about the key also where %s', async (_what, how) => {
  const place = await wellPlace();
  how(place);
  const apple = (await linesOf(place)).filter(({ part }) => part === 'apple');
  expect(apple.map(({ mark, fact }) => [mark, fact.found])).toEqual([['ok', 'accepted']]);
});

describe('many targets', () => {
  const names = Array.from({ length: 100 }, (_, index) => `shop-${index}`);

  test('that share key and credentials: each question is asked once', async () => {
    const place = await wellPlace({ targets: names.map((name) => ({ name })) });
    const seen: Progress[] = [];
    const lines = await linesOf(place, { onProgress: (progress) => seen.push(progress) });
    expect(notWell(lines)).toEqual([]);
    expect(new Set(lines.map(({ target }) => target)).size).toBe(101);
    expect(seen).toEqual(Array.from({ length: 101 }, (_, done) => ({ done, failed: 0, all: 100 })));
    const calls = place.world.requests.log.map(({ service, action }) => `${service} ${action}`);
    const count = (call: string) => calls.filter((each) => each === call).length;
    expect(count('sts GetCallerIdentity')).toBe(1);
    // The control, and a candidate.
    expect(count('apple token')).toBe(2);
    expect(count('tcb GetProviders')).toBe(100);
  }, 60_000);

  test('with a key each: Apple is asked about the first ones, and the others say how to ask about them', async () => {
    const many = names.slice(0, 25).map((name, index) => ({ name, clientId: `com.example.shop${index}` }));
    const place = await wellPlace({ targets: many });
    const lines = await linesOf(place);
    const ofApple = lines.filter(({ part }) => part === 'apple');
    const unasked = ofApple.filter(({ fact }) => fact.found === 'apple-unasked');
    expect([ofApple.length, unasked.length]).toEqual([25, 5]);
    const [line] = unasked;
    expect(line?.mark).toBe('warning');
    expect(line && checkTexts(line.fact, 0, line.target).next).toMatch(
      /`apple-secret-rotator check --target shop-\d+`/,
    );
  });

  test('of which some are named: no other is looked at', async () => {
    const place = await wellPlace({ targets: names.slice(0, 3).map((name) => ({ name })) });
    const lines = await linesOf(place, { target: ['shop-1'] });
    expect([...new Set(lines.map(({ target }) => target))]).toEqual([null, 'shop-1']);
    await expect(linesOf(place, { target: ['nobody'] })).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });
});

test('credentials of a role are told as such, with their end', async () => {
  const place = await wellPlace();
  const role = `${place.sandbox.url}`;
  place.set({ cloudbase: { credentials: { from: 'cvm-role', endpoint: role } } });
  const [whose, lasts] = (await linesOf(place)).filter(({ part }) => part === 'credentials');
  expect(whose?.fact).toMatchObject({ found: 'identity', arn: expect.stringContaining('assumed-role') });
  expect(lasts?.fact).toMatchObject({ found: 'lasts', until: expect.any(Number) });
});

test.each([
  [100_000_000, 'ok', '100 MB are free beside /data/journal.db'],
  [99_999_999, 'warning', 'only 99 MB are free beside /data/journal.db'],
  [10_000_000, 'warning', 'only 10 MB are free beside /data/journal.db'],
  [9_999_999, 'failed', 'only 9 MB are free beside /data/journal.db'],
  [3_400_000_000, 'ok', '3.4 GB are free beside /data/journal.db'],
])('%i bytes beside the journal: %s', (bytes, mark, message) => {
  const line = spaceLine('/data/journal.db', bytes);
  expect([line.mark, checkTexts(line.fact, 0, null).message]).toEqual([mark, message]);
});
