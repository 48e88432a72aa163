// Where alerts go in a rehearsal: any request to /inbox/NAME (or below it) is kept, and answered as the service behind
// the channel would answer it. What that service would refuse is refused, and kept with the reason.
import type { Json } from '../core/json.ts';
import { same } from './digest.ts';
import { type Call, type Incoming, json } from './exchange.ts';
import { judge } from './vendors.ts';

/** Signs the messages to an inbox, unless another secret is set for it. */
const INBOX_SECRET = 'SECtest';

/** The call, if the request is for /inbox/…. */
export function inboxCall(incoming: Incoming): Call | undefined {
  const [, name, rest = ''] = /^\/inbox\/([^/]+)(\/.*)?$/.exec(incoming.path) ?? [];
  if (name === undefined) return undefined;
  const text = incoming.body.toString('utf8');
  const body = parsed(text);
  return {
    service: 'inbox',
    action: name,
    body,
    error: (code, message, status) => json(status ?? 400, { error: code, message }),
    answer: (world) => {
      const { authorization, ...headers } = incoming.headers;
      const query = incoming.query === '' ? '' : `?${incoming.query}`;
      const now = world.clock.now();
      const { secret = INBOX_SECRET, keyword, authorization: wanted } = world.inboxGuards.get(name) ?? {};
      const { answer, refused } = judge(name, {
        method: incoming.method,
        path: rest,
        query: new URLSearchParams(incoming.query),
        headers,
        text,
        body,
        secret,
        keyword,
        isAllowed: wanted === undefined || same(authorization ?? '', wanted),
        now,
        earlier: world.inbox.filter((message) => message.name === name).map(({ at }) => at),
      });
      const marked = refused === undefined ? {} : { refused };
      world.inbox.push({ at: now, name, method: incoming.method, rest: rest + query, headers, body, ...marked });
      return answer;
    },
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
