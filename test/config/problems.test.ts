// How problems look to a person.
import { expect, test } from 'vitest';
import { ConfigError, formatProblems, type Problem } from '../../src/config/problems.ts';

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
    found   "x"
    wanted  a number above 0, at most 9
  the file
    found   a directory
    wanted  a readable YAML file
    next    Name the file inside it.
the environment: 1 problem
  ALERT_URL
    found   nothing
    wanted  the URL to post to
`);
});

test('as one error: the first in words, the number of the others', () => {
  const one = new ConfigError([PORT]);
  expect([one.code, one.message]).toEqual([
    'ERR_CONFIG',
    'configuration: config/rotator.yaml line 7: http.port: found "x", wanted a number above 0, at most 9',
  ]);
  expect(one.hint).toBe('Correct the configuration as the message says and try again.');
  const two = new ConfigError([FILE, VARIABLE]);
  expect([two.message, two.hint]).toEqual([
    'configuration: config/rotator.yaml: found a directory, wanted a readable YAML file (and 1 more)',
    'Name the file inside it.',
  ]);
});
