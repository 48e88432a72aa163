// The options that channels share; each channel adds its own in its file.
import * as z from 'zod';
import { SEVERITIES } from '../../core/alerts/conditions.ts';
import type { AlertMessage } from '../../core/alerts/message.ts';
import { holdSecret } from '../../core/held-secrets.ts';
import type { PlainPhrase } from '../../core/texts/problems.ts';
import { flag, httpUrl, label, oneOf, patterned, text, wants } from '../scalars.ts';

/** What every channel has. */
export const common = {
  name: label().describe('What the channel is called in logs, metrics and `alerts --channel`.'),
  severities: z
    .array(oneOf(...SEVERITIES))
    .min(1, wants(['some-severities']))
    .prefault([...SEVERITIES])
    .describe('Which severities go through this channel.'),
  targets: z
    .array(label(['a-target']))
    .min(1, wants(['some-target-names']))
    .optional()
    .describe(
      "Names of the targets whose alerts go through this channel. Without it: the alerts of every target, and the service's own.",
    ),
  insecure: flag()
    .prefault('false')
    .describe(
      'Allows http:// to hosts other than loopback, and a password that goes to the mail server without encryption.',
    ),
};

/** Whether http is permitted depends on the host. */
export function postUrl() {
  return httpUrl(['post-url']).describe('Where to post to. A secret: it is never shown.');
}

export function signingSecret() {
  return text(['signing-secret']).describe('Signs each message. Never shown.');
}

const EVERYBODY = 'everybody';
/** More than that is everybody; their ids would take the room of the alert from WeCom's 4096 bytes. */
const MOST_PEOPLE = 20;

/** The people that critical alerts call. `person`: the ids that the service takes, anchored at both ends; `wanted` names them. */
export function mention(wanted: PlainPhrase, person: RegExp) {
  return z
    .array(patterned(wanted, new RegExp(`^(?:${EVERYBODY}|${person.source.slice(1, -1)})$`)), wants(['mention-list']))
    .min(1, wants(['mention-list']))
    .max(MOST_PEOPLE, wants(['few-people', MOST_PEOPLE]))
    .optional()
    .describe('Who is called by a critical alert: people, or everybody in the chat. Other messages call nobody.');
}

/** Who is called by this message: nobody, unless it is critical, as no digest is. */
export function calledBy(
  { severity }: AlertMessage,
  mentioned: readonly string[] = [],
): { readonly people: readonly string[]; readonly everybody: boolean } {
  const called = severity === 'critical' ? [...new Set(mentioned)] : [];
  return { people: called.filter((each) => each !== EVERYBODY), everybody: called.includes(EVERYBODY) };
}

/** RFC 6750: a token; RFC 7617: no colon in the name of a user. A header has one line of ASCII (RFC 9110, 5.5). */
const TOKEN = /^[!-~]+$/;
const USER = /^[^:\p{Cc}]{1,255}$/u;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_VALUE = /^[ -~]{1,4096}$/;
/** What the request itself or the channel sets. */
const OWN_HEADER = /^(?:host|connection|transfer-encoding|content-.*|accept-encoding|user-agent|x-rotator-.*)$/i;

/** How a channel proves who posts, where a proxy or the receiver asks for it. */
export function access() {
  return {
    auth: z
      .strictObject({
        bearer: patterned(['bearer'], TOKEN).optional().describe('A bearer token. Never shown.'),
        user: patterned(['auth-user'], USER).optional().describe('The user name of basic authentication.'),
        password: text().optional().describe('Its password. Never shown.'),
      })
      .refine(
        ({ bearer, user, password }) => {
          return bearer === undefined
            ? user !== undefined && password !== undefined
            : user === undefined && password === undefined;
        },
        wants(['auth']),
      )
      .optional()
      .describe('What each request shows: { bearer }, or { user, password }.'),
    headers: z
      .record(z.string(), patterned(['header-value'], HEADER_VALUE).optional())
      .superRefine((headers, context) => {
        for (const name of Object.keys(headers)) {
          const wanted = !HEADER_NAME.test(name) ? 'header-name' : OWN_HEADER.test(name) ? 'other-header' : undefined;
          if (wanted === undefined) continue;
          context.issues.push({ code: 'custom', message: JSON.stringify([wanted]), input: headers, path: [name] });
        }
      })
      .optional()
      .describe('Further headers of each request. Their values are never shown.'),
  };
}

type Access = z.output<z.ZodObject<ReturnType<typeof access>>>;

/** The headers of a request, names in lower case; `auth` comes before a header `Authorization`. */
export function accessHeaders({ auth, headers = {} }: Access): Readonly<Record<string, string>> {
  const own = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), value] as const],
  );
  return { ...Object.fromEntries(own), ...(auth === undefined ? {} : { authorization: authorizationOf(auth) }) };
}

function authorizationOf({ bearer, user = '', password = '' }: NonNullable<Access['auth']>): string {
  if (bearer !== undefined) return `Bearer ${bearer}`;
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  // The configuration told the password, but with blanks in it its base64 could not be recognised.
  holdSecret(basic);
  return `Basic ${basic}`;
}
