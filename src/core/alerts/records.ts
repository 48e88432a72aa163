// What the journal keeps for alerts, as plain data: the open conditions, the outbox of deliveries, what is known of
// each channel, and a memo. Instants are ms since the epoch. No field holds a secret or the URL of a channel.
import type { ErrorView } from '../errors.ts';
import type { Reason } from '../reasons.ts';
import type { ConditionName, Finding, Severity } from './conditions.ts';

/** A condition that was found and is not over. */
export interface ConditionRecord {
  /** As it was found last. `finding.id` is the key of the record. */
  readonly finding: Finding;
  /** When it was first found (an instant of ours, where `finding.since` may tell an earlier one). */
  readonly foundAt: number;
  /** When it began to count; null while it is held back (`holdMs`). */
  readonly raisedAt: number | null;
  /** When it was last raised, repeated or escalated. */
  readonly toldAt: number | null;
  /**
   * The channels that were told of it, each with the thread (PagerDuty's dedup_key) under which it was told: the
   * all-clear goes to these, whatever their filters say by then.
   */
  readonly told: Readonly<Record<string, string>>;
}

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

/** A client secret was replaced (told where `alerts.rotated` says so). */
export interface RotatedEvent {
  readonly target: { readonly name: string; readonly envId: string; readonly providerId: string };
  readonly reason: Reason;
  readonly keyId: string | null;
  readonly fingerprint: string | null;
  readonly expiresAt: number | null;
  readonly previousExpiresAt: number | null;
}

/** A target left the configuration. It is told once; its conditions end with it, which is no all-clear. */
export interface UnwatchedEvent {
  readonly target: { readonly name: string; readonly envId: string | null; readonly providerId: string | null };
  /** Of the client secret that was deployed when it was read last; null where that is not known. */
  readonly expiresAt: number | null;
  /** Its conditions that were raised. */
  readonly open: readonly ConditionName[];
}

/** What the weekly sign of life says. */
export interface DigestFacts {
  readonly version: string;
  readonly targets: number;
  /** How many targets are in each state, by the state's name. */
  readonly states: Readonly<Record<string, number>>;
  /** The next renewals, soonest first, at most five. */
  readonly renewals: readonly { readonly target: string; readonly at: number; readonly expiresAt: number }[];
  /** Open conditions, worst first, at most twenty; `openTotal` counts all. */
  readonly open: readonly { readonly condition: string; readonly target: string | null; readonly severity: Severity }[];
  readonly openTotal: number;
}

/** One thing to tell one channel. */
export type DeliverySubject =
  | {
      readonly kind: 'condition';
      readonly status: Exclude<DeliveryStatus, 'happened'>;
      readonly finding: Finding;
      /** Since when it has been so. */
      readonly since: number;
      /** When it ended; null while it lasts. */
      readonly until: number | null;
      /** See ConditionRecord.told. */
      readonly thread: string;
      /** Threads in which nothing is open any more once this is told. */
      readonly closes: readonly string[];
    }
  | { readonly kind: 'rotated'; readonly event: RotatedEvent }
  | {
      readonly kind: 'unwatched';
      readonly event: UnwatchedEvent;
      /** Threads in which nothing is open any more once this is told. */
      readonly closes: readonly string[];
    }
  | { readonly kind: 'digest'; readonly digest: DigestFacts }
  | { readonly kind: 'test' };

/** A row of the outbox: append-only until it is delivered; rows of one condition are folded when they are sent. */
export interface Delivery {
  /** UUIDv7. */
  readonly id: string;
  readonly channel: string;
  readonly at: number;
  readonly subject: DeliverySubject;
}

/** What is known of a channel. */
export interface ChannelState {
  readonly name: string;
  /** Attempts in a row that failed. */
  readonly failures: number;
  /** Null: at once. */
  readonly nextAttemptAt: number | null;
  /** When the first of these attempts failed. */
  readonly failingSince: number | null;
  readonly lastDeliveredAt: number | null;
  readonly error: ErrorView | null;
}

/** What the alerts need to remember beside that. */
export interface AlertMemo {
  /** The tick of `alerts.digest` that was served last; null: none since the journal began. */
  readonly digestAt: number | null;
  /** Target key → since when it is watched (a target that was never read is stale from then on). */
  readonly watchedSince: Readonly<Record<string, number>>;
}

export const EMPTY_MEMO: AlertMemo = { digestAt: null, watchedSince: {} };

/** Everything that the journal keeps for alerts. */
export interface AlertBook {
  readonly conditions: readonly ConditionRecord[];
  /** The outbox, oldest first. */
  readonly deliveries: readonly Delivery[];
  readonly channels: readonly ChannelState[];
  readonly memo: AlertMemo;
}

export const EMPTY_BOOK: AlertBook = { conditions: [], deliveries: [], channels: [], memo: EMPTY_MEMO };

/** One atomic change of the book; what is not named stays. */
export interface AlertUpdate {
  /** Inserts or replaces, by `finding.id`. */
  readonly putConditions?: readonly ConditionRecord[];
  /** By `finding.id`. */
  readonly removeConditions?: readonly string[];
  readonly addDeliveries?: readonly Delivery[];
  /** By id; one that is gone already is no error. */
  readonly removeDeliveries?: readonly string[];
  /** Inserts or replaces, by name. */
  readonly putChannels?: readonly ChannelState[];
  readonly removeChannels?: readonly string[];
  readonly memo?: AlertMemo;
}

/** A channel of which nothing is known yet. */
export function emptyChannelState(name: string): ChannelState {
  return { name, failures: 0, nextAttemptAt: null, failingSince: null, lastDeliveredAt: null, error: null };
}
