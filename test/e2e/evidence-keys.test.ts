// A key that is not what the configuration says, seen from outside: nothing is replaced by what it signs, the error says
// what was probably mistyped or swapped, and a correction takes effect at once. Each test is a row of the table that
// began it: what the program once did wrong.
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HOUR } from '../../src/core/time.ts';
import { type EvidencePlace, evidencePlace } from '../support/evidence.ts';
import { IDS } from '../support/pass-rig.ts';
import { envIdOf } from '../support/program.ts';

const MISTYPED = 'KEYAAAAAAB';

/** Gives the target the same private key under another Key ID. */
function mistypeKeyId(place: EvidencePlace): void {
  const path = join(place.folder, 'key.p8');
  copyFileSync(place.keyFile, path);
  const key = { from: 'file', path };
  place.configure({ targets: [{ name: 'shop', envId: envIdOf('shop'), ...IDS, keyId: MISTYPED, key }] });
}

describe('a mistyped Key ID while Apple cannot be reached', () => {
  test('replaces nothing with 100 days left, and is told at once as what it is', async () => {
    const place = await evidencePlace({ settings: { policy: { lifetime: '100d', renewBefore: '30d' } } });
    expect(await place.once()).toMatchObject({ code: 0, state: 'rotated', logins: { state: 'works' } });
    const working = place.secret();
    place.told();
    place.world.behaviour.apple = 'unavailable';
    mistypeKeyId(place);
    expect(await place.once()).toMatchObject({
      code: 1,
      state: 'failed',
      logins: { state: 'works' },
      error: { code: 'ERR_KEY_BINDING', message: expect.stringContaining(MISTYPED) },
    });
    expect(place.told()).toEqual(['warning raised RenewalFailing shop']);
    expect([place.secret(), place.writes().length]).toEqual([working, 1]);
  });

  test('replaces nothing with 17 days left either, is told critically, and is over as soon as it is corrected', async () => {
    const place = await evidencePlace({ daysLeft: 17 });
    const working = place.secret();
    place.world.behaviour.apple = 'unavailable';
    mistypeKeyId(place);
    expect(await place.once()).toMatchObject({
      code: 1,
      state: 'failed',
      reason: 'RenewalDue',
      error: { code: 'ERR_APPLE_UNKNOWN' },
    });
    expect(place.told()).toEqual(['critical raised RenewalFailing shop']);
    expect([place.secret(), place.writes()]).toEqual([working, []]);

    place.later(HOUR);
    place.configure();
    expect(await place.once()).toMatchObject({ code: 0, state: 'rotated', reason: 'RenewalDue', error: null });
    expect(place.fault()).toBeUndefined();
  });

  test('that somebody had pushed over the check is put right an hour later, at once', async () => {
    const place = await evidencePlace({ daysLeft: 100, settings: { apple: { check: 'compare' } } });
    mistypeKeyId(place);
    expect(await place.once('--force', '--no-apple-check')).toMatchObject({ code: 0, state: 'rotated' });
    expect(place.fault()).toBe('kid');
    place.later(HOUR);
    place.configure();
    expect(await place.once()).toMatchObject({ code: 0, state: 'rotated', reason: 'KeyChanged', error: null });
    expect(place.fault()).toBeUndefined();
  });
});

test('the .p8 of a healthy target that we never rotated is swapped under the same Key ID: nothing is replaced', async () => {
  const place = await evidencePlace({ daysLeft: 100 });
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy' });
  const working = place.secret();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(place.keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  expect(await place.once()).toMatchObject({
    code: 1,
    state: 'failed',
    logins: { state: 'works' },
    error: {
      code: 'ERR_KEY_BINDING',
      message: expect.stringMatching(/Key ID KEYAAAAAAA with another private key.* probably mistyped or swapped/),
    },
  });
  expect(place.told()).toEqual(['warning raised RenewalFailing shop']);
  expect([place.secret(), place.writes()]).toEqual([working, []]);
});
