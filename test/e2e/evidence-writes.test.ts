// What the program writes into a provider, seen from outside: nothing but the secret, nothing that is no better, nothing
// over somebody else, and every loss is put right or told. Each story is a row of the table that began it: what the
// program once did wrong.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/core/client-secret.ts';
import { DAY, HOUR, SECOND } from '../../src/core/time.ts';
import { evidencePlace, shownTargets } from '../support/evidence.ts';
import { fullProvider } from '../support/pass-rig.ts';
import { envIdOf } from '../support/program.ts';

const UNASKED = { apple: { check: 'off' } };
const OTHER_KEY = 'OTHERKEY01';

/** CloudBase stores our secret cut short; the old one had 50 good days. */
async function cutShort() {
  const place = await evidencePlace({ daysLeft: 50, settings: UNASKED });
  const { behaviour, requests } = place.world;
  const good = place.secret();
  behaviour.storeSecret = 'cut';
  requests.before('tcb', 'ModifyProvider', () => {
    if (place.writes().length === 2) behaviour.storeSecret = 'as-sent';
  });
  expect(await place.once()).toMatchObject({ code: 1, state: 'failed', error: { code: 'ERR_ROLLED_BACK' } });
  expect([place.secret(), place.writes().length]).toEqual([good, 2]);
  expect((await place.history())[0]).toMatchObject({ outcome: 'rolled-back' });
}

/** A write takes effect 20 s after we gave up on it. */
async function arrivesLate() {
  let ahead = 0;
  const place = await evidencePlace({ clock: { now: () => Date.now() + ahead } });
  place.configure(UNASKED);
  place.world.behaviour.lateWriteSeconds = 30;
  const before = place.secret();
  expect(await place.once()).toMatchObject({ code: 1, state: 'failed', error: { code: 'ERR_NOT_APPLIED' } });
  expect(place.secret()).toBe(before);
  ahead = 30 * SECOND;
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', error: null });
  const [settling, failed] = await place.history();
  expect(failed).toMatchObject({ outcome: 'failed', settles: null });
  expect(settling).toMatchObject({
    outcome: 'succeeded',
    settles: failed?.id,
    fingerprint: fingerprint(String(place.secret())),
    error: null,
  });
  expect(place.items().at(-1)).toMatchObject({
    status: 'cleared',
    cause: 'RenewalFailing',
    rotation: { id: settling?.id, settles: failed?.id, proof: { readBack: 'seen' } },
  });
  expect(place.writes()).toHaveLength(1);
}

/** Our write spoils a field, and another process takes over before it is restored: it is the one that restores it. */
async function leaseLost() {
  const place = await evidencePlace({ settings: UNASKED });
  place.world.behaviour.rediscovery = 'once';
  let isTaken = false;
  place.world.requests.before('tcb', 'GetProviders', () => {
    if (place.writes().length === 0 || isTaken) return;
    isTaken = true;
    const db = new DatabaseSync(place.journalFile);
    db.prepare('UPDATE leases SET token = ?').run('of another process');
    db.close();
  });
  const wanted = place.provider()?.Config['AuthorizationEndpoint'];
  const result = await place.once();
  expect(result).toMatchObject({ code: 1, error: { code: 'ERR_LEASE_LOST' } });
  expect(result.stderr).toContain('another process took over this target (ERR_LEASE_LOST)');
  expect([place.writes().length, await place.history()]).toMatchObject([1, [{ outcome: null }]]);
  const db = new DatabaseSync(place.journalFile);
  db.exec('DELETE FROM leases');
  db.close();
  expect(await place.once()).toMatchObject({ code: 0, error: null });
  expect([place.writes().length, await place.history()]).toMatchObject([2, [{ outcome: 'succeeded' }]]);
  expect(place.provider()?.Config['AuthorizationEndpoint']).toBe(wanted);
}

/** A maintenance: all secrets of an environment read empty, though they are there. */
async function readsEmpty() {
  const names = ['shop', 'web'];
  const regions = ['ap-shanghai', 'ap-guangzhou'];
  const targets = names.map((name, i) => ({ name, cloudbase: { region: regions[i] ?? '' } }));
  const place = await evidencePlace({ targets, settings: UNASKED });
  const states = async () => {
    const { code, stdout } = await place.run(['once', '--json']);
    return [code, ...shownTargets({ stdout }).map(({ state, reason }) => [state, reason])];
  };
  expect(await states()).toEqual([0, ['rotated', 'RenewalDue'], ['rotated', 'RenewalDue']]);
  place.configure({ apple: { check: 'compare' } });
  place.later(2 * DAY);
  place.world.behaviour.showSecret = 'empty';
  expect(await states()).toEqual([0, ['unverified', 'SecretMissing'], ['unverified', 'SecretMissing']]);
  expect(place.told()).toEqual(['warning raised Unverified']);
  place.later(HOUR);
  expect(await states()).toEqual([0, ['healthy', null], ['healthy', null]]);
  place.world.behaviour.showSecret = 'clear';
  place.later(HOUR);
  expect(await states()).toEqual([0, ['healthy', null], ['healthy', null]]);
  expect(place.told()).toEqual(['warning cleared Unverified']);
  expect(place.writes()).toHaveLength(4);
}

// Each takes the 10 s for which a read-back waits, so they are told side by side, each in a world of its own.
test('a write that reads back badly is undone, settled, left alone or stood in for', async () => {
  await Promise.all([cutShort(), arrivesLate(), leaseLost(), readsEmpty()]);
});

test('all secrets of an environment are saved empty: written once, one after another, with what Apple accepts alone', async () => {
  const dead = { name: 'dead', keyId: OTHER_KEY, key: { from: 'file', path: './other.p8' } };
  const names = ['a', 'b', 'c', 'dead'];
  const place = await evidencePlace({
    targets: [{ name: 'a' }, { name: 'b' }, { name: 'c' }, dead],
    settings: UNASKED,
  });
  place.useKey(OTHER_KEY, join(place.folder, 'other.p8'));
  place.place(place.mint(5, OTHER_KEY), 'dead');
  place.world.appleKeys.revoke(OTHER_KEY);
  expect((await place.run(['once'])).code).toBe(0);
  place.configure({ apple: { check: 'compare' } });
  place.later(2 * DAY);
  for (const name of names) place.patch({ ClientSecret: '' }, name);
  place.world.requests.clearLog();
  const { code, stdout } = await place.run(['once', '--json']);
  const accepted = { state: 'rotated', reason: 'SecretMissing', logins: { state: 'works' } };
  const rejected = { state: 'failed', reason: 'SecretMissing', error: { code: 'ERR_APPLE_REJECTED_ONCE' } };
  expect([code, shownTargets({ stdout })]).toMatchObject([1, [accepted, accepted, accepted, rejected]]);
  expect(names.map((name) => place.secret(name) === '')).toEqual([false, false, false, true]);
  // Each is read again before it is written, and read back before the next one has its turn.
  const calls = place.world.requests.log.filter(({ service }) => service === 'tcb').slice(names.length);
  const turns = [0, 3, 6].map((first) => calls.slice(first, first + 3));
  expect(turns.map((turn) => turn.map(({ action }) => action))).toEqual(
    turns.map(() => ['GetProviders', 'ModifyProvider', 'GetProviders']),
  );
  expect(turns.map((turn) => [...new Set(turn.map(({ envId }) => envId))]).sort()).toEqual(
    ['a', 'b', 'c'].map((name) => [envIdOf(name)]),
  );
  expect(calls).toHaveLength(9);
  expect(place.told()).toEqual(['warning raised SecretNotShown 4 targets']);
});

describe('fields that a read does not show', () => {
  test('survive in the form `secret`', async () => {
    const place = await evidencePlace({ settings: { ...UNASKED, cloudbase: { write: 'secret' } } });
    const before = place.provider();
    place.world.behaviour.hiddenKeys = 'both';
    expect(await place.once()).toMatchObject({ code: 0, state: 'rotated', error: null });
    expect(place.provider()).toEqual({ ...before, Config: { ...before?.Config, ClientSecret: place.secret() } });
  });

  test('a loss in that form is put right, told, and the form is not used again until a person says so', async () => {
    const place = await evidencePlace({ settings: { ...UNASKED, cloudbase: { write: 'secret' } } });
    place.world.providers.put(envIdOf('shop'), { ...fullProvider(place.mint(5)), ProviderType: 'OAUTH' });
    place.world.behaviour.configWrite = 'replace';
    const before = place.provider();
    const harmed = await place.once();
    expect(harmed).toMatchObject({ code: 0, state: 'rotated' });
    expect(harmed.stderr).toContain('an earlier write of the client secret alone changed other fields');
    const lost = (path: string, value: unknown) => (path === 'ClientSecret' || value === null ? undefined : value);
    const others = (provider: unknown) => JSON.parse(JSON.stringify(provider, lost));
    expect(others(place.provider())).toEqual(others(before));
    // Renewal is due again, long after.
    place.later(8 * DAY);
    const next = place.mint(30);
    place.patch({ ClientSecret: next });
    expect(await place.once()).toMatchObject({
      code: 1,
      state: 'failed',
      error: { code: 'ERR_PROVIDER_NOT_ROUNDTRIPPABLE', hint: expect.stringContaining('`cloudbase.write` to whole') },
    });
    expect(place.told()).toContain('warning raised RenewalFailing shop');
    expect(place.secret()).toBe(next);
    expect(await place.once('--force')).toMatchObject({ code: 0, state: 'rotated' });
  });
});

test('a key that a read shows and a write refuses is named, with what to do', async () => {
  const place = await evidencePlace({ settings: UNASKED });
  const before = place.provider();
  place.world.behaviour.refusedKeys = 'top';
  expect(await place.once()).toMatchObject({
    code: 1,
    state: 'failed',
    error: {
      code: 'ERR_CLOUDBASE_REFUSED',
      message: expect.stringContaining('does not know the parameter Config.RevocationEndpoint (UnknownParameter)'),
      hint: expect.stringContaining('Set `cloudbase.write: secret` if CloudBase merges what it is sent'),
    },
  });
  expect(place.provider()).toEqual(before);
  expect(place.told()).toEqual(['critical raised RenewalFailing shop']);
  expect(place.items()[0]?.what).toContain('Config.RevocationEndpoint');
});
