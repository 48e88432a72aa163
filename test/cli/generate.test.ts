// `generate` as a person and a script see it: what goes where, and what is said when something is wrong.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type GenerateOptions, generate } from '../../src/cli/generate.ts';
import { fingerprint, objections, parseClientSecret } from '../../src/core/client-secret.ts';
import { IDS, newP8, vector } from '../support/keys.ts';
import { captured, NOW } from './captured.ts';

const FLAGS = { teamId: IDS.teamId, clientId: IDS.clientId, keyId: IDS.keyId };

function keyFile(text = newP8(), { name = 'AuthKey_K1L2M3N4O5.p8', mode = 0o600 } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'generate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

async function run(options: GenerateOptions, stdin?: string) {
  const seen = captured({ stdin });
  const status = await generate(options, seen.context);
  return { status, stdout: seen.stdout, stderr: seen.stderr };
}

describe('a secret is printed', () => {
  test('alone on stdout, and Apple has nothing to object to', async () => {
    const { status, stdout, stderr } = await run({ ...FLAGS, keyFile: keyFile() });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const parsed = parseClientSecret(stdout.trim());
    if (parsed === undefined) throw new Error('not a JWT');
    expect(await objections(parsed, { nowMs: NOW, expected: IDS })).toEqual([]);
    expect(stderr).not.toContain(stdout.trim());
  });

  test('what a person needs to know and to do is on stderr', async () => {
    vi.stubEnv('TZ', 'Asia/Shanghai');
    const { stdout, stderr } = await run({ ...FLAGS, keyFile: keyFile() });
    expect(stderr).toBe(`Client secret for Sign in with Apple, valid for 180 days:

  Team ID        A1B2C3D4E5
  Client ID      com.example.shop.web
  Key ID         K1L2M3N4O5
  Expires        2027-05-21 16:00:00 UTC
  Local time     2027-05-22 00:00:00 +08:00
  Fingerprint    ${fingerprint(stdout.trim())}

To use it, open the CloudBase console: Authentication > Login Methods > Apple

  Client ID      com.example.shop.web
  Client Secret  the line on standard output
  Scope          openid email name

Save and enable. Treat the secret like a password, and replace it before it expires: from that
moment every Apple login fails. The daemon does that by itself.

`);
  });

  test.each([
    ['America/St_Johns', '2027-05-21 13:30:00 -02:30'],
    ['UTC', '2027-05-21 16:00:00 +00:00'],
  ])('the local time is that of %s', async (zone, local) => {
    vi.stubEnv('TZ', zone);
    const { stderr } = await run({ ...FLAGS, keyFile: keyFile() });
    expect(stderr).toContain(`Local time     ${local}\n`);
  });

  test('--json: one document on stdout, nothing on stderr', async () => {
    const { status, stdout, stderr } = await run({ ...FLAGS, keyFile: keyFile(), days: '90', json: true });
    expect(status).toBe(0);
    expect(stderr).toBe('');
    const document = JSON.parse(stdout) as { clientSecret: string };
    expect(document).toEqual({
      clientSecret: expect.stringMatching(/^eyJ/),
      ...IDS,
      issuedAt: '2026-11-22T15:55:00.000Z',
      expiresAt: '2027-02-20T16:00:00.000Z',
      fingerprint: fingerprint(document.clientSecret),
    });
  });

  test.each([
    ['1', 1],
    ['180', 180],
    [undefined, 180],
    [7, 7],
  ])('--days %s', async (days, expected) => {
    const { stdout } = await run({ ...FLAGS, keyFile: keyFile(), days, json: true });
    expect(Date.parse(JSON.parse(stdout).expiresAt) - NOW).toBe(expected * 86_400_000);
  });

  test('the ids may come with the key', async () => {
    const path = keyFile(JSON.stringify({ ...IDS, privateKey: newP8() }), { name: 'apple.json' });
    const { status, stdout } = await run({ keyFile: path, json: true });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(IDS);
  });

  test('the key may come on standard input', async () => {
    const { status, stdout } = await run({ ...FLAGS, keyFile: '-', json: true }, newP8());
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(IDS);
  });
});

describe('warnings do not stop it', () => {
  test('a key file that everybody may read, also with --json', async () => {
    const path = keyFile(newP8(), { mode: 0o644 });
    const { status, stderr } = await run({ ...FLAGS, keyFile: path, json: true });
    expect(status).toBe(0);
    expect(stderr).toBe(
      `warning: every user of this machine may read the key file ${path} (mode 644) (ERR_KEY_INVALID)\n  Restrict it to this user:\n    chmod 600 ${path}\n`,
    );
  });

  test('a key file whose name says another key id', async () => {
    const path = keyFile(newP8(), { name: 'AuthKey_Z9Y8X7W6V5.p8' });
    const { status, stderr } = await run({ ...FLAGS, keyFile: path, json: true });
    expect(status).toBe(0);
    expect(stderr).toBe(
      `warning: the name of key file ${path} says Key ID Z9Y8X7W6V5, but K1L2M3N4O5 is used (ERR_KEY_INVALID)\n  Check that this key and this Key ID belong together.\n`,
    );
  });
});

describe('what is wrong is said, with the next step, and nothing is printed on stdout', () => {
  async function refused(options: GenerateOptions, stdin?: string): Promise<string> {
    const { status, stdout, stderr } = await run(options, stdin);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    return stderr;
  }

  test('nothing was given: everything that is missing, at once', async () => {
    expect(await refused({})).toBe(
      `error: --team-id is missing (ERR_KEY_IDS_MISSING)
  Pass the Team ID: 10 upper-case letters or digits (Apple Developer portal, Membership).
error: --client-id is missing (ERR_KEY_IDS_MISSING)
  Pass the Services ID: a name such as com.acme.shop.web (Apple Developer portal, Identifiers, Services IDs).
error: --key-id is missing (ERR_KEY_IDS_MISSING)
  Pass the Key ID: 10 upper-case letters or digits (Apple Developer portal, Keys).
error: --key-file is missing (ERR_USAGE)
  Pass the path of the .p8 that Apple gave for this key id (Apple Developer portal, Keys).
`,
    );
  });

  test('the values of the guide were left in', async () => {
    const said = await refused({
      teamId: 'YOUR_TEAM_ID',
      clientId: 'com.yourcompany.service',
      keyId: 'YOUR_KEY_ID',
      keyFile: keyFile(),
    });
    expect(said).toContain('error: Team ID YOUR_TEAM_ID is a placeholder (ERR_KEY_IDS_INVALID)\n');
    expect(said).toContain('error: Services ID com.yourcompany.service is a placeholder (ERR_KEY_IDS_INVALID)\n');
    expect(said).toContain('error: Key ID YOUR_KEY_ID is a placeholder (ERR_KEY_IDS_INVALID)\n');
  });

  test('the key file is not there: where it was looked for, and what lies there', async () => {
    const path = keyFile();
    const folder = join(path, '..');
    const said = await refused({ ...FLAGS, keyFile: join(folder, 'AuthKey_AAAAAAAAAA.p8') });
    expect(said).toBe(
      `error: no key file AuthKey_AAAAAAAAAA.p8 in ${folder}, which holds AuthKey_K1L2M3N4O5.p8 (ERR_KEY_NOT_FOUND)\n  Correct the path, or put the .p8 there.\n`,
    );
  });

  test('the key id is missing, but the file is named by it', async () => {
    const { keyId: _, ...rest } = FLAGS;
    expect(await refused({ ...rest, keyFile: keyFile() })).toBe(
      'error: --key-id is missing (ERR_KEY_IDS_MISSING)\n  Pass --key-id K1L2M3N4O5, as the key file is named.\n',
    );
  });

  test('the key is another kind of key', async () => {
    const path = keyFile(vector('keys/rsa-2048.pem'));
    expect(await refused({ ...FLAGS, keyFile: path })).toBe(
      `error: ${path} holds an RSA 2048 private key, wanted the P-256 private key from Apple (AuthKey_….p8) (ERR_KEY_INVALID)
  Use the .p8 of a key with "Sign in with Apple" (Apple Developer portal, Keys): Apple accepts P-256 only.
`,
    );
  });

  test('an id contradicts the one that came with the key', async () => {
    const path = keyFile(JSON.stringify({ ...IDS, privateKey: newP8() }), { name: 'apple.json' });
    expect(await refused({ teamId: 'ZZZZZ00000', keyFile: path })).toContain(
      `error: --team-id is ZZZZZ00000, but ${path} says A1B2C3D4E5 (ERR_KEY_IDS_CONFLICT)\n`,
    );
  });

  test.each(['0', '181', '-1', '1.5', '1e2', 'soon', '', '9999999999', 0, 181])('--days %j', async (days) => {
    const said = await refused({ ...FLAGS, keyFile: keyFile(), days });
    expect(said).toBe(
      `error: --days is ${days}, wanted a whole number from 1 to 180 (ERR_USAGE)\n  Leave --days out for the longest: Apple accepts client secrets of up to six months.\n`,
    );
  });

  test('several at once, of all kinds', async () => {
    const said = await refused({ ...FLAGS, teamId: 'short', keyFile: keyFile('<html>'), days: '365' });
    expect(said.match(/^error: /gm)).toHaveLength(3);
  });

  test('standard input is a terminal', async () => {
    expect(await refused({ ...FLAGS, keyFile: '-' })).toBe(
      'error: --key-file - reads the key from standard input, which is a terminal (ERR_USAGE)\n  Pipe the .p8 into the command, or name its file.\n',
    );
  });

  test('no message holds the key, even one that was passed in the place of its path or of an id', async () => {
    // With a slash in its last line, which a path would be cut at.
    const pem = slashedP8();
    const pieces = pem
      .split('\n')
      .slice(1, -2)
      .flatMap((line) => line.match(/.{6}/g) ?? []);
    for (const options of [
      { ...FLAGS, keyFile: pem },
      { ...FLAGS, keyFile: pem.replaceAll('\n', '') },
      { ...FLAGS, keyFile: pem.replaceAll('\n', '\\n') },
      { ...FLAGS, teamId: pem, keyFile: keyFile() },
      { ...FLAGS, days: pem, keyFile: keyFile() },
    ]) {
      const said = await refused(options);
      expect(pieces.filter((piece) => said.includes(piece))).toEqual([]);
    }
  });
});

function slashedP8(): string {
  for (;;) {
    const pem = newP8();
    if (/\/.{20,}\n-----END/.test(pem)) return pem;
  }
}

test('it loads no SDK, no schema library, no YAML, no logger', () => {
  const module = pathToFileURL(join(import.meta.dirname, '../../src/cli/generate.ts')).href;
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import(${JSON.stringify(module)});
    console.log(loaded.join('\\n'));`;
  const loaded = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  const packages = new Set([...loaded.matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)].map(([, name]) => name));
  expect([...packages]).toEqual(['jose']);
});
