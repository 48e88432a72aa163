// What an action of a Tencent Cloud service is, and how it fails.
import type { JsonObject } from '../core/json.ts';
import type { World } from './world.ts';

export interface Action {
  /** Must be present and not empty. A parameter in neither list is an UnknownParameter. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** True if the proof is in the request's body (AssumeRoleWithWebIdentity). */
  readonly unsigned?: boolean;
  /** The answer's fields without RequestId. Throws an ApiError. */
  readonly run: (world: World, body: JsonObject, region: string) => JsonObject;
}

/** An error that the API reports in its envelope. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

/** The text under `name`. Throws InvalidParameter if it is something else. */
export function textParameter(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new ApiError('InvalidParameter', `the parameter ${name} is not a string`);
  return value;
}
