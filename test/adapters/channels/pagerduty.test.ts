// PagerDuty: one incident a thread; the order of events; a message that fails half way goes on where it stopped.
import { describe, expect, test } from 'vitest';
import { eventsOf } from '../../../src/adapters/channels/pagerduty.ts';
import type { AlertMessage } from '../../../src/core/alerts/message.ts';
import { item, items, message, signOfLife } from '../../support/alert-messages.ts';
import { serve } from '../../support/servers.ts';
import { channelTo, inboxChannel, ROUTING_KEY } from './rig.ts';

const { signal } = new AbortController();
const over = { until: '2026-11-22T00:00:00.000Z', next: null, loginsUntil: null };
/** `trigger key severity` and `resolve key`, in order. */
const told = (sent: AlertMessage) =>
  eventsOf(sent).map((event) =>
    event.event_action === 'trigger'
      ? `trigger ${event.dedup_key} ${event.payload.severity}`
      : `resolve ${event.dedup_key}`,
  );

test('one condition, as Events v2 wants it', async () => {
  const { channel, world } = await inboxChannel('pagerduty');
  expect(await channel.send(message(), signal)).toEqual({ detail: 'HTTP 202, 1 event' });
  expect(world.inbox.map(({ body }) => body)).toEqual([
    {
      routing_key: ROUTING_KEY,
      event_action: 'trigger',
      dedup_key: 'prod-rotator/RenewalFailing/shop-prod-1g2h3j/apple@tcb.tencentcloudapi.com',
      payload: {
        summary: '[prod-rotator] CRITICAL: shop-prod: the client secret cannot be renewed',
        source: 'prod-rotator',
        severity: 'critical',
        timestamp: '2026-11-20T03:07:00.000Z',
        component: 'shop-prod',
        class: 'RenewalFailing',
        custom_details: expect.objectContaining({
          what: expect.stringContaining('CloudBase denied'),
          next: expect.stringContaining('Add {'),
          logins_until: '2026-12-12T08:00:00.000Z',
          code: 'ERR_CLOUDBASE_DENIED',
          instance: 'prod-rotator',
        }),
      },
      links: [{ href: 'https://ops.example.com/runbook.md#rotationfailing', text: 'RenewalFailing' }],
      client: 'apple-secret-rotator',
      client_url: 'https://ops.example.com/runbook.md#rotationfailing',
    },
  ]);
});

test('what is to be pasted has rows of its own, and a runbook that is a path no link', () => {
  const next = 'Run `apple-secret-rotator once --target shop`, and if that fails: `apple-secret-rotator generate`.';
  const [event] = eventsOf(message({ items: [item({ next, runbook: 'docs/runbook.md#rotationfailing' })] }));
  expect(event).not.toHaveProperty('client_url');
  expect(event).toMatchObject({
    payload: {
      custom_details: {
        next: 'Run `apple-secret-rotator once --target shop`, and if that fails:',
        paste: 'apple-secret-rotator once --target shop',
        paste_2: 'apple-secret-rotator generate',
      },
    },
  });
});

describe('events', () => {
  const a = item({ id: 'A', thread: 'A' });

  test.each<[what: string, sent: AlertMessage, events: string[]]>([
    ['a raise triggers', message({ items: [a] }), ['trigger prod-rotator/A critical']],
    [
      'a reminder triggers the same incident',
      message({ items: [{ ...a, status: 'repeated' }] }),
      ['trigger prod-rotator/A critical'],
    ],
    [
      'what has become worse is a new incident before the old one is resolved',
      message({ items: [{ ...a, status: 'escalated', thread: 'A#critical' }], closes: ['A'] }),
      ['trigger prod-rotator/A#critical critical', 'resolve prod-rotator/A'],
    ],
    [
      'an all-clear resolves',
      message({ items: [{ ...a, ...over, status: 'cleared' }], closes: ['A'] }),
      ['resolve prod-rotator/A'],
    ],
    [
      'one of a storm that is over resolves nothing while another lasts',
      message({ items: [{ ...a, ...over, status: 'cleared', thread: 'storm' }], closes: [] }),
      [],
    ],
    [
      'what was over before it could be told is told and resolved',
      message({ items: [{ ...a, ...over, status: 'ended' }], closes: ['A'] }),
      ['trigger prod-rotator/A info', 'resolve prod-rotator/A'],
    ],
    [
      'and does not resolve the incident that it shared with others',
      message({ items: [{ ...a, ...over, status: 'ended', thread: 'storm' }], closes: [] }),
      ['trigger prod-rotator/A#ended info', 'resolve prod-rotator/A#ended'],
    ],
    [
      'an event is told and resolved',
      message({ items: [{ ...a, condition: 'Unwatched', id: 'Unwatched/1', status: 'happened', severity: 'info' }] }),
      ['trigger prod-rotator/Unwatched/1#happened info', 'resolve prod-rotator/Unwatched/1#happened'],
    ],
    [
      'several events of a message are one',
      message({
        items: ['1', '2'].map((id) => ({
          ...{ ...a, condition: 'Unwatched', id: `Unwatched/${id}`, status: 'happened', severity: 'info', target: id },
        })),
      }),
      ['trigger prod-rotator/Unwatched/1#happened info', 'resolve prod-rotator/Unwatched/1#happened'],
    ],
    [
      'a thread that is open again is not resolved',
      message({ items: [a, { ...a, ...over, id: 'B', status: 'cleared' }], closes: ['A'] }),
      ['trigger prod-rotator/A critical'],
    ],
    ['a digest', signOfLife('digest'), ['trigger prod-rotator/digest info', 'resolve prod-rotator/digest']],
    ['a test', signOfLife('test'), ['trigger prod-rotator/test info', 'resolve prod-rotator/test']],
    ['a warning', message({ items: [{ ...a, severity: 'warning' }] }), ['trigger prod-rotator/A warning']],
    [
      'a storm is one incident, as bad as its worst',
      message({ items: items(500, { thread: 'storm', severity: 'warning' }).with(7, { ...a, thread: 'storm' }) }),
      ['trigger prod-rotator/storm critical'],
    ],
  ])('%s', (_, sent, events) => {
    expect(told(sent)).toEqual(events);
  });

  test('of one thread among others speak of it alone', () => {
    const [, second] = eventsOf(message({ items: [a, item({ id: 'B', thread: 'B', target: 'blog' })] }));
    expect(second).toMatchObject({
      payload: { summary: '[prod-rotator] CRITICAL: blog: the client secret cannot be renewed', component: 'blog' },
    });
  });

  test('keep to the lengths', () => {
    const thread = 'x'.repeat(300);
    const [event, other] = eventsOf(
      message({ title: '长'.repeat(2000), items: [item({ thread }), item({ thread: `${thread}y` })] }),
    );
    expect([event?.dedup_key, other?.dedup_key]).toEqual([
      expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    ]);
    expect(event?.dedup_key).not.toBe(other?.dedup_key);
    expect(eventsOf(message({ title: '长'.repeat(2000) }))).toMatchObject([
      { payload: { summary: `${'长'.repeat(1023)}…` } },
    ]);
  });
});

test('a message that stopped half way goes on there, and starts anew once it was accepted', async () => {
  const states = [202, 429, 202, 202, 202, 202, 202];
  const { url, seen } = await serve((_, response) => response.writeHead(states[seen.length - 1] ?? 202).end());
  const channel = channelTo('pagerduty', url);
  const sent = message({ items: ['A', 'B', 'C'].map((id) => item({ id, thread: id })) });
  const keys = () => seen.map(({ body }) => (JSON.parse(body) as { dedup_key: string }).dedup_key.slice(-1)).join('');
  await expect(channel.send(sent, signal)).rejects.toMatchObject({ code: 'ERR_CHANNEL_THROTTLED' });
  expect(await channel.send(sent, signal)).toEqual({ detail: 'HTTP 202, 3 events' });
  expect(keys()).toBe('ABBC');
  await channel.send(sent, signal);
  expect(keys()).toBe('ABBCABC');
});

test('HTTP 200 is not the answer of PagerDuty', async () => {
  const { url } = await serve((_, response) => response.writeHead(200).end('{}'));
  await expect(channelTo('pagerduty', url).send(message(), signal)).rejects.toThrow(
    'channel ops (pagerduty) answered HTTP 200 without HTTP 202',
  );
});
