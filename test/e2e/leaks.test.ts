// What docs/runbook.md says about a leak, done step by step: stop, replace, prove, revoke, prove again. No login fails by
// any step, and afterwards what has leaked is of no use.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { secretFault } from '../../src/sandbox/apple.ts';
import { SANDBOX_CREDENTIALS } from '../../src/sandbox/server.ts';
import { IDS } from '../support/pass-rig.ts';
import { envIdOf, ownWorkspace, type Workspace } from '../support/program.ts';
import { closedPort } from '../support/servers.ts';

const NEW = 'KEYBBBBBBB';

const codeOf = async (place: Workspace, ...args: readonly string[]) => (await place.run(args)).code;

async function loginsOf(place: Workspace): Promise<unknown> {
  const { targets } = JSON.parse((await place.run(['status', '--json'])).stdout);
  return targets[0].logins.state;
}

test('a private key, or a client secret: a new secret does not end the old one, the end of its key does', async () => {
  const place = await ownWorkspace();
  const isGood = (secret: unknown) => secretFault(place.world, IDS.clientId, String(secret)) === undefined;
  expect(await codeOf(place, 'once')).toBe(0);
  const leaked = place.secret();
  expect(await codeOf(place, 'once', '--force')).toBe(0);
  expect([place.secret() === leaked, isGood(leaked)]).toEqual([false, true]);

  const path = join(place.folder, `AuthKey_${NEW}.p8`);
  place.useKey(NEW, path);
  const target = { name: 'shop', envId: envIdOf('shop'), ...IDS, keyId: NEW, key: { from: 'file', path } };
  place.configure({ targets: [target] });
  expect(await codeOf(place, 'once', '--target', 'shop', '--force')).toBe(0);
  const { targets } = JSON.parse((await place.run(['status', '--json'])).stdout);
  expect(targets).toMatchObject([{ keyId: NEW, logins: { state: 'works' } }]);

  place.world.appleKeys.revoke(IDS.keyId);
  expect([isGood(leaked), isGood(place.secret())]).toEqual([false, true]);
  expect([await codeOf(place, 'once'), await loginsOf(place)]).toEqual([0, 'works']);
}, 60_000);

test('a Tencent credential: no login fails while it is disabled, and a new one in its file is enough', async () => {
  const place = await ownWorkspace();
  expect(await codeOf(place, 'once')).toBe(0);
  const secret = place.secret();

  place.world.credentials.delete(SANDBOX_CREDENTIALS.secretId);
  const stopped = await place.run(['once']);
  expect([stopped.code, stopped.stdout]).toEqual([1, expect.stringContaining('ERR_CREDENTIALS_REJECTED')]);
  expect([await loginsOf(place), place.secret()]).toEqual(['works', secret]);

  place.world.credentials.set('AKIDnew', { secretKey: 'new-key' });
  writeFileSync(join(place.folder, 'credentials'), '[default]\nsecret_id = AKIDnew\nsecret_key = new-key\n');
  expect(await codeOf(place, 'plan')).toBe(0);
  expect([await codeOf(place, 'once'), await loginsOf(place)]).toEqual([0, 'works']);
}, 60_000);

test('a token of the HTTP interface: the old one is refused after the restart, and history shows what it asked for', async () => {
  const place = await ownWorkspace({ daysLeft: 170 });
  const port = await closedPort();
  const file = join(place.folder, 'token');
  const [old, fresh] = ['a'.repeat(64), 'b'.repeat(64)];
  place.configure({ http: { port, token: `\${ROTATOR_TOKEN}` } });
  const start = async (token: string) => {
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    const daemon = place.start(['run'], { env: { ROTATOR_TOKEN_FILE: file } });
    await daemon.waitFor((seen) => seen.log().some(({ event }) => event === 'pass.healthy'));
    return daemon;
  };
  const rotate = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`http://127.0.0.1:${port}/api/v1/targets/shop/rotate`, { method: 'POST', headers })).status;
  };
  const first = await start(old);
  expect(await rotate(old)).toBe(202);
  await first.waitFor(/"event":"rotation.succeeded"/);
  first.signal('SIGTERM');
  await first.exited;

  const second = await start(fresh);
  // Once an hour is enough of a target; the token was good.
  expect([await rotate(fresh), await rotate(old)]).toEqual([429, 401]);
  second.signal('SIGTERM');
  await second.exited;
  const { rotations } = JSON.parse((await place.run(['history', '--json'])).stdout);
  expect(rotations.map(({ trigger }: { trigger: string }) => trigger)).toContain('http');
}, 60_000);
