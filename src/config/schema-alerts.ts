// The part of the configuration that says whom to call: alerts, their channels, and the heartbeat.
import * as z from 'zod';
import { channelOptions } from '../adapters/channels/registry.ts';
import { cron, duration, flag, httpUrl, oneOf, text } from '../adapters/scalars.ts';
import { LANGUAGES } from '../core/alerts/message.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/time.ts';

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
    digest: cron({ orOff: true })
      .prefault('0 9 * * 1')
      .describe('Weekly sign of life through every channel; "off" to do without.'),
    rotated: flag().prefault('false').describe('Tell every rotation that succeeded, as an event.'),
    runbook: text('a URL or a path', 500)
      .prefault('docs/runbook.md')
      .describe("Where the runbook is: a URL or path; the condition's section is appended as #fragment."),
    channels: z.array(channelOptions).prefault([]).describe('Where alerts go.'),
    none: oneOf('accepted', 'none')
      .optional()
      .describe('"accepted" (or "none", as the variable ROTATOR_ALERTS says it): run although alerts reach nobody.'),
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
