// What a history is made of: the setting that it starts from, and steps. Both are plain data that can be printed and
// drawn at random; play.ts carries them out.
import fc from 'fast-check';
import type { JsonObject } from '../../../src/core/json.ts';
import { DAY, HOUR, MINUTE } from '../../../src/core/time.ts';
import type { Behaviour } from '../../../src/sandbox/behaviour.ts';
import type { Fault } from '../../../src/sandbox/faults.ts';

/** Where a call goes wrong: the sandbox's service and action of it. */
export const CALLS = {
  'reading the provider': { service: 'tcb', action: 'GetProviders' },
  'writing the provider': { service: 'tcb', action: 'ModifyProvider' },
  'asking Apple': { service: 'apple', action: 'token' },
  'the login check': { service: 'login', action: 'token' },
} as const satisfies Record<string, Pick<Fault, 'service' | 'action'>>;
export type Call = keyof typeof CALLS;

/** Kinds of trouble, each as one or more faults of the sandbox. */
export const TROUBLES = {
  'is throttled': { kind: 'error', code: 'RequestLimitExceeded' },
  'fails inside': { kind: 'error', code: 'InternalError' },
  'is denied': { kind: 'error', code: 'UnauthorizedOperation' },
  'refuses the signature': { kind: 'error', code: 'AuthFailure.SignatureFailure' },
  'is refused because the account is overdue': { kind: 'error', code: 'ResourceUnavailable.ResourceOverdue' },
  'meets a conflict': { kind: 'error', code: 'FailedOperation.OperationConflict' },
  'does not know the parameter Config.Proxy': {
    kind: 'error',
    code: 'UnknownParameter',
    message: 'The parameter `Config.Proxy` is not recognized.',
  },
  'answers 503': { kind: 'status', status: 503 },
  'answers 429': { kind: 'status', status: 429 },
  'answers with a page': { kind: 'body' },
  'is redirected': { kind: 'redirect', location: 'http://127.0.0.1:9/' },
  'is cut off before it arrives': { kind: 'reset-before' },
  'is cut off after it arrived': { kind: 'reset-after' },
  hangs: { kind: 'hang' },
} as const satisfies Record<string, Omit<Fault, 'service'>>;
export type Trouble = keyof typeof TROUBLES;

/** How the key source goes wrong, or is put right. */
export const KEYS = [
  'is the right one',
  'is a new one that Apple knows',
  'has a mistyped key id',
  'has a mistyped team id',
  'is of another key under this key id',
  'cannot be read',
  'is no key',
] as const;

/** What an administrator does to the login method in the console. */
export const DEEDS = [
  'pastes a good secret of the same key',
  'pastes a good secret of another key',
  'pastes a secret of a revoked key',
  'pastes an expired secret',
  'pastes a text that is no secret',
  'pastes a secret for another app',
  'saves the form with no secret',
  'changes the scope',
  'changes the client id',
  'switches it off',
  'switches it on',
  'deletes it',
  'makes it anew with a good secret',
  'deletes the environment',
] as const;

export type Step =
  | { readonly do: 'wait'; readonly ms: number }
  /** The daemon is ended, and started again so much later. */
  | { readonly do: 'off'; readonly ms: number }
  | { readonly do: 'once'; readonly force: boolean; readonly waive: boolean }
  | { readonly do: 'request' }
  /** `once` of somebody who has the same key and another journal. */
  | { readonly do: 'rival'; readonly force: boolean }
  | { readonly do: 'kill'; readonly at: number; readonly during: 'wait' | 'request' }
  | { readonly do: 'trouble'; readonly call: Call; readonly how: Trouble; readonly times: number }
  | { readonly do: 'calm' }
  | { readonly do: 'cloudbase'; readonly becomes: JsonObject }
  | { readonly do: 'apple'; readonly becomes: 'real' | 'invalid_client' | 'invalid_grant' | 'unavailable' }
  | { readonly do: 'revoke' }
  | { readonly do: 'key'; readonly how: (typeof KEYS)[number] }
  | { readonly do: 'admin'; readonly deed: (typeof DEEDS)[number]; readonly target: number }
  /** The same, as soon as the program has read so many times more. */
  | { readonly do: 'meanwhile'; readonly deed: (typeof DEEDS)[number]; readonly reads: number }
  | { readonly do: 'clock'; readonly offMs: number }
  | { readonly do: 'journal'; readonly becomes: 'held' | 'free' | 'lost' };

/** How a history begins. */
export interface Beginning {
  readonly targets: 1 | 2;
  readonly check: 'compare' | 'require' | 'off';
  readonly cron: '7 * * * *' | '7 */6 * * *';
  /** Days that are left of the deployed secret. */
  readonly daysLeft: number;
  readonly secret: 'of our key' | 'of another key' | 'none';
  readonly cloudbase: JsonObject;
  /** See `cloudbase.write` of the configuration. */
  readonly write: 'whole' | 'secret';
  /** See `cloudbase.loginCheck` of the configuration. */
  readonly loginCheck: 'off' | 'observe';
}

export interface History {
  readonly beginning: Beginning;
  readonly steps: readonly Step[];
}

const span = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(5 * MINUTE, 20 * MINUTE) },
  { weight: 4, arbitrary: fc.constantFrom(2 * HOUR, 7 * HOUR) },
  { weight: 3, arbitrary: fc.constantFrom(26 * HOUR, 3 * DAY) },
);

/** How CloudBase may be; see src/sandbox/behaviour.ts. */
const WORLDS: readonly (Partial<Behaviour> & JsonObject)[] = [
  { showSecret: 'clear', configWrite: 'merge', hiddenKeys: 'none', refusedKeys: 'none', storeSecret: 'as-sent' },
  {
    showSecret: 'clear',
    configWrite: 'merge-deep',
    lists: 'replace',
    lateWriteSeconds: 0,
    staleReads: 0,
    login: 'passes-on',
  },
  { showSecret: 'masked' },
  { showSecret: 'varying' },
  { showSecret: 'digest' },
  { showSecret: 'empty' },
  { showSecret: 'null' },
  { showSecret: 'missing' },
  { hiddenKeys: 'top' },
  { hiddenKeys: 'both', configWrite: 'replace' },
  { refusedKeys: 'top' },
  { refusedKeys: 'nested' },
  { configWrite: 'replace' },
  { configWrite: 'replace-known' },
  { configWrite: 'merge-deep', lists: 'append' },
  { emptyTexts: 'ignored' },
  { rediscovery: true },
  { rediscovery: 'once' },
  { rediscovery: 'every-write' },
  { storeSecret: 'cut' },
  { storeSecret: 'cut-claims' },
  { storeSecret: 'spaced' },
  { storeSecret: 'quoted' },
  { storeSecret: 'other-claims' },
  { storeSecret: 'lost' },
  { staleReads: 1 },
  { staleReads: 6 },
  { lateWriteSeconds: 20 },
  { lateWriteSeconds: 300 },
  { login: 'opaque' },
  { login: 'keyed' },
  { login: 'captcha' },
  { login: 'throttled' },
  { login: 'unavailable' },
  { dateOffsetSeconds: -120 },
  { dateOffsetSeconds: 400 },
];
const cloudbase = fc.oneof(
  { weight: 1, arbitrary: fc.constant<JsonObject>({}) },
  { weight: 2, arbitrary: fc.constantFrom<JsonObject>(...WORLDS) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: span }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('off' as const),
      ms: fc.constantFrom(0, HOUR, 5 * DAY, 40 * DAY, 110 * DAY),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('once' as const),
      force: fc.boolean(),
      waive: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'request' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rival' as const), force: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      at: fc.integer({ min: 1, max: 70 }),
      during: fc.constantFrom('wait' as const, 'request' as const),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('trouble' as const),
      call: fc.constantFrom(...(Object.keys(CALLS) as Call[])),
      how: fc.constantFrom(...(Object.keys(TROUBLES) as Trouble[])),
      times: fc.constantFrom(1, 1, 2, 4, 1000),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'calm' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cloudbase' as const), becomes: cloudbase }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('apple' as const),
      becomes: fc.constantFrom(
        'real' as const,
        'real' as const,
        'invalid_client' as const,
        'invalid_grant' as const,
        'unavailable' as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'revoke' as const }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('key' as const), how: fc.constantFrom(KEYS[0], ...KEYS) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('admin' as const),
      deed: fc.constantFrom(...DEEDS),
      target: fc.integer({ min: 0, max: 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('meanwhile' as const),
      deed: fc.constantFrom(...DEEDS),
      reads: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      offMs: fc.constantFrom(0, 0, 90_000, -90_000, 10 * MINUTE, 200 * DAY, -200 * DAY),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('journal' as const),
      becomes: fc.constantFrom('held' as const, 'free' as const, 'lost' as const),
    }),
  },
);

/** Any history. */
export const histories: fc.Arbitrary<History> = fc.record({
  beginning: fc.record({
    targets: fc.constantFrom(1 as const, 1 as const, 1 as const, 2 as const),
    check: fc.constantFrom(
      'compare' as const,
      'compare' as const,
      'compare' as const,
      'require' as const,
      'off' as const,
    ),
    cron: fc.constantFrom('7 * * * *' as const, '7 */6 * * *' as const),
    daysLeft: fc.constantFrom(-3, 0.05, 5, 17, 59, 70, 100, 175),
    secret: fc.constantFrom(
      'of our key' as const,
      'of our key' as const,
      'of our key' as const,
      'of another key' as const,
      'none' as const,
    ),
    cloudbase,
    write: fc.constantFrom('whole' as const, 'whole' as const, 'secret' as const),
    loginCheck: fc.constantFrom('off' as const, 'observe' as const),
  }),
  steps: fc.array(step, { minLength: 3, maxLength: 10, size: 'max' }),
});

/** A step as a sentence. */
export function describe(step: Step): string {
  switch (step.do) {
    case 'wait':
      return `${duration(step.ms)} pass`;
    case 'off':
      return `the daemon is killed, and started again ${duration(step.ms)} later`;
    case 'once':
      return `once${step.force ? ' --force' : ''}${step.waive ? ' --no-apple-check' : ''}`;
    case 'request':
      return 'a rotation is requested over HTTP';
    case 'rival':
      return `once${step.force ? ' --force' : ''} of another journal`;
    case 'kill':
      return `the daemon is killed at boundary ${step.at} of ${step.during === 'request' ? 'a requested rotation' : 'the next passes'}, and started again`;
    case 'trouble':
      return `${step.call} ${step.how}, ${step.times} times`;
    case 'calm':
      return 'no call is disturbed any more';
    case 'cloudbase':
      return `CloudBase becomes ${JSON.stringify(step.becomes)}`;
    case 'apple':
      return `Apple becomes ${step.becomes}`;
    case 'revoke':
      return 'the key in the key source is revoked at Apple';
    case 'key':
      return `the key in the key source ${step.how}`;
    case 'admin':
      return `an administrator ${step.deed} (target ${step.target})`;
    case 'meanwhile':
      return `an administrator ${step.deed} (target 0) before read ${step.reads} from now`;
    case 'clock':
      return `the clock is off by ${duration(step.offMs)}`;
    case 'journal':
      return `the journal is ${step.becomes}`;
  }
}

function duration(ms: number): string {
  if (Math.abs(ms) >= DAY) return `${ms / DAY} days`;
  return Math.abs(ms) >= HOUR ? `${ms / HOUR} h` : `${ms / MINUTE} min`;
}
