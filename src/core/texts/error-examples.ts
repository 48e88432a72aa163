// Every error code with parameters for each of its variants: what `explain` shows, and what the tests of the
// sentences go through.

import type { ErrorFact, ErrorParams } from '../error-params.ts';
import type { ChannelAdvice, DatabaseTrouble } from '../error-troubles.ts';
import { DEFECTS, OBJECTION_CODES, type Objection, REASONS, type Why } from '../reasons.ts';
import { aRemote, CALLS, remote } from './call-examples.ts';
import { DATABASE, PATH, SETUP_SAMPLES, STATEMENT } from './error-examples-setup.ts';

const DATABASE_SAID: readonly (readonly [trouble: DatabaseTrouble, said: string])[] = [
  ['away', 'ECONNREFUSED'],
  ['slow', ''],
  ['login', '28P01'],
  ['no-database', '3D000'],
  ['no-right', '42501'],
  ['no-journal', '42P01'],
  ['older', ''],
  ['standby', '25006'],
  ['tls', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ['full', '53100'],
  ['too-many', '53300'],
  ['foreign', ''],
  ['failed', 'XX000'],
];
const OPS = { channel: 'ops', type: 'wecom' } as const;

/** Objections whose `found` is a number. */
const MEASURED = /^(IssuedInFuture|NotYetValid|Expired|LifetimeTooLong|SignatureLength)$/;

/** As client secrets that are wrong in each way have them: with a value, a number of seconds or bytes, or nothing. */
export const OBJECTIONS: readonly Objection[] = OBJECTION_CODES.flatMap((code): Objection[] => {
  if (code.endsWith('Differs')) return [{ code, found: 'A1B2C3D4E5', wanted: 'ZZZZZ00000' }];
  if (MEASURED.test(code)) return [60, 200_000].map((found) => ({ code, found, wanted: null }));
  if (code === 'PlaceholderLeftIn') return [{ code, found: 'YOUR_TEAM_ID', wanted: null }];
  return [null, '"x"'].map((found) => ({ code, found, wanted: null }));
});

const ADVICE: Readonly<Record<ChannelAdvice, true>> = {
  settings: true,
  form: true,
  token: true,
  url: true,
  gone: true,
  size: true,
  'code-list': true,
  report: true,
  'dingtalk-security': true,
  'robot-off': true,
  'robot-removed': true,
  'robot-url': true,
  'feishu-secret': true,
  'feishu-addresses': true,
  'feishu-keywords': true,
  'slack-webhook': true,
  'slack-workspace': true,
  'slack-channel': true,
  'pagerduty-key': true,
  'smtp-tls': true,
  'smtp-login': true,
  'smtp-addresses': true,
};

const JOURNAL = [
  'not-writable',
  'read-only-disk',
  'disk-full',
  'no-folder',
  'is-folder',
  'is-device',
  'held',
  'disk-error',
  'damaged',
  'not-sqlite',
  'foreign',
  'moved',
] as const;

const because: ErrorFact = {
  code: 'ERR_CLOUDBASE_TIMEOUT',
  params: aRemote('timeout', { detail: { trouble: 'timeout', afterMs: 15_000 }, code: 'TIMEOUT' }),
};

const WHYS: readonly Why[] = [
  { found: 'missing', shape: 'empty' },
  { found: 'unreadable', shape: 'masked' },
  { found: 'other-key', id: 'P6Q7R8S9T0', wanted: 'K1L2M3N4O5' },
  { found: 'other-key', id: null, wanted: 'K1L2M3N4O5' },
  { found: 'other-team', id: 'F6G7H8I9J0', wanted: 'A1B2C3D4E5' },
  { found: 'other-team', id: null, wanted: 'A1B2C3D4E5' },
  { found: 'other-client', id: 'com.a', wanted: 'com.b' },
  { found: 'other-client', id: null, wanted: 'com.b' },
  ...DEFECTS.map((defect) => ({ found: 'defect', defect }) as const),
  { found: 'other-signature' },
  { found: 'rejected' },
  { found: 'expired' },
  { found: 'unresolved' },
  { found: 'renewal' },
  { found: 'requested' },
];

export const SAMPLES: { readonly [C in keyof ErrorParams]: readonly ErrorParams[C][] } = {
  ...SETUP_SAMPLES,
  ERR_CLOUDBASE_THROTTLED: [aRemote('throttled', { code: 'RequestLimitExceeded' })],
  ERR_CLOUDBASE_UNAVAILABLE: [
    aRemote('in-use', { code: 'ResourceInUse' }),
    aRemote('server'),
    aRemote('server-status', { code: 'HTTP_503' }),
  ],
  ERR_CLOUDBASE_NETWORK: CALLS.map((detail) => aRemote('network', { code: 'NETWORK', detail })),
  ERR_CLOUDBASE_TIMEOUT: [aRemote('timeout', { code: 'TIMEOUT', detail: { trouble: 'timeout', afterMs: 15_000 } })],
  ERR_CLOUDBASE_BAD_ANSWER: [
    remote('bad-answer', { code: 'HTTP_200', detail: { trouble: 'too-large' } }),
    { problem: 'no-list' },
    { problem: 'too-complex', providerId: 'apple' },
    { problem: 'part-of-list', shown: 10, total: 12, providerId: 'apple' },
  ],
  ERR_CLOUDBASE_CLOCK: [
    aRemote('clock', { code: 'AuthFailure.SignatureExpire', skewMs: 600_000 }),
    aRemote('clock', { code: 'AuthFailure.SignatureExpire', skewMs: -1_000 }),
    aRemote('clock', { code: 'AuthFailure.SignatureExpire' }),
  ],
  ERR_CLOUDBASE_DENIED: [
    aRemote('denied', { code: 'UnauthorizedOperation', said: 'tcb:GetProviders', statement: STATEMENT }),
    aRemote('denied', { call: 'tcb AddProvider', code: 'UnauthorizedOperation', statement: STATEMENT }),
  ],
  ERR_CLOUDBASE_REFUSED: [
    aRemote('other-status', { code: 'HTTP_403' }),
    aRemote('not-found', { code: 'ResourceNotFound' }),
    aRemote('overdue', { code: 'ResourceUnavailable.ResourceOverdue' }),
    aRemote('isolated', { code: 'ResourceUnavailable.Isolated' }),
    aRemote('parameter', { code: 'UnknownParameter' }),
    aRemote('field', { call: 'tcb ModifyProvider', code: 'UnknownParameter', said: 'Config.Proxy' }),
    aRemote('failed', { code: 'FailedOperation' }),
    aRemote('refused', { code: 'InvalidParameter' }),
  ],
  ERR_REDIRECTED: [{ call: 'tcb GetProviders', status: 307 }],
  ERR_CERTIFICATE: [{ call: 'tcb GetProviders', code: 'SELF_SIGNED_CERT_IN_CHAIN' }],
  ERR_PROVIDER_NOT_FOUND: [
    { problem: 'absent', envId: 'shop-prod-1g2h3j', providerId: 'apple' },
    { problem: 'deleted', envId: 'shop-prod-1g2h3j', providerId: 'apple' },
  ],
  ERR_CLIENT_ID_MISMATCH: [
    { found: 'com.a', wanted: 'com.b' },
    { found: null, wanted: 'com.b' },
  ],
  ERR_PROVIDER_NOT_ROUNDTRIPPABLE: [
    {
      problem: 'unsafe',
      fields: [
        { path: 'Config.A', why: 'masked' },
        { path: 'Config.B', why: 'unsafe-number' },
        { path: 'Config.C', why: 'not-utf8' },
        { path: 'Config.D', why: 'key' },
      ],
    },
    { problem: 'only-gone', fields: [{ path: 'Config.C', why: 'gone' }] },
    { problem: 'form', fields: [] },
    { problem: 'spared', fields: [{ path: 'Config.A', why: 'masked' }] },
  ],
  ERR_PROVIDER_CHANGED: [
    { problem: 'our-write', fields: ['Config.AuthorizationEndpoint'] },
    { problem: 'somebody-else', fields: ['On', 'Name'] },
    { problem: 'left-alone', field: 'Config.Scope' },
    { problem: 'left-alone', field: null },
  ],
  ERR_PROVISION: [
    { problem: 'meanwhile' },
    { problem: 'other-secret' },
    { problem: 'secret-hidden' },
    { problem: 'not-shown', fields: [] },
    { problem: 'not-shown', fields: ['authorizationEndpoint'] },
    { problem: 'harmed', fields: [] },
    { problem: 'harmed', fields: ['Config.Scope'] },
    { problem: 'left-off', why: 'rejected', detail: { trouble: 'code', code: 'invalid_client' } },
    { problem: 'left-off', why: 'unanswered', detail: { trouble: 'http', status: 503 } },
    { problem: 'left-off', why: 'accepts-all', detail: null },
    { problem: 'left-off', why: 'not-asked', detail: null },
  ],
  ERR_PROBE: [
    { problem: 'full', count: 19 },
    { problem: 'not-shown' },
    { problem: 'leftover', envId: 'lab-1g2h3j', providerId: 'probe0123' },
    { problem: 'no-mark', envId: 'lab-1g2h3j', providerId: 'probe0123' },
    { problem: 'left', envId: 'lab-1g2h3j', providerId: 'probe0123' },
  ],
  ERR_CONSENT_REQUIRED: REASONS.map((reason) => ({ reason })),
  ERR_CANDIDATE_INVALID: OBJECTIONS.map((objection) => ({ objections: [objection] })),
  ERR_APPLE_REJECTED: [
    { of: 'candidate', detail: { trouble: 'code', code: 'invalid_client' } },
    { of: 'everybody', detail: null },
    { of: 'login-check', detail: null },
  ],
  ERR_APPLE_REJECTED_ONCE: (['candidate', 'deployed', 'uncounted'] as const).map((of) => ({
    of,
    detail: { trouble: 'code', code: 'invalid_client' },
  })),
  ERR_APPLE_UNKNOWN: [
    { problem: 'require', detail: null },
    { problem: 'unproven', detail: null },
    { problem: 'unproven-unasked', detail: null },
    ...CALLS.map((detail) => ({ problem: 'not-proven', detail }) as const),
  ],
  ERR_CLOCK_SKEWED: [
    { problem: 'differs', skewMs: -75_000 },
    { problem: 'stepped', stepMs: 3_600_000 },
  ],
  ERR_LEASE_HELD: [null],
  ERR_LEASE_LOST: [null],
  ERR_PROVIDER_MOVING: [
    { problem: 'changed', secret: true, fields: ['Config.Scope'] },
    { problem: 'changed', secret: false, fields: ['Config.Scope', 'On'] },
    { problem: 'gone' },
    { problem: 'late', seconds: 12 },
  ],
  ERR_SUPERSEDED: [{ because }],
  ERR_INTERRUPTED: [{ problem: 'before-read' }, { problem: 'before-write' }, { problem: 'no-new' }],
  ERR_NOT_APPLIED: [{ problem: 'answered' }, { problem: 'cut-off' }],
  ERR_CONFLICT: [{ problem: 'after-write' }, { problem: 'after-cut-off' }],
  ERR_ROLLED_BACK: [null],
  ERR_ROLLBACK_FAILED: [{ problem: 'left-alone' }, { problem: 'not-shown' }, { problem: 'error', because }],
  ERR_READ_BACK: [null],
  ERR_OUTCOME_UNKNOWN: [{ problem: 'cut-off' }, { problem: 'not-shown' }, { problem: 'error', because }],
  ERR_WRITTEN_LATELY: [{ days: 1, why: { found: 'renewal' } }, ...WHYS.map((why) => ({ days: 7, why }) as const)],
  ERR_LANE_CLOSED: [{ until: Date.UTC(2026, 10, 22, 11), because }],
  ERR_CHANNEL_REFUSED: [
    ...(Object.keys(ADVICE) as ChannelAdvice[]).map(
      (advice) => ({ problem: 'refused', ...OPS, said: 'HTTP 404', advice }) as const,
    ),
    { problem: 'other-answer', ...OPS, status: 200, missing: 'errcode' },
    { problem: 'redirected', ...OPS, status: 302 },
    { problem: 'certificate', ...OPS, code: 'SELF_SIGNED_CERT_IN_CHAIN' },
    { problem: 'partly', channel: 'mail', type: 'email', refused: 1, recipients: 3 },
  ],
  ERR_CHANNEL_THROTTLED: [{ ...OPS, said: 'errcode 45009' }],
  ERR_CHANNEL_UNAVAILABLE: CALLS.map((call) => ({ ...OPS, ...call })),
  ERR_JOURNAL_UNWRITABLE: [
    ...JOURNAL.map(
      (trouble) => ({ problem: 'file', trouble, what: 'journal', ...PATH, folder: '/data', uid: 10001 }) as const,
    ),
    {
      problem: 'file',
      trouble: 'not-writable',
      what: 'lock',
      path: '/data/journal.db.lock',
      folder: '/data',
      uid: null,
    },
    {
      problem: 'file',
      trouble: 'disk-full',
      what: 'copy',
      path: '/backup/journal.db',
      folder: '/backup',
      uid: 0,
    },
    ...DATABASE_SAID.map(([trouble, said]) => ({ problem: 'database', trouble, said, ...DATABASE }) as const),
    { problem: 'failed', ...PATH, said: 'SQL logic error' },
    { problem: 'open-to-all', path: '/var/lib/rotator/journal.db', mode: '666' },
    { problem: 'network', ...PATH, fileSystem: 'NFS' },
    { problem: 'damaged-row', ...PATH, row: 'target', said: 'state: Invalid option' },
    { problem: 'dropped-row', ...PATH, row: 'delivery', said: 'at: Invalid input' },
    { problem: 'waiting' },
  ],
  ERR_JOURNAL_NEWER: [
    { ...PATH, version: 4, known: 3, copy: '/data/journal.db.v3-20261122T101112345Z.bak' },
    { ...PATH, version: 4, known: 3, copy: null },
  ],
  ERR_DAEMON_RUNNING: [
    { ...PATH, holder: { instance: 'prod-rotator', pid: 17, host: 'node-a', since: '2026-11-22T20:15:30Z' } },
    { ...PATH, holder: null },
  ],
  ERR_INTERNAL: [{ said: 'x is not a function' }],
};

/** Each as the journal would hold it. */
export const FACTS: readonly ErrorFact[] = Object.entries(SAMPLES).flatMap(([code, samples]) =>
  (samples as readonly unknown[]).map((params) => ({ code, params }) as ErrorFact),
);
