// Channel `alertmanager`: POST /api/v2/alerts of Prometheus' Alertmanager
// (prometheus.io/docs/alerting/latest/alerts_api). Its labels identify an alert, and it fires until `endsAt`. That is
// ten minutes ahead: what is open has to be sent again (`refresh`), and what nobody sends any more ends by itself. An
// end in the past resolves it.

import * as z from 'zod';
import { FLAVOURS } from '../../alerts/words/flavours.ts';
import { layOut, linkOf } from '../../alerts/words/layout.ts';
import { nextStepOf } from '../../alerts/words/next-step.ts';
import type { AlertMessage, MessageItem } from '../../core/alerts/message.ts';
import type { RefreshedChannel } from '../../core/ports.ts';
import { counted } from '../../core/texts/en/words.ts';
import { HOUR } from '../../core/time.ts';
import { type ChannelTools, Poster } from './http.ts';
import { access, accessHeaders, common, postUrl } from './options.ts';

export const options = z.strictObject({ type: z.literal('alertmanager'), ...common, url: postUrl(), ...access() });
export type AlertmanagerOptions = z.output<typeof options>;

const REFRESH_MS = 120_000;
/** Five times the refresh: shorter, and an alert that is still open ends when a few refreshes are lost. */
const FIRING_MS = 600_000;
/**
 * For a process that does not stay: `once` may run once a day, and after ten minutes it would seem to say all-clear.
 */
const BRIEF_FIRING_MS = 26 * HOUR;
/** How long an event, a test, or what is already over, is shown: long enough for Alertmanager to notify. */
const PASSING_MS = 300_000;
/** Half of the 1 MB at which proxies in front of it commonly stop. */
const MAX_BYTES = 500_000;
/** Alertmanager has no rate limit. */
const GAP_MS = 1_000;
const MAX_TEXT = 10_000;
const PATH = '/api/v2/alerts';

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

type Frame = Omit<AlertMessage, 'items'>;

export function createAlertmanagerChannel(settings: AlertmanagerOptions, tools: ChannelTools): RefreshedChannel {
  const { url, ...named } = settings;
  const poster = new Poster('alertmanager', named, url, tools);
  const endpoint = endpointOf(url);
  const shown = accessHeaders(settings);
  const firingMs = tools.isBrief ? BRIEF_FIRING_MS : FIRING_MS;
  const post = async (alerts: readonly Alert[], signal: AbortSignal): Promise<void> => {
    for (const body of chunks(alerts)) {
      const answer = await poster.post({ url: endpoint, body, headers: shown, signal });
      poster.requireSuccess(answer);
    }
  };
  return {
    name: named.name,
    type: 'alertmanager',
    gapMs: GAP_MS,
    refreshEveryMs: REFRESH_MS,
    reach: (signal) => poster.reach(signal),
    async send(message, signal) {
      const alerts = alertsOf(message, tools.clock.now(), firingMs);
      await post(alerts, signal);
      return { detail: `HTTP 200, ${counted(alerts.length, 'alert')}` };
    },
    async refresh(open, message, signal) {
      const now = tools.clock.now();
      await post(
        open.map((item) => alertOf(item, message, now, now + firingMs)),
        signal,
      );
    },
  };
}

/** The alerts of a message, those that end first; what continues fires for `firingMs`. Pure. */
export function alertsOf(message: AlertMessage, now: number, firingMs = FIRING_MS): Alert[] {
  if (message.items.length === 0) return [signOfLife(message, now)];
  const lastsMs = message.kind === 'test' ? PASSING_MS : firingMs;
  const alerts = message.items.flatMap((item) => STATUS[item.status](item, message, now, lastsMs));
  const isOver = ({ endsAt }: Alert) => Date.parse(endsAt) <= now;
  return [...alerts.filter(isOver), ...alerts.filter((alert) => !isOver(alert))];
}

type Told = (item: MessageItem, frame: Frame, now: number, firingMs: number) => Alert[];

const fires: Told = (item, frame, now, firingMs) => [alertOf(item, frame, now, now + firingMs)];
/** For both severities, as it is not known which was sent: an alert that Alertmanager does not know does no harm. */
const ends: Told = (item, frame, now) =>
  (['warning', 'critical'] as const).map((severity) => alertOf({ ...item, severity }, frame, now, now));
const passes: Told = (item, frame, now) => [alertOf({ ...item, severity: 'info' }, frame, now, now + PASSING_MS)];

const STATUS: Readonly<Record<MessageItem['status'], Told>> = {
  raised: fires,
  changed: fires,
  repeated: fires,
  escalated: (item, frame, now, firingMs) => [
    alertOf({ ...item, severity: 'warning' }, frame, now, now),
    ...fires(item, frame, now, firingMs),
  ],
  cleared: ends,
  // Nobody was notified before it ended: it is shown for a while.
  ended: (...told) => [...ends(...told), ...passes(...told)],
  happened: passes,
};

function alertOf(item: MessageItem, frame: Frame, now: number, endsAtMs: number): Alert {
  const { text } = FLAVOURS.relayed;
  const { target, title, severity, runbook } = item;
  const link = linkOf(runbook);
  return {
    labels: present({
      alertname: item.condition,
      severity,
      instance: frame.instance,
      target,
      env_id: item.envId,
      provider_id: item.providerId,
      condition_id: item.id,
    }),
    annotations: present({
      summary: text(target === null ? title : `${target}: ${title}`),
      description: text(item.what).slice(0, MAX_TEXT).toWellFormed(),
      next: item.next === null ? null : text(item.next),
      // A line for each, which a person copies; a template shows it by itself.
      paste: item.next === null ? null : nextStepOf(item.next).pastes.map(text).join('\n'),
      logins_until: item.loginsUntil,
      code: item.code,
      runbook_url: runbook,
    }),
    ...times(Date.parse(item.since), now, endsAtMs),
    ...(link === undefined ? {} : { generatorURL: link }),
  };
}

function signOfLife(message: AlertMessage, now: number): Alert {
  const alertname = message.kind === 'digest' ? 'RotatorDigest' : 'RotatorTest';
  return {
    labels: { alertname, severity: 'info', instance: message.instance },
    annotations: {
      summary: FLAVOURS.relayed.text(message.title),
      description: layOut(message, FLAVOURS.relayed, { size: MAX_TEXT }),
    },
    ...times(now, now, now + PASSING_MS),
  };
}

/** Alertmanager refuses a start after the end. */
function times(startsAtMs: number, now: number, endsAtMs: number): Pick<Alert, 'startsAt' | 'endsAt'> {
  const start = Number.isNaN(startsAtMs) ? now : Math.min(startsAtMs, now);
  return { startsAt: new Date(start).toISOString(), endsAt: new Date(endsAtMs).toISOString() };
}

/** Alertmanager reads an empty value as none. */
function present(values: Readonly<Record<string, string | null>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value]])),
  );
}

/** The alerts as JSON lists of at most MAX_BYTES each. */
function chunks(alerts: readonly Alert[]): string[] {
  const lists: string[] = [];
  let [current, bytes]: [string[], number] = [[], 2];
  for (const text of alerts.map((alert) => JSON.stringify(alert))) {
    const size = Buffer.byteLength(text) + 1;
    if (current.length > 0 && bytes + size > MAX_BYTES) {
      lists.push(`[${current.join(',')}]`);
      [current, bytes] = [[], 2];
    }
    current.push(text);
    bytes += size;
  }
  if (current.length > 0) lists.push(`[${current.join(',')}]`);
  return lists;
}

/** The URL of the configuration, which may have the path of the API or a prefix of it. */
function endpointOf(url: string): URL {
  const endpoint = new URL(url);
  const path = endpoint.pathname.replace(/\/+$/, '');
  endpoint.pathname = path.endsWith(PATH) ? path : `${path}${PATH}`;
  return endpoint;
}
