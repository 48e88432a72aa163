// What a language must bring to tell of alerts: the words of every condition, of messages, of times and of counts.
// Each language satisfies this interface, so that a new condition, status or state does not compile until all have it.
// Words are pure functions of what was found and of now; whatever comes from outside goes through quote.ts first.

import type { ConditionName, Finding, Severity } from '../alerts/conditions.ts';
import type { Labels } from '../alerts/message.ts';
import type { DigestFacts, RotatedEvent, UnwatchedEvent } from '../alerts/records.ts';
import type { Reason } from '../reasons.ts';

/** A finding of this condition, with its facts. */
export type FindingAs<Name extends ConditionName> = Extract<Finding, { readonly condition: Name }>;

/** A text, or how it is made from what was found. `now` is ms since the epoch. */
export type Words<Name extends ConditionName> = string | ((finding: FindingAs<Name>, now: number) => string);

/** Headlines have no full stop at their end; `what` and `next` are whole sentences. */
export interface ConditionWords<Name extends ConditionName> {
  /** What is wrong, without any facts: equal for all targets, so that many can be counted under it. */
  readonly title: string;
  /** The headline where the facts say more than `title` does. */
  readonly headline?: Words<Name>;
  /** What happened, what breaks and when: one to three sentences. */
  readonly what: Words<Name>;
  /** The next step: one imperative sentence. */
  readonly next: Words<Name>;
  /** The headline of an all-clear. It claims no more than that this condition is over. */
  readonly over: Words<Name>;
  /** The headline of one that ended before anybody could be told. */
  readonly was: Words<Name>;
}

export type ConditionTable = { readonly [Name in ConditionName]: ConditionWords<Name> };

/** When a condition began and ended, ms since the epoch. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

/** How many items of a message there are of each kind. */
export interface Counts {
  readonly critical: number;
  readonly warning: number;
  readonly cleared: number;
  readonly ended: number;
  readonly happened: number;
}

/** What the text of a digest or a test begins with. */
export interface Sender {
  readonly instance: string;
  readonly version: string;
  readonly now: number;
}

export interface Texts {
  readonly conditions: ConditionTable;
  /** What is said of the ends of a condition. */
  readonly endings: {
    readonly cleared: (span: Span) => string;
    /** It ended before anybody could be told. */
    readonly ended: (finding: Finding, span: Span) => string;
  };
  readonly rotated: {
    readonly title: string;
    readonly what: (event: RotatedEvent, now: number) => string;
  };
  readonly unwatched: {
    readonly title: (event: Pick<UnwatchedEvent, 'moved'>) => string;
    readonly what: (event: UnwatchedEvent, now: number) => string;
  };
  /** The title of a message, without the instance in brackets before it. */
  readonly titles: {
    /** `mark`: status and severity of the one item, such as `CRITICAL` or `all clear`. */
    readonly one: (mark: string, target: string | null, headline: string) => string;
    readonly mark: (status: keyof Labels['status'], severity: Severity | 'info') => string;
    /** Follows a headline: when the deployed client secret expires. */
    readonly loginsUntil: (at: number) => string;
    readonly many: (counts: Counts, kinds: readonly string[]) => string;
    /** One kind of a message about many: what it is, and how often. */
    readonly kind: (title: string, count: number) => string;
    readonly digest: (digest: DigestFacts) => string;
    readonly test: string;
  };
  readonly digest: (digest: DigestFacts, sender: Sender) => readonly string[];
  readonly test: (sender: Sender) => readonly string[];
  readonly reasons: Readonly<Record<Reason, string>>;
  readonly labels: Labels;
}

/** The text of `words` for a finding. */
export function say<Name extends ConditionName>(words: Words<Name>, finding: FindingAs<Name>, now: number): string {
  return typeof words === 'string' ? words : words(finding, now);
}
