// Rows of the alert tables, as tests need them.
import type { Finding } from '../../src/core/alerts/conditions.ts';
import { type ChannelState, emptyChannelState, type Story } from '../../src/core/alerts/records.ts';
import type { ErrorView } from '../../src/core/errors.ts';
import { NOW } from './journal.ts';

export function aFinding(overrides: { readonly id?: string; readonly error?: ErrorView } = {}): Finding {
  return {
    condition: 'RotationFailing',
    facts: { failures: 3, nextAttemptAt: NOW + 60_000, emergency: false },
    id: 'RotationFailing/shop-prod-1g2h3j/apple@tcb.tencentcloudapi.com',
    severity: 'warning',
    target: { key: 'k', name: 'shop-prod', envId: 'shop-prod-1g2h3j', providerId: 'apple' },
    since: NOW - 1000,
    loginsUntil: null,
    error: null,
    ...overrides,
  };
}

export function aStory(id: string, overrides: Partial<Story> & { readonly finding?: Finding } = {}): Story {
  const { finding = aFinding({ id }), ...rest } = overrides;
  const told = { at: NOW, severity: finding.severity, code: null, next: '', deadline: null, reminders: 0 };
  return {
    id,
    cause: 'RenewalFailing',
    members: [{ finding, foundAt: NOW, criticalAt: null }],
    since: NOW,
    gathersUntil: null,
    endedAt: null,
    holdMs: 60_000,
    closed: false,
    rotation: null,
    told: { ops: { ...told, thread: id, over: false } },
    ...rest,
  };
}

export function aChannel(name: string, overrides: Partial<ChannelState> = {}): ChannelState {
  return { ...emptyChannelState(name), ...overrides };
}
