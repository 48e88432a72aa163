// The channel `webhook` and its documentation: the schema is generated, the example fits it, and the snippet by which a
// receiver checks the signature does so.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { webhookSignature } from '../../../src/adapters/channels/webhook.ts';
import { webhookBody, webhookJsonSchema } from '../../../src/adapters/channels/webhook-body.ts';
import { item, items, message, signOfLife } from '../../support/alert-messages.ts';
import { HandClock } from '../../support/clock.ts';
import { misfits, type Schema } from '../../support/schema-check.ts';
import { serve } from '../../support/servers.ts';
import { channelTo, inboxChannel, SECRET } from './rig.ts';

const { signal } = new AbortController();
const SCHEMA = webhookJsonSchema() as Schema;
const documentation = await readFile('docs/webhook.md', 'utf8');
const block = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(documentation)?.[1] ?? '';

test('config/webhook.schema.json is what the definition gives: else run `npm run schema`', async () => {
  expect(JSON.parse(await readFile('config/webhook.schema.json', 'utf8'))).toEqual(JSON.parse(JSON.stringify(SCHEMA)));
});

test('every field of the schema is described', () => {
  const fields = (SCHEMA['properties'] as Record<string, Schema>)['items']?.['items'] as Schema;
  for (const of of [SCHEMA, fields])
    for (const [name, { description }] of Object.entries(of['properties'] as Record<string, Schema>))
      expect(description, name).toEqual(expect.stringMatching(/\w/));
});

test('what would call somebody or be a tag where it is passed on to is neither', () => {
  const text = '.@here -@all <!channel> <script>alert(1)</script> a@example.com';
  const sent = message({ title: text, items: [item({ title: text, what: text, next: text })] });
  const safe = '.＠here -＠all ＜!channel＞ ＜script＞alert(1)＜/script＞ a@example.com';
  const posted = JSON.parse(webhookBody({ ...sent, lines: [text] })) as Record<string, unknown>;
  expect(posted).toMatchObject({ title: safe, lines: [safe], items: [{ title: safe, what: safe, next: safe }] });
});

describe('what is posted fits the schema', () => {
  const over = { status: 'cleared', until: '2026-11-22T00:00:00.000Z', next: null, loginsUntil: null } as const;
  test.each([
    ['an alert', message()],
    ['an all-clear', message({ items: [item(over)], closes: ['thread'] })],
    ['an event', message({ items: [item({ condition: 'Unwatched', status: 'happened', severity: 'info' })] })],
    ['of the service', message({ items: [item({ target: null, envId: null, providerId: null, code: null })] })],
    ['a digest', signOfLife('digest')],
    ['a test', signOfLife('test')],
  ])('%s', (_, told) => {
    const posted: unknown = JSON.parse(webhookBody(told));
    expect(misfits(SCHEMA, posted)).toEqual([]);
    const { labels: _labels, ...rest } = told;
    const items = told.items.map(({ condition: cause, ...each }) => ({ cause, ...each }));
    expect(posted).toEqual({ schema: 2, ...rest, items, omitted: 0 });
  });

  test('thousands of items, of which the last are left out and counted', () => {
    const body = webhookBody(message({ items: items(3000, { what: '错'.repeat(300) }) }));
    const { items: told, omitted } = JSON.parse(body) as { items: unknown[]; omitted: number };
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(900_000);
    expect([told.length > 300, told.length + omitted]).toEqual([true, 3000]);
  });
});

describe('docs/webhook.md', () => {
  test('shows a body that fits the schema', () => {
    expect(misfits(SCHEMA, JSON.parse(block('json')))).toEqual([]);
  });

  test('shows how to check the signature', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'snippet-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'snippet.mjs');
    await writeFile(file, block('js'));
    const { isFromRotator } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      isFromRotator(headers: object, body: string, secret: string, now?: number): boolean;
    };
    const clock = new HandClock();
    const { url, seen } = await serve((_, response) => response.writeHead(204).end());
    await channelTo('webhook', url, { clock }).send(message(), signal);
    const { headers = {}, body = '' } = seen[0] ?? {};
    expect(isFromRotator(headers, body, SECRET, clock.now())).toBe(true);
    expect(isFromRotator(headers, `${body} `, SECRET, clock.now())).toBe(false);
    expect(isFromRotator(headers, body, 'other', clock.now())).toBe(false);
    expect(isFromRotator(headers, body, SECRET, clock.now() + 302_000)).toBe(false);
    expect(isFromRotator({}, body, SECRET, clock.now())).toBe(false);
  });
});

test('the signature of a known message', () => {
  // openssl: printf '1700000000.{}' | openssl dgst -sha256 -hmac SECtest
  expect(webhookSignature(SECRET, 1_700_000_000, '{}')).toBe(
    '1ca9c1118f30667daf0291fe288dfba4f2a2cb00e7d978cc176d5b16d63877d6',
  );
});

test('the sandbox takes the signature, and refuses one of another secret', async () => {
  const { channel, world } = await inboxChannel('webhook');
  expect(await channel.send(message(), signal)).toEqual({ detail: 'HTTP 200' });
  expect(world.inbox[0]?.headers).toMatchObject({
    'x-rotator-id': message().id,
    'user-agent': 'apple-secret-rotator/1.2.3',
    'content-type': 'application/json; charset=utf-8',
  });
  world.inboxGuards.set('webhook', { secret: 'other' });
  await expect(channel.send(message(), signal)).rejects.toThrow('channel ops (webhook) refused the message: HTTP 401');
});

test('without a secret nothing is signed', async () => {
  const { url, seen } = await serve((_, response) => response.writeHead(200).end());
  await channelTo('webhook', url, {}, {}).send(message(), signal);
  expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => name.startsWith('x-rotator'))).toEqual(['x-rotator-id']);
});
