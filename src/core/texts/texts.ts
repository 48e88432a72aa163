// What a language must bring to tell of alerts: the words of every condition, of messages, of times and of counts.
// Each language satisfies this interface, so that a new condition, status or state does not compile until all have it.
// Words are pure functions of what was found and of now; whatever comes from outside goes through quote.ts first.

import type { ConditionName, FindingOf, Severity } from '../alerts/conditions.ts';
import type { DigestFacts, Labels } from '../alerts/message.ts';
import type { Reason } from '../reasons.ts';

/** A text, or how it is made from what was found. `now` is ms since the epoch. */
export type Words<Name extends ConditionName, Text = string> =
  | string
  | ((finding: FindingOf<Name>, now: number) => Text);

/**
 * Headlines have no full stop at their end; `what` and `next` are whole sentences. None names the target, the replica, the
 * expiry of the client secret or the last error, unless it is about that: whoever composes a message adds these.
 */
export interface ConditionWords<Name extends ConditionName> {
  /** What is wrong, without any facts: equal for all targets, so that many can be counted under it. */
  readonly title: string;
  /** The headline where the facts say more than `title` does; null where they do not. */
  readonly headline?: Words<Name, string | null>;
  /** What happened, what breaks and when: one to three sentences; those that are empty are left out. */
  readonly what: Words<Name, string | readonly string[]>;
  /** The next step: one imperative sentence. Where there is an error its next step counts, but for OWN_NEXT and APPLIED. */
  readonly next: Words<Name>;
  /** The headline of the end. It claims no more than that this condition is over. */
  readonly over: Words<Name>;
}

/** A wrong configuration is corrected, and then applied: its own next step is half of that. */
export const APPLIED: ReadonlySet<ConditionName> = new Set<ConditionName>(['ConfigurationRejected', 'StartRefused']);
/** What to do then, whatever their error says. */
export const OWN_NEXT: ReadonlySet<ConditionName> = new Set<ConditionName>([
  'ProviderChanged',
  'SecretReplaced',
  'AppleUnreachable',
  'AppleRejectsAll',
  'ClockSkewed',
  'ChannelFailing',
]);

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

/** What an error puts in danger. */
export type ErrorDanger = 'renewal' | 'command' | 'configuration' | 'channel' | 'journal' | 'daemon';

export interface Texts {
  readonly conditions: ConditionTable;
  /** Before a headline: of which replica it is told. */
  readonly replica: (name: string) => string;
  readonly lastError: (message: string) => string;
  /** What is said of the ends of a condition. */
  readonly endings: {
    readonly cleared: (span: Span) => string;
    /** It ended before anybody could be told. */
    readonly ended: (headline: string, span: Span) => string;
  };
  /** The title of a message, without the instance in brackets before it. */
  readonly titles: {
    /** `mark`: status and severity of the one item, such as `CRITICAL` or `all clear`. */
    readonly one: (mark: string, target: string | null, headline: string) => string;
    readonly mark: (status: keyof Labels['status'], severity: Severity | 'info') => string;
    /** Follows a headline: when the deployed client secret expires. */
    readonly loginsUntil: (at: number) => string;
    readonly many: (counts: Counts, kinds: readonly string[]) => string;
    /** One kind of a message about many: what it is, and for whom or how often. */
    readonly kind: (title: string, count: number, names: readonly string[]) => string;
    readonly digest: (digest: DigestFacts) => string;
    readonly test: string;
    /** Before the title of a story that is made up. */
    readonly testMark: string;
  };
  readonly digest: (digest: DigestFacts, sender: Sender) => readonly string[];
  readonly test: (sender: Sender) => readonly string[];
  readonly reasons: Readonly<Record<Reason, string>>;
  /** What `explain` says beside the sentences of messages. */
  readonly explain: {
    readonly kinds: Readonly<Record<'alert' | 'reason' | 'error', string>>;
    readonly dangers: Readonly<Record<ErrorDanger, string>>;
    /** Whether it goes away by itself. */
    readonly remedies: Readonly<Record<'passes' | 'person', string>>;
    readonly reason: (clause: string) => string;
    readonly reasonDanger: string;
    readonly example: string;
    readonly see: string;
  };
  readonly labels: Labels;
}
