// `inspect` as a person and a script see it: the report, the verdict, the inputs, and what is no client secret.
import { sign } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type InspectOptions, inspect } from '../../src/cli/inspect.ts';
import { fingerprint, mintClientSecret } from '../../src/core/client-secret.ts';
import type { KeyMaterial } from '../../src/core/key-material.ts';
import { DAY } from '../../src/core/time.ts';
import { IDS, newKey, newP8, pemOf } from '../support/keys.ts';
import { captured, NOW } from './captured.ts';

let key: KeyMaterial;
let jwt: string;

beforeAll(async () => {
  key = await newKey();
  jwt = (await mintClientSecret(key, { nowMs: NOW - 175 * DAY, lifetimeMs: 180 * DAY })).jwt;
});

function file(text: string, name = 'secret.jwt'): string {
  const folder = mkdtempSync(join(tmpdir(), 'inspect-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return path;
}

async function run(options: InspectOptions, stdin?: string, color = false) {
  const seen = captured({ stdin, color });
  const status = await inspect(options, seen.context);
  return { status, stdout: seen.stdout, stderr: seen.stderr };
}

/** A JWT with these parts; without a key its signature is 64 zero bytes. */
function made(header: object, claims: object, by?: KeyMaterial): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = by === undefined ? Buffer.alloc(64) : sign('sha256', Buffer.from(input), by.privateKey);
  return `${input}.${signature.toString('base64url')}`;
}

describe('the report', () => {
  test('of a good secret', async () => {
    vi.stubEnv('TZ', 'Asia/Shanghai');
    const { status, stdout, stderr } = await run({}, `${jwt}\n`);
    expect(stderr).toBe('');
    expect(stdout).toBe(`Header
  alg          ES256
  kid          K1L2M3N4O5  (Key ID)

Claims
  iss          A1B2C3D4E5  (Team ID)
  sub          com.example.shop.web  (Client ID)
  aud          https://appleid.apple.com
  iat          1780242900  (2026-05-31 15:55:00 UTC, 175 d ago)
  exp          1795795200  (2026-11-27 16:00:00 UTC, in 5 d)

Signature      64 bytes; not checked (pass --key-file)
Fingerprint    ${fingerprint(jwt)}
Expires        in 5 d, 2026-11-28 00:00:00 +08:00 here; 2 % of its life remaining

Apple has nothing to object to.
The signature was not checked: pass --key-file.
`);
    expect(status).toBe(0);
  });

  test('of a bad one: every objection with its meaning and the next step, within 100 columns', async () => {
    const bad = made(
      { alg: 'ES256', typ: 'JWT' },
      { iss: 'YOUR_TEAM_ID', sub: 'com.a', aud: 'https://appleid.apple.com/', iat: NOW / 1000, exp: NOW / 1000 - 1 },
      key,
    );
    const { status, stdout } = await run({}, bad);
    const report = stdout.slice(stdout.indexOf('Apple would'));
    expect(status).toBe(1);
    expect(report).toBe(`Apple would object to 5 things:

  KeyIdMissing: the header's kid is missing, wanted the Key ID
    Put the Key ID into the header as kid: without it Apple does not know which key to check with.

  PlaceholderLeftIn: YOUR_TEAM_ID is a placeholder from a guide
    Mint it again with the ids of your own team, key and Services ID.

  AudienceWrong: aud is "https://appleid.apple.com/", wanted https://appleid.apple.com
    Put https://appleid.apple.com into aud, without a slash at its end.

  Expired: it expired 1 s ago
    Mint a new one (\`apple-secret-rotator generate\`): every Apple login that uses this one fails.

  SignatureDer: the signature is in DER form, wanted 64 raw bytes
    Write it as r and s, 32 bytes each (the JOSE form, ieee-p1363), as JWT libraries do.
`);
    expect(stdout).toContain('  kid          (missing)\n');
    expect(stdout).toContain('  typ          JWT\n');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('--json', async () => {
    const { status, stdout, stderr } = await run({ json: true }, jwt);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      fingerprint: fingerprint(jwt),
      header: { alg: 'ES256', kid: IDS.keyId },
      claims: {
        iss: IDS.teamId,
        sub: IDS.clientId,
        aud: 'https://appleid.apple.com',
        iat: 1_780_242_900,
        exp: 1_795_795_200,
      },
      issuedAt: '2026-05-31T15:55:00.000Z',
      expiresAt: '2026-11-27T16:00:00.000Z',
      signature: { bytes: 64, fits: null },
      objections: [],
    });
  });

  test('--json of a bad one has codes, and nulls for what is not there', async () => {
    const { status, stdout } = await run({ json: true }, made({ alg: 'none' }, {}));
    expect(status).toBe(1);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ issuedAt: null, expiresAt: null });
    expect(document.objections[0]).toEqual({
      code: 'AlgorithmNotEs256',
      message: 'the algorithm is "none", wanted ES256',
      hint: 'Sign with ES256 and the .p8 of a "Sign in with Apple" key.',
    });
  });

  test('colour only where the output says so', async () => {
    expect((await run({}, jwt)).stdout).not.toContain('\x1b');
    expect((await run({}, jwt, true)).stdout).toContain('\x1b[32mApple has nothing to object to.\x1b[0m');
    expect((await run({}, made({}, {}), true)).stdout).toContain('\x1b[31mApple would object to');
  });

  test('what others wrote into it cannot command the terminal, nor fill it', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`claim${index}`, index]));
    const { stdout } = await run(
      {},
      made({ alg: '\x1b[2J', kid: '\u009b31m' }, { iss: `a\n${'b'.repeat(500)}`, ...many }),
    );
    expect([...stdout].filter((character) => character !== '\n' && /\p{Cc}/u.test(character))).toEqual([]);
    expect(stdout).toContain('  and 85 more\n');
    expect(stdout.split('\n').every((line) => line.length <= 100)).toBe(true);
  });

  test('a claim by the name of what every object has is shown as it is', async () => {
    const { stdout } = await run({}, made({ alg: 'ES256' }, { constructor: 'x', toString: 'y' }));
    expect(stdout).toMatch(/^ +constructor +"?x"?$/m);
    expect(stdout).toMatch(/^ +toString +"?y"?$/m);
  });

  test('hostile values of every type are explained without a fault', async () => {
    const header = fc.dictionary(fc.constantFrom('alg', 'kid', 'crit', 'x'), fc.jsonValue());
    const claims = fc.dictionary(
      fc.constantFrom('iss', 'sub', 'aud', 'iat', 'exp', 'nbf', 'x', '__proto__'),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(header, claims, fc.boolean(), async (first, second, json) => {
        const { status } = await run({ json }, made(first, second));
        expect(status).toBe(1);
      }),
    );
  });
});

describe('the key', () => {
  test('made the signature', async () => {
    const path = file(pemOf(key), 'AuthKey_K1L2M3N4O5.p8');
    const { status, stdout, stderr } = await run({ keyFile: path }, jwt);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain(`Signature      64 bytes; made by the key in ${path}\n`);
    expect(stdout).toMatch(/Apple has nothing to object to\.\n$/);
  });

  test('did not', async () => {
    const path = file(newP8(), 'key.p8');
    const { status, stdout } = await run({ keyFile: path }, jwt);
    expect(status).toBe(1);
    expect(stdout).toContain(`Signature      64 bytes; not made by the key in ${path}\n`);
    expect(stdout).toContain(
      'SignatureDoesNotFit: the key did not make this signature, or the text was altered afterwards\n',
    );
    expect(stdout).toContain(`\nIt does not belong to the key in ${path}:\n`);
    expect(stdout).not.toContain('Apple');
    expect(JSON.parse((await run({ keyFile: path, json: true }, jwt)).stdout).signature).toEqual({
      bytes: 64,
      fits: false,
    });
  });

  test('with ids of its own, which are compared', async () => {
    const path = file(JSON.stringify({ ...IDS, teamId: 'ZZZZZ00000', privateKey: pemOf(key) }), 'key.json');
    const { status, stdout } = await run({ keyFile: path }, jwt);
    expect(status).toBe(1);
    expect(stdout).toContain('IssuerDiffers: iss is A1B2C3D4E5, wanted ZZZZZ00000\n');
  });

  test('in a file that is named by another key id', async () => {
    const path = file(pemOf(key), 'AuthKey_Z9Y8X7W6V5.p8');
    const { status, stderr } = await run({ keyFile: path }, jwt);
    expect(status).toBe(0);
    expect(stderr).toBe(
      `warning: the name of key file ${path} says Key ID Z9Y8X7W6V5, but K1L2M3N4O5 is used (ERR_KEY_INVALID)\n  Check that this key and this Key ID belong together.\n`,
    );
  });

  test('cannot be read: said together with what is wrong with the secret, exit 2', async () => {
    const { status, stdout, stderr } = await run({ keyFile: file('<html>', 'key.p8') }, 'hello');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('error: standard input holds no JWT (5 characters of something else) (ERR_USAGE)\n');
    expect(stderr).toContain('holds an HTML or XML page, wanted the P-256 private key');
  });
});

describe('the input', () => {
  test('a file', async () => {
    expect((await run({ file: file(`${jwt}\r\n`) })).status).toBe(0);
  });

  test('an argument, with a warning that it was seen', async () => {
    const { status, stderr } = await run({ secret: jwt });
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warning: a secret in an argument is visible in the process list/);
    expect(stderr).not.toContain(jwt.slice(0, 20));
  });

  test.each([
    ['a byte order mark', () => `\uFEFF${jwt}`],
    ['quotes', () => `"${jwt}"`],
    ['single quotes', () => ` '${jwt}' `],
    ['the output of generate --json', () => JSON.stringify({ clientSecret: jwt, teamId: 'x' }, null, 2)],
    ["CloudBase's Config", () => JSON.stringify({ ClientId: 'x', ClientSecret: jwt })],
  ])('%s around it is taken off', async (_what, text) => {
    const { status, stderr } = await run({}, text());
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test.each([
    ['a header', () => `Authorization: Bearer ${jwt}\r\n`],
    ['a form', () => `client_id=com.example.shop.web&client_secret=${jwt}&grant_type=authorization_code`],
    ['a line of a configuration', () => `clientSecret: "${jwt}" # of today`],
    ['what generate prints, both outputs in one', () => `Client secret for Sign in with Apple:\r\n\r\n${jwt}\r\n`],
    ['the same secret twice', () => `${jwt} ${jwt}`],
  ])('the one secret in %s is found, with a warning', async (_what, text) => {
    const { status, stdout, stderr } = await run({}, text());
    expect(stderr).toBe(
      'warning: standard input holds other text around the client secret, which is ignored here (ERR_USAGE)\n  Store the secret alone: it begins with eyJ and has neither spaces nor quotes.\n',
    );
    expect([status, stdout]).toEqual([0, expect.stringContaining('Apple has nothing to object to.')]);
  });

  test('of two secrets none is chosen', async () => {
    const { status, stderr } = await run({}, `${jwt} ${made({ alg: 'ES256' }, { iss: 'x' })}`);
    expect(status).toBe(2);
    expect(stderr).toBe(
      'error: standard input holds 2 different JWTs, wanted one (ERR_USAGE)\n  Pass the one that is to be explained.\n',
    );
  });

  test('line breaks within it are ignored, with a warning', async () => {
    const { status, stderr } = await run({}, jwt.replace(/.{60}/g, '$&\n'));
    expect(status).toBe(0);
    expect(stderr).toBe(
      'warning: the secret in standard input has spaces or line breaks, which are ignored here (ERR_USAGE)\n  Leave them out where you store it: CloudBase does not ignore them.\n',
    );
  });

  test('both an argument and a file is one too many', async () => {
    const { status, stderr } = await run({ secret: jwt, file: 'x' });
    expect(status).toBe(2);
    expect(stderr).toBe(
      'error: both an argument and --file were given, wanted one secret (ERR_USAGE)\n  Leave out one of them.\n',
    );
  });

  const HOW = 'Pass the secret on standard input or with --file.';
  test.each([
    ['a terminal', undefined, 'there is nothing to inspect', HOW],
    ['nothing', ' \n', 'standard input is empty', 'three base64url parts'],
    ['a key', newP8(), 'standard input holds a PEM: the key, not the client secret that is made with it', '--key-file'],
    ['a fingerprint', 'ab'.repeat(32), 'standard input holds a fingerprint or digest, from which', 'Find the secret'],
    ['a masked secret', '********', 'standard input holds a masked secret', 'Find the secret'],
    ['a JWE', 'eyJ.a.b.c.d', 'standard input holds an encrypted JWT (five parts)', 'unencrypted'],
    [
      'a JWT that is cut off',
      'eyJhbGciOiJFUzI1NiJ9.e30',
      'standard input holds a JWT that is cut off',
      'Copy it again',
    ],
    ['a page', '<html>', 'standard input holds an HTML or XML page', HOW],
    ['broken JSON', '{"clientSecret": ', 'standard input holds no JWT (16 characters', 'three base64url parts'],
    ['JSON null', 'null', 'standard input holds no JWT (4 characters', 'three base64url parts'],
  ])('%s', async (_what, stdin, message, hint) => {
    const { status, stdout, stderr } = await run({}, stdin);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain(hint);
  });

  test.each([
    ['none', (path: string) => join(path, '..', 'gone'), 'does not exist'],
    ['a folder', (path: string) => join(path, '..'), 'is a directory'],
  ])('--file names %s', async (_what, place, reason) => {
    const path = place(file('x'));
    const { status, stderr } = await run({ file: path });
    expect(status).toBe(2);
    expect(stderr).toBe(`error: file ${path} ${reason} (ERR_USAGE)\n  Correct --file.\n`);
  });
});

test('the secret itself is never printed, whatever becomes of it', async () => {
  const path = file(pemOf(key), 'key.p8');
  for (const text of [jwt, jwt.slice(0, -1), `${jwt}x`, `x${jwt}`, `${jwt}.${jwt}`, jwt.replace('.', ' ')])
    for (const options of [{}, { json: true }, { keyFile: path }, { secret: text }, { file: text }]) {
      const { stdout, stderr } = await run(options, text);
      const said = stdout + stderr;
      for (const part of jwt.split('.')) expect(said.includes(part.slice(4, 24))).toBe(false);
    }
});
