// Makes the message that a channel gets: in one language, worst first, complete. The words are in core/texts; this file
// only puts them together.

import type { Finding } from '../../core/alerts/conditions.ts';
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
import type { MessageRequest } from './request.ts';
import { rankOf, titleOf } from './title.ts';
import { zoned } from './zone.ts';

export interface Wording extends Links {
  readonly language: Language;
  readonly now: number;
}

/** The message, clean for every channel. Pure: the same request gives the same message. */
export function composeMessage(request: MessageRequest): AlertMessage {
  const { id, now, version, language, subjects, isTest = false, timezone } = request;
  const texts = TEXTS[language];
  const sender = { instance: detail(request.instance, 80), version, now };
  const told = subjects
    .flatMap((subject) => (subject.kind === 'story' ? [{ subject, item: storyItem(subject, request) }] : []))
    .sort((one, other) => worstFirst(one.item, other.item));
  const items = told.map(({ item }) => item);
  const [worst] = items;
  const shown = shownItems(items);
  const [alone] = subjects.filter((subject) => subject.kind !== 'story');
  const message: Omit<AlertMessage, 'labels'> = {
    id,
    kind: isTest ? 'test' : (alone?.kind ?? 'alert'),
    instance: sender.instance,
    version,
    language,
    at: iso(now, now),
    severity: worst?.until === null ? worst.severity : 'info',
    title: titleOf(
      request,
      told.filter(({ item }) => shown.includes(item)),
    ),
    lines: alone === undefined ? [] : alone.kind === 'digest' ? texts.digest(alone.digest, sender) : texts.test(sender),
    items: isTest ? items.map((item) => markedAsTest(item, sender, language)) : items,
    closes: [...new Set(subjects.flatMap((subject) => ('closes' in subject ? subject.closes : [])))],
    ...(timezone === undefined ? {} : { timezone }),
  };
  const local = (text: string) => zoned(text, timezone, language);
  return { ...(cleanValue(message, local) as typeof message), labels: texts.labels };
}

/** A channel may show an item without the title of its message. */
function markedAsTest(item: MessageItem, sender: Sender, language: Language): MessageItem {
  const { titles, test } = TEXTS[language];
  const what = inSentences(language, ...test(sender).slice(0, 2), item.what);
  return { ...item, title: `${titles.testMark}${item.title}`, what };
}

/** The texts of an open finding, as the command `alerts` and the HTTP interface show them. */
export function describeFinding(finding: Finding, { language, now, ...links }: Wording) {
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
  const over = status === 'cleared' || status === 'ended';
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

/** Open and critical, other open ones, over, events; each by target (the service itself first) and story. */
function worstFirst(one: MessageItem, other: MessageItem): number {
  return rankOf(one) - rankOf(other) || compare(one.target ?? '', other.target ?? '') || compare(one.id, other.id);
}

/** By code units, so that the order is the same on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
