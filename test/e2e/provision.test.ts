// `provision` as a process: what a person sees, its exit statuses, its own credentials. test/campaigns kills it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { secretFault } from '../../src/sandbox/apple.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import { IDS } from '../support/pass-rig.ts';
import { envIdOf } from '../support/program.ts';
import { CALLBACK, emptyWorkspace, writes } from '../support/provision-place.ts';

test('from nothing to a provider that the daemon rotates, and nothing the second time', async () => {
  const place = await emptyWorkspace();
  const dry = await place.run(['provision', '--dry-run']);
  expect(dry.code).toBe(0);
  expect(dry.stdout).toContain('shop: provider apple of shop-1g2h3j is created, switched off until Apple accepts');
  expect(dry.stdout).toMatch(/^linkByEmail +- +false$/m);
  expect(dry.stdout).toMatch(/^enabled +- +true$/m);
  expect(dry.stdout).toContain('anybody who holds an address at Apple');
  expect(dry.stderr).toContain('"action":["tcb:GetProviders","tcb:AddProvider","tcb:ModifyProvider"]');
  expect(dry.stderr).toContain('Take it away afterwards');
  expect(writes(place)).toEqual([]);

  const first = await place.run(['provision', '--yes']);
  expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('shop: switched on')]);
  expect(first.stdout).toContain('shop: as the configuration says, switched on');
  expect(first.stdout).toContain(`Apple's Return URLs: ${CALLBACK}`);
  const written = writes(place).length;
  const second = await place.run(['provision', '--yes', '--json']);
  expect(JSON.parse(second.stdout)).toEqual({
    targets: [
      {
        name: 'shop',
        envId: envIdOf('shop'),
        providerId: 'apple',
        action: 'none',
        differences: [],
        makesSecret: false,
        outcome: 'unchanged',
        redirectUri: null,
        error: null,
      },
    ],
  });
  expect(writes(place)).toHaveLength(written);

  const made = place.secret();
  expect(secretFault(place.world, IDS.clientId, String(made))).toBe(undefined);
  const once = await place.run(['once', '--force']);
  expect([once.code, place.secret() === made]).toEqual([0, false]);
  expect(`${first.stdout}${first.stderr}`).not.toContain(String(made).slice(0, 60));
});

test('without a terminal it asks for --yes before it asks anything of the cloud', async () => {
  const place = await emptyWorkspace();
  expect(await place.run(['provision'])).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: there is no terminal to ask at (ERR_USAGE)\n  Add --yes to change what differs, or --dry-run to see it.\n',
  });
  expect(place.world.requests.log).toEqual([]);
});

describe('credentials of its own', () => {
  const NARROW = {
    statement: [{ effect: 'allow' as const, action: ['tcb:GetProviders', 'tcb:ModifyProvider'], resource: '*' }],
  };

  test('create what those of the daemon may not, whose denial names what is missing', async () => {
    const place = await emptyWorkspace();
    const { credentials } = place.world;
    credentials.set(SANDBOX_CREDENTIALS.secretId, { secretKey: SANDBOX_CREDENTIALS.secretKey, policy: NARROW });
    credentials.set('AKIDsetup', { secretKey: 'setup-key' });
    const denied = await place.run(['provision', '--yes']);
    expect(denied.code).toBe(1);
    expect(denied.stderr).toContain('ERR_CLOUDBASE_DENIED');
    expect(denied.stderr).toContain('tcb:AddProvider');
    // The identity of the daemon stays narrow.
    expect(denied.stderr).toContain('Give credentials that may do this with --credentials, or lend');
    writeFileSync(join(place.folder, 'setup'), '[setup]\nsecret_id = AKIDsetup\nsecret_key = setup-key\n', {
      mode: 0o600,
    });
    const source = '{ from: profile, path: ./setup, profile: setup }';
    expect((await place.run(['provision', '--yes', '--credentials', source])).code).toBe(0);
    expect(
      new Set(
        writes(place)
          .slice(1)
          .map(({ signedBy }) => signedBy),
      ),
    ).toEqual(new Set(['AKIDsetup']));
    expect((await place.run(['once'])).code).toBe(0);
  });

  test.each([
    ['vault', '--credentials is wrong at from'],
    ['{ from: profile, profil: x }', '--credentials is wrong at profil'],
    ['{ from: [', '--credentials is neither a known source nor a mapping'],
  ])('--credentials %s is refused', async (source, message) => {
    const place = await emptyWorkspace();
    const { code, stderr } = await place.run(['provision', '--yes', '--credentials', source]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(place.world.requests.log).toEqual([]);
  });
});

test('what Apple does not accept stays off, with the command that goes on', async () => {
  const place = await emptyWorkspace();
  place.world.behaviour.apple = 'invalid_client';
  const { code, stderr } = await place.run(['provision', '--yes']);
  expect(code).toBe(1);
  expect(stderr).toContain('Apple rejects the client secret (invalid_client), so the provider stays switched off');
  expect(stderr).toContain('apple-secret-rotator provision --target shop');
  expect(place.provider()).toMatchObject({ On: 'FALSE' });
  expect(readFileSync(place.configFile, 'utf8')).toContain(CALLBACK);
});

test('an unknown target is a mistake of the command line', async () => {
  const place = await emptyWorkspace();
  expect((await place.run(['provision', '--yes', '--target', 'shpo'])).code).toBe(2);
});
