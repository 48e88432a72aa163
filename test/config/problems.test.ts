// How problems look to a person.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError, formatProblems, type Problem } from '../../src/config/problems.ts';
import { PROBLEMS_EN } from '../../src/core/texts/en/problems.ts';
import { exampleFor } from '../../src/core/texts/examples.ts';
import type { Phrase } from '../../src/core/texts/problems.ts';

const PORT: Problem = {
  file: 'config/rotator.yaml',
  line: 7,
  key: 'http.port',
  found: ['value', '"x"'],
  wanted: ['number', 9],
};
const FILE: Problem = {
  file: 'config/rotator.yaml',
  line: null,
  key: '',
  found: ['directory'],
  wanted: ['yaml-file'],
  next: ['name-inner-file'],
};
const VARIABLE: Problem = {
  file: 'the environment',
  line: null,
  key: 'ALERT_URL',
  found: ['nothing'],
  wanted: ['post-url'],
};

test('in a terminal', () => {
  expect(formatProblems([PORT, FILE, VARIABLE])).toBe(`config/rotator.yaml: 2 problems
  line 7, http.port
    found    "x"
    wanted   a number above 0, at most 9
    next     Write it as in this example.
    example  port: 1
  the file
    found    a directory
    wanted   a readable YAML file
    next     Name the file inside it.
the environment: 1 problem
  ALERT_URL
    found    nothing
    wanted   the URL to post to
    next     Add it as in this example.
    example  ALERT_URL=https://hooks.example.com/rotator
`);
});

test('the line that YAML cannot read is shown, with a mark below the fault', () => {
  const { line, file, ...words } = FILE;
  const excerpt = { text: '  - 名称：shop', before: 8 };
  expect(formatProblems([{ file, line: 3, ...words, excerpt }])).toContain(`
  line 3
      - 名称：shop
            ^
    found `);
});

test('what has a line that could be right shows one', () => {
  const wanted: readonly Phrase[] = Object.keys(PROBLEMS_EN).map((name) => [name, 'x', 'y', 'z'] as never);
  const shown = wanted.map((each) => exampleFor({ key: 'a.b[0].key', wanted: each })).filter((each) => each !== null);
  expect(shown.length).toBeGreaterThan(60);
  for (const example of shown) expect(() => parse(example.replaceAll(', …', ''))).not.toThrow();
});

test('as one error: the first in words, the number of the others', () => {
  const one = new ConfigError([PORT]);
  expect([one.code, one.message]).toEqual([
    'ERR_CONFIG',
    'configuration: config/rotator.yaml line 7: http.port: found "x", wanted a number above 0, at most 9',
  ]);
  expect(one.hint).toBe('Write it as in this example: port: 1');
  const meant: Problem = { ...PORT, key: 'log.level', wanted: ['words', 'trace', 'info'], next: ['mean-word', 'info'] };
  expect(new ConfigError([meant]).hint).toBe('Did you mean info? level: info');
  expect(formatProblems([meant])).toContain('    next     Did you mean info?\n    example  level: info\n');
  const two = new ConfigError([FILE, VARIABLE]);
  expect([two.message, two.hint]).toEqual([
    'configuration: config/rotator.yaml: found a directory, wanted a readable YAML file (and 1 more)',
    'Name the file inside it.',
  ]);
});
