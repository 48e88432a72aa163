// The channel `email` against a real SMTP server: what a mail is, when it is encrypted, what each reply means, and that a
// password never goes over the line in clear unless that is permitted.
import net, { type AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { describe, expect, onTestFinished, test } from 'vitest';
import { channelOptions, createChannel } from '../../../src/adapters/channels/registry.ts';
import type { Channel } from '../../../src/core/ports.ts';
import { channelContract, isChannelError } from '../../contract/channel.ts';
import { item, items, message, signOfLife } from '../../support/alert-messages.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { realClock } from '../../support/clock.ts';
import { closedPort, serveSilence } from '../../support/servers.ts';

const { signal } = new AbortController();
const certificate = selfSignedCertificate(['localhost']);
const PASSWORD = 'password-4c2b8e6d1f';
const SECRETS = [PASSWORD, 'mail-user', 'ops@example.com', 'localhost', '127.0.0.1'];
const LOGIN = { user: 'mail-user', password: PASSWORD };

interface Mail {
  readonly raw: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
  readonly encrypted: boolean;
  readonly user: unknown;
  readonly to: readonly string[];
}

interface Server {
  readonly port: number;
  readonly mails: Mail[];
  /** The passwords that were sent, and whether the connection was encrypted. */
  readonly logins: { readonly password: unknown; readonly encrypted: boolean }[];
}

/** A mail server of the test; `replies` are errors that it answers to RCPT TO, DATA and AUTH. */
async function mailServer(
  options: SMTPServerOptions = {},
  replies: { recipient?: (address: string) => string | undefined; data?: string; login?: string } = {},
): Promise<Server> {
  const [mails, logins]: [Mail[], Server['logins']] = [[], []];
  const server = new SMTPServer({
    ...certificate,
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, { secure }, done) => {
      logins.push({ password, encrypted: secure });
      if (replies.login === undefined) done(null, { user: username });
      else done(reply(replies.login));
    },
    onRcptTo: ({ address }, _session, done) => done(reply(replies.recipient?.(address))),
    onData: (stream, { secure, user, envelope }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = envelope.rcptTo.map(({ address }) => address);
        if (replies.data === undefined) mails.push({ ...read(Buffer.concat(chunks)), encrypted: secure, user, to });
        done(reply(replies.data));
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '0.0.0.0', () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails, logins };
}

/** `550 no such user` as the error that makes the server say so. */
function reply(text: string | undefined): (Error & { responseCode: number }) | null {
  if (text === undefined) return null;
  const [code = '', ...words] = text.split(' ');
  return Object.assign(new Error(words.join(' ')), { responseCode: Number(code) });
}

/** A mail of two parts: its headers unfolded, its texts decoded. */
function read(bytes: Buffer): Pick<Mail, 'raw' | 'headers' | 'text' | 'html'> {
  const raw = bytes.toString('latin1');
  const [head = '', ...body] = raw.split('\r\n\r\n');
  const headers = Object.fromEntries(
    head
      .replace(/\r\n[ \t]+/g, ' ')
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), decoded(line.slice(line.indexOf(':') + 2))]),
  );
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '') ?? [];
  const parts = body.join('\r\n\r\n').split(`--${boundary}`);
  const part = (type: string) => {
    const [own = '', ...lines] = parts.find((each) => each.includes(`Content-Type: ${type}`))?.split('\r\n\r\n') ?? [];
    const encoded = lines.join('\r\n\r\n');
    const isQuoted = own.includes('quoted-printable');
    return (isQuoted ? unquoted(encoded.replace(/=\r\n/g, '')) : encoded).replaceAll('\r\n', '\n');
  };
  return { raw, headers, text: part('text/plain'), html: part('text/html') };
}

/** Encoded words of RFC 2047. */
function decoded(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString() : unquoted(text.replaceAll('_', ' ')),
    );
}

function unquoted(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

interface Wish {
  readonly port: number;
  readonly host?: string;
  readonly secure?: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly timeoutMs?: number;
}

function mailChannel({
  port,
  secure,
  insecure = false,
  ca = certificate.cert,
  timeoutMs = 10_000,
  ...own
}: Wish): Channel {
  const options = channelOptions.parse({
    type: 'email',
    name: 'ops',
    insecure: String(insecure),
    host: 'localhost',
    from: 'Apple secret rotator <rotator@example.com>',
    to: ['ops@example.com'],
    ...own,
    port: String(port),
    ...(secure === undefined ? {} : { secure: String(secure) }),
  });
  const tools = { env: {}, clock: realClock, instance: 'prod-rotator', timeoutMs, ca };
  return createChannel(options, tools);
}

/** A connection to the server, unless `fault` says otherwise of the next one. */
async function relay(port: number, fault: () => 'reset' | 'hang' | undefined): Promise<number> {
  const sockets = new Set<net.Socket>();
  const front = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const now = fault();
    if (now === 'reset') socket.destroy();
    if (now !== undefined) return;
    const onward = net.connect(port, '127.0.0.1');
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => void front.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
  });
  return (front.address() as AddressInfo).port;
}

channelContract('email', async ({ timeoutMs }) => {
  let fault: 'reset' | 'hang' | 'busy' | undefined;
  const met = (...kinds: readonly (typeof fault)[]) => {
    const now = kinds.includes(fault) ? fault : undefined;
    if (now !== undefined) fault = undefined;
    return now;
  };
  const server = await mailServer({
    onConnect: (_session, done) => done(met('busy') === undefined ? null : reply('421 4.3.2 come back later')),
  });
  const port = await relay(server.port, () => met('reset', 'hang') as 'reset' | 'hang' | undefined);
  return {
    channel: mailChannel({ port, ...LOGIN, timeoutMs }),
    secrets: SECRETS,
    taken: () => server.mails.map(({ headers, text }) => `${Object.values(headers).join('\n')}\n${text}`).join('\n'),
    refused: () => [],
    fail: (how) => {
      fault = how;
    },
  };
});

describe('a mail', () => {
  test('is text and HTML with the headers of a machine', async () => {
    const { port, mails } = await mailServer();
    const sent = message({ title: '[prod-rotator] 严重：shop-prod：客户端密钥无法续期' });
    expect(await mailChannel({ port }).send(sent, signal)).toEqual({ detail: 'SMTP 250 for 1 recipient' });
    expect(mails).toHaveLength(1);
    expect(mails[0]?.headers).toMatchObject({
      from: 'Apple secret rotator <rotator@example.com>',
      to: 'ops@example.com',
      subject: '[prod-rotator] 严重：shop-prod：客户端密钥无法续期',
      'message-id': '<019ab000-0000-7000-8000-000000000001@example.com>',
      'auto-submitted': 'auto-generated',
      'content-type': expect.stringMatching(/^multipart\/alternative/),
      date: 'Sun, 22 Nov 2026 03:08:00 +0000',
    });
    expect(mails[0]?.text).toContain(
      '\nNext: Add {"effect":"allow","action":["tcb:ModifyProvider"],"resource":["*"]} to the policy of this access key.\n',
    );
  });

  test('in HTML has a coloured headline, a block for each command, and no markup of its texts', async () => {
    const { port, mails } = await mailServer();
    const next = 'Look: `apple-secret-rotator history --target shop-prod`.';
    const told = item({ what: '<img src="https://evil.example/x.png"> & <script>', next });
    await mailChannel({ port }).send(message({ items: [told], title: '[prod] <b>' }), signal);
    const html = mails[0]?.html ?? '';
    expect(html).toContain('color:#b42318">[prod] &lt;b&gt;</div>');
    expect(html).toMatch(/<pre [^>]+>apple-secret-rotator history --target shop-prod<\/pre>/);
    expect(html).toContain('&lt;img src=&quot;https[:]//evil.example/x.png&quot;&gt; &amp; &lt;script&gt;');
    expect(html).toContain('<a href="https://ops.example.com/runbook.md#rotationfailing">rotationfailing</a>');
    expect(html.match(/<(?!\/?(?:html|body|div|b|br|pre|a|code)\b|!doctype)/g)).toBeNull();
    expect(mails[0]?.text).toContain('\nNext: Look:\napple-secret-rotator history --target shop-prod\n');
  });

  test('of the same thing stands below the one before it', async () => {
    const { port, mails } = await mailServer();
    const channel = mailChannel({ port });
    const sent = (status: 'raised' | 'cleared', id: string, thread = 'A') =>
      channel.send(message({ id, items: [item({ status, thread })] }), signal);
    await sent('raised', '1');
    await sent('raised', '2', 'A#critical');
    await sent('cleared', '3', 'A#critical');
    await sent('raised', '4', 'B');
    await channel.send(message({ items: [item({ thread: 'A' }), item({ thread: 'B' })] }), signal);
    const [first, second, third, other, mixed] = mails.map(({ headers }) => headers['in-reply-to']);
    expect(first).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
    expect([second, third]).toEqual([first, first]);
    expect(other).not.toBe(first);
    expect(mixed).toBeUndefined();
  });

  test('goes to all its recipients, and says which part was refused', async () => {
    const recipient = (address: string) => (address.startsWith('gone') ? '550 5.1.1 no such user' : undefined);
    const { port, mails } = await mailServer({}, { recipient });
    const to = ['ops@example.com', 'gone@example.com', 'boss@example.com'];
    expect(await mailChannel({ port, to }).send(message(), signal)).toEqual({
      detail: 'SMTP refused 1 of 3 recipients',
      warning: expect.objectContaining({
        message: 'channel ops (email) reached only some recipients: the mail server refused 1 of 3',
      }),
    });
    expect(mails[0]?.to).toEqual(['ops@example.com', 'boss@example.com']);
  });

  test('of many conditions tells fifty in full', async () => {
    const { port, mails } = await mailServer();
    await mailChannel({ port }).send(message({ items: items(60) }), signal);
    expect(mails[0]?.text.match(/^Next: /gm)).toHaveLength(50);
  });

  test('has no headers but ours, whatever its texts hold', async () => {
    const { port, mails } = await mailServer();
    const hostile = 'a\r\nBcc: evil@example.com\r\n\r\n<html>';
    const sent = message({ title: hostile, id: '5', items: [item({ title: hostile, what: hostile })] });
    await mailChannel({ port, from: 'Rotator, of "ops" <rotator@example.com>' }).send(sent, signal);
    expect(mails[0]?.headers).not.toHaveProperty('bcc');
    expect(mails[0]?.to).toEqual(['ops@example.com']);
    expect(mails[0]?.headers['subject']).toBe('a Bcc: evil@example.com <html>');
    expect(mails[0]?.headers['from']).toMatch(/<rotator@example\.com>$/);
  });

  test('of a digest has a thread of its own', async () => {
    const { port, mails } = await mailServer();
    await mailChannel({ port }).send(signOfLife('digest'), signal);
    expect(mails[0]?.headers['in-reply-to']).toMatch(/^<[0-9a-f]{32}@/);
    expect(mails[0]?.headers).not.toHaveProperty('x-priority');
  });
});

describe('encryption', () => {
  test('by STARTTLS where it is offered', async () => {
    const { port, mails, logins } = await mailServer();
    await mailChannel({ port, ...LOGIN }).send(message(), signal);
    expect(mails).toMatchObject([{ encrypted: true, user: 'mail-user' }]);
    expect(logins).toEqual([{ password: PASSWORD, encrypted: true }]);
  });

  test('from the first byte with secure: true', async () => {
    const { port, mails } = await mailServer({ secure: true });
    await mailChannel({ port, secure: true, ...LOGIN }).send(message(), signal);
    expect(mails).toMatchObject([{ encrypted: true, user: 'mail-user' }]);
  });

  test.each([false, true])('a certificate that nobody vouches for ends it (secure: %s)', async (secure) => {
    const { port, mails, logins } = await mailServer({ secure });
    const { cert: ca } = selfSignedCertificate(['localhost']);
    const sent = mailChannel({ port, secure, ca, ...LOGIN, insecure: true }).send(message(), signal);
    await expect(sent).rejects.toSatisfy(isChannelError('ERR_CHANNEL_REFUSED', SECRETS));
    await expect(sent).rejects.toThrow(/ the certificate of the other side is not trusted \([A-Z_]+\)$/);
    expect([mails, logins]).toEqual([[], []]);
  });

  /** An address of this machine that does not count as loopback. */
  const ELSEWHERE = '0.0.0.0';
  const plain: SMTPServerOptions = { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] };

  test('no password goes to another machine in clear', async () => {
    const { port, logins, mails } = await mailServer(plain);
    const sent = mailChannel({ port, host: ELSEWHERE, ...LOGIN }).send(message(), signal);
    await expect(sent).rejects.toSatisfy(isChannelError('ERR_CHANNEL_REFUSED', [...SECRETS, ELSEWHERE]));
    await expect(sent).rejects.toThrow(/refused the message: SMTP 50\d$/);
    expect([logins, mails]).toEqual([[], []]);
  });

  test.each([
    ['to loopback', {}],
    ['with insecure: true', { host: ELSEWHERE, insecure: true }],
  ])('but %s', async (_, wish) => {
    const { port, logins } = await mailServer(plain);
    await mailChannel({ port, ...LOGIN, ...wish }).send(message(), signal);
    expect(logins).toEqual([{ password: PASSWORD, encrypted: false }]);
  });

  test('without a login a mail may go in clear', async () => {
    const { port, mails } = await mailServer(plain);
    await mailChannel({ port, host: ELSEWHERE }).send(message(), signal);
    expect(mails).toMatchObject([{ encrypted: false }]);
  });
});

describe('replies', () => {
  const THROTTLED = { code: 'ERR_CHANNEL_THROTTLED', retryAfterMs: 300_000 };

  test.each([
    [
      '535 at the login',
      { login: '535 5.7.8 bad password-4c2b8e6d1f' },
      'ERR_CHANNEL_REFUSED',
      /refused the message: SMTP 535$/,
    ],
    ['454 at the login', { login: '454 4.3.0 later' }, 'ERR_CHANNEL_UNAVAILABLE', /cannot be used now: SMTP 454$/],
    [
      '550 to a recipient',
      { recipient: (): string => '550 5.1.1 ops@example.com?' },
      'ERR_CHANNEL_REFUSED',
      /refused .*: SMTP 550$/,
    ],
    ['450 to a recipient', { recipient: (): string => '450 4.2.0 busy' }, 'ERR_CHANNEL_UNAVAILABLE', /SMTP 450$/],
    ['552 to the text', { data: '552 5.3.4 too long' }, 'ERR_CHANNEL_REFUSED', /SMTP 552$/],
    ['451 to the text', { data: '451 4.3.0 disk full' }, 'ERR_CHANNEL_UNAVAILABLE', /SMTP 451$/],
  ] as const)('%s', async (_, replies, code, said) => {
    const { port } = await mailServer({ hideENHANCEDSTATUSCODES: true }, replies);
    const sent = mailChannel({ port, ...LOGIN }).send(message(), signal);
    await expect(sent).rejects.toSatisfy(isChannelError(code, SECRETS));
    await expect(sent).rejects.toThrow(said);
  });

  test('a policy that asks for patience', async () => {
    const { port } = await mailServer(
      { hideENHANCEDSTATUSCODES: true },
      { recipient: (): string => '450 4.7.1 grey listed' },
    );
    const sent = mailChannel({ port }).send(message(), signal);
    await expect(sent).rejects.toSatisfy(isChannelError('ERR_CHANNEL_THROTTLED', SECRETS));
    await expect(sent).rejects.toMatchObject(THROTTLED);
  });

  test('nobody listens', async () => {
    const sent = mailChannel({ port: await closedPort() }).send(message(), signal);
    await expect(sent).rejects.toSatisfy(isChannelError('ERR_CHANNEL_UNAVAILABLE', SECRETS));
    await expect(sent).rejects.toThrow('ECONNREFUSED');
  });

  test('a server that greets nobody is left alone when the time is up, also in the midst of TLS', async () => {
    const { url } = await serveSilence();
    const sent = mailChannel({ port: Number(new URL(url).port), secure: true, timeoutMs: 200 }).send(message(), signal);
    await expect(sent).rejects.toSatisfy(isChannelError('ERR_CHANNEL_UNAVAILABLE', SECRETS));
    await expect(sent).rejects.toThrow('no answer within 200 ms');
  });
});
