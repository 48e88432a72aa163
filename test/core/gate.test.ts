// What may replace what: every cell of (Apple's verdict on the candidate × what is deployed × proof × `apple.check` ×
// reason × waived × requested) against the sentences of design.md (step 5), each with what is told and when it is tried
// again. The sentences exclude each other, so that no cell is decided by two of them or by none.
import { describe, expect, test } from 'vitest';
import { detectTarget } from '../../src/alerts/detect/target.ts';
import { nextQuestionAt } from '../../src/core/answers.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { type GateAnswer, type GateQuestion, gate } from '../../src/core/gate.ts';
import type { TargetState } from '../../src/core/records.ts';
import { nextAttemptAt } from '../../src/core/schedule.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { inShort, left, targetFacts } from '../support/alert-facts.ts';
import { anAnswer, aQuestion, NOW } from '../support/builders.ts';
import { everyCell } from '../support/gate-cells.ts';

type Held = Exclude<GateAnswer, { go: true }>['how'];
/** `go`; `go, unproven` where nothing shows that it is better; or how it is held, with code and kind of the error. */
type Ending = 'go' | 'go, unproven' | `${Held} ${ErrorCode} ${string}`;
interface Sentence {
  readonly says: string;
  readonly when: (question: GateQuestion) => boolean;
  readonly ends: (question: GateQuestion) => Ending;
}

const isAnsweredFor = ({ mode, requested }: GateQuestion) => mode === 'off' && requested;
const isUseless = ({ predecessor }: GateQuestion) => predecessor === 'useless';
const isSilent = ({ candidate }: GateQuestion) => candidate === 'unknown' || candidate === 'not-asked';
/** "Carries exactly the candidate's identity; or the identity is proven; not for …" */
const isAsGood = ({ predecessor, proven, reason }: GateQuestion) =>
  (predecessor === 'same-identity' || proven) &&
  !['RejectedByApple', 'SecretMissing', 'SecretUnreadable'].includes(reason);
/** Silent, asked for what may be working. */
const inDoubt = (question: GateQuestion) => !question.waived && isSilent(question) && !isUseless(question);
/** "What was pushed over a useless secret, neither accepted nor of an identity already proven, keeps its critical story." */
const asItIsProven = ({ proven }: GateQuestion): Ending => (proven ? 'go' : 'go, unproven');
const always = (ending: Ending) => () => ending;

const SENTENCES: readonly Sentence[] = [
  {
    says: '`once --no-apple-check` pushes whatever Apple would say',
    when: (q) => q.waived && !isUseless(q),
    ends: always('go'),
  },
  { says: '… over a useless secret too, without a proof', when: (q) => q.waived && isUseless(q), ends: asItIsProven },
  { says: 'accepted: go', when: (q) => !q.waived && q.candidate === 'accepted', ends: always('go') },
  {
    says: 'rejected: never pushed; the first may pass (tried again in 5 minutes)',
    when: (q) => !q.waived && q.candidate === 'rejected-once',
    ends: always('wait ERR_APPLE_REJECTED_ONCE candidate'),
  },
  {
    says: '… the second is told',
    when: (q) => !q.waived && q.candidate === 'rejected',
    ends: always('stop ERR_APPLE_REJECTED candidate'),
  },
  {
    says: 'a rejection that does not count still forbids',
    when: (q) => !q.waived && q.candidate === 'rejected-uncounted' && !isUseless(q),
    ends: always('wait ERR_APPLE_REJECTED_ONCE uncounted'),
  },
  {
    says: '… but over what is certainly useless',
    when: (q) => !q.waived && q.candidate === 'rejected-uncounted' && isUseless(q),
    ends: asItIsProven,
  },
  {
    says: 'unknown: pushed if what is deployed is certainly useless, in every mode',
    when: (q) => !q.waived && isSilent(q) && isUseless(q) && !isAnsweredFor(q),
    ends: asItIsProven,
  },
  {
    says: '… which needs no more proof where a person asked, and Apple is never asked',
    when: (q) => !q.waived && isSilent(q) && isUseless(q) && isAnsweredFor(q),
    ends: always('go'),
  },
  {
    says: '`require`: only an acceptance, or certain uselessness',
    when: (q) => inDoubt(q) && q.mode === 'require',
    ends: always('wait ERR_APPLE_UNKNOWN require'),
  },
  {
    says: 'unknown: pushed if it is as good as the old one, or proven',
    when: (q) => inDoubt(q) && q.mode === 'compare' && isAsGood(q),
    ends: always('go'),
  },
  {
    says: '… else the rotation waits, although it was asked for',
    when: (q) => inDoubt(q) && q.mode === 'compare' && !isAsGood(q),
    ends: always('wait ERR_APPLE_UNKNOWN not-proven'),
  },
  {
    says: '`check: off`: as unknown',
    when: (q) => inDoubt(q) && q.mode === 'off' && isAsGood(q),
    ends: always('go'),
  },
  {
    says: '… `--force` skips the missing proof',
    when: (q) => inDoubt(q) && q.mode === 'off' && !isAsGood(q) && q.requested,
    ends: always('go'),
  },
  {
    says: '… another identity, SecretMissing and SecretUnreadable wait for `once --force`',
    when: (q) => inDoubt(q) && q.mode === 'off' && !isAsGood(q) && !q.requested,
    ends: ({ reason }) => `pend ERR_CONSENT_REQUIRED ${reason}`,
  },
];

function inWords(answer: GateAnswer): Ending {
  if (answer.go) return answer.unproven ? 'go, unproven' : 'go';
  const { code, params } = answer.error.stored;
  const { of, problem, reason } = params as { of?: string; problem?: string; reason?: string };
  return `${answer.how} ${code} ${of ?? problem ?? reason}`;
}

/** What a person is told of an ending while so much of the deployed secret is left, after so many passes. */
interface Told {
  readonly first: string[];
  readonly third: string[];
  readonly near: string[];
  readonly urgent: string[];
  readonly unknown: string[];
  readonly expired: string[];
}
const PASSES: Told = {
  first: [],
  third: ['RotationFailing warning'],
  near: ['RotationFailing critical'],
  urgent: ['RotationFailing critical'],
  unknown: ['RotationFailing critical'],
  expired: ['LoginsFail critical'],
};
const PERSON: Told = { ...PASSES, first: ['RotationFailing warning'] };
const PENDS: Told = {
  first: ['ConsentNeeded warning'],
  third: ['ConsentNeeded warning'],
  near: ['ConsentNeeded critical'],
  urgent: ['ConsentNeeded critical'],
  unknown: ['ConsentNeeded critical'],
  expired: ['LoginsFail critical'],
};
/** The next attempt: by the table, with the next tick, or when Apple may be asked again. */
const HELD: Readonly<Record<string, { readonly told: Told; readonly again: 'table' | 'tick' | 'question' }>> = {
  'wait ERR_APPLE_REJECTED_ONCE': { told: PASSES, again: 'question' },
  'wait ERR_APPLE_UNKNOWN': { told: PASSES, again: 'table' },
  'stop ERR_APPLE_REJECTED': { told: PERSON, again: 'tick' },
  'pend ERR_CONSENT_REQUIRED': { told: PENDS, again: 'tick' },
};

function toldOf({ how, error }: Exclude<GateAnswer, { go: true }>, reason: GateQuestion['reason']): Told {
  const look = (failures: number, state: Partial<TargetState>) => {
    const ending = { state: how === 'pend' ? 'pending' : 'failed', reason, error: error.stored } as const;
    const facts = targetFacts({ ...ending, retry: { failures, nextAttemptAt: null }, renewalAt: null, ...state });
    // What is told of an expiry alone is not the gate's business.
    return inShort(detectTarget(facts).findings).filter((each) => !each.startsWith('SecretExpiring'));
  };
  const unknown = { shape: 'missing', from: 'none', expiresAt: null, issuedAt: null, identity: null } as const;
  const hidden = { deployed: { ...unknown, fingerprint: null, keyId: null, defect: null }, lastSuccessAt: NOW - DAY };
  return {
    first: look(1, left(100 * DAY)),
    third: look(3, left(100 * DAY)),
    near: look(3, left(20 * DAY - 1)),
    urgent: look(1, left(8 * DAY)),
    unknown: look(3, hidden),
    expired: look(3, left(0)),
  };
}

describe('the whole table', () => {
  test('has 3,456 cells, and every one is decided by one sentence of design.md and by no other', () => {
    const used = new Set<string>();
    let cells = 0;
    for (const cell of everyCell()) {
      const sentences = SENTENCES.filter(({ when }) => when(cell));
      expect({ cell, says: sentences.map(({ says }) => says) }).toEqual({ cell, says: [sentences[0]?.says] });
      expect({ cell, answer: inWords(gate(cell)) }).toEqual({ cell, answer: sentences[0]?.ends(cell) });
      used.add(sentences[0]?.says ?? '');
      cells += 1;
    }
    expect(cells).toBe(3_456);
    expect(used.size).toBe(SENTENCES.length);
  });

  test('every cell that does not go is told, critically where it matters, and tried again', () => {
    const seen = new Set<string>();
    for (const cell of everyCell()) {
      const answer = gate(cell);
      if (answer.go) continue;
      const { how, error } = answer;
      const held = HELD[`${how} ${error.code}`];
      expect(error.hint).toMatch(/^[A-Z]/);
      expect({ cell, told: toldOf(answer, cell.reason) }).toEqual({ cell, told: held?.told });
      expect(error.remedy).toBe(held?.again === 'tick' ? 'person' : 'passes');
      seen.add(`${how} ${error.code}`);
    }
    expect([...seen].sort()).toEqual(Object.keys(HELD).sort());
  });

  test.each([
    ['table', 'passes', [NOW + MINUTE, NOW + 10 * MINUTE, NOW + 6 * HOUR, NOW + 10 * MINUTE]],
    ['tick', 'person', [null, null, null, NOW + 10 * MINUTE]],
  ] as const)('by the %s: after the 1st, the 5th and the 50th, and where it is urgent', (_name, remedy, at) => {
    const attempts = [1, 5, 50].map((failures) => nextAttemptAt(NOW, failures, remedy, false));
    expect([...attempts, nextAttemptAt(NOW, 50, remedy, true)]).toEqual(at);
  });

  test('by the question: 5 minutes after a first rejection, an hour after the next ones', () => {
    const first = anAnswer({ at: NOW, since: NOW, rejectedSince: NOW });
    expect(nextQuestionAt({ askedAt: NOW, answer: first }, NOW)).toBe(NOW + 5 * MINUTE);
    expect(nextQuestionAt({ askedAt: NOW, answer: { ...first, rejectedSince: NOW - MINUTE } }, NOW)).toBe(
      NOW + 55 * MINUTE,
    );
  });
});

describe('what it says', () => {
  const said = (overrides: Partial<GateQuestion>) => {
    const answer = gate(aQuestion(overrides));
    return answer.go ? undefined : { message: answer.error.message, hint: answer.error.hint };
  };
  const code = { trouble: 'code', code: 'invalid_client' } as const;

  test.each<[string, Partial<GateQuestion>, string, string]>([
    [
      'of a second rejection',
      { candidate: 'rejected', detail: code },
      'Apple rejected the new client secret (invalid_client); the deployed one was left in place',
      'the key is not revoked',
    ],
    [
      'of a first one',
      { candidate: 'rejected-once', detail: code },
      'Apple rejected the new client secret once (invalid_client), which happens with good ones too',
      'until Apple has been asked again',
    ],
    [
      'of one that does not count',
      { candidate: 'rejected-uncounted', detail: code },
      'Apple rejected the new client secret (invalid_client), and has accepted no other one lately, so it may reject everything',
      'Try an Apple login',
    ],
    [
      'of no answer',
      {},
      'Apple gave no usable answer about the new client secret (no answer within 10 s), and its key is not proven yet',
      '`apple.tokenUrl`',
    ],
    [
      'of a certificate that is not trusted',
      { detail: { trouble: 'certificate', code: 'SELF_SIGNED_CERT_IN_CHAIN' } },
      'apple.tokenUrl failed: the certificate of the other side is not trusted (SELF_SIGNED_CERT_IN_CHAIN)',
      'NODE_EXTRA_CA_CERTS',
    ],
    [
      'of no answer where one is required',
      { mode: 'require', proven: true },
      'Apple gave no usable answer about the new client secret (no answer within 10 s), and apple.check requires its acceptance',
      '`apple.tokenUrl`',
    ],
    [
      'where Apple is not asked',
      { mode: 'off', candidate: 'not-asked', reason: 'SecretMissing', detail: null },
      'a new client secret is wanted (there is no client secret), but `apple.check` is off, so nothing shows that it is better than what is there',
      'once --force --target NAME',
    ],
  ])('%s', (_name, overrides, message, hint) => {
    expect(said(overrides)).toEqual({ message, hint: expect.stringContaining(hint) });
  });
});

describe('laws', () => {
  const all = [...everyCell()];
  const goes = (question: GateQuestion) => gate(question).go;
  const law = (name: string, holds: (question: GateQuestion) => boolean) =>
    test(name, () => {
      expect(all.filter((question) => !holds(question))).toEqual([]);
    });

  law(
    'nothing that Apple rejected is pushed, unless waived, or over what is useless where the rejection does not count',
    (q) =>
      !goes(q) ||
      q.waived ||
      !q.candidate.startsWith('rejected') ||
      (isUseless(q) && q.candidate === 'rejected-uncounted'),
  );
  law(
    'what may be hidden or was rejected is replaced by nothing but what Apple accepted, or by hand',
    (q) =>
      !goes(q) ||
      !['SecretMissing', 'SecretUnreadable', 'RejectedByApple'].includes(q.reason) ||
      isUseless(q) ||
      q.candidate === 'accepted' ||
      q.waived ||
      (q.mode === 'off' && q.requested),
  );
  law('an acceptance always goes', (q) => q.candidate !== 'accepted' || goes(q));
  law('proof never closes the gate', (q) => !goes(q) || goes({ ...q, proven: true }));
  law('a request never closes the gate, and opens it in the mode off alone', (q) => {
    const [asked, unasked] = [goes({ ...q, requested: true }), goes({ ...q, requested: false })];
    return asked === unasked || (asked && q.mode === 'off');
  });
  law('a useless predecessor never closes the gate', (q) => !goes(q) || goes({ ...q, predecessor: 'useless' }));
  law(
    'only over a useless secret is anything pushed that keeps its story open',
    (q) => inWords(gate(q)) !== 'go, unproven' || (isUseless(q) && !q.proven),
  );
});
