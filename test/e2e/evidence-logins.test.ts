// What the program says of logins, and whom it calls, seen from outside: it finds out in time, says it once and as what
// it is, promises nothing, and leaves a good secret alone. Each test is a row of the table that began it: what the
// program once did wrong.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { evidencePlace, expectInMinutes, shownTargets } from '../support/evidence.ts';
import { fullProvider, IDS } from '../support/pass-rig.ts';
import { envIdOf } from '../support/program.ts';

const OTHER_KEY = 'OTHERKEY01';
const UNASKED = { apple: { check: 'off' } };

test('a fresh journal, and what is deployed is of a revoked key: rotated to the key that Apple accepts, after 5 minutes', async () => {
  const place = await evidencePlace();
  place.useKey(OTHER_KEY, join(place.folder, 'other.p8'));
  const dead = place.mint(100, OTHER_KEY);
  place.place(dead);
  place.world.appleKeys.revoke(OTHER_KEY);
  const first = await place.once();
  expect(first).toMatchObject({
    code: 1,
    state: 'failed',
    logins: { state: 'unknown' },
    error: { code: 'ERR_APPLE_REJECTED_ONCE', message: expect.stringContaining('the deployed client secret') },
  });
  expectInMinutes(first.nextAttemptAt, 5);
  expect(place.secret()).toBe(dead);
  place.later(5 * MINUTE);
  const second = await place.once();
  expect(second).toMatchObject({ code: 0, state: 'rotated', reason: 'RejectedByApple', logins: { state: 'works' } });
  expect(place.told()).toEqual(['critical ended LoginsFail shop']);
  const rotation = { reason: 'RejectedByApple', proof: { apple: 'accepted' }, settles: null };
  expect(place.items().at(-1)).toMatchObject({ rotation });
  expect(place.fault()).toBeUndefined();
});

test('the key of a healthy target is revoked: a critical call within hours, with the step that helps', async () => {
  const place = await evidencePlace({ daysLeft: 100 });
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', logins: { state: 'works' } });
  const deployed = place.secret();
  place.world.appleKeys.revoke(IDS.keyId);
  place.later(4 * HOUR);
  expect(await place.once()).toMatchObject({ code: 1, error: { code: 'ERR_APPLE_REJECTED_ONCE' } });
  expect(place.told()).toEqual([]);
  place.later(5 * MINUTE);
  expect(await place.once()).toMatchObject({
    code: 1,
    state: 'failed',
    reason: 'RejectedByApple',
    logins: { state: 'fails', until: null, because: 'secret' },
    error: { code: 'ERR_APPLE_REJECTED' },
  });
  expect((await place.run(['status'])).code).toBe(1);
  expect(place.told()).toEqual(['critical raised LoginsFail shop']);
  expect(place.items().at(-1)?.next).toMatch(/the Apple Developer portal \(Keys\) that the key is not revoked/);
  expect([place.secret(), place.writes()]).toEqual([deployed, []]);
});

test('an administrator pastes a good secret of a new key: it is left alone, and told once', async () => {
  const place = await evidencePlace();
  expect(await place.once()).toMatchObject({ code: 0, state: 'rotated' });
  place.useKey(OTHER_KEY, join(place.folder, 'other.p8'));
  const theirs = place.mint(170, OTHER_KEY);
  place.place(theirs);
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', logins: { state: 'works' }, error: null });
  expect(place.told()).toEqual(['warning raised SecretReplaced shop']);
  place.later(HOUR);
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy' });
  expect(place.told()).toEqual([]);
  expect([place.secret(), place.writes().length]).toEqual([theirs, 1]);
});

test('login method and environment are deleted: critical after two reads, and nothing is promised', async () => {
  const place = await evidencePlace({ targets: [{ name: 'shop' }, { name: 'web' }], daysLeft: 100, settings: UNASKED });
  expect((await place.run(['once'])).code).toBe(0);
  place.world.providers.delete(envIdOf('shop'), 'apple');
  place.world.providers.deleteEnvironment(envIdOf('web'));
  const first = await place.run(['once', '--json']);
  expect([first.code, shownTargets(first)]).toMatchObject([
    1,
    [
      { state: 'failed', logins: { state: 'unknown' }, error: { code: 'ERR_PROVIDER_NOT_FOUND' } },
      { state: 'failed', logins: { state: 'unknown' }, error: { code: 'ERR_CLOUDBASE_REFUSED' } },
    ],
  ]);
  for (const { nextAttemptAt } of shownTargets(first)) expectInMinutes(nextAttemptAt, 5);
  expect(place.told()).toEqual(['warning raised RenewalFailing shop', 'warning raised RenewalFailing web']);

  place.later(5 * MINUTE);
  const second = await place.run(['once', '--json']);
  const fails = { state: 'fails', until: null, because: 'provider' };
  expect([second.code, shownTargets(second)]).toMatchObject([1, [{ logins: fails }, { logins: fails }]]);
  expect(place.told()).toEqual(['critical raised LoginsFail shop', 'critical raised LoginsFail web']);
  const critical = place.items().filter(({ severity }) => severity === 'critical');
  expect(critical.map(({ loginsUntil }) => loginsUntil)).toEqual([null, null]);
  expect(critical.map(({ title }) => title)).toEqual([
    'Apple logins fail: the Apple login method is gone',
    'Apple logins fail: the environment is deleted, isolated or overdue',
  ]);
  expect(JSON.stringify(place.messages())).not.toMatch(/logins work until/i);
});

test('a login method that is switched off is somebody’s choice, unless the configuration says that it is on', async () => {
  const place = await evidencePlace({ daysLeft: 100, settings: UNASKED });
  place.world.providers.put(envIdOf('shop'), { ...fullProvider(place.mint(100)), On: 'FALSE' });
  const off = { state: 'fails', because: 'provider' };
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', logins: off });
  expect((await place.run(['status'])).code).toBe(0);
  expect(place.told()).toEqual(['warning raised ProviderDisabled shop']);
  const key = { from: 'file', path: place.keyFile };
  place.configure({ targets: [{ name: 'shop', envId: envIdOf('shop'), ...IDS, key, provider: { enabled: true } }] });
  expect(await place.once()).toMatchObject({ code: 1, state: 'failed', logins: off });
  for (const command of ['plan', 'status']) {
    const shown = await place.run([command, '--json']);
    expect([shown.code, shownTargets(shown)]).toMatchObject([1, [{ state: 'failed', logins: off }]]);
  }
  expect(place.told()).toEqual(['critical escalated ProviderDisabled shop']);
});

test('an expired secret that cannot be replaced is told once, first, and as what it is', async () => {
  const place = await evidencePlace({ daysLeft: -5, settings: UNASKED });
  place.world.faults.add({ service: 'tcb', action: 'ModifyProvider', kind: 'error', code: 'UnauthorizedOperation' });
  expect(await place.once()).toMatchObject({ code: 1, logins: { state: 'fails', because: 'secret', until: null } });
  expect(place.told()).toEqual(['critical raised LoginsFail shop']);
  expect(place.items()[0]?.title).toBe('Apple logins fail: the client secret has expired');
  expect(JSON.stringify(place.messages())).not.toMatch(/will expire|want rotation/);
  place.later(HOUR);
  expect(await place.once()).toMatchObject({ code: 1, logins: { state: 'fails' } });
  expect(place.told()).toEqual([]);
});

test('the login check alone shows a rejection: critical after two answers, and nothing is written', async () => {
  const place = await evidencePlace({ daysLeft: 100 });
  const loginEndpoint = `${place.sandbox.url}/login/{envId}`;
  place.configure({ ...UNASKED, cloudbase: { loginCheck: 'observe', loginEndpoint } });
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy' });
  place.world.appleKeys.revoke(IDS.keyId);
  const answers = [];
  for (const ms of [DAY, 5 * MINUTE]) {
    place.later(ms);
    const { code, logins } = await place.once();
    answers.push([code, logins.state, logins.because]);
  }
  expect(answers).toEqual([
    [0, 'unknown', null],
    [1, 'fails', 'login-check'],
  ]);
  expect([place.told(), place.writes()]).toEqual([['critical raised LoginsFail shop'], []]);
});

test('a night of invalid_client for one question: asked again after 5 minutes, and nobody is called', async () => {
  const place = await evidencePlace({ daysLeft: 100 });
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', logins: { state: 'works' } });
  place.later(8 * HOUR);
  place.world.behaviour.apple = 'invalid_client';
  const doubt = await place.once();
  expect(doubt).toMatchObject({ code: 1, state: 'failed', error: { code: 'ERR_APPLE_REJECTED_ONCE' } });
  expect(doubt.logins.state).toBe('unknown');
  expectInMinutes(doubt.nextAttemptAt, 5);
  place.world.behaviour.apple = 'real';
  place.later(5 * MINUTE);
  expect(await place.once()).toMatchObject({ code: 0, state: 'healthy', logins: { state: 'works' }, error: null });
  expect([place.told(), place.writes()]).toEqual([[], []]);
});
