// The options that channels share; each channel adds its own in its file.
import * as z from 'zod';
import { SEVERITIES } from '../../core/alerts/conditions.ts';
import { flag, httpUrl, label, oneOf, text, wants } from '../scalars.ts';

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
