// Findings, and a small life of stories for tests: looks follow each other over one book, as the watch and the journal do
// it, and channels are told as the deliverer does it.

import { advance, type Look, type Transition } from '../../src/alerts/stories/advance.ts';
import { type AlertPolicy, dueOf, type News, newsFor, toldOf } from '../../src/alerts/stories/news.ts';
import type { Route } from '../../src/alerts/stories/recipients.ts';
import { conditionId, type Finding, type Severity } from '../../src/core/alerts/conditions.ts';
import { type AlertBook, type AlertUpdate, EMPTY_BOOK } from '../../src/core/alerts/records.ts';
import { NOW } from './builders.ts';
import { LANE } from './fleet.ts';

/** RotationFailing of the target `name`. */
export function failing(name: string, change: Partial<Finding> = {}): Finding {
  const identity = { endpoint: 'https://tcb.tencentcloudapi.com', envId: `${name}-1`, providerId: 'apple' };
  return {
    condition: 'RotationFailing',
    facts: { failures: 1, nextAttemptAt: null, emergency: false },
    id: conditionId('RotationFailing', identity),
    severity: 'warning',
    target: { key: `https://tcb.tencentcloudapi.com|${name}-1|apple`, name, envId: `${name}-1`, providerId: 'apple' },
    since: null,
    loginsUntil: NOW + 40 * 86_400_000,
    error: null,
    ...change,
  } as Finding;
}

/** A condition of the service itself. */
export function stalled(severity: Severity = 'critical'): Finding {
  return {
    condition: 'SchedulerStalled',
    facts: { lastTurnAt: NOW },
    id: 'SchedulerStalled',
    severity,
    target: null,
    since: null,
    loginsUntil: null,
    error: null,
  };
}

export function route(name: string, change: Partial<Route> = {}): Route {
  return { name, severities: ['warning', 'critical'], targets: undefined, ...change };
}

/** Applies an update to a book, as every journal does. */
export function applied(book: AlertBook, update: AlertUpdate): AlertBook {
  const replaced = <T>(
    kept: readonly T[],
    put: readonly T[] = [],
    removed: readonly string[] = [],
    key: (item: T) => string,
  ) => {
    const byKey = new Map(kept.map((item) => [key(item), item]));
    for (const item of put) byKey.set(key(item), item);
    for (const id of removed) byKey.delete(id);
    return [...byKey.values()];
  };
  return {
    stories: replaced(book.stories, update.putStories, update.removeStories, ({ id }) => id),
    channels: replaced(book.channels, update.putChannels, update.removeChannels, ({ name }) => name),
    memo: update.memo ?? book.memo,
  };
}

/** The lane of every target. */
export const LANE_OF = () => LANE;

/** A book that looks are taken at, one after the other. */
export class Life {
  book: AlertBook = EMPTY_BOOK;
  now = NOW;
  policy: AlertPolicy;

  constructor(routes: readonly Route[] = [route('ops')]) {
    const repeatEvery = { warningMs: 24 * 3_600_000, criticalMs: 4 * 3_600_000 };
    this.policy = { repeatEvery, routes, leastHoldMs: 60_000 };
  }

  reroute(routes: readonly Route[]): void {
    this.policy = { ...this.policy, routes };
  }

  /** One look; returns what became of the stories. */
  look(findings: readonly Finding[], change: Partial<Look> = {}): Transition['what'][] {
    const look = { now: this.now, findings, undecided: () => false, laneOf: LANE_OF, isSweeping: false };
    const { update, transitions } = advance(this.book, { ...look, ...change }, this.policy);
    this.book = applied(this.book, update);
    return transitions.map(({ what }) => what);
  }

  /** What is due for a channel now. */
  due(channel: string): News[] {
    return [...dueOf(newsFor(this.book.stories, channel, this.policy, this.now), this.now)];
  }

  /** Tells every channel what is due, or one: `ops raised shop`. */
  tell(only?: string): string[] {
    const names = this.policy.routes.map(({ name }) => name).filter((name) => only === undefined || name === only);
    return names.flatMap((channel) => {
      const due = this.due(channel);
      const putStories = due.map((news) => ({
        ...news.story,
        told: { ...news.story.told, [channel]: toldOf(news, channel, this.now) },
      }));
      this.book = applied(this.book, { putStories });
      return due.map(({ status, story, view }) => `${channel} ${status} ${view.lead.target?.name ?? story.cause}`);
    });
  }

  later(ms: number): this {
    this.now += ms;
    return this;
  }
}
