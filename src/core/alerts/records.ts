// What the journal keeps for alerts, as plain data: the open conditions, the outbox of deliveries, what is known of
// each channel, and a memo. Each record is defined once, as in core/records.ts. Instants are ms since the epoch. No
// field holds a secret or the URL of a channel.
import * as z from 'zod';
import { errorSchema, type Frozen, instant, type Kinds, reasonSchema } from '../records.ts';
import { CONDITIONS, findingSchema, SEVERITIES } from './conditions.ts';

/** What a delivery says of its condition. */
export const DELIVERY_STATUSES = [
  'raised',
  'escalated',
  'repeated',
  'cleared',
  /** The condition ended before its raise could be delivered: "was failing from … to …". Made by folding alone. */
  'ended',
  /** An event, which has no end. */
  'happened',
] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** The schemas of the records that are kept for alerts. */
export function alertSchemas(kinds: Kinds) {
  const { prose, label } = kinds;
  const maybe = label.nullable();
  const maybeInstant = instant.nullable();
  const finding = findingSchema(kinds);

  /** A condition that was found and is not over. */
  const condition = z.object({
    /** As it was found last. `finding.id` is the key of the record. */
    finding,
    /** When it was first found; `finding.since` may be earlier. */
    foundAt: instant,
    /** When it was raised; null while it is held back (`holdMs`). */
    raisedAt: maybeInstant,
    /** When it was last raised, repeated or escalated. */
    toldAt: maybeInstant,
    /**
     * The channels that were notified of it, each with the thread (PagerDuty's dedup_key) it was sent under. The
     * all-clear goes to these, whatever their filters say by then.
     */
    told: z.record(label, label),
  });

  /** A client secret was replaced (sent if `alerts.rotated` says so). */
  const rotated = z.object({
    target: z.object({ name: label, envId: label, providerId: label }),
    reason: reasonSchema,
    keyId: maybe,
    fingerprint: maybe,
    expiresAt: maybeInstant,
    previousExpiresAt: maybeInstant,
  });

  /** A target left the configuration. It is sent once; its conditions end without an all-clear. */
  const unwatched = z.object({
    target: z.object({ name: label, envId: maybe, providerId: maybe }),
    /** Expiry of the client secret that was read last; null if it is not known. */
    expiresAt: maybeInstant,
    /** The same provider is watched on, under another `cloudbase.endpoint` and so as another target. */
    moved: z.boolean().default(false),
    /** Its conditions that were raised. */
    open: z.array(z.enum(CONDITIONS)),
  });

  /** What the weekly sign of life says. */
  const digest = z.object({
    version: prose,
    targets: z.number(),
    /** How many targets are in each state, by the state's name. */
    states: z.record(label, z.number()),
    /** The next renewals, soonest first, at most five. */
    renewals: z.array(z.object({ target: label, at: instant, expiresAt: instant })),
    /** Open conditions, worst first, at most twenty; `openTotal` counts all. */
    open: z.array(z.object({ condition: z.enum(CONDITIONS), target: maybe, severity: z.enum(SEVERITIES) })),
    openTotal: z.number(),
  });

  /**
   * A row of the outbox. It never changes until it is delivered; rows of one condition are folded when they are sent.
   */
  const delivery = z.object({
    /** UUIDv7. */
    id: label,
    channel: label,
    at: instant,
    subject: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('condition'),
        status: z.enum(DELIVERY_STATUSES).exclude(['happened']),
        finding,
        /** When it began. */
        since: instant,
        /** When it ended; null while it lasts. */
        until: maybeInstant,
        /** See `told` of a condition. */
        thread: label,
        /** Threads in which nothing is open any more once this is delivered. */
        closes: z.array(label),
      }),
      z.object({ kind: z.literal('rotated'), event: rotated }),
      /** `closes`: as for a condition. */
      z.object({ kind: z.literal('unwatched'), event: unwatched, closes: z.array(label) }),
      z.object({ kind: z.literal('digest'), digest }),
      z.object({ kind: z.literal('test') }),
    ]),
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
  });

  /** What else the alerts need to remember. */
  const memo = z.object({
    /** The tick of `alerts.digest` that was served last; null: none since the journal began. */
    digestAt: maybeInstant,
    /** Target key → since when it is watched: a target that was never read is stale from then on. */
    watchedSince: z.record(label, instant),
  });

  /** One atomic change of the book; what is not named stays. */
  const update = z.object({
    /** Inserts or replaces, by `finding.id`. */
    putConditions: z.array(condition).exactOptional(),
    /** By `finding.id`. */
    removeConditions: z.array(label).exactOptional(),
    addDeliveries: z.array(delivery).exactOptional(),
    /** By id; one that is gone already is no error. */
    removeDeliveries: z.array(label).exactOptional(),
    /** Inserts or replaces, by name. */
    putChannels: z.array(channel).exactOptional(),
    removeChannels: z.array(label).exactOptional(),
    memo: memo.exactOptional(),
  });

  return { condition, delivery, channel, memo, update };
}

type Schemas = ReturnType<typeof alertSchemas>;

export type ConditionRecord = Frozen<z.infer<Schemas['condition']>>;
export type Delivery = Frozen<z.infer<Schemas['delivery']>>;
export type ChannelState = Frozen<z.infer<Schemas['channel']>>;
export type AlertMemo = Frozen<z.infer<Schemas['memo']>>;
export type AlertUpdate = Frozen<z.infer<Schemas['update']>>;

/** One piece of news for one channel. */
export type DeliverySubject = Delivery['subject'];
export type RotatedEvent = Extract<DeliverySubject, { readonly kind: 'rotated' }>['event'];
export type UnwatchedEvent = Extract<DeliverySubject, { readonly kind: 'unwatched' }>['event'];
export type DigestFacts = Extract<DeliverySubject, { readonly kind: 'digest' }>['digest'];

/** Everything that the journal keeps for alerts. */
export interface AlertBook {
  readonly conditions: readonly ConditionRecord[];
  /** The outbox, oldest first. */
  readonly deliveries: readonly Delivery[];
  readonly channels: readonly ChannelState[];
  readonly memo: AlertMemo;
}

export const EMPTY_MEMO: AlertMemo = { digestAt: null, watchedSince: {} };
export const EMPTY_BOOK: AlertBook = { conditions: [], deliveries: [], channels: [], memo: EMPTY_MEMO };

/** A channel that was not used yet. */
export function emptyChannelState(name: string): ChannelState {
  return { name, failures: 0, nextAttemptAt: null, failingSince: null, lastDeliveredAt: null, error: null };
}
