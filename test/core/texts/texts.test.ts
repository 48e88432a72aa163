// The words of alerts: complete in both languages for every condition and every variant of its facts, one imperative
// sentence for the next step, nothing undefined, no English left in Chinese, no secret. Looked at by rules, because
// nobody reads hundreds of texts again after each change; the most important ones are held word by word.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { composeMessage, describeFinding } from '../../../src/alerts/words/compose.ts';
import { CONDITIONS, type ConditionName, type Finding } from '../../../src/core/alerts/conditions.ts';
import { LANGUAGES, type Language, type MessageItem } from '../../../src/core/alerts/message.ts';
import { DELIVERY_STATUSES } from '../../../src/core/alerts/records.ts';
import { errorTexts } from '../../../src/core/texts/errors.ts';
import { TEXTS } from '../../../src/core/texts/languages.ts';
import { DAY, HOUR } from '../../../src/core/time.ts';
import { aFinding, anError, aSubject, DENIED, NOW, VARIANTS } from '../../support/alert-findings.ts';
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

const STATUSES = DELIVERY_STATUSES.filter((status) => status !== 'happened');
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
          const finding = aFinding('SecretExpired', { expiresAt: one }, { loginsUntil: other });
          const subject = aSubject(finding, 'cleared', { since: one, until: other });
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
      what: `The last attempt failed: ${errorTexts(DENIED, 'en').message}. The next attempt comes with the next ordinary check. Apple logins work until 2026-12-04 20:15 UTC (in 12 days).`,
      next: `Allow this in CAM (or, if the message names another resource, that one): ${STATEMENT}.`,
    });
    expect(says(finding, 'zh')).toEqual({
      title: '客户端密钥无法轮换',
      what: `最近一次尝试失败：${errorTexts(DENIED, 'zh').message}。将在下一次例行检查时重试。Apple 登录可用至 2026-12-04 20:15 UTC（12 天后）。`,
      next: `在访问管理（CAM）中授权以下操作（如报错信息指明了其他资源，以其为准）：${STATEMENT}。`,
    });
  });

  test('RotationFailing in an emergency that is none for want of time promises no logins', () => {
    const facts = { failures: 1, nextAttemptAt: null, emergency: true };
    const finding = aFinding('RotationFailing', facts, { loginsUntil: NOW + 100 * DAY });
    expect(says(finding, 'en').what).toContain('Apple logins are probably failing now.');
    expect(itemOf(finding, 'en').loginsUntil).toBe(null);
    expect(itemOf({ ...finding, loginsUntil: NOW + DAY } as Finding, 'en').loginsUntil).toBe(
      '2026-11-23T20:15:30.000Z',
    );
  });

  test('SecretExpired', () => {
    const finding = aFinding('SecretExpired', { expiresAt: NOW - 3 * HOUR });
    expect(says(finding, 'en')).toEqual({
      title: 'Apple logins fail: the client secret has expired',
      what: 'The client secret expired at 2026-11-22 17:15 UTC (3 hours ago); every Apple login of this app fails until it is replaced.',
      next: 'Run `apple-secret-rotator once --target shop-prod` now, and if that fails make a client secret with `apple-secret-rotator generate` and set it by hand in the CloudBase console (Authentication, Login Methods, Apple).',
    });
    expect(says(finding, 'zh')).toEqual({
      title: 'Apple 登录失败：客户端密钥已过期',
      what: '客户端密钥已于 2026-11-22 17:15 UTC（3 小时前）过期，替换之前，该应用的 Apple 登录全部失败。',
      next: '立即执行 `apple-secret-rotator once --target shop-prod`，如仍失败，则用 `apple-secret-rotator generate` 生成客户端密钥，并在云开发 CloudBase 控制台（身份认证 → 登录方式 → Apple）中手动填入。',
    });
  });

  test('SecretReplaced names both secrets, and says when it is left alone', () => {
    expect(says(variantOf('SecretReplaced, once'), 'en').what).toBe(
      'The client secret of this service (key K1L2M3N4O5, fingerprint 1fa947dc0e2b…) was replaced by somebody else at 2026-11-22 15:15 UTC (5 hours ago); the one there now is another (key P6Q7R8S9T0, fingerprint c0ffee254729…).',
    );
    const alone = variantOf('SecretReplaced, twice, and left alone');
    expect(says(alone, 'en').what).toContain(
      'it is left in place while it is valid, and this service does not renew it.',
    );
    expect(says(alone, 'en').next).toContain('`apple-secret-rotator once --force --target shop-prod`');
    expect(says(alone, 'zh').title).toBe('客户端密钥屡遭他人替换，目前无人负责轮换');
    expect(says(alone, 'zh').what).toContain('先后 2 次被他人替换，最近一次发生在 2026-11-22 15:15 UTC（5 小时前）');
  });

  test('WritesFailing says whose logins are at risk, and what the last write ended with', () => {
    const waiting = variantOf('WritesFailing, with urgent targets behind it');
    expect(says(waiting, 'en')).toEqual({
      title: 'client secrets cannot be written',
      what: 'The last 3 writes with env TENCENTCLOUD_SECRET_ID, ap-shanghai, https://tcb.tencentcloudapi.com ended badly, the last of them like this: CloudBase answered the write with success, but still shows the old client secret. Apple logins are at risk for shop-prod and blog-prod. After each bad write, what is not urgent pauses for an hour.',
      next: expect.stringMatching(/^Set a client secret by hand .*`apple-secret-rotator generate` makes one/),
    });
    expect(says(waiting, 'zh').what).toContain('以下目标的 Apple 登录面临风险：shop-prod、blog-prod。');
    const calm = aFinding('WritesFailing', { lane: LANE, badWrites: 3, urgent: [] });
    expect(says(calm, 'en').what).toContain('Apple logins work as before');
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
      what: 'The last 3 attempts to send through channel ops failed: channel ops (wecom) refused the message: HTTP 200, errcode 93004.',
      next: 'Switch the robot on again in its group.',
    });
    expect(says(refused, 'zh').what).toBe(
      '经渠道 ops 发送消息，连续 3 次失败：渠道 ops（wecom）拒绝了消息：HTTP 200, errcode 93004。',
    );
    const waiting = aFinding('ChannelFailing', { channel: 'ops', attempts: 0, oldestAt: NOW - HOUR });
    expect(says(waiting, 'en').what).toBe(
      'Messages for channel ops have been waiting since 2026-11-22 19:15 UTC (60 minutes ago), and are sent again until they arrive.',
    );
  });

  test('StartRefused', () => {
    expect(says(variantOf('StartRefused, of its configuration'), 'en')).toEqual({
      title: 'the daemon cannot start',
      what: 'Configuration: config/rotator.yaml line 7: http.port: found "x", wanted a whole number from 0 to 65535 (and 2 more). Until the daemon starts, no client secret is checked or renewed.',
      next: 'Correct the configuration; a daemon that is still running then starts by itself.',
    });
    expect(says(variantOf('StartRefused, of another daemon'), 'zh').next).toBe(
      '先停止那个守护进程，或为本进程配置单独的状态库。',
    );
  });

  test.each(['AppleRejectsSecret', 'ProviderDisabled', 'ProviderChanged'] satisfies ConditionName[])(
    '%s promises no logins by the expiry',
    (condition) => {
      const finding = VARIANTS.find((each) => each.finding.condition === condition)?.finding as Finding;
      expect(finding.loginsUntil).not.toBe(null);
      expect(itemOf(finding, 'en').loginsUntil).toBe(null);
    },
  );
});
