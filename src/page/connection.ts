// How the page learns what is new: server-sent events, and where they do not come, a question every 10 s. It keeps one
// overview and nothing of the past, so that a page that is left open does not grow. A page that nobody sees is not
// connected: a browser allows six connections to one host.
import type { Language } from '../core/alerts/message.ts';
import { SECOND } from '../core/time.ts';
import type { ChangeView, OverviewView, Row } from '../http/page-schemas.ts';
import type { ProblemBody, Refusal } from '../http/problem.ts';

/** The server sends something at least every 10 s. */
const SILENCE_MS = 15 * SECOND;
const ASK_EVERY_MS = 10 * SECOND;
const RECONNECT_MS = 30 * SECOND;
/** Data that is older than this is said to be so. */
export const OLD_MS = 25 * SECOND;

/** How the page gets its data now. */
export type Link = 'live' | 'asking' | 'lost' | 'password';

export interface Known {
  readonly overview: OverviewView | undefined;
  /** Why the daemon cannot start, while it cannot. */
  readonly refusal: Refusal | undefined;
  readonly link: Link;
  /** When the daemon answered last, by the clock of this page. */
  readonly heardAt: number;
  /** The daemon's clock less that of this page, in ms. */
  readonly aheadMs: number;
}

export interface Connection {
  readonly close: () => void;
}

/** Calls `tell` with everything that is known, each time that it changes. */
export function connect(language: Language, before: Known, tell: (known: Known) => void): Connection {
  const query = `?language=${language}`;
  let known = before;
  let source: EventSource | undefined;
  let openedAt = 0;
  let askedAt = 0;
  let isAsking = false;
  let isClosed = false;

  const set = (next: Partial<Known>) => {
    known = { ...known, ...next };
    if (!isClosed) tell(known);
  };
  const heard = (at: string, link: Link, overview = known.overview) => {
    const heardAt = Date.now();
    set({ overview, refusal: undefined, link, heardAt, aheadMs: Date.parse(at) - heardAt });
  };

  const open = () => {
    source?.close();
    openedAt = Date.now();
    source = new EventSource(`/api/v1/overview/events${query}`);
    source.addEventListener('overview', ({ data }) => {
      const overview: OverviewView = JSON.parse(data);
      heard(overview.at, 'live', overview);
    });
    source.addEventListener('change', ({ data }) => {
      const change: ChangeView = JSON.parse(data);
      if (known.overview !== undefined) heard(change.at, 'live', changed(known.overview, change));
    });
    source.addEventListener('beat', ({ data }) => heard(JSON.parse(data).at, 'live'));
    source.addEventListener('error', () => void ask());
  };

  const ask = async () => {
    if (isAsking || Date.now() - askedAt < SECOND) return;
    isAsking = true;
    askedAt = Date.now();
    try {
      const response = await fetch(`/api/v1/overview${query}`, { signal: AbortSignal.timeout(ASK_EVERY_MS) });
      if (response.ok) {
        const overview: OverviewView = await response.json();
        heard(overview.at, 'asking', overview);
      } else if (response.status === 401 || response.status === 403) set({ link: 'password' });
      else {
        const { refusal }: ProblemBody = await response.json();
        set(refusal === undefined ? { link: 'lost' } : { refusal, link: 'asking', heardAt: Date.now() });
      }
    } catch {
      // No answer, or one that is cut off.
      set({ link: 'lost' });
    } finally {
      isAsking = false;
    }
  };

  const watch = () => {
    if (document.hidden) {
      source?.close();
      source = undefined;
      return;
    }
    const now = Date.now();
    const isSilent = now - known.heardAt > SILENCE_MS || known.link !== 'live';
    if (source === undefined || (isSilent && now - openedAt > RECONNECT_MS)) open();
    if (isSilent && now - askedAt > ASK_EVERY_MS && now - openedAt > SECOND) void ask();
  };

  const timer = setInterval(watch, SECOND);
  document.addEventListener('visibilitychange', watch);
  watch();
  return {
    close() {
      isClosed = true;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', watch);
      source?.close();
    },
  };
}

/** Pure. Rows that have not changed stay the same objects, so that they are not drawn anew. */
export function changed(overview: OverviewView, change: ChangeView): OverviewView {
  const { at, service, put, gone, alerts, channels } = change;
  return {
    at,
    service: service ?? overview.service,
    targets: put === undefined && gone === undefined ? overview.targets : changedRows(overview.targets, put, gone),
    alerts: alerts ?? overview.alerts,
    channels: channels ?? overview.channels,
  };
}

function changedRows(rows: readonly Row[], put: readonly Row[] = [], gone: readonly string[] = []): readonly Row[] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  for (const name of gone) byName.delete(name);
  for (const row of put) byName.set(row.name, row);
  return [...byName.values()];
}

/** How old the data is where that has to be said; undefined: it is fresh. */
export function ageOf({ heardAt, overview, refusal }: Known, now: number): number | undefined {
  const age = now - heardAt;
  return (overview !== undefined || refusal !== undefined) && age > OLD_MS ? age : undefined;
}
