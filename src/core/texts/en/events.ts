// The text of every event, as the log and the progress of `once` show it. Whole sentences without a full stop; names,
// ids and instants stand in the fields of the log line and are repeated here only where the sentence needs them.

import { errorView } from '../../errors.ts';
import type { EventError, EventName, RotationEndEvent, RotatorEvent, Step } from '../../events.ts';
import { isoSeconds } from '../../instants.ts';
import { DAY } from '../../time.ts';
import { callTrouble } from './calls.ts';
import { whyText } from './why.ts';
import { counted, MOVED } from './words.ts';

export const WINDOW_CLOSED = 'the maintenance window is closed';

type Texts = { readonly [N in EventName]: (event: RotatorEvent<N>, now: number) => string };

const TEXTS: Texts = {
  'daemon.started': ({ targets }) => `started; watching ${counted(targets, 'target')}`,
  'daemon.stopped': () => 'stopped',
  'start.refused': ({ error, waits }) =>
    `cannot start: ${said(error)}${waits ? '; trying again every minute and when the configuration file changes' : ''}`,
  'config.reloaded': ({ targets }) => `configuration reloaded; watching ${counted(targets, 'target')}`,
  'config.rejected': ({ error }) => `new configuration rejected, still using the old one: ${said(error)}`,
  'pass.healthy': () => 'nothing to do',
  'pass.deferred': ({ why, error }) => `${whyText(why)}; ${error === null ? WINDOW_CLOSED : said(error)}`,
  'pass.pending': ({ error }) => said(error),
  'pass.failed': ({ error }) => said(error),
  'rotation.started': ({ reason }) => `rotation started: ${reason}`,
  'rotation.step': stepText,
  'rotation.succeeded': ended,
  'rotation.unverified': ended,
  'rotation.failed': ended,
  'rotation.rolled_back': ended,
  'rotation.blocked': ended,
  'retry.scheduled': ({ attempt }) =>
    `will try again after ${attempt === 2 ? 'a failure' : `${attempt - 1} failures in a row`}`,
  'journal.degraded': ({ error }) =>
    error === null ? 'the journal can be written again' : `going on without the journal: ${said(error)}`,
  'story.opened': ({ title }) => `alert: ${title}`,
  'story.changed': ({ title }) => `alert has changed: ${title}`,
  'story.closed': ({ what, title }) => (what === 'closed' ? `all clear: ${title}` : `no longer watched: ${title}`),
  'target.unwatched': ({ expiresAt, moved }) =>
    moved
      ? MOVED
      : `no longer watched: the target was removed from the configuration; its client secret ${
          expiresAt === null ? 'expires at an unknown time' : `is valid until ${isoSeconds(expiresAt)}`
        }`,
  'alert.sent': (event) => `sent ${contents(event)} over ${event.channel}: ${event.detail}`,
  'alert.failed': ({ channel, error }) => aboutChannel(channel, said(error)),
  warning: ({ channel, during, error }) => {
    if (channel !== undefined) return aboutChannel(channel, said(error));
    return during === undefined ? said(error) : `${DURING[during]}: ${said(error)}`;
  },
};

function said({ stored }: EventError): string {
  return errorView(stored).message;
}

const DURING = {
  alerts: 'alerts',
  'http-request': 'could not answer an HTTP request',
  replicas: 'work with the other replicas',
} as const;

/** The sentence of an event. `now` in ms: some sentences say how far away an instant is. */
export function eventText<N extends EventName>(event: RotatorEvent<N>, now: number): string {
  const text: (event: RotatorEvent<N>, now: number) => string = TEXTS[event.event];
  return text(event, now);
}

const ENDS = {
  'pass.deferred': 'waits',
  'pass.pending': 'waits for you',
  'pass.failed': 'failed',
  'rotation.succeeded': 'the new client secret is in place',
  'rotation.unverified': 'the new client secret was written, but the provider does not show it',
  'rotation.failed': 'the rotation failed',
  'rotation.rolled_back': 'the previous client secret was put back',
  'rotation.blocked': 'nothing was written',
} as const satisfies { readonly [N in EventName]?: string };

/** How a pass ended, without its error; undefined for any other event. */
export function endText(name: EventName): string | undefined {
  return (ENDS as Partial<Record<EventName, string>>)[name];
}

function ended({ event, error }: RotationEndEvent): string {
  return error === null ? ENDS[event] : `${ENDS[event]}: ${said(error)}`;
}

function stepText(event: Step, now: number): string {
  switch (event.step) {
    case 'found':
      return `found: ${whyText(event.why)}${expiry(event, now)}`;
    case 'minted':
      return `candidate minted${event.expiresAt === null ? '' : `, valid until ${isoSeconds(event.expiresAt)}`}`;
    case 'verified':
      return "candidate checked claim by claim, its signature with the key's public half";
    case 'answer-reused':
      return 'Apple answered about this key lately; not asked again';
    case 'apple-answered':
      return appleText(event);
    case 'login-checked':
      return `the login interface of CloudBase ${event.verdict === 'rejected' ? 'passed on a rejection by Apple' : 'says nothing about the client secret'} (${callTrouble(event.detail)})`;
    case 'intent-recorded':
      return 'intent recorded in the journal';
    case 'pushed':
      return 'candidate sent to CloudBase';
    case 'push-unclear':
      return `the write may or may not have been applied: ${said(event.error)}`;
    case 'starting-over':
      return `starting over: ${said(event.error)}`;
    case 'read-back':
      return `read back: ${READ_BACK[event.found]}`;
    case 'restoring-fields':
      return `our write changed ${event.fields.join(', ')}; restoring`;
    case 'putting-back':
      return 'putting the previous secret back';
    case 'outcome-recorded':
      return 'outcome recorded in the journal';
  }
}

function appleText({ asked, verdict, detail }: Extract<Step, { step: 'apple-answered' }>): string {
  const clear = verdict === 'accepted' || verdict === 'rejected';
  const asItShould = asked === 'control' && verdict === 'rejected' ? ', as it should' : '';
  return `${clear ? `Apple ${verdict}` : 'no clear answer from Apple about'} ${ASKED[asked]}${asItShould} (${callTrouble(detail)})`;
}

const ASKED = {
  candidate: 'the candidate',
  deployed: 'the deployed secret',
  control: 'the control signed with a throwaway key',
} as const;

const READ_BACK = {
  arrived: 'the candidate is there',
  'not-shown': 'the provider does not show its secret',
  'still-old': 'the old secret is still there',
  conflict: 'a third secret is there',
  unfit: 'no usable secret is there',
} as const;

function expiry({ why, expiresAt }: Extract<Step, { step: 'found' }>, now: number): string {
  if (expiresAt === null) return '';
  if (why.found === 'expired') return ` (${isoSeconds(expiresAt)})`;
  const days = ((expiresAt - now) / DAY).toFixed(1);
  return `; the deployed secret ${expiresAt > now ? `expires in ${days} days` : 'has expired'} (${isoSeconds(expiresAt)})`;
}

function contents({ kind, alerts }: RotatorEvent<'alert.sent'>): string {
  if (kind === 'digest') return 'the digest';
  if (kind === 'test') return 'a test message';
  return alerts === 1 ? 'an alert' : `${alerts} alerts in one message`;
}

/** Errors of a channel often name it themselves. */
function aboutChannel(name: string, message: string): string {
  return message.startsWith(`channel ${name} `) ? message : `channel ${name}: ${message}`;
}
