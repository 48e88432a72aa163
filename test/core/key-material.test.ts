// Key material: what is read, what is repaired, and by which words everything else is refused.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, test } from 'vitest';
import { holdSecret } from '../../src/core/held-secrets.ts';
import { keyIdOfFileName } from '../../src/core/key-ids.ts';
import { type KeyMaterial, parseKeyMaterial, parseKeyText } from '../../src/core/key-material.ts';
import { redactText } from '../../src/core/redact.ts';
import { tries } from '../support/campaign.ts';
import { IDS, newP8, pemOf, vector } from '../support/keys.ts';

const ORIGIN = 'file /run/secrets/key.p8';
const P8 = vector('keys/p256.p8');
/** PKCS#8 without its frame. */
const DER = P8.replace(/^[#-].*$/gm, '').replace(/\s/g, '');
/** RFC 7515, appendix A.3: the public half of every P-256 vector. */
const RFC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

const publicJwk = ({ publicKey }: KeyMaterial) => publicKey.export({ format: 'jwk' });

const OTHER = newP8();
const DER_PUBLIC = createPublicKey(P8).export({ type: 'spki', format: 'der' }).toString('base64');

/** PKCS#8 of P-256 without a public half, of a scalar that repeats one byte. */
function scalarOf(byte: number): string {
  const der = vector('keys/p256.without-public.pem').replace(/^[#-].*$/gm, '');
  const bytes = Buffer.from(der, 'base64');
  return `-----BEGIN PRIVATE KEY-----\n${bytes.fill(byte, bytes.length - 32).toString('base64')}\n-----END PRIVATE KEY-----`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function parse(text: string, ids: Partial<Record<keyof typeof IDS, string>> = IDS) {
  return parseKeyMaterial(text, ids, ORIGIN);
}

/** Without the comment at the head of a vector. */
function bare(pem: string): string {
  return pem.replace(/^#.*\n/, '');
}

describe('a key that is read', () => {
  test.each([
    ['PKCS#8, as Apple gives it', P8],
    ['SEC1', vector('keys/p256.sec1.pem')],
    ['SEC1 with its parameters before it', vector('keys/p256.parameters.pem')],
    ['PKCS#8 without the public point', vector('keys/p256.without-public.pem')],
    ['with a byte order mark', `\uFEFF${bare(P8)}`],
    ['with CRLF', bare(P8).replaceAll('\n', '\r\n')],
    ['with CR alone', bare(P8).replaceAll('\n', '\r')],
    ['with \\n written as two characters', bare(P8).replaceAll('\n', '\\n')],
    ['with \\r\\n written as four characters', bare(P8).replaceAll('\n', '\\r\\n')],
    ['with spaces for line breaks', bare(P8).trim().replaceAll('\n', ' ')],
    ['with no line breaks at all', bare(P8).replaceAll('\n', '')],
    ['indented', bare(P8).replace(/^/gm, '    ')],
    ['with text around it', `Bag Attributes\n${bare(P8)}\nend`],
    ['in quotes, as JSON writes a text', JSON.stringify(bare(P8))],
    ['as JSON', JSON.stringify({ privateKey: bare(P8) })],
    ['as JSON with \\n written twice', JSON.stringify({ privateKey: bare(P8).replaceAll('\n', '\\n') })],
    ['as JSON with \\n written three times', JSON.stringify({ privateKey: bare(P8).replaceAll('\n', '\\\\n') })],
    ['with \\\\n written as three characters', bare(P8).replaceAll('\n', '\\\\n')],
    ['with \\\\r\\\\n written as six characters', bare(P8).replaceAll('\n', '\\\\r\\\\n')],
    ['as JSON in quotes, as JSON writes a text', JSON.stringify(JSON.stringify({ privateKey: bare(P8) }))],
    ['SEC1 under the label of PKCS#8', vector('keys/p256.sec1-as-pkcs8.pem')],
    ['PKCS#8 under the label of SEC1', vector('keys/p256.pkcs8-as-sec1.pem')],
    ['as base64 of the PEM, wrapped', bare(vector('keys/p256.p8.base64'))],
    ['as base64 of the PEM on one line', base64(bare(P8))],
    ['as base64 of the PEM, with a byte order mark', `\uFEFF${base64(bare(P8))}`],
    ['as base64 of a PEM with a byte order mark', base64(`\uFEFF${bare(P8)}`)],
    ['as base64 of a PEM in UTF-16', Buffer.from(`\uFEFF${bare(P8)}`, 'utf16le').toString('base64')],
    ['as base64 in the URL-safe alphabet', Buffer.from(bare(P8)).toString('base64url')],
    ['as base64 with its line ends written as \\n', bare(vector('keys/p256.p8.base64')).replaceAll('\n', '\\n')],
    ['as base64 of DER', DER],
    ['as base64 of DER in the URL-safe alphabet', Buffer.from(DER, 'base64').toString('base64url')],
    ['as base64 of DER, wrapped', bare(P8).split('\n').slice(1, -2).join('\n')],
    ['as base64 of SEC1', bare(vector('keys/p256.sec1.pem')).split('\n').slice(1, -2).join('')],
    ['as base64 of JSON', base64(JSON.stringify({ privateKey: bare(P8) }))],
    ['as base64 of JSON with base64 in it', base64(JSON.stringify({ privateKey: base64(bare(P8)) }))],
    ['as JSON with base64 of DER in it', JSON.stringify({ privateKey: DER })],
    ['as JSON under the name of its file', JSON.stringify({ 'AuthKey_K1L2M3N4O5.p8': bare(P8) })],
    [
      'as JSON under another name, among other entries',
      JSON.stringify({ note: 'x'.repeat(90), n: 1, key: DER, o: {} }),
    ],
    ['as JSON that holds it twice', JSON.stringify({ 'AuthKey_K1L2M3N4O5.p8': bare(P8), encoded: base64(bare(P8)) })],
    ['as JSON with real line breaks', `{"privateKey": "${bare(P8)}"}`],
  ])('%s', async (_name, text) => {
    const material = await parse(text);
    expect(publicJwk(material)).toEqual(RFC_KEY);
    expect({ ...material }).toMatchObject(IDS);
    const reread = createPublicKey(createPrivateKey(pemOf(material))).export({ format: 'jwk' });
    expect(reread).toEqual(RFC_KEY);
  });

  test('the thumbprint is that of RFC 7638, as jose computes it', async () => {
    const { thumbprint } = await parse(P8);
    expect(thumbprint).toBe(await calculateJwkThumbprint(RFC_KEY, 'sha256'));
  });

  const inTwoCharacters = (text: string) => text.replaceAll('\n', '\\n');
  /** What a key goes through on its way: each can be read in one way only. */
  const way = fc.constantFrom<(text: string) => string>(
    (text) => text.replaceAll('\n', '\r\n'),
    inTwoCharacters,
    (text) => inTwoCharacters(text).replace(/\\+(?=n)/g, '$&$&'),
    (text) => `\uFEFF ${text}`,
    base64,
    (text) => Buffer.from(text).toString('base64url'),
    (text) => base64(text).replace(/.{76}/g, '$&\n'),
    (text) => JSON.stringify(text),
    (text) => JSON.stringify({ privateKey: text, teamId: IDS.teamId }, null, 2),
    (text) => JSON.stringify({ 'AuthKey_K1L2M3N4O5.p8': text }),
  );
  const form = fc.constantFrom<(pem: string) => string>(
    (pem) => pem,
    (pem) => pem.replaceAll('\n', ''),
    (pem) => pem.replaceAll('\n', ' '),
    (pem) => pem.replaceAll('PRIVATE', 'EC PRIVATE'),
    (pem) => pem.replace(/-----[A-Z ]+-----/g, ''),
    (pem) => createPrivateKey(pem).export({ type: 'sec1', format: 'pem' }).toString(),
  );
  const route = fc.record({ form, ways: fc.array(way, { maxLength: 2 }) });
  const taken = (pem: string, { form, ways }: { form: (pem: string) => string; ways: ((text: string) => string)[] }) =>
    ways.reduce((text, next) => next(text), form(pem));

  test('any P-256 key is the same key by any of these ways', async () => {
    await fc.assert(
      fc.asyncProperty(route, async (chosen) => {
        const pem = newP8();
        expect(pemOf(await parse(taken(pem, chosen)))).toBe(pem);
      }),
      { numRuns: tries(300, 10_000) },
    );
  });

  test('any damage on any of these ways is an error or changes nothing: never another key, never a crash', async () => {
    const damage = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.integer({ min: 0, max: 40 }),
      instead: fc.oneof(
        fc.string({ maxLength: 3 }),
        fc.constantFrom('n', '\\', '\0', '…', '-----', '"', '{', '\uFEFF'),
      ),
    });
    await fc.assert(
      fc.asyncProperty(route, damage, async (chosen, { at, length, instead }) => {
        const pem = newP8();
        const whole = taken(pem, chosen);
        const start = Math.floor(at * whole.length);
        const damaged = whole.slice(0, start) + instead + whole.slice(start + length);
        const found = await parse(damaged).then(pemOf, (error: { code?: string }) => error.code ?? error);
        expect([pem, 'ERR_KEY_INVALID', 'ERR_KEY_IDS_INVALID', 'ERR_KEY_IDS_CONFLICT']).toContain(found);
      }),
      { numRuns: tries(300, 10_000) },
    );
  });
});

describe('a key that is read again', () => {
  test('is the same one, while it is one of the last 32', async () => {
    const [first, second] = [await parse(P8), await parse(P8)];
    expect(second.privateKey).toBe(first.privateKey);
    for (let i = 0; i < 31; i += 1) await parse(newP8());
    expect((await parse(P8)).privateKey).toBe(first.privateKey);
    for (let i = 0; i < 32; i += 1) await parse(newP8());
    const last = await parse(P8);
    expect(last.privateKey).not.toBe(first.privateKey);
    expect(last.thumbprint).toBe(first.thumbprint);
  });

  test('is held as it was the first time', async () => {
    const text = newP8();
    // As nothing but a held secret is recognized.
    const body = text.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    const hex = Buffer.from(body).toString('hex');
    await parse(text);
    for (let n = 0; n < 4_096; n += 1) holdSecret(`held-since-the-key-${n}-0123456789abcdef`);
    expect(redactText(hex)).toBe(hex);
    await parse(text);
    expect(redactText(hex)).toContain('[redacted secret]');
  });
});

describe('what is refused, and what it is said to be', () => {
  const wanted = 'wanted the P-256 private key from Apple (AuthKey_….p8)';
  test.each([
    ['an RSA key', vector('keys/rsa-2048.pem'), `holds an RSA 2048 private key, ${wanted}`],
    ['an RSA key in PKCS#1', vector('keys/rsa-2048.pkcs1.pem'), `holds an RSA 2048 private key, ${wanted}`],
    ['a P-384 key', vector('keys/p384.pem'), `holds a P-384 private key, ${wanted}`],
    ['a key of a coin', vector('keys/secp256k1.pem'), `holds a secp256k1 private key, ${wanted}`],
    ['an Ed25519 key', vector('keys/ed25519.pem'), `holds an Ed25519 private key, ${wanted}`],
    [
      'a key for agreement only',
      generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      `holds an x25519 private key, ${wanted}`,
    ],
    [
      'a PEM of another kind',
      '-----BEGIN PGP MESSAGE-----\nAAAA\n-----END PGP MESSAGE-----',
      `holds a PEM that is no private key, ${wanted}`,
    ],
    [
      'a damaged public key',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      `holds a public key, ${wanted}`,
    ],
    ['an encrypted key', vector('keys/encrypted.pem'), `holds an encrypted private key, ${wanted}`],
    ['one encrypted as of old', vector('keys/encrypted.sec1.pem'), `holds an encrypted private key, ${wanted}`],
    ['the public half', vector('keys/public.pem'), `holds a P-256 public key, ${wanted}`],
    ['a certificate', vector('keys/certificate.pem'), `holds a certificate, ${wanted}`],
    ['an OpenSSH key', vector('keys/openssh.pem'), `holds an OpenSSH private key, ${wanted}`],
    [
      'a public point that belongs to another key',
      vector('keys/other-public-half.pem'),
      `holds a private key with the public half of another key, ${wanted}`,
    ],
    ['nothing', '', `is empty, ${wanted}`],
    ['white space', ' \r\n\t', `is empty, ${wanted}`],
    ['a byte order mark alone', '\uFEFF', `is empty, ${wanted}`],
    ['a page', '<!DOCTYPE html><html><body>Sign in</body></html>', `holds an HTML or XML page, ${wanted}`],
    ['a client secret', 'eyJhbGciOiJFUzI1NiJ9.e30.AA', `holds a JWT (perhaps a client secret), not a key, ${wanted}`],
    ['a public key for ssh', 'ssh-ed25519 AAAAC3Nza me', `holds an OpenSSH public key, ${wanted}`],
    ['DER', '0\u0000\uFFFD\u0002', `holds binary data or UTF-16 text, ${wanted}`],
    ['the base64 of a PEM, damaged', `${base64(bare(P8))}…`, `holds the damaged base64 of a PEM, ${wanted}`],
    ['base64 of another thing', base64('x'.repeat(90)), `holds no key (90 characters of other text), ${wanted}`],
    ['the base64 of a certificate', base64(bare(vector('keys/certificate.pem'))), `holds a certificate, ${wanted}`],
    ['a scalar that is no key', scalarOf(0xff), `holds a damaged PEM (characters are missing or changed), ${wanted}`],
    ['a scalar of nothing', scalarOf(0), `holds a damaged PEM (characters are missing or changed), ${wanted}`],
    ['the public half in base64', DER_PUBLIC, `holds base64 that is no whole private key, ${wanted}`],
    ['another text', 'hello', `holds no key (5 characters of other text), ${wanted}`],
    ['two keys', bare(P8) + newP8(), 'holds 2 private keys, wanted one'],
    ['a PEM that is cut off', bare(P8).slice(0, 60), `holds a PEM without its END line, ${wanted}`],
    [
      'the base64 alone, cut off',
      bare(P8).split('\n').slice(1, -3).join('\n'),
      `holds base64 that is no whole private key, ${wanted}`,
    ],
    [
      'damaged dashes',
      bare(P8).replace('-----BEGIN', '---BEGIN').replace('-----END', '---END'),
      `holds a PEM with damaged BEGIN or END lines, ${wanted}`,
    ],
    [
      'line ends that lost their backslash',
      bare(P8).trim().replaceAll('\n', 'n'),
      `holds a PEM whose line ends are broken, ${wanted}`,
    ],
    [
      'line ends as slashes',
      bare(P8).trim().replaceAll('\n', '\\\\'),
      `holds a PEM whose line ends are broken, ${wanted}`,
    ],
    [
      'a character lost',
      bare(P8).replace('MIGH', 'MIG'),
      `holds a damaged PEM (characters are missing or changed), ${wanted}`,
    ],
    [
      'nothing between the lines',
      '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----',
      `holds a PEM with nothing between its BEGIN and END lines, ${wanted}`,
    ],
  ])('%s', async (_name, text, message) => {
    await expect(parse(text)).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
      message: `${ORIGIN} ${message}`,
      hint: expect.stringMatching(/^[A-Z].*\.$/),
    });
  });

  test.each([
    ['an INI file', '[default]\nkey = x', `no key (17 characters of other text), ${wanted}`],
    ['broken JSON', '{"privateKey": ', `text that begins like JSON but cannot be parsed, ${wanted}`],
    ['a list', '[1]', `a JSON list, ${wanted}`],
    [
      'no privateKey',
      '{"private_key": "x", "p8": 1}',
      'JSON with no privateKey (found: private_key, p8), wanted teamId, clientId, keyId and privateKey',
    ],
    ['no names', '{}', 'JSON with no privateKey (found: no names), wanted teamId, clientId, keyId and privateKey'],
    [
      'privateKey a number',
      '{"privateKey": 5}',
      'JSON with a privateKey that is not text, wanted teamId, clientId, keyId and privateKey',
    ],
  ])('JSON: %s', async (_name, text, found) => {
    await expect(parse(text)).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
      message: `${ORIGIN} holds ${found}`,
    });
  });

  test.each([
    [
      'two keys under other names',
      { 'AuthKey_K1L2M3N4O5.p8': bare(P8), other: OTHER },
      `JSON with 2 entries that hold different keys (texts of ${bare(P8).length} and ${OTHER.length} characters), wanted one`,
    ],
    ['a damaged key under another name', { key: bare(P8).slice(0, 90) }, 'a PEM without its END line', ':key'],
    ['a name that cannot be shown', { 'a b': bare(P8).slice(0, 90) }, 'a PEM without its END line', ''],
    ['no key at all', { note: 'x'.repeat(90) }, 'JSON with no privateKey (found: note)', ''],
  ])('JSON: %s', async (_name, document, found, at = '') => {
    await expect(parse(JSON.stringify(document))).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
      message: expect.stringMatching(new RegExp(`^${ORIGIN}${at} holds ${found.replace(/[()]/g, '\\$&')}`)),
    });
  });

  test('privateKey outweighs every other entry', async () => {
    expect(publicJwk(await parse(JSON.stringify({ other: OTHER, privateKey: bare(P8) })))).toEqual(RFC_KEY);
    await expect(parse(JSON.stringify({ other: OTHER, privateKey: '' }))).rejects.toMatchObject({
      message: `${ORIGIN}:privateKey is empty, ${wanted}`,
    });
  });

  test('jsonKey outweighs privateKey, and is told where it names nothing', async () => {
    const text = JSON.stringify({ privateKey: OTHER, teamId: IDS.teamId, mine: bare(P8), count: 5 });
    const read = (from: string, jsonKey: string) => parseKeyMaterial(from, { ...IDS, teamId: '' }, ORIGIN, jsonKey);
    const found = await read(text, 'mine');
    expect([publicJwk(found), found.teamId]).toEqual([RFC_KEY, IDS.teamId]);
    expect(publicJwk(await read(base64(text), 'mine'))).toEqual(RFC_KEY);
    await expect(read(text, 'absent')).rejects.toMatchObject({
      message: `${ORIGIN} holds JSON without the entry that jsonKey names, ${wanted}`,
    });
    await expect(read(text, '__proto__')).rejects.toMatchObject({
      message: `${ORIGIN} holds JSON without the entry that jsonKey names, ${wanted}`,
    });
    await expect(read(text, 'count')).rejects.toMatchObject({
      message: `${ORIGIN} holds JSON whose entry of the name in jsonKey is not text, ${wanted}`,
    });
  });

  test('a bad key inside JSON is said to be in privateKey', async () => {
    await expect(parse(JSON.stringify({ privateKey: vector('keys/p384.pem') }))).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
      message: `${ORIGIN}:privateKey holds a P-384 private key, ${wanted}`,
    });
  });

  test('no message holds a piece of the text, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 12, maxLength: 80 }), async (noise) => {
        const secret = `${noise.replaceAll('-', '')}${newP8().slice(30, 90)}`;
        for (const text of [secret, `-----BEGIN PRIVATE KEY-----${secret}-----END PRIVATE KEY-----`, `{${secret}`]) {
          const error = await parse(text).catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ code: 'ERR_KEY_INVALID' });
          const said = `${(error as Error).message} ${(error as { hint: string }).hint}`;
          expect(said).not.toContain(secret.slice(-40, -10));
        }
      }),
      { numRuns: tries(50) },
    );
  });
});

describe('the ids', () => {
  const json = (ids: object) => JSON.stringify({ privateKey: bare(P8), ...ids });

  test('may come with the key, from the configuration, or from both if they agree', async () => {
    expect(await parse(json(IDS), {})).toMatchObject(IDS);
    expect(await parse(json({ keyId: IDS.keyId }), { ...IDS, keyId: `${IDS.keyId} ` })).toMatchObject(IDS);
    expect(await parse(json({ teamId: ` ${IDS.teamId}\n` }), { ...IDS, teamId: '' })).toMatchObject(IDS);
  });

  test.each([
    [
      'one is missing',
      { teamId: IDS.teamId, clientId: IDS.clientId },
      `Key ID is missing: neither the configuration nor ${ORIGIN} gives keyId`,
    ],
    [
      'two are missing',
      { clientId: IDS.clientId },
      `Team ID and Key ID are missing: neither the configuration nor ${ORIGIN} gives teamId and keyId`,
    ],
    [
      'all are missing',
      {},
      `Team ID, Services ID and Key ID are missing: neither the configuration nor ${ORIGIN} gives teamId, clientId and keyId`,
    ],
  ])('%s', async (_name, ids, message) => {
    await expect(parse(P8, ids)).rejects.toMatchObject({
      code: 'ERR_KEY_IDS_MISSING',
      message,
      hint: expect.stringContaining('next to the key of the target'),
    });
  });

  test('a missing key id that the name of the file gives away is suggested', async () => {
    const parsing = parseKeyMaterial(P8, { ...IDS, keyId: '' }, 'file keys/AuthKey_K1L2M3N4O5.p8');
    await expect(parsing).rejects.toMatchObject({
      code: 'ERR_KEY_IDS_MISSING',
      hint: 'Put keyId: K1L2M3N4O5 next to the key of the target, as the file is named.',
    });
  });

  test('a conflict names both values', async () => {
    await expect(parse(json({ teamId: 'ZZZZZ00000' }))).rejects.toMatchObject({
      code: 'ERR_KEY_IDS_CONFLICT',
      message: `Team ID is A1B2C3D4E5 in the configuration, but ZZZZZ00000 in ${ORIGIN}`,
    });
  });

  test.each([
    ['teamId', 'a1b2c3d4e5', 'Team ID is a1b2c3d4e5, wanted 10 upper-case letters or digits'],
    ['teamId', 'A1B2C3D4E', 'Team ID is A1B2C3D4E, wanted 10 upper-case letters or digits'],
    ['keyId', 'K1L2M3N4O55', 'Key ID is K1L2M3N4O55, wanted 10 upper-case letters or digits'],
    ['clientId', 'com.acme shop', 'Services ID is com.acme shop, wanted a name such as com.acme.shop.web'],
    ['clientId', 'x y'.repeat(40), 'Services ID is text of 120 characters, wanted a name such as com.acme.shop.web'],
    ['teamId', 'YOUR_TEAM_ID', 'Team ID YOUR_TEAM_ID is a placeholder'],
    ['keyId', 'YOUR_KEY_ID', 'Key ID YOUR_KEY_ID is a placeholder'],
    ['keyId', 'XXXXXXXXXX', 'Key ID XXXXXXXXXX is a placeholder'],
    ['keyId', '<key id>', 'Key ID <key id> is a placeholder'],
    ['teamId', '$APPLE_TEAM_ID', 'Team ID $APPLE_TEAM_ID is a placeholder'],
    ['clientId', 'com.yourcompany.service', 'Services ID com.yourcompany.service is a placeholder'],
    ['clientId', 'your-client-id', 'Services ID your-client-id is a placeholder'],
  ])('%s %s', async (id, value, message) => {
    await expect(parse(P8, { ...IDS, [id]: value })).rejects.toMatchObject({
      code: 'ERR_KEY_IDS_INVALID',
      message,
      hint: expect.stringContaining('Apple Developer portal'),
    });
  });

  test('a real client id that only resembles a placeholder passes', async () => {
    for (const clientId of ['com.acme.yourkeyboard', 'com.yourkey.web', 'org.todo.app', 'com.example.your-own'])
      expect(await parse(P8, { ...IDS, clientId })).toMatchObject({ clientId });
  });

  test('one that is no text in the JSON is told by its type', () => {
    expect(() => parseKeyText(json({ keyId: 1234567890 }), ORIGIN)).toThrow(
      expect.objectContaining({
        code: 'ERR_KEY_IDS_INVALID',
        message: `keyId in ${ORIGIN} is a number, wanted text`,
      }),
    );
  });
});

describe('the key id in the name of a file', () => {
  test.each([
    ['AuthKey_K1L2M3N4O5.p8', 'K1L2M3N4O5'],
    ['/run/secrets/AuthKey_K1L2M3N4O5.p8', 'K1L2M3N4O5'],
    ['C:\\keys\\AuthKey_K1L2M3N4O5.p8', 'K1L2M3N4O5'],
    ['AuthKey_K1L2M3N4O5 (1).p8', undefined],
    ['MyAuthKey_K1L2M3N4O5.p8', undefined],
    ['AuthKey_K1L2M3N4O5.p8.bak', undefined],
    ['key.p8', undefined],
  ])('%s: %s', (name, id) => {
    expect(keyIdOfFileName(name)).toBe(id);
  });
});
