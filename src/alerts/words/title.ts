// The title of a message: one line that names the instance and says what is wrong, how bad it is, and how many there
// are. A phone's lock screen shows it, so it is short.
import type { AlertMessage, Language, MessageItem } from '../../core/alerts/message.ts';
import type { Delivery, NewsStatus } from '../../core/alerts/records.ts';
import { TEXTS, wordsOf } from '../../core/texts/languages.ts';
import { detail } from '../../core/texts/quote.ts';
import { type Counts, say, type Texts } from '../../core/texts/texts.ts';
import type { News } from '../stories/news.ts';

/** What a message tells: news of stories, what has no story, or a test. */
export type MessageSubject = ({ readonly kind: 'story' } & News) | Delivery['subject'] | { readonly kind: 'test' };

export interface TitleRequest {
  readonly now: number;
  readonly instance: string;
  readonly language: Language;
  /** Worst first. */
  readonly subjects: readonly MessageSubject[];
}

/** Characters. */
const LONGEST_TITLE = 120;
const LONGEST_INSTANCE = 40;

/** Whether it is not over. */
export function isOpen(status: NewsStatus): boolean {
  return status !== 'cleared' && status !== 'ended' && status !== 'happened';
}

/** 0: open and critical, 1: other open stories, 2: over, 3: events. */
export function rankOf({ status, severity }: MessageItem): number {
  if (isOpen(status)) return severity === 'critical' ? 0 : 1;
  return status === 'happened' ? 3 : 2;
}

/** The title for `items`, worst first; without items that of a digest or a test. */
export function titleOf(request: TitleRequest, items: AlertMessage['items']): string {
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

function linesTitle({ language, subjects }: TitleRequest): string {
  const { titles } = TEXTS[language];
  for (const subject of subjects) if (subject.kind === 'digest') return titles.digest(subject.digest);
  return titles.test;
}

/**
 * The target, if all items are about one; counts; then the kinds of stories, worst first and then most frequent, as
 * many as there is room for.
 */
function manyTitle(instance: string, { language, subjects, now }: TitleRequest, items: readonly MessageItem[]): string {
  const texts = TEXTS[language];
  const { titles } = texts;
  const count = (fits: (item: MessageItem) => boolean) => items.filter(fits).length;
  const counts: Counts = {
    critical: count((item) => rankOf(item) === 0),
    warning: count((item) => rankOf(item) === 1),
    cleared: count(({ status }) => status === 'cleared'),
    ended: count(({ status }) => status === 'ended'),
    happened: count(({ status }) => status === 'happened'),
  };
  const target = items[0]?.target ?? null;
  const isOne = target !== null && items.every((item) => item.target === target);
  const titled = (kinds: readonly string[]) => {
    const many = titles.many(counts, kinds);
    return instance + (isOne ? titles.one('', target, many) : many);
  };
  const kinds = kindsOf(subjects, items, texts, now).map(({ title, times }) => titles.kind(title, times));
  for (let room = kinds.length; room > 0; room -= 1) {
    const title = titled(room < kinds.length ? [...kinds.slice(0, room), '…'] : kinds);
    if (title.length <= LONGEST_TITLE) return detail(title, LONGEST_TITLE);
  }
  return detail(titled([]), LONGEST_TITLE);
}

interface Kind {
  readonly title: string;
  /** That of the worst of them. */
  readonly rank: number;
  readonly times: number;
}

/** `subjects` and `items` are the same in the same order, worst first. */
function kindsOf(
  subjects: readonly MessageSubject[],
  items: readonly MessageItem[],
  texts: Texts,
  now: number,
): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const [index, subject] of subjects.entries()) {
    const title = kindTitle(subject, texts, now);
    const item = items[index];
    if (title === undefined || item === undefined) continue;
    const { rank, times } = kinds.get(title) ?? { rank: rankOf(item), times: 0 };
    kinds.set(title, { title, rank, times: times + 1 });
  }
  return [...kinds.values()].sort((one, other) => one.rank - other.rank || other.times - one.times);
}

/** The heading under which a subject is counted. */
function kindTitle(subject: MessageSubject, texts: Texts, now: number): string | undefined {
  if (subject.kind === 'rotated') return texts.rotated.title;
  if (subject.kind === 'unwatched') return texts.unwatched.title(subject.event);
  if (subject.kind !== 'story') return undefined;
  const { status, view } = subject;
  const words = wordsOf(view.lead, texts);
  if (status === 'cleared') return say(words.over, view.lead, now);
  return status === 'ended' ? say(words.was, view.lead, now) : words.title;
}
