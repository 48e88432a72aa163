// Channel `pagerduty`: Events API v2 (developer.pagerduty.com/docs/events-api-v2). Each thread is one incident,
// identified by its dedup_key. A message becomes several events, first those that open incidents, then those that
// resolve them. When a message is tried again, the events that were already accepted are not sent again: a long message
// would otherwise fail at the service's rate limit for ever.

import { hash } from 'node:crypto';
import * as z from 'zod';
import { shortened } from '../../alerts/words/fitting.ts';
import { FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut, linkOf } from '../../alerts/words/layout.ts';
import { nextStepOf } from '../../alerts/words/next-step.ts';
import { type AlertMessage, type MessageItem, shownItems } from '../../core/alerts/message.ts';
import type { Channel } from '../../core/ports.ts';
import { counted } from '../../core/texts/en/words.ts';
import { patterned } from '../scalars.ts';
import { type ChannelTools, Poster } from './http.ts';
import { common, postUrl } from './options.ts';

export const options = z.strictObject({
  type: z.literal('pagerduty'),
  ...common,
  routingKey: patterned(['routing-key'], /^[A-Za-z0-9]{20,64}$/).describe(
    'The integration key of the service (Events API v2). Never shown.',
  ),
  url: postUrl().prefault('https://events.pagerduty.com/v2/enqueue').describe('Where events go.'),
});
export type PagerdutyOptions = z.output<typeof options>;

const MAX_SUMMARY = 1024;
const MAX_DEDUP_KEY = 255;
/** An event may have 512 KB; nobody reads more than this. */
const MAX_DETAILS = 20_000;
/** PagerDuty accepts about two events a second; few messages have more than three. */
const GAP_MS = 2_000;

interface Trigger {
  readonly event_action: 'trigger';
  readonly dedup_key: string;
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: 'critical' | 'warning' | 'info';
    readonly timestamp: string;
    readonly component?: string;
    readonly class?: string;
    readonly custom_details: Readonly<Record<string, string | number>>;
  };
  readonly links: readonly { readonly href: string; readonly text: string }[];
  readonly client: string;
  readonly client_url?: string;
}
interface Resolve {
  readonly event_action: 'resolve';
  readonly dedup_key: string;
}
type PagerdutyEvent = Trigger | Resolve;

export function createPagerdutyChannel({ routingKey, url, ...named }: PagerdutyOptions, tools: ChannelTools): Channel {
  const poster = new Poster('pagerduty', named, url, tools);
  let accepted: { readonly id: string; count: number } = { id: '', count: 0 };
  return {
    name: named.name,
    type: 'pagerduty',
    gapMs: GAP_MS,
    reach: (signal) => poster.reach(signal),
    async send(message, signal) {
      const events = eventsOf(message);
      const progress = accepted.id === message.id ? accepted : { id: message.id, count: 0 };
      accepted = progress;
      for (const event of events.slice(progress.count)) {
        const answer = await poster.post({ url, body: JSON.stringify({ routing_key: routingKey, ...event }), signal });
        if (answer.status === 400) throw poster.refused('HTTP 400', 'pagerduty-key', 'HTTP_400');
        poster.requireSuccess(answer);
        if (answer.status !== 202) throw poster.unknownAnswer(answer, 'HTTP 202');
        progress.count += 1;
      }
      // Somebody may send the same message again on purpose, as a whole.
      accepted = { id: '', count: 0 };
      return { detail: `HTTP 202, ${counted(events.length, 'event')}` };
    },
  };
}

/** The events of a message in the order in which they are sent. Pure. */
export function eventsOf(message: AlertMessage): PagerdutyEvent[] {
  const { items, instance, kind } = message;
  if (items.length === 0) return passing(message, keyOf(instance, kind), []);
  const open = byThread(items.filter(({ status }) => OPEN.includes(status)));
  const closes = message.closes.filter((thread) => !open.has(thread));
  // What is over in a thread must not resolve what else is open in it.
  const keyOfEnded = ({ thread, id }: MessageItem) => keyOf(instance, closes.includes(thread) ? thread : `${id}#ended`);
  const ended = items.filter(({ status }) => status === 'ended').map((item) => [keyOfEnded(item), [item]] as const);
  // However many targets left the configuration, that is one event: nobody has to act at once.
  const happened = shownItems(items).filter(({ status }) => status === 'happened');
  const [first] = happened;
  const passed = [
    ...ended,
    ...(first === undefined ? [] : [[keyOf(instance, `${first.id}#happened`), happened] as const]),
  ];
  const resolvedBelow = new Set(passed.map(([key]) => key));
  return [
    ...[...open].map(([thread, members]) => trigger(message, keyOf(instance, thread), members)),
    ...closes
      .map((thread) => resolve(keyOf(instance, thread)))
      .filter(({ dedup_key }) => !resolvedBelow.has(dedup_key)),
    // What a test opens is over at once.
    ...(kind === 'test' ? [...open.keys()].map((thread) => resolve(keyOf(instance, thread))) : []),
    ...passed.flatMap(([key, over]) => passing(message, key, over)),
  ];
}

const OPEN: readonly MessageItem['status'][] = ['raised', 'escalated', 'changed', 'repeated'];

/** An event that is over as soon as it is reported. */
function passing(message: AlertMessage, key: string, items: readonly MessageItem[]): PagerdutyEvent[] {
  const { payload, ...event } = trigger(message, key, items);
  return [{ ...event, payload: { ...payload, severity: 'info' } }, resolve(key)];
}

function resolve(key: string): Resolve {
  return { event_action: 'resolve', dedup_key: key };
}

function trigger(message: AlertMessage, key: string, items: readonly MessageItem[]): Trigger {
  const first = items[0];
  const alone = items.length === 1 ? first : undefined;
  const severity = items.some((item) => item.severity === 'critical') ? 'critical' : (first?.severity ?? 'info');
  const component = alone?.target;
  const runbook = items.flatMap((item) => linkOf(item.runbook) ?? []).at(0);
  return {
    event_action: 'trigger',
    dedup_key: key,
    payload: {
      summary: shortened(summaryOf(message, items), '…', (text) => text.length <= MAX_SUMMARY),
      source: message.instance,
      severity,
      timestamp: first?.since ?? message.at,
      ...(component === null || component === undefined ? {} : { component }),
      ...(first === undefined ? {} : { class: first.condition }),
      custom_details: detailsOf(message, items),
    },
    links: linksOf(items),
    client: 'apple-secret-rotator',
    // PagerDuty shows the client as a link to this.
    ...(runbook === undefined ? {} : { client_url: runbook }),
  };
}

/** The message's own title if it is about these items alone. */
function summaryOf(message: AlertMessage, items: readonly MessageItem[]): string {
  const { text } = FLAVOURS.relayed;
  const [first] = items;
  if (first === undefined || items.length === message.items.length) return text(message.title);
  const about = first.target === null ? first.title : `${first.target}: ${first.title}`;
  const others = items.length > 1 ? ` ${message.labels.more(items.length - 1)}` : '';
  return text(`[${message.instance}] ${message.labels.severity[first.severity]}: ${about}${others}`);
}

function detailsOf(message: AlertMessage, items: readonly MessageItem[]): Readonly<Record<string, string | number>> {
  const { text } = FLAVOURS.relayed;
  const body = layOut({ ...message, items }, FLAVOURS.relayed, { size: MAX_DETAILS, full: 20 });
  const [item] = items;
  if (items.length !== 1 || item === undefined)
    return { text: body, ...(item === undefined ? {} : { conditions: items.length }), instance: message.instance };
  const step = item.next === null ? null : nextStepOf(item.next);
  const rows: readonly (readonly [name: string, value: string | null])[] = [
    ['what', text(item.what)],
    ['next', step === null ? null : text(step.sentence)],
    // Each by itself, so that it can be copied.
    ...(step?.pastes ?? []).map((paste, index) => [index === 0 ? 'paste' : `paste_${index + 1}`, text(paste)] as const),
    ['logins_until', item.loginsUntil],
    ['since', item.since],
    ['until', item.until],
    ['env_id', item.envId],
    ['provider_id', item.providerId],
    ['code', item.code],
    ['condition_id', item.id],
    ['runbook', item.runbook],
    ['instance', message.instance],
  ];
  return Object.fromEntries(rows.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

function linksOf(items: readonly MessageItem[]): { href: string; text: string }[] {
  const found = new Map(items.map(({ condition, runbook }) => [condition, linkOf(runbook)]));
  return [...found]
    .flatMap(([condition, href]) => (href === undefined ? [] : [{ href, text: condition }]))
    .slice(0, 20);
}

function byThread(items: readonly MessageItem[]): Map<string, MessageItem[]> {
  const threads = new Map<string, MessageItem[]>();
  for (const item of items) threads.set(item.thread, [...(threads.get(item.thread) ?? []), item]);
  return threads;
}

/** `instance/thread`, or its SHA-256 where that is too long for PagerDuty. */
function keyOf(instance: string, thread: string): string {
  const key = `${instance}/${thread}`;
  return key.length <= MAX_DEDUP_KEY ? key : `sha256:${hash('sha256', key, 'hex')}`;
}
