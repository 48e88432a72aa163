// Messages for tests, with words of their own that never change.

import type { AlertMessage, Labels, MessageItem } from '../../src/core/alerts/message.ts';
import { when } from '../../src/core/texts/en/words.ts';

export const LABELS: Labels = {
  status: {
    raised: 'raised',
    escalated: 'worse',
    changed: 'changed',
    repeated: 'still so',
    cleared: 'all clear',
    ended: 'was so',
    happened: 'happened',
  },
  severity: { warning: 'warning', critical: 'CRITICAL', info: 'info' },
  instance: 'Instance',
  ids: 'Ids',
  targets: (count) => (count === 1 ? 'Target' : 'Targets'),
  since: 'Since',
  until: 'Until',
  loginsUntil: 'Secret expires',
  when,
  next: 'Next',
  condition: 'Condition',
  code: 'Code',
  runbook: 'Runbook',
  more: (count) => `and ${count} more: \`apple-secret-rotator alerts\``,
  cut: ' … (cut)',
};

export function item(overrides: Partial<MessageItem> = {}): MessageItem {
  const target = overrides.target === undefined ? 'shop-prod' : overrides.target;
  const id = overrides.id ?? `RenewalFailing/${target}-1g2h3j/apple@tcb.tencentcloudapi.com`;
  return {
    id,
    condition: 'RenewalFailing',
    status: 'raised',
    severity: 'critical',
    target,
    envId: `${target}-1g2h3j`,
    providerId: 'apple',
    targets: [],
    title: 'the client secret cannot be renewed',
    what: 'CloudBase denied ModifyProvider. Allow the action tcb:ModifyProvider on qcs::tcb:ap-shanghai:uin/100000000001:env/*.',
    since: '2026-11-20T03:07:00.000Z',
    until: null,
    loginsUntil: '2026-12-12T08:00:00.000Z',
    logins: {
      state: 'unknown',
      until: '2026-12-12T08:00:00.000Z',
      because: null,
      evidence: [{ kind: 'secret', verdict: 'unknown', at: '2026-11-22T03:07:00.000Z', detail: 'valid' }],
    },
    rotation: null,
    next: 'Add {"effect":"allow","action":["tcb:ModifyProvider"],"resource":["*"]} to the policy of this access key.',
    code: 'ERR_CLOUDBASE_DENIED',
    runbook: 'https://ops.example.com/runbook.md#rotationfailing',
    thread: id,
    ...overrides,
  };
}

/** `count` items of as many targets. */
export function items(count: number, overrides: Partial<MessageItem> = {}): MessageItem[] {
  return Array.from({ length: count }, (_, index) => item({ target: `shop-${index + 1}`, ...overrides }));
}

export function message(overrides: Partial<AlertMessage> = {}): AlertMessage {
  const told = overrides.items ?? [item()];
  const [first] = told;
  const about =
    told.length === 1
      ? `CRITICAL: ${first?.target === null ? '' : `${first?.target}: `}${first?.title}`
      : `${told.length} alerts`;
  return {
    id: '019ab000-0000-7000-8000-000000000001',
    kind: 'alert',
    instance: 'prod-rotator',
    version: '1.2.3',
    language: 'en',
    at: '2026-11-22T03:08:00.000Z',
    severity: 'critical',
    title: `[prod-rotator] ${about}`,
    lines: [],
    items: told,
    closes: [],
    labels: LABELS,
    ...overrides,
  };
}

/** The weekly sign of life, or a test. */
export function signOfLife(kind: 'digest' | 'test'): AlertMessage {
  return message({
    kind,
    severity: 'info',
    title: `[prod-rotator] ${kind === 'digest' ? 'weekly report: 3 targets, all is well' : 'test message'}`,
    lines: kind === 'digest' ? ['3 targets: 3 healthy', 'Next renewal: shop-prod, 2026-12-01'] : ['This is a test.'],
    items: [],
  });
}
