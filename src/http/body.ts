// The bodies of all answers: clean (core/output.ts), whatever a handler put in them.
import { cleanText, cleanValue } from '../core/output.ts';
import { mapInSlices, SLICE } from '../net/event-loop.ts';

/** A JSON document on one line. */
export function jsonBody(document: object): string {
  return `${JSON.stringify(cleanValue(document))}\n`;
}

/** The same in slices: to clean a list of ten thousand targets at once would hold everybody else up. */
export async function listBody(document: object): Promise<string> {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(document)) {
    const whole = (of: unknown) => JSON.stringify(cleanValue({ [key]: of })).slice(1, -1);
    const begin = whole([]).slice(0, -1);
    if (!Array.isArray(value) || value.length <= SLICE || !begin.endsWith('[')) {
      parts.push(whole(value));
      continue;
    }
    const items = await mapInSlices(value, (item) => whole([item]).slice(begin.length, -1));
    parts.push(`${begin}${items.join(',')}]`);
  }
  return `{${parts.filter((part) => part !== '').join(',')}}\n`;
}

export function textBody(text: string): string {
  return cleanText(text);
}
