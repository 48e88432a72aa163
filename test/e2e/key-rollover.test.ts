// A key is replaced as docs/runbook.md says: the new one goes into the store, Apple accepts a candidate of it, it is pushed,
// `status` shows by which key each secret is signed, and the old one is revoked without a login failing.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseClientSecret } from '../../src/core/client-secret.ts';
import { IDS } from '../support/pass-rig.ts';
import { envIdOf, ownWorkspace } from '../support/program.ts';

const NEW = 'KEYBBBBBBB';
const NAMES = ['shop', 'mall'];

test('a new key, target by target, until the old one can be revoked', async () => {
  const place = await ownWorkspace({ targets: NAMES.map((name) => ({ name })) });
  const keyOf = (name: string) => parseClientSecret(String(place.secret(name)))?.keyId;
  const withKey = (keys: Readonly<Record<string, string>>) =>
    place.configure({
      targets: NAMES.map((name) => {
        const keyId = keys[name] ?? IDS.keyId;
        const path = join(place.folder, `AuthKey_${keyId}.p8`);
        return { name, envId: envIdOf(name), ...IDS, keyId, key: { from: 'file', path } };
      }),
    });
  expect((await place.run(['once'])).code).toBe(0);
  const before = await place.run(['status']);
  expect(before.stdout).toContain(`Key ${IDS.keyId} signs the deployed secret of shop, mall.\n`);
  expect(before.stdout).toContain('Any other key of this team may be revoked, unless something else uses it.\n');

  place.useKey(NEW, join(place.folder, `AuthKey_${NEW}.p8`));
  withKey({ shop: NEW });
  const plan = await place.run(['plan', '--target', 'shop']);
  expect([plan.code, plan.stdout]).toEqual([0, expect.stringContaining('shop: would rotate')]);
  expect((await place.run(['once'])).code).toBe(0);
  expect(NAMES.map(keyOf)).toEqual([NEW, IDS.keyId]);
  const history = JSON.parse((await place.run(['history', '--target', 'shop', '--limit', '1', '--json'])).stdout);
  expect(history.rotations).toMatchObject([
    { reason: 'KeyChanged', keyId: NEW, outcome: 'succeeded', appleCheck: { candidate: 'accepted' } },
  ]);
  const between = await place.run(['status']);
  expect(between.stdout).toContain(`Key ${NEW} signs the deployed secret of shop.\n`);
  expect(between.stdout).toContain(`Key ${IDS.keyId} signs the deployed secret of mall.\n`);
  expect(between.stdout).toContain('Do not revoke a key while it signs one, or may: those logins would fail.\n');

  withKey({ shop: NEW, mall: NEW });
  expect((await place.run(['once', '--target', 'mall', '--force'])).code).toBe(0);
  expect(NAMES.map(keyOf)).toEqual([NEW, NEW]);
  expect((await place.run(['status'])).stdout).toContain('Any other key of this team may be revoked');

  place.world.appleKeys.revoke(IDS.keyId);
  const after = await place.run(['once']);
  expect(after.code).toBe(0);
  const { targets } = JSON.parse((await place.run(['status', '--json'])).stdout);
  for (const target of targets) expect(target).toMatchObject({ state: 'healthy', logins: { state: 'works' } });
}, 120_000);

test('a new key that Apple does not know replaces nothing', async () => {
  const place = await ownWorkspace();
  expect((await place.run(['once'])).code).toBe(0);
  const secret = place.secret();
  const path = join(place.folder, `AuthKey_${NEW}.p8`);
  place.useKey(NEW, path);
  place.world.appleKeys.revoke(NEW);
  place.configure({
    targets: [{ name: 'shop', envId: envIdOf('shop'), ...IDS, keyId: NEW, key: { from: 'file', path } }],
  });
  const { stdout } = await place.run(['once']);
  expect(stdout).toContain('ERR_APPLE_REJECTED_ONCE');
  expect(place.secret()).toBe(secret);
}, 60_000);
