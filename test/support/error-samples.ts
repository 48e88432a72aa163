// Every error code with parameters for each of its variants: what the tests of the sentences go through.

import type { ErrorFact, ErrorParams } from '../../src/core/error-params.ts';
import type { CallTrouble, ChannelAdvice, KeyLook, Remote, SecretLook } from '../../src/core/error-troubles.ts';

import { DEFECTS, OBJECTION_CODES, type Objection, REASONS, type Why } from '../../src/core/reasons.ts';

const AT = { origin: '/run/secrets/AuthKey_K1L2M3N4O5.p8' } as const;
const AWS = { origin: 'prod/apple (aws-secrets-manager, ap-southeast-1)' } as const;
const SSM = 'apple-key SSM_Current (tencent-ssm, ap-shanghai)';
const PATH = { path: '/data/journal.db' } as const;
const OPS = { channel: 'ops', type: 'wecom' } as const;
const STATEMENT = '{"effect":"allow","action":["tcb:GetProviders"],"resource":["*"]}';

const CALLS: readonly CallTrouble[] = [
  { trouble: 'timeout', afterMs: 15_000 },
  { trouble: 'timeout', afterMs: 250 },
  { trouble: 'network', code: 'ECONNREFUSED' },
  { trouble: 'network', code: null },
  { trouble: 'cut' },
  { trouble: 'too-large' },
  { trouble: 'encoded' },
  { trouble: 'malformed' },
  { trouble: 'redirected', status: 307 },
  { trouble: 'http', status: 503 },
  { trouble: 'code', code: 'errcode 45009' },
];

/** A call to Tencent Cloud that failed. */
export function aRemote(remote: Remote['remote'], more: Partial<Remote> = {}): Remote {
  const base = { call: 'tcb GetProviders', about: null, code: 'InternalError', detail: null, said: '' };
  return { remote, ...base, statement: null, skewMs: null, ...more };
}
const remote = (name: Remote['remote'], more: Partial<Remote> = {}) =>
  ({ problem: 'remote', ...aRemote(name, more) }) as const;

/** Objections whose `found` is a number. */
const MEASURED = /^(IssuedInFuture|NotYetValid|Expired|LifetimeTooLong|SignatureLength)$/;

const SECRET_LOOKS: Readonly<Record<SecretLook, true>> = {
  pem: true,
  fingerprint: true,
  masked: true,
  jwe: true,
  'cut-off': true,
  page: true,
};

/** As client secrets that are wrong in each way have them: with a value, a number of seconds or bytes, or nothing. */
export const OBJECTIONS: readonly Objection[] = OBJECTION_CODES.flatMap((code): Objection[] => {
  if (code.endsWith('Differs')) return [{ code, found: 'A1B2C3D4E5', wanted: 'ZZZZZ00000' }];
  if (MEASURED.test(code)) return [60, 200_000].map((found) => ({ code, found, wanted: null }));
  if (code === 'PlaceholderLeftIn') return [{ code, found: 'YOUR_TEAM_ID', wanted: null }];
  return [null, '"x"'].map((found) => ({ code, found, wanted: null }));
});

const LOOKS: Readonly<Record<KeyLook, true>> = {
  nothing: true,
  binary: true,
  page: true,
  jwt: true,
  'openssh-public': true,
  'base64-pem': true,
  'bare-base64': true,
  'damaged-frame': true,
  'cut-off': true,
  encrypted: true,
  'public-key': true,
  'rsa-public-key': true,
  certificate: true,
  'certificate-request': true,
  'openssh-private': true,
  'ec-parameters': true,
  'other-pem': true,
  'empty-pem': true,
  'broken-lines': true,
  'damaged-pem': true,
  'foreign-half': true,
  'json-list': true,
  'json-value': true,
  'broken-json': true,
};

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
  ERR_USAGE: [
    { problem: 'no-channel' },
    { problem: 'stdin-is-terminal' },
    { problem: 'stdin-too-large' },
    { problem: 'target-gone' },
    { problem: 'no-key-file' },
    { problem: 'days', found: '181' },
    { problem: 'two-secrets' },
    { problem: 'no-secret' },
    { problem: 'secret-file', path: 'secret.jwt', code: 'ENOENT' },
    ...Object.keys(SECRET_LOOKS).map((look) => ({
      problem: 'secret-look' as const,
      look: look as SecretLook,
      origin: 'secret.jwt',
    })),
    { problem: 'no-jwt', length: 0, origin: 'secret.jwt' },
    { problem: 'no-jwt', length: 5, origin: 'secret.jwt' },
    { problem: 'secret-in-argument' },
    { problem: 'secret-with-spaces', origin: 'secret.jwt' },
    { problem: 'unknown-channel', found: 'opps', known: ['ops', 'chat'] },
    { problem: 'unknown-target', found: 'shop', known: ['shop-prod'] },
    { problem: 'old-node', found: '20.20.2', wanted: '24' },
    { problem: 'no-demo-config', path: 'config/sandbox.yaml' },
    { problem: 'no-journal', ...PATH },
    { problem: 'file-exists', ...PATH },
    { problem: 'no-folder', path: '/backup/journal.db', folder: '/backup' },
    { problem: 'demo-folder', path: './data/sandbox', isLink: true },
    { problem: 'demo-folder', path: './data/sandbox', isLink: false },
    { problem: 'sandbox-host', host: '0.0.0.0' },
    { problem: 'sandbox-port', host: '127.0.0.1', port: 4180, code: 'EADDRINUSE' },
    { problem: 'sandbox-port', host: '127.0.0.1', port: 80, code: 'EACCES' },
  ],
  ERR_CONFIG: [
    {
      problem: 'invalid',
      file: 'config/rotator.yaml',
      line: 7,
      key: 'http.port',
      found: ['value', '"x"'],
      wanted: ['integer', 0, 65535],
      next: null,
      more: 2,
    },
    {
      problem: 'invalid',
      file: 'config/rotator.yaml',
      line: null,
      key: '',
      found: ['nothing'],
      wanted: ['configuration'],
      next: ['copy-example', 'config/rotator.yaml'],
      more: 0,
    },
    {
      problem: 'unheard',
      file: 'config/rotator.yaml',
      alerts: [
        { target: null, severity: 'warning' },
        { target: 'shop-prod', severity: 'critical' },
      ],
      more: 3,
    },
    { problem: 'unheard', file: null, alerts: [{ target: null, severity: 'critical' }], more: 0 },
    {
      problem: 'left-out',
      target: 'shop-prod',
      problems: [{ key: 'key.path', found: ['nothing'], wanted: ['key-path'] }],
    },
    { problem: 'doubt', about: ['unencrypted', 'ops'] },
    { problem: 'doubt', about: ['unsigned', 'ops'] },
    { problem: 'fixed', keys: ['journal', 'http.port'] },
    { problem: 'http-listen', host: '127.0.0.1', port: 8080, code: 'EADDRINUSE' },
    { problem: 'http-listen', host: '127.0.0.1', port: 8080, code: 'EWHAT' },
    { problem: 'plain-http', channel: 'ops' },
    { problem: 'proxy', variable: 'HTTPS_PROXY', scheme: 'socks5:' },
    { problem: 'proxy', variable: 'HTTPS_PROXY', scheme: null },
    { problem: 'endpoint' },
    { problem: 'files-hang' },
  ],
  ERR_KEY_NOT_FOUND: [
    { problem: 'no-path', length: 250 },
    { problem: 'bad-path', path: '/run/secrets/key.p8', code: 'ELOOP' },
    { problem: 'broken-link', name: 'key.p8', folder: '/run/secrets' },
    { problem: 'no-folder', name: 'key.p8', folder: '/run/secrets' },
    { problem: 'no-file', name: 'key.p8', folder: '/run/secrets', keys: ['AuthKey_K1L2M3N4O5.p8'] },
    { problem: 'no-file', name: 'key.p8', folder: '/run/secrets', keys: [] },
    { problem: 'variable', variable: 'APPLE_KEY', isSet: true },
    { problem: 'variable', variable: 'APPLE_KEY', isSet: false },
    { problem: 'aws-absent', code: 'ResourceNotFoundException', ...AWS },
    { problem: 'aws-no-value', code: 'InvalidRequestException', ...AWS },
    { problem: 'aws-name', code: 'ValidationException', ...AWS },
    { problem: 'ssm-empty', origin: SSM },
    remote('ssm-absent', { about: SSM, call: 'ssm GetSecretValue', code: 'ResourceNotFound' }),
    remote('ssm-disabled', { about: SSM, call: 'ssm GetSecretValue', code: 'ResourceUnavailable.ResourceDisabled' }),
    remote('ssm-deleted', {
      about: SSM,
      call: 'ssm GetSecretValue',
      code: 'ResourceUnavailable.ResourcePendingDeleted',
    }),
    remote('ssm-name', { about: SSM, call: 'ssm GetSecretValue', code: 'InvalidParameter' }),
  ],
  ERR_KEY_FORBIDDEN: [
    {
      problem: 'file',
      path: '/run/secrets/key.p8',
      owner: { uid: 0, mode: '600' },
      folder: '/run/secrets',
      uid: 10001,
    },
    { problem: 'file', path: '/run/secrets/key.p8', owner: null, folder: '/run/secrets', uid: null },
    { problem: 'aws-denied', said: 'User: arn:aws:iam::1:user/x is not authorized', ...AWS },
    { problem: 'aws-kms', code: 'DecryptionFailure', ...AWS },
    remote('ssm-unavailable', { about: SSM, call: 'ssm GetSecretValue', code: 'ResourceUnavailable.NotPurchased' }),
    remote('ssm-kms', { about: SSM, call: 'ssm GetSecretValue', code: 'FailedOperation.AccessKmsError' }),
    remote('denied', { about: SSM, call: 'ssm GetSecretValue', code: 'UnauthorizedOperation', statement: STATEMENT }),
  ],
  ERR_KEY_INVALID: [
    ...(Object.keys(LOOKS) as KeyLook[]).map((look) => ({ problem: 'look', look, ...AT }) as const),
    { problem: 'other-key', kind: 'RSA 2048', half: 'private', ...AT },
    { problem: 'other-key', kind: 'P-384', half: 'public', ...AT },
    { problem: 'several', count: 2, ...AT },
    { problem: 'other-text', length: 12, ...AT },
    { problem: 'no-private-key', names: ['teamId', 'key'], isThere: false, ...AT },
    { problem: 'no-private-key', names: [], isThere: false, ...AT },
    { problem: 'no-private-key', names: ['privateKey'], isThere: true, ...AT },
    { problem: 'no-entry', isThere: true, ...AT },
    { problem: 'no-entry', isThere: false, ...AT },
    { problem: 'several-entries', lengths: [241, 257], ...AT },
    { problem: 'folder', path: '/run/secrets', key: 'AuthKey_K1L2M3N4O5.p8' },
    { problem: 'folder', path: '/run/secrets', key: null },
    { problem: 'device', path: '/dev/zero' },
    { problem: 'too-large', path: '/var/log/syslog' },
    { problem: 'readable-by-all', path: '/run/secrets/my key.p8', mode: '644' },
    { problem: 'other-name', path: '/run/secrets/AuthKey_K1L2M3N4O5.p8', named: 'K1L2M3N4O5', keyId: 'P6Q7R8S9T0' },
  ],
  ERR_KEY_IDS_MISSING: [
    { problem: 'configuration', ids: ['teamId'], named: null, ...AT },
    { problem: 'configuration', ids: ['teamId', 'clientId', 'keyId'], named: null, ...AT },
    { problem: 'configuration', ids: ['keyId'], named: 'K1L2M3N4O5', ...AT },
    { problem: 'command-line', ids: ['clientId'], named: null, ...AT },
    { problem: 'command-line', ids: ['keyId'], named: 'K1L2M3N4O5', ...AT },
  ],
  ERR_KEY_IDS_CONFLICT: [
    { problem: 'configuration', id: 'teamId', here: 'A1B2C3D4E5', there: 'F6G7H8I9J0', ...AT },
    { problem: 'command-line', id: 'keyId', here: 'K1L2M3N4O5', there: 'P6Q7R8S9T0', ...AT },
  ],
  ERR_KEY_IDS_INVALID: [
    { problem: 'placeholder', id: 'teamId', found: 'YOUR_TEAM_ID' },
    { problem: 'form', id: 'keyId', found: 'k1' },
    { problem: 'form', id: 'clientId', found: 'com acme' },
    { problem: 'type', id: 'keyId', found: 'number', ...AT },
  ],
  ERR_KEY_SOURCE_UNAVAILABLE: [
    { problem: 'disk', path: '/run/secrets/key.p8', code: 'EIO' },
    ...CALLS.map((call) => ({ problem: 'aws-call', ...AWS, ...call }) as const),
    { problem: 'no-value', ...AWS },
    { problem: 'unknown-form', origin: SSM },
    remote('timeout', { about: SSM, call: 'ssm GetSecretValue', code: 'TIMEOUT' }),
  ],
  ERR_KEY_BINDING: [
    { mixup: 'other-private-key', keyId: 'K1L2M3N4O5', known: null, detail: { trouble: 'http', status: 503 } },
    { mixup: 'other-key-id', keyId: 'K1L2M3N4O5', known: 'P6Q7R8S9T0', detail: null },
    { mixup: 'other-team', keyId: 'K1L2M3N4O5', known: 'F6G7H8I9J0', detail: null },
  ],
  ERR_CREDENTIALS_MISSING: [
    { problem: 'aws', said: 'Could not load credentials from any providers', ...AWS },
    { problem: 'characters', place: '$TENCENTCLOUD_SECRET_ID' },
    { problem: 'empty', source: 'env TENCENTCLOUD_SECRET_ID' },
    {
      problem: 'variables',
      id: 'TENCENTCLOUD_SECRET_ID',
      key: 'TENCENTCLOUD_SECRET_KEY',
      unset: ['TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY'],
    },
    {
      problem: 'variables',
      id: 'TENCENTCLOUD_SECRET_ID',
      key: 'TENCENTCLOUD_SECRET_KEY',
      unset: ['TENCENTCLOUD_SECRET_KEY'],
    },
    { problem: 'variable-file', variable: 'TENCENTCLOUD_SECRET_ID', path: '/run/secrets/id', code: 'ENOENT' },
    { problem: 'profile-file', path: '/home/rotator/.tencentcloud/credentials', code: 'ENOENT' },
    { problem: 'profile-file', path: '/home/rotator/.tencentcloud/credentials', code: 'EACCES' },
    { problem: 'profile', path: '/home/rotator/.tencentcloud/credentials', profile: 'prod', known: ['default'] },
    { problem: 'profile', path: '/home/rotator/.tencentcloud/credentials', profile: 'prod', known: [] },
    {
      problem: 'profile-keys',
      path: '/home/rotator/.tencentcloud/credentials',
      profile: 'prod',
      lacking: ['secret_key'],
    },
    { problem: 'no-role' },
    { problem: 'tke', unset: ['TKE_REGION', 'TKE_ROLE_ARN'] },
    { problem: 'tke-token', path: '/var/run/token', code: 'ENOENT' },
    { problem: 'tke-token', path: '/var/run/token', code: null },
  ],
  ERR_CREDENTIALS_REJECTED: [
    { problem: 'aws-call', said: 'ExpiredTokenException', ...AWS },
    { problem: 'aws-chain', said: 'not authorized to assume the role', ...AWS },
    remote('token', { code: 'AuthFailure.TokenFailure' }),
    remote('credentials', { code: 'AuthFailure.SecretIdNotFound' }),
  ],
  ERR_CREDENTIALS_UNAVAILABLE: [
    { problem: 'aws', trouble: 'code', code: 'ServiceUnavailable', ...AWS },
    ...CALLS.map((call) => ({ problem: 'metadata', ...call }) as const),
    { problem: 'sts-form', action: 'AssumeRole' },
    remote('server', { call: 'sts AssumeRole' }),
  ],
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
