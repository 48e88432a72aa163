// Where alerts may be sent in a rehearsal: any request to /inbox/NAME (or below it) is kept and answered as the
// services behind the channels do when all is well: errcode 0, code 0, Slack's `ok`, PagerDuty's 202.
import type { Json } from '../ports.ts';
import { type Answer, type Call, type Incoming, json } from './exchange.ts';

/** Sorts a request to /inbox/…; undefined: it is none. */
export function inboxCall(incoming: Incoming): Call | undefined {
  const [, name, rest = ''] = /^\/inbox\/([^/]+)(\/.*)?$/.exec(incoming.path) ?? [];
  if (name === undefined) return undefined;
  const body = parsed(incoming.body.toString('utf8'));
  return {
    service: 'inbox',
    action: name,
    body,
    error: (code, message, status) => json(status ?? 400, { error: code, message }),
    answer: (world) => {
      const { authorization: _, ...headers } = incoming.headers;
      const query = incoming.query === '' ? '' : `?${incoming.query}`;
      world.inbox.push({
        at: world.clock.now(),
        name,
        method: incoming.method,
        rest: rest + query,
        headers,
        body,
      });
      return received(name);
    },
  };
}

function received(name: string): Answer {
  if (name.startsWith('slack')) return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' };
  if (name.startsWith('pagerduty')) return json(202, { status: 'success', message: 'Event processed' });
  return json(200, { errcode: 0, errmsg: 'ok', code: 0, msg: 'success' });
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
