// Many targets fail for one cause: one story in every channel, which says how many they are and names those that expire
// first; nothing too often for the service behind a channel (the inbox judges their rates as the vendors do); and one
// all-clear when the cause is gone.
import { expect, vi } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { type AlertPlace, alertPlace, alertsOf, lines, seen } from './alert-place.ts';
import { fullProvider, IDS } from './pass-rig.ts';

/** As many as an environment of CloudBase takes. */
const PROVIDERS = 20;

const SIGNED = { secret: 'SECtest' };
/** One of each that the sandbox has an inbox for. */
export const CHANNELS = {
  webhook: { type: 'webhook', ...SIGNED },
  slack: { type: 'slack' },
  wecom: { type: 'wecom' },
  dingtalk: { type: 'dingtalk', ...SIGNED },
  feishu: { type: 'feishu', ...SIGNED },
  pagerduty: { type: 'pagerduty', routingKey: 'R0UTINGKEYR0UTINGKEYR0UTINGKEY12' },
  alertmanager: { type: 'alertmanager' },
} as const;
type ChannelName = keyof typeof CHANNELS;
const NAMES = Object.keys(CHANNELS) as ChannelName[];
/** What is told in a few lines of text: the title says how many. */
const TEXTS = ['slack', 'wecom', 'dingtalk', 'feishu'] as const;
/** The most messages that one cause may take to open, and to close. Alertmanager is told again every two minutes. */
const [OPENING, CLOSING] = [2, 1];
const COUNTED = NAMES.filter((name) => name !== 'alertmanager');

async function fleet(size: number) {
  const place = await alertPlace({ channels: CHANNELS });
  // Months are left, so that the fleet is healthy with the key and fails without it; one secret serves them all.
  const secret = place.mint(175);
  const targets = Array.from({ length: size }, (_, index): JsonObject & { readonly name: string } => {
    const envId = `env-${Math.floor(index / PROVIDERS)}`;
    const providerId = `apple-${index % PROVIDERS}`;
    place.world.providers.put(envId, { ...fullProvider(secret), Id: providerId });
    const key = { from: 'file', path: place.keyFile };
    return { name: `shop-${index}`, envId, providerId, ...IDS, key };
  });
  place.configure({ targets, apple: { check: 'off' } });
  return { ...place, names: targets.map(({ name }) => name) };
}

/** Waits until every channel has taken what was to be told by now; of a story that opened, once it has gathered. */
async function delivered(place: AlertPlace, open: number): Promise<void> {
  const settled = async () => {
    const { alerts, channels } = alertsOf(await place.run(['alerts', '--json']));
    expect(channels.map(({ name, waiting, failures }) => [name, waiting, failures])).toEqual(
      NAMES.map((name) => [name, 0, 0]),
    );
    expect(alerts).toHaveLength(open);
    for (const { channels: carriers } of alerts) {
      expect(carriers).toHaveLength(NAMES.length);
      for (const carrier of carriers) expect(carrier).toMatchObject({ delivered: true });
    }
  };
  await vi.waitFor(settled, { timeout: 300_000, interval: 500 });
}

interface Event {
  readonly event_action: 'trigger' | 'resolve';
  readonly dedup_key: string;
}
const events = (place: AlertPlace) => place.messages('pagerduty').map(({ body }) => body as unknown as Event);

interface Alert {
  readonly labels: { readonly alertname: string };
  readonly endsAt: string;
}

/** What fires in Alertmanager at the end. */
function firing(place: AlertPlace): string[] {
  const open = new Set<string>();
  for (const { body, at } of place.messages('alertmanager'))
    for (const { labels, endsAt } of body as unknown as readonly Alert[]) {
      if (Date.parse(endsAt) > at) open.add(labels.alertname);
      else open.delete(labels.alertname);
    }
  return [...open];
}

/** The story with so many targets. */
export async function alertStorm(size: number): Promise<void> {
  const place = await fleet(size);
  const daemon = place.start(['run']);
  await daemon.waitFor(seen('pass.healthy', size));
  await delivered(place, 0);
  place.world.inbox.length = 0;

  const denied = { kind: 'error', code: 'UnauthorizedOperation', message: 'not authorized' } as const;
  place.world.faults.add({ service: 'tcb', action: 'GetProviders', ...denied });
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('pass.failed', size));
  await delivered(place, 1);

  for (const name of COUNTED) expect(place.messages(name).length, name).toBeLessThanOrEqual(OPENING);
  const raised = place.items('webhook').filter(({ status }) => status === 'raised');
  expect(raised.map(({ cause }) => cause)).toEqual(['AccessDenied']);
  const { alerts } = alertsOf(await place.run(['alerts', '--json']));
  expect(alerts[0]?.targets.map(({ name }) => name).sort()).toEqual(place.names.toSorted());
  for (const name of TEXTS)
    expect(JSON.stringify(place.messages(name)[0]?.body)).toContain(
      `${raised[0]?.targets.length} targets cannot be checked: CAM denies tcb:GetProviders`,
    );
  expect(firing(place)).toEqual(['AccessDenied']);
  expect(new Set(events(place).map(({ dedup_key }) => dedup_key)).size).toBe(1);

  const before = new Map(NAMES.map((name) => [name, place.messages(name).length]));
  place.world.faults.clear();
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('pass.healthy', 2 * size));
  // An end must hold for a minute and a half before it is told.
  const heard = () => NAMES.filter((name) => place.messages(name).length > (before.get(name) ?? 0));
  await vi.waitFor(() => expect(heard()).toEqual(NAMES), { timeout: 180_000, interval: 500 });
  await vi.waitFor(() => expect(firing(place)).toEqual([]), { timeout: 180_000, interval: 500 });
  await delivered(place, 0);

  for (const name of COUNTED)
    expect(place.messages(name).length - (before.get(name) ?? 0), name).toBeLessThanOrEqual(CLOSING);
  expect(
    place
      .items('webhook')
      .map(({ status }) => status)
      .at(-1),
  ).toBe('cleared');
  expect(events(place).at(-1)).toMatchObject({ event_action: 'resolve', dedup_key: events(place)[0]?.dedup_key });
  // Nothing too often, nothing too long, nothing unsigned.
  expect(place.world.inbox.filter(({ refused }) => refused !== undefined)).toEqual([]);
  expect(lines(daemon, 'alert.failed')).toEqual([]);

  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
}
