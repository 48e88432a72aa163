// The words of alerts: complete in both languages for every condition and every variant of its facts, one imperative
// sentence for the next step, nothing undefined, no English left in Chinese, no secret. Looked at by rules, because
// nobody reads hundreds of texts again after each change; the most important ones are held word by word.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { composeMessage, describeFinding } from '../../../src/alerts/words/compose.ts';
import { CONDITIONS, type Finding } from '../../../src/core/alerts/conditions.ts';
import { LANGUAGES, type Language, type MessageItem } from '../../../src/core/alerts/message.ts';
import { NEWS_STATUSES } from '../../../src/core/alerts/records.ts';
import { EVIDENCE_DETAILS } from '../../../src/core/reasons.ts';
import { LOGIN_FINDINGS as EN_FINDINGS } from '../../../src/core/texts/en/logins.ts';
import { errorTexts } from '../../../src/core/texts/errors.ts';
import { TEXTS } from '../../../src/core/texts/languages.ts';
import { LOGIN_FINDINGS as ZH_FINDINGS } from '../../../src/core/texts/zh/logins.ts';
import { HOUR } from '../../../src/core/time.ts';
import { aFinding, anError, aStoryOf, aSubject, DENIED, NOW, VARIANTS } from '../../support/alert-findings.ts';
import { LANE } from '../../support/fleet.ts';
import {
  CJK,
  englishIn,
  faultsIn,
  isOneChineseSentence,
  isOneImperative,
  NARROW_PUNCTUATION,
  prose,
} from '../../support/text-rules.ts';

const STATUSES = NEWS_STATUSES.filter((status) => status !== 'happened');
const WORDING = { now: NOW, runbook: 'docs/runbook.md' };

function itemOf(finding: Finding, language: Language, status: (typeof STATUSES)[number] = 'raised'): MessageItem {
  const { items } = composeMessage({
    id: 'id',
    instance: 'prod-rotator',
    version: '1.2.3',
    language,
    ...WORDING,
    subjects: [aSubject(finding, status)],
  });
  return items[0] as MessageItem;
}

const EVERY = VARIANTS.flatMap(({ name, finding }) => STATUSES.map((status) => ({ name, status, finding })));

describe('every condition, in every variant of its facts, at every status', () => {
  test('every condition has a variant', () => {
    expect(new Set(VARIANTS.map(({ finding }) => finding.condition))).toEqual(new Set(CONDITIONS));
  });

  test.each(EVERY)('$name, $status', ({ finding, status }) => {
    for (const language of LANGUAGES) {
      const { title, what, next } = itemOf(finding, language, status);
      const texts = [title, what, ...(next === null ? [] : [next])];
      expect(texts.flatMap(faultsIn)).toEqual([]);
      expect(title).not.toMatch(/[.\u3002]$/);
      expect(title.length).toBeLessThanOrEqual(80);
      expect(what).toMatch(language === 'en' ? /[.]$/ : /\u3002$/);
      expect(next === null).toBe(status === 'cleared' || status === 'ended');
    }
  });

  test.each(VARIANTS)('the next step of $name is one imperative sentence', ({ finding }) => {
    const english = itemOf(finding, 'en').next ?? '';
    expect(isOneImperative(english), english).toBe(true);
    const chinese = itemOf(finding, 'zh').next ?? '';
    expect(isOneChineseSentence(chinese), chinese).toBe(true);
  });

  test.each(EVERY)('no English is left in the Chinese of $name, $status', ({ finding, status }) => {
    const { title, what, next } = itemOf(finding, 'zh', status);
    const english = itemOf(finding, 'en', status);
    for (const text of [title, what, next ?? title]) {
      expect(text).toMatch(CJK);
      expect(englishIn(text), text).toEqual([]);
      // Full-width punctuation beside Chinese characters.
      expect(prose(text)).not.toMatch(NARROW_PUNCTUATION);
      for (const sentence of [english.title, ...english.what.split('. ')]) expect(prose(text)).not.toContain(sentence);
    }
  });

  test.each(EVIDENCE_DETAILS)('what was found about logins is a clause in both languages: %s', (found) => {
    const [english, chinese] = [EN_FINDINGS[found], ZH_FINDINGS[found]];
    expect([english, chinese].flatMap(faultsIn)).toEqual([]);
    expect([english, chinese].join()).not.toMatch(/[.\u3002]$/);
    expect(chinese).toMatch(CJK);
    expect(englishIn(chinese)).toEqual([]);
    expect(prose(chinese)).not.toMatch(NARROW_PUNCTUATION);
  });

  test('headlines of one kind can be told apart, in both languages', () => {
    for (const language of LANGUAGES) {
      const { conditions } = TEXTS[language];
      const titles = CONDITIONS.map((name) => conditions[name].title);
      expect(new Set(titles).size).toBe(CONDITIONS.length);
    }
  });
});

describe('no secret', () => {
  const JWT = `eyJhbGciOiJFUzI1NiIsImtpZCI6IksxIn0.eyJpc3MiOiJBMUIyQzNENEU1In0.${'s'.repeat(86)}`;
  const PEM = `-----BEGIN PRIVATE KEY-----\n${'MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHkwdwIBAQQg'.repeat(3)}\n-----END PRIVATE KEY-----`;

  test.each(LANGUAGES)('comes through in %s, wherever it was put', (language) => {
    const error = anError('ERR_INTERNAL', { said: `${JWT} and ${PEM}` });
    const findings = [
      ...VARIANTS.map(({ finding }) => ({ ...finding, error }) as Finding),
      aFinding('TargetMisconfigured', { problems: [`key: ${PEM}`, `clientId: ${JWT}`] }),
      aFinding('Unverified', { targets: [JWT] }),
      aFinding('JournalUnwritable', { path: `/data/${JWT}` }),
      aFinding('ChannelFailing', { channel: JWT, attempts: 3, oldestAt: NOW }),
    ];
    for (const finding of findings) {
      for (const status of STATUSES) {
        const { title, what, next } = itemOf(finding, language, status);
        expect(`${title} ${what} ${next}`).not.toMatch(/eyJ|MIGT|BEGIN PRIVATE/);
      }
    }
  });

  test('whatever an error says, a text is one line without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (said) => {
        for (const language of LANGUAGES) {
          const error = anError('ERR_INTERNAL', { said });
          const facts = { failures: 3, nextAttemptAt: null, emergency: false };
          const { what, next } = describeFinding(aFinding('RotationFailing', facts, { error }), {
            ...WORDING,
            language,
          });
          expect(`${what}${next}`).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect(`${what}${next}`.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test('whatever instants the journal holds, nothing is undefined', () => {
    const instant = fc.oneof(fc.double(), fc.integer(), fc.constant(8.64e15 + 1), fc.constant(Number.NaN));
    fc.assert(
      fc.property(instant, instant, (one, other) => {
        for (const language of LANGUAGES) {
          const finding = aFinding('SecretExpiring', { expiresAt: one }, { loginsUntil: other });
          const story = aStoryOf(finding, { since: one, endedAt: other });
          const subject = aSubject(finding, 'cleared', { story });
          const message = composeMessage({
            id: 'i',
            instance: 'i',
            version: '1',
            language,
            ...WORDING,
            subjects: [subject, aSubject(finding)],
          });
          expect(JSON.stringify(message)).not.toMatch(/NaN|undefined|Invalid/);
          for (const { since } of message.items) expect(since).toMatch(/^[+-]?\d{4,6}-.*Z$/);
        }
      }),
    );
  });
});

describe('word by word', () => {
  const says = (finding: Finding, language: Language) => {
    const { title, what, next } = describeFinding(finding, { ...WORDING, language });
    return { title, what, next };
  };
  const variantOf = (name: string) => VARIANTS.find((each) => each.name === name)?.finding as Finding;
  const STATEMENT =
    '`{"effect":"allow","action":["tcb:GetProviders","tcb:ModifyProvider"],"resource":["qcs::tcb:ap-shanghai:uin/<main account uin>:env/<envId>"]}`';

  test('RotationFailing with a denial brings the CAM statement in both languages', () => {
    const finding = variantOf('RotationFailing, denied');
    expect(says(finding, 'en')).toEqual({
      title: 'the client secret cannot be renewed',
      what: `The last attempt failed. The next one comes with the next ordinary check. The last error: ${errorTexts(DENIED, 'en').message}.`,
      next: `Attach this policy in CAM to the user or role of this service (where CAM names another resource, allow that one): ${STATEMENT}.`,
    });
    expect(says(finding, 'zh')).toEqual({
      title: '客户端密钥无法轮换',
      what: `最近一次尝试失败。将在下一次例行检查时重试。最近的错误：${errorTexts(DENIED, 'zh').message}。`,
      next: `在访问管理（CAM）中为本服务的子用户或角色关联以下策略（如 CAM 指明了其他资源，以其为准）：${STATEMENT}。`,
    });
  });

  test('LoginsFail says what was found, and who can fix it', () => {
    const rejected = variantOf('LoginsFail, rejected by Apple');
    expect(says(rejected, 'en')).toEqual({
      title: 'Apple logins fail: Apple rejects the client secret',
      what: 'Apple rejects the client secret (key K1L2M3N4O5), as last seen at 2026-11-22 19:15 UTC (60 minutes ago). Nobody can log in with Apple until this is fixed.',
      next: 'Check in the Apple Developer portal (Keys) that the key is not revoked; if it is, create a new key and give it to this service.',
    });
    expect(says(rejected, 'zh')).toEqual({
      title: 'Apple 登录失败：Apple 拒绝现有客户端密钥',
      what: 'Apple 拒绝现有客户端密钥（Key ID K1L2M3N4O5），最近一次确认于 2026-11-22 19:15 UTC（60 分钟前）。修复之前，用户无法使用 Apple 登录。',
      next: '在 Apple 开发者网站的 Keys 页面确认该私钥是否已被吊销，若已吊销则新建一个并配置给本服务。',
    });
    const gone = variantOf('LoginsFail, the login method is gone');
    expect(says(gone, 'en').what).toBe(
      'The Apple login method is gone, as last seen at 2026-11-22 19:15 UTC (60 minutes ago). Nobody can log in with Apple until this is fixed. The last error: environment shop-prod-1g2h3j has no provider apple.',
    );
    expect(says(gone, 'en').next).toMatch(/^Create the Apple login method in the CloudBase console/);
  });

  test('LoginsFail of a secret that has expired, also by a clock that nothing confirms', () => {
    const finding = variantOf('LoginsFail, expired');
    const expected = {
      title: 'Apple logins fail: the client secret has expired',
      what: 'The client secret expired at 2026-11-22 17:15 UTC (3 hours ago); every Apple login of this app fails until it is replaced.',
      next: 'Run `apple-secret-rotator once --target shop-prod` now, and if that fails make a client secret with `apple-secret-rotator generate` and set it by hand in the CloudBase console (Authentication, Login Methods, Apple).',
    };
    expect(says(finding, 'en')).toEqual(expected);
    expect(says(finding, 'zh')).toEqual({
      title: 'Apple 登录失败：客户端密钥已过期',
      what: '客户端密钥已于 2026-11-22 17:15 UTC（3 小时前）过期，替换之前，该应用的 Apple 登录全部失败。',
      next: '立即执行 `apple-secret-rotator once --target shop-prod`，如仍失败，则用 `apple-secret-rotator generate` 生成客户端密钥，并在云开发 CloudBase 控制台（身份认证 → 登录方式 → Apple）中手动填入。',
    });
    const unconfirmed = variantOf('LoginsFail, expired by a clock that was not compared');
    expect(says(unconfirmed, 'en').what).toContain(
      'This is by the clock of this machine, which could not be compared with that of CloudBase.',
    );
    expect(says(unconfirmed, 'zh').what).toContain('以上依据本机时钟，未能与 CloudBase 的时钟比对。');
  });

  test('LoginsFail of a secret that is not proven says no more than that', () => {
    const finding = variantOf('LoginsFail, unproven');
    expect(says(finding, 'en').title).toBe(
      'Apple logins may still fail: Apple has not accepted the new client secret yet',
    );
    expect(says(finding, 'zh').title).toBe('Apple 登录可能仍然失败：Apple 尚未认可新的客户端密钥');
    expect(says(variantOf('RotationFailing, not proven'), 'en').title).toBe(
      'Apple logins may fail: Apple has not accepted the new client secret yet',
    );
  });

  test('SecretExpiring never says that something past will be', () => {
    const past = variantOf('SecretExpiring, past');
    expect(says(past, 'en')).toMatchObject({
      title: 'the client secret was not renewed before its expiry',
      what: expect.stringMatching(
        /^The client secret was not renewed before it expired at 2026-11-17 20:15 UTC \(5 days ago\)\./,
      ),
    });
    expect(says(past, 'zh')).toMatchObject({
      title: '客户端密钥到期前未能轮换',
      what: expect.stringMatching(/^客户端密钥在 2026-11-17 20:15 UTC（5 天前）到期之前未能轮换。/),
    });
  });

  test('SecretReplaced names both secrets, and says what follows, kind by kind', () => {
    expect(says(variantOf('SecretReplaced, by somebody else'), 'en')).toEqual({
      title: 'somebody else replaced the client secret',
      what: 'At 2026-11-22 15:15 UTC (5 hours ago) this service found another client secret (key P6Q7R8S9T0, fingerprint c0ffee254729…) in place of its own (fingerprint 1fa947dc0e2b…). A good client secret is left in place, no matter who made it, and is renewed when it is due.',
      next: 'Find out who else writes it (a person, a script, another rotator) and agree on one; if it is this service, run `apple-secret-rotator once --force --target shop-prod`.',
    });
    const own = variantOf('SecretReplaced, by another holder of our key');
    expect(says(own, 'en').title).toBe('another holder of your key replaced the client secret');
    expect(says(own, 'en').what).toContain('somebody else holds that key');
    expect(says(own, 'zh').title).toBe('持有同一私钥的他人替换了客户端密钥');
    expect(says(variantOf('SecretReplaced, and taken back'), 'en').what).toMatch(/Its own is in place again\.$/);
  });

  test('SecretNotShown names whose secret no longer shows, and what is done about it', () => {
    const one = variantOf('SecretNotShown, of one');
    expect(says(one, 'en')).toEqual({
      title: 'the client secret of shop-prod no longer shows as this service left it',
      what: 'CloudBase has shown nothing in its place since 2026-11-22 15:15 UTC (5 hours ago), or something that is no client secret: somebody may have removed or replaced it. A new one is written once, if Apple accepts it.',
      next: 'Try an Apple login in this app, and look at the login method in the CloudBase console (Authentication, Login Methods, Apple).',
    });
    expect(says(one, 'zh').what).toContain('它可能已被他人删除或替换');
    const several = says(variantOf('SecretNotShown, of several'), 'en');
    expect(several.title).toBe('the client secret of 7 targets no longer shows as this service left it');
    expect(several.next).toContain('in each of these apps');
  });

  test("Apple's answers as a whole", () => {
    expect(says(variantOf('AppleRejectsAll, of several'), 'en').what).toBe(
      'For over an hour Apple has rejected every client secret that it was asked about (shop-prod, shop-staging, blog-prod, forum-prod, wiki-prod and 2 more). It accepted nothing in that time, so this service cannot tell whether these secrets are bad or Apple refuses everybody.',
    );
    expect(says(variantOf('AppleAcceptsAll, as it is'), 'en').title).toBe("Apple's answers mean nothing");
  });

  test('WritesFailing says whose logins are at risk, and what the last write ended with', () => {
    const waiting = variantOf('WritesFailing, with urgent targets behind it');
    expect(says(waiting, 'en')).toEqual({
      title: 'client secrets cannot be written',
      what: 'The last 3 writes with env TENCENTCLOUD_SECRET_ID, ap-shanghai, https://tcb.tencentcloudapi.com ended badly; after each of them, what is not urgent pauses for an hour. Apple logins are at risk for shop-prod and blog-prod. The last error: CloudBase answered the write with success, but still shows the old client secret.',
      next: expect.stringMatching(/^Set a client secret by hand .*`apple-secret-rotator generate` makes one/),
    });
    expect(says(waiting, 'zh').what).toContain('以下目标的 Apple 登录面临风险：shop-prod、blog-prod。');
    const calm = aFinding('WritesFailing', { lane: LANE, badWrites: 3, urgent: [] });
    expect(says(calm, 'en').what).toContain('No target needs a new client secret urgently.');
    expect(says(calm, 'en').next).toBe('Find the cause with `apple-secret-rotator history`.');
  });

  test('ChannelFailing names the channel, also where nothing was tried yet', () => {
    const error = anError('ERR_CHANNEL_REFUSED', {
      problem: 'refused',
      channel: 'ops',
      type: 'wecom',
      said: 'HTTP 200, errcode 93004',
      advice: 'robot-off',
    });
    const refused = aFinding('ChannelFailing', { channel: 'ops', attempts: 3, oldestAt: null }, { error });
    expect(says(refused, 'en')).toEqual({
      title: 'alert channel ops does not accept messages',
      what: 'The last 3 attempts to send a message failed. The last error: channel ops (wecom) refused the message: HTTP 200, errcode 93004.',
      next: 'Switch the robot on again in its group; then try it: `apple-secret-rotator alerts --test --channel ops`.',
    });
    expect(says(refused, 'zh').what).toBe(
      '连续 3 次发送失败。最近的错误：渠道 ops（wecom）拒绝了消息：HTTP 200, errcode 93004。',
    );
    const waiting = aFinding('ChannelFailing', { channel: 'ops', attempts: 0, oldestAt: NOW - HOUR });
    expect(says(waiting, 'en').what).toBe(
      'Messages for this channel have been waiting since 2026-11-22 19:15 UTC (60 minutes ago), and are sent again until they arrive.',
    );
  });

  test('StartRefused', () => {
    expect(says(variantOf('StartRefused, of its configuration'), 'en')).toEqual({
      title: 'the daemon cannot start: its configuration is wrong',
      what: 'Until the daemon starts, no client secret is checked or renewed. The last error: configuration: config/rotator.yaml line 7: http.port: found "x", wanted a whole number from 0 to 65535 (and 2 more).',
      next: 'Correct the configuration; the daemon tries again every minute, or start it again if it has ended.',
    });
    expect(says(variantOf('StartRefused, of another daemon'), 'zh').next).toBe(
      '可让本进程待命；否则停止那个守护进程，或为本进程配置单独的状态库。',
    );
  });

  test('no text in either language says that logins work', () => {
    for (const { finding } of VARIANTS) {
      for (const language of LANGUAGES) {
        const { title, what, next } = says(finding, language);
        expect(`${title} ${what} ${next}`).not.toMatch(/logins? (?:still )?works?|登录可用|登录不受影响/i);
      }
    }
  });
});
