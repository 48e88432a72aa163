// Input that nobody should send, and how a function must take it: it returns, or throws a RotatorError of bounded size;
// it does not hang, and it keeps nothing. Used by test/hostile.
import { setFlagsFromString } from 'node:v8';
import { createContext, runInNewContext, Script } from 'node:vm';
import fc from 'fast-check';
import { expect } from 'vitest';
import { RotatorError } from '../../src/core/errors.ts';
import { CASES } from './campaign.ts';

/**
 * A case that computes or waits for longer hangs. It is no measure of speed: a case takes milliseconds, and one whose time
 * grows with the square of its input takes minutes, on a busy machine as on an idle one.
 */
const HANGS_MS = 30_000;
/** What may remain in memory after all cases: caches and compiled code. All inputs together would be hundreds of MB. */
const MOST_KEPT_BYTES = 96 * 1024 * 1024;
/** An error goes into the journal and into messages. The longest of ours has a policy to paste. */
const LONGEST_ERROR = 8_000;
/** Cases before memory is first measured: by then everything is loaded. */
const WARM_UP = 50;

/** Runs a function so that it can be ended while it computes; nothing else can end a loop or an expression. */
const START = new Script('run()');

/**
 * Calls `work` with CASES values. What it throws other than a RotatorError fails the test, and so do a computation or a
 * wait without end, an error that grows with the input, and memory that is kept.
 */
export async function survive<T>(inputs: fc.Arbitrary<T>, work: (input: T) => unknown): Promise<void> {
  let count = 0;
  let heldBefore = 0;
  const found = await fc.check(
    fc.asyncProperty(inputs, async (input) => {
      count += 1;
      if (count === WARM_UP) heldBefore = heldBytes();
      try {
        await START.runInContext(createContext({ run: () => work(input) }), { timeout: HANGS_MS });
      } catch (thrown) {
        mustBeOurs(thrown);
      }
    }),
    { numRuns: CASES, timeout: HANGS_MS, endOnFailure: true },
  );
  if (found.failed) {
    // Inputs are long: the seed and the path are enough to have this one again.
    const { seed, counterexamplePath, counterexample, errorInstance } = found;
    const start = JSON.stringify(counterexample).slice(0, 300);
    throw new Error(`seed ${seed}, path ${counterexamplePath}: ${start}`, { cause: errorInstance });
  }
  expect(count).toBeGreaterThan(WARM_UP);
  expect(heldBytes() - heldBefore, 'bytes that are still held').toBeLessThan(MOST_KEPT_BYTES);
}

function mustBeOurs(thrown: unknown): void {
  if (!(thrown instanceof RotatorError)) throw thrown;
  const { code, message, hint, stored, requestId, remoteCode } = thrown;
  expect(code).not.toBe('ERR_INTERNAL');
  const everything = JSON.stringify({ message, hint, stored, requestId, remoteCode });
  expect(everything.length, 'length of an error').toBeLessThan(LONGEST_ERROR);
}

/** Bytes of the heap and of buffers that are still in use. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What a configuration replaces by a variable. */
export const REFERENCE = '$'.concat('{A}');

/** Pieces that parsers trip over. */
const PIECES = [
  '\0',
  '\uFEFF',
  '\r',
  '\u2028',
  '\u200b',
  '\x1b[2J',
  '\ud800',
  '"',
  '\\',
  '\\u0000',
  '{',
  '[',
  '}',
  ']',
  '%00',
  '%',
  '../',
  REFERENCE,
  `\${A:-${REFERENCE}}`,
  `$${REFERENCE}`,
  '*a',
  '&a',
  '<<: *a',
  '__proto__',
  'constructor',
  '1e999',
  '-0',
  'null',
  '-----BEGIN PRIVATE KEY-----',
  '\r\n\r\n',
] as const;

/** Any text: often one that a parser trips over, sometimes long, sometimes nested deep. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  { weight: 4, arbitrary: fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string()), { maxLength: 30 }).map(joined) },
  { weight: 1, arbitrary: repeated(fc.oneof(fc.constantFrom(...PIECES), fc.string({ minLength: 1, maxLength: 3 }))) },
);

function joined(parts: readonly string[]): string {
  return parts.join('');
}

/** The last and largest of the numbers one time in ten: it costs most. */
function often(...numbers: readonly number[]): fc.Arbitrary<number> {
  const [usual, largest] = [numbers.slice(0, -1), numbers.slice(-1)];
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...largest) },
  );
}

/** The same piece up to 10,000 times: deep nesting, long lines, what makes expressions backtrack. */
function repeated(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(piece, often(10, 100, 1_000, 10_000)).map(([text, times]) => text.repeat(times));
}

interface Damage {
  readonly from: number;
  readonly length: number;
  readonly instead: string;
  readonly twice: boolean;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 2_000 })),
  instead: fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    { weight: 3, arbitrary: fc.constantFrom(...PIECES) },
    { weight: 1, arbitrary: anyText },
  ),
  twice: fc.boolean(),
});

/** One of the texts with one to four spans of it removed, replaced or doubled. */
export function damaged(...texts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(damage, { minLength: 1, maxLength: 4 }))
    .map(([text, all]) => all.reduce(damagedOnce, text));
}

function damagedOnce(text: string, { from, length, instead, twice }: Damage): string {
  const start = Math.floor(from * text.length);
  const [before, span, after] = [text.slice(0, start), text.slice(start, start + length), text.slice(start + length)];
  return `${before}${instead}${twice ? span + span : ''}${after}`;
}

/** JSON of any form: with names that are special to JavaScript, numbers that are none, and texts of any kind. */
export const anyJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.json({ maxDepth: 5 }) },
  { weight: 4, arbitrary: fc.json({ stringUnit: 'binary' }) },
  { weight: 1, arbitrary: nested('[', ']') },
  { weight: 1, arbitrary: nested('{"a":', '}') },
  { weight: 1, arbitrary: nested('[', '') },
);

function nested(open: string, close: string): fc.Arbitrary<string> {
  return often(100, 1_000, 5_000).map((depth) => `${open.repeat(depth)}1${close.repeat(depth)}`);
}

/** A valid JSON document in which one value, at any depth, is another one. */
export function replacedIn(...documents: readonly object[]): fc.Arbitrary<string> {
  const long = encoded('x'.repeat(900_000));
  const value = fc.oneof(
    { weight: 10, arbitrary: anyJson },
    { weight: 10, arbitrary: anyText.map(encoded) },
    { weight: 1, arbitrary: fc.constant(long) },
  );
  return fc.tuple(fc.constantFrom(...documents), fc.nat(), value).map(([document, index, instead]) => {
    const texts: string[] = [];
    const marked = (which: number) => {
      let seen = 0;
      return JSON.stringify(document, (_, found: unknown) => (seen++ === which ? '\u0001' : found));
    };
    JSON.stringify(document, (_, found: unknown) => {
      texts.push('');
      return found;
    });
    return marked(index % texts.length).replace(encoded('\u0001'), () => instead);
  });
}

function encoded(text: string): string {
  return JSON.stringify(text);
}

/** The body of an answer: random, damaged, or right in all but one value. */
export function bodies(...documents: readonly object[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 1, arbitrary: anyText },
    { weight: 1, arbitrary: anyJson },
    { weight: 2, arbitrary: damaged(...documents.map((document) => JSON.stringify(document))) },
    { weight: 3, arbitrary: replacedIn(...documents) },
  );
}
