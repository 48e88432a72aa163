// What the page makes of the overview: who is fine, in which order targets stand, which a filter shows, and the one
// sentence that says it all. Pure.
import type { PageTexts } from '../core/texts/en/page.ts';
import { DAY } from '../core/time.ts';
import type { OverviewView, Row } from '../http/page-schemas.ts';
import { amountOf, distanceOf, instantOf } from './time.ts';

export type Story = OverviewView['alerts'][number];
export type Mood = 'good' | 'warning' | 'critical' | 'unknown';

export const FILTERS = ['all', 'attention', 'failing', 'soon', 'unknown'] as const;
export type Filter = (typeof FILTERS)[number];

/** More names than these make a sentence that nobody reads. */
const MOST_NAMES = 3;
const SOON_MS = 30 * DAY;

export interface Verdict {
  readonly mood: Mood;
  readonly sentence: string;
}

/** Logins fail, and nobody chose that. */
export function isFailing({ logins }: Row): boolean {
  return logins.state === 'fails' && !logins.chosen;
}

/** How a row looks at first sight. */
export function moodOf(row: Row): Mood {
  if (isFailing(row) || row.urgent) return 'critical';
  if (row.state === 'failed' || row.state === 'pending' || row.logins.chosen) return 'warning';
  return row.state === 'unknown' ? 'unknown' : 'good';
}

/** Failing ones first, then by expiry; what is not known may be the next to expire. */
export function soonestFirst(rows: readonly Row[]): Row[] {
  const rank = (row: Row) => (isFailing(row) ? Number.NEGATIVE_INFINITY : (instantOf(row.expiresAt) ?? 0));
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

/** What the filter and the search of the address let through. */
export function filtered(rows: readonly Row[], filter: Filter, search: string, now: number): Row[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return rows.filter((row) => {
    const text = `${row.name} ${row.envId} ${row.keyId ?? ''}`.toLowerCase();
    return fits(row, filter, now) && words.every((word) => text.includes(word));
  });
}

function fits(row: Row, filter: Filter, now: number): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'attention':
      return moodOf(row) !== 'good';
    case 'failing':
      return row.logins.state === 'fails';
    case 'soon': {
      const planned = instantOf(row.plannedAt);
      return planned !== undefined && planned < now + SOON_MS;
    }
    case 'unknown':
      return row.logins.state === 'unknown' || row.state === 'unknown';
  }
}

/** The one sentence. `turns` false: the daemon has stopped. */
export function verdictOf(
  { targets, alerts, service }: Pick<OverviewView, 'targets' | 'alerts' | 'service'>,
  now: number,
  texts: PageTexts,
): Verdict {
  const { verdict } = texts;
  if (targets.length === 0) return { mood: 'unknown', sentence: verdict.none };
  const told = new Map(alerts.flatMap((story) => story.targets.map(({ name }) => [name, story] as const)));
  const groups = Map.groupBy(soonestFirst(targets), (row) => groupOf(row, told));
  const inGroup = (group: Group) => groups.get(group) ?? [];
  const [failing, stuck, consent] = [inGroup('failing'), inGroup('stuck'), inGroup('consent')];
  const fine = inGroup('fine').length;
  const general = alerts.filter((story) => story.targets.length === 0);
  const parts = [
    service.turns ? '' : verdict.stopped,
    fine === targets.length ? verdict.allFine(targets.length) : verdict.someFine(fine, targets.length),
    failing.length === 0 ? '' : verdict.failing(namesOf(failing, texts)),
    stuck.length === 0 ? '' : verdict.stuck(namesOf(stuck, texts), stuck.length === 1, leftOf(stuck, now, texts)),
    consent.length === 0 ? '' : verdict.waiting(namesOf(consent, texts), consent.length === 1),
    inGroup('off').length === 0 ? '' : verdict.off(namesOf(inGroup('off'), texts)),
    inGroup('told').length === 0 ? '' : verdict.told(namesOf(inGroup('told'), texts), inGroup('told').length === 1),
    inGroup('unchecked').length === 0
      ? ''
      : verdict.unchecked(namesOf(inGroup('unchecked'), texts), inGroup('unchecked').length === 1),
    ...general.slice(0, 2).map(({ title }) => verdict.service(title)),
    fine === targets.length && general.length === 0 ? nextOf(targets, now, texts) : '',
  ];
  const isCritical = !service.turns || failing.length > 0 || alerts.some(({ severity }) => severity === 'critical');
  const isWell = fine === targets.length && alerts.length === 0;
  const isUnknown = inGroup('unchecked').length + fine === targets.length && alerts.length === 0;
  const mood = isCritical ? 'critical' : isWell ? 'good' : isUnknown ? 'unknown' : 'warning';
  return { mood, sentence: parts.filter((part) => part !== '').join(texts.locale === 'zh-CN' ? '' : ' ') };
}

type Group = 'failing' | 'stuck' | 'consent' | 'off' | 'told' | 'unchecked' | 'fine';

function groupOf(row: Row, told: ReadonlyMap<string, Story>): Group {
  if (isFailing(row)) return 'failing';
  if (row.state === 'failed') return 'stuck';
  if (row.state === 'pending') return 'consent';
  if (row.logins.chosen) return 'off';
  if (row.state === 'unknown') return 'unchecked';
  return told.has(row.name) ? 'told' : 'fine';
}

function namesOf(rows: readonly Row[], texts: PageTexts): string {
  const names = rows.slice(0, MOST_NAMES).map(({ name }) => name);
  return texts.names(names, rows.length - names.length);
}

/** How long the first of them has left. */
function leftOf(rows: readonly Row[], now: number, texts: PageTexts): string | null {
  const known = rows.flatMap(({ expiresAt }) => instantOf(expiresAt) ?? []);
  const soonest = Math.min(...known);
  return known.length === 0 || soonest <= now ? null : amountOf(soonest - now, texts);
}

function nextOf(rows: readonly Row[], now: number, texts: PageTexts): string {
  const planned = rows.flatMap(({ name, plannedAt }) => {
    const at = instantOf(plannedAt);
    return at === undefined || at <= now ? [] : [{ name, at }];
  });
  const [first] = planned.sort((a, b) => a.at - b.at);
  return first === undefined ? '' : texts.verdict.next(first.name, distanceOf(first.at, now, texts));
}
