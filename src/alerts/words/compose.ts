// Makes the message that a channel gets: in one language, worst first, complete. The words are in core/texts; this file
// only puts them together.

import { CAUSES } from '../../core/alerts/causes.ts';
import type { Finding, Severity } from '../../core/alerts/conditions.ts';
import {
  type AlertMessage,
  EVENT_TITLES,
  type EventTitle,
  type Language,
  type MessageItem,
  type MessageTarget,
} from '../../core/alerts/message.ts';
import type { RotatedEvent, Story, UnwatchedEvent } from '../../core/alerts/records.ts';
import { isoOrNull } from '../../core/instants.ts';
import { cleanValue } from '../../core/output.ts';
import { loginsView } from '../../core/target-view.ts';
import { TEXTS, wordsOf } from '../../core/texts/languages.ts';
import { detail } from '../../core/texts/quote.ts';
import { say } from '../../core/texts/texts.ts';
import type { News } from '../stories/news.ts';
import type { StoryTarget } from '../stories/view.ts';
import { isOpen, type MessageSubject, rankOf, titleOf } from './title.ts';
import { inZone } from './zone.ts';

export type { MessageSubject } from './title.ts';

export interface MessageRequest {
  /** A UUID; the same at every attempt of the same message. */
  readonly id: string;
  /** ms since the epoch. */
  readonly now: number;
  readonly instance: string;
  readonly version: string;
  readonly language: Language;
  /** Of the times in the texts; default: UTC. */
  readonly timezone?: string;
  /** Where the runbook is: a path or URL, to which `#<section>` is added. */
  readonly runbook: string;
  /** Stories (each at most once) and events together, or a digest alone, or a test alone. */
  readonly subjects: readonly MessageSubject[];
}

export interface Wording {
  readonly language: Language;
  readonly now: number;
  readonly runbook: string;
}

/** What a person reads about a finding. */
export interface FindingTexts {
  readonly title: string;
  readonly what: string;
  readonly next: string;
  /** The link to its section of the runbook. */
  readonly runbook: string;
}

/** The message, clean for every channel. Pure: the same request gives the same message. */
export function composeMessage(request: MessageRequest): AlertMessage {
  const { id, now, version, language, subjects } = request;
  const texts = TEXTS[language];
  const instance = detail(request.instance, 80);
  const told = subjects
    .flatMap((subject) => itemOf(subject, request).map((item) => ({ subject, item })))
    .sort((one, other) => worstFirst(one.item, other.item));
  const items = told.map(({ item }) => item);
  const lines = subjects.flatMap((subject) => {
    if (subject.kind === 'digest') return texts.digest(subject.digest, { instance, version, now });
    return subject.kind === 'test' ? texts.test({ instance, version, now }) : [];
  });
  const message: Omit<AlertMessage, 'labels'> = {
    id,
    kind: kindOf(subjects),
    instance,
    version,
    language,
    at: iso(now, now),
    severity: worstOf(items),
    title: titleOf({ ...request, subjects: items.length > 0 ? told.map(({ subject }) => subject) : subjects }, items),
    lines,
    items,
    closes: [...new Set(subjects.flatMap((subject) => ('closes' in subject ? subject.closes : [])))],
  };
  return inZone({ ...(cleanValue(message) as typeof message), labels: texts.labels }, request.timezone);
}

/** The texts of an open finding, as the command `alerts` and the HTTP interface show them. */
export function describeFinding(finding: Finding, { language, now, runbook }: Wording): FindingTexts {
  const words = wordsOf(finding, TEXTS[language]);
  return {
    title: say(words.headline ?? words.title, finding, now),
    what: say(words.what, finding, now),
    next: say(words.next, finding, now),
    runbook: runbookLink(runbook, finding.condition),
  };
}

/** The link to a condition's section: the heading is the condition's name, and this is its fragment on GitHub. */
export function runbookLink(base: string, condition: string): string {
  return `${base}#${condition.toLowerCase()}`;
}

function itemOf(subject: MessageSubject, request: MessageRequest): MessageItem[] {
  if (subject.kind === 'story') return [storyItem(subject, request)];
  if (subject.kind === 'rotated') return [rotatedItem(subject.event, request)];
  return subject.kind === 'unwatched' ? [unwatchedItem(subject.event, request)] : [];
}

/** Of a shared cause no single target, though it has one only: another may join, and it stays the same alert. */
function storyItem({ story, status, view, thread }: News, request: MessageRequest): MessageItem {
  const { lead, severity, deadline, targets } = view;
  const { target, error } = lead;
  const { now } = request;
  const open = isOpen(status);
  const { title, what, next, runbook } = open ? describeFinding(lead, request) : past(story, lead, status, request);
  return {
    id: story.id,
    condition: story.cause,
    status,
    severity,
    target: target?.name ?? null,
    envId: target?.envId ?? null,
    providerId: target?.providerId ?? null,
    targets: targets.map((each) => targetOf(each, open)),
    title,
    what,
    since: iso(story.since, now),
    until: open ? null : iso(story.endedAt ?? now, now),
    loginsUntil: open ? isoOrNull(deadline) : null,
    logins: open && lead.logins !== undefined ? loginsView(lead.logins) : null,
    next,
    code: error?.code ?? null,
    runbook,
    thread,
  };
}

function targetOf({ name, envId, providerId, loginsUntil }: StoryTarget, open: boolean): MessageTarget {
  return { name, envId, providerId, loginsUntil: open ? isoOrNull(loginsUntil) : null };
}

interface ItemTexts {
  readonly title: string;
  readonly what: string;
  readonly next: string | null;
  readonly runbook: string;
}

function past({ since, endedAt }: Story, lead: Finding, status: News['status'], request: MessageRequest): ItemTexts {
  const { language, now, runbook } = request;
  const texts = TEXTS[language];
  const words = wordsOf(lead, texts);
  const span = { since, until: endedAt ?? now };
  const over = status === 'cleared';
  return {
    title: say(over ? words.over : words.was, lead, now),
    what: over ? texts.endings.cleared(span) : texts.endings.ended(lead, span),
    next: null,
    runbook: runbookLink(runbook, lead.condition),
  };
}

function rotatedItem(event: RotatedEvent, { language, now }: MessageRequest): MessageItem {
  const { title, what } = TEXTS[language].rotated;
  return eventItem('Rotated', event, event.fingerprint?.slice(0, 12), { title, what: what(event, now) }, now);
}

function unwatchedItem(event: UnwatchedEvent, { language, now }: MessageRequest): MessageItem {
  const { title, what } = TEXTS[language].unwatched;
  return eventItem('Unwatched', event, undefined, { title: title(event), what: what(event, now) }, now);
}

/** `detail` ends the id, which is the same at every attempt of the message. */
function eventItem(
  condition: EventTitle,
  { target, expiresAt }: Pick<UnwatchedEvent, 'target' | 'expiresAt'>,
  detail: string | undefined,
  { title, what }: Pick<ItemTexts, 'title' | 'what'>,
  now: number,
): MessageItem {
  const id = [condition, target.envId, target.providerId, detail].filter(Boolean).join('/');
  return {
    id,
    condition,
    status: 'happened',
    severity: 'info',
    target: target.name,
    envId: target.envId,
    providerId: target.providerId,
    targets: [{ ...target, loginsUntil: isoOrNull(expiresAt) }],
    title,
    what,
    since: iso(now, now),
    until: null,
    loginsUntil: isoOrNull(expiresAt),
    logins: null,
    next: null,
    code: null,
    runbook: null,
    thread: id,
  };
}

/** An instant that no Date can hold (a stored number may be damaged) is shown as now. */
function iso(atMs: number, now: number): string {
  return isoOrNull(atMs) ?? isoOrNull(now) ?? '';
}

function kindOf(subjects: readonly MessageSubject[]): AlertMessage['kind'] {
  const kinds = new Set(subjects.map(({ kind }) => kind));
  if (kinds.has('story') || kinds.has('rotated') || kinds.has('unwatched')) return 'alert';
  return kinds.has('test') ? 'test' : 'digest';
}

function worstOf(items: readonly MessageItem[]): Severity | 'info' {
  const open = items.filter(({ status }) => isOpen(status)).map(({ severity }) => severity);
  if (open.includes('critical')) return 'critical';
  return open.includes('warning') ? 'warning' : 'info';
}

/** Open and critical, other open ones, over, events; each by target (the service itself first) and condition. */
function worstFirst(one: MessageItem, other: MessageItem): number {
  return (
    rankOf(one) - rankOf(other) ||
    compare(one.target ?? '', other.target ?? '') ||
    order(one) - order(other) ||
    compare(one.id, other.id)
  );
}

function order({ condition }: MessageItem): number {
  const known: readonly string[] = [...CAUSES, ...EVENT_TITLES];
  return known.indexOf(condition);
}

/** By code units, so that the order is the same on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
