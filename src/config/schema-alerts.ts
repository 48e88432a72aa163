// The part of the configuration that says whom to call: alerts, their channels, and the heartbeat.
import * as z from 'zod';
import { cronOrOff, duration, flag, httpUrl, integer, oneOf, patterned, text } from './scalars.ts';
import { DAY, HOUR, MINUTE, SECOND } from './units.ts';

export const SEVERITIES = ['warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A label: of a target, of a channel. */
export const LABEL = /^[a-z0-9][a-z0-9._-]{0,62}$/;
export const LABEL_WANTED = '1 to 63 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit';

const url = httpUrl('the URL to post to').describe('Where to post to. A secret: it is never shown.');
const secret = text('the secret that signs messages').describe('Signs each message. Never shown.');

const common = {
  name: patterned(LABEL_WANTED, LABEL).describe('What the channel is called in logs, metrics and `alerts --channel`.'),
  severities: z
    .array(oneOf(...SEVERITIES))
    .min(1, { error: () => 'at least one of warning, critical' })
    .prefault([...SEVERITIES])
    .describe('Which severities go through this channel.'),
  targets: z
    .array(patterned('the name of a target', LABEL))
    .min(1, { error: () => 'at least one name of a target' })
    .optional()
    .describe(
      "Names of the targets whose alerts go through this channel; without it every target's and the service's own.",
    ),
  insecure: flag().prefault('false').describe('Allows http:// to hosts other than loopback.'),
};

const webhook = z.strictObject({
  type: z.literal('webhook'),
  ...common,
  url,
  secret: secret.optional(),
});
const slack = z.strictObject({ type: z.literal('slack'), ...common, url });
const wecom = z.strictObject({ type: z.literal('wecom'), ...common, url });
const dingtalk = z.strictObject({ type: z.literal('dingtalk'), ...common, url, secret });
const feishu = z.strictObject({ type: z.literal('feishu'), ...common, url, secret });
const pagerduty = z.strictObject({
  type: z.literal('pagerduty'),
  ...common,
  routingKey: text('the integration key of a service').describe('The integration key of the service. Never shown.'),
  url: url.prefault('https://events.pagerduty.com/v2/enqueue').describe('Where events go.'),
});
const alertmanager = z.strictObject({ type: z.literal('alertmanager'), ...common, url });

const address = patterned('a mail address', /^[^\s@<>]+@[^\s@<>]+$/);
const email = z.strictObject({
  type: z.literal('email'),
  ...common,
  host: text('the host of a mail server', 253).describe('The SMTP server.'),
  port: integer(1, 65_535).describe('Its port.'),
  secure: flag().optional().describe('TLS from the first byte (port 465). Without it STARTTLS is used where offered.'),
  user: text('a user name').optional().describe('Who logs in.'),
  password: text('a password').optional().describe('The password. Never shown.'),
  from: text('the sender', 320).describe('The sender, as an address or `Name <address>`.'),
  to: z
    .array(address)
    .min(1, { error: () => 'at least one mail address' })
    .describe('Who gets the mail.'),
});

export const CHANNEL = z
  .discriminatedUnion('type', [webhook, slack, wecom, dingtalk, feishu, pagerduty, alertmanager, email])
  .describe('A channel.');
export type ChannelConfig = z.output<typeof CHANNEL>;

const threshold = () => duration(SECOND, 180 * DAY);

export const ALERTS = z
  .strictObject({
    language: oneOf('en', 'zh').prefault('en').describe('The language of messages.'),
    repeatEvery: z
      .strictObject({
        warning: duration(MINUTE, 30 * DAY)
          .prefault('24h')
          .describe('How often a lasting warning is repeated.'),
        critical: duration(MINUTE, 30 * DAY)
          .prefault('4h')
          .describe('How often a lasting critical alert is repeated.'),
      })
      .prefault({})
      .describe('How often a condition that lasts is told again.'),
    expiry: z
      .strictObject({
        warning: threshold().optional().describe('Warn when less than this is left. Default: 3/4 of renewBefore.'),
        critical: threshold().optional().describe('Critical when less than this is left. Default: 1/3 of renewBefore.'),
      })
      .prefault({})
      .describe("When a secret's coming expiry is told. Below renewBefore, critical below warning."),
    digest: cronOrOff()
      .prefault('0 9 * * 1')
      .describe('Weekly sign of life through every channel; "off" to do without.'),
    channels: z.array(CHANNEL).prefault([]).describe('Where alerts go.'),
    none: oneOf('accepted').optional().describe('"accepted": start although a warning or critical would reach nobody.'),
  })
  .describe('Whom to call, and when.');

export const HEARTBEAT = z
  .strictObject({
    url: httpUrl('the URL to call')
      .optional()
      .describe('Called after every good sweep, with /fail after a bad one. Never shown.'),
    healthUrl: httpUrl('the URL to call')
      .optional()
      .describe('Called as long as the daemon itself is well. Never shown.'),
    every: duration(10 * SECOND, HOUR * 24)
      .prefault('5m')
      .describe('How often.'),
  })
  .describe("A dead man's switch: an outside service that calls you when this one falls silent.");
