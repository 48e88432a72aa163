// What Apple's verdicts permit: the whole truth table against design.md's own sentences (step 5), the laws that no
// row may break, and the life of a calibration.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ACCEPTANCE_MS,
  acceptanceId,
  controlDue,
  type GateAnswer,
  type GateQuestion,
  gate,
  isBlind,
  UNCALIBRATED,
} from '../../src/core/apple-gate.ts';
import { VERDICTS } from '../../src/core/reasons.ts';
import type { Calibration } from '../../src/core/records.ts';
import { DAY } from '../../src/core/time.ts';
import { aKey, aQuestion, NOW } from '../support/builders.ts';

const MODES = ['compare', 'require', 'off'] as const;
const PREDECESSORS = ['absent', 'hidden-or-absent', 'expired', 'readable', 'unreadable'] as const;
const BOTH = [false, true] as const;

function* everyQuestion(): Generator<GateQuestion> {
  for (const mode of MODES)
    for (const candidate of VERDICTS)
      for (const deployed of VERDICTS)
        for (const predecessor of PREDECESSORS)
          for (const blind of BOTH)
            for (const keyProven of BOTH)
              for (const emergency of BOTH)
                for (const needsAcceptance of BOTH)
                  for (const waived of BOTH)
                    yield aQuestion({
                      mode,
                      candidate,
                      deployed,
                      predecessor,
                      blind,
                      keyProven,
                      emergency,
                      needsAcceptance,
                      waived,
                    });
}

type Short = 'go' | 'blocked: rejected' | 'blocked: adoption' | 'postponed: unknown' | 'refused: key binding';

function inShort(answer: GateAnswer): Short | string {
  if (answer.go) return 'go';
  const name = `${answer.outcome}: ${answer.error.code}`;
  return (
    {
      'blocked: ERR_APPLE_REJECTED': 'blocked: rejected',
      'blocked: ERR_ADOPTION_REQUIRED': 'blocked: adoption',
      'failed: ERR_APPLE_UNKNOWN': 'postponed: unknown',
      'failed: ERR_KEY_BINDING': 'refused: key binding',
    }[name] ?? name
  );
}

/** Design.md in its own order and words; the first sentence that speaks of the case decides. */
const SENTENCES: readonly {
  readonly says: string;
  readonly when: (q: GateQuestion) => boolean;
  readonly answer: Short;
}[] = [
  {
    says: 'refused: the same key id with another public key, unless Apple accepts the candidate',
    when: (q) => q.needsAcceptance && !(q.candidate === 'accepted' && !q.waived),
    answer: 'refused: key binding',
  },
  {
    says: 'law 2: over what may be a hidden secret, a rejected candidate is not known to be as good',
    when: (q) => mayHide(q) && q.candidate === 'rejected',
    answer: 'blocked: rejected',
  },
  {
    says: '… nor is one about which Apple gave no answer',
    when: (q) => mayHide(q) && q.candidate === 'unknown',
    answer: 'postponed: unknown',
  },
  {
    says: '… nor one about which it was not asked: a person must adopt',
    when: (q) => mayHide(q) && q.candidate === 'not-asked',
    answer: 'blocked: adoption',
  },
  { says: '`off` does not ask', when: (q) => q.mode === 'off', answer: 'go' },
  { says: '`once --no-apple-check` overrides a block', when: (q) => q.waived, answer: 'go' },
  { says: 'an accepted candidate is pushed', when: (q) => q.candidate === 'accepted', answer: 'go' },
  {
    says: '`require` wants the candidate accepted: a rejection blocks',
    when: (q) => q.mode === 'require' && q.candidate === 'rejected',
    answer: 'blocked: rejected',
  },
  {
    says: '… over a missing or expired secret only a rejection blocks',
    when: (q) => q.mode === 'require' && isGone(q),
    answer: 'go',
  },
  { says: '… and without an answer it waits', when: (q) => q.mode === 'require', answer: 'postponed: unknown' },
  {
    says: 'rejected: blocked, unless the deployed secret is missing, expired or itself rejected in this pass',
    when: (q) => q.candidate === 'rejected' && (isGone(q) || q.deployed === 'rejected'),
    answer: 'go',
  },
  {
    says: 'rejected, unknown or unreadable counts as working: blocked',
    when: (q) => q.candidate === 'rejected' && !q.blind,
    answer: 'blocked: rejected',
  },
  {
    says: 'while the check is blind, a rejection blocks only over a secret that cannot be read',
    when: (q) => q.candidate === 'rejected' && q.predecessor === 'unreadable',
    answer: 'blocked: rejected',
  },
  {
    says: 'unknown (as is a blind rejection): pushed if its key is proven',
    when: (q) => q.keyProven,
    answer: 'go',
  },
  {
    says: '… or the deployed secret is missing, expired or rejected',
    when: (q) => isGone(q) || q.deployed === 'rejected',
    answer: 'go',
  },
  { says: '… or it is an emergency', when: (q) => q.emergency, answer: 'go' },
  { says: '… otherwise it is postponed', when: () => true, answer: 'postponed: unknown' },
];

function mayHide({ predecessor, waived }: GateQuestion): boolean {
  return predecessor === 'hidden-or-absent' && !waived;
}

function isGone({ predecessor }: GateQuestion): boolean {
  return predecessor === 'absent' || predecessor === 'expired';
}

describe('the whole truth table', () => {
  test('has 7,680 rows, and every one is as design.md says', () => {
    const used = new Set<string>();
    let rows = 0;
    for (const question of everyQuestion()) {
      const sentence = SENTENCES.find(({ when }) => when(question));
      used.add(sentence?.says ?? '');
      const row = { ...question, answer: inShort(gate(question)) };
      expect(row).toEqual({ ...question, answer: sentence?.answer });
      rows += 1;
    }
    expect(rows).toBe(7_680);
    expect(used.size).toBe(SENTENCES.length);
  });
});

describe('in mode compare', () => {
  const rejected = { candidate: 'rejected' } as const;
  test.each<[string, Short, Partial<GateQuestion>]>([
    ['an accepted candidate is pushed', 'go', { candidate: 'accepted' }],
    ['a rejected one is blocked over a secret that works', 'blocked: rejected', rejected],
    [
      '… although its key is proven and it is an emergency',
      'blocked: rejected',
      { ...rejected, keyProven: true, emergency: true },
    ],
    ['… over one of which Apple said nothing', 'blocked: rejected', { ...rejected, deployed: 'unknown' }],
    [
      '… over one that cannot be read',
      'blocked: rejected',
      { ...rejected, deployed: 'not-asked', predecessor: 'unreadable' },
    ],
    [
      'a rejected one is pushed over a missing secret',
      'go',
      { ...rejected, deployed: 'not-asked', predecessor: 'absent' },
    ],
    ['… over an expired one', 'go', { ...rejected, deployed: 'not-asked', predecessor: 'expired' }],
    ['… over one that is rejected as well', 'go', { ...rejected, deployed: 'rejected' }],
    ['blind, a rejection is no more than an unknown', 'postponed: unknown', { ...rejected, blind: true }],
    ['… so that a proven key is pushed', 'go', { ...rejected, blind: true, keyProven: true }],
    [
      '… but over a secret that cannot be read it blocks all the same',
      'blocked: rejected',
      { ...rejected, blind: true, keyProven: true, emergency: true, predecessor: 'unreadable' },
    ],
    ['an unknown one of an unproven key is postponed', 'postponed: unknown', {}],
    ['… of a proven key is pushed', 'go', { keyProven: true }],
    ['… in an emergency is pushed', 'go', { emergency: true }],
    ['… over a rejected secret is pushed', 'go', { deployed: 'rejected' }],
    ['… over an expired secret is pushed', 'go', { predecessor: 'expired' }],
    ['… over a missing secret is pushed', 'go', { predecessor: 'absent' }],
    ['… over a secret that cannot be read is postponed', 'postponed: unknown', { predecessor: 'unreadable' }],
  ])('%s', (_name, short, overrides) => {
    expect(inShort(gate(aQuestion(overrides)))).toBe(short);
  });
});

describe('what it says', () => {
  test('of a rejection', () => {
    expect(
      gate(aQuestion({ candidate: 'rejected', detail: { trouble: 'code', code: 'invalid_client' } })),
    ).toMatchObject({
      outcome: 'blocked',
      error: {
        code: 'ERR_APPLE_REJECTED',
        message: 'Apple rejected the new client secret (invalid_client); the deployed one was left in place',
        hint: expect.stringContaining('the key is not revoked'),
      },
    });
  });

  test('of no answer', () => {
    expect(gate(aQuestion())).toMatchObject({
      outcome: 'failed',
      error: {
        code: 'ERR_APPLE_UNKNOWN',
        message:
          'Apple gave no usable answer about the new client secret (no answer within 10 s), and its key is not proven yet',
        hint: expect.stringContaining('`apple.tokenUrl`'),
        remedy: 'passes',
      },
    });
  });

  test('of a certificate that is not trusted: a person must act', () => {
    const detail = { trouble: 'certificate', code: 'SELF_SIGNED_CERT_IN_CHAIN' } as const;
    expect(gate(aQuestion({ detail }))).toMatchObject({
      outcome: 'failed',
      error: {
        code: 'ERR_CERTIFICATE',
        message: 'apple.tokenUrl failed: the certificate of the other side is not trusted (SELF_SIGNED_CERT_IN_CHAIN)',
        hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
        remedy: 'person',
      },
    });
  });

  test('of no answer where one is required', () => {
    expect(gate(aQuestion({ mode: 'require', keyProven: true }))).toMatchObject({
      error: {
        code: 'ERR_APPLE_UNKNOWN',
        message:
          'Apple gave no usable answer about the new client secret (no answer within 10 s), and apple.check requires its acceptance',
        hint: expect.stringContaining('`apple.tokenUrl`'),
      },
    });
  });

  test.each([
    [false, 'no answer within 10 s'],
    [true, 'not asked'],
  ])('of another public key under a known id (waived: %s)', (waived, why) => {
    expect(gate(aQuestion({ needsAcceptance: true, waived }))).toMatchObject({
      outcome: 'failed',
      error: {
        code: 'ERR_KEY_BINDING',
        message: `the Key ID was used with another public key before, and Apple did not accept this one (${why})`,
        hint: expect.stringContaining('a new key has a new Key ID'),
        remedy: 'person',
      },
    });
  });
});

describe('laws', () => {
  const all = [...everyQuestion()];
  const law = (name: string, holds: (question: GateQuestion, goes: boolean) => boolean) =>
    test(name, () => {
      expect(all.filter((question) => !holds(question, gate(question).go))).toEqual([]);
    });

  law(
    'nothing that was not itself rejected is overwritten by a rejected candidate, unless blind, waived or off',
    ({ candidate, deployed, predecessor, blind, waived, mode }, goes) =>
      !goes ||
      candidate !== 'rejected' ||
      deployed === 'rejected' ||
      !['readable', 'unreadable', 'hidden-or-absent'].includes(predecessor) ||
      blind ||
      waived ||
      mode === 'off',
  );
  law(
    'what cannot be read, and so could not be put back, is never overwritten by a rejected candidate, blind or not',
    ({ candidate, deployed, predecessor, waived, mode }, goes) =>
      !goes ||
      candidate !== 'rejected' ||
      predecessor !== 'unreadable' ||
      deployed === 'rejected' ||
      waived ||
      mode === 'off',
  );
  law(
    'require lets nothing through that Apple did not accept, but over a missing or expired secret',
    (question, goes) =>
      !goes || question.mode !== 'require' || question.waived || question.candidate === 'accepted' || isGone(question),
  );
  law(
    'another key under a known id never passes without acceptance, not even waived or off',
    ({ needsAcceptance, candidate }, goes) => !goes || !needsAcceptance || candidate === 'accepted',
  );
  law(
    'an acceptance always passes, unless it was not asked for',
    ({ candidate, waived, needsAcceptance }, goes) => goes || candidate !== 'accepted' || (waived && needsAcceptance),
  );

  test('what a better case permits, it does not forbid: proof and emergency never close the gate', () => {
    for (const question of all.filter((each) => gate(each).go)) {
      expect(gate({ ...question, keyProven: true }).go).toBe(true);
      expect(gate({ ...question, emergency: true }).go).toBe(true);
      expect(gate({ ...question, waived: true }).go || question.needsAcceptance).toBe(true);
    }
  });
});

describe('calibration', () => {
  const both: Calibration = {
    controlAskedAt: NOW,
    controlRejectedAt: NOW,
    oursAcceptedAt: NOW,
    firstAskedAt: NOW,
    answeredAt: NOW,
  };
  test.each<[string, boolean, Partial<Calibration>]>([
    ['that never happened is blind', true, UNCALIBRATED],
    ['of this moment sees', false, both],
    ['whose control was rejected 7 days less 1 ms ago sees', false, { controlRejectedAt: NOW - 7 * DAY + 1 }],
    ['whose control was rejected 7 days ago is blind', true, { controlRejectedAt: NOW - 7 * DAY }],
    ['whose own secret was accepted 7 days less 1 ms ago sees', false, { oursAcceptedAt: NOW - 7 * DAY + 1 }],
    ['whose own secret was accepted 7 days ago is blind', true, { oursAcceptedAt: NOW - 7 * DAY }],
    ['whose instants lie in the future is blind', true, { controlRejectedAt: NOW + 1 }],
    ['without an acceptance of ours is blind', true, { oursAcceptedAt: null }],
  ])('%s', (_name, blind, overrides) => {
    expect(isBlind({ ...both, ...overrides }, NOW)).toBe(blind);
  });

  test.each([
    ['is due where none was asked about', null, true],
    ['is not due a day less 1 ms later', NOW - DAY + 1, false],
    ['is due a day later', NOW - DAY, true],
    ['is due where the last one lies in the future', NOW + 1, true],
  ])('its control %s', (_name, controlAskedAt, due) => {
    expect(controlDue({ ...both, controlAskedAt }, NOW)).toBe(due);
  });

  test('an acceptance is reused for a day', () => {
    expect(ACCEPTANCE_MS).toBe(DAY);
  });
});

describe('the name of an acceptance', () => {
  test('is a digest of the key and the ids, and of nothing else', () => {
    const name = createHash('sha256').update('A1B2C3D4E5|com.example.shop.web|K1L2M3N4O5|thumbprint-of-our-key');
    expect(acceptanceId(aKey())).toBe(name.digest('hex'));
    expect(acceptanceId(aKey({ privateKeyPem: 'other', publicJwk: { kty: 'EC' } }))).toBe(acceptanceId(aKey()));
  });

  test('differs as soon as anything differs that Apple’s answer depends on', () => {
    const field = fc.constantFrom('teamId', 'clientId', 'keyId', 'thumbprint');
    fc.assert(
      fc.property(field, fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), (name, value) => {
        fc.pre(aKey()[name] !== value);
        expect(acceptanceId(aKey({ [name]: value }))).not.toBe(acceptanceId(aKey()));
      }),
    );
  });
});
