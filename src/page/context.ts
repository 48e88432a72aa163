// What every part of the page needs: the words, the time, and how to go elsewhere.
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Language } from '../core/alerts/message.ts';
import type { PageTexts } from '../core/texts/en/page.ts';
import type { View } from './place.ts';

export interface Surroundings {
  readonly language: Language;
  readonly texts: PageTexts;
  /** How the program is typed where the daemon runs. */
  readonly program: string;
  /** The daemon's clock, to the minute. */
  readonly minute: number;
  readonly go: (view: View, options?: { readonly replaces: boolean }) => void;
}

export const PageContext = createContext<Surroundings | undefined>(undefined);

export function usePage(): Surroundings {
  const page = useContext(PageContext);
  if (page === undefined) throw new TypeError('a part of the page stands outside of it');
  return page;
}

/** The time of the clock, made anew every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** What the server answers at an address. `again` asks once more. */
export type Answered<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly status: number }
  | { readonly state: 'here'; readonly value: T };

/** Asks when the address or `version` changes; meanwhile what was there stays. */
export function useAnswer<T>(address: string | undefined, version: unknown = ''): Answered<T> {
  const [answer, setAnswer] = useState<Answered<T> & { readonly address?: string | undefined }>({ state: 'loading' });
  useEffect(() => {
    if (address === undefined) return;
    const gone = new AbortController();
    fetch(address, { signal: gone.signal })
      .then(async (response) => {
        if (response.ok) setAnswer({ state: 'here', value: await response.json(), address });
        else setAnswer({ state: 'failed', status: response.status, address });
      })
      .catch(() => {
        if (!gone.signal.aborted) setAnswer({ state: 'failed', status: 0, address });
      });
    return () => gone.abort();
  }, [address, version]);
  return answer.address === address ? answer : { state: 'loading' };
}
