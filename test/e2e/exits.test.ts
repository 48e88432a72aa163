// Text of other origin holds a secret, escape sequences and turned writing. It is pushed into the whole program (a claim,
// a configuration, an argument, an exception), and the terminal stays clean; test/exits.test.ts tries every exit.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { APPLE_AUDIENCE } from '../../src/core/client-secret.ts';
import { IDS } from '../support/pass-rig.ts';
import { ownWorkspace, runProgram } from '../support/program.ts';

const JWT = `eyJhbGciOiJFUzI1NiJ9.${'b'.repeat(40)}.${'c'.repeat(86)}`;
const HOSTILE = `BEGIN ${JWT} \u001b[31mred\u001b]0;title\u0007 \u202eturned\u200b END`;
const CONTROLS = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** `text` was cleaned: its harmless parts are there, or it is only said how long it is. */
function expectClean(text: string, where: string): void {
  expect(text, where).toMatch(/BEGIN|text of \d+ characters/);
  expect(text, where).not.toContain('bbbbbbbb');
  expect(text, where).not.toMatch(CONTROLS);
}

test('a claim of a deployed secret is clean', async () => {
  const place = await ownWorkspace({ settings: { apple: { check: 'off' } } });
  await place.run(['once']);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const kid = HOSTILE.replace(JWT, '');
  const claims = {
    iss: kid,
    sub: IDS.clientId,
    aud: APPLE_AUDIENCE,
    exp: Math.floor(Date.now() / 1000) + 86_400 * 100,
  };
  const secret = `${part({ alg: 'ES256', kid })}.${part(claims)}.${'A'.repeat(86)}`;
  place.place(secret);
  await place.run(['once']);
  for (const { stdout, stderr } of [await place.run(['alerts']), await runProgram(['inspect'], { input: secret })]) {
    expect(stdout).toContain('red');
    expect(stdout + stderr).not.toMatch(CONTROLS);
  }
});

test('a configuration and arguments are clean where they are repeated', async () => {
  const place = await ownWorkspace();
  const usual = readFileSync(place.configFile, 'utf8');
  writeFileSync(place.configFile, usual.replace('name: shop', `name: ${JSON.stringify(HOSTILE)}`));
  for (const args of [['once'], ['run', '--exit-when-refused']]) {
    const { code, stderr } = await place.run(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining('targets[0].name')]);
    expect(stderr).not.toMatch(CONTROLS);
    expect(stderr).not.toContain('bbbbbbbb');
  }
  for (const args of [[HOSTILE], ['once', HOSTILE], ['history', '--limit', HOSTILE], ['health', '-c', HOSTILE]]) {
    const { stdout, stderr } = await runProgram(args);
    expectClean(stdout + stderr, args.join(' '));
  }
});

test('an exception that nobody catches is clean, and ends with 1', async () => {
  const place = await ownWorkspace();
  const thrown = `setTimeout(() => { throw new Error(${JSON.stringify(HOSTILE)}) }, 50)`;
  const NODE_OPTIONS = `--import data:text/javascript;base64,${Buffer.from(thrown).toString('base64')}`;
  const { code, stderr } = await place.run(['run'], { env: { NODE_OPTIONS } });
  expect(code).toBe(1);
  expectClean(stderr, 'stderr');
});
