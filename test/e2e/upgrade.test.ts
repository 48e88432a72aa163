// A journal and a configuration of version 0.1.0, made by it (test/vectors/README.md), in the hands of this version: what
// was recorded is read before and after the journal is migrated, and work goes on where that version left it.
import { createPublicKey } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { IDS } from '../support/pass-rig.ts';
import { ownWorkspace } from '../support/program.ts';

const vector = (name: string): Buffer => readFileSync(new URL(`../vectors/${name}`, import.meta.url));
const SECRETS = JSON.parse(vector('secrets-0.1.0.json').toString()) as Record<'shop' | 'forum', string>;

/** The port of the sandbox that 0.1.0 worked with. */
const OLD_PORT = '18473';

/** A folder as 0.1.0 left it, and the providers that it left behind, in a sandbox at another port. */
async function installation() {
  const place = await ownWorkspace({ targets: [{ name: 'shop' }, { name: 'forum' }] });
  const { world, sandbox, folder } = place;
  const key = vector('keys/p256.p8');
  writeFileSync(place.keyFile, key, { mode: 0o600 });
  world.appleKeys.register({
    ...IDS,
    clientIds: [IDS.clientId],
    publicJwk: createPublicKey(key).export({ format: 'jwk' }),
  });
  for (const name of ['shop', 'forum'] as const) place.place(SECRETS[name], name);
  // A target is identified by its endpoint, so the journal is made one of this sandbox; the length stays the same.
  const port = new URL(sandbox.url).port;
  expect(port).toHaveLength(OLD_PORT.length);
  const bytes = vector('journal-0.1.0.db').toString('latin1').replaceAll(`127.0.0.1:${OLD_PORT}`, `127.0.0.1:${port}`);
  const journalFile = join(folder, 'journal-0.1.0.db');
  writeFileSync(journalFile, bytes, 'latin1');
  const config = join(folder, 'config-0.1.0.yaml');
  // Without the key that is gone since.
  writeFileSync(config, vector('config-0.1.0.yaml').toString().replace('  rotated: true\n', ''));
  const env = { ROTATOR_CONFIG: config, SANDBOX_URL: sandbox.url, ALERTS_URL: `${sandbox.url}/inbox/ops` };
  const json = async (...args: string[]) => JSON.parse((await place.run([...args, '--json'], { env })).stdout);
  return { ...place, bytes, journalFile, env, json };
}

const HISTORY = [
  ['forum', 'failed'],
  ['forum', 'failed'],
  ['forum', 'failed'],
  ['forum', 'failed'],
  ['forum', 'failed'],
  ['shop', 'succeeded'],
  ['wiki', 'succeeded'],
];

test('a journal of version 0.1.0 is read as it is, and then gone on with: history, retry state, alerts', async () => {
  const place = await installation();
  const { json, env, folder, journalFile } = place;
  const history = async (): Promise<string[][]> =>
    (await json('history')).rotations.map((row: { target: string; outcome: string }) => [row.target, row.outcome]);
  const open = async (): Promise<string[]> =>
    (await json('alerts')).alerts
      .map(({ cause, target }: { cause: string; target: string | null }) => [cause, target].filter(Boolean).join(' '))
      .sort();

  const status = (await json('status')).targets;
  expect(status).toMatchObject([
    { name: 'shop', state: 'healthy', expiresAt: '2027-05-25T12:46:31.000Z', consecutiveFailures: 0, error: null },
    { name: 'blog', state: 'failed', consecutiveFailures: 2, error: { code: 'ERR_CLOUDBASE_NETWORK' } },
    { name: 'cms', state: 'failed', consecutiveFailures: 2, error: { code: 'ERR_KEY_NOT_FOUND' } },
    { name: 'forum', state: 'healthy', consecutiveFailures: 0 },
  ]);
  expect(await history()).toEqual(HISTORY);
  // What this version no longer knows (JournalEphemeral, TargetRemoved, FleetHalted), or knows with other facts
  // (SecretReplaced), is gone.
  expect(await open()).toEqual(['ChannelFailing', 'RenewalFailing cms']);
  expect(readFileSync(journalFile, 'latin1')).toBe(place.bytes);

  const { code, stderr } = await place.run(['once'], { env });
  expect([code, stderr]).toEqual([1, expect.not.stringContaining('damaged')]);
  const [copy, ...others] = readdirSync(folder).filter((name) => name.endsWith('.bak'));
  expect([copy, others]).toEqual([expect.stringMatching(/^journal-0\.1\.0\.db\.v2-\d{8}T\d{9}Z\.bak$/), []]);
  const kept = new DatabaseSync(join(folder, copy ?? ''), { readOnly: true });
  expect(kept.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
  kept.close();

  expect((await history()).slice(-HISTORY.length)).toEqual(HISTORY);
  const after = (await json('status')).targets;
  // Healthy until its renewal is due on 2027-03-16, and then renewed: never pending, never failed.
  expect(after[0]).toMatchObject({ name: 'shop', state: 'healthy', consecutiveFailures: 0 });
  expect(after.slice(1, 3)).toMatchObject([
    { name: 'blog', state: 'failed', consecutiveFailures: 3 },
    { name: 'cms', state: 'failed', consecutiveFailures: 3 },
  ]);
  expect(place.secret('shop')).toMatch(/^eyJ/);

  // Events that had waited are not told any more; what the channel was not told of is, once, by its cause of now.
  const items = place.world.inbox.flatMap(({ name, body }) =>
    name === 'ops' ? (body as { items: { cause: string; status: string; target: string | null }[] }).items : [],
  );
  const told = items.map(({ cause, status, target }) => [status, cause, target].filter(Boolean).join(' '));
  expect(told.filter((each) => each.includes('KeyUnavailable'))).toEqual(['raised KeyUnavailable']);
  expect(told.join()).not.toContain('RenewalFailing');
  expect(told.join()).not.toMatch(/Rotated|JournalEphemeral|TargetRemoved|FleetHalted/);
  expect(await open()).toContain('KeyUnavailable');
});

test('a configuration with keys that are gone names what took their place', async () => {
  const place = await ownWorkspace();
  const config = join(place.folder, 'old.yaml');
  copyFileSync(new URL('../vectors/config-0.1.0-removed.yaml', import.meta.url), config);
  const { code, stderr } = await place.run(['plan'], { env: { ROTATOR_CONFIG: config } });
  expect(code).toBe(2);
  expect(stderr).toMatch(/line 3\b.* schedule\.maxRotationsPerHour\b[\s\S]* found +a key that was removed/);
  expect(stderr).toContain('Remove the key: writes with one credential and endpoint now go one after another');
  expect(stderr).toMatch(/line 10\b.* targets\[0\]\.adopt\b[\s\S]* found +a key that was removed/);
  expect(stderr).toMatch(/line 12\b.* alerts\.rotated\b[\s\S]* found +a key that was removed/);
  expect(stderr).toContain('Remove the key: rotations that succeed are in the log');
  expect(stderr).toContain('Remove the key: a good client secret is now left alone, no matter who made it');
});
