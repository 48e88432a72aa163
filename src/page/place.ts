// Where the page is, and what a person prefers. The address keeps the view, the filter and the search; the browser's
// storage keeps language and colours, and nothing else.
import { LANGUAGES, type Language } from '../core/alerts/message.ts';
import { FILTERS, type Filter } from './judge.ts';

export type View =
  | { readonly kind: 'targets'; readonly filter: Filter; readonly search: string }
  | { readonly kind: 'target'; readonly name: string }
  | { readonly kind: 'history'; readonly target: string | undefined }
  | { readonly kind: 'calendar' | 'channels' };

/** The view of an address; one that is not known is the first. */
export function viewAt(address: string): View {
  const { pathname, searchParams } = new URL(address, 'http://page');
  const [, first = '', second = ''] = pathname.split('/');
  if (first === 'targets' && second !== '') return { kind: 'target', name: decoded(second) };
  if (first === 'history') return { kind: 'history', target: searchParams.get('target') ?? undefined };
  if (first === 'calendar' || first === 'channels') return { kind: first };
  const show = searchParams.get('show');
  const filter = FILTERS.find((each) => each === show) ?? 'all';
  return { kind: 'targets', filter, search: searchParams.get('q') ?? '' };
}

/** The address of a view. */
export function addressOf(view: View): string {
  switch (view.kind) {
    case 'targets': {
      const query = new URLSearchParams();
      if (view.filter !== 'all') query.set('show', view.filter);
      if (view.search !== '') query.set('q', view.search);
      return query.size === 0 ? '/' : `/?${query}`;
    }
    case 'target':
      return `/targets/${encodeURIComponent(view.name)}`;
    case 'history':
      return view.target === undefined ? '/history' : `/history?${new URLSearchParams({ target: view.target })}`;
    case 'calendar':
    case 'channels':
      return `/${view.kind}`;
  }
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

export const SCHEMES = ['auto', 'light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];

export function preferredLanguage(): Language {
  const kept = stored('language');
  const browser = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
  return LANGUAGES.find((each) => each === kept) ?? browser;
}

export function preferredScheme(): Scheme {
  const kept = stored('scheme');
  return SCHEMES.find((each) => each === kept) ?? 'auto';
}

export function applyScheme(scheme: Scheme): void {
  document.documentElement.dataset['scheme'] = scheme;
}

/** Storage may be forbidden; then it holds for this visit. */
export function prefer(name: 'language' | 'scheme', value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    return;
  }
}

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
