// The routes of a running service, and those of a program whose start was refused: it lives, so /healthz answers 200, and
// does none of its work, so every other path but the page and the runbook answers 503 with the reason.
import type { Language } from '../core/alerts/message.ts';
import type { Clock } from '../core/ports.ts';
import { SECOND } from '../core/time.ts';
import { KeptAnswers } from './kept-answers.ts';
import { Live } from './live.ts';
import { openapiDocument } from './openapi.ts';
import { PAGE_ROUTES, servePage, serveRunbook } from './page-routes.ts';
import { LANGUAGE_QUERY } from './page-schemas.ts';
import { HttpProblem, type Refusal, START_REFUSED } from './problem.ts';
import { createReadiness } from './readiness.ts';
import { RotateRequests } from './rotate-request.ts';
import type { HttpTools, RouteTools, ServedRoute } from './route.ts';
import { ROUTES } from './routes.ts';

/** A scraper asks every few seconds; who asks more often gets the same text again, which costs nothing to make. */
const METRICS_EVERY_MS = SECOND;

/** The routes of a running service. */
export function serviceRoutes(http: HttpTools): ServedRoute[] {
  const tools: RouteTools = {
    ...http,
    metrics: atMostEvery(METRICS_EVERY_MS, http.clock, http.metrics),
    ready: createReadiness(http),
    rotations: new RotateRequests({ ...http, answers: http.answers ?? new KeptAnswers(http.clock) }),
    openapi: () => openapiDocument(ROUTES, http.version),
    live: new Live(http),
  };
  return [...ROUTES, ...PAGE_ROUTES].map((route) => ({ ...route, serve: (asked) => route.serve(asked, tools) }));
}

export interface RefusedTools {
  readonly refusal: (language: Language) => Refusal;
  /** Whether it is known who may read. Else the code of the error is all that anybody gets. */
  readonly knowsReaders: boolean;
}

/** The routes while the start is refused. Who may read gets the page, what is wrong and the runbook, anybody the code of the error. */
export function refusedRoutes({ refusal, knowsReaders }: RefusedTools): ServedRoute[] {
  const notReady = (refused?: Refusal): HttpProblem => {
    const reason = `the daemon cannot start (${refusal('en').code}); its log says why`;
    return new HttpProblem('not-ready', reason, { reasons: [reason], ...(refused && { refusal: refused }) });
  };
  return [...ROUTES, ...PAGE_ROUTES].map((route): ServedRoute => {
    const isShown = knowsReaders && (PAGE_ROUTES.includes(route) || ['getOverview', 'runbook'].includes(route.id));
    return {
      ...route,
      right: isShown ? 'read' : 'none',
      async serve({ query }) {
        if (route.id === 'health') return { status: 200, body: { status: START_REFUSED, code: refusal('en').code } };
        if (!isShown) throw notReady();
        if (route.id === 'getOverview') throw notReady(refusal(LANGUAGE_QUERY.parse(query).language));
        return route.id === 'runbook' ? serveRunbook(LANGUAGE_QUERY.parse(query).language) : servePage(route);
      },
    };
  });
}

/** Calls `make` at most once in `ms`; in between everybody gets what it gave, or what it threw. */
function atMostEvery<T>(ms: number, clock: Pick<Clock, 'monotonic'>, make: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly made: Promise<T> } | undefined;
  return () => {
    const at = clock.monotonic();
    if (last === undefined || at - last.at >= ms) last = { at, made: make() };
    return last.made;
  };
}
