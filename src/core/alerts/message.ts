// A message as every channel gets it: complete, and in the language of the configuration. A channel only lays it out,
// cuts it to size and sends it. Instants are ISO 8601 UTC.
import type { TargetStateName } from '../reasons.ts';
import type { LoginsView } from '../target-view.ts';
import type { ConditionName, ConditionTarget, Severity } from './conditions.ts';
import type { Cause } from './names.ts';
import type { NewsStatus, Story } from './records.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What the weekly sign of life says. Instants are ms since the epoch. */
export interface DigestFacts {
  readonly targets: number;
  /** How many targets are in each state. */
  readonly states: Readonly<Partial<Record<TargetStateName, number>>>;
  /** The next renewals, soonest first, at most five. */
  readonly renewals: readonly { readonly target: string; readonly at: number; readonly expiresAt: number }[];
  /** Open stories, worst first, at most twenty; `openTotal` counts all. `targets`: how many they are about. */
  readonly open: readonly {
    readonly condition: ConditionName;
    readonly target: string | null;
    readonly targets: number;
    readonly severity: Severity;
  }[];
  readonly openTotal: number;
}

/** A target that a story is about. */
export interface MessageTarget extends Omit<ConditionTarget, 'key'> {
  /** When its client secret expires; null if that is not known, or over. */
  readonly loginsUntil: string | null;
}

/** One story of a message. */
export interface MessageItem {
  /** The story's id. */
  readonly id: string;
  readonly condition: Cause;
  readonly status: NewsStatus;
  /** `info`: an event, which has no end. */
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
  /** Of one that is over: the last rotation that succeeded while it lasted; else null. */
  readonly rotation: Story['rotation'];
  /** What to do next: one imperative sentence; null after the end. */
  readonly next: string | null;
  /** The error's code, if there is one. */
  readonly code: string | null;
  /** Its section of the runbook. */
  readonly runbook: string;
  /** PagerDuty's dedup_key without the instance. */
  readonly thread: string;
}

/**
 * What people are shown: where logins work again, that what kept the secret from being renewed is over goes unsaid; and
 * that a target is no longer watched is said once, however many of its stories end with that.
 */
export function shownItems(items: readonly MessageItem[]): readonly MessageItem[] {
  const over = items.filter(({ status }) => status === 'cleared');
  const saved = new Set(over.flatMap(({ condition, target }) => (condition === 'LoginsFail' ? (target ?? []) : [])));
  const left = new Map(items.map((item) => [`${item.condition} ${item.envId} ${item.target}`, item]));
  return items.filter((item) => {
    const { status, condition, envId, target } = item;
    if (condition === 'Unwatched') return left.get(`Unwatched ${envId} ${target}`) === item;
    return status !== 'cleared' || condition !== 'RenewalFailing' || !saved.has(target ?? '');
  });
}

/** Words that a layout needs beside the message's own, in the language of the message. */
export interface Labels {
  /** By status: `raised`, `all clear`, … */
  readonly status: Readonly<Record<NewsStatus, string>>;
  readonly severity: Readonly<Record<Severity | 'info', string>>;
  readonly instance: string;
  /** Of the environment and provider ids of a target. */
  readonly ids: string;
  /** Of several, those whose client secret expires first, first. */
  readonly targets: (count: number) => string;
  readonly since: string;
  readonly until: string;
  readonly loginsUntil: string;
  /** An instant, and how far it is from now; both in ms. */
  readonly when: (at: number, now: number) => string;
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
  /** Worst first; empty for a digest. Of a test: a story that is made up, if one was asked for. */
  readonly items: readonly MessageItem[];
  /** Incidents that are over. */
  readonly closes: readonly string[];
  readonly labels: Labels;
}
