// What a route of the HTTP interface is: how it is served, and what the OpenAPI document says about it.
import type * as z from 'zod';
import type { AlertsView } from '../alerts/words/alert-view.ts';
import type { Language } from '../core/alerts/message.ts';
import type {
  AlertStore,
  AnsweredRequests,
  Degradable,
  Fleet,
  Leases,
  Rotations,
  TargetStates,
} from '../core/journal-ports.ts';
import type { JudgeClock } from '../core/logins.ts';
import type { Clock, TargetPolicy } from '../core/ports.ts';
import type { TargetLabel } from '../core/target-view.ts';
import type { Daemon } from '../daemon/daemon.ts';
import type { Challenge, Right } from './access.ts';
import type { OverviewView } from './page-schemas.ts';
import type { ProblemKind } from './problem.ts';
import type { RotateRequests } from './rotate-request.ts';

/** What the service shows and does over HTTP. */
export interface HttpTools {
  readonly clock: Clock;
  readonly journal: Degradable & TargetStates & Rotations & Fleet & Leases & Pick<AlertStore, 'alertBook'>;
  /** What requests were answered, where several processes answer them; undefined: this one alone does. */
  readonly answers?: AnsweredRequests | undefined;
  /** See ReadinessTools. */
  readonly fleetTrouble?: (() => Promise<string | undefined>) | undefined;
  /** A fresh UUIDv7. */
  readonly newId: () => string;
  /** By which logins are judged now. */
  readonly judgeClock: () => JudgeClock;
  readonly daemon: Pick<Daemon, 'health' | 'untried' | 'runningRotation' | 'requestRotation'>;
  /** The targets that are configured now. */
  readonly targets: () => readonly ConfiguredTarget[];
  /** What is wrong now, and the state of the channels. */
  readonly alerts: (language?: Language) => Promise<AlertsView>;
  readonly service: () => ServiceFacts;
  /** The text of /metrics. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly version: string;
}

export interface ConfiguredTarget extends TargetLabel {
  readonly key: string;
  readonly policy: Pick<TargetPolicy, 'lifetimeMs' | 'renewBeforeMs' | 'window'>;
}

/** What concerns the daemon as a whole; instants are ms since the epoch. */
export interface ServiceFacts {
  readonly instance: string;
  readonly startedAt: number;
  readonly degraded: Degradable['degraded'];
  /** Our clock less CloudBase's; undefined: not compared yet. */
  readonly skewMs: number | undefined;
  readonly nextTickAt: number | undefined;
  /** When an expiry of a target is reported, by how much is left. */
  readonly expiryOf: (name: string) => { readonly warningMs: number; readonly criticalMs: number } | undefined;
  /** Undefined: one daemon alone works with the journal. */
  readonly replicas: readonly ShownReplica[] | undefined;
  /** The token URL of Apple, by which the journal keeps its answers. */
  readonly tokenUrl: string;
}

/** A replica as the page shows it. */
export interface ShownReplica {
  readonly name: string;
  readonly leads: boolean;
  /** It has said nothing for so long that it counts as gone. */
  readonly silent: boolean;
}

/** What a handler works with. */
export interface RouteTools extends HttpTools {
  readonly ready: () => Promise<{ status: 'ok' }>;
  readonly rotations: RotateRequests;
  readonly openapi: () => object;
  readonly live: LiveOverview;
}

/** What open pages show. */
export interface LiveOverview {
  /** Everything, as it is now. */
  overview(language: Language): Promise<OverviewView>;
  /** `overview`, and then each `change`, until the signal is aborted. */
  watch(language: Language, signal: AbortSignal): AsyncIterable<StreamedEvent>;
}

/** A request whose Host, token, query and body have been checked. */
export interface Asked<Query> {
  /** The {name} of the path. */
  readonly name: string;
  readonly query: Query;
  readonly idempotencyKey: string | undefined;
  /** For the journal: which token, and the client's address. */
  readonly requestedBy: string;
  /** Is aborted when the client is gone, or the server closes. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: 200 | 202;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  /** Text is sent as it is, an object as JSON, a stream part by part. */
  readonly body: string | object | Lines | Streamed | ProgramFile;
}

/** A long text in which nothing goes on from one line to the next. */
export class Lines {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Text, or server-sent events, whose data is sent as JSON. */
export class Streamed {
  readonly parts: AsyncIterable<string | StreamedEvent>;

  constructor(parts: AsyncIterable<string | StreamedEvent>) {
    this.parts = parts;
  }
}

export interface StreamedEvent {
  readonly event: string;
  readonly data: object;
}

/** A file that is a part of the program, compressed by gzip. */
export class ProgramFile {
  readonly compressed: Uint8Array;

  constructor(compressed: Uint8Array) {
    this.compressed = compressed;
  }
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
    /** Default: JSON. */
    readonly contentType?: string;
    readonly schema?: z.ZodType;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Besides those that every route may answer with. */
  readonly problems: readonly ProblemKind[];
  /** The schema of a JSON body, which may be left out. */
  readonly body?: z.ZodType;
  readonly takesIdempotencyKey?: boolean;
  /** How a client without a token is asked for one. */
  readonly challenge?: Challenge;
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
