// Severity, promises and exit codes follow what is known of logins, whatever error a pass ended with.
import { describe, expect, test } from 'vitest';
import { detectTarget } from '../../../src/alerts/detect/target.ts';
import { type ErrorCode, REMEDIES } from '../../../src/core/errors.ts';
import type { TargetState } from '../../../src/core/records.ts';
import { isWell, targetView } from '../../../src/core/target-view.ts';
import { DAY, MINUTE } from '../../../src/core/time.ts';
import { anError, aWatchedState, left, targetFacts } from '../../support/alert-facts.ts';
import { asked, CLOCK, NOW } from '../../support/builders.ts';

const CODES = Object.keys(REMEDIES) as ErrorCode[];

/** Situations, by whether logins fail, and whether somebody chose that. */
const SITUATIONS: readonly [name: string, fails: boolean, state: Partial<TargetState>][] = [
  ['logins work', false, { apple: asked({ verdict: 'accepted', rejectedSince: null }) }],
  ['nobody knows', false, {}],
  ['the secret has expired', true, left(-DAY)],
  ['Apple rejects it', true, { apple: asked() }],
  [
    'the provider is gone',
    true,
    {
      provider: { enabled: true, strangeHost: null, differs: [], trouble: 'gone', since: NOW - DAY, at: NOW - MINUTE },
    },
  ],
  [
    'the provider is switched off',
    false,
    { provider: { enabled: false, strangeHost: null, differs: [], trouble: null, since: null, at: NOW - MINUTE } },
  ],
];

describe.each(SITUATIONS)('where %s', (_name, fails, situation) => {
  test.each(CODES)('a pass that ended with %s', (code) => {
    const error = anError(code);
    const retry = { failures: 1, nextAttemptAt: null };
    const { findings } = detectTarget(targetFacts({ state: 'failed', error, retry, ...situation }));
    const critical = findings.filter(({ severity }) => severity === 'critical').map(({ condition }) => condition);
    expect(critical.includes('LoginsFail')).toBe(fails);
    if (fails) expect(findings.map(({ condition }) => condition)).not.toContain('RotationFailing');
    else expect(critical.filter((condition) => condition !== 'RotationFailing')).toEqual([]);
    expect(findings.every(({ loginsUntil }) => !fails || loginsUntil === null)).toBe(true);
    const failed = targetView(aWatchedState({ state: 'failed', error, ...situation }), LABEL, CLOCK);
    expect(isWell(failed, undefined)).toBe(false);
  });

  test('the exit status is that of logins where the pass ended well', () => {
    const view = targetView(aWatchedState({ state: 'healthy', ...situation }), LABEL, CLOCK);
    expect([isWell(view, undefined), view.state]).toEqual(fails ? [false, 'failed'] : [true, 'healthy']);
  });
});

const LABEL = { name: 'shop', envId: 'shop-1g2h3j', providerId: 'apple' };
