// Errors of the HTTP interface as RFC 9457 problem documents: every kind in one table, and how one becomes an answer.
// No problem repeats a header, a query or a body of the request.
import type { ErrorCode } from '../core/errors.ts';

interface Kind {
  readonly status: number;
  readonly title: string;
}

/** Every kind of problem, by the last part of its `type`. docs/http.md explains each. */
export const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  'token-wrong': { status: 401, title: 'A bearer token is needed' },
  'token-not-configured': { status: 403, title: 'No token is configured' },
  'read-token-not-configured': { status: 403, title: 'Reading over the network needs a token' },
  'not-found': { status: 404, title: 'No such path' },
  'target-not-found': { status: 404, title: 'No such target' },
  'method-not-allowed': { status: 405, title: 'This method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request took too long' },
  'rotation-running': { status: 409, title: 'A rotation is running' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'not-json': { status: 415, title: 'The body is not JSON' },
  'expectation-failed': { status: 417, title: 'The expectation cannot be met' },
  'wrong-host': { status: 421, title: 'The Host header names another server' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'asked-too-often': { status: 429, title: 'One requested rotation per hour' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'The program failed' },
  stalled: { status: 503, title: 'The scheduler has stopped' },
  'not-ready': { status: 503, title: 'Not ready' },
  'not-begun': { status: 503, title: 'The rotation did not begin' },
} as const satisfies Record<string, Kind>;

export type ProblemKind = keyof typeof PROBLEMS;
export const PROBLEM_KINDS = Object.keys(PROBLEMS) as [ProblemKind, ...ProblemKind[]];

export const PROBLEM_TYPE = 'application/problem+json';
/** A tag URI (RFC 4151): an identifier that cannot be opened. */
export const TYPE_PREFIX = 'tag:apple-secret-rotator,2026:problem/';
/** The `status` of /healthz, which answers 200, while the daemon cannot start. */
export const START_REFUSED = 'start-refused';

/** Why the daemon cannot start, for a person. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly problems: readonly {
    readonly file: string;
    readonly line: number | null;
    readonly key: string;
    readonly found: string;
    readonly wanted: string;
    readonly next: string | null;
    /** The line that YAML cannot read, without what may be a secret, and the columns before the fault. */
    readonly excerpt: { readonly text: string; readonly before: number } | null;
  }[];
}

/** The JSON of a problem. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The requested path. */
  readonly instance?: string;
  /** The id of the rotation that is running. */
  readonly id?: string;
  /** Everything that is wrong. */
  readonly reasons?: readonly string[];
  readonly refusal?: Refusal;
}

export interface ProblemOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly reasons?: readonly string[];
  readonly refusal?: Refusal;
}

/** Thrown while a request is served; application.ts turns it into an answer. */
export class HttpProblem extends Error {
  readonly kind: ProblemKind;
  readonly options: ProblemOptions;

  /** `detail`: what was found, and what is wanted or what to do. */
  constructor(kind: ProblemKind, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.name = 'HttpProblem';
    this.kind = kind;
    this.options = options;
  }
}

/** The document of a problem. `instance`: the path without its query and without secrets. */
export function problemBody({ kind, message, options }: HttpProblem, instance?: string): ProblemBody {
  const { status, title } = PROBLEMS[kind];
  return {
    type: `${TYPE_PREFIX}${kind}`,
    title,
    status,
    detail: message,
    ...(instance === undefined ? {} : { instance }),
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.reasons === undefined ? {} : { reasons: options.reasons }),
    ...(options.refusal === undefined ? {} : { refusal: options.refusal }),
  };
}
