// Troubles that concern many targets, played on the real daemon against the sandbox over a clock that is moved by hand, and
// what they cost the people who are told of them: messages and incidents for each channel.
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { JsonObject } from '../../src/core/json.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/core/time.ts';
import { CHANNELS } from './alert-storm.ts';
import { type MovedDaemon, type MovedPlace, movedPlace } from './moved-program.ts';
import { fullProvider, IDS } from './pass-rig.ts';
import { envIdOf } from './program.ts';

export const CHATS = ['webhook', 'slack', 'wecom', 'dingtalk', 'feishu'] as const;

/** The daemon is well for so long before. */
const HEALTHY_MS = 5 * MINUTE;
/** Of the default schedule the next tick comes within an hour; an end holds for ten minutes at most. */
const HEALS_MS = 80 * MINUTE;
/** The same for a schedule of ten seconds. */
const HEALS_SOON_MS = 30 * MINUTE;

export const SCHEDULES = { hourly: '7 * * * *', 'every 10 s': '*/10 * * * * *' } as const;
export type Schedule = keyof typeof SCHEDULES;

type Entry = JsonObject & { readonly name: string };

export interface Storm {
  /** For how long the daemon is well before. Default: five minutes. */
  readonly healthyMs?: number;
  /** How long the trouble lasts. */
  readonly lastsMs: number;
  /** What is special about some targets. */
  readonly entry?: (index: number, place: { readonly folder: string }) => JsonObject;
  /** What is there before the daemon starts. */
  readonly prepares?: (place: MovedPlace) => void;
  readonly breaks: (place: MovedPlace, daemon: MovedDaemon) => unknown;
  /** What happens on the way: so long after the beginning. */
  readonly later?: { readonly afterMs: number; readonly does: (place: MovedPlace, daemon: MovedDaemon) => unknown };
  /** Each minute of the trouble. */
  readonly eachMinute?: (place: MovedPlace, minute: number) => unknown;
  readonly heals: (place: MovedPlace, daemon: MovedDaemon) => unknown;
  /** How long after that all of it is over; default: HEALS_MS, or HEALS_SOON_MS. */
  readonly overAfterMs?: number;
  /** How many incidents there may be: one for each app whose logins fail. Default: two, a warning that becomes critical. */
  readonly incidents?: number;
  /** Several causes, so that one message need not be enough. */
  readonly isSeveral?: true;
  /** How many messages it may take to open with 500 targets, and nearly as many to close. Default: two, and one. */
  readonly opens?: number;
  /** A channel that is part of the trouble. */
  readonly broken?: string;
  /** With the hourly schedule alone: a day of ticks every ten seconds takes a quarter of an hour to play. */
  readonly isLong?: true;
}

const DENIED = {
  service: 'tcb',
  action: 'GetProviders',
  kind: 'error',
  code: 'UnauthorizedOperation',
  message: 'not authorized',
} as const;
const deny = ({ world }: MovedPlace) => void world.faults.add(DENIED);
const clear = ({ world }: MovedPlace) => world.faults.clear();
const SECOND_KEY = 'KEYTWO0002';
/** Of one target alone. */
const OTHER = { secretId: 'AKIDsandbox2222222222222222222222222', secretKey: 'other-secret-key' };
const envOf = (index: number) => envIdOf(`shop-${index}`);

/** Another key of Apple's, in a file of its own, and the secrets that it signs. */
function useSecondKey(indexes: readonly number[]): (place: MovedPlace) => void {
  return ({ world, folder, mint }) => {
    const ids = { ...IDS, keyId: SECOND_KEY };
    const { privateKeyPem } = world.appleKeys.generate({ ...ids, clientIds: [IDS.clientId] });
    writeFileSync(`${folder}/AuthKey_${SECOND_KEY}.p8`, privateKeyPem, { mode: 0o600 });
    for (const index of indexes) world.providers.put(envOf(index), fullProvider(mint(100, SECOND_KEY)));
  };
}
const withSecondKey = ({ folder }: { readonly folder: string }) => ({
  keyId: SECOND_KEY,
  key: { from: 'file', path: `${folder}/AuthKey_${SECOND_KEY}.p8` },
});
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The apps take a new key, as the alert says: in a file of its own. */
function replaceKey(place: MovedPlace, keyFile: string): void {
  const keyId = 'KEYNEW0001';
  const { privateKeyPem } = place.world.appleKeys.generate({ ...IDS, keyId, clientIds: [IDS.clientId] });
  const file = `${place.folder}/AuthKey_${keyId}.p8`;
  writeFileSync(file, privateKeyPem, { mode: 0o600 });
  const text = readFileSync(place.configFile, 'utf8');
  const used = keyFile === place.keyFile ? IDS.keyId : SECOND_KEY;
  writeFileSync(place.configFile, text.replaceAll(`keyId: ${used}`, `keyId: ${keyId}`).replaceAll(keyFile, file));
}

/** Beside the first one. */
let second: MovedDaemon | undefined;

export const STORMS: Readonly<Record<string, Storm>> = {
  'CAM denies a call': { lastsMs: 20 * MINUTE, breaks: deny, heals: clear },
  'key deleted': {
    lastsMs: 20 * MINUTE,
    breaks: ({ keyFile }) => renameSync(keyFile, `${keyFile}.away`),
    heals: ({ keyFile }) => renameSync(`${keyFile}.away`, keyFile),
  },
  'endpoint down for an hour': {
    lastsMs: HOUR,
    breaks: ({ world }) => world.faults.add({ service: 'tcb', kind: 'reset-before' }),
    heals: clear,
  },
  'Apple down for three days': {
    lastsMs: 3 * DAY,
    breaks: ({ world }) => world.faults.add({ service: 'apple', kind: 'reset-before' }),
    heals: clear,
    // Only a question shows it: of each key every 4 hours, at a tick, and of each target once a day.
    overAfterMs: 4 * HOUR + HEALS_MS,
    isLong: true,
  },
  'one target of the fleet': {
    lastsMs: 20 * MINUTE,
    breaks: ({ world }) => world.providers.delete(envOf(0), 'apple'),
    heals: ({ world, mint }) => world.providers.put(envOf(0), fullProvider(mint(100))),
  },
  'key revoked of every app': {
    healthyMs: DAY,
    lastsMs: 6 * HOUR,
    breaks: ({ world }) => world.appleKeys.revoke(IDS.keyId),
    heals: (place, daemon) => {
      replaceKey(place, place.keyFile);
      daemon.hangup();
    },
    incidents: Number.POSITIVE_INFINITY,
    isLong: true,
  },
  'key revoked of ten apps': {
    healthyMs: DAY,
    lastsMs: 6 * HOUR,
    entry: (index, place) => (index < 10 ? withSecondKey(place) : {}),
    prepares: useSecondKey(upTo(10)),
    breaks: ({ world }) => world.appleKeys.revoke(SECOND_KEY),
    heals: (place, daemon) => {
      replaceKey(place, `${place.folder}/AuthKey_${SECOND_KEY}.p8`);
      daemon.hangup();
    },
    incidents: 10,
    isLong: true,
  },
  'one joins a story of yesterday': {
    lastsMs: 25 * HOUR,
    breaks: deny,
    later: {
      afterMs: DAY,
      does: (place, daemon) => {
        place.world.providers.put(envIdOf('late'), fullProvider(place.mint(100)));
        const text = readFileSync(place.configFile, 'utf8');
        writeFileSync(place.configFile, text.replace('targets:\n', `targets:\n  - ${lateEntry(place)}\n`));
        daemon.hangup();
      },
    },
    heals: clear,
    isLong: true,
  },
  'ten unrelated causes at once': {
    lastsMs: 20 * MINUTE,
    entry: (index, { folder }) =>
      ({
        0: withSecondKey({ folder }),
        1: { cloudbase: { credentials: { from: 'profile', path: `${folder}/other-credentials` } } },
        2: { provider: { scope: 'openid email name' } },
        3: { provider: { enabled: true } },
      })[index] ?? {},
    prepares: (place) => {
      useSecondKey([0])(place);
      place.world.credentials.set(OTHER.secretId, OTHER);
      const lines = ['[default]', `secret_id = ${OTHER.secretId}`, `secret_key = ${OTHER.secretKey}`, ''];
      writeFileSync(`${place.folder}/other-credentials`, lines.join('\n'), { mode: 0o600 });
    },
    breaks: ({ world, folder, configFile, mint, ...place }, daemon) => {
      renameSync(`${folder}/AuthKey_${SECOND_KEY}.p8`, `${folder}/AuthKey_${SECOND_KEY}.p8.away`);
      world.credentials.delete(OTHER.secretId);
      world.patchConfig(envOf(2), 'apple', { Scope: 'openid' });
      world.providers.put(envOf(3), { ...fullProvider(mint(100)), On: 'FALSE' });
      world.providers.put(envOf(4), { ...fullProvider(mint(100)), On: 'FALSE' });
      world.providers.delete(envOf(5), 'apple');
      world.providers.deleteEnvironment(envOf(6));
      world.faults.add({ service: 'inbox', action: 'feishu', kind: 'body', body: '{"code":19001,"msg":"invalid"}' });
      chmodSync(place.journalFile, 0o666);
      writeFileSync(configFile, readFileSync(configFile, 'utf8').replace('cloudbase:', 'cloudbasse:'));
      daemon.hangup();
    },
    heals: ({ world, folder, configFile, mint, ...place }, daemon) => {
      renameSync(`${folder}/AuthKey_${SECOND_KEY}.p8.away`, `${folder}/AuthKey_${SECOND_KEY}.p8`);
      world.credentials.set(OTHER.secretId, OTHER);
      for (const index of [2, 3, 4, 5, 6]) world.providers.put(envOf(index), fullProvider(mint(100)));
      world.faults.clear();
      chmodSync(place.journalFile, 0o600);
      writeFileSync(configFile, readFileSync(configFile, 'utf8').replace('cloudbasse:', 'cloudbase:'));
      daemon.hangup();
    },
    incidents: 12,
    opens: 5,
    isSeveral: true,
    broken: 'feishu',
  },
  'flapping each minute': {
    lastsMs: 30 * MINUTE,
    breaks: deny,
    eachMinute: (place, minute) => (minute % 2 === 0 ? deny(place) : clear(place)),
    heals: clear,
  },
  'a second daemon': {
    lastsMs: 20 * MINUTE,
    breaks: (place) => {
      second = place.start();
    },
    // Whoever starts it again does so each minute.
    eachMinute: async (place) => {
      if (second?.hasEnded()) second = place.start();
    },
    heals: () => second?.stop(),
  },
};

function lateEntry({ keyFile }: MovedPlace): string {
  return JSON.stringify({ name: 'late', envId: envIdOf('late'), ...IDS, key: { from: 'file', path: keyFile } });
}

/** What one channel got: while the trouble lasted, and after it. */
export type Counted = readonly [opening: number, closing: number];

export interface StormCounts {
  readonly channels: Readonly<Record<keyof typeof CHANNELS, Counted>>;
  /** Of these messages, those that are reminders or for information alone, by the webhook. */
  readonly others: Counted;
  /** Messages that an inbox refused, as its vendor would have. */
  readonly refused: number;
  /** PagerDuty's. */
  readonly incidents: number;
  readonly unresolved: number;
}

/** Plays a storm on so many targets. */
export async function played(storm: Storm, size: number, schedule: Schedule): Promise<StormCounts> {
  const place = await movedPlace({
    targets: upTo(size).map((index) => ({ name: `shop-${index}` })),
    channels: CHANNELS,
    settings: { schedule: { cron: SCHEDULES[schedule] }, log: { level: 'error' } },
  });
  storm.prepares?.(place);
  const key = { from: 'file', path: place.keyFile };
  const targets = upTo(size).map(
    (index): Entry => ({
      name: `shop-${index}`,
      envId: envOf(index),
      ...IDS,
      key,
      ...storm.entry?.(index, place),
    }),
  );
  place.configure({ targets });
  const daemon = place.start();
  // Reading a large configuration gives way so often that the clock would take it for rest.
  while (!existsSync(place.journalFile)) await place.advance(SECOND);
  await place.advance(storm.healthyMs ?? HEALTHY_MS);
  const healthy = place.world.inbox.length;

  await storm.breaks(place, daemon);
  const { lastsMs, later, eachMinute } = storm;
  for (let ms = 0; ms < lastsMs; ms += MINUTE) {
    if (later !== undefined && ms === later.afterMs) await later.does(place, daemon);
    await place.advance(MINUTE);
    await eachMinute?.(place, ms / MINUTE + 1);
  }
  const healed = place.world.inbox.length;
  await storm.heals(place, daemon);
  await place.advance(storm.overAfterMs ?? (schedule === 'hourly' ? HEALS_MS : HEALS_SOON_MS));

  const { inbox } = place.world;
  const count = (name: string): Counted => {
    const heard = (messages: typeof inbox) =>
      messages.filter((each) => each.name === name && each.refused === undefined).length;
    return [heard(inbox.slice(healthy, healed)), heard(inbox.slice(healed))];
  };
  const [opened, closed] = [new Set<string>(), new Set<string>()];
  for (const { name, body } of inbox.slice(healthy)) {
    if (name !== 'pagerduty') continue;
    const { event_action, dedup_key } = body as { readonly event_action: string; readonly dedup_key: string };
    (event_action === 'trigger' ? opened : closed).add(dedup_key);
  }
  const others = (messages: typeof inbox) =>
    messages.filter(({ name, body }) => {
      const { items = [] } = name === 'webhook' ? (body as { items?: readonly { readonly status: string }[] }) : {};
      return items.length > 0 && items.every(({ status }) => status === 'repeated' || status === 'happened');
    }).length;
  return {
    channels: Object.fromEntries(Object.keys(CHANNELS).map((name) => [name, count(name)])) as StormCounts['channels'],
    others: [others(inbox.slice(healthy, healed)), others(inbox.slice(healed))],
    refused: inbox.filter(({ refused }) => refused !== undefined).length,
    incidents: opened.size,
    unresolved: [...opened].filter((thread) => !closed.has(thread)).length,
  };
}
