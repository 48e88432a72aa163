// The bodies of all answers: clean (core/output.ts), whatever a handler put in them.
import { cleanText, cleanValue } from '../core/output.ts';
import { mapInSlices, SLICE, yieldToLoop } from '../net/event-loop.ts';
import type { StreamedEvent } from './route.ts';

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

/** So many characters of a text are cleaned before others have their turn; a line is never divided. */
const SLICE_CHARACTERS = 8_000;

/** The same in slices, of a text in which nothing goes on from one line to the next, as a key in PEM does. */
export async function linesBody(text: string): Promise<string> {
  const parts: string[] = [];
  for (let [start, end] = [0, 0]; start < text.length; start = end) {
    end = text.indexOf('\n', start + SLICE_CHARACTERS) + 1 || text.length;
    parts.push(textBody(text.slice(start, end)));
    await yieldToLoop();
  }
  return parts.join('');
}

/** A stream, one part at a time as the client takes them: one that does not read holds up nobody but itself. */
export function streamBody(parts: AsyncIterable<string | StreamedEvent>): ReadableStream {
  const encoder = new TextEncoder();
  const source = parts[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(typeof value === 'string' ? textBody(value) : await eventText(value)));
    },
    async cancel() {
      await source.return?.();
    },
  });
}

/** JSON has no line break in it, so the data is one line. */
async function eventText({ event, data }: StreamedEvent): Promise<string> {
  return `event: ${event}\ndata: ${await listBody(data)}\n`;
}
