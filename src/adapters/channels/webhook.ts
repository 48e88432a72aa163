// Channel `webhook`: the whole message as JSON to a URL of yours, signed if there is a secret. Any 2xx is a success.
// docs/webhook.md describes the body, and how a receiver checks the signature.
import { createHmac } from 'node:crypto';
import * as z from 'zod';
import type { Channel } from '../../core/ports.ts';
import { type ChannelTools, Poster } from './http.ts';
import { access, accessHeaders, common, postUrl, signingSecret } from './options.ts';
import { webhookBody } from './webhook-body.ts';

export const options = z.strictObject({
  type: z.literal('webhook'),
  ...common,
  url: postUrl(),
  secret: signingSecret().optional(),
  ...access(),
});
export type WebhookOptions = z.output<typeof options>;

/** At most twelve messages a minute: the receiver's limits are unknown. */
const GAP_MS = 5_000;

export function createWebhookChannel(settings: WebhookOptions, tools: ChannelTools): Channel {
  const { url, secret, ...named } = settings;
  const poster = new Poster('webhook', named, url, tools);
  const shown = accessHeaders(settings);
  return {
    name: named.name,
    type: 'webhook',
    gapMs: GAP_MS,
    reach: (signal) => poster.reach(signal),
    async send(message, signal) {
      const body = webhookBody(message);
      const seconds = Math.floor(tools.clock.now() / 1000);
      const signed =
        secret === undefined
          ? {}
          : {
              'x-rotator-timestamp': String(seconds),
              'x-rotator-signature': `v1=${webhookSignature(secret, seconds, body)}`,
            };
      const headers = {
        ...shown,
        'user-agent': `apple-secret-rotator/${message.version}`,
        'x-rotator-id': message.id,
        ...signed,
      };
      const answer = await poster.post({ url, body, headers, signal });
      poster.requireSuccess(answer);
      return { detail: `HTTP ${answer.status}` };
    },
  };
}

/** Lower-case hex of HMAC-SHA256 under the secret of `<seconds>.<body>`. */
export function webhookSignature(secret: string, seconds: number, body: string): string {
  return createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
}
