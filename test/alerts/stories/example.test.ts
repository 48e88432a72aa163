// The stories that a test shows: one of every cause, which no channel can take for a real one.
import { describe, expect, test } from 'vitest';
import { alertsOf } from '../../../src/adapters/channels/alertmanager.ts';
import { eventsOf } from '../../../src/adapters/channels/pagerduty.ts';
import { webhookBody } from '../../../src/adapters/channels/webhook-body.ts';
import { exampleNews } from '../../../src/alerts/stories/example.ts';
import { composeMessage } from '../../../src/alerts/words/compose.ts';
import { FLAVOURS } from '../../../src/alerts/words/flavours.ts';
import { layOut } from '../../../src/alerts/words/layout.ts';
import type { AlertMessage } from '../../../src/core/alerts/message.ts';
import { CAUSES, type Cause } from '../../../src/core/alerts/names.ts';
import { MINUTE } from '../../../src/core/time.ts';
import { NOW } from '../../support/alert-findings.ts';

function messageOf(cause: Cause, language: AlertMessage['language'], status: 'raised' | 'cleared' = 'raised') {
  return composeMessage({
    ...{ id: '019a0000-0000-7000-8000-000000000000', now: NOW, instance: 'prod', version: '1.0.0', language },
    ...{ runbook: 'docs/runbook.md', isTest: true },
    subjects: [{ kind: 'story', ...exampleNews(cause, status, NOW) }],
  });
}

const MARKS = {
  en: { mark: 'TEST: ', nothing: 'Nothing is wrong and nothing needs to be done.' },
  zh: { mark: '【测试】', nothing: '一切正常，无需任何处理。' },
} as const;

describe.each(CAUSES)('%s', (cause) => {
  test.each(['en', 'zh'] as const)('is marked in title and body, whatever shows of it (%s)', (language) => {
    const { mark, nothing } = MARKS[language];
    for (const status of ['raised', 'cleared'] as const) {
      const message = messageOf(cause, language, status);
      expect(message.kind).toBe('test');
      expect(message.title.startsWith(`[prod] ${mark}`)).toBe(true);
      const shown = cause === 'Unwatched' ? 'happened' : status;
      expect(message.items).toMatchObject([{ condition: cause, status: shown, id: expect.stringMatching(/^Test\//) }]);
      const [item] = message.items;
      expect([item?.title.startsWith(mark), item?.what.includes(nothing)]).toEqual([true, true]);
      for (const flavour of Object.values(FLAVOURS)) {
        const text = layOut(message, flavour, { size: 4096 });
        expect(text).toContain(flavour.text(nothing));
        expect(text).not.toMatch(/undefined|NaN/);
      }
    }
  });

  test('PagerDuty: its incident is opened and resolved within one message', () => {
    const [opened, resolved, ...more] = eventsOf(messageOf(cause, 'en'));
    expect(more).toEqual([]);
    expect(opened).toMatchObject({
      event_action: 'trigger',
      dedup_key: expect.stringMatching(/^prod\/Test\//),
      payload: {
        summary: expect.stringMatching(/^\[prod\] TEST: /),
        severity: expect.stringMatching(cause === 'Unwatched' ? /info/ : /critical|warning/),
      },
    });
    expect(resolved).toEqual({ event_action: 'resolve', dedup_key: opened?.dedup_key });
  });

  test('Alertmanager: it ends by itself within minutes', () => {
    const [alert, ...more] = alertsOf(messageOf(cause, 'en'), NOW);
    expect(more).toEqual([]);
    expect(alert).toMatchObject({
      labels: { alertname: cause },
      annotations: { summary: expect.stringContaining('TEST: ') },
      endsAt: new Date(NOW + 5 * MINUTE).toISOString(),
    });
  });

  test('a webhook is told by `kind`', () => {
    expect(JSON.parse(webhookBody(messageOf(cause, 'en')))).toMatchObject({ kind: 'test', items: [{ cause }] });
  });
});
