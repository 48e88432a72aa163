// A workspace that is watched for leaks: it records everything that the program sends, receives and writes, and knows
// every secret among it. The search finds a secret anywhere in what was written, or the beginning of one, in case it was
// cut off.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { SANDBOX_AWS_CREDENTIALS, SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import { answersOf } from './canary-http.ts';
import { CREDENTIAL_INPUTS, KEY_INPUTS } from './canary-inputs.ts';
import { findings } from './canary-table.ts';
import { startMailbox } from './mailbox.ts';
import { IDS } from './pass-rig.ts';
import { envIdOf, workspace } from './program.ts';
import { startTape } from './tape.ts';

/** Secrets of the configuration itself. */
const CONFIGURED = {
  'URL of a channel': 'wecom-robot-key-3f9a1c',
  'path of a channel': 'T0HOOKS-B0HOOKS-x9y8z7w6v5u4t3s2',
  'secret of a channel': 'SECdingtalk-5b21e7d0',
  'secret of a bot': 'SECfeishu-91c0ffee7a',
  'secret of a webhook': 'SECwebhook-0a1b2c3d4e',
  'token of a webhook': 'bearer-webhook-1f2e3d4c5b6a',
  'header of a webhook': 'header-webhook-0badc0ffee11',
  'password of an Alertmanager': 'basic-alertmanager-6a7b8c9d',
  'routing key': 'R0UTINGKEYR0UTINGKEYR0UTINGKEY12',
  'password of mail': 'mail-password-5d4c3b2a',
  'URL of the heartbeat': 'heartbeat-uuid-77c0de',
  'URL of health': 'health-uuid-88d1ef',
  'token of HTTP': 'http-token-0123456789abcdef0123456789abcdef',
  'token for reading': 'read-token-fedcba9876543210fedcba9876543210',
} as const;

/** Each as it stands in the configuration: itself, or a variable. */
type Stated = (name: keyof typeof CONFIGURED) => string;

function secretSettings(url: string, mailPort: number, stated: Stated): JsonObject {
  const post = (channel: string) => `${url}/inbox/${channel}`;
  return {
    log: { level: 'trace' },
    http: { port: 0, token: stated('token of HTTP'), readToken: stated('token for reading') },
    alerts: {
      none: 'accepted',
      channels: [
        { name: 'a', type: 'wecom', url: `${post('a')}?key=${stated('URL of a channel')}` },
        { name: 'b', type: 'dingtalk', url: post('b'), secret: stated('secret of a channel') },
        { name: 'c', type: 'pagerduty', url: post('pagerduty'), routingKey: stated('routing key') },
        { name: 'd', type: 'slack', url: `${post('slack')}/${stated('path of a channel')}` },
        { name: 'e', type: 'feishu', url: post('e'), secret: stated('secret of a bot') },
        {
          name: 'f',
          type: 'webhook',
          url: post('f'),
          secret: stated('secret of a webhook'),
          auth: { bearer: stated('token of a webhook') },
          headers: { 'X-Api-Key': `Token ${stated('header of a webhook')}` },
        },
        {
          name: 'j',
          type: 'alertmanager',
          url: post('alertmanager'),
          auth: { user: 'rotator', password: stated('password of an Alertmanager') },
        },
        {
          name: 'g',
          type: 'email',
          host: '127.0.0.1',
          port: mailPort,
          user: 'rotator',
          password: stated('password of mail'),
          from: 'rotator@example.com',
          to: ['ops@example.com'],
        },
      ],
    },
    heartbeat: {
      url: `${post('h')}/${stated('URL of the heartbeat')}`,
      healthUrl: `${post('i')}/${stated('URL of health')}`,
    },
  };
}

/** How the secrets are given; by default in a file and a profile, and the others within the configuration. */
export interface Inputs {
  readonly key?: keyof typeof KEY_INPUTS;
  readonly credentials?: keyof typeof CREDENTIAL_INPUTS;
  readonly byReference?: boolean;
}

/** A workspace whose calls are recorded, and all output of its program. */
export async function watched({ key = 'a file', credentials = 'a profile', byReference = false }: Inputs = {}) {
  const place = await workspace();
  const tape = await startTape(place.sandbox.url);
  const mail = await startMailbox();
  const pem = readFileSync(place.keyFile, 'utf8');
  const givenKey = KEY_INPUTS[key]?.(place, pem) ?? expect.fail(key);
  const givenCredentials = CREDENTIAL_INPUTS[credentials]?.(place, tape.url) ?? expect.fail(credentials);
  const variables = Object.entries(CONFIGURED).map(([name, value], index) => [name, `SECRET_${index}`, value] as const);
  const stated: Stated = (name) => {
    const found = variables.find(([what]) => what === name);
    return byReference ? `\${${found?.[1]}}` : CONFIGURED[name];
  };
  const configure = (change: JsonObject = {}) =>
    place.configure({
      ...secretSettings(place.sandbox.url, mail.port, stated),
      apple: { tokenUrl: `${tape.url}/auth/token` },
      cloudbase: { endpoint: tape.url, timeout: '1s', credentials: givenCredentials.settings },
      targets: [{ name: 'shop', envId: envIdOf('shop'), ...IDS, key: givenKey.settings }],
      ...change,
    });
  configure();
  const environment = {
    NODE_DEBUG: 'http',
    ...givenKey.env,
    ...givenCredentials.env,
    ...(byReference ? Object.fromEntries(variables.map(([, variable, value]) => [variable, value])) : {}),
  };
  const outputs = new Map<string, string>();
  return {
    ...place,
    tape,
    mail,
    configure,
    outputs,
    async run(args: readonly string[], env: Record<string, string> = {}, input = '') {
      const result = await place.run(args, { env: { ...environment, ...env }, input });
      outputs.set(`stdout of ${args.join(' ')} (${outputs.size})`, result.stdout);
      outputs.set(`stderr of ${args.join(' ')} (${outputs.size})`, result.stderr);
      return result;
    },
    /** `run` until `until` shows in its log, and everything that it answers over HTTP. */
    async daemon(until: RegExp) {
      const daemon = place.start(['run'], { env: environment });
      await daemon.waitFor(until);
      daemon.signal('SIGHUP');
      await daemon.waitFor(/config\.reloaded/);
      const url = await daemon.waitFor(/"http":"(http:[^"]+)"/);
      const tokens = [CONFIGURED['token of HTTP'], CONFIGURED['token for reading']];
      for (const [asked, answer] of await answersOf(url, tokens)) outputs.set(asked, answer);
      for (const [name, text] of filesOf(place.folder)) outputs.set(`${name} while the daemon runs`, text);
      expect([...outputs.keys()].join()).toMatch(/journal\.db-wal while .*journal\.db\.lock\.json while /);
      daemon.signal('SIGTERM');
      expect((await daemon.exited).code).toBe(0);
      outputs.set('stdout of run', daemon.stdout());
      outputs.set('stderr of run', daemon.stderr());
      return daemon;
    },
    async dispose() {
      await place.dispose();
      await Promise.all([tape.close(), mail.close()]);
    },
  };
}

export type Watched = Awaited<ReturnType<typeof watched>>;

const JWT = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g;

/** What must not get out, by what it is: of long ones a part that no other secret shares. */
export function secretsOf({ tape, folder, secret }: Pick<Watched, 'tape' | 'folder' | 'secret'>): Map<string, string> {
  const secrets = new Map<string, string>(Object.entries(CONFIGURED));
  // What is deployed may never have been read.
  const said = `${tape.text()} ${secret()}`;
  for (const jwt of new Set(said.match(JWT))) {
    const [, claims = '', signature = ''] = jwt.split('.');
    secrets.set(`claims of secret ${secrets.size}`, claims.slice(-24));
    secrets.set(`beginning of signature ${secrets.size}`, signature.slice(0, 16));
    secrets.set(`end of signature ${secrets.size}`, signature.slice(-16));
  }
  for (const [, name = '', value = ''] of said.matchAll(/"(TmpSecretKey|Token)":"([^"]+)"/g))
    secrets.set(`temporary ${name} ${secrets.size}`, value.slice(0, 16));
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.p8'))) {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n').slice(1, -2);
    for (const [index, line] of lines.entries()) secrets.set(`line ${index + 1} of ${name}`, line.slice(-20));
  }
  secrets.set('secret key of Tencent Cloud', SANDBOX_CREDENTIALS.secretKey);
  secrets.set('secret id of Tencent Cloud', SANDBOX_CREDENTIALS.secretId);
  secrets.set('secret key of AWS', SANDBOX_AWS_CREDENTIALS.secretAccessKey);
  return secrets;
}

/** The files of a folder that are not the test's own. */
function filesOf(folder: string): (readonly [name: string, text: string])[] {
  const names = readdirSync(folder).filter((name) => !/\.(?:p8|yaml)$|^credentials$/.test(name));
  return names.sort().map((name) => [name, readFileSync(join(folder, name), 'latin1')]);
}

/** Every byte that the program wrote. */
export function written({ folder, outputs }: Pick<Watched, 'folder' | 'outputs'>): Map<string, string> {
  return new Map([...outputs, ...filesOf(folder)]);
}

/** What it sent as alerts and heartbeats. The URL, a header and, to PagerDuty, the routing key are where they belong. */
function sent({ world, mail }: Watched): Map<string, string> {
  const bodies = world.inbox.map(({ name, headers: { 'x-api-key': _, ...headers }, body }, index) => {
    const text = `${JSON.stringify(headers)}\n${JSON.stringify(body)}`;
    const own = name === 'pagerduty' ? text.replace(`"${CONFIGURED['routing key']}"`, '""') : text;
    return [`message ${index} to ${name}`, own] as const;
  });
  return new Map([...bodies, ...mail.mails.map((text, index) => [`mail ${index}`, text] as const)]);
}

/** What was found of them in any form: in plain, base64, hex, as a URL or in JSON, whatever blanks are in it. */
export function leaks(secrets: ReadonlyMap<string, string>, texts: ReadonlyMap<string, string>): string[] {
  return findings(Object.fromEntries(secrets), texts);
}

/** The commands that read the journal, and a copy of it. */
const READING: readonly (readonly string[])[] = [
  ['status'],
  ['status', '--json'],
  ['history'],
  ['history', '--json'],
  ['plan', '--json'],
  ['journal', 'backup', 'copy.db'],
];
/** The others that end by themselves. */
const OTHERS: readonly (readonly string[])[] = [
  ['plan'],
  ['once'],
  ['once', '--json'],
  ['alerts'],
  ['alerts', '--json'],
  ['alerts', '--test'],
  ['health'],
];

/** Runs all commands but those of `expectNoLeak`. */
export async function runOthers(place: Watched): Promise<void> {
  for (const args of OTHERS) await place.run(args);
  await place.run(['inspect', '--json', '--key-file', place.keyFile], {}, String(place.secret()));
  // It prints a client secret: that is what it is for.
  await place.run(['generate', '--team-id', IDS.teamId, '--client-id', IDS.clientId, '--key-file', place.keyFile]);
  place.outputs.delete([...place.outputs.keys()].findLast((name) => name.startsWith('stdout of generate')) ?? '');
}

/** How many secrets were looked for, and in how many places. */
export interface Figures {
  readonly secrets: number;
  readonly places: number;
}

/** The commands that read the journal; then the search. */
export async function expectNoLeak(place: Watched): Promise<Figures> {
  for (const args of READING) await place.run(args);
  const texts = new Map([...written(place), ...sent(place)]);
  for (const name of ['journal.db', 'copy.db']) expect([...texts.keys()]).toContain(name);
  const secrets = secretsOf(place);
  expect(leaks(secrets, texts)).toEqual([]);
  // The search itself finds what is there: each of them was on the line, in a key file or in the configuration.
  const { folder } = place;
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')] as const);
  const known = [
    place.tape.text(),
    String(place.secret()),
    ...files.map(([, text]) => text),
    JSON.stringify([CONFIGURED, SANDBOX_CREDENTIALS, SANDBOX_AWS_CREDENTIALS]),
  ].join('\n');
  expect([...secrets].filter(([, secret]) => !known.includes(secret)).map(([what]) => what)).toEqual([]);
  return { secrets: secrets.size, places: texts.size };
}

/** What an answer may hold that nobody expects: the deployed secret, the key, credentials. */
export function spill(place: Watched): string {
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  const key = readFileSync(place.keyFile, 'utf8');
  return `bad ${place.secret()} ${key} ${key.replaceAll('\n', '\\n')} ${secretId} Authorization: TC3-HMAC-SHA256 Credential=${secretId}/x, Signature=${secretKey}`;
}

/** Forms in which an API may repeat a secret. */
export function disguises(secret: string): string {
  const bytes = Buffer.from(secret);
  return [
    secret.replace(/.{40}/g, '$&\n'),
    secret.replace(/.{10}/g, '$& '),
    secret.replace(/.{40}/g, '$&\u200b'),
    secret.replaceAll('.', '%2E'),
    bytes.toString('base64'),
    bytes.toString('hex'),
  ].join(' ');
}

/** An answer that nobody expects, and what the program makes of it. */
export interface BadAnswer {
  /** `text` has the deployed secret, the key and credentials in it, `secret` is the deployed secret alone. */
  readonly fault: (text: string, secret: string) => Fault;
  readonly args: readonly string[];
  readonly apple: 'compare' | 'require' | 'off';
  /** The error of the target. */
  readonly code: string;
}

const READ = { service: 'tcb', action: 'GetProviders' } as const;
const WRITE = { service: 'tcb', action: 'ModifyProvider' } as const;
const elsewhere = (secret: string) =>
  ({ kind: 'redirect', location: `https://elsewhere.example/?secret=${secret}` }) as const;

const onRead = (code: string, fault: BadAnswer['fault']): BadAnswer => ({
  fault,
  args: ['once'],
  apple: 'compare',
  code,
});
const onWrite = (code: string, fault: BadAnswer['fault']): BadAnswer => ({
  fault,
  args: ['once', '--force'],
  apple: 'off',
  code,
});
const ofApple = (code: string, fault: BadAnswer['fault']): BadAnswer => ({
  fault,
  args: ['once', '--force'],
  apple: 'require',
  code,
});

export const BAD_ANSWERS: readonly BadAnswer[] = [
  // The message of a denial is shown: it names what is to be allowed.
  onRead('ERR_CLOUDBASE_DENIED', (message) => ({ ...READ, kind: 'error', code: 'UnauthorizedOperation', message })),
  onRead('ERR_CLOUDBASE_REFUSED', (message, secret) => ({ ...READ, kind: 'error', code: `Failed${secret}`, message })),
  onRead('ERR_CLOUDBASE_BAD_ANSWER', (text) => ({ ...READ, kind: 'body', body: `<html>${text}</html>` })),
  onRead('ERR_CLOUDBASE_BAD_ANSWER', (text) => ({
    ...READ,
    kind: 'body',
    body: JSON.stringify({ Response: { Data: text } }),
  })),
  onRead('ERR_CLOUDBASE_UNAVAILABLE', (text) => ({ ...READ, kind: 'status', status: 500, body: text })),
  onRead('ERR_REDIRECTED', (_, secret) => ({ ...READ, ...elsewhere(secret) })),
  onRead('ERR_CLOUDBASE_NETWORK', () => ({ ...READ, kind: 'reset-after' })),
  onRead('ERR_CLOUDBASE_TIMEOUT', () => ({ ...READ, kind: 'hang' })),
  onWrite('ERR_CLOUDBASE_REFUSED', (message) => ({ ...WRITE, kind: 'error', code: 'InvalidParameter', message })),
  onWrite('ERR_CLOUDBASE_DENIED', (message) => ({
    ...WRITE,
    kind: 'error',
    code: 'UnauthorizedOperation.CAM',
    message,
  })),
  onWrite('ERR_REDIRECTED', (_, secret) => ({ ...WRITE, ...elsewhere(secret) })),
  ofApple('ERR_APPLE_UNKNOWN', (message, secret) => ({ service: 'apple', kind: 'error', code: secret, message })),
  ofApple('ERR_APPLE_UNKNOWN', (body) => ({ service: 'apple', kind: 'body', body })),
  ofApple('ERR_APPLE_UNKNOWN', (_, secret) => ({ service: 'apple', ...elsewhere(secret) })),
];

/** Lets the program meet a bad answer as often as it asks, and checks how it takes it. */
export async function meet(
  place: Watched,
  { fault, args, apple, code }: BadAnswer,
  text = `${spill(place)} ${disguises(String(place.secret()))} ${disguises(SANDBOX_CREDENTIALS.secretKey)}`,
): Promise<void> {
  place.configure({ apple: { tokenUrl: `${place.tape.url}/auth/token`, check: apple } });
  const id = place.world.faults.add(fault(text, String(place.secret())));
  const ended = await place.run([...args, '--json']);
  place.world.faults.remove(id);
  const { targets } = JSON.parse(ended.stdout) as { targets: { error: { code: string } | null }[] };
  expect([ended.code, targets[0]?.error?.code]).toEqual([1, code]);
}
