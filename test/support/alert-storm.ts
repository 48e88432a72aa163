// Many targets fail together: few messages, none of them too many for the service behind its channel (the inbox judges
// their rates as the vendors do), and every target is named or counted. When the cause is gone, the same in reverse.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, vi } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { type AlertPlace, alertPlace, alertsOf, lines, seen } from './alert-place.ts';
import { fullProvider, IDS } from './pass-rig.ts';

/** As many as an environment of CloudBase takes. */
const PROVIDERS = 20;

const SIGNED = { secret: 'SECtest' };
const CHANNELS = {
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
/** What tells of many in a few lines of text: the title counts. */
const TEXTS = ['slack', 'wecom', 'dingtalk', 'feishu'] as const;

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

/** Waits until every channel has taken what there was to tell. */
async function delivered(place: AlertPlace, open: number): Promise<void> {
  const settled = async () => {
    const { alerts, channels } = alertsOf(await place.run(['alerts', '--json']));
    expect(channels.map(({ name, waiting, failures }) => [name, waiting, failures])).toEqual(
      NAMES.map((name) => [name, 0, 0]),
    );
    expect(alerts).toHaveLength(open);
  };
  await vi.waitFor(settled, { timeout: 300_000, interval: 500 });
}

/** The alerts that the titles of text messages count: `[e2e] 460 alerts: …`, `[e2e] 500 all clear: …`; one otherwise. */
function counted(messages: readonly { readonly body: unknown }[], what: string): number {
  const counts = messages.map(({ body }) => {
    const title = /\[e2e\] [^\n"*]*/.exec(JSON.stringify(body).replaceAll('\\n', '\n'))?.[0] ?? '';
    return Number(new RegExp(`(\\d+) ${what}`).exec(title)?.[1] ?? 1);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

interface Event {
  readonly event_action: 'trigger' | 'resolve';
  readonly dedup_key: string;
}
const events = (place: AlertPlace) => place.messages('pagerduty').map(({ body }) => body as unknown as Event);

interface Alert {
  readonly labels: { readonly alertname: string; readonly target?: string };
  readonly endsAt: string;
}

/** The targets whose alert fires in Alertmanager at the end. */
function firing(place: AlertPlace): Set<string> {
  const open = new Set<string>();
  for (const { body, at } of place.messages('alertmanager'))
    for (const { labels, endsAt } of body as unknown as readonly Alert[]) {
      if (labels.target === undefined) continue;
      if (Date.parse(endsAt) > at) open.add(labels.target);
      else open.delete(labels.target);
    }
  return open;
}

const targetsOf = (place: AlertPlace, status: string) =>
  place
    .items('webhook')
    .filter((item) => item.status === status)
    .map(({ target }) => target)
    .sort();

/** The story with so many targets. */
export async function alertStorm(size: number): Promise<void> {
  const place = await fleet(size);
  const daemon = place.start(['run']);
  await daemon.waitFor(seen('pass.healthy', size));
  await delivered(place, 0);
  place.world.inbox.length = 0;

  const key = readFileSync(place.keyFile);
  rmSync(place.keyFile);
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('pass.failed', size));
  await delivered(place, size);

  expect(targetsOf(place, 'raised')).toEqual(place.names.toSorted());
  for (const name of TEXTS) expect([name, counted(place.messages(name), 'alerts?')]).toEqual([name, size]);
  expect(firing(place).size).toBe(size);
  const incidents = new Set(events(place).map(({ dedup_key }) => dedup_key));
  expect(incidents.size).toBeLessThanOrEqual(3);
  for (const name of NAMES) expect(place.messages(name).length, name).toBeLessThanOrEqual(10);

  const before = new Map(NAMES.map((name) => [name, place.messages(name).length]));
  writeFileSync(place.keyFile, key, { mode: 0o600 });
  daemon.signal('SIGHUP');
  await daemon.waitFor(seen('pass.healthy', 2 * size));
  await delivered(place, 0);

  expect(targetsOf(place, 'cleared')).toEqual(place.names.toSorted());
  for (const name of TEXTS)
    expect([name, counted(place.messages(name).slice(before.get(name)), 'all clear')]).toEqual([name, size]);
  expect(firing(place)).toEqual(new Set());
  const last = new Map(events(place).map(({ dedup_key, event_action }) => [dedup_key, event_action]));
  expect([...last].filter(([, action]) => action !== 'resolve')).toEqual([]);
  for (const name of NAMES) expect(place.messages(name).length, name).toBeLessThanOrEqual(20);
  // Nothing too often, nothing too long, nothing unsigned.
  expect(place.world.inbox.filter(({ refused }) => refused !== undefined)).toEqual([]);
  expect(lines(daemon, 'alert.failed')).toEqual([]);

  daemon.signal('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
}
