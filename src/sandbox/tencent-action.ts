// What an action of a Tencent Cloud service is, and how it fails.
import type { JsonObject } from '../core/json.ts';
import type { Credential } from './credentials.ts';
import type { World } from './world.ts';

export interface Action {
  /** Must be present and not empty. A parameter in neither list is an UnknownParameter. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** True if the proof is in the request's body (AssumeRoleWithWebIdentity). */
  readonly unsigned?: boolean;
  /** What CAM is asked about; absent: it needs no permission. */
  readonly resource?: (body: JsonObject, region: string) => string;
  /** The answer's fields without RequestId. Throws an ApiError. */
  readonly run: (world: World, body: JsonObject, call: ActionCall) => JsonObject;
}

/** Who calls an action, and where. */
export interface ActionCall {
  readonly region: string;
  /** Undefined for an unsigned call. */
  readonly caller: Credential | undefined;
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
