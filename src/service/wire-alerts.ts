// From a configuration to working alerts: channels and what they carry, the language of messages, what is watched. The
// daemon and `once` are wired alike; they differ in what they know and in how long they run.
import { hash } from 'node:crypto';
import { createChannel } from '../adapters/channels/registry.ts';
import { exposedPlaces } from '../adapters/journal/journal.ts';
import { Alerter, type AlerterTools } from '../alerts/alerter.ts';
import {
  Deliverer,
  type DelivererOptions,
  type DelivererTools,
  type Digests,
  type Waiting,
  waitingFor,
} from '../alerts/deliverer.ts';
import { finding } from '../alerts/detect/finding.ts';
import type { Surroundings } from '../alerts/detect/service.ts';
import type { WatchedTarget, WatchedTargets } from '../alerts/detect/target-facts.ts';
import { Heartbeat } from '../alerts/heartbeat.ts';
import type { Rotated } from '../alerts/stories/advance.ts';
import { type AlertPolicy, policyOf } from '../alerts/stories/news.ts';
import type { OnLook } from '../alerts/target-looks.ts';
import { Watch } from '../alerts/watch.ts';
import { type AlertsView, alertsView } from '../alerts/words/alert-view.ts';
import type { Voice } from '../alerts/words/request.ts';
import type { DisabledTarget } from '../config/load.ts';
import { keyProblems, type ReadablePart } from '../config/problems.ts';
import type { Settings } from '../config/resolve.ts';
import type { Language } from '../core/alerts/message.ts';
import type { AlertBook } from '../core/alerts/records.ts';
import { type CronExpression, parseCron } from '../core/cron.ts';
import { asRotatorError } from '../core/errors.ts';
import type { EventName, EventSink, RotatorEvent } from '../core/events.ts';
import type { Journal } from '../core/journal-ports.ts';
import type { Channel, Clock } from '../core/ports.ts';
import type { EvidenceDetail, Reason } from '../core/reasons.ts';
import { DAY, MINUTE, SECOND } from '../core/time.ts';
import type { ServiceTools } from './tools.ts';
import type { WiringTools } from './wire-targets.ts';

/** What only this process knows: Surroundings without what the configuration says. */
export interface ProcessFacts
  extends Pick<Surroundings, 'skewMs' | 'since' | 'configurationRejected' | 'scheduler' | 'isSweeping' | 'replicas'> {
  /** Every target of the configuration. */
  readonly configured: ReadonlyMap<string, WatchedEntry>;
  readonly disabled: readonly DisabledTarget[];
  readonly degraded: Surroundings['journal']['degraded'];
}

/** A wired target, as far as the watch sees it. */
export interface WatchedEntry {
  readonly target: Omit<WatchedTarget, 'lane' | 'expiry'>;
  readonly expiry: WatchedTarget['expiry'];
  readonly tools: { readonly provider: Pick<WatchedTarget, 'lane'> };
}

export interface AlertingOptions {
  readonly config: Settings;
  readonly journal: Journal;
  readonly facts: () => ProcessFacts;
  /** The targets that this process looks at; undefined: all. */
  readonly selected?: ReadonlyMap<string, WatchedEntry> | undefined;
  /** True where the process ends after one look. */
  readonly isBrief?: boolean;
  /** See AlerterTools. */
  readonly isMine?: AlerterTools['isMine'] | undefined;
  /** Hears of each look at the state of a target. */
  readonly onLook?: OnLook;
}

export interface Alerting {
  readonly alerter: Alerter;
  /** Goes on with another configuration. */
  readonly configure: (config: Settings) => void;
  /** Looks at every target whose state was written since the last look. Throws what the journal throws. */
  readonly catchUp: () => Promise<unknown>;
  /** What is wrong now, and the state of the channels. */
  readonly view: (book: AlertBook, language?: Language) => AlertsView;
  /** What was not told yet, over all channels. */
  readonly waiting: (book: AlertBook) => Waiting;
  /** Has the alerts look where that cannot wait, and the stories note a rotation that succeeded. Never throws. */
  readonly onEvent: EventSink;
}

/** How far back a missed digest is looked for: a yearly one is found, and an expression that never matches ends. */
const DIGEST_HORIZON_MS = 400 * DAY;
/**
 * A digest that is due at a full or half hour, when Feishu refuses messages because everybody sends then, goes out so
 * many minutes later; the name of the instance says how many, so that it comes at the same time every week.
 */
const DIGEST_DELAYS = { from: 3 * MINUTE, steps: 12 } as const;
/** Far longer than any gap of a schedule that the configuration accepts (18 days). */
const LONGEST_GAP_MS = 60 * DAY;

/** Until such a rotation logins failed: found out and put right in one pass, that would be told nowhere else. */
const ENDED_A_FAILURE: Partial<Record<Reason, EvidenceDetail>> = {
  SecretExpired: 'expired',
  SecretInvalid: 'damaged',
  RejectedByApple: 'rejected',
};

/**
 * Events after which the alerts look at once. What passes find waits for the end of the sweep: a look at each result
 * would read every target again each time, and would tell of one cause in many messages.
 */
const CALLS_FOR_A_LOOK: ReadonlySet<EventName> = new Set(['journal.degraded', 'config.reloaded', 'config.rejected']);

/** Wires watch, delivery and heartbeat; nothing is sent before the alerter runs or flushes. */
export function createAlerting(options: AlertingOptions, tools: WiringTools): Alerting {
  const { journal, facts, selected, isBrief = false, onLook, isMine } = options;
  let { config } = options;
  let gapMs = longestTickGapMs(config, tools.clock);
  let configuredAt = tools.clock.now();
  let watched: ReturnType<typeof watchedTargets> | undefined;
  const watching = () => {
    watched ??= watchedTargets(facts().configured, selected);
    return watched;
  };
  const surroundings = (): Surroundings => {
    const { disabled, degraded, ...known } = facts();
    const { targets, configured } = watching();
    return {
      ...known,
      targets,
      configured,
      now: tools.clock.now(),
      configuredAt,
      misconfigured: disabled.map(({ name, problems }) => ({ name, problems: keyProblems(problems) })),
      longestTickGapMs: gapMs,
      tokenUrl: config.apple.tokenUrl,
      journal: { path: config.journal.path, degraded, exposed: exposedPlaces(config.journal) },
    };
  };
  const policy = (part: Pick<ReadablePart, 'alerts'>) => policyOf(part.alerts, isBrief);
  const watch = new Watch(policy(config), surroundings, { ...tools, journal, onLook });
  const digests = () => (selected === undefined ? digestsOf(config, () => watch.digest()) : undefined);
  const delivery = createDelivery(config, { ...tools, journal, watch, isMine }, { isBrief, policy, digests });
  const { alerter } = delivery;
  return {
    alerter,
    catchUp: () => watch.catchUp(),
    view: (book, language) =>
      alertsView(book, { ...config.alerts, policy: policy(config), now: tools.clock.now() }, language),
    waiting(book) {
      const now = tools.clock.now();
      const each = config.alerts.channels.map(({ name }) => waitingFor(book, name, policy(config), now));
      const since = each.flatMap((waiting) => waiting.since ?? []);
      return {
        count: each.reduce((sum, { count }) => sum + count, 0),
        since: since.length === 0 ? null : Math.min(...since),
      };
    },
    onEvent(event) {
      if (CALLS_FOR_A_LOOK.has(event.event)) alerter.rouse();
      if (event.event !== 'rotation.succeeded') return;
      const { keys, configured } = watching();
      const rotated = rotatedBy(event, configured.get(keys.get(event.target) ?? ''), tools.clock.now());
      if (rotated === undefined) return;
      void watch.noteRotation(rotated).then(
        () => alerter.rouse(),
        (thrown) => tools.emit({ event: 'warning', during: 'alerts', error: asRotatorError(thrown) }),
      );
    },
    configure(next) {
      config = next;
      watched = undefined;
      configuredAt = tools.clock.now();
      gapMs = longestTickGapMs(config, tools.clock);
      watch.configure(policy(next));
      delivery.configure(next);
    },
  };
}

export interface Delivery {
  readonly alerter: Alerter;
  readonly configure: (part: ReadablePart) => void;
}

export interface DeliveryOptions {
  /** See ChannelTools. */
  readonly isBrief: boolean;
  readonly policy: (part: ReadablePart) => AlertPolicy;
  /** Those of the configuration in force. */
  readonly digests?: () => Digests | undefined;
}

/** Delivery and heartbeat for what `watch` finds. */
export function createDelivery(
  part: ReadablePart,
  tools: ServiceTools & DelivererTools & Pick<AlerterTools, 'watch' | 'isMine'>,
  { isBrief, policy, digests }: DeliveryOptions,
): Delivery {
  const optionsOf = (next: ReadablePart): DelivererOptions => ({
    channels: channelsOf(next, tools, isBrief),
    voice: voiceOf(next, tools.version),
    policy: policy(next),
    digests: digests?.(),
  });
  const deliverer = new Deliverer(optionsOf(part), tools);
  const heartbeat = new Heartbeat(part.heartbeat, tools);
  const alerter = new Alerter({ ...tools, deliverer, heartbeat });
  return {
    alerter,
    configure(next) {
      deliverer.configure(optionsOf(next));
      heartbeat.configure(next.heartbeat);
      alerter.rouse();
    },
  };
}

/** The channels of a configuration. `isBrief`: see ChannelTools. */
export function channelsOf(
  { instance, alerts }: Pick<ReadablePart, 'instance' | 'alerts'>,
  { clock, env }: Pick<ServiceTools, 'clock' | 'env'>,
  isBrief: boolean,
): Channel[] {
  return alerts.channels.map((channel) => createChannel(channel, { clock, env, instance, isBrief }));
}

/** The language and the names in the messages of a configuration. */
export function voiceOf({ instance, alerts }: Pick<ReadablePart, 'instance' | 'alerts'>, version: string): Voice {
  const { language, timezone, runbook, publicUrl } = alerts;
  return { instance, version, language, timezone, runbook, publicUrl };
}

/** Wired targets as the watch sees them. */
function watchedTargets(
  wired: ReadonlyMap<string, WatchedEntry>,
  selected: ReadonlyMap<string, WatchedEntry> | undefined,
): Pick<Surroundings, 'targets' | 'configured'> & { readonly keys: ReadonlyMap<string, string> } {
  const configured = watchedOf(wired);
  const keys = new Map([...wired.values()].map(({ target: { name, key } }) => [name, key]));
  return { configured, targets: selected === undefined ? configured : watchedOf(selected), keys };
}

/** Each is made as it is asked for: what is kept of ten thousand should be one object. */
function watchedOf(wired: ReadonlyMap<string, WatchedEntry>): WatchedTargets {
  return {
    size: wired.size,
    has: (key) => wired.has(key),
    get(key) {
      const entry = wired.get(key);
      return entry && watched(entry);
    },
    keys: () => wired.keys(),
    *values() {
      for (const entry of wired.values()) yield watched(entry);
    },
  };
}

function watched({ target, expiry, tools: { provider } }: WatchedEntry): WatchedTarget {
  const { key, name, endpoint, envId, providerId, policy, appleCheck, stated } = target;
  const { lane } = provider;
  return { key, name, endpoint, envId, providerId, policy, appleCheck, stated, expiry, lane };
}

/** The longest time between two ticks of the schedule. */
function longestTickGapMs({ schedule: { cron, timezone } }: Settings, clock: Pick<Clock, 'now'>): number {
  return parseCron(cron, timezone).longestGapMs(clock.now(), LONGEST_GAP_MS);
}

/** The rotation of a configured target that succeeded. */
function rotatedBy(
  event: RotatorEvent<'rotation.succeeded'>,
  target: WatchedTarget | undefined,
  now: number,
): Rotated | undefined {
  if (target?.envId !== event.envId) return undefined;
  const { key, name, envId, providerId } = target;
  const { rotationId: id, reason, proof, settles, previousExpiresAt: expiresAt } = event;
  const detail = ENDED_A_FAILURE[reason];
  const failure = () => {
    if (detail === undefined) return undefined;
    const facts = { because: 'secret', detail, at: now, expiresAt, keyId: null, clockUncompared: false } as const;
    const since = detail === 'expired' ? expiresAt : null;
    return finding('LoginsFail', { severity: 'critical', facts, since }, target, { key, name, envId, providerId });
  };
  return { key, rotation: { id, reason, proof, settles }, ended: failure() };
}

/** 3 to 14 minutes. */
export function digestDelayMs(instance: string): number {
  const step = hash('sha256', instance, 'buffer').readUInt16BE() % DIGEST_DELAYS.steps;
  return DIGEST_DELAYS.from + step * MINUTE;
}

/** The last tick whose digest is to be sent by `now`: one at a full or half hour is sent `delayMs` later. */
export function digestTick(digest: CronExpression, delayMs: number, now: number): number | undefined {
  const last = digest.previousStart(now, DIGEST_HORIZON_MS);
  const waits = last !== undefined && last % (30 * MINUTE) === 0 && now < last + delayMs;
  return waits ? digest.previousStart(last - SECOND, DIGEST_HORIZON_MS) : last;
}

/** The digests that a configuration asks for. */
function digestsOf({ alerts, schedule, instance }: Settings, facts: Digests['facts']): Digests | undefined {
  if (alerts.digest === undefined) return undefined;
  const digest = parseCron(alerts.digest, schedule.timezone);
  return { tick: (now) => digestTick(digest, digestDelayMs(instance), now), facts };
}
