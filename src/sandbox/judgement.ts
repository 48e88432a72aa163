// What an inbox judges, its answers in the forms of the services, and how their rates are counted.
import { isJsonObject, type Json } from '../core/json.ts';
import { type Answer, json } from './exchange.ts';

/** What was posted, and what is known of the inbox. */
export interface Posted {
  readonly method: string;
  /** What follows /inbox/NAME in the path. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The text itself where it is not JSON. */
  readonly body: Json;
  readonly secret: string;
  /** A robot that is protected by this word, not by a signature. */
  readonly keyword: string | undefined;
  /** It has the header `Authorization` that the inbox asks for, if it asks for one. */
  readonly isAllowed: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When earlier messages to this inbox arrived, oldest first. */
  readonly earlier: readonly number[];
}

/** An answer; `refused` is the code under which the message is kept. */
export interface Judgement {
  readonly answer: Answer;
  readonly refused?: string;
}

export function errcode(number: number, errmsg: string): Judgement {
  return { answer: json(200, { errcode: number, errmsg }), ...refusal(number) };
}

export function code(number: number, msg: string): Judgement {
  return { answer: json(200, { code: number, msg, data: {} }), ...refusal(number) };
}

export function plain(status: number, body: string): Judgement {
  const answer = { status, headers: { 'content-type': 'text/plain' }, body };
  return status === 200 ? { answer } : { answer, refused: body };
}

function refusal(number: number): { refused?: string } {
  return number === 0 ? {} : { refused: String(number) };
}

export function within(earlier: readonly number[], now: number, span: number): number {
  return earlier.filter((at) => now - at < span).length;
}

/** Until when an inbox is muted that got more than `limit` messages within `span`. Messages during a mute do not count. */
export function mutedUntil(earlier: readonly number[], limit: number, span: number, mute: number, now: number): number {
  let until = 0;
  const counted: number[] = [];
  for (const at of [...earlier, now]) {
    if (at < until) continue;
    counted.push(at);
    if (within(counted, at, span) > limit) until = at + mute;
  }
  return until;
}

export function valueAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) here = here !== undefined && isJsonObject(here) ? here[key] : undefined;
  return here;
}

export function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function isTexts(value: Json): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
