// YAML that cannot be read, and how the rest of it is read: as text, with lines, aliases resolved within bounds.
import { describe, expect, test } from 'vitest';
import { plain } from '../../src/config/tree.ts';
import { readYaml } from '../../src/config/yaml.ts';
import { lines, load, problemsOf, TARGETS } from './support.ts';

const read = (text: string) => {
  const { root, problems } = readYaml(text, 'rotator.yaml');
  return { value: root === undefined ? undefined : JSON.parse(JSON.stringify(plain(root))), problems: lines(problems) };
};

describe('what stands in the file is text', () => {
  test.each([
    ['k: 12E4567890', '12E4567890'],
    ['k: 0123', '0123'],
    ['k: true', 'true'],
    ['k: 1.50', '1.50'],
    ['k: "a\\tb"', 'a\tb'],
    ['k: |\n  a\n  b\n', 'a\nb\n'],
  ])('%j', (text, expected) => {
    expect(read(text)).toEqual({ value: { k: expected }, problems: [] });
  });

  test.each(['k:', "k: ''", 'k: # nothing'])('an empty value is none: %j', (text) => {
    expect(read(text)).toEqual({ value: {}, problems: [] });
  });

  test('a key named __proto__ is a key like any other', () => {
    const { root } = readYaml('__proto__: { polluted: true }', 'f');
    expect(root?.entries.has('__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('broken YAML is told with its line, and without a word of it', () => {
  test.each([
    ['a: 1\n\tb: 2', '2 : found a tab as indentation, wanted spaces'],
    ['a: 1\n---\nb: 2', '2 : found a second document (---), wanted one document'],
    ['a: b: geheim', '1 : found a second ": " in one line, wanted one key a line, or the value in quotes'],
    ['a: 1\nb: @geheim', '2 : found a value that begins with a reserved character, wanted the value in quotes'],
    [
      "a: 'geheim",
      '1 : found a missing quote, bracket or comma, or a line that is indented too little or too much, wanted YAML',
    ],
    [
      'a: [geheim',
      '1 : found a line that is not indented like its neighbours, or a bracket that is not closed, wanted YAML',
    ],
  ])('%j', (text, problem) => {
    expect(read(text)).toEqual({ value: undefined, problems: [problem] });
  });

  test.each([
    [`channel: { url: \${URL} }`],
    [`channel:\n  { type: x,\n    url: \${URL} }`],
    [`urls: [ \${URL} ]`],
    [`a: {url: \${URL:-}, b: c}`],
  ])('the brace that follows a dollar sign inside braces is explained: %j', (text) => {
    const { problems } = read(text);
    const line = text.split('\n').length;
    expect(problems).toEqual([
      `${line} : found \${…} without quotes inside braces or brackets, wanted quotes around it: { url: "\${NAME}" }`,
    ]);
  });

  test('outside braces ${ needs no quotes', () => {
    expect(read(`url: \${URL:-a}`).value).toEqual({ url: `\${URL:-a}` });
  });

  test('what the parser stumbles over after an error is not told', () => {
    const text = `targets:\n  - key: { name: \${SECRET}, region: x y }\n    cloudbase: { a: b }\nalerts: { c: d }\n`;
    expect(read(text).problems).toEqual([
      `2 : found \${…} without quotes inside braces or brackets, wanted quotes around it: { url: "\${NAME}" }`,
    ]);
  });

  test('every line with an error of its own is told', () => {
    expect(read('a: "\\q"\nb: "\\q"').problems.map((line) => line.slice(0, 1))).toEqual(['1', '2']);
  });
});

describe('size and depth', () => {
  test.each([
    ['lists in braces', `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`, 1],
    ['lists that are never closed', `a: ${'['.repeat(50_000)}`, 1],
    ['lists by hyphens', `${'- '.repeat(5_000)}a`, 1],
    ['mappings', Array.from({ length: 2_000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'), 60],
  ])('%s, nested thousands deep, are refused', (_, text, line) => {
    expect(read(text).problems).toEqual([`${line} : found values nested too deeply, wanted at most 30 levels`]);
  });

  test('60,000 keys are read, and the first of the unknown ones are told', async () => {
    const text = Array.from({ length: 60_000 }, (_, index) => `key${index}: v`).join('\n');
    const told = await problemsOf(`${text}\n${TARGETS}`);
    expect(told).toHaveLength(20);
  });
});

describe('keys', () => {
  test('one that stands there twice is told at its second line, beside other problems', async () => {
    expect(await problemsOf(`instance: a\ninstance: b\nhttp: { port: x, port: y }\n${TARGETS}`)).toEqual([
      '2 instance: found the same key a second time, wanted each key once',
      '3 http.port: found the same key a second time, wanted each key once',
      '3 http.port: found "x", wanted a whole number from 0 to 65535',
    ]);
  });

  test('one that is a mapping is told', () => {
    expect(read('? { a: b }\n: c').problems).toEqual(['1 : found a key that is not text, wanted a key of plain text']);
  });

  test('merge keys are refused with a word on aliases', () => {
    expect(read('x: &x { a: b }\ny:\n  <<: *x').problems).toEqual([
      '3 y.<<: found a merge key, wanted keys written out; an alias can only stand for a value',
    ]);
  });

  test('tags are refused', () => {
    expect(read('x: !!int 1\ny: !secret z').problems).toEqual([
      '1 x: found a YAML tag, wanted a value without a tag',
      '2 y: found a YAML tag, wanted a value without a tag',
    ]);
  });
});

describe('aliases', () => {
  test('stand for the value of their anchor', async () => {
    const { config } = await load(`policy: &p { lifetime: 90d }
targets:
  - { name: a, envId: a-1, key: &key { from: env, variable: KEY }, policy: *p }
  - { name: b, envId: b-1, key: *key }
`);
    expect(config.targets.map(({ key }) => key)).toEqual(Array(2).fill({ from: 'env', variable: 'KEY' }));
  });

  test('a problem behind one is told at its own line', () => {
    expect(read('a: &a { x: !!int 1 }\nb: *a').problems).toEqual([
      '1 a.x: found a YAML tag, wanted a value without a tag',
      '2 b.x: found a YAML tag, wanted a value without a tag',
    ]);
  });

  test('without an anchor they are told', () => {
    expect(read('a: *nobody').problems).toEqual([
      '1 a: found an alias without its anchor, wanted an anchor (&name) above the alias (*name)',
    ]);
  });

  test('that multiply without end are stopped', () => {
    const bomb = Array.from({ length: 9 }, (_, level) => {
      const inner = level === 0 ? 'x' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array(9).fill(inner).join(', ')}]`;
    });
    const { problems } = read(bomb.join('\n'));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/found aliases that add too many values, wanted at most 20000 values through aliases$/);
  });

  test('that contain themselves are stopped', () => {
    expect(read('a: &a\n  b: *a').problems).toHaveLength(1);
  });
});
