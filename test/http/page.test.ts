// The page as it is served: at its addresses, under its policy, by the rules of access, and what it reads besides.
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { RotatorError } from '../../src/core/errors.ts';
import { DAY } from '../../src/core/time.ts';
import { PAGE_POLICY } from '../../src/http/page-routes.ts';
import { READ_TOKEN, START, send, startHttpRig, TOKEN } from './rig.ts';

const basic = (password: string, user = '') => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

test.each([
  '/',
  '/targets/shop',
  '/targets/no-such',
  '/calendar',
  '/history?target=shop',
  '/channels',
  '/?q=a&show=soon',
])('the page is at %s', async (path) => {
  const rig = await startHttpRig();
  const { status, headers, text } = await send(`${rig.url}${path}`);
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(headers).toMatchObject({
    'content-security-policy': PAGE_POLICY,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  });
  expect(text).toMatch(/^<!doctype html>/);
});

test('its policy allows its own files and nothing else, and its document holds no code and no style', async () => {
  const rig = await startHttpRig();
  expect(PAGE_POLICY).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(PAGE_POLICY).not.toMatch(/unsafe|https?:|\*|data:|blob:/);
  for (const [path, files] of [
    ['/', ['icon.svg', 'page.css', 'page.js', 'scheme.js']],
    ['/runbook', ['icon.svg', 'page.css', 'scheme.js']],
  ] as const) {
    const { text } = await send(`${rig.url}${path}`);
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|<[^>]*\b(?:style|on\w+)=/);
    const loaded = [...text.matchAll(/<(?:link|script)[^>]*\b(?:src|href)="([^"]+)"/g)].map(
      ([, address = '']) => new URL(address, `${rig.url}${path}`).href,
    );
    expect(loaded.toSorted()).toEqual(files.map((name) => `${rig.url}/${name}`));
    for (const address of loaded) expect((await send(address)).status).toBe(200);
  }
});

test('the whole page is below 120 KB, compressed where the browser takes that', async () => {
  const rig = await startHttpRig();
  let bytes = 0;
  for (const path of ['/', '/scheme.js', '/page.js', '/page.css', '/icon.svg']) {
    const plain = await fetch(`${rig.url}${path}`, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    const compressed = await rig.bytes(path, { 'accept-encoding': 'gzip, br' });
    expect(gunzipSync(compressed).equals(Buffer.from(await plain.arrayBuffer()))).toBe(true);
    bytes += compressed.length;
  }
  expect(bytes).toBeLessThan(120_000);
});

test('over the network a browser is asked for the read token as a password, and nothing else opens the page', async () => {
  const rig = await startHttpRig({ host: '0.0.0.0', tokens: { token: TOKEN, readToken: READ_TOKEN } });
  const url = `http://127.0.0.1:${rig.port}`;
  for (const path of ['/', '/page.js', '/history']) {
    const asked = await send(`${url}${path}`);
    expect([asked.status, asked.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="apple-secret-rotator", charset="UTF-8"',
    ]);
    for (const headers of [basic(READ_TOKEN), basic(READ_TOKEN, 'anybody'), rig.bearer(READ_TOKEN), rig.bearer(TOKEN)])
      expect((await send(`${url}${path}`, { headers })).status).toBe(200);
    for (const headers of [basic(TOKEN), basic(''), basic('wrong', READ_TOKEN), { authorization: 'Basic %' }])
      expect((await send(`${url}${path}`, { headers })).status).toBe(401);
  }
  expect((await send(`${url}/?token=${READ_TOKEN}`)).status).toBe(401);
});

test('the interface takes the password for reading too, asks for it by no prompt, and never for a rotation', async () => {
  const rig = await startHttpRig({ tokens: { token: TOKEN, readToken: READ_TOKEN } });
  expect((await rig.call('/api/v1/targets', { headers: basic(READ_TOKEN, 'me') })).status).toBe(200);
  const asked = await rig.call('/api/v1/overview');
  expect([asked.status, asked.headers['www-authenticate']]).toEqual([401, 'Bearer realm="apple-secret-rotator"']);
  for (const password of [TOKEN, READ_TOKEN]) {
    const call = { method: 'POST', headers: basic(password) };
    expect((await rig.call('/api/v1/targets/shop/rotate', call)).status).toBe(401);
  }
  expect(rig.state.asked).toEqual([]);
});

test('without a read token nothing of it is served over the network', async () => {
  const rig = await startHttpRig({ host: '0.0.0.0' });
  expect((await send(`http://127.0.0.1:${rig.port}/`)).status).toBe(403);
});

test('all rotations can be downloaded, however many there are, and no cell is a formula', async () => {
  const rig = await startHttpRig();
  expect((await rig.call('/api/v1/rotations.json')).json).toEqual({ rotations: [] });
  for (let index = 0; index < 401; index += 1) await rig.putRotation({ outcome: 'failed', finishedAt: START });
  const last = await rig.putRotation({ requestedBy: '=cmd("a", 1)\r\n,x', requestIds: ['r-1', 'r-2'] });
  const { json, headers } = await rig.call('/api/v1/rotations.json');
  const { rotations } = json as { rotations: { id: string }[] };
  expect([rotations.length, rotations[0]?.id]).toEqual([402, last.id]);
  expect(new Set(rotations.map(({ id }) => id)).size).toBe(402);
  expect(headers['content-disposition']).toBe('attachment; filename="rotations.json"');
  const { text } = await rig.call('/api/v1/rotations.csv');
  const lines = text.split('\n');
  expect(lines[0]).toMatch(/^id,target,envId,reason,trigger,requestedBy,/);
  expect(text).toContain(`"'=cmd(""a"", 1)`);
  expect(lines[1]).toContain(last.id);
  expect(text).toContain(',r-1 r-2,');
});

test('rotations before a given one', async () => {
  const rig = await startHttpRig();
  const ids = [];
  for (let index = 0; index < 5; index += 1) ids.unshift((await rig.putRotation({ targetKey: rig.key('shop') })).id);
  await rig.putRotation({ target: 'blog', targetKey: rig.key('blog') });
  const page = async (query: string) =>
    ((await rig.call(`/api/v1/rotations?${query}`)).json as { rotations: { id: string }[] }).rotations.map(
      ({ id }) => id,
    );
  expect(await page(`target=shop&limit=2&before=${ids[1]}`)).toEqual([ids[2], ids[3]]);
  expect(await page(`limit=9&before=${ids[3]}`)).toEqual([ids[4]]);
  expect(await page(`before=${ids[4]}`)).toEqual([]);
  expect(await page('before=019ab7f2-6d3e-7c41-9f0a-2b8f4c1d7e55')).toEqual([]);
});

test('the timeline of a target, in either language', async () => {
  const rig = await startHttpRig();
  const error = new RotatorError('ERR_JOURNAL_NEWER', { path: 'j.db', version: 9, known: 3, copy: null }).stored;
  await rig.putTarget('shop', {
    state: 'failed',
    lastPassAt: START,
    error,
    replaced: { at: START - DAY, fingerprint: null, kind: 'other' },
    providerChanges: [{ path: 'Scope', by: 'somebody-else', at: START }],
    loginCheck: { at: START, verdict: 'rejected', rejectedSince: START - DAY },
  });
  await rig.putRotation({});
  const { json } = await rig.call('/api/v1/targets/shop/timeline');
  expect(json).toMatchObject({
    target: { name: 'shop', state: 'failed', code: 'ERR_JOURNAL_NEWER' },
    replaced: { at: new Date(START - DAY).toISOString(), kind: 'other' },
    rejections: [{ since: new Date(START - DAY).toISOString(), by: 'login-check' }],
    changes: [{ path: 'Scope', by: 'somebody-else' }],
    rotations: [{ target: 'shop' }],
  });
  const chinese = await rig.call('/api/v1/targets/shop/timeline?language=zh');
  expect((chinese.json as { error: { message: string } }).error.message).toMatch(/\p{Script=Han}/u);
  expect((json as { error: { message: string } }).error.message).not.toMatch(/\p{Script=Han}/u);
  expect((await rig.call('/api/v1/targets/shop/timeline?language=fr')).status).toBe(400);
  expect((await rig.call('/api/v1/targets/none/timeline')).status).toBe(404);
});
