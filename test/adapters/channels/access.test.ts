// What a request shows to a proxy or a receiver that asks who calls: `auth` and `headers` of webhook and alertmanager.
import { describe, expect, test } from 'vitest';
import { redactText } from '../../../src/core/redact.ts';
import { isChannelError } from '../../contract/channel.ts';
import { message } from '../../support/alert-messages.ts';
import { serve } from '../../support/servers.ts';
import { channelTo, inboxChannel, SECRET } from './rig.ts';

const { signal } = new AbortController();
const TOKEN = 'bearer-3f9a1c7e5b2d';
const PASSWORD = 'pass word: ü';
const BASIC = `Basic ${Buffer.from(`rotator:${PASSWORD}`).toString('base64')}`;

describe.each(['webhook', 'alertmanager'] as const)('%s', (type) => {
  test.each([
    ['a bearer token', { auth: { bearer: TOKEN } }, `Bearer ${TOKEN}`],
    ['user and password', { auth: { user: 'rotator', password: PASSWORD } }, BASIC],
    ['a header', { headers: { Authorization: 'Token abc' } }, 'Token abc'],
  ])('%s is accepted by an inbox that asks for it; nothing else is', async (_, own, authorization) => {
    const { channel, world } = await inboxChannel(type, {}, own);
    world.inboxGuards.set(type, { authorization });
    await channel.send(message(), signal);
    expect(world.inbox.map(({ refused }) => refused)).toEqual([undefined]);
    world.inboxGuards.set(type, { authorization: 'Bearer other' });
    const refused = channel.send(message(), signal);
    await expect(refused).rejects.toSatisfy(
      isChannelError('ERR_CHANNEL_REFUSED', [TOKEN, PASSWORD, BASIC, 'Token abc']),
    );
    await expect(refused).rejects.toThrow('HTTP 401');
    if (authorization === BASIC) expect(redactText(`sent ${BASIC.slice(6)}.`)).not.toContain(BASIC.slice(6));
  });

  test('further headers go with each request, and replace none of its own', async () => {
    const { url, seen } = await serve((_, response) => response.writeHead(200).end());
    const own = { secret: SECRET, headers: { 'X-Team': 'shop', 'x-empty': undefined } };
    await channelTo(type, url, {}, type === 'webhook' ? own : { headers: own.headers }).send(message(), signal);
    expect(seen[0]?.headers).toMatchObject({ 'x-team': 'shop', 'content-type': 'application/json; charset=utf-8' });
    expect(seen[0]?.headers).not.toHaveProperty('x-empty');
    expect(seen[0]?.headers).not.toHaveProperty('authorization');
  });
});
