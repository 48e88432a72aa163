// What a route of the control interface is, and what the rows of the table share.
import type * as z from 'zod';
import type { JsonObject } from '../core/json.ts';
import type { World } from './world.ts';

/** A mistake of the caller. */
export class ControlError extends Error {
  readonly status: 400 | 404;

  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }
}

interface Input<Body> {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Body;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly does: string;
  /** An example, if the route takes a body. */
  readonly body?: JsonObject;
  readonly schema?: z.ZodType;
  /** The answer's JSON; undefined: `{"ok":true}`. */
  readonly run: (world: World, input: Input<unknown>) => object | undefined;
}

interface RouteOptions<Body> {
  readonly does: string;
  readonly body?: JsonObject;
  readonly schema?: z.ZodType<Body>;
  readonly run: (world: World, input: Input<Body>) => object | undefined;
}

/** Ties the type of a route's body to its schema, which the table cannot do. */
export function route<Body>(method: Route['method'], path: string, options: RouteOptions<Body>): Route {
  const { run, ...rest } = options;
  return { method, path, ...rest, run: (world, input) => run(world, input as Input<Body>) };
}

/** The text under `name`. Throws a ControlError if there is none. */
export function part(from: Readonly<Record<string, string>>, name: string): string {
  const value = from[name];
  if (value === undefined || value === '') throw new ControlError(400, `${name} is missing`);
  return value;
}

/** Throws a ControlError unless `was`. */
export function found(was: boolean, what: string): undefined {
  if (!was) throw new ControlError(404, `no such ${what}`);
}
