// The sentences of events, which are English: every event, and every step of a rotation, by the rules of
// support/text-rules.ts.
import { describe, expect, test } from 'vitest';
import type { RotatorEvent, Step } from '../../../src/core/events.ts';
import { endText, eventText } from '../../../src/core/texts/en/events.ts';
import { anEvent, anEventError, EVENT_NAMES, EVENT_NOW } from '../../support/events.ts';
import { CJK, faultsIn } from '../../support/text-rules.ts';

const error = anEventError('the write was not applied');
const secret = { keyId: 'K1L2M3N4O5', fingerprint: 'ab12' };
const answered = { step: 'apple-answered', detail: { trouble: 'code', code: 'invalid_grant' } } as const;

const STEPS: readonly (readonly [Step, string])[] = [
  [
    { step: 'found', why: { found: 'renewal' }, ...secret, expiresAt: EVENT_NOW + 432_000_000 },
    'found: renewal is due; the deployed secret expires in 5.0 days (2026-11-27T16:00:00Z)',
  ],
  [
    { step: 'found', why: { found: 'expired' }, ...secret, expiresAt: EVENT_NOW - 1 },
    'found: the deployed secret has expired (2026-11-22T16:00:00Z)',
  ],
  [{ step: 'minted', ...secret, expiresAt: null }, 'candidate minted'],
  [{ step: 'verified' }, "candidate checked claim by claim, its signature with the key's public half"],
  [{ ...answered, asked: 'candidate', verdict: 'accepted' }, 'Apple accepted the candidate (invalid_grant)'],
  [
    { ...answered, asked: 'control', verdict: 'rejected' },
    'Apple rejected the control signed with a throwaway key, as it should (invalid_grant)',
  ],
  [
    { ...answered, asked: 'deployed', verdict: 'unknown' },
    'no clear answer from Apple about the deployed secret (invalid_grant)',
  ],
  [{ step: 'intent-recorded' }, 'intent recorded in the journal'],
  [{ step: 'pushed', requestId: null }, 'candidate sent to CloudBase'],
  [{ step: 'push-unclear', error }, 'the write may or may not have been applied: the write was not applied'],
  [{ step: 'starting-over', error }, 'starting over: the write was not applied'],
  [{ step: 'read-back', found: 'still-old' }, 'read back: the old secret is still there'],
  [{ step: 'restoring-fields', fields: ['Config.Scope'] }, 'our write changed Config.Scope; restoring'],
  [{ step: 'putting-back' }, 'putting the previous secret back'],
  [{ step: 'outcome-recorded' }, 'outcome recorded in the journal'],
];

test.each(STEPS)('step %o', (step, text) => {
  expect(eventText({ ...anEvent('rotation.step'), ...step } as RotatorEvent<'rotation.step'>, EVENT_NOW)).toBe(text);
});

describe.each(EVENT_NAMES)('%s', (name) => {
  test('is a sentence in English', () => {
    const text = eventText(anEvent(name), EVENT_NOW);
    expect(faultsIn(text)).toEqual([]);
    expect(text).not.toMatch(CJK);
  });

  test('ends a pass or a rotation, or not', () => {
    expect(endText(name) !== undefined).toBe(
      /^(?:pass\.(?:deferred|pending|failed)|rotation\.(?:succeeded|unverified|failed|rolled_back|blocked))$/.test(
        name,
      ),
    );
  });
});

test.each([
  [anEvent('alert.sent', { kind: 'digest' }), 'sent the digest over ops: accepted'],
  [anEvent('alert.sent', { kind: 'test' }), 'sent a test message over ops: accepted'],
  [anEvent('alert.sent', { alerts: 1 }), 'sent an alert over ops: accepted'],
  [anEvent('warning', { during: 'alerts' }), 'alerts: the write was not applied'],
  [anEvent('warning', { channel: 'ops' }), 'channel ops: the write was not applied'],
  [anEvent('journal.degraded', { degraded: false, error: null }), 'the journal can be written again'],
  [anEvent('retry.scheduled', { attempt: 2 }), 'will try again after a failure'],
  [anEvent('daemon.started', { targets: 1 }), 'started; watching 1 target'],
  [anEvent('target.unwatched', { moved: true }), 'cloudbase.endpoint was changed, so this counts as a new target'],
] as const)('%o', (event, text) => {
  expect(eventText(event as RotatorEvent, EVENT_NOW)).toBe(text);
});
