// The daemon's log: one line for each event, written by pino. Here alone an event becomes text, and its instants become
// ISO 8601. Every line is clean (core/output.ts). A warning that stays true is logged once a day, not at every pass.
import pino, { type DestinationStream, type Level } from 'pino';
import { errorView } from '../core/errors.ts';
import type { EventName, EventSink, RotatorEvent } from '../core/events.ts';
import { wordsIn } from '../core/foreign.ts';
import { isoSeconds } from '../core/instants.ts';
import { cleanLine, cleanValue } from '../core/output.ts';
import type { Clock } from '../core/ports.ts';
import { eventText } from '../core/texts/en/events.ts';
import { DAY } from '../core/time.ts';

export interface LogOptions {
  readonly level: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly destination: DestinationStream;
}

const LEVELS: Record<EventName, Level> = {
  'daemon.started': 'info',
  'daemon.stopped': 'info',
  'start.refused': 'fatal',
  'config.reloaded': 'info',
  'config.rejected': 'error',
  'pass.healthy': 'info',
  'pass.deferred': 'info',
  'pass.pending': 'warn',
  'pass.failed': 'error',
  'rotation.started': 'info',
  'rotation.step': 'debug',
  'rotation.succeeded': 'info',
  'rotation.unverified': 'warn',
  'rotation.failed': 'error',
  'rotation.rolled_back': 'error',
  'rotation.blocked': 'error',
  'retry.scheduled': 'info',
  'journal.degraded': 'error',
  'story.opened': 'warn',
  'story.changed': 'warn',
  'story.closed': 'warn',
  'target.unwatched': 'warn',
  'alert.sent': 'info',
  'alert.failed': 'error',
  warning: 'warn',
};

/**
 * The end of a degraded journal has the same event name, and is good news. A critical story is an error from its beginning
 * to its end: who filters by level sees both.
 */
function levelOf(event: RotatorEvent): Level {
  if (event.event === 'journal.degraded' && !event.degraded) return 'info';
  const isCritical = 'severity' in event && event.severity === 'critical';
  return isCritical ? 'error' : LEVELS[event.event];
}

/** A sink that logs. Never throws: a log that cannot be written silences nothing else. */
export function createLog({ level, instance, clock, destination }: LogOptions): EventSink {
  const logger = pino(
    {
      level,
      base: { instance: cleanLine(instance) },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const logged = new Map<string, number>();
  return (event) => {
    try {
      const level = levelOf(event);
      if (!logger.isLevelEnabled(level)) return;
      const text = cleanLine(eventText(event, clock.now()));
      if (event.event === 'warning' && loggedToday(logged, `${event.target ?? ''} ${text}`, clock.now())) return;
      logger[level](cleanValue(fieldsOf(event)), text);
      const said = 'error' in event ? event.error?.remoteMessage?.slice(0, LONGEST_SAID) : undefined;
      if (said !== undefined) logger.debug({ event: event.event }, cleanLine(`the other side said: ${wordsIn(said)}`));
    } catch {
      // Nowhere left to report it; journal, alerts and the pass go on.
    }
  };
}

/** Denials have a few hundred characters. A longer text would only fill the log. */
const LONGEST_SAID = 4_000;

/** Fields that hold an instant end in `At` or `Until`, or are `since`. */
const INSTANT = /(?:At|Until)$|^since$/;

/** The fields of a log line: what is null is left out, instants are ISO 8601 UTC, an error is its code and hint. */
function fieldsOf(event: RotatorEvent): Record<string, unknown> {
  const { error, ...own } = { error: null, ...event };
  const target = 'target' in event ? (event.target ?? undefined) : undefined;
  const requestId = error?.requestId === undefined ? {} : { requestId: error.requestId };
  const ofError = error === null ? {} : { code: error.code, hint: errorView(error.stored, target).hint, ...requestId };
  return Object.fromEntries(
    Object.entries({ ...own, ...ofError }).flatMap(([name, value]): [string, unknown][] => {
      if (value === null || value === undefined) return [];
      return [[name, typeof value === 'number' && INSTANT.test(name) ? isoSeconds(value) : value]];
    }),
  );
}

/** Whether `line` was logged within the last day. Forgets older ones, so that `logged` stays small. */
function loggedToday(logged: Map<string, number>, line: string, now: number): boolean {
  // An instant in the future was noted by a clock that was ahead, and would silence the warning for too long.
  for (const [key, at] of logged) if (at > now || now - at >= DAY) logged.delete(key);
  if (logged.has(line)) return true;
  logged.set(line, now);
  return false;
}
