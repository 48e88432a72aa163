// YAML that cannot be read, and how the rest of it is read: as text, with lines, aliases resolved within bounds.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { plain, type TreeNode } from '../../src/config/tree.ts';
import { readYaml } from '../../src/config/yaml.ts';
import { parse } from '../../src/config/yaml-events.ts';
import { lines, load, problemsOf, TARGETS } from './support.ts';

const read = async (text: string) => {
  const { root, problems } = await readYaml(text, 'rotator.yaml');
  return { value: root === undefined ? undefined : JSON.parse(JSON.stringify(plain(root))), problems: lines(problems) };
};

/** What a tree holds, without its lines. */
const shape = (node: TreeNode | undefined): unknown => {
  if (node?.kind === 'list') return node.items.map(shape);
  if (node?.kind === 'map') return Object.fromEntries([...node.entries].map(([key, value]) => [key, shape(value)]));
  return node?.text;
};

describe('what stands in the file is text', () => {
  test.each([
    ['k: 12E4567890', '12E4567890'],
    ['k: 0123', '0123'],
    ['k: true', 'true'],
    ['k: 1.50', '1.50'],
    ['k: "a\\tb"', 'a\tb'],
    ['k: |\n  a\n  b\n', 'a\nb\n'],
  ])('%j', async (text, expected) => {
    expect(await read(text)).toEqual({ value: { k: expected }, problems: [] });
  });

  test.each(['k:', "k: ''", 'k: # nothing'])('an empty value is none: %j', async (text) => {
    expect(await read(text)).toEqual({ value: {}, problems: [] });
  });

  test('a key named __proto__ is a key like any other', async () => {
    const { root } = await readYaml('__proto__: { polluted: true }', 'f');
    expect(root?.entries.has('__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('broken YAML is told with its line', () => {
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
      '1 : found a missing quote, bracket or comma, or a line that is indented too little or too much, wanted YAML',
    ],
    [
      'a: "geheim\nb: "c"\n',
      '1 : found a missing quote, bracket or comma, or a line that is indented too little or too much, wanted YAML',
    ],
    [
      'a: 1\nt:\n  - { b: c, d: e\n  - { b: f }',
      '3 : found a missing quote, bracket or comma, or a line that is indented too little or too much, wanted YAML',
    ],
    [
      'a: ["b" "c"]',
      '1 : found a missing quote, bracket or comma, or a line that is indented too little or too much, wanted YAML',
    ],
    ['a: [\n  b,\n]', '3 : found a closing bracket that is not indented, wanted spaces'],
    ['a:\n  b: 1\n c: 2', '3 : found a line that is not indented like its neighbours, wanted YAML'],
    ['a: b\n     c: d', '2 : found a line that is not indented like its neighbours, wanted YAML'],
    [
      'a: 1\nname shop\nc: 2',
      '2 : found a line without a key, or without a space after its colon, wanted one key a line, or the value in quotes',
    ],
    [
      'a: 1\nname:shop',
      '2 : found a line without a key, or without a space after its colon, wanted one key a line, or the value in quotes',
    ],
    ['a: }', '1 : found a value that begins with a reserved character, wanted the value in quotes'],
    [
      'a: &x *y',
      '1 : found an alias or anchor without a usable name, wanted the value in quotes, if it begins with * or &',
    ],
    [
      'cron: * * * * *',
      '1 : found an alias or anchor without a usable name, wanted the value in quotes, if it begins with * or &',
    ],
    ['a: "\\q"', '1 : found a backslash sequence that double quotes do not know, wanted single quotes, or \\\\'],
    ['a: 1\nb: \u0007', '2 : found a control character, wanted YAML'],
    ['a: "b" c', '1 : found YAML that cannot be read, wanted YAML'],
    ['---\na: 1\n---\n', '3 : found a second document (---), wanted one document'],
    ['a: 1\n...\nb: 2', '3 : found a second document (---), wanted one document'],
  ])('%j', async (text, problem) => {
    expect(await read(text)).toEqual({ value: undefined, problems: [problem] });
  });

  test.each([
    [`channel: { url: \${URL} }`],
    [`channel:\n  { type: x,\n    url: \${URL} }`],
    [`urls: [ \${URL} ]`],
    [`a: {url: \${URL:-}, b: c}`],
  ])('the brace that follows a dollar sign inside braces is explained: %j', async (text) => {
    const { problems } = await read(text);
    const line = text.split('\n').length;
    expect(problems).toEqual([
      `${line} : found \${…} without quotes inside braces or brackets, wanted quotes around it: { url: "\${NAME}" }`,
    ]);
  });

  test('outside braces ${ needs no quotes', async () => {
    expect((await read(`url: \${URL:-a}`)).value).toEqual({ url: `\${URL:-a}` });
  });

  test('what the parser stumbles over after an error is not told', async () => {
    const text = `targets:\n  - key: { name: \${SECRET}, region: x y }\n    cloudbase: { a: b }\nalerts: { c: d }\n`;
    expect((await read(text)).problems).toEqual([
      `2 : found \${…} without quotes inside braces or brackets, wanted quotes around it: { url: "\${NAME}" }`,
    ]);
  });

  test('of two errors the first is told', async () => {
    expect((await read('a: "\\q"\nb: "\\q"')).problems.map((line) => line.slice(0, 1))).toEqual(['1']);
  });

  test.each([
    ['a full-width colon', 'instance: a\ntargets：\n  - name: shop', 2, 'found the full-width sign ：, wanted a colon'],
    ['one in an entry', 'targets:\n  - name：shop\n    envId: x', 2, 'found the full-width sign ：, wanted a colon'],
    ['one in the last line', 'instance：a', 1, 'found the full-width sign ：, wanted a colon'],
    ['full-width quotes', 'targets: [“shop, b', 1, 'found the full-width sign “, wanted YAML'],
    ['a full-width comma', 'a: { b: c， d: e }', 1, 'found the full-width sign ，, wanted YAML'],
    ['one after the colon', 'instance:\u00a0a\ntargets: []', 1, 'found a space that is not the ordinary one'],
    ['a tab', 'targets:\n\t- name: shop', 2, 'found a tab as indentation'],
  ])('%s is named', async (_what, text, line, found) => {
    const { problems } = await read(text);
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${line} : ${found}`))]);
  });

  test.each([
    ['a: b\nname：shop', 'name：shop', 4],
    ['targets:\n\t- name: shop', '→- name: shop', 0],
    [
      'alerts: { channels: [ { url: https://a.example/secret: x } ] }',
      '…: [ { url: *****:******************: * } ] }',
      36,
    ],
    ['a: "b\\q"', 'a: "b\\q"', 5],
    ['token: "abc\n', 'token: "***', 11],
    ['a: >\n  x\n hunter2\nb: c', ' *******', 0],
    ['journal: postgres://rotator:ge,he/im@db.example/rotator: x', '…*******:**,******db.example/rotator: x', 36],
  ])('the line is shown without what may be a secret: %j', async (text, shown, before) => {
    const { problems } = await readYaml(text, 'f');
    expect(problems[0]?.excerpt?.text).toBe(shown);
    if (before > 0) expect(problems[0]?.excerpt?.before).toBe(before);
  });
});

describe('size and depth', () => {
  test.each([
    ['lists in braces', `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`, 1],
    ['lists that are never closed', `a: ${'['.repeat(50_000)}`, 1],
    ['lists by hyphens', `${'- '.repeat(5_000)}a`, 1],
    ['mappings', Array.from({ length: 2_000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'), 31],
  ])('%s, nested thousands deep, are refused', async (_, text, line) => {
    expect((await read(text)).problems).toEqual([`${line} : found values nested too deeply, wanted at most 30 levels`]);
  });

  test('thirty levels are read', async () => {
    const nested = (levels: number) => `${'a: { '.repeat(levels - 1)}a: b${' }'.repeat(levels - 1)}`;
    expect((await read(nested(30))).problems).toEqual([]);
    expect((await read(nested(31))).problems).toEqual(['1 : found values nested too deeply, wanted at most 30 levels']);
  });

  test('60,000 keys are read, and the first of the unknown ones are told', async () => {
    const text = Array.from({ length: 60_000 }, (_, index) => `key${index}: v`).join('\n');
    const told = await problemsOf(`${text}\n${TARGETS}`);
    expect(told).toHaveLength(20);
  });
});

describe('what another program writes', () => {
  const name = fc.constantFrom('a', 'b', 'name', 'envId', 'x y', '"q"', '- d');
  const text = fc.oneof(
    fc.constantFrom('x', '', 'a: b', '# c', 'l1\nl2\n', "it's", '&a', '*a', '[', '- x', 'long '.repeat(30)),
    fc.nat().map(String),
  );
  const value = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.array(tie('tree'), { maxLength: 6 }),
      fc.dictionary(name, tie('tree'), { maxKeys: 6 }),
    ),
  })).tree;
  const style = fc.record({
    indent: fc.constantFrom(1, 2, 4),
    collectionStyle: fc.constantFrom('any' as const, 'flow' as const, 'block' as const),
    defaultStringType: fc.constantFrom(...(['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL'] as const)),
    lineWidth: fc.constant(0),
  });

  test('is read as it was meant; what is written twice becomes an anchor and an alias', async () => {
    await fc.assert(
      fc.asyncProperty(value, style, async (tree, options) => {
        const written = { x: tree, targets: [tree, { k: tree }] };
        const { root, problems } = await readYaml(stringify(written, options), 'f');
        expect(problems).toEqual([]);
        expect(root === undefined ? undefined : shape(root)).toEqual(written);
      }),
    );
  });
});

describe('the lines of entries', () => {
  test('what is missing in the file is missing in its first line', async () => {
    expect((await readYaml('# c\n\na: b', 'f')).root?.line).toBe(1);
  });

  test('are those at which they begin, empty ones and blocks of text too', async () => {
    const { root } = await readYaml(
      'x:\n  - a\n  -\n  - # c\n\n  - - \n  - |\n    b\n    c\n  -\n  - { d: e,\n      f: g }\n  - &h\n  - i\n  -\n',
      'f',
    );
    const list = root?.entries.get('x');
    expect(list?.kind === 'list' ? list.items.map(({ line }) => line) : list).toEqual([
      2, 3, 4, 6, 7, 10, 11, 13, 14, 15,
    ]);
  });
});

describe('a file with many targets', () => {
  const entry = (index: number) =>
    `- { name: t${index}, envId: e-${index}, key: { from: file, path: keys/${index}.p8 } }\n`;
  const many = `targets:\n${Array.from({ length: 2_000 }, (_, index) => entry(index)).join('')}`;

  test('is read by another thread, with its lines', async () => {
    const { root, problems } = await readYaml(many, 'f');
    expect(problems).toEqual([]);
    const list = root?.entries.get('targets');
    const items = list?.kind === 'list' ? list.items : [];
    expect(items.map(({ line }) => line)).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 2));
    expect(shape(items[1_999])).toEqual({
      name: 't1999',
      envId: 'e-1999',
      key: { from: 'file', path: 'keys/1999.p8' },
    });
  });

  test('is refused with the line of its fault', async () => {
    expect((await read(`${many}- { name: @x }\n`)).problems).toEqual([
      '2002 : found a value that begins with a reserved character, wanted the value in quotes',
    ]);
  });

  test('holds nothing else up while it is parsed', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await parse(many);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
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

  test('one that is a mapping is told', async () => {
    expect((await read('? { a: b }\n: c')).problems).toEqual([
      '1 : found a key that is not text, wanted a key of plain text',
    ]);
    expect((await read('x:\n  ? [ a ]\n  : c')).problems).toEqual([
      '2 x: found a key that is not text, wanted a key of plain text',
    ]);
  });

  test('merge keys are refused with a word on aliases', async () => {
    expect((await read('x: &x { a: b }\ny:\n  <<: *x')).problems).toEqual([
      '3 y.<<: found a merge key, wanted keys written out; an alias can only stand for a value',
    ]);
  });

  test('tags are refused', async () => {
    expect(await read('x: !!int 1\ny: !secret z\nz: !m { a: b }\n!t t: u')).toEqual({
      value: { x: '', y: '', z: '', t: 'u' },
      problems: [
        '1 x: found a YAML tag, wanted a value without a tag',
        '2 y: found a YAML tag, wanted a value without a tag',
        '3 z: found a YAML tag, wanted a value without a tag',
        '4 t: found a YAML tag, wanted a value without a tag',
      ],
    });
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

  test('of a value with a problem are told at their own line', async () => {
    expect((await read('a: &a { x: !!int 1 }\nb: *a')).problems).toEqual([
      '1 a.x: found a YAML tag, wanted a value without a tag',
      '2 b: found an alias of a value that has a problem, wanted a value without problems at its anchor (&name)',
    ]);
  });

  test('stand for the anchor above them, where a later one has the same name', async () => {
    const text = 'a: &x 1\nb: &y { k: *x }\nc: &x 2\nd: *y\ne: *x';
    expect((await read(text)).value).toEqual({ a: '1', b: { k: '1' }, c: '2', d: { k: '1' }, e: '2' });
  });

  test('within the value of their own anchor they stand for nothing', async () => {
    expect((await read('a: &x 1\nb: &x { k: *x }')).problems).toEqual([
      '2 b.k: found an alias without its anchor, wanted an anchor (&name) above the alias (*name)',
    ]);
  });

  test('without an anchor they are told', async () => {
    expect((await read('a: *nobody')).problems).toEqual([
      '1 a: found an alias without its anchor, wanted an anchor (&name) above the alias (*name)',
    ]);
  });

  test('that multiply without end are stopped', async () => {
    const bomb = Array.from({ length: 9 }, (_, level) => {
      const inner = level === 0 ? 'x' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array(9).fill(inner).join(', ')}]`;
    });
    const { problems } = await read(bomb.join('\n'));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      /^\d+ : found aliases that add too many values, wanted at most 20000 values through aliases$/,
    );
  });

  test('that contain themselves are stopped', async () => {
    expect((await read('a: &a\n  b: *a')).problems).toHaveLength(1);
  });
});
