// A small model of one target: what CloudBase holds, what Apple says, and passes over both that use the real rules of
// src/core (judge, policies, gate, answers, schedule) and nothing else. It neither signs nor waits, so that a hundred
// passes of every cell of the gate can be played.
import { detectTarget } from '../../src/alerts/detect/target.ts';
import type { ConditionName } from '../../src/core/alerts/conditions.ts';
import {
  acceptsAll,
  afterControl,
  afterReal,
  controlDue,
  countsNow,
  isRejected,
  isReusable,
  NOTHING_SAID,
  nextQuestionAt,
  provenAfter,
  questionDue,
  rejectsAll,
  subjectAfter,
} from '../../src/core/answers.ts';
import { decide, gateQuestion, loginsOf, renewalOf, type Snapshot, trueNow, urgencyOf } from '../../src/core/decide.ts';
import { type Deployed, deployedRecord, isUseless } from '../../src/core/deployed.ts';
import { RotatorError } from '../../src/core/errors.ts';
import { type CandidateVerdict, type GateQuestion, gate } from '../../src/core/gate.ts';
import { identityId, keyName } from '../../src/core/identity.ts';
import type { Logins } from '../../src/core/logins.ts';
import type { Defect, Reason, Shape, Verdict } from '../../src/core/reasons.ts';
import { type AppleRecord, NEVER_ASKED, type TargetState, type WrittenRecord } from '../../src/core/records.ts';
import { nextAttemptAt } from '../../src/core/schedule.ts';
import { DAY, HOUR, MINUTE } from '../../src/core/time.ts';
import { aWatched } from './alert-facts.ts';
import { aKey, aNewState, aProvider, NOW } from './builders.ts';

/** Whose secrets there are: of the key source, of the key it held before, and of somebody else. */
export const KEYS = {
  own: aKey(),
  old: aKey({ keyId: 'OLDKEYOLDK', thumbprint: 'of the old key' }),
  foreign: aKey({ keyId: 'KEYFOREIGN', thumbprint: 'of a foreign key' }),
} as const;
export type Owner = keyof typeof KEYS;

export interface ModelSecret {
  readonly owner: Owner;
  readonly fingerprint: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly defect: Defect | null;
}

/** What is outside the program. */
export interface World {
  /** Null: there is none. */
  secret: ModelSecret | null;
  /** How CloudBase shows a secret. */
  readonly shows: (now: number) => Shape;
  /** Whose secrets Apple accepts. */
  readonly isGood: (owner: Owner, now: number) => boolean;
  /** `noise`: `invalid_client` to everybody; `lies`: everything is accepted. */
  readonly mood: (now: number) => 'answers' | 'silent' | 'noise' | 'lies';
  /** Apple accepts something of another target every hour. */
  readonly hasOthers: boolean;
}

export interface ModelRequest {
  readonly requested: boolean;
  readonly waived: boolean;
}

/** What one pass did. */
export interface Played {
  readonly at: number;
  /** Undefined: the gate was not asked. */
  readonly question: GateQuestion | undefined;
  readonly wanted: Reason | null;
  readonly wrote:
    | { readonly before: ModelSecret | null; readonly after: ModelSecret; readonly logins: Logins }
    | undefined;
  readonly isCritical: boolean;
  readonly isTold: boolean;
  /** LoginsFail is raised. */
  readonly isFailing: boolean;
  readonly state: TargetState;
}

const LIFETIME_MS = 180 * DAY;
const POLICY = { lifetimeMs: LIFETIME_MS, renewBeforeMs: 60 * DAY };

export class TargetModel {
  readonly world: World;
  readonly mode: Snapshot['appleCheck'];
  state: TargetState;
  record: AppleRecord = NOTHING_SAID;
  now = NOW;
  #minted = 0;
  #open: ReadonlySet<ConditionName> = new Set();

  constructor(world: World, mode: Snapshot['appleCheck'], state: Partial<TargetState>) {
    this.world = world;
    this.mode = mode;
    this.state = aNewState({ lastSuccessAt: NOW, lastGatherAt: NOW, ...state });
  }

  /** True if a login works, whatever the program knows of it. */
  get works(): boolean {
    const { secret, isGood } = this.world;
    if (secret === null || secret.defect !== null || secret.expiresAt <= this.now) return false;
    return isGood(secret.owner, this.now);
  }

  /** One pass, and the clock put to the next one. */
  pass(request: ModelRequest = { requested: false, waived: false }): Played {
    const at = this.now;
    if (this.world.hasOthers)
      this.record = afterReal(this.record, { verdict: 'accepted', counts: true, key: null }, at);
    const deployed = this.#gather();
    const said: { candidate: Verdict; deployed: Verdict } = { candidate: 'not-asked', deployed: 'not-asked' };
    const asks = this.mode !== 'off' && !request.waived;
    if (asks) this.#askAboutDeployed(deployed, said);
    const snapshot = (): Snapshot => ({
      ...{ clock: { now: at, skewMs: 0, since: NOW - DAY }, key: KEYS.own, provider: aProvider(), deployed },
      ...{ state: this.state, policy: POLICY, windowOpen: true, appleCheck: this.mode, ...request },
    });
    const decision = decide(snapshot());
    let question: GateQuestion | undefined;
    let wrote: Played['wrote'];
    let wakeAt: number | null = null;
    if (decision.action === 'rotate') {
      const verdict = asks ? this.#candidate(deployed, said) : 'not-asked';
      question = gateQuestion(snapshot(), decision.reason, verdict, null);
      const answer = gate(question);
      if (answer.go) {
        const logins = loginsOf(snapshot());
        wrote = { before: this.world.secret, after: this.#push(decision.reason, answer.unproven), logins };
        this.#endWell();
      } else {
        const { expiresAt } = deployed;
        wakeAt = expiresAt !== null && expiresAt > at ? expiresAt : null;
        this.#endBadly(answer.error, decision.reason, urgencyOf(snapshot()));
      }
    } else if (decision.action === 'refuse') this.#endBadly(decision.error, null, urgencyOf(snapshot()));
    else {
      const doubt = this.#doubt();
      if (doubt !== undefined) this.#endBadly(doubt, null, urgencyOf(snapshot()));
      else if (decision.action === 'pend') {
        question = gateQuestion(snapshot(), decision.reason, 'not-asked', null);
        this.#end({ state: 'pending', reason: decision.reason, error: decision.error.stored });
      } else this.#endWell();
    }
    const told = this.#told();
    const wanted = 'reason' in decision ? decision.reason : null;
    const { nextAttemptAt: retryAt } = this.state.retry;
    this.now = Math.min(retryAt ?? Math.floor(at / HOUR) * HOUR + HOUR, wakeAt ?? Number.POSITIVE_INFINITY);
    return { at, question, wanted, wrote, ...told, state: this.state };
  }

  // ---- what is seen

  #gather(): Deployed {
    const { written, apple, unproven, replaced } = this.state;
    const { secret } = this.world;
    const shows = this.world.shows(this.now);
    const shape = secret === null ? (shows === 'clear' ? 'missing' : shows) : shows;
    const shown = { shape, text: shape === 'clear' ? 'header.claims.signature' : null } as const;
    const isRecord = shape !== 'clear' && written?.shape === shape;
    const from = shape === 'clear' ? 'read' : isRecord ? 'record' : 'none';
    const seen = from === 'read' ? secret : null;
    const known = seen === null ? (isRecord ? written : null) : { ...seen, ...KEYS[seen.owner] };
    const ours = known !== null && known.fingerprint === written?.fingerprint;
    const isOwn = known !== null && (ours || known.thumbprint === KEYS.own.thumbprint);
    const deployed: Deployed = {
      ...{ shown, from, ours, fingerprint: known?.fingerprint ?? null },
      ...{ teamId: known?.teamId ?? null, clientId: known?.clientId ?? null, keyId: known?.keyId ?? null },
      ...{ issuedAt: known?.issuedAt ?? null, expiresAt: known?.expiresAt ?? null },
      identity: isOwn ? identityId(known) : null,
      defect: seen !== null && apple.acceptedSecret !== seen.fingerprint ? seen.defect : null,
    };
    const isNew = replaced === null || replaced.at <= (written?.at ?? 0);
    const isOtherwise = written !== null && from === 'none' && isNew;
    this.#learn({
      replaced: isOtherwise ? { at: this.now, fingerprint: null, kind: 'not-shown' } : replaced,
      deployed: deployedRecord(deployed),
      lastGatherAt: this.now,
      unproven: unproven === deployed.fingerprint ? unproven : null,
      renewalAt: renewalOf({ deployed, policy: POLICY, state: this.state }),
    });
    return deployed;
  }

  #say(owner: Owner, isWhole: boolean): 'accepted' | 'rejected' | 'unknown' {
    const mood = this.world.mood(this.now);
    if (mood === 'silent') return 'unknown';
    if (mood !== 'answers') return mood === 'noise' ? 'rejected' : 'accepted';
    return isWhole && this.world.isGood(owner, this.now) ? 'accepted' : 'rejected';
  }

  // ---- what Apple is asked (ask-apple.ts)

  #askAboutDeployed(deployed: Deployed, said: Said): void {
    const { apple, unproven, key } = this.state;
    const name = deployed.keyId === null ? null : keyName(deployed as { teamId: string; keyId: string });
    const about = { identity: deployed.from === 'read' ? null : deployed.identity, fingerprint: deployed.fingerprint };
    const isDue =
      questionDue(key, apple.deployed, { ...about, key: name }, this.record, this.now) ||
      (unproven !== null && this.now >= nextQuestionAt(apple.deployed, this.now));
    if (!isDue || !this.#canBeShown(deployed)) return;
    if (deployed.from === 'record') this.#learnAbout(deployed, [this.#ask('candidate', deployed, said)]);
    else {
      const asked = this.#ask('deployed', deployed, said);
      const others = asked.verdict === 'rejected' ? [this.#ask('candidate', deployed, said)] : [];
      this.#learnAbout(deployed, [asked, ...others]);
    }
  }

  #candidate(deployed: Deployed, said: Said): CandidateVerdict {
    const identity = identityId(KEYS.own);
    if (said.candidate === 'not-asked') {
      const { apple, retry } = this.state;
      const { answer } = apple.candidate;
      const isRetry = retry.failures > 0 && isReusable(apple, identity, this.now);
      const isRejection = answer?.verdict === 'rejected' && answer.identity === identity;
      if (isRetry || (isRejection && this.now < nextQuestionAt(apple.candidate, this.now)))
        said.candidate = answer?.verdict ?? 'unknown';
      else {
        const asked = this.#ask('candidate', deployed, said);
        const isOther = deployed.from === 'read' && said.deployed === 'not-asked' && this.#canBeShown(deployed);
        const others = asked.verdict === 'rejected' && isOther ? [this.#ask('deployed', deployed, said)] : [];
        this.#learnAbout(deployed, [asked, ...others]);
      }
    }
    const { answer } = this.state.apple.candidate;
    if (answer?.identity !== identity || answer.verdict !== said.candidate) return 'unknown';
    if (said.candidate === 'accepted') return answer.counts ? 'accepted' : 'unknown';
    if (!answer.counts) return 'rejected-uncounted';
    return isRejected(answer) ? 'rejected' : 'rejected-once';
  }

  #canBeShown(deployed: Deployed): boolean {
    if (deployed.from === 'record') return deployed.identity === identityId(KEYS.own);
    return deployed.from === 'read' && !isUseless(deployed, trueNow({ now: this.now, skewMs: 0, since: 0 }));
  }

  #ask(subject: 'deployed' | 'candidate', deployed: Deployed, said: Said): Asked {
    if (controlDue(this.record, this.now)) {
      const mood = this.world.mood(this.now);
      const control = { answers: 'rejected', noise: 'rejected', lies: 'accepted', silent: 'unknown' } as const;
      this.record = afterControl(this.record, control[mood], this.now);
    }
    const isCandidate = subject === 'candidate';
    const owner = isCandidate ? 'own' : (this.world.secret?.owner ?? 'own');
    const verdict = this.#say(owner, isCandidate || this.world.secret?.defect === null);
    said[subject] = verdict;
    return {
      ...{ subject, verdict, key: keyName(KEYS[owner]) },
      identity: isCandidate ? identityId(KEYS.own) : deployed.identity,
      fingerprint: isCandidate ? `candidate ${this.#minted}` : (deployed.fingerprint ?? ''),
    };
  }

  #learnAbout(deployed: Deployed, asked: readonly Asked[]): void {
    const at = this.now;
    const inOrder = [...asked].sort((a, b) => Number(a.verdict !== 'accepted') - Number(b.verdict !== 'accepted'));
    for (const { subject, verdict, key, identity, fingerprint } of inOrder) {
      const { apple, proven, unproven } = this.state;
      const before = apple.acceptedSecret === fingerprint || (identity !== null && proven[identity] !== undefined);
      const counts = verdict !== 'unknown' && countsNow(verdict, this.record, before, at);
      this.record = afterReal(this.record, { verdict, counts, key }, at);
      const fresh = { at, verdict, counts, identity, fingerprint };
      const isProof = subject === 'deployed' && verdict === 'accepted' && counts;
      const isBoth = subject === 'candidate' && deployed.from === 'record' && deployed.identity === identity;
      this.#learn({
        proven: provenAfter(proven, fresh),
        apple: {
          deployed: subject === 'deployed' || isBoth ? subjectAfter(apple.deployed, fresh) : apple.deployed,
          candidate: subject === 'candidate' ? subjectAfter(apple.candidate, fresh) : apple.candidate,
          acceptedSecret: isProof ? fingerprint : apple.acceptedSecret,
        },
        unproven: isProof && unproven === fingerprint ? null : unproven,
      });
    }
  }

  // ---- what is written, and how a pass ends (confirm.ts, end.ts)

  #push(reason: Reason, unproven: boolean): ModelSecret {
    const { now, world } = this;
    const shape = world.shows(now);
    const { apple } = this.state;
    const fingerprint = `candidate ${this.#minted}`;
    this.#minted += 1;
    const secret: ModelSecret = {
      ...{ owner: 'own', fingerprint, defect: null },
      ...{ issuedAt: now - 5 * MINUTE, expiresAt: now + LIFETIME_MS },
    };
    world.secret = secret;
    const written: WrittenRecord = { ...secret, ...KEYS.own, shape, shownDigest: null, at: now, reason };
    const { answer } = apple.candidate;
    const isOfCandidate = answer?.fingerprint === fingerprint;
    this.#learn({
      written,
      deployed: {
        ...{ fingerprint, keyId: KEYS.own.keyId, issuedAt: secret.issuedAt, expiresAt: secret.expiresAt },
        ...{ shape, from: shape === 'clear' ? 'read' : 'record' },
        ...{ identity: identityId(KEYS.own), defect: null },
      },
      unproven: unproven ? fingerprint : null,
      apple: {
        ...apple,
        deployed: isOfCandidate ? apple.candidate : NEVER_ASKED,
        acceptedSecret: isOfCandidate && answer?.verdict === 'accepted' && answer.counts ? fingerprint : null,
      },
    });
    return secret;
  }

  #doubt(): RotatorError | undefined {
    const { deployed, unproven, apple } = this.state;
    const { answer } = apple.deployed;
    const isAbout = answer?.fingerprint === deployed?.fingerprint || answer?.identity === deployed?.identity;
    if (answer?.verdict === 'rejected' && isAbout && !isRejected(answer)) {
      if (answer.counts) return new RotatorError('ERR_APPLE_REJECTED_ONCE', { of: 'deployed', detail: null });
      if (rejectsAll(this.record)) return new RotatorError('ERR_APPLE_REJECTED', { of: 'everybody', detail: null });
    }
    const problem = this.mode === 'off' ? 'unproven-unasked' : 'unproven';
    return unproven === null ? undefined : new RotatorError('ERR_APPLE_UNKNOWN', { problem, detail: null });
  }

  #endWell(): void {
    const retry = { failures: 0, nextAttemptAt: null };
    this.#end({ state: 'healthy', reason: null, error: null, retry, lastSuccessAt: this.now });
    const { answer } = this.state.apple.deployed;
    // Evidence that may pass is looked at again.
    if (answer?.verdict !== 'rejected') return;
    const at = Math.max(this.now + MINUTE, nextQuestionAt(this.state.apple.deployed, this.now));
    this.#learn({ retry: { failures: 0, nextAttemptAt: at } });
  }

  #endBadly(error: RotatorError, reason: Reason | null, urgent: boolean): void {
    const { retry, apple } = this.state;
    const failures = retry.failures + 1;
    const isOfDeployed = apple.deployed.answer?.verdict === 'rejected' && !isRejected(apple.deployed.answer);
    const question = nextQuestionAt(isOfDeployed ? apple.deployed : apple.candidate, this.now);
    const at =
      error.code === 'ERR_APPLE_REJECTED_ONCE'
        ? Math.max(this.now + MINUTE, question)
        : nextAttemptAt(this.now, failures, error.remedy, urgent);
    this.#end({ state: 'failed', reason, error: error.stored, retry: { failures, nextAttemptAt: at } });
  }

  #end(learnt: Partial<TargetState>): void {
    this.#learn({ retry: { ...this.state.retry, nextAttemptAt: null }, ...learnt, lastPassAt: this.now });
  }

  #learn(learnt: Partial<TargetState>): void {
    this.state = { ...this.state, ...learnt };
  }

  /** What people are told after this pass; what the facts do not decide stays as it was. */
  #told(): Pick<Played, 'isCritical' | 'isTold' | 'isFailing'> {
    const { findings, undecided } = detectTarget({
      ...{ target: aWatched({ appleCheck: this.mode }), state: this.state, watchedSince: NOW, open: this.#open },
      ...{ clock: { now: this.now, skewMs: 0, since: NOW - DAY }, longestTickGapMs: HOUR },
    });
    const raised = findings.map(({ condition }) => condition);
    this.#open = new Set([...raised, ...undecided.filter((condition) => this.#open.has(condition))]);
    const ofApple = rejectsAll(this.record) || acceptsAll(this.record);
    const isCritical = ofApple || findings.some(({ severity }) => severity === 'critical');
    return { isCritical, isTold: ofApple || findings.length > 0, isFailing: this.#open.has('LoginsFail') };
  }
}

interface Said {
  candidate: Verdict;
  deployed: Verdict;
}

interface Asked {
  readonly subject: 'deployed' | 'candidate';
  readonly verdict: 'accepted' | 'rejected' | 'unknown';
  readonly key: string;
  readonly identity: string | null;
  readonly fingerprint: string;
}
