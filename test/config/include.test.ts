// `include`: targets from further files, in which order, and that whatever is wrong with one of them names it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblems, sentence } from '../../src/config/problems.ts';
import { markAt } from '../../src/net/named-file.ts';
import { everythingShown, type Mode, NOW, thrownBy } from './support.ts';

/** A folder with these files; the main one is `rotator.yaml`. */
function folder(files: Readonly<Record<string, string | Uint8Array>>) {
  const path = mkdtempSync(join(tmpdir(), 'include-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(path, name)), { recursive: true, mode: 0o755 });
    writeFileSync(join(path, name), content);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  const looked = new Map<string, string>();
  const load = (mode: Mode = 'strict', env: Record<string, string> = {}) => {
    looked.clear();
    return loadConfig({ file: join(path, 'rotator.yaml'), env, mode, now: NOW, looked });
  };
  /** Every problem of the refused configuration, without the folder's path. */
  const problems = async (env: Record<string, string> = {}) =>
    (await thrownBy(load('strict', env))).problems.map((problem) => sentence(problem).replaceAll(`${path}/`, ''));
  return { path, write, load, problems, looked };
}

const entry = (name: string, rest = '') =>
  `  - { name: ${name}, envId: ${name}-1, key: { from: env, variable: K }${rest} }\n`;
const targets = (...names: string[]) => `targets:\n${names.map((name) => entry(name)).join('')}`;
const INCLUDE = 'include: [targets.d/*.yaml]\n';

describe('the targets of included files', () => {
  test('follow those of the main file, in the order of the patterns and of the names', async () => {
    const place = folder({
      'rotator.yaml': `include: [targets.d/*.yaml, more/team.yml]\n${targets('first')}`,
      'targets.d/b.yaml': targets('b1', 'b2'),
      'targets.d/a.yaml': `# a comment\n${targets('a1')}`,
      'targets.d/.hidden.yaml': targets('hidden'),
      'targets.d/notes.txt': 'no configuration',
      'more/team.yml': targets('team'),
    });
    const { config } = await place.load();
    expect(config.targets.map(({ name }) => name)).toEqual(['first', 'a1', 'b1', 'b2', 'team']);
  });

  test('may be all there are', async () => {
    const place = folder({
      'rotator.yaml': INCLUDE,
      'targets.d/a.yaml': targets('a'),
      'targets.d/empty.yaml': 'targets: []',
    });
    expect((await place.load()).config.targets.map(({ name }) => name)).toEqual(['a']);
  });

  test('are read once from a file that two patterns name, and through links', async () => {
    const place = folder({
      'rotator.yaml': `include: [targets.d/*.yaml, targets.d/a.yaml]\n`,
      'data/a.yaml': targets('a'),
    });
    mkdirSync(join(place.path, 'targets.d'));
    symlinkSync('../data/a.yaml', join(place.path, 'targets.d/a.yaml'));
    expect((await place.load()).config.targets.map(({ name }) => name)).toEqual(['a']);
  });

  test('have what all targets share, variables and aliases of their own', async () => {
    const place = folder({
      'rotator.yaml': `${INCLUDE}policy: { lifetime: 90d }\ncloudbase: { region: ap-guangzhou }\n`,
      'targets.d/a.yaml': `targets:\n  - { name: a, envId: "\${ENV_ID}", key: &k { from: env, variable: K } }\n  - { name: b, envId: b-1, key: *k }\n`,
    });
    const { config } = await place.load('strict', { ENV_ID: 'a-7' });
    expect(config.targets).toMatchObject([
      { envId: 'a-7', cloudbase: { region: 'ap-guangzhou' }, policy: { lifetimeMs: 90 * 86_400_000 } },
      { name: 'b', key: { from: 'env', variable: 'K' } },
    ]);
    // One object, however many targets have the same settings.
    expect(config.targets[0]?.key).toBe(config.targets[1]?.key);
    expect(config.targets[0]?.cloudbase).toBe(config.targets[1]?.cloudbase);
  });

  test('may be named by channels of the main file', async () => {
    const channel = 'alerts: { channels: [{ name: c, type: slack, url: "https://a.example", targets: [a] }] }\n';
    const place = folder({ 'rotator.yaml': `${INCLUDE}${channel}`, 'targets.d/a.yaml': targets('a') });
    expect((await place.load()).config.alerts.channels).toMatchObject([{ targets: ['a'] }]);
  });
});

describe('a problem of an included file names it, its line and its own key', () => {
  test.each([
    [
      'a wrong value',
      `targets:\n${entry('a')}${entry('b', ', teamId: x')}`,
      '3: targets[1].teamId: found "x", wanted 10 upper-case letters or digits',
    ],
    ['an unknown key of a target', `targets:\n${entry('a', ', x: y')}`, /2: targets\[0\]\.x: found an unknown key "x"/],
    [
      'another section',
      `${targets('a')}log: { level: info }\n`,
      '3: log: found an unknown key "log", wanted one of targets',
    ],
    [
      'an include of its own',
      `${targets('a')}include: [x.yaml]\n`,
      '3: include: found an unknown key "include", wanted one of targets',
    ],
    ['a bare list', '- { name: a }\n', '1: found a list, wanted a mapping with at least targets'],
    ['targets that are no list', 'targets: a\n', '1: targets: found "a", wanted a list'],
    ['no targets', 'target:\n', /1: targets: found nothing, wanted a list/],
    [
      'a key twice',
      'targets:\n  - { name: a, name: b, envId: e, key: { from: env, variable: K } }\n',
      '2: targets[0].name: found the same key a second time, wanted each key once',
    ],
    ['broken YAML', 'targets:\n\t- a\n', '2: found a tab as indentation, wanted spaces'],
    [
      'a variable that is not set',
      `targets:\n  - { name: a, envId: "\${NOPE}", key: { from: env, variable: K } }\n`,
      /2: targets\[0\]\.envId: found \$\{NOPE\}, which is not set/,
    ],
    [
      'a host',
      `targets:\n${entry('a', ', cloudbase: { endpoint: "https://evil.example" }')}`,
      /2: targets\[0\]\.cloudbase\.endpoint: found "https:\/\/evil\.example"/,
    ],
    ['bytes', Uint8Array.of(0x61, 0xff), 'found bytes that are not UTF-8 text, wanted a YAML file in UTF-8'],
  ])('%s', async (_, content, problem) => {
    const place = folder({
      'rotator.yaml': `${INCLUDE}${targets('own')}`,
      'targets.d/a.yaml': targets('z'),
      'targets.d/b.yaml': content,
    });
    const expected =
      typeof problem === 'string' ? `targets.d/b.yaml${/^\d/.test(problem) ? ' line ' : ': '}${problem}` : problem;
    expect(await place.problems()).toContainEqual(
      typeof expected === 'string'
        ? expected
        : expect.stringMatching(new RegExp(`^targets\\.d/b\\.yaml line ${expected.source}`)),
    );
  });

  test('a name and an identity that another file has say which', async () => {
    const place = folder({
      'rotator.yaml': `${INCLUDE}${targets('a')}`,
      'targets.d/x.yaml': targets('b'),
      'targets.d/y.yaml': `targets:\n${entry('c')}${entry('b').replace('b-1', 'e')}${entry('d').replace('d-1', 'a-1')}${entry('f').replace('f-1', 'b-1')}`,
    });
    expect(await place.problems()).toEqual([
      'targets.d/y.yaml line 3: targets[1].name: found "b", wanted another name: targets[0] of targets.d/x.yaml has this one',
      'targets.d/y.yaml line 4: targets[2].envId: found the same site, envId and providerId as targets[0] (a), wanted each provider once',
      'targets.d/y.yaml line 5: targets[3].envId: found the same site, envId and providerId as targets[0] of targets.d/x.yaml (b), wanted each provider once',
    ]);
  });

  test('problems are grouped by file, each by line', async () => {
    const wrong = `targets:\n${entry('a', ', teamId: x')}`;
    const place = folder({
      'rotator.yaml': `${INCLUDE}log: x\n`,
      'targets.d/a.yaml': wrong,
      'targets.d/b.yaml': wrong.replace('name: a', 'name: b'),
    });
    const { problems } = await thrownBy(place.load());
    expect(
      formatProblems(problems)
        .replaceAll(`${place.path}/`, '')
        .match(/^\S.*$/gm),
    ).toEqual(['rotator.yaml: 1 problem', 'targets.d/a.yaml: 1 problem', 'targets.d/b.yaml: 2 problems']);
  });

  test('an entry that is wrong is disabled alone in run, by its own name', async () => {
    const place = folder({
      'rotator.yaml': `${INCLUDE}${targets('own')}`,
      'targets.d/a.yaml': `targets:\n${entry('a')}${entry('b', ', teamId: x')}  - { envId: c-1 }\n`,
    });
    const { config, disabledTargets } = await place.load('daemon');
    expect(config.targets.map(({ name }) => name)).toEqual(['own', 'a']);
    expect(disabledTargets.map(({ name, index }) => [name.replace(`${place.path}/`, ''), index])).toEqual([
      ['b', 2],
      ['targets[2] of targets.d/a.yaml', 3],
    ]);
  });

  test('nothing secret is shown', async () => {
    const place = folder({
      'rotator.yaml': INCLUDE,
      'targets.d/a.yaml': `targets:\n${entry('a', ', teamId: "$' + '{T}", secretKey: geheim')}`,
    });
    const shown = everythingShown(await thrownBy(place.load('strict', { T: 'from-outside' })));
    expect(shown).not.toMatch(/geheim|from-outside/);
  });
});

describe('what include itself can get wrong', () => {
  test.each([
    [
      'include: [targets.d/*.yaml]\n',
      'rotator.yaml line 1: include[0]: found no file that fits, wanted the path of a YAML file, or a pattern such as targets.d/*.yaml that a file fits',
    ],
    [
      'include: [nowhere/*.yaml]\n',
      'rotator.yaml line 1: include[0]: found no file that fits, wanted the path of a YAML file, or a pattern such as targets.d/*.yaml that a file fits',
    ],
    ['include: [targets.d/a.yaml]\n', 'targets.d/a.yaml: found no such file, wanted a readable YAML file'],
    ['include: ["*/a.yaml"]\n', /^rotator\.yaml line 1: include\[0\]: found a star in the name of a folder, wanted /],
    ['include: [targets.d]\n', 'targets.d: found a directory, wanted a readable YAML file'],
    ['include: targets.d/a.yaml\n', 'rotator.yaml line 1: include: found "targets.d/a.yaml", wanted a list'],
    [
      'include: [{ path: x }]\n',
      /^rotator\.yaml line 1: include\[0\]: found a mapping, wanted the path of a YAML file/,
    ],
    ['include: []\n', 'rotator.yaml line 1: targets: found an empty list, wanted a list with at least one target'],
  ])('%j', async (yaml, problem) => {
    const place = folder({ 'rotator.yaml': yaml, 'targets.d/notes.txt': '' });
    expect(await place.problems()).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
  });

  test('a file that everybody may write is refused, and one in such a folder', async () => {
    const place = folder({
      'rotator.yaml': `include: [a/*.yaml, b/*.yaml]\n${targets('own')}`,
      'a/x.yaml': targets('a'),
      'b/x.yaml': targets('b'),
    });
    chmodSync(join(place.path, 'a/x.yaml'), 0o666);
    chmodSync(join(place.path, 'b'), 0o777);
    for (const mode of ['strict', 'daemon'] as const) {
      const { problems } = await thrownBy(place.load(mode));
      expect(problems.map((problem) => sentence(problem).replaceAll(`${place.path}/`, ''))).toEqual([
        'b: found a folder that everybody on this machine may write, wanted a file, in a folder, that its owner and its group alone may write',
        'a/x.yaml: found a file that everybody on this machine may write, wanted a file, in a folder, that its owner and its group alone may write',
      ]);
      expect(formatProblems(problems)).toContain(`chmod o-w ${place.path}/a/x.yaml`);
    }
  });

  test('16 MB hold for all files together', async () => {
    const filling = (bytes: number, name: string) => `${targets(name)}#${'x'.repeat(bytes - targets(name).length - 1)}`;
    const MB = 1024 * 1024;
    const place = folder({
      'rotator.yaml': INCLUDE,
      'targets.d/a.yaml': filling(9 * MB, 'a'),
      'targets.d/b.yaml': filling(7 * MB, 'b'),
    });
    expect(await place.problems()).toEqual([
      'targets.d/b.yaml: found more than 16 MB in all files of the configuration together, wanted files of at most 16 MB together',
    ]);
    place.write('targets.d/b.yaml', filling(7 * MB - INCLUDE.length, 'b'));
    expect((await place.load()).config.targets).toHaveLength(2);
  });
});

test('every file and folder that was looked at is told with its mark, also where the configuration is refused', async () => {
  const place = folder({
    'rotator.yaml': `include: [targets.d/*.yaml, missing.yaml]\n`,
    'targets.d/a.yaml': 'targets: [',
  });
  await thrownBy(place.load());
  const at = (name: string) => join(place.path, name);
  expect([...place.looked.keys()].sort()).toEqual(
    ['', 'missing.yaml', 'rotator.yaml', 'targets.d', 'targets.d/a.yaml'].map((name) => at(name).replace(/\/$/, '')),
  );
  expect(place.looked.get(at('missing.yaml'))).toBe('none');
  const changed = async () => {
    const marks = await Promise.all([...place.looked].map(async ([path, mark]) => (await markAt(path)) === mark));
    return marks.includes(false);
  };
  expect(await changed()).toBe(false);
  place.write('targets.d/b.yaml', targets('b'));
  expect(await changed()).toBe(true);
});
