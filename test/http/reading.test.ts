// What is read over HTTP: health, readiness, metrics, targets, rotations, the OpenAPI document.
import { describe, expect, test } from 'vitest';
import { deployedRecord } from '../../src/core/deployed.ts';
import { RotatorError } from '../../src/core/errors.ts';
import { HOUR } from '../../src/core/time.ts';
import { aFinding, aLoginsFail, aStoryOf, DENIED, TIMEOUT } from '../support/alert-findings.ts';
import { aChannel } from '../support/alert-rows.ts';
import { aDeployed } from '../support/builders.ts';
import { DOCUMENT, START, startHttpRig } from './rig.ts';

const PROBLEM = 'tag:apple-secret-rotator,2026:problem/';

describe('/healthz', () => {
  test('answers 200 while the loop turns, and says when it did', async () => {
    const rig = await startHttpRig();
    expect(await rig.call('/healthz')).toMatchObject({ status: 200, json: { status: 'ok', lastTurnSeconds: 1 } });
  });

  test.each(['/healthz', '/readyz', '/metrics'])('as %s does, whatever parameters a probe brings', async (path) => {
    const rig = await startHttpRig();
    expect((await rig.call(`${path}?cache=off`)).status).toBe(200);
  });

  test('answers 503 when it does not, and says for how long', async () => {
    const rig = await startHttpRig();
    rig.state.health = { alive: false, lastTurnMs: 3 * HOUR + 1_000 };
    expect(await rig.call('/healthz')).toMatchObject({
      status: 503,
      json: {
        type: `${PROBLEM}stalled`,
        detail: "the scheduler's loop has not turned for 10801 s; restart the service",
        instance: '/healthz',
      },
    });
  });
});

describe('/readyz', () => {
  test('answers 200 when the journal is writable and every target was tried', async () => {
    const rig = await startHttpRig();
    expect(await rig.call('/readyz')).toMatchObject({ status: 200, json: { status: 'ok' } });
  });

  test('answers 503 with every reason, and names neither targets nor files', async () => {
    const rig = await startHttpRig();
    rig.state.degraded = { error: { code: 'ERR_JOURNAL_UNWRITABLE', params: { problem: 'waiting' } }, since: 0 };
    rig.state.untried = 1;
    const { status, json, text } = await rig.call('/readyz');
    expect({ status, json }).toMatchObject({
      status: 503,
      json: {
        type: `${PROBLEM}not-ready`,
        reasons: ['the journal cannot be written (ERR_JOURNAL_UNWRITABLE)', '1 target was not checked yet'],
      },
    });
    expect(text).not.toMatch(/shop|journal\.db/);
  });

  test('says what keeps replicas from working together, but not beside a journal that nobody can reach', async () => {
    const rig = await startHttpRig();
    rig.state.fleetTrouble = 'no replica leads';
    expect(await rig.call('/readyz')).toMatchObject({ status: 503, json: { reasons: ['no replica leads'] } });
    rig.state.degraded = { error: { code: 'ERR_JOURNAL_UNWRITABLE', params: { problem: 'waiting' } }, since: 0 };
    expect(await rig.call('/readyz')).toMatchObject({
      json: { reasons: ['the journal cannot be written (ERR_JOURNAL_UNWRITABLE)'] },
    });
  });

  test('finds out by writing, at most every 5 s however often it is asked', async () => {
    const rig = await startHttpRig();
    await Promise.all([rig.call('/readyz'), rig.call('/readyz'), rig.call('/readyz')]);
    expect(rig.state.probes).toBe(1);
    await rig.clock.advance(5_000);
    await rig.call('/readyz');
    expect(rig.state.probes).toBe(2);
  });
});

describe('/metrics', () => {
  test('is the text of the metrics with its own type', async () => {
    const rig = await startHttpRig();
    const { status, headers, text } = await rig.call('/metrics');
    expect([status, headers['content-type'], text]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'apple_secret_x 1\n',
    ]);
  });

  test('that cannot be made is 500, and the log says why', async () => {
    const rig = await startHttpRig();
    rig.state.metrics = () => Promise.reject(new Error('a gauge broke'));
    expect(await rig.call('/metrics')).toMatchObject({
      status: 500,
      json: { type: `${PROBLEM}internal`, detail: 'the request could not be served (ERR_INTERNAL); the log says why' },
    });
    expect(rig.events).toMatchObject([
      { event: 'warning', error: { code: 'ERR_INTERNAL', message: expect.stringContaining('a gauge broke') } },
    ]);
  });
});

describe('targets', () => {
  test('are the configured ones, as status shows them: a rotation that succeeded leaves a healthy target', async () => {
    const rig = await startHttpRig();
    await rig.putTarget('shop', {
      state: 'rotated',
      reason: 'RenewalDue',
      renewalAt: START + HOUR,
      lastGatherAt: START,
      deployed: deployedRecord(aDeployed({ expiresAt: START + 2 * HOUR })),
    });
    await rig.putTarget('gone', { state: 'healthy' });
    const { status, json } = await rig.call('/api/v1/targets');
    const nothing = { renewalAt: null, lastRotationAt: null, nextAttemptAt: null, expiresAt: null, error: null };
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        targets: [
          {
            ...nothing,
            name: 'shop',
            envId: 'env-shop',
            providerId: 'apple',
            state: 'healthy',
            reason: null,
            keyId: 'K1L2M3N4O5',
            expiresAt: '2026-11-22T02:00:00.000Z',
            renewalAt: '2026-11-22T01:00:00.000Z',
            consecutiveFailures: 0,
            logins: {
              state: 'unknown',
              until: '2026-11-22T02:00:00.000Z',
              because: null,
              evidence: [{ kind: 'secret', verdict: 'unknown', at: '2026-11-22T00:00:00.000Z', detail: 'valid' }],
            },
          },
          {
            ...nothing,
            name: 'blog',
            envId: 'env-blog',
            providerId: 'apple',
            state: 'unknown',
            reason: null,
            keyId: null,
            consecutiveFailures: 0,
            logins: { state: 'unknown', until: null, because: null, evidence: [] },
          },
        ],
      },
    });
  });

  test('one is the bare object, its error included', async () => {
    const rig = await startHttpRig();
    const error = { code: 'ERR_KEY_NOT_FOUND', message: 'there is no key file', hint: 'Mount it.' } as const;
    await rig.putTarget('blog', { state: 'failed', error, retry: { failures: 2, nextAttemptAt: null } });
    expect(await rig.call('/api/v1/targets/blog')).toMatchObject({
      status: 200,
      json: { name: 'blog', state: 'failed', consecutiveFailures: 2, error },
    });
  });

  test('say of logins that fail by which evidence, and are not healthy', async () => {
    const rig = await startHttpRig();
    const deployed = deployedRecord(aDeployed({ expiresAt: START }));
    await rig.putTarget('shop', { state: 'healthy', lastGatherAt: START, deployed });
    expect(await rig.call('/api/v1/targets/shop')).toMatchObject({
      json: {
        state: 'failed',
        logins: {
          state: 'fails',
          until: null,
          because: 'secret',
          evidence: [{ kind: 'secret', verdict: 'fails', at: '2026-11-22T00:00:00.000Z', detail: 'expired' }],
        },
      },
    });
  });

  test('one that is not configured is 404, also where the journal knows it', async () => {
    const rig = await startHttpRig();
    await rig.putTarget('gone', { state: 'healthy' });
    for (const name of ['gone', 'SHOP', 'shop%2Frotate', '%E4%BA%91', '%ff'])
      expect(await rig.call(`/api/v1/targets/${name}`)).toMatchObject({
        status: 404,
        json: { type: `${PROBLEM}target-not-found` },
      });
  });

  test('follow a reload', async () => {
    const rig = await startHttpRig();
    rig.configured.targets = rig.configured.targets.slice(1);
    expect(await rig.call('/api/v1/targets/shop')).toMatchObject({ status: 404 });
  });
});

describe('rotations', () => {
  test('are those of all targets, newest first, 20 unless told otherwise', async () => {
    const rig = await startHttpRig();
    const ids: string[] = [];
    for (let n = 0; n < 25; n += 1) ids.unshift((await rig.putRotation({ startedAt: START + n })).id);
    const all = (await rig.call('/api/v1/rotations?limit=1000')).json as { rotations: { id: string }[] };
    expect(all.rotations.map(({ id }) => id)).toEqual(ids);
    const usual = (await rig.call('/api/v1/rotations')).json as { rotations: unknown[] };
    expect(usual.rotations).toEqual(all.rotations.slice(0, 20));
  });

  test('of one target are found by its name, also under a name that it had or that has gone', async () => {
    const rig = await startHttpRig();
    const renamed = await rig.putRotation({ target: 'old-shop' });
    const gone = await rig.putRotation({ target: 'gone', targetKey: 'https://x|y|apple' });
    await rig.putRotation({ target: 'blog', targetKey: rig.key('blog') });
    for (const [name, id] of [
      ['shop', renamed.id],
      ['gone', gone.id],
    ])
      expect(await rig.call(`/api/v1/rotations?target=${name}`)).toMatchObject({ json: { rotations: [{ id }] } });
    expect(await rig.call('/api/v1/rotations?target=nobody')).toMatchObject({ status: 200, json: { rotations: [] } });
  });

  test('show every field of history, an error and an open outcome included', async () => {
    const rig = await startHttpRig();
    await rig.putRotation({
      finishedAt: START + 1,
      outcome: 'blocked',
      requestedBy: 'http token from 127.0.0.1',
      error: { code: 'ERR_APPLE_REJECTED', message: 'rejected', hint: 'Look.' },
    });
    const { id } = await rig.putRotation({});
    const proof = { readBack: 'seen', apple: 'accepted', loginCheck: 'unknown' } as const;
    await rig.putRotation({ outcome: 'succeeded', finishedAt: START + 2, proof, settles: id });
    const { json } = await rig.call('/api/v1/rotations');
    expect(json).toMatchObject({
      rotations: [
        { outcome: 'succeeded', proof, settles: id },
        { outcome: null, finishedAt: null, proof: null, settles: null },
        { outcome: 'blocked', requestedBy: 'http token from 127.0.0.1', error: { code: 'ERR_APPLE_REJECTED' } },
      ],
    });
  });

  test.each([
    ['limit=0', 'limit cannot be used; see /openapi.json'],
    ['limit=1001', 'limit cannot be used; see /openapi.json'],
    ['limit=ten', 'limit cannot be used; see /openapi.json'],
    ['target=', 'target cannot be used; see /openapi.json'],
    ['target=&limit=', 'target and limit cannot be used; see /openapi.json'],
    ['targets=shop', 'unknown query parameter; known here: before, target, language, limit'],
  ])('by %s cannot be asked for', async (query, detail) => {
    const rig = await startHttpRig();
    expect(await rig.call(`/api/v1/rotations?${query}`)).toMatchObject({
      status: 400,
      json: { type: `${PROBLEM}bad-request`, detail },
    });
  });

  test('that the journal cannot read are 500', async () => {
    const rig = await startHttpRig();
    rig.state.unreadable = new RotatorError('ERR_JOURNAL_NEWER', { path: 'j.db', version: 9, known: 3, copy: null });
    expect(await rig.call('/api/v1/rotations?target=shop')).toMatchObject({
      status: 500,
      json: { detail: 'the request could not be served (ERR_JOURNAL_NEWER); the log says why' },
    });
    expect(rig.events).toMatchObject([{ event: 'warning', error: { code: 'ERR_JOURNAL_NEWER' } }]);
  });
});

test('alerts are what is wrong now, by cause, and who was told of it', async () => {
  const rig = await startHttpRig();
  expect(await rig.call('/api/v1/alerts')).toMatchObject({ status: 200, json: { alerts: [], channels: [{}] } });
  await rig.journal.updateAlerts(() => ({
    putStories: [aStoryOf(aLoginsFail({}, DENIED)), aStoryOf(aFinding('ClockSkewed', { skewMs: 75_000 }))],
    putChannels: [aChannel('ops', { failures: 1, failingSince: START, error: TIMEOUT })],
  }));
  await rig.clock.advance(24 * 3_600_000);
  expect(await rig.call('/api/v1/alerts')).toMatchObject({
    json: {
      alerts: [
        {
          cause: 'LoginsFail',
          severity: 'critical',
          targets: [{ name: 'shop-prod', loginsUntil: null }],
          channels: [{ name: 'ops', toldAt: null, delivered: false }],
          error: { code: 'ERR_CLOUDBASE_DENIED' },
        },
        { cause: 'ClockSkewed', targets: [], error: null },
      ],
      channels: [{ name: 'ops', waiting: 2, failures: 1, error: { code: 'ERR_CLOUDBASE_TIMEOUT' } }],
    },
  });
});

describe('/openapi.json', () => {
  test('is the document that these tests hold the answers to', async () => {
    const rig = await startHttpRig();
    expect(await rig.call('/openapi.json')).toMatchObject({ status: 200, json: DOCUMENT });
  });
});
