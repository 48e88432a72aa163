// The inbox: what each service behind a channel accepts and refuses, with its own codes.
import { createHmac } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { HandClock } from '../support/clock.ts';

const NOW = 1_700_000_000_000;
/** The check values of the services' documentation, for the secret SECtest. */
const DINGTALK_SIGN = 'aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g=';
const FEISHU_SIGN = 'G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk=';

async function inbox(name: string) {
  const clock = new HandClock(NOW);
  const { url, world, close } = await startSandbox({ port: 0, clock });
  onTestFinished(close);
  return {
    clock,
    world,
    url,
    async post(body: unknown, rest = '', headers: Record<string, string> = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await fetch(`${url}/inbox/${name}${rest}`, { method: 'POST', body: text, headers });
      const said = await answer.text();
      const parsed = said.startsWith('{') ? (JSON.parse(said) as Record<string, unknown>) : {};
      return {
        status: answer.status,
        said,
        code: parsed['errcode'] ?? parsed['code'],
        refused: world.inbox.at(-1)?.refused,
      };
    },
  };
}

const markdown = (content: string) => ({ msgtype: 'markdown', markdown: { content } });

describe('wecom', () => {
  test.each([
    ['markdown', markdown('# hello'), 0],
    ['4096 bytes', markdown(`${'中'.repeat(1365)}a`), 0],
    ['4097 bytes', markdown(`${'中'.repeat(1365)}aa`), 40058],
    ['nothing', {}, 40058],
    ['empty markdown', markdown(''), 40058],
    ['no JSON', 'hello', 40058],
    ['text with lists', { msgtype: 'text', text: { content: 'x', mentioned_list: ['@all'] } }, 0],
    ['2049 bytes of text', { msgtype: 'text', text: { content: 'x'.repeat(2049) } }, 40058],
    ['a list that is none', { msgtype: 'text', text: { content: 'x', mentioned_list: 'a' } }, 40058],
    ['a colour', markdown('<font color="warning">x</font> <@zhangsan>'), 0],
    ['an unknown colour', markdown('<font color="red">x</font>'), 40058],
    ['everybody in markdown', markdown('<@all>'), 40058],
  ])('%s', async (_, body, code) => {
    const { post } = await inbox('wecom');
    const refused = code === 0 ? undefined : String(code);
    expect(await post(body)).toMatchObject({ status: 200, code, refused });
  });

  test('accepts 20 a minute', async () => {
    const { post, clock } = await inbox('wecom-ops');
    for (let n = 0; n < 20; n += 1) expect((await post(markdown('x'))).code).toBe(0);
    expect(await post(markdown('x'))).toMatchObject({ status: 200, code: 45009, refused: '45009' });
    await clock.advance(60_000);
    expect((await post(markdown('x'))).code).toBe(0);
  });
});

describe('dingtalk', () => {
  const body = { msgtype: 'markdown', markdown: { title: 't', text: 'x' } };
  const signed = (ms: number, sign: string) => `?timestamp=${ms}&sign=${encodeURIComponent(sign)}`;
  const good = signed(NOW, DINGTALK_SIGN);

  test.each([
    ['signed', body, good, 0],
    ['unsigned', body, '', 310000],
    ['signed with something else', body, signed(NOW, FEISHU_SIGN), 310000],
    ['without text', { msgtype: 'markdown', markdown: { title: 't' } }, good, 40035],
    [
      'calling who is in the text',
      { ...body, markdown: { title: 't', text: '@138' }, at: { atMobiles: ['138'] } },
      good,
      0,
    ],
    ['calling who is not', { ...body, at: { atMobiles: ['138'] } }, good, 40035],
    ['with an odd isAtAll', { ...body, at: { isAtAll: 'true' } }, good, 40035],
    ['over 20 000 bytes', { msgtype: 'markdown', markdown: { title: 't', text: 'x'.repeat(20_000) } }, good, 460101],
  ])('%s', async (_, posted, query, code) => {
    const { post } = await inbox('dingtalk');
    expect(await post(posted, query)).toMatchObject({ status: 200, code });
  });

  test('an hour off', async () => {
    const { post, clock } = await inbox('dingtalk');
    await clock.advance(3_600_000);
    expect((await post(body, good)).code).toBe(0);
    await clock.advance(1);
    expect((await post(body, good)).code).toBe(310000);
  });

  test('the 21st of a minute mutes it for ten minutes', async () => {
    const { post, clock } = await inbox('dingtalk');
    for (let n = 0; n < 20; n += 1) expect((await post(body, good)).code).toBe(0);
    expect(await post(body, good)).toMatchObject({ code: 130101, refused: '130101' });
    await clock.advance(599_999);
    expect((await post(body, good)).code).toBe(130101);
    await clock.advance(1);
    expect((await post(body, good)).code).toBe(0);
  });
});

describe('feishu', () => {
  const body = { timestamp: String(NOW / 1000), sign: FEISHU_SIGN, msg_type: 'text', content: { text: 'x' } };

  test.each([
    ['signed', body, 0],
    ['signed with something else', { ...body, sign: DINGTALK_SIGN }, 19021],
    ['unsigned', { msg_type: 'text', content: { text: 'x' } }, 19021],
    ['of another time', { ...body, timestamp: '1' }, 19021],
    ['without text', { ...body, content: {} }, 9499],
    ['over 20 KB', { ...body, content: { text: 'x'.repeat(20 * 1024) } }, 9499],
  ])('%s', async (_, posted, code) => {
    const { post } = await inbox('feishu');
    expect(await post(posted)).toMatchObject({ status: 200, code });
  });

  const { msg_type: _, content: __, ...signed } = body;
  const card = (change: object = {}) => ({
    ...signed,
    msg_type: 'interactive',
    card: {
      header: { template: 'red', title: { tag: 'plain_text', content: 't' } },
      elements: [{ tag: 'markdown', content: 'x' }],
      ...change,
    },
  });

  test.each([
    ['a card', card(), 0],
    ['a card without a header', card({ header: undefined }), 9499],
    [
      'a card of an unknown colour',
      card({ header: { template: 'pink', title: { tag: 'plain_text', content: 't' } } }),
      9499,
    ],
    ['a card without elements', card({ elements: [] }), 9499],
    ['a card with an empty element', card({ elements: [{ tag: 'markdown', content: '' }] }), 9499],
  ])('%s', async (_name, posted, code) => {
    const { post } = await inbox('feishu');
    expect((await post(posted)).code).toBe(code);
  });

  test('accepts 5 a second', async () => {
    const { post, clock } = await inbox('feishu');
    for (let n = 0; n < 5; n += 1) expect((await post(body)).code).toBe(0);
    expect((await post(body)).code).toBe(11232);
    await clock.advance(1_000);
    expect((await post(body)).code).toBe(0);
  });

  test('accepts 100 a minute', async () => {
    const { post, clock } = await inbox('feishu');
    for (let n = 0; n < 100; n += 1) {
      expect((await post(body)).code).toBe(0);
      await clock.advance(200);
    }
    expect(await post(body)).toMatchObject({ code: 11232, refused: '11232' });
    await clock.advance(60_000);
    expect((await post(body)).code).toBe(0);
  });
});

test.each([
  ['dingtalk', { msgtype: 'markdown', markdown: { title: 't', text: 'the keyword' } }, 310000],
  ['feishu', { msg_type: 'text', content: { text: 'the keyword' } }, 19024],
])('%s: a robot with a keyword wants it in place of a signature', async (name, body, code) => {
  const { post, url } = await inbox(name);
  const set = (keyword: string) =>
    fetch(`${url}/sandbox/inbox/${name}/keyword`, { method: 'PUT', body: JSON.stringify({ keyword }) });
  await set('keyword');
  expect((await post(body)).code).toBe(0);
  await set('other');
  expect((await post(body)).code).toBe(code);
});

test.each([
  ['webhook', '', {}],
  ['alertmanager', '/api/v2/alerts', []],
])('%s: asks for the Authorization that was set, and keeps none', async (name, rest, body) => {
  const { post, url, world } = await inbox(name);
  const set = { method: 'PUT', body: '{"authorization":"Bearer t"}' };
  await fetch(`${url}/sandbox/inbox/${name}/authorization`, set);
  expect(await post(body, rest)).toMatchObject({ status: 401, refused: 'HTTP 401' });
  expect((await post(body, rest, { authorization: 'Bearer t' })).status).toBe(200);
  expect(JSON.stringify(world.inbox)).not.toContain('Bearer t');
});

const header = (text: string) => ({ type: 'header', text: { type: 'plain_text', text } });
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

test.each([
  ['text', { text: 'x' }, 200, 'ok'],
  ['blocks', { text: 'x', blocks: [section('y')] }, 200, 'ok'],
  ['no JSON', 'x', 400, 'invalid_payload'],
  ['no text', {}, 400, 'no_text'],
  ['a long text', { text: 'x'.repeat(40_001) }, 400, 'msg_too_long'],
  ['51 blocks', { text: 'x', blocks: Array.from({ length: 51 }, () => section('y')) }, 400, 'invalid_blocks'],
  ['a header', { text: 'x', blocks: [header('y')] }, 200, 'ok'],
  ['a long header', { text: 'x', blocks: [header('y'.repeat(151))] }, 400, 'invalid_blocks'],
  ['a long block', { text: 'x', blocks: [section('y'.repeat(3001))] }, 400, 'invalid_blocks'],
])('slack: %s', async (_, body, status, said) => {
  const { post } = await inbox('slack-ops');
  expect(await post(body)).toMatchObject({ status, said, refused: status === 200 ? undefined : said });
});

const payload = { summary: 's', source: 'i', severity: 'critical' };
const event = { routing_key: 'k', event_action: 'trigger', dedup_key: 'd', payload };

test.each([
  ['a trigger', event, 202],
  ['a resolve', { routing_key: 'k', event_action: 'resolve', dedup_key: 'd' }, 202],
  ['a resolve of nothing', { routing_key: 'k', event_action: 'resolve' }, 400],
  ['no key', { ...event, routing_key: '' }, 400],
  ['another action', { ...event, event_action: 'shout' }, 400],
  ['a long dedup_key', { ...event, dedup_key: 'd'.repeat(256) }, 400],
  ['a long summary', { ...event, payload: { ...payload, summary: 's'.repeat(1025) } }, 400],
  ['a client_url', { ...event, client_url: 'https://a.example' }, 202],
  ['a client_url that is none', { ...event, client_url: 'docs/runbook.md' }, 400],
  ['no source', { ...event, payload: { ...payload, source: '' } }, 400],
  ['an unknown severity', { ...event, payload: { ...payload, severity: 'bad' } }, 400],
  ['a wrong timestamp', { ...event, payload: { ...payload, timestamp: 'yesterday' } }, 400],
])('pagerduty: %s', async (_, body, status) => {
  const { post } = await inbox('pagerduty');
  expect(await post(body)).toMatchObject({ status, refused: status === 202 ? undefined : 'HTTP 400' });
});

const alert = { labels: { alertname: 'A' }, startsAt: '2026-11-22T00:00:00Z', endsAt: '2026-11-22T00:00:00Z' };

test.each([
  ['alerts', '/api/v2/alerts', [alert], 200],
  ['below a prefix', '/am/api/v2/alerts', [alert], 200],
  ['another path', '/api/v1/alerts', [alert], 404],
  ['no list', '/api/v2/alerts', alert, 400],
  ['no labels', '/api/v2/alerts', [{}], 400],
  ['no alertname', '/api/v2/alerts', [{ labels: { a: 'b' } }], 400],
  ['a label that is not text', '/api/v2/alerts', [{ labels: { alertname: 'A', n: 1 } }], 400],
  ['an end before the start', '/api/v2/alerts', [{ ...alert, endsAt: '2026-11-21T00:00:00Z' }], 400],
])('alertmanager: %s', async (_, rest, body, status) => {
  const { post } = await inbox('alertmanager');
  expect(await post(body, rest)).toMatchObject({ status, refused: status === 200 ? undefined : `HTTP ${status}` });
});

describe('webhook', () => {
  const seconds = NOW / 1000;
  const signature = (secret: string) => `v1=${createHmac('sha256', secret).update(`${seconds}.{}`).digest('hex')}`;
  const signed = (secret: string, at = seconds) => ({
    'x-rotator-timestamp': String(at),
    'x-rotator-signature': signature(secret),
  });

  test.each([
    ['unsigned', {}, 200],
    ['signed', signed('SECtest'), 200],
    ['signed with something else', signed('other'), 401],
    ['signed for another time', signed('SECtest', seconds + 1), 401],
  ])('%s', async (_, headers, status) => {
    const { post } = await inbox('webhook');
    expect((await post('{}', '', headers)).status).toBe(status);
  });

  test('five minutes old at most', async () => {
    const { post, clock } = await inbox('webhook');
    await clock.advance(300_001);
    expect((await post('{}', '', signed('SECtest'))).status).toBe(401);
  });

  test('with a secret of its own, until everything is reset', async () => {
    const { post, url } = await inbox('webhook');
    const own = { method: 'PUT', body: '{"secret":"own"}' };
    expect((await fetch(`${url}/sandbox/inbox/webhook/secret`, own)).status).toBe(200);
    expect((await post('{}', '', signed('own'))).status).toBe(200);
    expect((await post('{}', '', signed('SECtest'))).status).toBe(401);
    await fetch(`${url}/sandbox/reset`, { method: 'POST' });
    expect((await post('{}', '', signed('SECtest'))).status).toBe(200);
  });
});
