// What Apple's answers, and their absence, may bring about, seen from outside: a working secret is never traded for one
// that nothing shows to be as good, and somebody is called in time. Each test is a row of the table that began it: what
// the program once did wrong.
import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../src/core/time.ts';
import { evidencePlace, expectInMinutes } from '../support/evidence.ts';
import { IDS } from '../support/pass-rig.ts';

describe('a new secret that Apple rejects is not pushed', () => {
  const NOT_PUSHED = { code: 1, state: 'failed', error: { code: 'ERR_APPLE_REJECTED_ONCE' } };

  test('over a hidden one: asked again in 5 minutes, and after an hour somebody is called', async () => {
    const place = await evidencePlace({ daysLeft: 100 });
    const hidden = place.secret();
    place.world.behaviour.showSecret = 'masked';
    place.world.appleKeys.revoke(IDS.keyId);
    const first = await place.once();
    expect(first).toMatchObject({ ...NOT_PUSHED, reason: 'SecretUnreadable', logins: { state: 'unknown' } });
    expectInMinutes(first.nextAttemptAt, 5);
    expect(place.told()).toEqual([]);
    for (const ms of [5 * MINUTE, HOUR]) {
      place.later(ms);
      expect(await place.once()).toMatchObject({ code: 1, state: 'failed', reason: 'SecretUnreadable' });
    }
    expect(place.told()).toEqual(['critical raised AppleRejectsAll shop']);
    expect([place.secret(), place.writes()]).toEqual([hidden, []]);
  });

  test('while it answers invalid_client to everybody', async () => {
    const place = await evidencePlace();
    const working = place.secret();
    place.world.behaviour.apple = 'invalid_client';
    expect(await place.once()).toMatchObject({ ...NOT_PUSHED, reason: 'RenewalDue' });
    expect([place.secret(), place.writes()]).toEqual([working, []]);
  });

  test('while its acceptances mean nothing', async () => {
    const place = await evidencePlace({ daysLeft: 100 });
    place.world.behaviour.apple = 'invalid_grant';
    expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', logins: { state: 'unknown' } });
    const working = place.mint(5);
    place.place(working);
    place.world.behaviour.apple = 'invalid_client';
    expect(await place.once()).toMatchObject({ ...NOT_PUSHED, reason: 'RenewalDue' });
    expect([place.secret(), place.writes()]).toEqual([working, []]);
  });

  test('but over an expired one, which stays a critical story until Apple accepts the new one', async () => {
    const place = await evidencePlace({ daysLeft: -1 });
    place.world.behaviour.apple = 'invalid_client';
    expect(await place.once()).toMatchObject({
      code: 1,
      state: 'failed',
      reason: 'SecretExpired',
      error: { code: 'ERR_APPLE_UNKNOWN' },
      logins: { state: 'unknown' },
    });
    expect(place.fault()).toBeUndefined();
    expect([...place.told()].sort()).toEqual(['critical ended LoginsFail shop', 'critical raised RenewalFailing shop']);
    place.later(5 * MINUTE);
    expect(await place.once()).toMatchObject({ code: 1, state: 'failed', error: { code: 'ERR_APPLE_UNKNOWN' } });
    expect(place.told()).toEqual([]);
    place.world.behaviour.apple = 'real';
    place.later(HOUR);
    expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', logins: { state: 'works' } });
    expect(place.told()).toEqual(['critical cleared RenewalFailing shop']);
    expect(place.writes()).toHaveLength(1);
  });

  test('with --force either, where the key was revoked since Apple accepted it', async () => {
    const place = await evidencePlace();
    expect(await place.once()).toMatchObject({ code: 0, state: 'rotated' });
    const [working, questions] = [place.secret(), place.questions()];
    place.world.appleKeys.revoke(IDS.keyId);
    expect(await place.once('--force')).toMatchObject({ ...NOT_PUSHED, reason: 'Requested' });
    expect(place.questions()).toBeGreaterThan(questions);
    expect((await place.history())[0]).toMatchObject({ outcome: 'failed', appleCheck: { candidate: 'rejected' } });
    expect([place.secret(), place.writes().length]).toEqual([working, 1]);
  });
});
