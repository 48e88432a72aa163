// Rows of the alert tables, as tests need them.
import type { Finding } from '../../src/core/alerts/conditions.ts';
import {
  type ChannelState,
  type ConditionRecord,
  type Delivery,
  emptyChannelState,
} from '../../src/core/alerts/records.ts';
import type { ErrorView } from '../../src/core/errors.ts';
import { uuidv7 } from '../../src/core/uuid.ts';
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

export function aCondition(id: string, overrides: Partial<ConditionRecord> = {}): ConditionRecord {
  return { finding: aFinding({ id }), foundAt: NOW, raisedAt: NOW, toldAt: NOW, told: { ops: id }, ...overrides };
}

let made = 0;

export function aDelivery(overrides: Partial<Delivery> = {}): Delivery {
  made += 1;
  const random = Buffer.alloc(10);
  random.writeUInt32BE(made, 6);
  return { id: uuidv7(NOW, random), channel: 'ops', at: NOW, subject: { kind: 'test' }, ...overrides };
}

export function aChannel(name: string, overrides: Partial<ChannelState> = {}): ChannelState {
  return { ...emptyChannelState(name), ...overrides };
}
