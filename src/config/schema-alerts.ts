// The part of the configuration that says whom to call: alerts, their channels, and the heartbeat.
import * as z from 'zod';
import { CHANNELS } from '../adapters/channels/registry.ts';
import { SEVERITIES } from '../core/alerts/conditions.ts';
import { LANGUAGES } from '../core/alerts/message.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/time.ts';
import { cronOrOff, duration, flag, httpUrl, oneOf, patterned, text } from './scalars.ts';

/** A label: of a target, of a channel. */
export const LABEL = /^[a-z0-9][a-z0-9._-]{0,62}$/;
export const LABEL_WANTED = '1 to 63 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit';

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
  insecure: flag()
    .prefault('false')
    .describe('Allows http:// to hosts other than loopback, and a password of the mail server without encryption.'),
};

const { webhook, slack, wecom, dingtalk, feishu, pagerduty, alertmanager, email } = CHANNELS;

/** The type comes first, for the reader of a list of known keys. */
export const CHANNEL = z
  .discriminatedUnion('type', [
    z.strictObject({ ...webhook.pick({ type: true }).shape, ...common, ...webhook.shape }),
    z.strictObject({ ...slack.pick({ type: true }).shape, ...common, ...slack.shape }),
    z.strictObject({ ...wecom.pick({ type: true }).shape, ...common, ...wecom.shape }),
    z.strictObject({ ...dingtalk.pick({ type: true }).shape, ...common, ...dingtalk.shape }),
    z.strictObject({ ...feishu.pick({ type: true }).shape, ...common, ...feishu.shape }),
    z.strictObject({ ...pagerduty.pick({ type: true }).shape, ...common, ...pagerduty.shape }),
    z.strictObject({ ...alertmanager.pick({ type: true }).shape, ...common, ...alertmanager.shape }),
    z.strictObject({ ...email.pick({ type: true }).shape, ...common, ...email.shape }),
  ])
  .describe('A channel.');
export type ChannelConfig = z.output<typeof CHANNEL>;

const threshold = () => duration(SECOND, 180 * DAY);

export const ALERTS = z
  .strictObject({
    language: oneOf(...LANGUAGES)
      .prefault('en')
      .describe('The language of messages.'),
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
    rotated: flag().prefault('false').describe('Tell every rotation that succeeded, as an event.'),
    runbook: text('a URL or a path', 500)
      .prefault('docs/runbook.md')
      .describe("Where the runbook is: a URL or path; the condition's section is appended as #fragment."),
    channels: z.array(CHANNEL).prefault([]).describe('Where alerts go.'),
    none: oneOf('accepted').optional().describe('"accepted": start although a warning or critical would reach nobody.'),
  })
  .describe('Whom to call, and when.');

export const HEARTBEAT = z
  .strictObject({
    url: httpUrl('the URL to call')
      .optional()
      .describe(
        'Called while the scheduler turns; with /fail where alerts do not get out or the journal cannot be written. Never shown.',
      ),
    healthUrl: httpUrl('the URL to call')
      .optional()
      .describe('Called as well; with /fail while any critical condition is raised. Never shown.'),
    every: duration(10 * SECOND, HOUR * 24)
      .prefault('5m')
      .describe('How often.'),
  })
  .describe("A dead man's switch: an outside service that calls you when this one falls silent.");
