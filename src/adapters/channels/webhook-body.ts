// What the channel `webhook` posts: the schema that config/webhook.schema.json is generated from, and a message in that
// form. docs/webhook.md explains it. Within one number of `schema`, fields may be added; none is removed or renamed.
import * as z from 'zod';
import { CONDITIONS, SEVERITIES } from '../../core/alerts/conditions.ts';
import { type AlertMessage, EVENT_TITLES, LANGUAGES } from '../../core/alerts/message.ts';
import { DELIVERY_STATUSES } from '../../core/alerts/records.ts';

const instant = z.iso.datetime();
const severity = z.enum([...SEVERITIES, 'info']);

const item = z.object({
  id: z.string().describe('The id of the condition; the same as long as it lasts, and when it comes back.'),
  condition: z.enum([...CONDITIONS, ...EVENT_TITLES]).describe('What is wrong; `Rotated` and `Unwatched` are events.'),
  status: z
    .enum(DELIVERY_STATUSES)
    .describe(
      '`raised`, `escalated` and `repeated` tell of what lasts; `cleared`: over; `ended`: over before it could be told; `happened`: an event.',
    ),
  severity: severity.describe('`info`: an event.'),
  target: z.string().nullable().describe('The name of the target; null: the service itself.'),
  envId: z.string().nullable().describe('Its CloudBase environment.'),
  providerId: z.string().nullable().describe('Its identity provider.'),
  title: z.string().describe('What is wrong, as a headline.'),
  what: z.string().describe('What happened, in one to three sentences. May hold words of other services.'),
  since: instant.describe('Since when.'),
  until: instant.nullable().describe('When it ended; null while it lasts.'),
  loginsUntil: instant.nullable().describe('Until when logins still work; null: unknown, untouched, or over.'),
  next: z.string().nullable().describe('What to do next; null after the end.'),
  code: z.string().nullable().describe("The error's code, `ERR_…`."),
  runbook: z.string().nullable().describe('The section of the runbook.'),
  thread: z.string().describe('Items of one thread belong to one incident.'),
});

const body = z
  .object({
    schema: z.literal(1).describe('The version of this form.'),
    id: z.uuid().describe('The same at every attempt to deliver the same message: drop what you have seen.'),
    kind: z.enum(['alert', 'digest', 'test']).describe('`digest`: the weekly sign of life; `test`: asked for.'),
    instance: z.string().describe('Which rotator speaks.'),
    version: z.string().describe('Its version.'),
    language: z.enum(LANGUAGES).describe('The language of the words in it.'),
    at: instant.describe('When the message was written.'),
    severity: severity.describe('The worst of the items that are not over; `info` where none is.'),
    title: z.string().describe('One line that names the instance.'),
    lines: z.array(z.string()).describe('The text of a digest or a test; empty for an alert.'),
    items: z.array(item).describe('Worst first; empty for a digest and a test.'),
    omitted: z.int().min(0).describe('Items that are left out so that the body stays below 1 MB.'),
    closes: z.array(z.string()).describe('Threads in which nothing is open any more.'),
  })
  .describe('What apple-secret-rotator posts to a channel of the type webhook.');

/** The JSON Schema of what is posted. */
export function webhookJsonSchema(): object {
  return { title: 'apple-secret-rotator webhook', ...z.toJSONSchema(body) };
}

const MAX_BYTES = 900_000;

/** A message as it is posted, of at most 900 kB: receivers commonly accept 1 MB. */
export function webhookBody(message: AlertMessage): string {
  const { labels: _, ...told } = message;
  const write = (count: number) => {
    const items = message.items.slice(0, count);
    const closes = count === message.items.length ? message.closes : message.closes.slice(0, count);
    const written: z.input<typeof body> = {
      schema: 1,
      ...told,
      items: items.map((each) => ({ ...each })),
      omitted: message.items.length - count,
      lines: [...message.lines],
      closes: [...closes],
    };
    return JSON.stringify(written);
  };
  let count = message.items.length;
  while (count > 0 && Buffer.byteLength(write(count)) > MAX_BYTES) count = Math.floor(count / 2);
  return write(count);
}
