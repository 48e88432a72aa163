// The daemon's log: one JSON line an event on stdout, written by pino; pretty where a terminal is attached. Every
// event goes through the one redaction. A warning that stays true is told once a day, not at every pass.
import pino, { type DestinationStream, type Level } from 'pino';
import type { EventName, EventSink, RotatorEvent } from '../core/events.ts';
import type { Clock } from '../core/ports.ts';
import { redact } from '../core/redact.ts';
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
  'condition.raised': 'warn',
  'condition.cleared': 'info',
  'alert.sent': 'info',
  'alert.failed': 'error',
  warning: 'warn',
};

/** That the journal is back goes by the event's name too, and is no reason to call anybody. */
function levelOf({ event, degraded }: RotatorEvent): Level {
  return event === 'journal.degraded' && degraded === false ? 'info' : LEVELS[event];
}

/** A sink that logs. Never throws: a log that cannot be written silences nothing else. */
export function createLog({ level, instance, clock, destination }: LogOptions): EventSink {
  const logger = pino(
    {
      level,
      base: { instance },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const told = new Map<string, number>();
  return (event) => {
    if (event.event === 'warning' && toldToday(told, event, clock.now())) return;
    try {
      const { message, ...fields } = redact(event) as RotatorEvent;
      logger[levelOf(event)](fields, message);
    } catch {
      // Nowhere left to say it; journal, alerts and the pass go on.
    }
  };
}

/** Forgets what was told more than a day ago, or by a clock that was ahead, so that `told` stays small. */
function toldToday(told: Map<string, number>, { target, message }: RotatorEvent, now: number): boolean {
  for (const [key, at] of told) if (at > now || now - at >= DAY) told.delete(key);
  const key = `${target ?? ''} ${message}`;
  if (told.has(key)) return true;
  told.set(key, now);
  return false;
}
