// Who may do what: tokens, binds, the Host header. Nothing of a token is in any answer (the rig looks).
import { describe, expect, test } from 'vitest';
import { HOUR } from '../../src/core/time.ts';
import { READ_TOKEN, startHttpRig, TOKEN } from './rig.ts';

const PROBLEM = 'tag:apple-secret-rotator,2026:problem/';
const READING = ['/api/v1/targets', '/api/v1/targets/shop', '/api/v1/rotations', '/api/v1/alerts', '/openapi.json'];
const OPEN = ['/healthz', '/readyz', '/metrics'];
const both = { token: TOKEN, readToken: READ_TOKEN };

describe('reading', () => {
  test('on loopback is open as long as no readToken is set, whatever token is sent along', async () => {
    const rig = await startHttpRig({ tokens: { token: TOKEN } });
    for (const path of [...READING, ...OPEN]) {
      expect((await rig.call(path)).status).toBe(200);
      expect((await rig.call(path, { headers: rig.bearer('wrong') })).status).toBe(200);
    }
  });

  test.each(['127.0.0.1', '0.0.0.0'])(
    'on %s wants the readToken or the token where a readToken is set',
    async (host) => {
      const rig = await startHttpRig({ host, tokens: both });
      for (const path of READING) {
        const refused = { status: 401, json: { type: `${PROBLEM}token-wrong` } };
        const without = await rig.call(path);
        expect(without).toMatchObject(refused);
        expect(without.headers['www-authenticate']).toBe('Bearer realm="apple-secret-rotator"');
        const wrong = await rig.call(path, { headers: rig.bearer(`${READ_TOKEN}x`) });
        expect(wrong).toMatchObject(refused);
        expect(wrong.headers['www-authenticate']).toBe('Bearer realm="apple-secret-rotator", error="invalid_token"');
        expect((await rig.call(path, { headers: rig.bearer(READ_TOKEN) })).status).toBe(200);
        expect((await rig.call(path, { headers: rig.bearer(TOKEN) })).status).toBe(200);
      }
      for (const path of OPEN) expect((await rig.call(path)).status).toBe(200);
    },
  );

  test('over the network without a readToken is refused with what to configure; three paths stay', async () => {
    const rig = await startHttpRig({ host: '0.0.0.0', tokens: { token: TOKEN } });
    for (const path of READING)
      for (const headers of [{}, rig.bearer(TOKEN)])
        expect(await rig.call(path, { headers })).toMatchObject({
          status: 403,
          json: { type: `${PROBLEM}read-token-not-configured`, detail: expect.stringContaining('set http.readToken') },
        });
    for (const path of OPEN) expect((await rig.call(path)).status).toBe(200);
    expect((await rig.rotate('shop')).status).toBe(202);
  });
});

describe('reading with a browser', () => {
  const basic = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });

  test('the browser is asked to prompt for what is made for it', async () => {
    const rig = await startHttpRig({ host: '0.0.0.0', tokens: both });
    for (const headers of [{}, basic('me', 'wrong'), { authorization: 'Basic' }]) {
      const refused = await rig.call('/runbook', { headers });
      expect(refused).toMatchObject({ status: 401, json: { type: `${PROBLEM}token-wrong` } });
      expect(refused.headers['www-authenticate']).toBe('Basic realm="apple-secret-rotator", charset="UTF-8"');
    }
    for (const headers of [basic('me', READ_TOKEN), rig.bearer(READ_TOKEN), rig.bearer(TOKEN)])
      expect((await rig.call('/runbook', { headers })).status).toBe(200);
  });

  test('any user with the readToken as password reads everything, and changes nothing', async () => {
    const rig = await startHttpRig({ host: '0.0.0.0', tokens: both });
    for (const path of READING)
      for (const user of ['', 'me'])
        expect((await rig.call(path, { headers: basic(user, READ_TOKEN) })).status).toBe(200);
    for (const path of READING)
      for (const wrong of ['', TOKEN, `${READ_TOKEN}x`, `:${READ_TOKEN}`])
        expect((await rig.call(path, { headers: basic('me', wrong) })).status).toBe(401);
    for (const password of [READ_TOKEN, TOKEN])
      expect((await rig.rotate('shop', basic('me', password))).status).toBe(401);
  });

  test('over the network without a readToken the runbook is refused too, and on loopback it is open', async () => {
    const away = await startHttpRig({ host: '0.0.0.0', tokens: { token: TOKEN } });
    expect((await away.call('/runbook')).status).toBe(403);
    const near = await startHttpRig({ tokens: { token: TOKEN } });
    expect((await near.call('/runbook')).status).toBe(200);
  });
});

describe('changing', () => {
  test('without a configured token is refused for everybody', async () => {
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      const rig = await startHttpRig({ host, tokens: { readToken: READ_TOKEN } });
      expect(await rig.rotate('shop')).toMatchObject({
        status: 403,
        json: { type: `${PROBLEM}token-not-configured`, detail: expect.stringContaining('http.token is not set') },
      });
      expect(rig.state.asked).toEqual([]);
    }
  });

  test.each([
    ['no header', {}],
    ['another token', { authorization: `Bearer ${TOKEN}x` }],
    ['the beginning of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['the readToken', { authorization: `Bearer ${READ_TOKEN}` }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
    ['the token alone', { authorization: TOKEN }],
    ['two tokens', { authorization: `Bearer ${TOKEN} ${TOKEN}` }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('with %s is 401, and nothing is asked of the daemon, the target not even looked up', async (_, headers) => {
    const rig = await startHttpRig({ tokens: both });
    for (const name of ['shop', 'nobody'])
      expect(await rig.call(`/api/v1/targets/${name}/rotate`, { method: 'POST', headers })).toMatchObject({
        status: 401,
        json: { type: `${PROBLEM}token-wrong` },
      });
    expect(rig.state.asked).toEqual([]);
  });

  test('follows the tokens of a reload', async () => {
    const rig = await startHttpRig({ tokens: both });
    rig.state.tokens = { token: 'another-token-0123456789abcdef01234567', readToken: undefined };
    expect((await rig.rotate('shop')).status).toBe(401);
    expect((await rig.rotate('shop', rig.bearer(rig.state.tokens.token ?? ''))).status).toBe(202);
    rig.state.tokens = { token: undefined, readToken: undefined };
    await rig.clock.advance(HOUR);
    expect((await rig.rotate('shop')).status).toBe(403);
  });

  test('takes the scheme in any case, as HTTP has it', async () => {
    const rig = await startHttpRig({ tokens: both });
    expect((await rig.rotate('shop', { authorization: `bEARER  ${TOKEN}` })).status).toBe(202);
  });
});

describe('the Host header', () => {
  test.each(['localhost', 'LOCALHOST:9', '127.0.0.1', '127.8.9.1:8080', '[::1]', '[::1]:80'])(
    '%s is ours on loopback',
    async (host) => {
      const rig = await startHttpRig();
      expect((await rig.call('/api/v1/targets', { headers: { host } })).status).toBe(200);
    },
  );

  test.each([
    'rebound.example',
    'rebound.example:8080',
    'localhost.example',
    '127.0.0.1.example',
    '10.0.0.1',
    '[2001:db8::1]',
  ])('%s on loopback is another host, on every path', async (host) => {
    const rig = await startHttpRig({ tokens: both });
    const headers = { host, ...rig.bearer(TOKEN) };
    for (const path of [...READING, ...OPEN])
      expect(await rig.call(path, { headers })).toMatchObject({ status: 421, json: { type: `${PROBLEM}wrong-host` } });
    expect((await rig.rotate('shop', headers)).status).toBe(421);
    expect(rig.state.asked).toEqual([]);
  });

  test.each(['a b', 'localhost:port', 'localhost/x', 'user@localhost', '[::1'])('%j is none', async (host) => {
    const rig = await startHttpRig();
    expect(await rig.call('/healthz', { headers: { host } })).toMatchObject({
      status: 400,
      json: { type: `${PROBLEM}bad-request` },
    });
  });

  test('is any over the network, where reading wants a token', async () => {
    const rig = await startHttpRig({ host: '0.0.0.0', tokens: both });
    const headers = { host: 'rotator.example', ...rig.bearer(READ_TOKEN) };
    expect((await rig.call('/api/v1/targets', { headers })).status).toBe(200);
    expect((await rig.call('/healthz', { headers: { host: 'rotator.example' } })).status).toBe(200);
  });

  test('may be the configured name of loopback', async () => {
    const rig = await startHttpRig({ host: 'localhost' });
    expect((await rig.call('/api/v1/targets')).status).toBe(200);
    expect(rig.url).toMatch(/^http:\/\/localhost:\d+$/);
  });
});

describe('a token that was pasted in the wrong place', () => {
  test.each([
    `/${TOKEN}`,
    `/api/v1/targets/${TOKEN}`,
    `/api/v1/targets?token=${TOKEN}`,
    `/%63${TOKEN.slice(1)}`,
    `/${TOKEN}%`,
  ])('as in GET %s is not repeated', async (path) => {
    const rig = await startHttpRig({ tokens: { token: TOKEN } });
    rig.state.tokens = { token: TOKEN, readToken: undefined };
    const { status, text } = await rig.call(path);
    expect([400, 404]).toContain(status);
    expect(decodeURIComponent(text)).not.toContain(TOKEN);
  });

  test('as a path of the read API with that token set is not repeated either', async () => {
    const rig = await startHttpRig({ tokens: both });
    const { status, json } = await rig.call(`/api/v1/targets/${READ_TOKEN}`, { headers: rig.bearer(READ_TOKEN) });
    expect({ status, json }).toMatchObject({ status: 404, json: { instance: '/api/v1/targets/%5Bredacted%5D' } });
  });
});
