// The routes of a running service, and those of a program whose start was refused: it lives, so /healthz answers 200, and
// does none of its work, so every other path answers 503 with the reason.
import type { ErrorCode } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { SECOND } from '../core/time.ts';
import { openapiDocument } from './openapi.ts';
import { HttpProblem, START_REFUSED } from './problem.ts';
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
    rotations: new RotateRequests(http),
    openapi: () => openapiDocument(ROUTES, http.version),
  };
  return ROUTES.map((route) => ({ ...route, serve: (asked) => route.serve(asked, tools) }));
}

/** The routes while the start is refused; they need no token and tell no more than the code of the error. */
export function refusedRoutes(code: () => ErrorCode): ServedRoute[] {
  return ROUTES.map((route) => ({
    ...route,
    right: 'none',
    async serve() {
      if (route.id === 'health') return { status: 200, body: { status: START_REFUSED, code: code() } };
      const reason = `the daemon cannot start (${code()}); its log says why`;
      throw new HttpProblem('not-ready', reason, { reasons: [reason] });
    },
  }));
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
