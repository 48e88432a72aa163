// Every channel over HTTP against the shared contract, with the sandbox's inbox as the service behind it; and what each
// answer of each service means.
import { describe, expect, test } from 'vitest';
import type { Channel } from '../../../src/core/ports.ts';
import type { Fault } from '../../../src/sandbox/faults.ts';
import { channelContract, isChannelError } from '../../contract/channel.ts';
import { message } from '../../support/alert-messages.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { HandClock, realClock } from '../../support/clock.ts';
import { closedPort, serve } from '../../support/servers.ts';
import { channelTo, HTTP_TYPES, type HttpType, inboxChannel, ROUTING_KEY, SECRET, TOKEN } from './rig.ts';

const { signal } = new AbortController();
const SECRETS = [TOKEN, SECRET, ROUTING_KEY, '127.0.0.1', '/inbox/'];

const FAULTS = {
  reset: { service: 'inbox', kind: 'reset-before', times: 1 },
  hang: { service: 'inbox', kind: 'hang', times: 1 },
  busy: { service: 'inbox', kind: 'status', status: 503, times: 1 },
} as const satisfies Readonly<Record<string, Fault>>;

for (const type of HTTP_TYPES)
  channelContract(type, async ({ timeoutMs }) => {
    // The distance between messages is kept, or Feishu would refuse the sixth within a second.
    let waited = 0;
    const clock = { ...realClock, now: () => Date.now() + waited };
    const { channel, world } = await inboxChannel(type, { timeoutMs, clock });
    const send: Channel['send'] = (told, aborted) => {
      waited += channel.gapMs;
      return channel.send(told, aborted);
    };
    return {
      channel: { ...channel, send },
      secrets: SECRETS,
      taken: () => world.inbox.map(({ body }) => textOf(body)).join('\n'),
      refused: () => world.inbox.flatMap(({ refused }) => refused ?? []),
      fail: (how) => void world.faults.add(FAULTS[how]),
    };
  });

/** The texts of a body, one a line. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(textOf).join('\n');
}

describe.each(HTTP_TYPES)('%s', (type) => {
  const failing = async (fault: Omit<Fault, 'service'>, clock?: HandClock) => {
    const { channel, world } = await inboxChannel(type, clock === undefined ? {} : { clock });
    world.faults.add({ service: 'inbox', ...fault });
    return channel.send(message(), signal);
  };

  test.each([
    ['a server error', { kind: 'status', status: 500 }, 'ERR_CHANNEL_UNAVAILABLE', /cannot be used now: HTTP 500$/],
    [
      'a redirect',
      { kind: 'redirect', location: 'http://127.0.0.1:1/' },
      'ERR_CHANNEL_REFUSED',
      /redirect \(HTTP 307\)/,
    ],
    ['two megabytes', { kind: 'huge' }, 'ERR_CHANNEL_UNAVAILABLE', /the answer is too long$/],
    ['an unknown URL', { kind: 'status', status: 404 }, 'ERR_CHANNEL_REFUSED', /refused the message: HTTP 404$/],
    ['a forbidden one', { kind: 'status', status: 403, body: TOKEN }, 'ERR_CHANNEL_REFUSED', /refused .*: HTTP 403$/],
    ['a reset', { kind: 'reset-after' }, 'ERR_CHANNEL_UNAVAILABLE', /could not connect, or the connection was lost/],
  ] as const)('%s', async (_, fault, code, said) => {
    const sent = failing(fault);
    await expect(sent).rejects.toSatisfy(isChannelError(code, SECRETS));
    await expect(sent).rejects.toThrow(said);
  });

  test.each([
    ['in seconds', '30', 30_000],
    ['as a date', 'Sun, 22 Nov 2026 00:02:00 GMT', 120_000],
    ['in the past', 'Sat, 21 Nov 2026 00:00:00 GMT', 0],
    ['of days', '999999', 21_600_000],
    ['that is nonsense', 'soon', 60_000],
  ])('HTTP 429 with a Retry-After %s', async (_, retryAfter, retryAfterMs) => {
    const clock = new HandClock(Date.UTC(2026, 10, 22));
    const sent = failing({ kind: 'status', status: 429, headers: { 'retry-after': retryAfter } }, clock);
    await expect(sent).rejects.toSatisfy(isChannelError('ERR_CHANNEL_THROTTLED', SECRETS));
    await expect(sent).rejects.toMatchObject({ retryAfterMs, remoteCode: 'HTTP_429' });
  });

  test('HTTP 503 with a Retry-After', async () => {
    const sent = failing({ kind: 'status', status: 503, headers: { 'retry-after': '7' } });
    await expect(sent).rejects.toMatchObject({ code: 'ERR_CHANNEL_UNAVAILABLE', retryAfterMs: 7_000 });
  });

  test('a page of HTML with HTTP 200', async () => {
    const sent = failing({ kind: 'body' });
    // A webhook takes any 2xx, and Alertmanager's answer has no content to be known by.
    if (type === 'webhook' || type === 'alertmanager') expect((await sent).detail).toMatch(/^HTTP 200/);
    else await expect(sent).rejects.toSatisfy(isChannelError('ERR_CHANNEL_REFUSED', SECRETS));
  });

  test('nobody listens', async () => {
    const sent = channelTo(type, `http://127.0.0.1:${await closedPort()}/${TOKEN}`).send(message(), signal);
    await expect(sent).rejects.toSatisfy(isChannelError('ERR_CHANNEL_UNAVAILABLE', SECRETS));
    await expect(sent).rejects.toThrow('ECONNREFUSED');
  });

  test('a certificate that nobody vouches for is not trusted; one that somebody does is', async () => {
    const certificate = selfSignedCertificate(['localhost']);
    const { port, seen } = await serve((_, response) => response.writeHead(404).end(), certificate);
    const url = `https://localhost:${port}/${TOKEN}`;
    const untrusted = channelTo(type, url).send(message(), signal);
    await expect(untrusted).rejects.toSatisfy(isChannelError('ERR_CHANNEL_REFUSED', [...SECRETS, 'localhost']));
    await expect(untrusted).rejects.toMatchObject({ hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
    expect(seen).toEqual([]);
    await expect(channelTo(type, url, { ca: certificate.cert }).send(message(), signal)).rejects.toThrow('HTTP 404');
    expect(seen).toHaveLength(1);
  });

  test('http:// to another machine is refused, unless it is said to be wanted', () => {
    expect(() => channelTo(type, `http://tool.example/${TOKEN}`)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: 'channel ops has an http:// URL, wanted https://' }),
    );
  });
});

interface CodeCase {
  readonly type: HttpType;
  readonly code: number | string;
  readonly error: string;
  readonly hint: RegExp;
  readonly retryAfterMs?: number;
  readonly status?: number;
}

const CODES: readonly CodeCase[] = [
  { type: 'wecom', code: 40058, error: 'ERR_CHANNEL_REFUSED', hint: /^Copy the webhook URL/ },
  { type: 'wecom', code: 93000, error: 'ERR_CHANNEL_REFUSED', hint: /^Copy the webhook URL/ },
  { type: 'wecom', code: 45009, error: 'ERR_CHANNEL_THROTTLED', hint: /who else posts/, retryAfterMs: 60_000 },
  { type: 'wecom', code: -1, error: 'ERR_CHANNEL_UNAVAILABLE', hint: /status page/ },
  { type: 'wecom', code: 12345, error: 'ERR_CHANNEL_REFUSED', hint: /^Look the code up/ },
  {
    type: 'dingtalk',
    code: 310000,
    error: 'ERR_CHANNEL_REFUSED',
    hint: /signature, copy its secret .*clock.*keywords/,
  },
  { type: 'dingtalk', code: 300005, error: 'ERR_CHANNEL_REFUSED', hint: /^Copy the webhook URL/ },
  { type: 'dingtalk', code: 130101, error: 'ERR_CHANNEL_THROTTLED', hint: /who else posts/, retryAfterMs: 600_000 },
  { type: 'dingtalk', code: -1, error: 'ERR_CHANNEL_UNAVAILABLE', hint: /status page/ },
  { type: 'feishu', code: 19021, error: 'ERR_CHANNEL_REFUSED', hint: /^Copy the secret .*clock/ },
  { type: 'feishu', code: 19024, error: 'ERR_CHANNEL_REFUSED', hint: /keywords .*signature verification/ },
  { type: 'feishu', code: 19001, error: 'ERR_CHANNEL_REFUSED', hint: /^Copy the webhook URL/, status: 400 },
  { type: 'feishu', code: 11232, error: 'ERR_CHANNEL_THROTTLED', hint: /who else posts/, retryAfterMs: 60_000 },
  { type: 'slack', code: 'no_service', error: 'ERR_CHANNEL_REFUSED', hint: /new incoming webhook/, status: 404 },
  { type: 'slack', code: 'invalid_token', error: 'ERR_CHANNEL_REFUSED', hint: /new incoming webhook/, status: 403 },
  { type: 'slack', code: 'channel_is_archived', error: 'ERR_CHANNEL_REFUSED', hint: /restore this one/, status: 410 },
  { type: 'pagerduty', code: 'HTTP 400', error: 'ERR_CHANNEL_REFUSED', hint: /^Copy the integration key/, status: 400 },
];

describe('the services’ own codes', () => {
  test.each(CODES)('$type $code is $error', async ({ type, code, error, hint, retryAfterMs, status = 200 }) => {
    const { channel, world } = await inboxChannel(type);
    const key = type === 'feishu' ? 'code' : 'errcode';
    // The words of the service may repeat what was sent to it.
    const body =
      typeof code === 'number' ? JSON.stringify({ [key]: code, errmsg: `${TOKEN} is wrong`, msg: TOKEN }) : code;
    world.faults.add({ service: 'inbox', kind: 'body', status, body });
    const sent = channel.send(message(), signal);
    await expect(sent).rejects.toSatisfy(isChannelError(error, SECRETS));
    await expect(sent).rejects.toThrow(String(code));
    await expect(sent).rejects.toMatchObject({ hint: expect.stringMatching(hint), retryAfterMs });
  });

  test.each(['wecom', 'dingtalk', 'feishu'] as const)('%s: an answer without a code is no success', async (type) => {
    const { channel, world } = await inboxChannel(type);
    for (const body of ['{}', '[]', '{"errcode":"0","code":"0"}', '']) {
      world.faults.add({ service: 'inbox', kind: 'body', body, times: 1 });
      await expect(channel.send(message(), signal)).rejects.toSatisfy(isChannelError('ERR_CHANNEL_REFUSED', SECRETS));
    }
  });
});
