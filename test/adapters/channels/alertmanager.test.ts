// Alertmanager: labels that find an alert again, ends that fire and resolve, refreshing, posts of bounded size.
import { describe, expect, test } from 'vitest';
import { alertsOf } from '../../../src/adapters/channels/alertmanager.ts';
import type { AlertMessage, MessageItem } from '../../../src/core/alerts/message.ts';
import type { RefreshedChannel } from '../../../src/core/ports.ts';
import { item, items, message, signOfLife } from '../../support/alert-messages.ts';
import { HandClock } from '../../support/clock.ts';
import { serve } from '../../support/servers.ts';
import { channelTo, inboxChannel } from './rig.ts';

const { signal } = new AbortController();
const NOW = Date.UTC(2026, 10, 22);
const iso = (ms: number) => new Date(ms).toISOString();
const over = { until: iso(NOW), next: null, loginsUntil: null };
/** `alertname severity seconds-until-its-end`, in order. */
const told = (sent: AlertMessage) =>
  alertsOf(sent, NOW).map(
    ({ labels, endsAt }) => `${labels['alertname']} ${labels['severity']} ${(Date.parse(endsAt) - NOW) / 1000}`,
  );
const one = (overrides: Partial<MessageItem>) => message({ items: [item(overrides)] });

test('what would call somebody or be a tag in the message that Alertmanager writes is neither', () => {
  const text = '.@here -@all <!channel> <script>alert(1)</script>';
  const safe = '.＠here -＠all ＜!channel＞ ＜script＞alert(1)＜/script＞';
  const [alert] = alertsOf(one({ target: null, title: text, what: text, next: text }), NOW);
  expect(alert?.annotations).toMatchObject({ summary: safe, description: safe, next: safe });
});

test('one condition, as the API wants it', async () => {
  const { channel, world } = await inboxChannel('alertmanager', { clock: new HandClock(NOW) });
  expect(await channel.send(message(), signal)).toEqual({ detail: 'HTTP 200, 1 alert' });
  expect(world.inbox).toMatchObject([
    {
      rest: '/api/v2/alerts?key=token-7f3a9c1e5b',
      body: [
        {
          labels: {
            alertname: 'RenewalFailing',
            severity: 'critical',
            instance: 'prod-rotator',
            target: 'shop-prod',
            env_id: 'shop-prod-1g2h3j',
            provider_id: 'apple',
            condition_id: 'RenewalFailing/shop-prod-1g2h3j/apple@tcb.tencentcloudapi.com',
          },
          annotations: {
            summary: 'shop-prod: the client secret cannot be renewed',
            description: expect.stringContaining('CloudBase denied'),
            next: expect.stringContaining('Add {'),
            logins_until: '2026-12-12T08:00:00.000Z',
            code: 'ERR_CLOUDBASE_DENIED',
            runbook_url: 'https://ops.example.com/runbook.md#rotationfailing',
          },
          startsAt: '2026-11-20T03:07:00.000Z',
          endsAt: iso(NOW + 600_000),
          generatorURL: 'https://ops.example.com/runbook.md#rotationfailing',
        },
      ],
    },
  ]);
});

test('what is to be pasted is an annotation of its own', () => {
  const next = 'Run `apple-secret-rotator once --target shop`; else `apple-secret-rotator generate`.';
  const [alert] = alertsOf(one({ next }), NOW);
  expect(alert?.annotations['paste']).toBe('apple-secret-rotator once --target shop\napple-secret-rotator generate');
  expect(alertsOf(one({}), NOW)[0]?.annotations).not.toHaveProperty('paste');
});

describe('ends', () => {
  test.each<[what: string, sent: AlertMessage, alerts: string[]]>([
    ['a raise fires for ten minutes', one({}), ['RenewalFailing critical 600']],
    ['a reminder fires again', one({ status: 'repeated', severity: 'warning' }), ['RenewalFailing warning 600']],
    [
      'what has become worse ends as a warning first',
      one({ status: 'escalated' }),
      ['RenewalFailing warning 0', 'RenewalFailing critical 600'],
    ],
    [
      'an all-clear ends it under each severity',
      one({ ...over, status: 'cleared' }),
      ['RenewalFailing warning 0', 'RenewalFailing critical 0'],
    ],
    [
      'what was over before it could be told is shown for five minutes',
      one({ ...over, status: 'ended' }),
      ['RenewalFailing warning 0', 'RenewalFailing critical 0', 'RenewalFailing info 300'],
    ],
    ['an event is shown for five minutes', one({ condition: 'Unwatched', status: 'happened' }), ['Unwatched info 300']],
    ['a digest', signOfLife('digest'), ['RotatorDigest info 300']],
    ['a test', signOfLife('test'), ['RotatorTest info 300']],
  ])('%s', (_, sent, alerts) => {
    expect(told(sent)).toEqual(alerts);
  });

  test('no alert ends before it starts, whatever its clock said', () => {
    const [alert] = alertsOf(one({ since: iso(NOW + 900_000) }), NOW);
    expect(alert?.startsAt).toBe(iso(NOW));
  });

  test('an all-clear finds the alert that was raised by its labels', () => {
    const [raised] = alertsOf(one({}), NOW);
    expect(alertsOf(one({ ...over, status: 'cleared' }), NOW).map(({ labels }) => labels)).toContainEqual(
      raised?.labels,
    );
  });
});

test('what is open is told again, with ends that move on', async () => {
  const clock = new HandClock(NOW);
  const { channel, world } = await inboxChannel('alertmanager', { clock });
  const refreshed = channel as RefreshedChannel;
  expect(refreshed.refreshEveryMs).toBe(120_000);
  const { items: open, ...frame } = message();
  await refreshed.refresh(open, frame, signal);
  await clock.advance(120_000);
  await refreshed.refresh(open, frame, signal);
  const ends = world.inbox.map(({ body }) => (body as { endsAt: string }[])[0]?.endsAt);
  expect(ends).toEqual([iso(NOW + 600_000), iso(NOW + 720_000)]);
  await refreshed.refresh([], frame, signal);
  expect(world.inbox).toHaveLength(2);
});

test('what a process tells that will not be there to tell it again fires for a day and more', async () => {
  const { channel, world } = await inboxChannel('alertmanager', { clock: new HandClock(NOW), isBrief: true });
  await channel.send(message(), signal);
  const { items: open, ...frame } = message();
  await (channel as RefreshedChannel).refresh(open, frame, signal);
  await channel.send(one({ ...over, status: 'cleared' }), signal);
  const ends = world.inbox.flatMap(({ body }) => (body as { endsAt: string }[]).map(({ endsAt }) => endsAt));
  expect(ends).toEqual([iso(NOW + 26 * 3_600_000), iso(NOW + 26 * 3_600_000), iso(NOW), iso(NOW)]);
});

test('thousands of alerts go in posts of at most 500 kB', async () => {
  const { url, seen } = await serve((_, response) => response.writeHead(200).end());
  await channelTo('alertmanager', url).send(message({ items: items(3000, { what: '错'.repeat(200) }) }), signal);
  const sizes = seen.map(({ body }) => Buffer.byteLength(body));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(500_000);
  expect(seen.flatMap(({ body }) => JSON.parse(body) as unknown[])).toHaveLength(3000);
  expect(sizes.length).toBeLessThan(15);
});

test.each([
  ['', '/api/v2/alerts'],
  ['/', '/api/v2/alerts'],
  ['/am/', '/am/api/v2/alerts'],
  ['/api/v2/alerts', '/api/v2/alerts'],
  ['/am/api/v2/alerts/?a=b', '/am/api/v2/alerts?a=b'],
])('a URL that ends in "%s" is posted to at %s', async (end, path) => {
  const { url, seen } = await serve((_, response) => response.writeHead(200).end());
  await channelTo('alertmanager', `${url}${end}`).send(message(), signal);
  expect(seen.map(({ url: at }) => at)).toEqual([path]);
});
