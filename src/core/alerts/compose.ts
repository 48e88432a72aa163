// From what is to be told to the message that a channel gets: rendered in one language, worst first, with nothing in it
// that a channel would have to look up. The words are those of texts/; here is only how they are put together.
import { isoOrNull } from '../instants.ts';
import { redactText } from '../redact.ts';
import type { ConditionName, Finding, Severity } from './conditions.ts';
import { CONDITIONS } from './conditions.ts';
import type { AlertMessage, Language, MessageItem } from './message.ts';
import type { DeliveryStatus, DeliverySubject, RotatedEvent } from './records.ts';
import { EN } from './texts/en.ts';
import { detail } from './texts/quote.ts';
import { type ConditionWords, type Counts, say, type Texts } from './texts/texts.ts';
import { ZH } from './texts/zh.ts';

/** The words of each language. */
export const TEXTS: Readonly<Record<Language, Texts>> = { en: EN, zh: ZH };

export interface MessageRequest {
  /** UUIDv7; the same at every attempt of the same message. */
  readonly id: string;
  /** ms since the epoch. */
  readonly now: number;
  readonly instance: string;
  readonly version: string;
  readonly language: Language;
  /** Where the runbook is: a path or URL, to which `#<section>` is added. */
  readonly runbook: string;
  /** At most one a condition; conditions and events together, or a digest alone, or a test alone. */
  readonly subjects: readonly DeliverySubject[];
}

export interface Wording {
  readonly language: Language;
  readonly now: number;
  readonly runbook: string;
}

/** What a person is told of a finding. */
export interface FindingTexts {
  readonly title: string;
  readonly what: string;
  readonly next: string;
  /** The link to its section of the runbook. */
  readonly runbook: string;
}

type ConditionSubject = Extract<DeliverySubject, { kind: 'condition' }>;

/** Where logins may be failing although the client secret has not expired, its expiry is no promise. */
const LOGINS_IN_DOUBT: ReadonlySet<string> = new Set<ConditionName>([
  'AppleRejectsSecret',
  'ProviderDisabled',
  'ProviderChanged',
]);
/** A title is one line, cut at so many characters: what a telephone shows. */
const LONGEST_TITLE = 120;
const LONGEST_INSTANCE = 40;

/** The message for what is to be told. Pure: the same request gives the same message. */
export function composeMessage(request: MessageRequest): AlertMessage {
  const { id, now, version, language, subjects } = request;
  const texts = TEXTS[language];
  const instance = detail(request.instance, 80);
  const items = subjects.flatMap((subject) => itemOf(subject, request)).sort(worstFirst);
  const lines = subjects.flatMap((subject) => {
    if (subject.kind === 'digest') return texts.digest(subject.digest, { instance, version, now });
    return subject.kind === 'test' ? texts.test({ instance, version, now }) : [];
  });
  return {
    id,
    kind: kindOf(subjects),
    instance,
    version,
    language,
    at: iso(now, now),
    severity: worstOf(items),
    title: titleOf(request, items),
    lines: lines.map(redactText),
    items,
    closes: [...new Set(subjects.flatMap((subject) => (subject.kind === 'condition' ? subject.closes : [])))],
    labels: texts.labels,
  };
}

/** What is said of a finding that is open, as the command `alerts` and the HTTP interface show it. */
export function describeFinding(finding: Finding, { language, now, runbook }: Wording): FindingTexts {
  const words = wordsOf(finding, TEXTS[language]);
  return {
    title: redactText(say(words.headline ?? words.title, finding, now)),
    what: redactText(say(words.what, finding, now)),
    next: redactText(say(words.next, finding, now)),
    runbook: runbookLink(runbook, finding.condition),
  };
}

/** The link to a condition's section: GitHub's fragment of a heading that is the condition's name. */
export function runbookLink(base: string, condition: string): string {
  return `${base}#${condition.toLowerCase()}`;
}

/** A journal may hold a condition of another version of this program: it is told all the same, in general words. */
function wordsOf(finding: Finding, texts: Texts): ConditionWords<Finding['condition']> {
  const { condition } = finding;
  if (Object.hasOwn(texts.conditions, condition))
    // The table's row for a name takes findings of that name, which the compiler cannot follow through a union.
    return texts.conditions[condition] as ConditionWords<Finding['condition']>;
  const words = texts.unknownCondition(condition);
  return { ...words, over: words.title, was: words.title };
}

function itemOf(subject: DeliverySubject, request: MessageRequest): MessageItem[] {
  if (subject.kind === 'condition') return [conditionItem(subject, request)];
  return subject.kind === 'rotated' ? [rotatedItem(subject.event, request)] : [];
}

function conditionItem(subject: ConditionSubject, request: MessageRequest): MessageItem {
  const { status, finding, thread } = subject;
  const { target, error } = finding;
  const { now } = request;
  const open = isOpen(status);
  const { title, what, next, runbook } =
    status === 'forgotten' || open ? lasting(subject, request) : past(subject, request);
  return {
    id: finding.id,
    condition: finding.condition,
    status,
    severity: finding.severity,
    target: target?.name ?? null,
    envId: target?.envId ?? null,
    providerId: target?.providerId ?? null,
    title: redactText(title),
    what: redactText(what),
    since: iso(subject.since, now),
    until: open ? null : iso(subject.until ?? now, now),
    loginsUntil:
      (open || status === 'forgotten') && !LOGINS_IN_DOUBT.has(finding.condition)
        ? isoOrNull(finding.loginsUntil)
        : null,
    next,
    code: error?.code ?? null,
    runbook,
    thread,
  };
}

interface ItemTexts {
  readonly title: string;
  readonly what: string;
  readonly next: string | null;
  readonly runbook: string;
}

/** What is not known to be over. */
function lasting({ status, finding }: ConditionSubject, request: MessageRequest): ItemTexts {
  const described = describeFinding(finding, request);
  if (status !== 'forgotten') return described;
  return { ...described, what: TEXTS[request.language].endings.forgotten(finding, request.now), next: null };
}

function past({ status, finding, since, until }: ConditionSubject, request: MessageRequest): ItemTexts {
  const { language, now, runbook } = request;
  const texts = TEXTS[language];
  const words = wordsOf(finding, texts);
  const span = { since, until: until ?? now };
  const over = status === 'cleared';
  return {
    title: say(over ? words.over : words.was, finding, now),
    what: over ? texts.endings.cleared(span) : texts.endings.ended(finding, span),
    next: null,
    runbook: runbookLink(runbook, finding.condition),
  };
}

function rotatedItem(event: RotatedEvent, { language, now }: MessageRequest): MessageItem {
  const { target, fingerprint } = event;
  const { rotated } = TEXTS[language];
  const id = rotatedId(event, fingerprint);
  return {
    id,
    condition: 'Rotated',
    status: 'happened',
    severity: 'info',
    target: target.name,
    envId: target.envId,
    providerId: target.providerId,
    title: rotated.title,
    what: redactText(rotated.what(event, now)),
    since: iso(now, now),
    until: null,
    loginsUntil: isoOrNull(event.expiresAt),
    next: null,
    code: null,
    runbook: null,
    thread: id,
  };
}

/** Steady for one rotation: the same at every attempt of its message. */
function rotatedId({ target }: RotatedEvent, fingerprint: string | null): string {
  return ['Rotated', target.envId, target.providerId, ...(fingerprint === null ? [] : [fingerprint.slice(0, 12)])].join(
    '/',
  );
}

/** An instant that no Date can hold (a stored number may be damaged) is told as now. */
function iso(atMs: number, now: number): string {
  return isoOrNull(atMs) ?? isoOrNull(now) ?? '';
}

function kindOf(subjects: readonly DeliverySubject[]): AlertMessage['kind'] {
  const kinds = new Set(subjects.map(({ kind }) => kind));
  if (kinds.has('condition') || kinds.has('rotated')) return 'alert';
  return kinds.has('test') ? 'test' : 'digest';
}

function isOpen(status: DeliveryStatus): boolean {
  return status === 'raised' || status === 'escalated' || status === 'repeated';
}

function worstOf(items: readonly MessageItem[]): Severity | 'info' {
  const open = items.filter(({ status }) => isOpen(status)).map(({ severity }) => severity);
  if (open.includes('critical')) return 'critical';
  return open.includes('warning') ? 'warning' : 'info';
}

/** Open and critical, open, over, events; among these by target (the service itself first) and condition. */
function worstFirst(one: MessageItem, other: MessageItem): number {
  return (
    rank(one) - rank(other) ||
    compare(one.target ?? '', other.target ?? '') ||
    order(one) - order(other) ||
    compare(one.id, other.id)
  );
}

function rank({ status, severity }: MessageItem): number {
  if (isOpen(status)) return severity === 'critical' ? 0 : 1;
  return status === 'happened' ? 3 : 2;
}

function order({ condition }: MessageItem): number {
  return condition === 'Rotated' ? CONDITIONS.length : CONDITIONS.indexOf(condition);
}

/** By code units, so that the order is the same on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function titleOf(request: MessageRequest, items: readonly MessageItem[]): string {
  const { titles } = TEXTS[request.language];
  const head = `[${detail(request.instance, LONGEST_INSTANCE)}] `;
  const [first, ...rest] = items;
  if (first === undefined) return detail(`${head}${linesTitle(request)}`, LONGEST_TITLE);
  if (rest.length > 0) return manyTitle(head, request, items);
  const title = head + titles.one(titles.mark(first.status, first.severity), first.target, first.title);
  const until = isOpen(first.status) && first.loginsUntil !== null ? Date.parse(first.loginsUntil) : 0;
  const ending = until > request.now ? titles.loginsUntil(until) : '';
  return detail(title.length + ending.length <= LONGEST_TITLE ? title + ending : title, LONGEST_TITLE);
}

function linesTitle({ language, subjects }: MessageRequest): string {
  const { titles } = TEXTS[language];
  for (const subject of subjects) if (subject.kind === 'digest') return titles.digest(subject.digest);
  return titles.test;
}

/** Counts, then what it is about, most frequent first, as much of it as there is room for. */
function manyTitle(head: string, { language, subjects }: MessageRequest, items: readonly MessageItem[]): string {
  const texts = TEXTS[language];
  const count = (fits: (item: MessageItem) => boolean) => items.filter(fits).length;
  const counts: Counts = {
    critical: count((item) => rank(item) === 0),
    warning: count((item) => rank(item) === 1),
    cleared: count(({ status }) => status === 'cleared'),
    ended: count(({ status }) => status === 'ended'),
    forgotten: count(({ status }) => status === 'forgotten'),
    happened: count(({ status }) => status === 'happened'),
  };
  const often = new Map<string, number>();
  for (const subject of subjects) {
    const kind = kindTitle(subject, texts);
    if (kind !== undefined) often.set(kind, (often.get(kind) ?? 0) + 1);
  }
  const kinds = [...often].sort(([one, many], [other, fewer]) => fewer - many || compare(one, other));
  const shown = kinds.map(([title, times]) => texts.titles.kind(title, times));
  for (let room = shown.length; room > 0; room -= 1) {
    const named = room < shown.length ? [...shown.slice(0, room), '…'] : shown;
    const title = head + texts.titles.many(counts, named);
    if (title.length <= LONGEST_TITLE) return detail(title, LONGEST_TITLE);
  }
  return detail(head + texts.titles.many(counts, []), LONGEST_TITLE);
}

/** Under what heading a subject is counted. */
function kindTitle(subject: DeliverySubject, texts: Texts): string | undefined {
  if (subject.kind === 'rotated') return texts.rotated.title;
  if (subject.kind !== 'condition') return undefined;
  const { status, finding } = subject;
  const words = wordsOf(finding, texts);
  if (status === 'cleared' && typeof words.over === 'string') return words.over;
  if (status === 'ended' && typeof words.was === 'string') return words.was;
  return words.title;
}
