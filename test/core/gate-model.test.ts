// What becomes of every cell of the gate: each is played for a hundred passes, over the expiry of what is deployed and
// beyond, in worlds where Apple answers, is silent, rejects or accepts everything, and changes its mind. Whatever the
// cell: nothing good is lost to what is not known to be as good, no target is stuck and no login fails without a
// critical alert, and nothing is written again and again.
import { expect, test } from 'vitest';
import type { GateQuestion, Predecessor } from '../../src/core/gate.ts';
import { identityId } from '../../src/core/identity.ts';
import type { Reason, Shape } from '../../src/core/reasons.ts';
import { type Answer, NEVER_ASKED, type Subject, type TargetState } from '../../src/core/records.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { aWritten, NOW } from '../support/builders.ts';
import { SEED, tries } from '../support/campaign.ts';
import { everyCell, MODES } from '../support/gate-cells.ts';
import {
  KEYS,
  type ModelRequest,
  type ModelSecret,
  type Owner,
  type Played,
  TargetModel,
  type World,
} from '../support/target-model.ts';

const BOTH = [false, true] as const;
const REQUESTS = BOTH.flatMap((requested) => BOTH.map((waived): ModelRequest => ({ requested, waived })));

const always =
  <T>(value: T) =>
  () =>
    value;

// ---- where a play begins

const secretOf = (owner: Owner, left: number, defect: ModelSecret['defect'] = null): ModelSecret => ({
  ...{ owner, defect, fingerprint: `deployed of ${owner}` },
  ...{ issuedAt: NOW + left - 180 * DAY, expiresAt: NOW + left },
});
/** The journal's record of the write that put it there. */
const wroteOf = (secret: ModelSecret, shape: Shape): Partial<TargetState> => ({
  written: aWritten({ ...secret, ...KEYS[secret.owner], shape, at: secret.issuedAt }),
});
const rejectedTwice = (fingerprint: string, identity: string | null): Subject => {
  const answer: Answer = {
    ...{ at: NOW - MINUTE, verdict: 'rejected', counts: true, fingerprint, identity },
    ...{ since: NOW - HOUR, rejectedSince: NOW - HOUR },
  };
  return { askedAt: answer.at, answer };
};

interface Start {
  readonly name: string;
  readonly reason: Reason;
  readonly secret: ModelSecret | null;
  readonly shows: World['shows'];
  /** How it shows changes for ever: it can be written, but never seen to be there. */
  readonly isRestless?: boolean;
  readonly state: Partial<TargetState>;
  /** Apple has rejected it twice. */
  readonly isRejected?: boolean;
  /** … because the key that signed it is revoked. */
  readonly isRevoked?: boolean;
}
const shown = (name: string, reason: Reason, secret: ModelSecret, isOurs: boolean): Start => ({
  ...{ name, reason, secret, shows: always('clear' as const), state: isOurs ? wroteOf(secret, 'clear') : {} },
});
const hidden = (name: string, reason: Reason, secret: ModelSecret | null, shape: Shape, ours?: ModelSecret): Start => ({
  ...{ name, reason, secret, shows: always(shape), state: ours === undefined ? {} : wroteOf(ours, shape) },
});
const REVOKED = { isRejected: true, isRevoked: true };
const EXPIRED = -HOUR;
const DUE = 30 * DAY;
const FRESH = 100 * DAY;
const own = secretOf('own', FRESH);
const oursExpired = secretOf('own', EXPIRED);
const oldExpired = secretOf('old', EXPIRED);
const STARTS: readonly Start[] = [
  hidden('nothing shows: removed', 'SecretMissing', null, 'missing'),
  hidden('nothing shows: hidden', 'SecretMissing', secretOf('foreign', FRESH), 'missing'),
  hidden('a mask over a good one', 'SecretUnreadable', secretOf('foreign', FRESH), 'masked'),
  hidden('a mask over one that is useless', 'SecretUnreadable', secretOf('foreign', EXPIRED), 'masked'),
  {
    ...hidden('a mask that comes and goes', 'SecretMissing', secretOf('foreign', FRESH), 'missing'),
    ...{ shows: (now) => (Math.floor((now - NOW) / HOUR) % 2 === 0 ? 'missing' : 'masked'), isRestless: true },
  },
  shown('our own, expired', 'SecretExpired', oursExpired, true),
  shown('a foreign one, expired', 'SecretExpired', secretOf('foreign', EXPIRED), false),
  hidden('our own, hidden, expired', 'SecretExpired', oursExpired, 'masked', oursExpired),
  hidden('of our old key, hidden, expired', 'SecretExpired', oldExpired, 'masked', oldExpired),
  shown('our own with a defect', 'SecretInvalid', secretOf('own', FRESH, 'other-audience'), true),
  shown('a foreign one with a defect', 'SecretInvalid', secretOf('foreign', FRESH, 'other-client'), false),
  { ...shown('a foreign one, revoked', 'RejectedByApple', secretOf('foreign', FRESH), false), ...REVOKED },
  { ...shown('of our old key, revoked', 'RejectedByApple', secretOf('old', FRESH), true), ...REVOKED },
  { ...shown('our own, revoked', 'RejectedByApple', own, true), ...REVOKED },
  { ...shown('our own, rejected by mistake', 'RejectedByApple', own, true), isRejected: true },
  { ...shown('of our own key, by another holder, rejected', 'RejectedByApple', own, false), isRejected: true },
  shown('of our own key, by another holder, due', 'RenewalDue', secretOf('own', DUE), false),
  shown('of our own key, by another holder', 'Requested', own, false),
  shown('of our old key', 'KeyChanged', secretOf('old', FRESH), true),
  shown('our own, due', 'RenewalDue', secretOf('own', DUE), true),
  shown('a foreign one, due', 'RenewalDue', secretOf('foreign', DUE), false),
  hidden('our own, hidden, due', 'RenewalDue', secretOf('own', DUE), 'null', secretOf('own', DUE)),
  shown('our own', 'Requested', own, true),
  shown('a foreign one', 'Requested', secretOf('foreign', FRESH), false),
];
const OWN = identityId(KEYS.own);
function startState(
  { state, secret, isRejected = false }: Start,
  { age, isRejected: wasRejected }: Past,
): Partial<TargetState> {
  const identity = secret?.owner === 'own' ? OWN : null;
  return {
    ...state,
    proven: age === null ? {} : { [OWN]: { acceptedAt: NOW - age, rejectedAt: null, endedAt: null } },
    apple: {
      deployed: isRejected ? rejectedTwice(secret?.fingerprint ?? '', identity) : NEVER_ASKED,
      candidate: wasRejected ? rejectedTwice('an earlier candidate', OWN) : NEVER_ASKED,
      acceptedSecret: null,
    },
  };
}

// ---- what Apple does

type Mood = ReturnType<World['mood']>;
interface Weather {
  readonly name: string;
  readonly mood: (now: number) => Mood;
  /** Whether Apple accepts what the key source holds. */
  readonly isOwnGood: (now: number) => boolean;
  /** For so long something changes. */
  readonly changesFor: number;
  /** In the end Apple answers, and accepts what the key source holds. */
  readonly endsWell: boolean;
}
const from =
  <T>(instant: number, before: T, then: T) =>
  (now: number) =>
    now < instant ? before : then;
const GOOD = { isOwnGood: always(true), changesFor: 3 * DAY, endsWell: true };
const FIXED = { changesFor: 0, endsWell: false };
const WEATHERS: readonly Weather[] = [
  { name: 'accepts our key', mood: always('answers'), ...GOOD, changesFor: 0 },
  { name: 'rejects our key', mood: always('answers'), isOwnGood: always(false), ...FIXED },
  { name: 'is silent', mood: always('silent'), isOwnGood: always(true), ...FIXED },
  { name: 'is silent, and would reject our key', mood: always('silent'), isOwnGood: always(false), ...FIXED },
  { name: 'rejects everything', mood: always('noise'), isOwnGood: always(true), ...FIXED },
  { name: 'accepts everything', mood: always('lies'), isOwnGood: always(false), ...FIXED },
  { name: 'is silent for 3 days', mood: from<Mood>(NOW + 3 * DAY, 'silent', 'answers'), ...GOOD },
  { name: 'rejects everything for a night', mood: from<Mood>(NOW + 8 * HOUR, 'noise', 'answers'), ...GOOD },
  { name: 'rejects everything once', mood: from<Mood>(NOW + MINUTE, 'noise', 'answers'), ...GOOD },
  { name: 'accepts everything for a day', mood: from<Mood>(NOW + DAY, 'lies', 'answers'), ...GOOD },
  {
    name: 'rejects our key until a person mends it',
    ...{
      mood: always<Mood>('answers'),
      isOwnGood: from(NOW + 2 * DAY, false, true),
      changesFor: 3 * DAY,
      endsWell: true,
    },
  },
  {
    name: 'rejects our key, and is silent then',
    ...{ mood: from<Mood>(NOW + DAY, 'answers', 'silent'), isOwnGood: always(false), changesFor: DAY, endsWell: false },
  },
  {
    name: 'accepts our key until it is revoked',
    ...{
      mood: always<Mood>('answers'),
      isOwnGood: from(NOW + 2 * DAY, true, false),
      changesFor: 3 * DAY,
      endsWell: false,
    },
  },
];

/** What is known of the identity of the key source. */
interface Past {
  readonly name: string;
  /** How long ago Apple accepted it; null: never. */
  readonly age: number | null;
  /** Apple has rejected it twice. */
  readonly isRejected: boolean;
}
const PASTS: readonly Past[] = [
  { name: 'unproven', age: null, isRejected: false },
  { name: 'proven yesterday', age: DAY, isRejected: false },
  { name: 'proven long ago', age: 30 * DAY, isRejected: false },
  { name: 'rejected before', age: null, isRejected: true },
];

// ---- the plays

interface Play {
  readonly name: string;
  readonly start: Start;
  readonly weather: Weather;
  readonly mode: GateQuestion['mode'];
  readonly request: ModelRequest;
  readonly model: () => TargetModel;
}

function* everyPlay(): Generator<Play> {
  for (const start of STARTS)
    for (const weather of WEATHERS)
      for (const past of PASTS)
        for (const mode of MODES)
          for (const hasOthers of BOTH)
            for (const request of REQUESTS) {
              if (start.reason === 'Requested' && !request.requested) continue;
              // Where Apple is never asked, nothing but the truth differs.
              if (mode === 'off' && (hasOthers || weather.mood(NOW) !== 'answers')) continue;
              const { shows, secret, isRevoked = false } = start;
              const isGood = (owner: Owner, now: number) =>
                (owner !== secret?.owner || !isRevoked) && (owner !== 'own' || weather.isOwnGood(now));
              const model = () =>
                new TargetModel(
                  { secret, shows, isGood, mood: weather.mood, hasOthers },
                  mode,
                  startState(start, past),
                );
              const words = [start.name, `Apple ${weather.name}`, past.name, mode, hasOthers ? 'others' : 'alone'];
              const asked = [request.requested ? 'requested' : 'due', request.waived ? 'waived' : 'asked'];
              yield { name: [...words, ...asked].join(', '), start, weather, mode, request, model };
            }
}

/** The cell of a question, in words. */
function cellOf(question: GateQuestion): string {
  const { candidate, predecessor, proven, mode, reason, waived, requested } = question;
  return [
    candidate,
    predecessor,
    proven ? 'proven' : '',
    mode,
    reason,
    waived ? 'waived' : '',
    requested ? 'requested' : '',
  ].join(' ');
}

/**
 * How a play goes on: so many passes from its beginning, from the renewal of what is deployed, and from its expiry; at
 * least from when Apple has changed its mind, because what is urgent is tried every ten minutes.
 */
const PHASES = [40, 30, 30] as const;
/** Three good passes in a row show that nothing more happens until something outside changes. */
const SETTLED = 3;

interface Course {
  readonly model: TargetModel;
  readonly passes: readonly (Played & {
    /** A login worked before this pass. */
    readonly worked: boolean;
    /** The clock was put forward before this pass. */
    readonly isLeap: boolean;
  })[];
}

function play({ model: begin, request, weather }: Play): Course {
  const model = begin();
  const passes: Course['passes'][number][] = [];
  const isWell = ({ state, wanted, worked }: Course['passes'][number]) =>
    state.state === 'healthy' && wanted === null && worked;
  for (const [phase, many] of PHASES.entries()) {
    const { expiresAt } = model.state.deployed ?? { expiresAt: null };
    const instants = [NOW, model.state.renewalAt ?? NOW + 60 * DAY, expiresAt ?? NOW + 100 * DAY];
    model.now = Math.max(model.now, instants[phase] ?? NOW, NOW + phase * weather.changesFor);
    for (let index = 0; index < many; index += 1) {
      const worked = model.works;
      passes.push({ ...model.pass(passes.length === 0 ? request : undefined), worked, isLeap: index === 0 });
      if (weather.changesFor < model.now - NOW && passes.length > SETTLED && passes.slice(-SETTLED).every(isWell))
        break;
    }
  }
  return { model, passes };
}

/** What breaks a law in this play; empty if nothing does. */
function breaches(each: Play, { model, passes }: Course): string[] {
  return [
    ...harm(each, model, passes),
    ...repetition(each, passes),
    ...silence(each, model, passes),
    ...stuck(each, model, passes),
  ];
}

/** What works is replaced by what does not only if the gate had a proof, or a person said so. */
function harm({ weather }: Play, { world }: TargetModel, passes: Course['passes']): string[] {
  return passes.flatMap(({ at, wrote, question, state }) => {
    if (wrote === undefined || wrote.before === null || question === undefined) return [];
    const isGood = ({ defect, expiresAt, owner }: ModelSecret) =>
      defect === null && expiresAt > at && world.isGood(owner, at);
    if (!isGood(wrote.before) || isGood(wrote.after)) return [];
    const isByHand = question.waived || (question.mode === 'off' && question.requested);
    const isProven = question.proven && state.proven[OWN]?.endedAt === null;
    return isByHand || isProven ? [] : [`harm while Apple ${weather.mood(at)}`];
  });
}

/** No second write within a day while logins do not fail because of the secret; and few at all. */
function repetition({ start }: Play, passes: Course['passes']): string[] {
  const writes = passes.filter(({ wrote }) => wrote !== undefined);
  const again = writes.filter(({ at, wrote }, index) => {
    const last = writes[index - 1];
    return last !== undefined && at - last.at < DAY && wrote?.logins.because !== 'secret';
  });
  return [
    ...again.map(({ at }) => `written again at ${at}`),
    ...(writes.length > (start.isRestless ? 8 : 5) ? [`${writes.length} writes`] : []),
  ];
}

/** Logins that fail are told critically as soon as that can be known, and so is a rotation that is held back too long. */
function silence({ start, mode, weather }: Play, { world }: TargetModel, passes: Course['passes']): string[] {
  let failingSince: number | null = null;
  let heldSince: number | null = null;
  return passes.flatMap(({ at, wanted, wrote, isCritical, isTold, isLeap, worked, isFailing, state }, index) => {
    const { deployed } = state;
    const expiresAt = deployed?.expiresAt ?? null;
    const canKnow = mode !== 'off' && weather.mood(at) !== 'silent';
    if (worked || wrote !== undefined || isLeap || !canKnow) failingSince = null;
    else failingSince ??= at;
    if (wanted === null || wrote !== undefined) heldSince = null;
    else heldSince ??= at;
    const isSeen = deployed?.from === 'read' || (deployed?.from === 'record' && world.secret?.owner === 'own');
    const isLong = failingSince !== null && at - failingSince > (isSeen ? 6 : 26) * HOUR;
    const isLate = expiresAt === null ? heldSince !== null && at - heldSince > 26 * HOUR : expiresAt - at < 20 * DAY;
    const isHeld = heldSince !== null && (state.retry.failures >= 3 || state.state === 'pending');
    return [
      ...(isLong && !isCritical ? [`logins fail in silence at pass ${index}`] : []),
      ...(isHeld && isLate && !isCritical ? [`held back in silence at pass ${index}`] : []),
      ...(passes[index - 1]?.isFailing && !isFailing && !worked && !start.isRestless && wrote === undefined && !isLeap
        ? [`an all-clear while logins fail at pass ${index}`]
        : []),
      ...(isHeld && !isTold ? [`nobody is told at pass ${index}`] : []),
      ...(expiresAt !== null && expiresAt <= at && wrote === undefined && !isCritical
        ? [`expired in silence at pass ${index}`]
        : []),
    ];
  });
}

/** Once Apple answers and accepts, all is well in the end; else somebody was told, critically by then. */
function stuck({ start, weather, mode }: Play, { works }: TargetModel, passes: Course['passes']): string[] {
  const last = passes.at(-1);
  if (last === undefined || (last.state.state === 'healthy' && last.wanted === null && works)) return [];
  const isOwnRevoked = start.isRevoked === true && start.secret?.owner === 'own';
  if (weather.endsWell && mode !== 'off' && !isOwnRevoked && start.isRestless !== true) return ['stuck'];
  // What comes and goes is well every other hour: that it shows otherwise is told once.
  const isTold = start.isRestless ? passes.some((each) => each.isTold) : last.isCritical;
  return last.wanted !== null && !isTold ? ['given up in silence'] : [];
}

// ---- what is played

/** True if some state of a target and some request lead to this cell; the gate decides the others all the same. */
function isReachable({ candidate, predecessor, proven, mode, reason, waived, requested }: GateQuestion): boolean {
  if ((candidate === 'not-asked') !== (mode === 'off' || waived)) return false;
  // An acceptance is a proof, which makes rejections count, and the second of these ends it, in the pass that asks.
  if (candidate === 'accepted' && !proven) return false;
  if ((candidate === 'rejected' || candidate === 'rejected-uncounted') && proven) return false;
  // A hidden secret is known by our own write alone, which is proof enough where Apple is not asked.
  if (mode === 'off' && reason === 'SecretExpired' && predecessor === 'same-identity' && !proven) return false;
  if (reason === 'Requested' && !requested) return false;
  const predecessors: Readonly<Record<Reason, readonly Predecessor[]>> = {
    SecretMissing: ['other'],
    SecretUnreadable: ['other'],
    SecretExpired: ['useless', 'same-identity', 'other'],
    SecretInvalid: ['useless'],
    RejectedByApple: ['same-identity', 'other'],
    KeyChanged: ['other'],
    RenewalDue: ['same-identity', 'other'],
    Requested: ['same-identity', 'other'],
  };
  return predecessors[reason].includes(predecessor);
}

/** The plays by the cell that their first pass meets. */
function byFirstCell(): ReadonlyMap<string, readonly Play[]> {
  return Map.groupBy(everyPlay(), (each) => {
    const { question, wanted } = each.model().pass(each.request);
    const cell = question === undefined ? `not asked: ${wanted} ${each.mode}` : cellOf(question);
    return each.start.isRestless ? `${cell}, shown otherwise every hour` : cell;
  });
}

test('a hundred passes of every cell: no harm, no silence, nothing is stuck or written again and again', () => {
  const most = tries(1, 20);
  const met = new Set<string>();
  const broken = [...byFirstCell().values()].flatMap((plays) => {
    const step = Math.max(1, Math.floor(plays.length / most));
    const chosen = plays.filter((_, index) => index % step === (SEED ?? 0) % step).slice(0, most);
    return chosen.flatMap((each) => {
      const course = play(each);
      for (const { question } of course.passes) if (question !== undefined) met.add(cellOf(question));
      return breaches(each, course)
        .slice(0, 1)
        .map((found) => `${each.name}: ${found}`);
    });
  });
  expect(broken).toEqual([]);
  const reachable = [...everyCell()].filter(isReachable).map(cellOf);
  expect(reachable.filter((cell) => !met.has(cell))).toEqual([]);
});
