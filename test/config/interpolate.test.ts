// ${NAME} in values: which source wins, that it happens once and after parsing, and what cannot be replaced.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tries } from '../support/campaign.ts';
import { file, load, problemsOf, refusal, TARGETS } from './support.ts';

type Env = Record<string, string>;
const instance = async (value: string, env: Env = {}) =>
  (await load(`instance: ${value}\n${TARGETS}`, env)).config.instance;
const problems = (value: string, env: Env = {}) => problemsOf(`instance: ${value}\n${TARGETS}`, env);

describe('a reference is', () => {
  test('the variable, before its file and the default', async () => {
    const path = await file('from-file');
    expect(await instance(`\${NAME:-default}`, { NAME: 'from-variable', NAME_FILE: path })).toBe('from-variable');
  });

  test('else the content of the file that NAME_FILE names, less one line break', async () => {
    expect(await instance(`\${NAME:-default}`, { NAME: '', NAME_FILE: await file('from-file\n') })).toBe('from-file');
    expect(await instance(`\${NAME}`, { NAME_FILE: await file('from-file\r\n') })).toBe('from-file');
    const { config } = await load(`http: { readToken: "\${NAME}" }\n${TARGETS}`, { NAME_FILE: await file('a b ') });
    expect(config.http.readToken).toBe('a b ');
  });

  test('else the default, which may be empty', async () => {
    expect(await instance(`\${NAME:-default}`)).toBe('default');
    expect(await instance(`\${NAME:-default}`, { NAME: '', NAME_FILE: '' })).toBe('default');
    const { config } = await load(`http: { token: "\${NAME:-}" }\n${TARGETS}`);
    expect(config.http.token).toBeUndefined();
  });

  test('any part of a value, more than once', async () => {
    expect(await instance(`a-\${X}-\${Y:-y}-\${X}`, { X: 'x' })).toBe('a-x-y-x');
  });

  test('literal where two dollar signs stand', async () => {
    expect(await instance(`$\${X} \${X}`, { X: 'x' })).toBe(`\${X} x`);
    expect(await instance('a$b $X $$ {X}', { X: 'x' })).toBe('a$b $X $$ {X}');
  });
});

test('what a variable holds is neither YAML nor interpolated again', async () => {
  const texts = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...`$\${}:-{"'# &*!|>[],XY\\a1`) });
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const { config } = await load(`http: { readToken: "\${X}" }\n${TARGETS}`, { X: text, Y: 'again' });
      expect(config.http.readToken).toBe(text);
    }),
    { numRuns: tries(60) },
  );
});

test('keys are left alone', async () => {
  expect(await problemsOf(`"\${X}": a\n${TARGETS}`, { X: 'instance' })).toHaveLength(1);
});

describe('what cannot be replaced is told', () => {
  test('a variable that is not set, beside all other problems', async () => {
    expect(
      await problemsOf(`instance: \${NOPE}\nhttp: { port: "\${NOPE}", host: "\${X}" }\nbogus: 1\n${TARGETS}`),
    ).toEqual([
      `1 instance: found \${NOPE}, which is not set, wanted NOPE or NOPE_FILE in the environment`,
      `2 http.port: found \${NOPE}, which is not set, wanted NOPE or NOPE_FILE in the environment`,
      `2 http.host: found \${X}, which is not set, wanted X or X_FILE in the environment`,
      expect.stringContaining('3 bogus: found an unknown key "bogus"'),
    ]);
  });

  test('a file that cannot be read, with variable and path', async () => {
    const error = await refusal(`instance: \${X}\n${TARGETS}`, { X_FILE: '/nowhere/secret-name' });
    expect(error.message).toContain(`found \${X}, but /nowhere/secret-name, which X_FILE names, does not exist`);
    expect(error.hint).toBe('Put the file there, or correct X_FILE.');
    const secret = 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE';
    const empty = await refusal(`instance: \${X}\n${TARGETS}`, { X_FILE: await file('\n') });
    expect(empty.message).toMatch(
      /found \$\{X\}, but \S+, which X_FILE names, is empty, wanted a file that holds the value/,
    );
    expect(empty.hint).toBe('Write the value into the file, without anything around it.');
    expect(await instance(`\${X:-default}`, { X_FILE: await file('') })).toBe('default');
    const hidden = await refusal(`instance: \${X}\n${TARGETS}`, { X_FILE: secret });
    expect(JSON.stringify([hidden.problems, hidden.message])).not.toContain(secret.slice(0, 8));
    expect(await problems(`\${X}`, { X_FILE: '/' })).toEqual([
      `1 instance: found \${X}, but /, which X_FILE names, is a directory, wanted a readable text file`,
    ]);
    const binary = await file(Uint8Array.of(0xff));
    expect(await problems(`\${X}`, { X_FILE: binary })).toEqual([
      `1 instance: found \${X}, but ${binary}, which X_FILE names, is not UTF-8 text, wanted a readable text file`,
    ]);
    const large = await file('x'.repeat(1024 * 1024 + 1));
    expect(await problems(`\${X}`, { X_FILE: large })).toEqual([
      `1 instance: found \${X}, but ${large}, which X_FILE names, is larger than 1 MB, wanted a readable text file`,
    ]);
  });

  test.each([`\${}`, `\${1X}`, `\${X-default}`, `\${X:?no}`, `\${X`, `\${A:-\${X}}`])(
    'a form that is none: %s',
    async (value) => {
      expect(await problems(value, { X: 'x' })).toEqual([
        `1 instance: found a \${ that names no variable, wanted \${NAME} or \${NAME:-default}`,
      ]);
    },
  );
});

test('a variable that is set beside its file is a warning', async () => {
  const { warnings } = await load(`instance: \${X}\n${TARGETS}`, { X: 'x', X_FILE: '/nowhere' });
  expect(warnings).toEqual([['both-set', 'X']]);
});
