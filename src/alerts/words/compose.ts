// Makes the message that a channel gets: in one language, worst first, complete. The words are in core/texts; this file
// only puts them together.

import type { Finding, Severity } from '../../core/alerts/conditions.ts';
import { type AlertMessage, type Language, type MessageItem, shownItems } from '../../core/alerts/message.ts';
import type { Story } from '../../core/alerts/records.ts';
import { isoOrNull } from '../../core/instants.ts';
import { cleanValue } from '../../core/output.ts';
import { loginsView } from '../../core/target-view.ts';
import { headlineFor, inSentences, lastError, nextFor, overFor, TEXTS, whatFor } from '../../core/texts/languages.ts';
import { detail } from '../../core/texts/quote.ts';
import type { Sender } from '../../core/texts/texts.ts';
import type { News } from '../stories/news.ts';
import { type Links, runbookLink } from './links.ts';
import type { MessageRequest, MessageSubject } from './request.ts';
import { isOver, rankOf, titleOf } from './title.ts';
import { inZone } from './zone.ts';

export interface Wording extends Links {
  readonly language: Language;
  readonly now: number;
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
    .flatMap((subject) => (subject.kind === 'story' ? [{ subject, item: storyItem(subject, request) }] : []))
    .sort((one, other) => worstFirst(one.item, other.item));
  const items = told.map(({ item }) => item);
  const shown = shownItems(items);
  const lines = subjects.flatMap((subject) => {
    if (subject.kind === 'digest') return texts.digest(subject.digest, { instance, version, now });
    return subject.kind === 'test' ? texts.test({ instance, version, now }) : [];
  });
  const message: Omit<AlertMessage, 'labels'> = {
    id,
    kind: request.isTest ? 'test' : kindOf(subjects),
    instance,
    version,
    language,
    at: iso(now, now),
    severity: worstOf(items),
    title: titleOf(
      request,
      told.filter(({ item }) => shown.includes(item)),
    ),
    lines,
    items: request.isTest ? items.map((item) => markedAsTest(item, { instance, version, now }, language)) : items,
    closes: [...new Set(subjects.flatMap((subject) => ('closes' in subject ? subject.closes : [])))],
  };
  return inZone({ ...(cleanValue(message) as typeof message), labels: texts.labels }, request.timezone);
}

/** A channel may show an item without the title of its message. */
function markedAsTest(item: MessageItem, sender: Sender, language: Language): MessageItem {
  const { titles, test } = TEXTS[language];
  const what = inSentences(language, ...test(sender).slice(0, 2), item.what);
  return { ...item, title: `${titles.testMark}${item.title}`, what };
}

/** The texts of an open finding, as the command `alerts` and the HTTP interface show them. */
export function describeFinding(finding: Finding, { language, now, ...links }: Wording): FindingTexts {
  return {
    title: headlineFor(finding, language, now),
    what: whatFor(finding, language, now),
    next: nextFor(finding, language, now),
    runbook: runbookLink({ ...links, language }, finding.condition),
  };
}

/** Of a shared cause no single target, though it has one only: another may join, and it stays the same alert. */
function storyItem({ story, status, view, thread }: News, request: MessageRequest): MessageItem {
  const { lead, severity, deadline, targets } = view;
  const { target, error } = lead;
  const { now } = request;
  const over = isOver(status);
  const told = over ? past(story, lead, status === 'cleared', request) : describeFinding(lead, request);
  return {
    id: story.id,
    condition: story.cause,
    status,
    severity: status === 'happened' ? 'info' : severity,
    target: target?.name ?? null,
    envId: target?.envId ?? null,
    providerId: target?.providerId ?? null,
    targets: targets.map((each) => ({
      ...{ name: each.name, envId: each.envId, providerId: each.providerId },
      loginsUntil: over ? null : isoOrNull(each.loginsUntil),
    })),
    ...told,
    since: iso(story.since, now),
    until: over ? iso(story.endedAt ?? now, now) : null,
    loginsUntil: over ? null : isoOrNull(deadline),
    logins: over || lead.logins === undefined ? null : loginsView(lead.logins),
    rotation: over ? story.rotation : null,
    code: error?.code ?? null,
    thread,
  };
}

/** What is told once it is over. */
function past({ since, endedAt }: Story, lead: Finding, isCleared: boolean, request: MessageRequest) {
  const { language, now } = request;
  const { cleared, ended } = TEXTS[language].endings;
  const span = { since, until: endedAt ?? now };
  const headline = headlineFor(lead, language, now);
  return {
    title: overFor(lead, language, now),
    what: isCleared ? cleared(span) : inSentences(language, ended(headline, span), lastError(lead, language)),
    next: null,
    runbook: runbookLink(request, lead.condition),
  };
}

/** An instant that no Date can hold (a stored number may be damaged) is shown as now. */
function iso(atMs: number, now: number): string {
  return isoOrNull(atMs) ?? isoOrNull(now) ?? '';
}

function kindOf([first]: readonly MessageSubject[]): AlertMessage['kind'] {
  return first === undefined || first.kind === 'story' ? 'alert' : first.kind;
}

/** Of items, worst first. */
function worstOf([first]: readonly MessageItem[]): Severity | 'info' {
  return first === undefined || isOver(first.status) ? 'info' : first.severity;
}

/** Open and critical, other open ones, over, events; each by target (the service itself first) and story. */
function worstFirst(one: MessageItem, other: MessageItem): number {
  return rankOf(one) - rankOf(other) || compare(one.target ?? '', other.target ?? '') || compare(one.id, other.id);
}

/** By code units, so that the order is the same on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
