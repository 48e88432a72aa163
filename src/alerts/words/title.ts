// The title of a message: one line that names the instance and says what is wrong, how bad it is, and how many there
// are. A phone's lock screen shows it, so it is short.
import type { Language, MessageItem } from '../../core/alerts/message.ts';
import { TEXTS, titleFor } from '../../core/texts/languages.ts';
import { detail } from '../../core/texts/quote.ts';
import type { Counts } from '../../core/texts/texts.ts';
import type { MessageRequest, StorySubject } from './request.ts';

/** News, and its item. */
export interface Itemised {
  readonly subject: StorySubject;
  readonly item: MessageItem;
}

/** Characters. */
const LONGEST_TITLE = 120;
const LONGEST_INSTANCE = 40;
/** Of one kind of story: more names would push the next kind out of the title. */
const MOST_NAMES = 3;

/** How items count, worst first. */
const RANKS = ['critical', 'warning', 'cleared', 'ended', 'happened'] as const;

function countedAs({ status, severity }: MessageItem): keyof Counts {
  if (status === 'cleared' || status === 'ended' || status === 'happened') return status;
  return severity === 'critical' ? 'critical' : 'warning';
}

/** From open and critical to events. */
export function rankOf(item: MessageItem): number {
  return RANKS.indexOf(countedAs(item));
}

/** The title for what is `told`, worst first; if that is nothing, of a digest or a test. */
export function titleOf(request: MessageRequest, told: readonly Itemised[]): string {
  const { titles } = TEXTS[request.language];
  const head = `[${detail(request.instance, LONGEST_INSTANCE)}] ${request.isTest ? titles.testMark : ''}`;
  const [first] = told.map(({ item }) => item);
  if (first === undefined) return detail(`${head}${linesTitle(request)}`, LONGEST_TITLE);
  if (told.length > 1) return manyTitle(head, request.language, told);
  const title = head + titles.one(titles.mark(first.status, first.severity), first.target, first.title);
  const until = rankOf(first) < 2 && first.loginsUntil !== null ? Date.parse(first.loginsUntil) : 0;
  const ending = until > request.now ? titles.loginsUntil(until) : '';
  return detail(title.length + ending.length <= LONGEST_TITLE ? title + ending : title, LONGEST_TITLE);
}

function linesTitle({ language, subjects: [subject] }: MessageRequest): string {
  const { titles } = TEXTS[language];
  return subject?.kind === 'digest' ? titles.digest(subject.digest) : titles.test;
}

/**
 * The target, if all items are about one; counts; then the kinds of stories, worst first and then most frequent, as
 * many as there is room for.
 */
function manyTitle(instance: string, language: Language, told: readonly Itemised[]): string {
  const { titles } = TEXTS[language];
  const items = told.map(({ item }) => item);
  const count = (rank: keyof Counts) => items.filter((item) => countedAs(item) === rank).length;
  const counts = Object.fromEntries(RANKS.map((rank) => [rank, count(rank)])) as Record<keyof Counts, number>;
  const target = items[0]?.target ?? null;
  const isOne = target !== null && items.every((item) => item.target === target);
  const titled = (kinds: readonly string[]) => {
    const many = titles.many(counts, kinds);
    return instance + (isOne ? titles.one('', target, many) : many);
  };
  const found = [...Map.groupBy(told, (each) => kindTitle(each, language))]
    .map(([title, of]) => ({
      title,
      of: of.map(({ item }) => item),
      rank: Math.min(...of.map(({ item }) => rankOf(item))),
    }))
    .sort((one, other) => one.rank - other.rank || other.of.length - one.of.length);
  const kinds = found.map(({ title, of }) => titles.kind(title, of.length, []));
  const named = found.map(({ title, of }) => titles.kind(title, of.length, isOne ? [] : namesOf(of)));
  const fewer = kinds.slice(1).map((_, cut) => [...kinds.slice(0, -1 - cut), '…']);
  const fitting = [named, kinds, ...fewer].map(titled).find(({ length }) => length <= LONGEST_TITLE);
  return detail(fitting ?? titled([]), LONGEST_TITLE);
}

/** Whom items of one kind are about, if each is about one target and they are few. */
function namesOf(items: readonly MessageItem[]): readonly string[] {
  const names = items.flatMap(({ target }) => target ?? []);
  return names.length === items.length && names.length <= MOST_NAMES ? names : [];
}

/** The heading under which news is counted. */
function kindTitle({ subject, item }: Itemised, language: Language): string {
  return rankOf(item) < 2 ? titleFor(subject.view.lead, language) : item.title;
}
