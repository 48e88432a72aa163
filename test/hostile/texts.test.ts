// Texts that come from outside, damaged in every way: the configuration, variables of the environment, keys, client
// secrets. Each is accepted or refused with an error of ours, at a bounded cost.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { interpolate } from '../../src/config/interpolate.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError, formatProblems } from '../../src/config/problems.ts';
import { readYaml } from '../../src/config/yaml.ts';
import { parseKeyText } from '../../src/core/key-material.ts';
import { objections } from '../../src/core/objections.ts';
import { parseClientSecret } from '../../src/core/parsed-secret.ts';
import { looksSecret, shown, shownName } from '../../src/core/shown.ts';
import { anyJson, anyText, damaged, REFERENCE, survive } from '../support/hostile.ts';
import { IDS, newKey, newP8, vector } from '../support/keys.ts';

const EXAMPLE = readFileSync(new URL('../../config/rotator.example.yaml', import.meta.url), 'utf8');
const SMALL = `
http: { token: "\${TOKEN:-}", port: 8080 }
targets:
  - { name: shop, envId: shop-1g2h3j, teamId: A1B2C3D4E5, clientId: com.example.web, keyId: K1L2M3N4O5, key: { from: file, path: key.p8 } }
alerts: { none: accepted }
`;
const NOW = Date.UTC(2026, 10, 22);

/** Loads a text as the configuration file of this test, as the daemon does. */
function loader() {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'rotator.yaml');
  return async (text: string | Uint8Array) => {
    writeFileSync(file, text);
    try {
      await loadConfig({ file, env: {}, mode: 'daemon', now: NOW });
    } catch (thrown) {
      if (thrown instanceof ConfigError) formatProblems(thrown.problems);
      throw thrown;
    }
  };
}

const trees = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    anyText,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom('targets', 'alerts', 'channels', 'http', 'key', 'name', 'from', 'policy'), fc.string()),
      tie('tree'),
      { maxKeys: 6 },
    ),
  ),
})).tree;

test('a configuration, damaged or of any form', async () => {
  const load = loader();
  const anyForm = fc.oneof(
    trees.map((tree) => stringify(tree)),
    anyText,
    anyJson,
    fc.uint8Array({ maxLength: 200 }),
  );
  await survive(fc.oneof(damaged(...new Array<string>(9).fill(SMALL), EXAMPLE), anyForm), (text) => load(text));
});

test('variables of the environment, in every value', async () => {
  const forms = [`"${REFERENCE}"`, `"x${REFERENCE}y${REFERENCE}"`, `"\${A:-${REFERENCE}"`, `"$${REFERENCE}\${"`];
  const value = fc.oneof(anyText, fc.constantFrom(REFERENCE, `$${REFERENCE}`, '/dev/zero', '/nowhere/at/all'));
  const names = fc.constantFrom('A', 'B', 'TOKEN', 'A_FILE', 'TOKEN_FILE');
  const input = fc.record({ form: fc.constantFrom(...forms), text: anyText, env: fc.dictionary(names, value) });
  await survive(input, async ({ form, text, env }) => {
    for (const written of [form, JSON.stringify(text)]) {
      const { root } = await readYaml(
        SMALL.replace('8080', () => written),
        'f',
      );
      if (root !== undefined) await interpolate({ name: 'f', root }, env);
    }
  });
});

test('the text of a key', async () => {
  const pem = newP8();
  const encoded = Buffer.from(pem).toString('base64');
  const json = JSON.stringify({ ...IDS, privateKey: pem });
  await survive(
    fc.oneof(anyText, anyJson, damaged(pem, encoded, json, JSON.stringify(json), vector('keys/p256.sec1.pem'))),
    (text) => parseKeyText(text, 'a test'),
  );
});

const part = fc.oneof(anyText, anyJson).map((text) => Buffer.from(text).toString('base64url'));

test('a client secret, and what Apple would object to', async () => {
  const { publicKey } = await newKey();
  const claims = { iss: 'TEAM', iat: 1, exp: 2, aud: 'https://appleid.apple.com', sub: 'com.example' };
  const valid = [{ alg: 'ES256', kid: 'KEY' }, claims].map((each) =>
    Buffer.from(JSON.stringify(each)).toString('base64url'),
  );
  const whole = `${valid.join('.')}.${'A'.repeat(86)}`;
  const claim = fc.record(
    {
      iss: fc.anything(),
      iat: fc.anything(),
      exp: fc.anything(),
      aud: fc.anything(),
      sub: fc.anything(),
      nbf: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const odd = fc
    .tuple(fc.json(), claim)
    .map(([header, body]) =>
      [header, stringified(body)].map((text) => Buffer.from(text).toString('base64url')).join('.'),
    )
    .map((input) => `${input}.${'A'.repeat(86)}`);
  await survive(
    fc.oneof(
      anyText,
      damaged(whole),
      odd,
      fc.array(part, { minLength: 3, maxLength: 3 }).map((all) => all.join('.')),
    ),
    async (text) => {
      const parsed = parseClientSecret(text);
      if (parsed !== undefined) await objections(parsed, { nowMs: NOW, publicKey, expected: IDS });
    },
  );
});

/** What JSON can hold of a value. */
function stringified(value: unknown): string {
  return JSON.stringify(value, (_, found: unknown) => (typeof found === 'bigint' ? String(found) : found));
}

test('a text that is to be shown', async () => {
  await survive(fc.oneof(anyText, damaged(newP8(), EXAMPLE)), (text) => [
    shown(text),
    shownName(text),
    looksSecret(text),
  ]);
});
