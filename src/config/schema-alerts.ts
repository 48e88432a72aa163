// The part of the definition that says who is notified: alerts, their channels, and the heartbeat.
import * as z from 'zod';
import { channelOptions } from '../adapters/channels/registry.ts';
import { cron, duration, httpUrl, oneOf, text, timezone } from '../adapters/scalars.ts';
import { LANGUAGES } from '../core/alerts/message.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../core/time.ts';

const threshold = () => duration(SECOND, 180 * DAY);

export const ALERTS = z
  .strictObject({
    language: oneOf(...LANGUAGES)
      .prefault('en')
      .describe('The language of messages.'),
    timezone: timezone().optional().describe('Of the times in messages. Default: schedule.timezone.'),
    repeatEvery: z
      .strictObject({
        warning: duration(MINUTE, 30 * DAY)
          .prefault('24h')
          .describe('How often you are reminded of a warning that continues.'),
        critical: duration(MINUTE, 30 * DAY)
          .prefault('4h')
          .describe('How often you are reminded of a critical alert that continues.'),
      })
      .prefault({})
      .describe('How often you are reminded of what continues.'),
    expiry: z
      .strictObject({
        warning: threshold().optional().describe('A warning when less than this is left. Default: 3/4 of renewBefore.'),
        critical: threshold().optional().describe('Critical when less than this is left. Default: 1/3 of renewBefore.'),
      })
      .prefault({})
      .describe(
        "When a secret's coming expiry becomes an alert. critical must be below warning, warning below renewBefore.",
      ),
    digest: cron({ orOff: true })
      .prefault('0 9 * * 1')
      .describe('When each channel gets a sign of life (a cron expression), or "off".'),
    runbook: text(['url-or-path'], 500)
      .prefault('docs/runbook.md')
      .describe(
        'The URL or path of the runbook that alerts link to, without http.publicUrl all of them, with it those about the daemon itself; the section is appended as #fragment.',
      ),
    channels: z.array(channelOptions).prefault([]).describe('Where alerts go.'),
    none: oneOf('accepted', 'none')
      .optional()
      .describe('"accepted" (or "none", as the variable ROTATOR_ALERTS says it): run although alerts reach nobody.'),
  })
  .describe('Who is notified, and when.');

export const HEARTBEAT = z
  .strictObject({
    url: httpUrl(['call-url'])
      .optional()
      .describe(
        'Called while the scheduler turns, and its /fail when alerts do not get out or the journal cannot be written. Never shown.',
      ),
    healthUrl: httpUrl(['call-url'])
      .optional()
      .describe('Called as well, and its /fail while any alert is critical. Never shown.'),
    every: duration(10 * SECOND, HOUR * 24)
      .prefault('5m')
      .describe('How often both are called.'),
  })
  .describe("A dead man's switch: an outside service that notifies you when the calls of this one stop.");
