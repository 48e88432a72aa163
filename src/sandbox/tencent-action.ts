// What an action of a Tencent Cloud service is, and how it fails.
import type { JsonObject } from '../core/json.ts';
import type { World } from './world.ts';

export interface Action {
  /** Must be there and not empty; anything that is neither here nor in `optional` is an UnknownParameter. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** True where the request's proof lies in its body (AssumeRoleWithWebIdentity). */
  readonly unsigned?: boolean;
  /** The answer's fields without RequestId. Throws an ApiError. */
  readonly run: (world: World, body: JsonObject, region: string) => JsonObject;
}

/** An error that the API tells in its envelope. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

/** The text under `name`. Throws InvalidParameter where it is something else. */
export function textParameter(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new ApiError('InvalidParameter', `the parameter ${name} is not a string`);
  return value;
}
