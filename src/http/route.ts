// What a route of the HTTP interface is: how it is served, and what the OpenAPI document says about it.
import type * as z from 'zod';
import type { AlertsView } from '../alerts/words/alert-view.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { Clock, Degradable, Fleet, Rotations, TargetStates } from '../core/ports.ts';
import type { TargetLabel } from '../core/target-view.ts';
import type { Daemon } from '../daemon/daemon.ts';
import type { Right } from './access.ts';
import type { ProblemKind } from './problem.ts';
import type { RotateRequests } from './rotate-request.ts';

/** What the service shows and does over HTTP. */
export interface HttpTools {
  readonly clock: Clock;
  readonly journal: Degradable & TargetStates & Rotations & Fleet;
  /** By which logins are judged now. */
  readonly judgeClock: () => JudgeClock;
  readonly daemon: Pick<Daemon, 'health' | 'untried' | 'runningRotation' | 'requestRotation'>;
  /** The targets that are configured now. */
  readonly targets: () => readonly ConfiguredTarget[];
  /** What is wrong now, and the state of the channels. */
  readonly alerts: () => Promise<AlertsView>;
  /** The text of /metrics. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly version: string;
}

export interface ConfiguredTarget extends TargetLabel {
  readonly key: string;
}

/** What a handler works with. */
export interface RouteTools extends HttpTools {
  readonly ready: () => Promise<{ status: 'ok' }>;
  readonly rotations: RotateRequests;
  readonly openapi: () => object;
}

/** A request whose Host, token, query and body have been checked. */
export interface Asked<Query> {
  /** The {name} of the path. */
  readonly name: string;
  readonly query: Query;
  readonly idempotencyKey: string | undefined;
  /** For the journal: which token, and the client's address. */
  readonly requestedBy: string;
}

export interface Answer {
  readonly status: 200 | 202;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  /** Text is sent as it is, an object as JSON. */
  readonly body: string | object;
}

interface Described {
  readonly method: 'GET' | 'POST';
  /** `/api/v1/targets/{name}` */
  readonly path: string;
  readonly right: Right;
  readonly id: string;
  readonly summary: string;
  /** The good answer. */
  readonly answer: {
    readonly status: 200 | 202;
    readonly description: string;
    readonly schema?: z.ZodType;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Besides those that every route may answer with. */
  readonly problems: readonly ProblemKind[];
  /** The schema of a JSON body, which may be left out. */
  readonly body?: z.ZodType;
  readonly takesIdempotencyKey?: boolean;
}

export interface Route extends Described {
  readonly query: z.ZodObject;
  readonly serve: (asked: Asked<unknown>, tools: RouteTools) => Promise<Answer>;
}

/** A route with what it works with. */
export interface ServedRoute extends Omit<Route, 'serve'> {
  readonly serve: (asked: Asked<unknown>) => Promise<Answer>;
}

/** Makes a route whose handler gets what the schema of its query gives. */
export function route<Query extends z.ZodObject>(
  described: Described & {
    readonly query: Query;
    readonly serve: (asked: Asked<z.output<Query>>, tools: RouteTools) => Promise<Answer>;
  },
): Route {
  const { serve, ...rest } = described;
  return { ...rest, serve: (asked, tools) => serve(asked as Asked<z.output<Query>>, tools) };
}
