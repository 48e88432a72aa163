// The bodies of all answers: clean (core/output.ts), whatever a handler put in them.
import { cleanText, cleanValue } from '../core/output.ts';

/** A JSON document on one line. */
export function jsonBody(document: object): string {
  return `${JSON.stringify(cleanValue(document))}\n`;
}

export function textBody(text: string): string {
  return cleanText(text);
}
