// A message as every channel gets it: complete, and in the language of the configuration. A channel only lays it out,
// cuts it to size and sends it. Instants are ISO 8601 UTC.
import type { LoginsView } from '../target-view.ts';
import type { Cause } from './causes.ts';
import type { Severity } from './conditions.ts';
import type { NewsStatus } from './records.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Events, which have no end. */
export const EVENT_TITLES = ['Rotated', 'Unwatched'] as const;
export type EventTitle = (typeof EVENT_TITLES)[number];

/** A target that a story is about. */
export interface MessageTarget {
  readonly name: string;
  readonly envId: string | null;
  readonly providerId: string | null;
  /** When its client secret expires; null if that is not known, or over. */
  readonly loginsUntil: string | null;
}

/** One story or event of a message. */
export interface MessageItem {
  /** The story's id; of an event its name and target: `Rotated/ENV/PROVIDER/…`, `Unwatched/ENV/PROVIDER`. */
  readonly id: string;
  readonly condition: Cause | EventTitle;
  readonly status: NewsStatus;
  /** `info`: an event. */
  readonly severity: Severity | 'info';
  /** The target that it is about; null: the service, or something that several targets have in common. */
  readonly target: string | null;
  readonly envId: string | null;
  readonly providerId: string | null;
  /** All targets that it is about, soonest expiry first. */
  readonly targets: readonly MessageTarget[];
  /** What is wrong, as a headline without the target: `the client secret cannot be renewed`. */
  readonly title: string;
  /** What happened, in one to three sentences. */
  readonly what: string;
  /** Since when. */
  readonly since: string;
  /** When it ended; null while it lasts. */
  readonly until: string | null;
  /** When the first deployed client secret expires; null if that is not known, not affected, or over. */
  readonly loginsUntil: string | null;
  /** What is known of the target's logins; null: of the service itself, over, or an event. */
  readonly logins: LoginsView | null;
  /** What to do next: one imperative sentence; null after the end. */
  readonly next: string | null;
  /** The error's code, if there is one. */
  readonly code: string | null;
  /** Its section of the runbook; null for an event. */
  readonly runbook: string | null;
  /** PagerDuty's dedup_key without the instance. */
  readonly thread: string;
}

/** Words that a layout needs beside the message's own, in the language of the message. */
export interface Labels {
  /** By status: `raised`, `all clear`, … */
  readonly status: Readonly<Record<NewsStatus, string>>;
  readonly severity: Readonly<Record<Severity | 'info', string>>;
  readonly instance: string;
  readonly target: string;
  /** Of several, those whose client secret expires first, first. */
  readonly targets: string;
  readonly since: string;
  readonly until: string;
  readonly loginsUntil: string;
  readonly next: string;
  readonly condition: string;
  readonly code: string;
  readonly runbook: string;
  /** The line in place of `count` items that had no room, with the command that shows them as code. */
  readonly more: (count: number) => string;
  /** The end of a text that was cut. */
  readonly cut: string;
}

export interface AlertMessage {
  /** A UUID; the same at every attempt of the same message. */
  readonly id: string;
  readonly kind: 'alert' | 'digest' | 'test';
  readonly instance: string;
  readonly version: string;
  readonly language: Language;
  /** The time zone in which a layout shows instants; default: UTC. */
  readonly timezone?: string;
  /** When it was written. */
  readonly at: string;
  /** That of the worst item that is not over; `info` if there is none. */
  readonly severity: Severity | 'info';
  /** One line that names the instance: `[prod-rotator] critical: shop-prod: …`, `[prod-rotator] 500 alerts: …`. */
  readonly title: string;
  /** Of a digest and a test: its text, a line an element. Empty for an alert. */
  readonly lines: readonly string[];
  /** Worst first; empty for a digest and a test. */
  readonly items: readonly MessageItem[];
  /** Incidents that are over. */
  readonly closes: readonly string[];
  readonly labels: Labels;
}
