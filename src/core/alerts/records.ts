// What the journal keeps for alerts, as plain data: the stories, what is known of each channel, and since when each target
// is watched. Each record is defined once, as in core/records.ts. Instants are ms since the epoch. No field holds a secret
// or the URL of a channel.
import * as z from 'zod';
import { errorSchema, type Frozen, instant, type Kinds, proofSchema, reasonSchema } from '../records.ts';
import { findingSchema, SEVERITIES } from './conditions.ts';
import { CAUSES } from './names.ts';

/** What a message says of a story. */
export const NEWS_STATUSES = [
  'raised',
  /** It has become critical. */
  'escalated',
  /** Its error or next step is another, its nearest expiry is sooner, or a target that cannot wait has joined. */
  'changed',
  'repeated',
  'cleared',
  /** It ended before its beginning could be told. */
  'ended',
  /** An event, which has no end. */
  'happened',
] as const;
export type NewsStatus = (typeof NEWS_STATUSES)[number];

/** The schemas of the records that are kept for alerts. */
export function alertSchemas(kinds: Kinds) {
  const { prose, label } = kinds;
  const maybe = label.nullable();
  const maybeInstant = instant.nullable();
  const finding = findingSchema(kinds);

  /** What was last told of a story over a channel. The next message is the difference to it. */
  const told = z.object({
    at: instant,
    severity: z.enum(SEVERITIES),
    /** The error's code. */
    code: maybe,
    /** The next step, in English. */
    next: prose,
    /** The soonest expiry of a client secret. */
    deadline: maybeInstant,
    /** Reminders since something else was told. */
    reminders: z.number(),
    /** PagerDuty's dedup_key, without the instance. */
    thread: label,
    /** That it is over. */
    over: z.boolean(),
  });

  /** Everything that is wrong by one cause (causes.ts). */
  const story = z.object({
    id: label,
    cause: z.enum(CAUSES),
    /** What was found; of a story that is over, what was found last. */
    members: z
      .array(
        z.object({
          finding,
          /** When it was first found; `finding.since` may be earlier. */
          foundAt: instant,
          /** When it became critical. */
          criticalAt: maybeInstant,
        }),
      )
      .min(1),
    /** When it began. */
    since: instant,
    /** Until then its beginning waits for other targets; null: it need not. */
    gathersUntil: maybeInstant,
    /** When nothing was found any more; null while it lasts. */
    endedAt: maybeInstant,
    /** For how long an end must hold before it is told. */
    holdMs: z.number(),
    /** Its end was logged. */
    closed: z.boolean(),
    /** By channel. */
    told: z.record(label, told),
    /** The last rotation of its target that succeeded while it lasted: most likely what ends it. */
    rotation: z
      .object({
        /** Of the row in the journal. */
        id: maybe,
        reason: reasonSchema,
        proof: proofSchema.nullable(),
        /** The failed row whose write showed later. */
        settles: maybe,
      })
      .nullable()
      .default(null),
  });

  /** What is known of a channel. */
  const channel = z.object({
    name: label,
    /** Attempts in a row that failed. */
    failures: z.number(),
    /** Null: at once. */
    nextAttemptAt: maybeInstant,
    /** When the first of these attempts failed. */
    failingSince: maybeInstant,
    lastDeliveredAt: maybeInstant,
    error: errorSchema(kinds).nullable(),
    /** The tick of `alerts.digest` that was served last; null: none since the channel is known. */
    digestAt: maybeInstant.default(null),
  });

  /** What else the alerts need to remember. */
  const memo = z.object({
    /** Target key → since when it is watched: a target that was never read is stale from then on. */
    watchedSince: z.record(label, instant),
    /** Target key ('': the service) → since when it is found to be late: that is told after a while. */
    lateSince: z.record(label, instant).exactOptional(),
  });

  /** One atomic change of the book; what is not named stays. */
  const update = z.object({
    /** Inserts or replaces, by id. */
    putStories: z.array(story).exactOptional(),
    /** By id. */
    removeStories: z.array(label).exactOptional(),
    /** Inserts or replaces, by name. */
    putChannels: z.array(channel).exactOptional(),
    removeChannels: z.array(label).exactOptional(),
    memo: memo.exactOptional(),
  });

  return { story, channel, memo, update };
}

type Schemas = ReturnType<typeof alertSchemas>;

export type Story = Frozen<z.infer<Schemas['story']>>;
export type StoryMember = Story['members'][number];
export type Told = Story['told'][string];
export type ChannelState = Frozen<z.infer<Schemas['channel']>>;
export type AlertMemo = Frozen<z.infer<Schemas['memo']>>;
export type AlertUpdate = Frozen<z.infer<Schemas['update']>>;

/** Everything that the journal keeps for alerts. */
export interface AlertBook {
  readonly stories: readonly Story[];
  readonly channels: readonly ChannelState[];
  readonly memo: AlertMemo;
}

export const EMPTY_MEMO: AlertMemo = { watchedSince: {} };
export const EMPTY_BOOK: AlertBook = { stories: [], channels: [], memo: EMPTY_MEMO };

/** A story that begins. */
export function newStory(id: string, cause: Story['cause'], members: Story['members'], since: number): Story {
  const nothing = { gathersUntil: null, endedAt: null, holdMs: 0, closed: false, told: {}, rotation: null };
  return { id, cause, members, since, ...nothing };
}

/** A channel that was not used yet. */
export function emptyChannelState(name: string): ChannelState {
  const nothing = { nextAttemptAt: null, failingSince: null, lastDeliveredAt: null, error: null, digestAt: null };
  return { name, failures: 0, ...nothing };
}
