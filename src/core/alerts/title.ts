// The title of a message: one line that names the instance and says what is wrong, how bad it is, and how many it are.
// It is what a telephone shows, so it is kept short.
import type { AlertMessage, Language, MessageItem } from './message.ts';
import type { DeliveryStatus, DeliverySubject } from './records.ts';
import { TEXTS, wordsOf } from './texts/languages.ts';
import { detail } from './texts/quote.ts';
import type { Counts, Texts } from './texts/texts.ts';

export interface TitleRequest {
  readonly now: number;
  readonly instance: string;
  readonly language: Language;
  /** Worst first. */
  readonly subjects: readonly DeliverySubject[];
}

/** Characters. */
const LONGEST_TITLE = 120;
const LONGEST_INSTANCE = 40;

/** What is wrong and not over. */
export function isOpen(status: DeliveryStatus): boolean {
  return status === 'raised' || status === 'escalated' || status === 'repeated';
}

/** 0 for what is critical, 1 for other open conditions, 2 for what is over, 3 for events. */
export function rankOf({ status, severity }: MessageItem): number {
  if (isOpen(status)) return severity === 'critical' ? 0 : 1;
  return status === 'happened' ? 3 : 2;
}

/** The title for `items`, worst first; without any, that of a digest or a test. */
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

/** Counts, then what it is about, most frequent first, as much of it as there is room for. */
function manyTitle(head: string, { language, subjects }: TitleRequest, items: readonly MessageItem[]): string {
  const texts = TEXTS[language];
  const count = (fits: (item: MessageItem) => boolean) => items.filter(fits).length;
  const counts: Counts = {
    critical: count((item) => rankOf(item) === 0),
    warning: count((item) => rankOf(item) === 1),
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
  // Of equally many the worst comes first, as it does among the subjects.
  const kinds = [...often].sort(([, many], [, fewer]) => fewer - many);
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
