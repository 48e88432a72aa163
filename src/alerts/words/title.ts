// The title of a message: one line that names the instance and says what is wrong, how bad it is, and how many there
// are. A phone's lock screen shows it, so it is short.
import type { Language, MessageItem } from '../../core/alerts/message.ts';
import type { NewsStatus } from '../../core/alerts/records.ts';
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

export function isOver(status: NewsStatus): boolean {
  return status === 'cleared' || status === 'ended';
}

/** 0: open and critical, 1: other open stories, 2: over, 3: events. */
export function rankOf({ status, severity }: MessageItem): number {
  if (isOver(status)) return 2;
  return { critical: 0, warning: 1, info: 3 }[severity];
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

function linesTitle({ language, subjects }: MessageRequest): string {
  const { titles } = TEXTS[language];
  for (const subject of subjects) if (subject.kind === 'digest') return titles.digest(subject.digest);
  return titles.test;
}

/**
 * The target, if all items are about one; counts; then the kinds of stories, worst first and then most frequent, as
 * many as there is room for.
 */
function manyTitle(instance: string, language: Language, told: readonly Itemised[]): string {
  const { titles } = TEXTS[language];
  const items = told.map(({ item }) => item);
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
  const found = kindsOf(told, language);
  const named = found.map(({ title, times, names }) => titles.kind(title, times, isOne ? [] : names));
  const kinds = found.map(({ title, times }) => titles.kind(title, times, []));
  const fewer = kinds.slice(1).map((_, cut) => [...kinds.slice(0, -1 - cut), '…']);
  const fitting = [named, kinds, ...fewer].map(titled).find(({ length }) => length <= LONGEST_TITLE);
  return detail(fitting ?? titled([]), LONGEST_TITLE);
}

interface Kind {
  readonly title: string;
  /** That of the worst of them. */
  readonly rank: number;
  readonly times: number;
  /** Whom they are about, if each is about one target and they are few. */
  readonly names: readonly string[];
}

function kindsOf(told: readonly Itemised[], language: Language): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const each of told) {
    const { item } = each;
    const title = kindTitle(each, language);
    const { rank, times, names } = kinds.get(title) ?? { rank: rankOf(item), times: 0, names: [] };
    kinds.set(title, { title, rank, times: times + 1, names: item.target === null ? names : [...names, item.target] });
  }
  const few = ({ times, names }: Kind) => names.length === times && times <= MOST_NAMES;
  return [...kinds.values()]
    .map((kind) => (few(kind) ? kind : { ...kind, names: [] }))
    .sort((one, other) => one.rank - other.rank || other.times - one.times);
}

/** The heading under which news is counted. */
function kindTitle({ subject, item }: Itemised, language: Language): string {
  const isOpen = !isOver(item.status) && item.status !== 'happened';
  return isOpen ? titleFor(subject.view.lead, language) : item.title;
}
