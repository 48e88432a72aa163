// The bodies of long answers: written in slices, they are the same as written at once.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText } from '../../src/core/output.ts';
import { jsonBody, linesBody, listBody } from '../../src/http/body.ts';
import { turnsDuring } from '../support/turns.ts';

const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJURUFNIn0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZy1lbm91Z2gtdG8tYmUtb25l';

test('a body in slices is the body at once, whatever its lists hold', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        fc.constantFrom('targets', 'rotations', 'count', 'token', 'error'),
        fc.oneof(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 })),
        { maxKeys: 4 },
      ),
      fc.constantFrom(0, 99, 100, 101, 250),
      async (document, many) => {
        const whole = {
          ...document,
          list: Array.from({ length: many }, (_, at) => ({ at, jwt: JWT, none: undefined })),
        };
        expect(await listBody(whole)).toBe(jsonBody(whole));
      },
    ),
    { numRuns: 60 },
  );
  expect(await listBody({ list: Array.from({ length: 200 }, () => JWT) })).not.toContain(JWT);
});

test('what is not there is left out', async () => {
  expect(await listBody({ a: undefined, b: 1 })).toBe('{"b":1}\n');
});

test.each([
  ['nothing', 0],
  ['a line', 1],
  ['thousands of lines', 3_000],
])('a text of %s in slices is the text at once', async (_, many) => {
  const text = Array.from({ length: many }, (_line, at) => `line ${at} ${at % 7 === 0 ? JWT : 'harmless'}\n`).join('');
  expect(await linesBody(text)).toBe(cleanText(text));
  const cut = `${text}the last line does not end`;
  expect(await linesBody(cut)).toBe(cleanText(cut));
});

test('others have their turn while a long text is cleaned', async () => {
  const text = 'a line of a text that is long\n'.repeat(50_000);
  expect(await turnsDuring(() => linesBody(text))).toBeGreaterThan(100);
});
