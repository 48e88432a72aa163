// What the YAML parser tells of a text: the beginnings and ends of its nodes, as numbers, so that they can come from
// another thread. A large text is parsed in one, while this one goes on.
import { extname } from 'node:path';
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';

/** Levels of nesting. The definition has 6; deeper ones would take a frame of the stack each. */
export const DEEPEST = 30;

/** Characters that are parsed here: some five hundred targets, 30 ms on a slow machine. A thread takes as long to start. */
const LARGE = 64 * 1024;

/** Where the parser stopped, and why in its words. */
export interface Fault {
  readonly reason: string;
  readonly offset: number;
}

export type Parsed = { readonly events: Int32Array<ArrayBuffer> } | { readonly fault: Fault };

/** `start`, `end`: of a value; a collection has no end here. An offset of what is not there is -1. */
export interface NodeEvent {
  readonly type: (typeof KIND)[keyof typeof KIND];
  readonly start: number;
  readonly end: number;
  readonly anchorStart: number;
  readonly anchorEnd: number;
  readonly tagStart: number;
  /** How a scalar is written; `fast`, 1 or 0: it stands for itself. */
  readonly style: (typeof SCALAR_STYLE)[keyof typeof SCALAR_STYLE];
  readonly chomping: 1 | 2 | 3;
  readonly indent: number;
  readonly fast: number;
}

/** Integers of an event: the fields above, in their order. */
const WIDTH = 10;

export const KIND = EVENT_ID;

/** The events of the text; those of a large one come from another thread. */
export async function parse(text: string): Promise<Parsed> {
  if (text.length < LARGE) return parseHere(text);
  const { Worker } = await import('node:worker_threads');
  // The bundle has the file of the thread beside this one.
  const file = new URL(`./yaml-thread${extname(import.meta.url)}`, import.meta.url);
  const { promise, resolve, reject } = Promise.withResolvers<Parsed>();
  // Flags of this process may not suit a thread.
  const thread = new Worker(file, { workerData: text, execArgv: [] });
  thread.once('message', resolve).once('error', reject);
  thread.once('exit', () => reject(new Error('the thread that parses the configuration ended without a word')));
  return promise;
}

/** The events of the text, in this thread. */
export function parseHere(text: string): Parsed {
  try {
    const events = parseEvents(text, { maxDepth: DEEPEST + 1 });
    const second = events.findIndex(({ type }, index) => index > 0 && type === KIND.DOCUMENT);
    if (second > 0) return { fault: { reason: SECOND, offset: beginOf(second, events, text) } };
    const packed = new Int32Array(events.length * WIDTH);
    for (const [index, event] of events.entries()) packed.set(packedOf(event), index * WIDTH);
    return { events: packed };
  } catch (thrown) {
    if (!(thrown instanceof YAMLException)) throw thrown;
    return { fault: { reason: thrown.reason, offset: thrown.mark?.position ?? 0 } };
  }
}

/** The reason where there is a second document. */
export const SECOND = 'a second document';

/** Where the document of this event begins: at its sign, or at its first node. */
function beginOf(index: number, events: readonly Event[], text: string): number {
  const offsets = events.slice(0, index + 2).map((event) => packedOf(event)[1]);
  const document = events[index];
  const hasSign = document?.type === KIND.DOCUMENT && document.explicitStart;
  const before = offsets.slice(0, index).reduce((last, offset) => Math.max(last, offset), 0);
  return hasSign ? text.indexOf('\n---', before) + 1 : (offsets[index + 1] ?? before);
}

/** The integers of an event; what is left out is 0 and not looked at. */
function packedOf(event: Event): [type: number, start: number, ...others: number[]] {
  const { type } = event;
  if (type === KIND.DOCUMENT || type === KIND.POP) return [type, -1];
  const { anchorStart, anchorEnd } = event;
  if (type === KIND.ALIAS) return [type, anchorStart, anchorEnd, anchorStart, anchorEnd];
  const { tagStart } = event;
  if (type !== KIND.SCALAR) return [type, event.start, -1, anchorStart, anchorEnd, tagStart];
  const { valueStart, valueEnd, style, chomping, indent, fast } = event;
  return [type, valueStart, valueEnd, anchorStart, anchorEnd, tagStart, style, chomping, indent, Number(fast)];
}

/** How many events there are. */
export function countOf(events: Int32Array): number {
  return events.length / WIDTH;
}

export function eventAt(events: Int32Array, index: number): NodeEvent {
  const field = (offset: number) => events[index * WIDTH + offset] as number;
  return {
    type: field(0) as NodeEvent['type'],
    start: field(1),
    end: field(2),
    anchorStart: field(3),
    anchorEnd: field(4),
    tagStart: field(5),
    style: field(6) as NodeEvent['style'],
    chomping: field(7) as NodeEvent['chomping'],
    indent: field(8),
    fast: field(9),
  };
}

/** Whether a scalar is a block of text, after `|` or `>`. */
export function isBlock({ style }: NodeEvent): boolean {
  return style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;
}

/** What a scalar says. */
export function textOf(source: string, event: NodeEvent): string {
  const { start, end, fast } = event;
  if (fast === 1) return source.slice(start, end);
  return getScalarValue(source, {
    ...event,
    type: KIND.SCALAR,
    valueStart: start,
    valueEnd: end,
    tagEnd: -1,
    fast: false,
  });
}
