// No secret gets out, whatever goes wrong: not to stdout or stderr, not into the log at its finest level, not into the
// journal, its copy or its lock. Everything that the program wrote is searched for every secret that went over its line
// or was in its configuration, and for the beginnings of them, in case one was cut off.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import { ownWorkspace, runProgram, type Workspace, type WorkspaceOptions } from '../support/program.ts';
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

/** A workspace whose program is listened to, and all of whose output is kept. */
async function watched(options: WorkspaceOptions = {}) {
  const place = await ownWorkspace(options);
  const tape = await startTape(place.sandbox.url);
  onTestFinished(() => tape.close());
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
      const result = await place.run(args, { env });
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
  };
}

type Watched = Awaited<ReturnType<typeof watched>>;

const JWT = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g;

/** What must not get out, by what it is: of long ones a part that no other secret shares. */
function secretsOf({ tape, folder }: { tape: Tape; folder: string }): Map<string, string> {
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
function written({ folder, outputs }: Pick<Watched, 'folder' | 'outputs'>): Map<string, string> {
  return new Map([...outputs, ...filesOf(folder)]);
}

function leaks(secrets: ReadonlyMap<string, string>, texts: ReadonlyMap<string, string>): string[] {
  return [...secrets].flatMap(([what, secret]) =>
    [...texts].filter(([, text]) => text.includes(secret)).map(([where]) => `${what} in ${where}`),
  );
}

/** All commands that read the journal, and a copy of it; then the search. */
async function expectNoLeak(place: Watched): Promise<void> {
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
function spill(place: Workspace): string {
  const { secretId, secretKey } = SANDBOX_CREDENTIALS;
  const key = readFileSync(place.keyFile, 'utf8');
  return `bad ${place.secret()} ${key} ${key.replaceAll('\n', '\\n')} ${secretId} Authorization: TC3-HMAC-SHA256 Credential=${secretId}/x, Signature=${secretKey}`;
}

async function meet(place: Watched, fault: Fault, args: readonly string[]): Promise<string> {
  place.world.addFault({ ...fault, times: 1 });
  const { code, stdout } = await place.run(args);
  expect([code, place.world.faults.list()], JSON.stringify(fault.kind)).toEqual([1, []]);
  const { targets } = JSON.parse(stdout) as { targets: { error: { code: string } }[] };
  return targets[0]?.error.code ?? '';
}

describe('nothing secret gets out', () => {
  test('of a rotation that succeeds, followed at the finest level by the daemon and beside it', async () => {
    const place = await watched();
    const daemon = await place.daemon(/rotation\.succeeded/);
    expect(daemon.log().map(({ level }) => level)).toContain('debug');
    await place.run(['once', '--force']);
    expect(place.writes()).toHaveLength(2);
    await expectNoLeak(place);
    expect([...secretsOf(place).keys()].filter((name) => name.startsWith('claims')).length).toBeGreaterThan(3);
  });

  test('of answers to a read that are not what they should be', async () => {
    const place = await watched();
    const text = spill(place);
    const location = `https://elsewhere.example/?secret=${place.secret()}`;
    const read = { service: 'tcb', action: 'GetProviders' } as const;
    const once = ['once', '--json'];
    expect([
      // The message of a denial is shown: it names what is to be allowed.
      await meet(place, { ...read, kind: 'error', code: 'UnauthorizedOperation', message: text }, once),
      await meet(place, { ...read, kind: 'error', code: `Failed${place.secret()}`, message: text }, once),
      await meet(place, { ...read, kind: 'body', body: `<html>${text}</html>` }, once),
      await meet(place, { ...read, kind: 'body', body: JSON.stringify({ Response: { Data: text } }) }, once),
      await meet(place, { ...read, kind: 'status', status: 500, body: text }, once),
      await meet(place, { ...read, kind: 'redirect', location }, once),
      await meet(place, { ...read, kind: 'reset-after' }, once),
      await meet(place, { ...read, kind: 'hang' }, once),
    ]).toEqual([
      'ERR_CLOUDBASE_DENIED',
      'ERR_CLOUDBASE_REFUSED',
      'ERR_CLOUDBASE_BAD_ANSWER',
      'ERR_CLOUDBASE_BAD_ANSWER',
      'ERR_CLOUDBASE_UNAVAILABLE',
      'ERR_REDIRECTED',
      'ERR_CLOUDBASE_NETWORK',
      'ERR_CLOUDBASE_TIMEOUT',
    ]);
    place.world.addFault({ ...read, kind: 'error', code: 'UnauthorizedOperation', message: text });
    await place.daemon(/pass\.failed/);
    await expectNoLeak(place);
  });

  test('of answers to a write that are not what they should be', async () => {
    const place = await watched({ settings: { apple: { check: 'off' } } });
    const text = spill(place);
    const location = `https://elsewhere.example/?secret=${place.secret()}`;
    const write = { service: 'tcb', action: 'ModifyProvider' } as const;
    const once = ['once', '--force', '--json'];
    expect([
      await meet(place, { ...write, kind: 'error', code: 'InvalidParameter', message: text }, once),
      await meet(place, { ...write, kind: 'error', code: 'UnauthorizedOperation.CAM', message: text }, once),
      await meet(place, { ...write, kind: 'redirect', location }, once),
    ]).toEqual(['ERR_CLOUDBASE_REFUSED', 'ERR_CLOUDBASE_DENIED', 'ERR_REDIRECTED']);
    place.world.addFault({ ...write, kind: 'body', body: text, times: 1 });
    place.world.before('tcb', 'ModifyProvider', () => place.place(place.mint(170)));
    await place.run(once);
    await expectNoLeak(place);
  });

  test('of what Apple answers', async () => {
    const place = await watched({ settings: { apple: { check: 'require' } } });
    const text = spill(place);
    for (const fault of [
      { kind: 'error', code: String(place.secret()), message: text },
      { kind: 'body', body: text },
      { kind: 'redirect', location: `https://elsewhere.example/?secret=${place.secret()}` },
    ] as const) {
      const id = place.world.addFault({ service: 'apple', ...fault });
      await place.run(['once', '--force', '--json']);
      place.world.faults.remove(id);
    }
    expect(place.writes()).toEqual([]);
    await expectNoLeak(place);
  });

  test('of temporary credentials, whether they are given or refused', async () => {
    const place = await watched();
    const assumeRole = { roleArn: 'qcs::cam::uin/100000000001:roleName/rotator', endpoint: place.tape.url };
    const credentials = { from: 'profile', path: './credentials', assumeRole };
    place.configure({ cloudbase: { endpoint: place.tape.url, timeout: '1s', credentials } });
    await place.run(['once']);
    expect(place.tape.text()).toContain('"TmpSecretKey"');
    place.world.addFault({ service: 'sts', kind: 'error', code: 'InternalError', message: spill(place) });
    await place.run(['once', '--force', '--json']);
    place.world.clearFaults();
    place.world.addFault({ service: 'sts', kind: 'body', body: spill(place) });
    await place.run(['once', '--force', '--json']);
    await expectNoLeak(place);
    expect([...secretsOf(place).keys()]).toContainEqual(expect.stringMatching(/^temporary Token/));
  });

  test('of a deployed secret that is no JWT, and of a key that cannot be read as one', async () => {
    const place = await watched();
    const foreign = 'someone-elses-plain-client-secret';
    place.place(foreign);
    await place.run(['once', '--json']);
    await place.run(['once', '--adopt', '--json']);
    expect(place.writes()).toHaveLength(1);
    place.place(foreign);
    const pem = readFileSync(place.keyFile, 'utf8');
    writeFileSync(place.keyFile, pem.replace('-----END PRIVATE KEY-----', '').replace('BEGIN', 'BEGlN'));
    await place.run(['once', '--force', '--json']);
    writeFileSync(place.keyFile, `{"privateKey": "${pem.replaceAll('\n', '\\n')}", "keyId": "KEY"}`);
    await place.run(['once', '--force', '--json']);
    writeFileSync(place.keyFile, pem);
    await expectNoLeak(place);
    expect(leaks(new Map([['foreign secret', foreign]]), written(place))).toEqual([]);
  });
});

describe('an error of the configuration or the command line shows no secret', () => {
  const SECRET = `eyJhbGciOiJFUzI1NiJ9.${Buffer.from('{"iss":"TEAM123456"}').toString('base64url')}.${'s1gnature'.repeat(9)}`;
  const PLAIN = 'plain-secret-of-an-environment-variable';
  const hidden = new Map([
    ['signature', 's1gnature'.repeat(2)],
    ['claims', SECRET.split('.')[1] ?? ''],
    ['plain', PLAIN.slice(0, 20)],
  ]);

  test('that an environment variable brought in, wherever it stands', async () => {
    const place = await ownWorkspace();
    const yaml = `
journal: "\${SECRET}"
log: { level: "\${PLAIN}" }
http: { port: "\${SECRET}", token: short }
schedule: { cron: "\${SECRET}", timezone: "\${PLAIN}" }
policy: { lifetime: "\${PLAIN}" }
apple: { tokenUrl: "http://\${PLAIN}.example/\${SECRET}" }
cloudbase: { endpoint: "https://\${PLAIN}/", region: "\${SECRET}" }
targets:
  - { name: "\${SECRET}", envId: "\${PLAIN}", keyId: "\${SECRET}", adopt: "\${PLAIN}", key: { from: "\${SECRET}" } }
  - { name: ok, envId: "${SECRET}", key: { from: file, path: x } }
alerts:
  channels:
    - { name: a, type: "\${SECRET}" }
    - { name: b, type: wecom, url: "\${PLAIN}" }
    - { name: c, type: dingtalk, url: "http://${PLAIN}@far.example/" }
`;
    writeFileSync(place.configFile, yaml);
    for (const command of ['once', 'run', 'status']) {
      const { code, stdout, stderr } = await place.run([command], { env: { SECRET, PLAIN } });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/1\d problems/);
      expect(leaks(hidden, new Map([['stderr', stderr]]))).toEqual([]);
    }
  });

  test('in the form without a file', async () => {
    const env = { CLOUDBASE_ENV_ID: SECRET, APPLE_KEY_ID: PLAIN, ALERT_TYPE: SECRET, ALERT_URL: PLAIN };
    const place = await ownWorkspace();
    const { code, stdout, stderr } = await runProgram(['once'], { cwd: place.folder, env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('APPLE_KEY_ID');
    expect(leaks(hidden, new Map([['stderr', stderr]]))).toEqual([]);
  });

  test('on the command line, where it was pasted in the wrong place', async () => {
    for (const args of [[SECRET], ['once', SECRET], ['history', '--limit', SECRET], ['sandbox', '-p', SECRET]]) {
      const { code, stdout, stderr } = await runProgram(args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('[redacted JWT]');
      expect(leaks(hidden, new Map([['stderr', stderr]]))).toEqual([]);
    }
  });
});
