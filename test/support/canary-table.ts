// Where secrets may turn up: what is secret, in which wrong places people put it, which commands they run, and in which
// forms it could leave the program. test/e2e runs a sample of the table, test/campaigns all of it.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/core/json.ts';
import { answerTo, misplaced } from './canary-http.ts';
import { IDS } from './pass-rig.ts';
import { envIdOf, type Workspace, workspace } from './program.ts';

function random(length: number): string {
  return `aB3${randomBytes(length).toString('base64').replace(/[+/=]/g, 'k')}`.slice(0, length);
}

const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const jwtPart = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** What a person may paste in the wrong place, by what it is. */
export const SECRETS: Readonly<Record<string, string>> = {
  'private key': PEM,
  'private key on one line': PEM.replaceAll('\n', '\\n'),
  'private key as base64': Buffer.from(PEM).toString('base64'),
  'client secret': `${jwtPart({ alg: 'ES256', kid: IDS.keyId })}.${jwtPart({ iss: IDS.teamId, jti: random(30) })}.${random(86)}`,
  'secret key': random(32),
  'temporary token': random(400),
  'URL of a hook': `https://hooks.slack.com/services/T0000/B0000/${random(24)}`,
};

/** A run of the program: what is changed in the configuration and the environment, and what follows the command. */
export interface Misplaced {
  readonly settings?: JsonObject;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

const ENTRY = { name: 'shop', envId: envIdOf('shop'), ...IDS, key: { from: 'file', path: `AuthKey_${IDS.keyId}.p8` } };
const onTarget = (change: JsonObject): Misplaced => ({ settings: { targets: [{ ...ENTRY, ...change }] } });
const onChannel = (change: JsonObject): Misplaced => ({
  settings: { alerts: { channels: [{ name: 'ops', type: 'webhook', url: 'http://127.0.0.1:1/', ...change }] } },
});
const section = (name: string, key: string) => (secret: string) => ({ settings: { [name]: { [key]: secret } } });
const variable = (name: string) => (secret: string) => ({ env: { [name]: secret } });
const option = (name: string) => (secret: string) => ({ args: [name, secret] });

/** The wrong places, by their name. */
export const PLACES: Readonly<Record<string, (secret: string) => Misplaced>> = {
  'an argument': (secret) => ({ args: [secret] }),
  'an unknown option': (secret) => ({ args: [`--token=${secret}`] }),
  '--config': option('--config'),
  '--target': option('--target'),
  '--channel': option('--channel'),
  '--limit': option('--limit'),
  instance: (secret) => ({ settings: { instance: secret } }),
  'a path of journal': (secret) => ({ settings: { journal: `sqlite:./${secret}` } }),
  journal: (secret) => ({ settings: { journal: `postgres://user:${secret}@db/rotator` } }),
  'an unknown section': (secret) => ({ settings: { [secret]: 'x' } }),
  'an unknown key': (secret) => ({ settings: { http: { [secret]: 'x' } } }),
  'log.level': section('log', 'level'),
  'http.host': section('http', 'host'),
  'http.port': section('http', 'port'),
  'schedule.cron': section('schedule', 'cron'),
  'schedule.timezone': section('schedule', 'timezone'),
  'policy.lifetime': section('policy', 'lifetime'),
  'apple.tokenUrl': section('apple', 'tokenUrl'),
  'a host of apple.tokenUrl': (secret) => ({ settings: { apple: { tokenUrl: `https://${secret}/` } } }),
  'apple.check': section('apple', 'check'),
  'cloudbase.endpoint': section('cloudbase', 'endpoint'),
  'a host of cloudbase.endpoint': (secret) => ({ settings: { cloudbase: { endpoint: `https://${secret}/` } } }),
  'cloudbase.region': section('cloudbase', 'region'),
  'credentials.from': (from) => ({ settings: { cloudbase: { credentials: { from } } } }),
  'credentials.keyVariable': (keyVariable) => ({
    settings: { cloudbase: { credentials: { from: 'env', keyVariable } } },
  }),
  'credentials.path': (path) => ({ settings: { cloudbase: { credentials: { from: 'profile', path } } } }),
  'credentials.profile': (profile) => ({
    settings: { cloudbase: { credentials: { from: 'profile', path: './credentials', profile } } },
  }),
  'target.name': (name) => onTarget({ name }),
  'target.envId': (envId) => onTarget({ envId }),
  'target.providerId': (providerId) => onTarget({ providerId }),
  'target.teamId': (teamId) => onTarget({ teamId }),
  'target.clientId': (clientId) => onTarget({ clientId }),
  'target.keyId': (keyId) => onTarget({ keyId }),
  'an unknown key of a target': (secret) => onTarget({ [secret]: 'x' }),
  'key.from': (from) => onTarget({ key: { from } }),
  'key.path': (path) => onTarget({ key: { from: 'file', path } }),
  'key.variable': (name) => onTarget({ key: { from: 'env', variable: name } }),
  'the file of a variable': (secret) => ({
    ...onTarget({ key: { from: 'env', variable: 'APPLE_KEY' } }),
    env: { APPLE_KEY_FILE: secret },
  }),
  'key.secretName': (secretName) => onTarget({ key: { from: 'tencent-ssm', secretName, region: 'ap-shanghai' } }),
  'key.secretId': (secretId) => onTarget({ key: { from: 'aws-secrets-manager', secretId, region: 'ap-southeast-1' } }),
  'channel.name': (name) => onChannel({ name }),
  'channel.type': (type) => onChannel({ type }),
  'channel.severities': (severity) => onChannel({ severities: [severity] }),
  'channel.targets': (target) => onChannel({ targets: [target] }),
  'channel.mention': (person) => onChannel({ type: 'wecom', mention: [person] }),
  'channel.auth.user': (user) => onChannel({ auth: { user, password: 'x' } }),
  'a header of a channel': (name) => onChannel({ headers: { [name]: 'x' } }),
  'alerts.timezone': section('alerts', 'timezone'),
  'alerts.language': section('alerts', 'language'),
  'alerts.digest': section('alerts', 'digest'),
  allowHosts: (host) => ({ settings: { allowHosts: [host] } }),
  TENCENTCLOUD_SECRET_KEY_FILE: (file) => ({
    settings: { cloudbase: { credentials: { from: 'env' } } },
    env: { TENCENTCLOUD_SECRET_ID: 'AKIDsandbox0000000000000000000000000', TENCENTCLOUD_SECRET_KEY_FILE: file },
  }),
  ROTATOR_CONFIG: variable('ROTATOR_CONFIG'),
  HTTPS_PROXY: variable('HTTPS_PROXY'),
  HTTP_PROXY: variable('HTTP_PROXY'),
  NO_PROXY: variable('NO_PROXY'),
};

/** The commands that read the configuration. */
export const COMMANDS: readonly (readonly string[])[] = [
  ['once'],
  ['run', '--exit-when-refused'],
  ['plan', '--json'],
  ['status'],
  ['status', '--json'],
  ['history'],
  ['history', '--json'],
  ['alerts'],
  ['alerts', '--test'],
  ['health'],
  ['journal', 'backup', 'copy.db'],
  ['once', '--force', '--json'],
  ['plan'],
];

/** The forms in which a text could leave, by name. */
export const FORMS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  plain: (text) => [text],
  base64: (text) => base64Forms(text, 'base64'),
  base64url: (text) => base64Forms(text, 'base64url'),
  URL: (text) => [encodeURIComponent(text)],
  JSON: (text) => [JSON.stringify(text).slice(1, -1)],
  hex: (text) => [Buffer.from(text).toString('hex'), Buffer.from(text).toString('hex').toUpperCase()],
};

/** At each of the three places where it may begin, without the characters that its neighbours share. */
function base64Forms(text: string, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    const whole = bytes.toString(encoding).replaceAll('=', '');
    return whole.slice(before === 0 ? 0 : before + 1, bytes.length % 3 === 0 ? undefined : -1);
  });
}

/** Characters of a mark: too many for chance, few enough to find a secret that was cut off. */
const MARK = 20;

/** Parts of a secret that nothing else shares: from its middle and from its end. */
function marksOf(secret: string): string[] {
  const bare = withoutBlanks(secret.replaceAll('\\n', '').replace(/-----[A-Z ]+-----/g, ''));
  const middle = Math.floor(bare.length * 0.6) - MARK / 2;
  return [bare.slice(-MARK), ...(bare.length >= 4 * MARK ? [bare.slice(middle, middle + MARK)] : [])];
}

function withoutBlanks(text: string): string {
  return text.replace(/[\s\u200b-\u200f\u2028\u2029\u2060\ufeff\u00ad]/g, '');
}

/** Everything that was found: `private key as hex in stdout of once`. Blanks and zero-width characters are ignored. */
export function findings(secrets: Readonly<Record<string, string>>, texts: ReadonlyMap<string, string>): string[] {
  const searched = [...texts].map(([where, text]) => {
    const bare = withoutBlanks(text.replace(/\\[nrt]/g, ''));
    const decoded = bare.replace(/(?:%[0-9A-Fa-f]{2})+/g, (found) =>
      Buffer.from(found.replaceAll('%', ''), 'hex').toString('latin1'),
    );
    return [where, bare, decoded] as const;
  });
  return Object.entries(secrets).flatMap(([what, secret]) =>
    Object.entries(FORMS).flatMap(([form, formsOf]) => {
      const wanted = marksOf(secret).flatMap(formsOf);
      return searched
        .filter(([, bare, decoded]) => wanted.some((one) => bare.includes(one) || decoded.includes(one)))
        .map(([where]) => `${what} as ${form} in ${where}`);
    }),
  );
}

/** The files that the program made. */
export function filesOf(folder: string): Map<string, string> {
  const names = readdirSync(folder).filter((name) => !/\.(?:p8|yaml)$|^credentials$/.test(name));
  return new Map(
    names.map((name) => [`file ${name.slice(0, 20)}`, `${name}\n${readFileSync(join(folder, name), 'latin1')}`]),
  );
}

/** NODE_DEBUG, so that Node would print what goes over a connection. */
const LOUD = { NODE_DEBUG: 'http,https,net,tls' };

/** Runs a command until it ends; `run` until it has said what it makes of its configuration. */
export async function output(place: Workspace, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const program = place.start(args, { env: { ...LOUD, ...env } });
  if (args[0] === 'run') {
    await program.waitFor(/pass\.\w+|rotation\.\w+ed|start\.refused/).catch(() => undefined);
    program.signal('SIGTERM');
  }
  await program.exited;
  return `${program.stdout()}\n${program.stderr()}`;
}

/** Two runs at a time keep two cores busy. */
export const LANES = 2;

/** One run: this secret in this place, with this command. */
export interface Case {
  readonly secret: string;
  readonly place: string;
  readonly command: readonly string[];
}

/**
 * Every secret in every place; the commands take turns, so that each meets each secret and each place. The log of the
 * daemon shows most of the configuration: the secret that no pattern knows goes through it from every place.
 */
export function allCases(): Case[] {
  const secrets = Object.keys(SECRETS);
  return Object.keys(PLACES).flatMap((place, row) => [
    ...secrets.map((secret, column) => ({ secret, place, command: COMMANDS[(row + column) % COMMANDS.length] ?? [] })),
    { secret: 'secret key', place, command: ['run', '--exit-when-refused'] },
  ]);
}

/** Runs the cases one after another in a workspace of their own, and searches all that the program wrote. */
export async function leaksOf(cases: readonly Case[]): Promise<string[]> {
  const place = await workspace();
  const texts = new Map<string, string>();
  try {
    for (const { secret, place: where, command } of cases) {
      const { settings = {}, env = {}, args = [] } = PLACES[where]?.(SECRETS[secret] ?? '') ?? {};
      place.configure({ log: { level: 'trace' }, ...settings });
      const said = await output(place, [...command, ...args], env);
      texts.set(`${command.join(' ')} with the ${secret} as ${where}`, said);
    }
    place.configure();
    for (const [name, text] of filesOf(place.folder)) texts.set(name, text);
    texts.set('the inbox', JSON.stringify(place.world.inbox.map(({ body }) => body)));
    return findings(SECRETS, texts);
  } finally {
    await place.dispose();
  }
}

/** Requests over HTTP that carry each secret in each place; all that is answered, logged and kept is searched. */
export async function leaksOverHttp(): Promise<string[]> {
  const token = random(40);
  const place = await workspace({ settings: { log: { level: 'trace' }, http: { token } } });
  try {
    const daemon = place.start(['run'], { env: LOUD });
    const url = await daemon.waitFor(/"http":"(http:[^"]+)"/);
    await daemon.waitFor(/rotation\.succeeded/);
    const texts = new Map<string, string>();
    for (const [what, secret] of Object.entries(SECRETS))
      for (const asked of misplaced(secret, token))
        texts.set(`the answer to ${asked.method} with the ${what} (${texts.size})`, await answerTo(url, asked));
    daemon.signal('SIGTERM');
    await daemon.exited;
    texts.set('the log', daemon.stdout() + daemon.stderr());
    return findings(SECRETS, new Map([...texts, ...filesOf(place.folder)]));
  } finally {
    await place.dispose();
  }
}
