// POST …/rotate: every answer of its contract. The daemon is the test's; how the real one answers is in the daemon's
// own tests, and the whole of it in daemon.test.ts.
import { describe, expect, test } from 'vitest';
import { RotatorError } from '../../src/core/errors.ts';
import { HOUR } from '../../src/core/time.ts';
import type { RequestAnswer } from '../../src/daemon/rotation-requests.ts';
import { START, startHttpRig, TOKEN } from './rig.ts';

const PROBLEM = 'tag:apple-secret-rotator,2026:problem/';
const tokens = { token: TOKEN };
const key = (text: string) => ({ 'idempotency-key': text });

describe('a request to rotate', () => {
  test('is 202 with the id of the row, says where to look, and names who asked', async () => {
    const rig = await startHttpRig({ tokens });
    const { status, headers, json } = await rig.rotate('shop');
    expect(status).toBe(202);
    expect(headers['location']).toBe('/api/v1/rotations?target=shop');
    const { json: found } = await rig.call(headers['location'] ?? '');
    const by = { requestedBy: 'http token from 127.0.0.1', trigger: 'http' };
    expect(found).toMatchObject({ rotations: [{ ...(json as object), ...by }] });
    expect(rig.state.asked).toEqual([{ key: rig.key('shop'), requestedBy: 'http token from 127.0.0.1' }]);
  });

  test.each(['::', '::1'])('over %s names the peer without the prefix of a mapped address', async (host) => {
    const rig = await startHttpRig({ host, tokens });
    await rig.rotate('shop');
    expect(rig.state.asked[0]?.requestedBy).toBe('http token from ::1');
  });

  test('of a target that is not configured is 404', async () => {
    const rig = await startHttpRig({ tokens });
    expect(await rig.rotate('nobody')).toMatchObject({ status: 404, json: { type: `${PROBLEM}target-not-found` } });
    const gone = new RotatorError('ERR_USAGE', { problem: 'target-gone' });
    rig.state.onRequest = async () => ({ kind: 'refused', error: gone });
    expect(await rig.rotate('shop')).toMatchObject({ status: 404, json: { type: `${PROBLEM}target-not-found` } });
  });

  test('while a rotation of the target runs is 409 with its id, and is not asked of the daemon', async () => {
    const rig = await startHttpRig({ tokens });
    const { id } = await rig.putRotation({});
    rig.state.running.set(rig.key('shop'), id);
    expect(await rig.rotate('shop')).toMatchObject({ status: 409, json: { type: `${PROBLEM}rotation-running`, id } });
    expect(rig.state.asked).toEqual([]);
    expect((await rig.rotate('blog')).status).toBe(202);
  });

  test('that finds a rotation begun meanwhile, here or by another process, is 409 with its id', async () => {
    const rig = await startHttpRig({ tokens });
    const { id } = await rig.putRotation({ trigger: 'cli' });
    rig.state.onRequest = async () => ({ kind: 'running', id });
    expect(await rig.rotate('shop')).toMatchObject({ status: 409, json: { id } });
    const held = new RotatorError('ERR_LEASE_HELD', null);
    rig.state.onRequest = async () => ({ kind: 'refused', error: held });
    expect(await rig.rotate('shop')).toMatchObject({ status: 409, json: { id } });
    expect(await rig.rotate('blog')).toMatchObject({ status: 503, json: { type: `${PROBLEM}not-begun` } });
  });

  test.each([
    new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'waiting' }),
    new RotatorError('ERR_INTERRUPTED', { problem: 'no-new' }),
  ])('that fails by $code before it has a row is 503 with the reason', async (error) => {
    const rig = await startHttpRig({ tokens });
    rig.state.onRequest = async () => ({ kind: 'refused', error });
    const { status, json, headers } = await rig.rotate('shop');
    expect({ status, json }).toMatchObject({
      status: 503,
      json: { type: `${PROBLEM}not-begun`, detail: `${error.message} (${error.code}). ${error.hint}` },
    });
    expect(headers['retry-after']).toBe('10');
  });
});

describe('the limit of one an hour', () => {
  test('is 429 until the hour is over, to the second; other targets are free', async () => {
    const rig = await startHttpRig({ tokens });
    expect((await rig.rotate('shop')).status).toBe(202);
    await rig.clock.advance(HOUR - 1_500);
    const { status, json, headers } = await rig.rotate('shop');
    expect({ status, json }).toMatchObject({ status: 429, json: { type: `${PROBLEM}asked-too-often` } });
    expect(headers['retry-after']).toBe('2');
    expect((await rig.rotate('blog')).status).toBe(202);
    await rig.clock.advance(1_499);
    expect((await rig.rotate('shop')).status).toBe(429);
    await rig.clock.advance(1);
    expect((await rig.rotate('shop')).status).toBe(202);
  });

  test('is counted in the journal, so that a restart does not end it', async () => {
    const rig = await startHttpRig({ tokens });
    await rig.putRotation({ trigger: 'http', startedAt: START - HOUR / 2, outcome: 'failed', finishedAt: START });
    expect((await rig.rotate('shop')).status).toBe(429);
  });

  test.each([
    ['of the schedule', { trigger: 'schedule' }],
    ['by hand', { trigger: 'cli' }],
    [
      'that was dropped at a stop before it wrote',
      { trigger: 'http', error: { code: 'ERR_INTERRUPTED', message: 'm', hint: 'h' } },
    ],
    ['of a clock that was a day ahead', { trigger: 'http', startedAt: START + 24 * HOUR }],
  ] as const)('does not count a rotation %s', async (_, change) => {
    const rig = await startHttpRig({ tokens });
    await rig.putRotation({ outcome: 'failed', finishedAt: START, ...change });
    expect((await rig.rotate('shop')).status).toBe(202);
  });

  test('holds when the clock was set back a little', async () => {
    const rig = await startHttpRig({ tokens });
    await rig.rotate('shop');
    rig.clock.step(-30_000);
    expect((await rig.rotate('shop')).status).toBe(429);
  });

  test('holds for requests that arrive together: one begins, the others are told', async () => {
    const rig = await startHttpRig({ tokens });
    const answer = rig.state.onRequest;
    const gate = Promise.withResolvers<void>();
    rig.state.onRequest = async (...request) => {
      await gate.promise;
      return answer(...request);
    };
    const sent = Array.from({ length: 8 }, () => rig.rotate('shop'));
    // Answers to requests that were sent later: by then all of these have arrived.
    for (let n = 0; n < 3; n += 1) await rig.call('/healthz');
    gate.resolve();
    const replies = await Promise.all(sent);
    expect(replies.map(({ status }) => status).sort()).toEqual([202, 429, 429, 429, 429, 429, 429, 429]);
    expect(rig.state.asked).toHaveLength(1);
  });
});

describe('an Idempotency-Key', () => {
  test('gets the same answer for 24 h, and nothing is begun again', async () => {
    const rig = await startHttpRig({ tokens });
    const first = await rig.rotate('shop', key('deploy-42'));
    await rig.clock.advance(24 * HOUR - 1);
    const second = await rig.rotate('shop', key('deploy-42'));
    expect([second.status, second.json, second.headers['location']]).toEqual([
      202,
      first.json,
      first.headers['location'],
    ]);
    expect(rig.state.asked).toHaveLength(1);
    await rig.clock.advance(1);
    expect((await rig.rotate('shop', key('deploy-42'))).json).not.toEqual(first.json);
    expect(rig.state.asked).toHaveLength(2);
  });

  test('that is sent twice at once begins one rotation', async () => {
    const rig = await startHttpRig({ tokens });
    const replies = await Promise.all([1, 2, 3].map(() => rig.rotate('shop', key('k'))));
    expect(new Set(replies.map(({ json }) => (json as { id: string }).id)).size).toBe(1);
    expect(rig.state.asked).toHaveLength(1);
  });

  test('of another target is 422', async () => {
    const rig = await startHttpRig({ tokens });
    await rig.rotate('shop', key('k'));
    expect(await rig.rotate('blog', key('k'))).toMatchObject({
      status: 422,
      json: { type: `${PROBLEM}idempotency-key-reused` },
    });
  });

  test('of a request that was refused may be sent again', async () => {
    const rig = await startHttpRig({ tokens });
    const answer = rig.state.onRequest;
    const error = new RotatorError('ERR_JOURNAL_UNWRITABLE', { problem: 'waiting' });
    rig.state.onRequest = async () => ({ kind: 'refused', error });
    expect((await rig.rotate('shop', key('k'))).status).toBe(503);
    rig.state.onRequest = answer;
    expect((await rig.rotate('shop', key('k'))).status).toBe(202);
  });

  test('is forgotten for newer ones after a thousand', async () => {
    const names = Array.from({ length: 1_001 }, (_, n) => `t${n}`);
    const rig = await startHttpRig({ tokens, targets: names });
    for (const name of names) await rig.rotate(name, key(`key-${name}`));
    expect((await rig.rotate('t1000', key('key-t1000'))).status).toBe(202);
    expect((await rig.rotate('t0', key('key-t0'))).status).toBe(429);
  });

  test.each(['', 'two words', 'ü', 'x'.repeat(256)])('%j is none', async (text) => {
    const rig = await startHttpRig({ tokens });
    expect(await rig.rotate('shop', key(Buffer.from(text).toString('latin1')))).toMatchObject({ status: 400 });
    expect(rig.state.asked).toEqual([]);
  });
});

describe('beside another process', () => {
  test('a rotation that runs there is 409 with its id, though it was asked for within the hour', async () => {
    const rig = await startHttpRig({ tokens });
    const { id } = await rig.putRotation({ trigger: 'http' });
    await rig.journal.acquireLease(rig.key('shop'), 'daemon:elsewhere');
    expect(await rig.rotate('shop')).toMatchObject({ status: 409, json: { id } });
    expect(rig.state.asked).toEqual([]);
  });

  test('a request waits for that of the other one, and is then held to its limit', async () => {
    const rig = await startHttpRig({ tokens });
    const lease = `request:${rig.key('shop')}`;
    await rig.journal.acquireLease(lease, 'request:elsewhere');
    const reply = rig.rotate('shop');
    for (let n = 0; n < 3; n += 1) await rig.call('/healthz');
    await rig.putRotation({ trigger: 'http', outcome: 'succeeded', finishedAt: START });
    await rig.journal.releaseLease(lease, 'request:elsewhere');
    await rig.clock.advance(250);
    expect((await reply).status).toBe(429);
    expect(rig.state.asked).toEqual([]);
  });

  test('a request that is never answered there is 503 in the end', async () => {
    const rig = await startHttpRig({ tokens });
    await rig.journal.acquireLease(`request:${rig.key('shop')}`, 'request:elsewhere');
    const reply = rig.rotate('shop');
    for (let n = 0; n < 3; n += 1) await rig.call('/healthz');
    await rig.clock.advance(20_000);
    expect((await reply).status).toBe(503);
  });
});

describe('a request that waits for its turn', () => {
  test('is 503 after a while, begins all the same, and the same key then gets its id', async () => {
    const rig = await startHttpRig({ tokens });
    const turn = Promise.withResolvers<RequestAnswer>();
    const asked = Promise.withResolvers<void>();
    rig.state.onRequest = () => {
      asked.resolve();
      return turn.promise;
    };
    const first = rig.rotate('shop', key('k'));
    await asked.promise;
    await rig.clock.advance(20_000);
    expect(await first).toMatchObject({
      status: 503,
      json: { type: `${PROBLEM}not-begun`, detail: expect.stringContaining('then begins without another request') },
    });
    const { id } = await rig.putRotation({ trigger: 'http' });
    turn.resolve({ kind: 'started', id });
    expect(await rig.rotate('shop', key('k'))).toMatchObject({ status: 202, json: { id } });
    rig.state.running.set(rig.key('shop'), id);
    expect(await rig.rotate('shop')).toMatchObject({ status: 409, json: { id } });
    expect(rig.state.asked).toHaveLength(1);
  });
});

describe('the body', () => {
  test.each([
    ['nothing', undefined, {}],
    ['an empty object', '{}', { 'content-type': 'application/json' }],
    ['an empty object with a charset', ' {} ', { 'content-type': 'application/json; charset=utf-8' }],
  ])('may be %s', async (_, body, headers) => {
    const rig = await startHttpRig({ tokens });
    expect((await rig.rotate('shop', headers, body)).status).toBe(202);
  });

  test.each([
    ['no JSON', 400, '{', { 'content-type': 'application/json' }],
    ['a wish that is not known', 400, '{"force":true}', { 'content-type': 'application/json' }],
    ['a list', 400, '[]', { 'content-type': 'application/json' }],
    ['a form', 415, 'force=true', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['of no type', 415, '{}', {}],
    ['of a type that only begins like JSON', 415, '{}', { 'content-type': 'application/jsonp' }],
  ])('that is %s is %i', async (_, status, body, headers) => {
    const rig = await startHttpRig({ tokens });
    expect((await rig.rotate('shop', headers, body)).status).toBe(status);
    expect(rig.state.asked).toEqual([]);
  });

  test('over 64 KB is 413, announced or not', async () => {
    const rig = await startHttpRig({ tokens });
    const body = `{${' '.repeat(65_535)}}`;
    const refused = { status: 413, json: { type: `${PROBLEM}body-too-large`, detail: 'the body is over 65536 bytes' } };
    const type = { 'content-type': 'application/json' };
    expect(await rig.rotate('shop', type, body)).toMatchObject(refused);
    expect(await rig.rotate('shop', { ...type, 'transfer-encoding': 'chunked' }, body)).toMatchObject(refused);
    expect((await rig.rotate('shop', type, `{${' '.repeat(65_534)}}`)).status).toBe(202);
  });
});
