// Errors of the HTTP interface as RFC 9457 problem documents: every kind there is, in one table, and how one becomes
// an answer. No problem repeats a header, a query or a body of the request.

interface Kind {
  readonly status: number;
  readonly title: string;
}

/** Every kind of problem, by the last part of its `type`. docs/http.md explains each. */
export const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request is not understood' },
  'token-wrong': { status: 401, title: 'A bearer token is wanted' },
  'token-not-configured': { status: 403, title: 'No token is configured' },
  'read-token-not-configured': { status: 403, title: 'Reading over the network wants a token' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'target-not-found': { status: 404, title: 'No such target' },
  'method-not-allowed': { status: 405, title: 'This method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request took too long' },
  'rotation-running': { status: 409, title: 'A rotation is running' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'not-json': { status: 415, title: 'The body is not JSON' },
  'expectation-failed': { status: 417, title: 'This expectation is not met' },
  'wrong-host': { status: 421, title: 'The Host header names another host' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'asked-too-often': { status: 429, title: 'One rotation an hour may be asked for' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'The program failed' },
  stalled: { status: 503, title: 'The scheduler stands still' },
  'not-ready': { status: 503, title: 'Not ready' },
  'not-begun': { status: 503, title: 'The rotation did not begin' },
} as const satisfies Record<string, Kind>;

export type ProblemKind = keyof typeof PROBLEMS;
export const PROBLEM_KINDS = Object.keys(PROBLEMS) as [ProblemKind, ...ProblemKind[]];

export const PROBLEM_TYPE = 'application/problem+json';
/** A tag URI (RFC 4151): it identifies, and does not resolve. */
export const TYPE_PREFIX = 'tag:apple-secret-rotator,2026:problem/';
/** The `status` of /healthz, which answers 200, while the daemon cannot start. */
export const START_REFUSED = 'start-refused';

/** The JSON of a problem. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path that was asked for. */
  readonly instance?: string;
  /** The id of the rotation that is running. */
  readonly id?: string;
  /** Each thing that is not as it should be. */
  readonly reasons?: readonly string[];
}

export interface ProblemOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly reasons?: readonly string[];
}

/** Thrown by whatever serves a request, and turned into an answer at one place. */
export class HttpProblem extends Error {
  readonly kind: ProblemKind;
  readonly options: ProblemOptions;

  /** `detail`: what was found and what is wanted. */
  constructor(kind: ProblemKind, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.name = 'HttpProblem';
    this.kind = kind;
    this.options = options;
  }
}

/** The document of a problem. `instance`: a path without its query, from which secrets were taken. */
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
  };
}
