// The layout of messages: what a person reads, in each flavour, and that no text from elsewhere becomes more than text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shortened } from '../../../src/alerts/words/fitting.ts';
import { FLAVOURS, type Flavour, toneOf } from '../../../src/alerts/words/flavours.ts';
import { layOut, linkOf, paragraphsOf } from '../../../src/alerts/words/layout.ts';
import { nextStepOf } from '../../../src/alerts/words/next-step.ts';
import type { AlertMessage } from '../../../src/core/alerts/message.ts';
import { item, items, LABELS, message, signOfLife } from '../../support/alert-messages.ts';
import { tries } from '../../support/campaign.ts';

const names = Object.keys(FLAVOURS) as (keyof typeof FLAVOURS)[];
const flavours = names.map((name): [string, Flavour] => [name, FLAVOURS[name]]);
const plain = (told: AlertMessage, size = 4096) => layOut(told, FLAVOURS.plain, { size });

describe('one condition', () => {
  test('is told in full, once', () => {
    expect(plain(message()).split('\n')).toEqual([
      '[prod-rotator] CRITICAL: shop-prod: the client secret cannot be renewed',
      '',
      'CloudBase denied ModifyProvider. Allow the action tcb:ModifyProvider on qcs::tcb:ap-shanghai:uin/100000000001:env/*.',
      'Next: Add {"effect":"allow","action":["tcb:ModifyProvider"],"resource":["*"]} to the policy of this access key.',
      'Secret expires: 2026-12-12 08:00 UTC (in 20 days)',
      'Since: 2026-11-20 03:07 UTC',
      'Ids: shop-prod-1g2h3j/apple',
      'Code: ERR_CLOUDBASE_DENIED',
      'Condition: RenewalFailing/shop-prod-1g2h3j/apple@tcb.tencentcloudapi.com',
      'Runbook: https://ops.example.com/runbook.md#rotationfailing',
      'Instance: prod-rotator',
    ]);
  });

  test('leaves out what is not known', () => {
    const bare = { target: null, envId: null, providerId: null, loginsUntil: null, next: null, code: null };
    const text = plain(message({ items: [item({ ...bare, id: 'SchedulerStalled' })] }));
    expect(text).not.toMatch(/null|Ids|Target|Next|Logins|Code/);
    expect(text).toContain('Condition: SchedulerStalled');
  });

  test('says when it ended', () => {
    const ended = item({ status: 'ended', until: '2026-11-21T04:00:00.000Z' });
    expect(plain(message({ items: [ended] }))).toContain('Since: 2026-11-20 03:07 UTC\nUntil: 2026-11-21 04:00 UTC');
  });

  test('in Chinese stands with Chinese colons', () => {
    expect(plain(message({ language: 'zh' }))).toContain('\nNext：Add');
  });

  test('that is too long loses what happened, and never what to do', () => {
    const text = plain(message({ items: [item({ what: '错误'.repeat(3000) })] }), 1000);
    expect(text).toMatch(/[错误] … \(cut\)\nNext: Add .* key\.\n/);
    expect(Buffer.byteLength(text)).toBeGreaterThan(990);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1000);
  });
});

describe('many conditions', () => {
  test('all in full where they are few', () => {
    const text = plain(message({ items: items(3) }));
    expect(text.match(/^Next: /gm)).toHaveLength(3);
    expect(text).toContain('\nCRITICAL · raised · shop-2: the client secret cannot be renewed\nCloudBase denied');
  });

  test('some in full and a line for each of the others, before any more of them in full', () => {
    const text = plain(message({ items: items(30) }));
    expect(text.match(/^Next: /gm)).toHaveLength(2);
    expect(text.match(/^CRITICAL · raised · shop-\d+: .* · Since 2026-11-20 03:07 UTC$/gm)).toHaveLength(28);
    expect(text).not.toContain('more');
    expect(text.endsWith('\n\nInstance: prod-rotator')).toBe(true);
  });

  test('five in full at most, for more is a wall', () => {
    const text = plain(message({ items: items(30) }), 100_000);
    expect(text.match(/^Next: /gm)).toHaveLength(5);
    expect(
      layOut(message({ items: items(30) }), FLAVOURS.plain, { size: 100_000, full: 50 }).match(/^Next: /gm),
    ).toHaveLength(30);
  });

  test('one in full, some lines, and how many more', () => {
    const text = plain(message({ items: items(500) }));
    const lines = text.match(/^CRITICAL · raised · shop-\d+: .* · Since .*$/gm) ?? [];
    const [, more] = /^and (\d+) more:\napple-secret-rotator alerts$/m.exec(text) ?? [];
    expect(text.match(/^Next: /gm)).toHaveLength(1);
    expect(1 + lines.length + Number(more)).toBe(500);
    expect(lines.length).toBeGreaterThan(25);
  });

  test('as paragraphs none of which is too long', () => {
    const paragraphs = paragraphsOf(message({ items: items(100) }), FLAVOURS.slack, { size: 12_000, paragraph: 2_900 });
    expect(paragraphs.length).toBeLessThan(50);
    expect(Math.max(...paragraphs.map((paragraph) => paragraph.length))).toBeLessThanOrEqual(2_900);
    expect(paragraphs.join('\n')).toContain('shop-100:');
  });
});

describe('what a person pastes stands on a line of its own', () => {
  const COMMAND = 'apple-secret-rotator history --target shop_prod';
  const POLICY = '{"action":["tcb:*"],"resource":["*"]}';
  const lines = (next: string, flavour: Flavour) =>
    layOut(message({ items: [item({ next })] }), flavour, { size: 9_000 })
      .split(/<br>\n|\n/)
      .map((line) => line.trimEnd());

  test.each([
    ['a command at the end leaves the sentence', `Look: \`${COMMAND}\`.`, 'Look:', [COMMAND]],
    ['in Chinese as well', `查看：\`${COMMAND}\`。`, '查看：', [COMMAND]],
    ['one within it stays, so that it can be read', `Run \`${COMMAND}\` now.`, `Run \`${COMMAND}\` now.`, [COMMAND]],
    ['a policy', `Allow it in CAM: \`${POLICY}\`.`, 'Allow it in CAM:', [POLICY]],
    [
      'two commands, each once',
      'Run `a b`, then `c d`; if that fails `a b`.',
      'Run `a b`, then `c d`; if that fails `a b`.',
      ['a b', 'c d'],
    ],
    ['a key of the configuration is nothing to paste', 'Correct `http.port`.', 'Correct `http.port`.', []],
    ['nor is one at the end', 'Correct this: `http.port`.', 'Correct this: `http.port`.', []],
  ])('%s', (_, next, sentence, pastes) => {
    expect(nextStepOf(next)).toEqual({ sentence, pastes });
  });

  test.each<[flavour: keyof typeof FLAVOURS, command: string, policy: string]>([
    ['plain', COMMAND, POLICY],
    ['relayed', COMMAND, POLICY],
    ['wecom', `\`${COMMAND}\``, `\`${POLICY}\``],
    ['slack', `\`\`\`${COMMAND}\`\`\``, `\`\`\`${POLICY}\`\`\``],
    // DingTalk has no code; the backslash is for the Markdown, and not shown.
    ['dingtalk', COMMAND.replace('_', '\\_'), POLICY.replaceAll('*', '\\*')],
    // A card shows each entity as its character.
    ['feishu', COMMAND.replace('_', '&#95;'), POLICY.replace(/[[\]*]/g, (mark) => `&#${mark.charCodeAt(0)};`)],
  ])('in %s', (name, command, policy) => {
    expect(lines(`Run \`${COMMAND}\` now.`, FLAVOURS[name])).toContain(command);
    const told = lines(`Allow it in CAM: \`${POLICY}\`.`, FLAVOURS[name]);
    expect(told).toContain(policy);
    expect(told.filter((line) => line.includes('"resource"'))).toHaveLength(1);
  });

  test('also below how many more there are, and in a digest', () => {
    expect(plain(message({ items: items(500) }))).toMatch(/\nand \d+ more:\napple-secret-rotator alerts\n/);
    const digest = { ...signOfLife('digest'), lines: ['5 open alerts', `- ${LABELS.more(3)}`, 'End'] };
    expect(plain(digest)).toContain('\n- and 3 more:\napple-secret-rotator alerts\nEnd');
  });

  test('in HTML, as a block', () => {
    expect(lines(`Run \`${COMMAND}\` now.`, FLAVOURS.html)).toContainEqual(
      expect.stringMatching(new RegExp(`^<pre [^>]+>${COMMAND}</pre>$`)),
    );
  });
});

describe('the colour of a message', () => {
  test.each([
    ['critical', message(), 'critical'],
    ['a warning', message({ severity: 'warning' }), 'warning'],
    ['an all-clear', message({ severity: 'info', items: [item({ status: 'cleared' })] }), 'good'],
    ['an event', message({ severity: 'info', items: [item({ status: 'happened' })] }), 'info'],
    ['a digest', signOfLife('digest'), 'info'],
    ['a test', signOfLife('test'), 'info'],
  ] as const)('%s', (_, told, tone) => {
    expect(toneOf(told)).toBe(tone);
  });
});

describe('a digest and a test', () => {
  test('are their lines', () => {
    expect(plain(signOfLife('digest'))).toBe(
      '[prod-rotator] weekly report: 3 targets, all is well\n\n3 targets: 3 healthy\nNext renewal: shop-prod, 2026-12-01',
    );
  });

  test('that are too long end with the cut', () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    const text = plain({ ...signOfLife('digest'), lines }, 300);
    expect(text).toMatch(/line 0\n.*line \d+\n… \(cut\)$/s);
    expect(text.length).toBeGreaterThan(280);
  });
});

describe('text from elsewhere stays text', () => {
  const hostile = [
    '<!channel> <@U0123> <https://evil.example|Sign in>',
    '.@here -@all /@all <script>alert(1)</script>',
    '<@all> @all @everyone <at user_id="all">所有人</at>',
    '[Sign in](https://evil.example) ![x](http://evil.example/x.png) www.evil.example',
    'dingtalk://x weixin://y `code` *bold* _it_ ~no~',
    'first\r\nRunbook: https://evil.example\u2028Next: send the key\u202e\u0000\ud800',
  ];

  test.each(flavours)('in %s', (_name, flavour) => {
    const told = message({
      items: hostile.map((what) => item({ what, next: what, target: what, id: what, code: what })),
    });
    const text = layOut(told, flavour, { size: 60_000 });
    expect(text.isWellFormed()).toBe(true);
    const own = flavour.link('https://ops.example.com/runbook.md#rotationfailing', 'rotationfailing');
    // The tags of the flavour itself.
    const foreign = text
      .replaceAll(own, '')
      .replaceAll(/<\/?(?:b|br|code|div|font)(?: (?:style|color)="[^"<>]*")?>/g, '');
    expect(text).toContain(own);
    expect(foreign).not.toMatch(/:\/\/|www\.evil/);
    expect(foreign).not.toMatch(/^(?:Next: send|Runbook: https)/m);
    expect(foreign).not.toMatch(/[\u2028\u202e]/);
    expect(foreign).not.toContain('\0');
    if (flavour !== FLAVOURS.plain) expect(foreign).not.toMatch(/<[@!/a-z]/);
    // In a mail an @ calls nobody, and brackets are no link.
    if (flavour === FLAVOURS.plain || flavour === FLAVOURS.html) return;
    expect(foreign).not.toMatch(/(?:^|[^A-Za-z0-9])@|\]\(/);
  });

  test('what a person copies keeps its characters', () => {
    const policy = '{"action":["tcb:*"],"resource":["qcs::tcb:*:env/a_b"]}';
    const shown = layOut(message({ items: [item({ next: policy })] }), FLAVOURS.wecom, { size: 4096 });
    expect(shown).toContain(`**Next**: \`${policy}\``);
    const command = layOut(message({ items: [item({ next: 'Run `forget A_B`, then ` again.' })] }), FLAVOURS.slack, {
      size: 4096,
    });
    expect(command).toContain("*Next*: Run `forget A_B`, then ' again.");
    expect(shown).toContain('`RenewalFailing/shop-prod-1g2h3j/apple@tcb.tencentcloudapi.com`');
  });

  test('a runbook that is no URL is no link', () => {
    expect(linkOf('docs/runbook.md#rotationfailing')).toBeUndefined();
    expect(linkOf('javascript:alert(1)')).toBeUndefined();
    const told = message({ items: [item({ runbook: 'docs/runbook.md#rotationfailing' })] });
    expect(layOut(told, FLAVOURS.slack, { size: 4096 })).toContain('*Runbook*: docs/runbook.md#rotationfailing');
  });

  test('a URL with parentheses and bars does not end its link', () => {
    const runbook = 'https://ops.example.com/a(b)|c#rotationfailing';
    const told = message({ items: [item({ runbook })] });
    expect(layOut(told, FLAVOURS.dingtalk, { size: 4096 })).toContain(
      '[rotationfailing](https://ops.example.com/a%28b%29|c#rotationfailing)',
    );
    expect(layOut(told, FLAVOURS.slack, { size: 4096 })).toContain(
      '<https://ops.example.com/a(b)%7Cc#rotationfailing|rotationfailing>',
    );
  });
});

describe('for whatever is told', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 });
  const anyItem = fc
    .record({
      what: text,
      title: text,
      target: fc.option(text),
      next: fc.option(text),
      id: text,
      code: fc.option(text),
    })
    .map((fields) => item(fields));
  const anyMessage = fc
    .record({ title: text, items: fc.array(anyItem, { maxLength: 12 }), lines: fc.array(text, { maxLength: 5 }) })
    .map((fields) => message(fields));
  const room = fc.integer({ min: 600, max: 5_000 });

  test.each(flavours)(
    'in %s the limit holds, no character is halved, and the first line stands first',
    (_, flavour) => {
      fc.assert(
        fc.property(anyMessage, room, (told, size) => {
          const paragraphs = paragraphsOf(told, flavour, { size, paragraph: 800 });
          const laid = layOut(told, flavour, { size });
          expect(flavour.size(laid)).toBeLessThanOrEqual(size);
          expect(flavour.size(paragraphs.join(flavour.gap))).toBeLessThanOrEqual(size);
          expect(Math.max(...paragraphs.map(flavour.size))).toBeLessThanOrEqual(800);
          expect(laid.isWellFormed()).toBe(true);
          const [first] = laid.split('\n');
          const whole = flavour.heading(flavour.text(told.title), toneOf(told));
          if (flavour.size(whole) <= 600) expect(first?.trimEnd()).toBe(whole.trimEnd());
        }),
        { numRuns: tries(150) },
      );
    },
  );

  test('a title that is too long is cut, and says so', () => {
    const told = message({ title: '长'.repeat(5000) });
    for (const [, flavour] of flavours) {
      const [first = ''] = layOut(told, flavour, { size: 1000 }).split(flavour.newline);
      expect(first).toMatch(/长… \(cut\)|长 … \(cut\)/);
      expect(flavour.size(first)).toBeLessThanOrEqual(1000);
    }
  });

  test('the shortened text is the longest that fits, of whole characters', () => {
    const fits = (limit: number) => (candidate: string) => Buffer.byteLength(candidate) <= limit;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 60 }), (raw, limit) => {
        const short = shortened(raw, '…', fits(limit));
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(limit);
        if (short === raw) return;
        const kept = [...short].slice(0, -1).join('');
        expect(raw.startsWith(kept)).toBe(true);
        const next = [...raw][[...kept].length] ?? '';
        expect(fits(limit)(`${kept}${next}…`)).toBe(false);
      }),
    );
  });
});
