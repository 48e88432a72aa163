// docs/commands.md and docs/errors.md against the program: every option and every code that there is, and no other.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Actions, createProgram } from '../../src/cli/program.ts';
import { REMEDIES } from '../../src/core/errors.ts';

/** The cells of each row of a document's tables. */
function rows(path: string): string[][] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('| ')).map((line) => line.split(' | ').map((cell) => cell.trim()));
}

test('docs/commands.md names every option of every command, and no other', () => {
  const silent = { columns: 100, write: () => undefined } as never;
  const program = createProgram({} as Actions, '0.0.0', { stdout: silent, stderr: silent }, () => undefined);
  const options = program.commands
    .flatMap((command) => [command, ...command.commands])
    .map((command) => [command.name(), command.options.map(({ long }) => long)] as const)
    .map(([name, longs]) => [name, longs.filter((long) => long !== '--config').sort()]);

  const written = new Map(options.map(([name]) => [name, new Set<string>()]));
  for (const [first = ''] of rows('docs/commands.md')) {
    const [, usage = ''] = /^\| `([a-z][^`]*)`$/.exec(first) ?? [];
    const name = usage.split(' ').findLast((word) => written.has(word));
    for (const [option] of usage.matchAll(/--[a-z-]+/g)) written.get(name)?.add(option);
  }
  expect([...written].map(([name, longs]) => [name, [...longs].sort()])).toEqual(options);
});

test('docs/errors.md names every code, those that may pass with a *, and no other', () => {
  const codes = Object.entries(REMEDIES).map(([code, remedy]) => (remedy === 'passes' ? `${code} *` : code));
  const written = rows('docs/errors.md').flatMap(([first = '']) => {
    const [whole, ...others] = [...first.matchAll(/`([A-Z_]+)`( \*)?/g)].map(([, code, star = '']) => `${code}${star}`);
    return whole === undefined ? [] : [whole, ...others.map((other) => inFull(other, whole))];
  });
  expect(written.sort()).toEqual(codes.sort());

  /** `_LOST` beside `ERR_LEASE_HELD` is `ERR_LEASE_LOST`. */
  function inFull(code: string, first: string): string {
    if (!code.startsWith('_')) return code;
    const words = first.replace(' *', '').split('_');
    const found = words.map((_, end) => `${words.slice(0, end).join('_')}${code}`);
    return found.findLast((each) => codes.includes(each)) ?? `${first} with ${code}`;
  }
});
