// What ships is the bundle, not the sources. Here it works away from node_modules: it rotates through every SDK that it
// carries, and sends through every kind of channel.
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { expect, onTestFinished, test } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { SANDBOX_AWS_CREDENTIALS } from '../../src/sandbox/server.ts';
import { IDS } from '../support/pass-rig.ts';
import { MAIN, ownWorkspace, runProgram, SOURCES } from '../support/program.ts';

test('the bundle rotates with keys from a file, SSM and AWS, the last with an assumed role', async () => {
  const role = { roleArn: 'qcs::cam::uin/100000000001:roleName/rotator' };
  const place = await ownWorkspace({
    targets: [{ name: 'from-file' }, { name: 'from-ssm' }, { name: 'from-aws' }],
  });
  const { url } = place.sandbox;
  const privateKeyPem = readFileSync(place.keyFile, 'utf8');
  place.world.ssmSecrets.put({ name: 'apple-key', text: privateKeyPem });
  place.world.awsSecrets.put({ name: 'prod/apple', text: JSON.stringify({ privateKey: privateKeyPem }) });
  const { accessKeyId, secretAccessKey } = SANDBOX_AWS_CREDENTIALS;
  const entry = (name: string, rest: object) => ({ name, envId: `${name}-1g2h3j`, ...IDS, ...rest });
  const stored = { endpoint: url };
  place.configure({
    apple: { tokenUrl: `${url}/auth/token` },
    targets: [
      entry('from-file', { key: { from: 'file', path: place.keyFile } }),
      entry('from-ssm', { key: { from: 'tencent-ssm', secretName: 'apple-key', region: 'ap-shanghai', ...stored } }),
      entry('from-aws', {
        key: { from: 'aws-secrets-manager', secretId: 'prod/apple', region: 'ap-southeast-1', ...stored },
        cloudbase: { credentials: { from: 'profile', path: './credentials', assumeRole: { ...role, endpoint: url } } },
      }),
    ],
  } as never);
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const { code, stdout, stderr } = await place.run(['once', '--json'], { env });
  const { targets } = JSON.parse(stdout) as { targets: { name: string; state: string; error: unknown }[] };
  expect(targets.map(({ name, state, error }) => ({ name, state, error }))).toEqual([
    { name: 'from-file', state: 'rotated', error: null },
    { name: 'from-ssm', state: 'rotated', error: null },
    { name: 'from-aws', state: 'rotated', error: null },
  ]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('Warning')]);
}, 60_000);

test('the bundle sends through every kind of channel', async () => {
  const place = await ownWorkspace();
  const mails: string[] = [];
  const mailServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString('utf8'));
        done();
      });
    },
  });
  const { promise: listening, resolve: listens } = Promise.withResolvers<void>();
  mailServer.listen(0, '127.0.0.1', () => listens());
  await listening;
  onTestFinished(() => new Promise<void>((resolve) => void mailServer.close(() => resolve())));
  const { port } = mailServer.server.address() as AddressInfo;
  const signed = { secret: 'SECtest' };
  const own: Readonly<Record<string, object>> = {
    webhook: signed,
    slack: {},
    wecom: {},
    dingtalk: signed,
    feishu: signed,
    pagerduty: { routingKey: 'R0UTINGKEYR0UTINGKEYR0UTINGKEY12' },
    alertmanager: {},
  };
  const channels = [
    ...Object.entries(own).map(([type, rest]) => ({
      name: type,
      type,
      url: `${place.sandbox.url}/inbox/${type}`,
      ...rest,
    })),
    { name: 'email', type: 'email', host: '127.0.0.1', port, from: 'rotator@example.com', to: ['ops@example.com'] },
  ];
  place.configure({ alerts: { channels } } as never);
  const { code, stdout } = await place.run(['alerts', '--test', '--json']);
  const { tests } = JSON.parse(stdout) as { tests: { channel: string; delivered: boolean; error: unknown }[] };
  expect(tests.map(({ channel, delivered, error }) => [channel, delivered, error])).toEqual(
    channels.map(({ name }) => [name, true, null]),
  );
  expect(code).toBe(0);
  const inbox = place.world.inbox.map(({ name, refused }) => [name, refused]);
  expect(new Set(inbox.map(([name]) => name))).toEqual(new Set(Object.keys(own)));
  expect(inbox.filter(([, refused]) => refused !== undefined)).toEqual([]);
  expect(mails).toEqual([expect.stringContaining('Auto-Submitted: auto-generated')]);
}, 60_000);

test('the bundle loads what sends mail when it is asked for, and not before', () => {
  const folder = dirname(MAIN);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  const texts = new Map(files.map((name) => [join(folder, name), readFileSync(join(folder, name), 'utf8')]));
  const senders = [...texts].filter(([, text]) => text.includes('GREETING_TIMEOUT')).map(([path]) => path);
  expect(senders.length).toBeGreaterThan(0);
  const imported = [...texts].flatMap(([path, text]) =>
    [...text.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g)].map(([, what = '']) => join(dirname(path), what)),
  );
  expect(senders.filter((path) => imported.includes(path))).toEqual([]);
});

test('the bundle says its version and starts without anything beside it', async () => {
  expect(MAIN).not.toBe(SOURCES);
  expect(await runProgram(['--version'])).toEqual({ code: 0, stdout: `${pkg.version}\n`, stderr: '' });
});
