// What the channel `webhook` posts: the schema that config/webhook.schema.json is generated from, and a message in that
// form. docs/webhook.md explains it. Within one number of `schema`, fields may be added; none is removed or renamed.
import * as z from 'zod';
import { withoutMarks } from '../../alerts/words/flavours.ts';
import { SEVERITIES } from '../../core/alerts/conditions.ts';
import { type AlertMessage, LANGUAGES } from '../../core/alerts/message.ts';
import { CAUSES } from '../../core/alerts/names.ts';
import { NEWS_STATUSES } from '../../core/alerts/records.ts';
import { REASONS } from '../../core/reasons.ts';
import { type Frozen, proofSchema } from '../../core/records.ts';
import { LOGINS_VIEW } from '../../core/target-view.ts';

const instant = z.iso.datetime();
const severity = z.enum([...SEVERITIES, 'info']);

const item = z.object({
  id: z
    .string()
    .describe(
      'The id of the story: the cause, and where. It stays the same while it continues, and when it comes back.',
    ),
  cause: z.enum(CAUSES).describe('What is wrong; `Unwatched` is an event.'),
  status: z
    .enum(NEWS_STATUSES)
    .describe(
      '`raised`, `escalated` (it is critical now), `changed`, `repeated`: it continues; `cleared`: it is over; `ended`: it was over before a message could be sent; `happened`: an event.',
    ),
  severity: severity.describe('`info` is an event.'),
  target: z
    .string()
    .nullable()
    .describe('The name of the target; null: the service, or what several targets have in common.'),
  envId: z.string().nullable().describe('The CloudBase environment of the target.'),
  providerId: z.string().nullable().describe('The identity provider of the target.'),
  targets: z
    .array(
      z.object({
        name: z.string(),
        envId: z.string().nullable(),
        providerId: z.string().nullable(),
        loginsUntil: instant.nullable().describe('When its client secret expires; null: unknown, or over.'),
      }),
    )
    .describe('Every target that it is about, soonest expiry first.'),
  title: z.string().describe('What is wrong, as a headline.'),
  what: z.string().describe('What happened, in one to three sentences. It may hold words of other services.'),
  since: instant.describe('When it began.'),
  until: instant.nullable().describe('When it ended; null while it continues.'),
  loginsUntil: instant
    .nullable()
    .describe('When the first deployed client secret expires; null: unknown, not affected, or over.'),
  logins: LOGINS_VIEW.nullable().describe(
    'What is known of the logins of the target, and by which evidence; null: of the service itself, over, or an event.',
  ),
  rotation: z
    .object({
      id: z.string().nullable().describe('As in `GET /api/v1/rotations`.'),
      reason: z.enum(REASONS),
      proof: proofSchema.nullable(),
      settles: z.string().nullable().describe('The failed rotation whose write showed later.'),
    })
    .nullable()
    .describe(
      'Of what is over: the last rotation of the target that succeeded while it lasted; null if there was none.',
    ),
  next: z.string().nullable().describe('What to do next; null after the end.'),
  code: z.string().nullable().describe("The error's code, `ERR_…`."),
  runbook: z.string().describe('The section of the runbook.'),
  thread: z.string().describe('The incident: it is another one once the story has become critical.'),
});

const body = z
  .object({
    schema: z.literal(2).describe('The version of this form.'),
    id: z.uuid().describe('The same at every attempt to deliver the same message: drop what you have already seen.'),
    kind: z
      .enum(['alert', 'digest', 'test'])
      .describe('`digest`: the regular sign of life; `test`: somebody asked for it, also if it has items.'),
    instance: z.string().describe('The name of the rotator that sent it.'),
    version: z.string().describe('The version of that rotator.'),
    language: z.enum(LANGUAGES).describe('The language of the texts.'),
    at: instant.describe('When the message was written.'),
    severity: severity.describe('The worst severity of the items that are not over; `info` if there are none.'),
    title: z.string().describe('One line, with the name of the instance.'),
    lines: z.array(z.string()).describe('The text of a digest or a test; empty for an alert.'),
    items: z
      .array(item)
      .describe('Worst first; empty for a digest. Of a test: a story that is made up, if somebody asked for one.'),
    omitted: z.int().min(0).describe('The number of items that were left out to keep the body below 1 MB.'),
    closes: z.array(z.string()).describe('Incidents that are over.'),
  })
  .describe('What apple-secret-rotator posts to a channel of the type webhook.');

/** The JSON Schema of what is posted. */
export function webhookJsonSchema(): object {
  return { title: 'apple-secret-rotator webhook', ...z.toJSONSchema(body) };
}

const MAX_BYTES = 900_000;

/** A message as it is posted, of at most 900 kB: receivers commonly accept 1 MB. */
export function webhookBody(message: AlertMessage): string {
  const { labels: _, timezone: __, ...told } = message;
  const write = (count: number) => {
    const items = message.items.slice(0, count);
    const closes = count === message.items.length ? message.closes : message.closes.slice(0, count);
    const written: Frozen<z.input<typeof body>> = {
      schema: 2,
      ...told,
      title: withoutMarks(message.title),
      items: items.map(({ condition: cause, ...each }) => ({
        ...each,
        cause,
        targets: [...each.targets],
        title: withoutMarks(each.title),
        what: withoutMarks(each.what),
        next: each.next === null ? null : withoutMarks(each.next),
      })),
      omitted: message.items.length - count,
      lines: message.lines.map(withoutMarks),
      closes: [...closes],
    };
    return JSON.stringify(written);
  };
  let count = message.items.length;
  while (count > 0 && Buffer.byteLength(write(count)) > MAX_BYTES) count = Math.floor(count / 2);
  return write(count);
}
