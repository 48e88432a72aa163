// A workspace that is watched for leaks: it records everything that the program sends, receives and writes, and knows
// every secret among it. The search finds a secret anywhere in what was written, or the beginning of one, in case it was
// cut off.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import { findings } from './canary-table.ts';
import { workspace } from './program.ts';
import { startTape, type Tape } from './tape.ts';

/** Secrets of the configuration itself. */
const CONFIGURED = {
  'URL of a channel': 'wecom-robot-key-3f9a1c',
  'secret of a channel': 'SECdingtalk-5b21e7d0',
  'routing key': 'R0UTINGKEYR0UTINGKEYR0UTINGKEY12',
  'URL of the heartbeat': 'heartbeat-uuid-77c0de',
  'token of HTTP': 'http-token-0123456789abcdef0123456789abcdef',
} as const;

function secretSettings(url: string): JsonObject {
  const name = (channel: string) => `${url}/inbox/${channel}`;
  return {
    log: { level: 'trace' },
    http: { token: CONFIGURED['token of HTTP'] },
    alerts: {
      none: 'accepted',
      channels: [
        { name: 'a', type: 'wecom', url: `${name('a')}?key=${CONFIGURED['URL of a channel']}` },
        { name: 'b', type: 'dingtalk', url: name('b'), secret: CONFIGURED['secret of a channel'] },
        { name: 'c', type: 'pagerduty', url: name('c'), routingKey: CONFIGURED['routing key'] },
      ],
    },
    heartbeat: { url: `${name('d')}/${CONFIGURED['URL of the heartbeat']}` },
  };
}

/** A workspace whose calls are recorded, and all output of its program. */
export async function watched() {
  const place = await workspace();
  const tape = await startTape(place.sandbox.url);
  const configure = (change: JsonObject = {}) =>
    place.configure({
      ...secretSettings(place.sandbox.url),
      apple: { tokenUrl: `${tape.url}/auth/token` },
      cloudbase: { endpoint: tape.url, timeout: '1s' },
      ...change,
    });
  configure();
  const outputs = new Map<string, string>();
  return {
    ...place,
    tape,
    configure,
    outputs,
    async run(args: readonly string[], env: Record<string, string> = {}) {
      const result = await place.run(args, { env: { NODE_DEBUG: 'http', ...env } });
      outputs.set(`stdout of ${args.join(' ')} (${outputs.size})`, result.stdout);
      outputs.set(`stderr of ${args.join(' ')} (${outputs.size})`, result.stderr);
      return result;
    },
    /** `run` until `until` shows in its log. */
    async daemon(until: RegExp) {
      const daemon = place.start(['run']);
      await daemon.waitFor(until);
      daemon.signal('SIGHUP');
      await daemon.waitFor(/config\.reloaded/);
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
      await tape.close();
    },
  };
}

export type Watched = Awaited<ReturnType<typeof watched>>;

const JWT = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g;

/** What must not get out, by what it is: of long ones a part that no other secret shares. */
export function secretsOf({ tape, folder }: { tape: Tape; folder: string }): Map<string, string> {
  const secrets = new Map<string, string>(Object.entries(CONFIGURED));
  const said = tape.text();
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

/** What was found of them in any form: in plain, base64, hex, as a URL or in JSON, whatever blanks are in it. */
export function leaks(secrets: ReadonlyMap<string, string>, texts: ReadonlyMap<string, string>): string[] {
  return findings(Object.fromEntries(secrets), texts);
}

/** All commands that read the journal, and a copy of it; then the search. */
export async function expectNoLeak(place: Watched): Promise<void> {
  for (const args of [['status'], ['status', '--json'], ['history'], ['history', '--json'], ['plan', '--json']])
    await place.run(args);
  await place.run(['journal', 'backup', 'copy.db']);
  const texts = written(place);
  for (const name of ['journal.db', 'copy.db']) expect([...texts.keys()]).toContain(name);
  const secrets = secretsOf(place);
  expect(leaks(secrets, texts)).toEqual([]);
  // The search itself finds what is there: each of them was on the line, in a key file or in the configuration.
  const { folder } = place;
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')] as const);
  const known = [place.tape.text(), ...files.map(([, text]) => text)].join('\n');
  expect([...secrets].filter(([, secret]) => !known.includes(secret)).map(([what]) => what)).toEqual([]);
}

/** What an answer may hold that nobody expects: the deployed secret, the key, credentials. */
export function spill(place: Watched): string {
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  const key = readFileSync(place.keyFile, 'utf8');
  return `bad ${place.secret()} ${key} ${key.replaceAll('\n', '\\n')} ${secretId} Authorization: TC3-HMAC-SHA256 Credential=${secretId}/x, Signature=${secretKey}`;
}

/** Forms in which an API may repeat what it was sent; the process holds both secrets. */
function disguises(place: Watched): string {
  const secret = String(place.secret());
  const bytes = Buffer.from(secret);
  return [
    secret.replace(/.{40}/g, '$&\n'),
    secret.replace(/.{40}/g, '$&\u200b'),
    secret.replaceAll('.', '%2E'),
    bytes.toString('base64'),
    bytes.toString('hex'),
    Buffer.from(SANDBOX_CREDENTIALS.secretKey).toString('base64'),
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
  text = `${spill(place)} ${disguises(place)}`,
): Promise<void> {
  place.configure({ apple: { tokenUrl: `${place.tape.url}/auth/token`, check: apple } });
  const id = place.world.faults.add(fault(text, String(place.secret())));
  const ended = await place.run([...args, '--json']);
  place.world.faults.remove(id);
  const { targets } = JSON.parse(ended.stdout) as { targets: { error: { code: string } | null }[] };
  expect([ended.code, targets[0]?.error?.code]).toEqual([1, code]);
}
