// What each chat channel posts, as its service documents it, and that no text from elsewhere calls anybody there.
import { describe, expect, test } from 'vitest';
import { dingtalkSignature } from '../../../src/adapters/channels/dingtalk.ts';
import { feishuSignature } from '../../../src/adapters/channels/feishu.ts';
import { item, items, message, signOfLife } from '../../support/alert-messages.ts';
import { HandClock } from '../../support/clock.ts';
import { type HttpType, inboxChannel, SECRET } from './rig.ts';

const { signal } = new AbortController();
const hostile = item({ what: '<!channel> <@all> @all <at user_id="all">x</at> [log in](https://evil.example)' });

/** What the inbox of a channel got of a message. */
async function posted(type: HttpType, told = message(), clock?: HandClock, own?: object) {
  const { channel, world } = await inboxChannel(type, clock === undefined ? {} : { clock }, own);
  const { detail } = await channel.send(told, signal);
  const [first] = world.inbox;
  const bodies = world.inbox.map(({ body }) => body as never);
  return { detail, rest: first?.rest ?? '', body: first?.body as never, bodies };
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

test('feishu: signed in the body, a card', async () => {
  const clock = new HandClock(1_700_000_000_999);
  const { body, detail } = await posted('feishu', message({ items: [hostile] }), clock);
  expect(body).toEqual({
    timestamp: '1700000000',
    sign: 'G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk=',
    msg_type: 'interactive',
    card: {
      config: { wide_screen_mode: true },
      header: {
        template: 'red',
        title: {
          tag: 'plain_text',
          content: '[prod-rotator] CRITICAL: shop-prod: the client secret cannot be renewed',
        },
      },
      elements: [{ tag: 'markdown', content: expect.stringContaining('＜at user&#95;id="all"＞') }],
    },
  });
  expect(detail).toBe('HTTP 200, code 0');
});

test('slack: a text, a header, and sections that Slack makes no links or names in', async () => {
  const { body, detail } = await posted(
    'slack',
    message({ items: [hostile], title: `[prod] <!channel> ${'x'.repeat(200)}` }),
  );
  const { text, blocks, ...quiet } = body as { text: string; blocks: { type: string; text: object }[] };
  expect(quiet).toEqual({ link_names: false, parse: 'none', unfurl_links: false, unfurl_media: false });
  expect(text).toMatch(/^🔴 \*\[prod\] &lt;!channel&gt; x+/);
  expect(text).toContain('&lt;!channel&gt; &lt;＠all&gt;');
  const [header, ...sections] = blocks;
  expect(header).toEqual({
    type: 'header',
    text: { type: 'plain_text', text: expect.stringMatching(/^🔴 \[prod\] ＜!channel＞ x{50,}…$/), emoji: false },
  });
  expect(sections).toEqual([
    { type: 'section', text: { type: 'mrkdwn', verbatim: true, text: expect.stringContaining('*Next*: ') } },
  ]);
  expect(detail).toBe('HTTP 200, ok');
});

test('dingtalk: the title is no Markdown, and the text has no code', async () => {
  const told = message({ title: '[prod] a_b `c d`', items: [item({ next: 'Run `chmod a_b` now.' })] });
  const { body } = await posted('dingtalk', told);
  const { title, text } = (body as { markdown: { title: string; text: string } }).markdown;
  expect(title).toBe('[prod] a_b `c d`');
  expect(text).toContain('\n\n');
  expect(text).toContain('**Next**: Run chmod a\\_b now.  \nchmod a\\_b  \n');
  expect(text).not.toContain('`');
});

describe('the colour says how bad it is', () => {
  const TONES = [
    ['critical', message()],
    ['warning', message({ severity: 'warning' })],
    ['all clear', message({ severity: 'info', items: [item({ status: 'cleared' })] })],
    ['digest', signOfLife('digest')],
  ] as const;

  test.each<[type: HttpType, shown: RegExp, tones: string[]]>([
    ['wecom', /^### <font color="(\w+)">\[prod-rotator\]/, ['warning', 'warning', 'info', 'comment']],
    ['feishu', /^(\w+)$/, ['red', 'orange', 'green', 'blue']],
    ['slack', /^(\S+) \*\[prod-rotator\]/, ['🔴', '🟠', '🟢', '🔵']],
  ])('in %s', async (type, shown, tones) => {
    const found = [];
    for (const [, told] of TONES) {
      const { body } = await posted(type, told);
      const { markdown, card, text } = body as {
        markdown?: { content: string };
        card?: { header: { template: string } };
        text?: string;
      };
      found.push(shown.exec(markdown?.content ?? card?.header.template ?? text ?? '')?.[1]);
    }
    expect(found).toEqual(tones);
  });
});

describe('mention', () => {
  const PEOPLE = {
    slack: ['U012AB3CD', 'S012AB3CD', 'everybody'],
    wecom: ['zhangsan', '13800138000', 'everybody'],
    dingtalk: ['manager12', '13800138000', '+852-51234567', 'everybody'],
    feishu: ['ou_0a1b', 'everybody'],
  } as const;
  type Chat = keyof typeof PEOPLE;
  const CHATS = Object.keys(PEOPLE) as Chat[];
  const calling = (type: Chat, told = message(), people: readonly string[] = PEOPLE[type]) =>
    posted(type, told, undefined, {
      mention: people,
      ...(type === 'dingtalk' || type === 'feishu' ? { secret: SECRET } : {}),
    });

  test('slack: in the text and in a section of its own', async () => {
    const { body } = await calling('slack');
    const { text, blocks } = body as { text: string; blocks: { text: { text: string } }[] };
    const calls = '<!channel> <@U012AB3CD> <!subteam^S012AB3CD>';
    expect(text.endsWith(`\n\n${calls}`)).toBe(true);
    expect(blocks.at(-1)?.text.text).toBe(calls);
  });

  test('wecom: user ids in the coloured message, all others by a second one', async () => {
    const { bodies } = await calling('wecom');
    expect(bodies).toEqual([
      { msgtype: 'markdown', markdown: { content: expect.stringMatching(/\n\n<@zhangsan>$/) } },
      {
        msgtype: 'text',
        text: {
          content: '[prod-rotator] CRITICAL: shop-prod: the client secret cannot be renewed',
          mentioned_list: ['@all'],
          mentioned_mobile_list: ['13800138000'],
        },
      },
    ]);
    expect((await calling('wecom', message(), ['zhangsan', 'li.si'])).bodies).toHaveLength(1);
  });

  test('wecom: twenty people and a long alert keep to 4096 bytes', async () => {
    const people = Array.from({ length: 20 }, (_, index) => `${'x'.repeat(60)}${index}`);
    const { body } = await calling('wecom', message({ items: items(500) }), people);
    const { content } = (body as { markdown: { content: string } }).markdown;
    expect(content.endsWith(`<@${people.at(-1)}>`)).toBe(true);
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
  });

  test('wecom: what was accepted is not sent again when the second message failed', async () => {
    const { channel, world } = await inboxChannel('wecom', {}, { mention: ['everybody'] });
    const types = () => world.inbox.map(({ body }) => (body as { msgtype: string }).msgtype);
    let asked = 0;
    world.requests.onRequest(() => {
      asked += 1;
      if (asked === 2) world.faults.add({ service: 'inbox', kind: 'status', status: 503, times: 1 });
    });
    await expect(channel.send(message(), signal)).rejects.toMatchObject({ code: 'ERR_CHANNEL_UNAVAILABLE' });
    expect(types()).toEqual(['markdown']);
    await channel.send(message(), signal);
    expect(types()).toEqual(['markdown', 'text']);
    await channel.send(message(), signal);
    expect(types()).toEqual(['markdown', 'text', 'markdown', 'text']);
  });

  test('dingtalk: by user id and mobile number, each in the text as well', async () => {
    const { body } = await calling('dingtalk');
    expect(body).toMatchObject({
      markdown: { text: expect.stringMatching(/\n\n@manager12 @13800138000 @\+852-51234567$/) },
      at: { isAtAll: true, atMobiles: ['13800138000', '+852-51234567'], atUserIds: ['manager12'] },
    });
  });

  test('feishu: in an element of its own', async () => {
    const { body } = await calling('feishu');
    const { elements } = (body as { card: { elements: object[] } }).card;
    expect(elements.at(-1)).toEqual({ tag: 'markdown', content: '<at id=all></at> <at id=ou_0a1b></at>' });
  });

  test.each(CHATS)('%s: a warning, an all-clear, a digest and a test call nobody', async (type) => {
    const quiet = [
      message({ severity: 'warning' }),
      message({ severity: 'info', items: [item({ status: 'cleared' })] }),
      signOfLife('digest'),
      signOfLife('test'),
    ];
    for (const told of quiet) {
      const { bodies } = await calling(type, told);
      expect(bodies).toHaveLength(1);
      expect(JSON.stringify(bodies)).not.toMatch(/<[@!a]t? ?|U012|zhangsan|manager12|138001|"isAtAll":true/);
    }
  });
});

describe('a robot without a secret', () => {
  test.each(['dingtalk', 'feishu'] as const)(
    '%s: posts without a signature, and the name of the instance as keyword',
    async (type) => {
      const { channel, world } = await inboxChannel(type, {}, {});
      world.inboxGuards.set(type, { keyword: 'prod-rotator' });
      for (const told of [message(), message({ items: items(500) }), signOfLife('digest'), signOfLife('test')])
        await channel.send({ ...told, id: told.kind }, signal);
      expect(world.inbox.map(({ refused }) => refused)).toEqual([undefined, undefined, undefined, undefined]);
      expect(world.inbox[0]?.rest).toBe('?key=token-7f3a9c1e5b');
      expect(JSON.stringify(world.inbox[0]?.body)).not.toContain('"sign"');
      world.inboxGuards.set(type, { keyword: 'another word' });
      await expect(channel.send(message(), signal)).rejects.toMatchObject({ code: 'ERR_CHANNEL_REFUSED' });
    },
  );
});

test.each(['wecom', 'dingtalk', 'feishu', 'slack'] as const)(
  '%s: nobody is called and nothing is linked',
  async (type) => {
    const text = JSON.stringify((await posted(type, message({ items: [hostile, hostile] }))).body);
    expect(text).not.toMatch(/<[!@a]|\s@all|evil\.example\)"|\]\(https:\/\/evil/);
  },
);
