// What each chat channel posts, as its service documents it, and that no text from elsewhere calls anybody there.
import { describe, expect, test } from 'vitest';
import { dingtalkSignature } from '../../../src/adapters/channels/dingtalk.ts';
import { feishuSignature } from '../../../src/adapters/channels/feishu.ts';
import { item, items, message } from '../../support/alert-messages.ts';
import { HandClock } from '../../support/clock.ts';
import { type HttpType, inboxChannel, SECRET } from './rig.ts';

const { signal } = new AbortController();
const hostile = item({ what: '<!channel> <@all> @all <at user_id="all">x</at> [log in](https://evil.example)' });

/** What the inbox of a channel got of a message. */
async function posted(type: HttpType, told = message(), clock?: HandClock) {
  const { channel, world } = await inboxChannel(type, clock === undefined ? {} : { clock });
  const { detail } = await channel.send(told, signal);
  const [first] = world.inbox;
  return { detail, rest: first?.rest ?? '', body: first?.body as never, refused: first?.refused };
}

describe('signatures have the check values of the documentation', () => {
  test('dingtalk', () => {
    expect(dingtalkSignature(SECRET, 1_700_000_000_000)).toBe('aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g=');
  });

  test('feishu', () => {
    expect(feishuSignature(SECRET, 1_700_000_000)).toBe('G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk=');
  });
});

test('wecom: markdown of at most 4096 bytes', async () => {
  const { body, detail } = await posted('wecom', message({ items: items(500) }));
  const { msgtype, markdown } = body as { msgtype: string; markdown: { content: string } };
  expect([msgtype, detail]).toEqual(['markdown', 'HTTP 200, errcode 0']);
  expect(Buffer.byteLength(markdown.content)).toBeGreaterThan(3_900);
  expect(Buffer.byteLength(markdown.content)).toBeLessThanOrEqual(4096);
});

test('dingtalk: signed for now, with the URL’s own query kept, and nobody called', async () => {
  const clock = new HandClock(1_700_000_000_000);
  const { rest, body, detail } = await posted('dingtalk', message({ items: [hostile] }), clock);
  expect(rest).toBe(
    '?key=token-7f3a9c1e5b&timestamp=1700000000000&sign=aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D',
  );
  expect(body).toMatchObject({
    msgtype: 'markdown',
    markdown: { title: expect.stringMatching(/^\[prod-rotator\] CRITICAL: shop-prod/) },
    at: { isAtAll: false, atMobiles: [], atUserIds: [] },
  });
  expect(detail).toBe('HTTP 200, errcode 0');
});

test('feishu: signed in the body, plain text', async () => {
  const clock = new HandClock(1_700_000_000_999);
  const { body, detail } = await posted('feishu', message({ items: [hostile] }), clock);
  expect(body).toEqual({
    timestamp: '1700000000',
    sign: 'G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk=',
    msg_type: 'text',
    content: { text: expect.stringContaining('＜at user_id="all"＞') },
  });
  expect(detail).toBe('HTTP 200, code 0');
});

test('slack: a text, and blocks that Slack makes no links or names in', async () => {
  const { body, detail } = await posted('slack', message({ items: [hostile] }));
  const { text, blocks, ...quiet } = body as { text: string; blocks: { text: object }[] };
  expect(quiet).toEqual({ link_names: false, parse: 'none', unfurl_links: false, unfurl_media: false });
  expect(text).toContain('&lt;!channel&gt; &lt;＠all&gt;');
  expect(blocks.map((block) => block.text)).toEqual(
    blocks.map(() => ({ type: 'mrkdwn', verbatim: true, text: expect.any(String) })),
  );
  expect(detail).toBe('HTTP 200, ok');
});

test.each(['wecom', 'dingtalk', 'feishu', 'slack'] as const)(
  '%s: nobody is called and nothing is linked',
  async (type) => {
    const text = JSON.stringify((await posted(type, message({ items: [hostile, hostile] }))).body);
    expect(text).not.toMatch(/<[!@a]|\s@all|evil\.example\)"|\]\(https:\/\/evil/);
  },
);
