// From a configuration to working alerts: its channels, what they carry, how messages are worded, what is watched. The
// daemon and `once` are wired alike; they differ in what they can know and in how long they have.
import { createChannel } from '../adapters/channels/registry.ts';
import { Alerter } from '../alerts/alerter.ts';
import { Deliverer, type DelivererOptions, type Voice } from '../alerts/deliverer.ts';
import type { LaneMember, WatchedTarget } from '../alerts/detect/detect.ts';
import type { AlertPolicy } from '../alerts/engine/engine.ts';
import { Heartbeat } from '../alerts/heartbeat.ts';
import { type Surroundings, Watch, type WatchOptions } from '../alerts/watch.ts';
import type { ReadablePart } from '../config/problems.ts';
import type { AlertsConfig, Config } from '../config/resolve.ts';
import type { RotatedEvent } from '../core/alerts/records.ts';
import { parseCron } from '../core/cron.ts';
import { asRotatorError } from '../core/errors.ts';
import type { EventName, EventSink, RotatorEvent } from '../core/events.ts';
import type { Channel, Clock, Journal, Target } from '../core/ports.ts';
import { DAY } from '../core/time.ts';
import type { WiredTarget } from '../daemon/sweep.ts';
import type { ServiceTools } from './tools.ts';
import type { WiringTools } from './wire-targets.ts';

export interface AlertingOptions {
  readonly config: Config;
  readonly tools: WiringTools;
  readonly journal: Journal;
  readonly surroundings: () => Surroundings;
  /** False where some targets of the configuration were selected. */
  readonly isWhole: boolean;
  /** True where the process ends after one look. */
  readonly isBrief?: boolean;
}

export interface Alerting {
  readonly alerter: Alerter;
  readonly watch: Watch;
  /** Goes on with another configuration. */
  readonly configure: (config: Config) => void;
  /** Has the alerts look where that cannot wait, and sends the message about a rotation. Never throws. */
  readonly onEvent: EventSink;
}

/** How far back a digest that was missed is looked for. */
const DIGEST_HORIZON_MS = 400 * DAY;
/** A schedule with longer gaps than this is as good as none. */
const LONGEST_GAP_MS = 60 * DAY;

/**
 * Events after which the alerts look at once. What passes find waits for the end of the sweep: a look at each result
 * would read every target again each time, and would tell of one cause in many messages.
 */
const CALLS_FOR_A_LOOK: ReadonlySet<EventName> = new Set(['journal.degraded', 'config.reloaded', 'config.rejected']);

/** Wires watch, delivery and heartbeat; nothing is sent before the alerter runs or flushes. */
export function createAlerting(options: AlertingOptions): Alerting {
  const { config, tools, journal, surroundings, isWhole, isBrief = false } = options;
  const { clock, emit, newId, version } = tools;
  const watch = new Watch(watchOptions(config, version, isWhole), surroundings, { clock, journal, emit, newId });
  const deliverer = new Deliverer(delivererOptions(config, tools, isBrief), { ...tools, journal });
  const heartbeat = new Heartbeat(config.heartbeat, tools);
  const alerter = new Alerter({ clock, journal, emit, watch, deliverer, heartbeat });
  let present = config;
  return {
    alerter,
    watch,
    onEvent(event) {
      if (CALLS_FOR_A_LOOK.has(event.event)) alerter.rouse();
      const rotated = present.alerts.rotated ? rotatedEvent(event, present) : undefined;
      if (rotated === undefined) return;
      void watch.tellRotated(rotated).then(
        () => alerter.rouse(),
        (thrown) => emit({ event: 'warning', during: 'alerts', error: asRotatorError(thrown) }),
      );
    },
    configure(next) {
      present = next;
      watch.configure(watchOptions(next, version, isWhole));
      deliverer.configure(delivererOptions(next, tools, isBrief));
      heartbeat.configure(next.heartbeat);
      alerter.rouse();
    },
  };
}

/** The channels of a configuration. `isBrief`: see ChannelTools. */
export function channelsOf(
  channels: AlertsConfig['channels'],
  { clock, env }: Pick<ServiceTools, 'clock' | 'env'>,
  instance: string,
  isBrief: boolean,
): Channel[] {
  return channels.map((channel) => createChannel(channel, { clock, env, instance, isBrief }));
}

/** How the messages of a configuration are worded. */
export function voiceOf({ instance, alerts }: Pick<ReadablePart, 'instance' | 'alerts'>, version: string): Voice {
  return { instance, version, language: alerts.language, runbook: alerts.runbook };
}

/** Whom the alerts of a configuration go to, and how often. */
export function policyOf({ channels, repeatEvery }: Pick<AlertsConfig, 'channels' | 'repeatEvery'>): AlertPolicy {
  return { repeatEvery, routes: channels.map(({ name, severities, targets }) => ({ name, severities, targets })) };
}

/** The targets of a configuration as the watch sees them. `wired`: with their windows made. */
export function watchedTargets(config: Config, wired: readonly Target[]): WatchedTarget[] {
  const expiry = new Map(config.targets.map(({ name, expiry }) => [name, expiry]));
  return wired.flatMap((target) => {
    const own = expiry.get(target.name);
    return own === undefined ? [] : [{ ...target, expiry: own }];
  });
}

/** Which lanes wired targets write through. */
export function laneMembers(wired: readonly WiredTarget[]): LaneMember[] {
  return wired.map(({ target: { key, policy }, tools }) => ({
    key,
    lane: tools.provider.lane,
    lifetimeMs: policy.lifetimeMs,
  }));
}

/** The longest time between two ticks of the schedule. */
export function longestTickGapMs({ schedule: { cron, timezone } }: Config, clock: Pick<Clock, 'now'>): number {
  return parseCron(cron, timezone).longestGapMs(clock.now(), LONGEST_GAP_MS);
}

/** A rotation that succeeded, as channels are told of it. */
function rotatedEvent(event: RotatorEvent, { targets }: Config): RotatedEvent | undefined {
  if (event.event !== 'rotation.succeeded') return undefined;
  const target = targets.find(({ name, envId }) => name === event.target && envId === event.envId);
  if (target === undefined) return undefined;
  const { name, envId, providerId } = target;
  const { reason, keyId, fingerprint, expiresAt, previousExpiresAt } = event;
  return { target: { name, envId, providerId }, reason, keyId, fingerprint, expiresAt, previousExpiresAt };
}

function watchOptions(config: Config, version: string, isWhole: boolean): WatchOptions {
  const { alerts, schedule } = config;
  const digest = alerts.digest === undefined ? undefined : parseCron(alerts.digest, schedule.timezone);
  return {
    policy: policyOf(alerts),
    version,
    digestTick: (now) => digest?.previousStart(now, DIGEST_HORIZON_MS),
    isWhole,
  };
}

function delivererOptions(config: Config, tools: ServiceTools, isBrief: boolean): DelivererOptions {
  const { alerts, instance } = config;
  return { channels: channelsOf(alerts.channels, tools, instance, isBrief), voice: voiceOf(config, tools.version) };
}
