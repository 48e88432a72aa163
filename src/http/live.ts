// Keeps open pages up to date. While somebody watches, it looks at the journal once a second, and sends what has changed
// to all of them: one look and one comparison serve every page. Nobody watching costs nothing.
import { isDeepStrictEqual } from 'node:util';
import type { Language } from '../core/alerts/message.ts';
import type { AlertBook } from '../core/alerts/records.ts';
import { isoOrNull } from '../core/instants.ts';
import type { Revision } from '../core/journal-ports.ts';
import type { TargetState } from '../core/records.ts';
import { MINUTE, SECOND } from '../core/time.ts';
import { yieldToLoop } from '../net/event-loop.ts';
import { rowOf, type Situation, serviceOf } from './overview.ts';
import type { ChangeView, OverviewView, Row, ServiceView } from './page-schemas.ts';
import type { ConfiguredTarget, HttpTools, LiveOverview, StreamedEvent } from './route.ts';

/** Other processes write to the journal too, so it is asked. A page shows a change within two seconds. */
const LOOK_EVERY_MS = SECOND;
/** What changes by the time alone (`works` ages, sentences count days) is made anew so often. */
const AGE_EVERY_MS = MINUTE;
const WORDS_EVERY_MS = 10 * SECOND;
/** A page that hears nothing for longer asks by itself; a proxy may cut a connection that is silent for 30 s. */
const BEAT_EVERY_MS = 10 * SECOND;
/** So many states are read at once; more would hold up everything else. */
const PAGE = 100;
/** Changes that wait for a page that does not read. One more, and it has to begin anew. */
const MOST_WAITING = 60;

interface Page {
  readonly language: Language;
  readonly waiting: StreamedEvent[];
  wake: () => void;
  isSlow: boolean;
}

type Words = Pick<OverviewView, 'alerts' | 'channels'>;

/** What was last seen; it is forgotten when nobody watches any more. */
interface Seen {
  configured: readonly ConfiguredTarget[];
  revision: Revision | undefined;
  readonly rows: Map<string, Row>;
  readonly words: Map<Language, Words>;
  service: ServiceView | undefined;
  /** It is another one after each change. */
  book: AlertBook | undefined;
  /** On the monotonic clock. */
  agedAt: number;
  wordsAt: number;
  sentAt: number;
}

export class Live implements LiveOverview {
  private readonly tools: HttpTools;
  private readonly pages = new Set<Page>();
  private seen = nothingSeen();
  private stopLooking: (() => void) | undefined;
  private looking: Promise<void> | undefined;

  constructor(tools: HttpTools) {
    this.tools = tools;
  }

  /** Everything, as it is now. */
  async overview(language: Language): Promise<OverviewView> {
    const page = newPage(language);
    this.pages.add(page);
    try {
      return await this.whole(page);
    } finally {
      this.leave(page);
    }
  }

  /** `overview` and then each `change`, until the signal is aborted; at least a `beat` every 10 s. */
  async *watch(language: Language, signal: AbortSignal): AsyncGenerator<StreamedEvent> {
    const page = newPage(language);
    const end = () => page.wake();
    this.pages.add(page);
    signal.addEventListener('abort', end, { once: true });
    try {
      this.stopLooking ??= this.tools.clock.every(LOOK_EVERY_MS, () => void this.look().catch(() => undefined));
      yield { event: 'overview', data: await this.whole(page) };
      while (!signal.aborted && !page.isSlow) {
        const next = page.waiting.shift();
        if (next !== undefined) yield next;
        else await woken(page, signal);
      }
    } finally {
      signal.removeEventListener('abort', end);
      this.leave(page);
    }
  }

  private leave(page: Page): void {
    this.pages.delete(page);
    if (this.pages.size > 0) return;
    this.stopLooking?.();
    this.stopLooking = undefined;
    this.seen = nothingSeen();
  }

  /** What is seen after a look; changes that wait for the page are part of it. */
  private async whole(page: Page): Promise<OverviewView> {
    await this.look();
    const { seen, tools } = this;
    const words = seen.words.get(page.language) ?? (await this.readWords(page.language));
    const service = seen.service ?? (await serviceOf(tools, undefined));
    page.waiting.length = 0;
    const targets = seen.configured.flatMap(({ name }) => seen.rows.get(name) ?? []);
    return { at: isoOrNull(tools.clock.now()) ?? '', service, targets, ...words };
  }

  /** One look at a time: who asks meanwhile gets what it finds. */
  private look(): Promise<void> {
    this.looking ??= this.compare(this.seen).finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async compare(seen: Seen): Promise<void> {
    const { clock } = this.tools;
    const now = clock.monotonic();
    const { put, gone } = await this.changedRows(seen, now);
    const service = await serviceOf(this.tools, seen.service);
    const isServiceNew = !isDeepStrictEqual(service, seen.service);
    seen.service = service;
    const book = await this.tools.journal.alertBook();
    const isSpoken = book === seen.book && now - seen.wordsAt < WORDS_EVERY_MS;
    const words: ReadonlyMap<Language, Partial<Words>> = isSpoken ? new Map() : await this.changedWords(seen);
    seen.book = book;
    const shared = {
      ...(isServiceNew ? { service } : {}),
      ...(put.length > 0 ? { put } : {}),
      ...(gone.length > 0 ? { gone } : {}),
    };
    const at = isoOrNull(clock.now()) ?? '';
    const isBeat = now - seen.sentAt >= BEAT_EVERY_MS;
    const isNews = Object.keys(shared).length + words.size > 0;
    if (isBeat || isNews) seen.sentAt = now;
    for (const page of this.pages) {
      const change: ChangeView = { at, ...shared, ...words.get(page.language) };
      if (Object.keys(change).length > 1) send(page, { event: 'change', data: change });
      else if (isBeat) send(page, { event: 'beat', data: { at } });
    }
  }

  private async changedRows(seen: Seen, now: number): Promise<{ put: Row[]; gone: string[] }> {
    const { journal, judgeClock, service, targets } = this.tools;
    const configured = targets();
    const situation: Situation = { clock: judgeClock(), facts: service() };
    const byKey = new Map(configured.map((target) => [target.key, target]));
    const isOther =
      configured.length !== seen.configured.length || configured.some((each, index) => each !== seen.configured[index]);
    const isAll = isOther || now - seen.agedAt >= AGE_EVERY_MS;
    if (isAll) [seen.revision, seen.agedAt, seen.configured] = [undefined, now, configured];
    const put: Row[] = [];
    const note = (target: ConfiguredTarget, state?: TargetState) => {
      const row = rowOf(state, target, situation);
      if (isDeepStrictEqual(row, seen.rows.get(row.name))) return;
      seen.rows.set(row.name, row);
      put.push(row);
    };
    for (let isMore = true; isMore; await yieldToLoop()) {
      const { revision, states } = await journal.changedSince(seen.revision, PAGE);
      isMore = states.length === PAGE;
      seen.revision = revision;
      for (const state of states) {
        const target = byKey.get(state.key);
        byKey.delete(state.key);
        if (target !== undefined) note(target, state);
      }
    }
    // What is left was never checked, or has not changed.
    if (isAll) for (const target of byKey.values()) note(target);
    const names = new Set(configured.map(({ name }) => name));
    const gone = isOther ? [...seen.rows.keys()].filter((name) => !names.has(name)) : [];
    for (const name of gone) seen.rows.delete(name);
    return { put, gone };
  }

  private async changedWords(seen: Seen): Promise<Map<Language, Partial<Words>>> {
    seen.wordsAt = this.tools.clock.monotonic();
    const changed = new Map<Language, Partial<Words>>();
    for (const language of new Set([...this.pages].map((page) => page.language))) {
      const before = seen.words.get(language);
      const now = await this.readWords(language);
      const change = {
        ...(isDeepStrictEqual(now.alerts, before?.alerts) ? {} : { alerts: now.alerts }),
        ...(isDeepStrictEqual(now.channels, before?.channels) ? {} : { channels: now.channels }),
      };
      if (Object.keys(change).length > 0) changed.set(language, change);
      seen.words.set(language, now);
    }
    return changed;
  }

  private async readWords(language: Language): Promise<Words> {
    const { alerts, channels } = await this.tools.alerts(language);
    return { alerts, channels };
  }
}

function nothingSeen(): Seen {
  const never = Number.NEGATIVE_INFINITY;
  return {
    configured: [],
    revision: undefined,
    rows: new Map(),
    words: new Map(),
    service: undefined,
    book: undefined,
    agedAt: never,
    wordsAt: never,
    sentAt: never,
  };
}

function newPage(language: Language): Page {
  return { language, waiting: [], wake: () => undefined, isSlow: false };
}

function send(page: Page, event: StreamedEvent): void {
  if (page.waiting.length >= MOST_WAITING) page.isSlow = true;
  else page.waiting.push(event);
  page.wake();
}

function woken(page: Page, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    page.wake = resolve;
    if (signal.aborted || page.waiting.length > 0 || page.isSlow) resolve();
  });
}
