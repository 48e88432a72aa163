// What a failed call to Tencent Cloud means, to tcb, ssm and sts alike: the first row that fits. The rows follow the
// public documentation (common error codes of API 3.0; of ssm also the page of GetSecretValue), read for a caller that
// must not write twice. Codes are the API's own, or `HTTP_nnn`, `TIMEOUT`, `NETWORK` as in the metrics; `*` ends a
// prefix.
import type { ErrorCode, ErrorFact } from '../../core/error-params.ts';
import type { CallTrouble, Remote, RemoteTrouble } from '../../core/error-troubles.ts';
import { RotatorError } from '../../core/errors.ts';
import { apiCodeOf, parameterIn, resourcesIn } from '../../core/foreign.ts';
import { policyOf } from '../../core/policy.ts';

export type Service = 'tcb' | 'ssm' | 'sts';

/** A call that failed, as the client saw it. */
export interface RemoteFailure {
  readonly service: Service;
  readonly action: string;
  readonly region: string;
  /** Of a call about one environment. */
  readonly envId?: string | undefined;
  /** What was asked for, in words, where the message is to begin with it: the name of a secret. */
  readonly about?: string | undefined;
  /** The API's code, `HTTP_nnn`, `TIMEOUT` or `NETWORK`. */
  readonly remoteCode: string;
  /** The API's message, which may repeat what was sent. Of a denial, the names in it are shown. */
  readonly remoteMessage?: string;
  /** What the connection showed, where that says more than the code. */
  readonly detail?: CallTrouble;
  readonly requestId?: string | undefined;
  readonly write: boolean;
  /** False where the request certainly never left. */
  readonly sent: boolean;
  /** Our wall clock less the server's, ms. */
  readonly skewMs: number | undefined;
  readonly cause?: unknown;
}

/** What kind of failure a row is. */
type Kind =
  | 'throttled'
  | 'unavailable'
  | 'timeout'
  | 'network'
  | 'bad-answer'
  | 'clock'
  | 'redirected'
  | 'rejected'
  | 'denied'
  | 'refused'
  | 'not-found';

const [KEY, STS] = ['ERR_KEY_SOURCE_UNAVAILABLE', 'ERR_CREDENTIALS_UNAVAILABLE'] as const;

/** The code of each kind: `tcb` is asked about a provider, `ssm` for a key, `sts` for credentials. */
const CODES: Readonly<Record<Kind, Readonly<Record<Service, ErrorCode>>>> = {
  throttled: { tcb: 'ERR_CLOUDBASE_THROTTLED', ssm: KEY, sts: STS },
  unavailable: { tcb: 'ERR_CLOUDBASE_UNAVAILABLE', ssm: KEY, sts: STS },
  timeout: { tcb: 'ERR_CLOUDBASE_TIMEOUT', ssm: KEY, sts: STS },
  network: { tcb: 'ERR_CLOUDBASE_NETWORK', ssm: KEY, sts: STS },
  'bad-answer': { tcb: 'ERR_CLOUDBASE_BAD_ANSWER', ssm: KEY, sts: STS },
  clock: { tcb: 'ERR_CLOUDBASE_CLOCK', ssm: KEY, sts: 'ERR_CLOUDBASE_CLOCK' },
  redirected: { tcb: 'ERR_REDIRECTED', ssm: 'ERR_REDIRECTED', sts: 'ERR_REDIRECTED' },
  rejected: { tcb: 'ERR_CREDENTIALS_REJECTED', ssm: 'ERR_CREDENTIALS_REJECTED', sts: 'ERR_CREDENTIALS_REJECTED' },
  denied: { tcb: 'ERR_CLOUDBASE_DENIED', ssm: 'ERR_KEY_FORBIDDEN', sts: 'ERR_CREDENTIALS_REJECTED' },
  refused: { tcb: 'ERR_CLOUDBASE_REFUSED', ssm: 'ERR_KEY_FORBIDDEN', sts: 'ERR_CREDENTIALS_REJECTED' },
  'not-found': { tcb: 'ERR_CLOUDBASE_REFUSED', ssm: 'ERR_KEY_NOT_FOUND', sts: 'ERR_CREDENTIALS_REJECTED' },
};

interface Row {
  readonly codes: readonly string[];
  readonly kind: Kind;
  /** Names its sentences in the catalogue. */
  readonly remote: RemoteTrouble;
  /** The row counts for this service alone, and speaks of the secret that was asked for, not of the call. */
  readonly of?: 'ssm';
  /** A write that fails like this may have been applied. */
  readonly ambiguous?: true;
}

const ROWS: readonly Row[] = [
  {
    codes: ['RequestLimitExceeded*', 'LimitExceeded.Concurrent', 'LimitExceeded.Request', 'HTTP_429'],
    kind: 'throttled',
    remote: 'throttled',
  },
  { codes: ['ResourceInUse*', 'FailedOperation.OperationConflict'], kind: 'unavailable', remote: 'in-use' },
  {
    codes: ['InternalError*', 'ServiceUnavailable*', 'FailedOperation.NetworkError', 'FailedOperation.Timeout'],
    kind: 'unavailable',
    remote: 'server',
    ambiguous: true,
  },
  { codes: ['HTTP_408', 'HTTP_5*'], kind: 'unavailable', remote: 'server-status', ambiguous: true },
  { codes: ['TIMEOUT'], kind: 'timeout', remote: 'timeout', ambiguous: true },
  { codes: ['NETWORK'], kind: 'network', remote: 'network', ambiguous: true },
  { codes: ['HTTP_200'], kind: 'bad-answer', remote: 'bad-answer', ambiguous: true },
  { codes: ['HTTP_3*'], kind: 'redirected', remote: 'other-status' },
  { codes: ['HTTP_*'], kind: 'refused', remote: 'other-status' },
  { codes: ['AuthFailure.SignatureExpire'], kind: 'clock', remote: 'clock' },
  { codes: ['AuthFailure.TokenFailure'], kind: 'rejected', remote: 'token' },
  { codes: ['UnauthorizedOperation*', 'AuthFailure.UnauthorizedOperation'], kind: 'denied', remote: 'denied' },
  { codes: ['AuthFailure*'], kind: 'rejected', remote: 'credentials' },
  { codes: ['ResourceNotFound*'], of: 'ssm', kind: 'not-found', remote: 'ssm-absent' },
  { codes: ['ResourceUnavailable.ResourceDisabled'], of: 'ssm', kind: 'not-found', remote: 'ssm-disabled' },
  { codes: ['ResourceUnavailable.ResourcePendingDeleted'], of: 'ssm', kind: 'not-found', remote: 'ssm-deleted' },
  { codes: ['OperationDenied.RoleNotExist'], of: 'ssm', kind: 'refused', remote: 'ssm-role' },
  { codes: ['ResourceUnavailable*'], of: 'ssm', kind: 'refused', remote: 'ssm-unavailable' },
  { codes: ['FailedOperation.AccessKmsError'], of: 'ssm', kind: 'denied', remote: 'ssm-kms' },
  { codes: ['InvalidParameter*', 'MissingParameter*'], of: 'ssm', kind: 'not-found', remote: 'ssm-name' },
  { codes: ['ResourceNotFound*', 'InvalidParameter.EnvId'], kind: 'not-found', remote: 'not-found' },
  { codes: ['ResourceUnavailable.ResourceOverdue'], kind: 'refused', remote: 'overdue' },
  {
    codes: ['ResourceUnavailable.Isolated', 'ResourceUnavailable.ResourceIsolated'],
    kind: 'refused',
    remote: 'isolated',
  },
  { codes: ['IpNotInWhitelist*'], kind: 'refused', remote: 'address' },
  { codes: ['LimitExceeded*'], kind: 'refused', remote: 'limit' },
  { codes: ['ActionOffline*'], kind: 'refused', remote: 'offline' },
  { codes: ['UnknownParameter*'], kind: 'refused', remote: 'parameter' },
  { codes: ['FailedOperation*'], kind: 'refused', remote: 'failed', ambiguous: true },
  { codes: ['*'], kind: 'refused', remote: 'refused' },
];

/** What may pass with fresh credentials, or when signed again: the one refusal after which a call is made again. */
const FRESH = ['AuthFailure.TokenFailure', 'AuthFailure.SignatureExpire'];

/** True if a second try with fresh credentials may help. */
export function wantsFreshCredentials(remoteCode: string | undefined): boolean {
  return remoteCode !== undefined && FRESH.includes(remoteCode);
}

/**
 * The error for a failed call, with the code that is meant for the service's caller. Never holds anything of the answer
 * but its code and, for a denial, the actions and resources that CAM names.
 */
export function remoteError(failure: RemoteFailure): RotatorError {
  const remoteCode = apiCodeOf(failure.remoteCode);
  const { service, action, requestId, skewMs, cause, remoteMessage = '' } = failure;
  const row = ROWS.find(({ codes, of = service }) => of === service && codes.some((code) => matches(code, remoteCode)));
  if (row === undefined) throw new TypeError('the last row of the table matches everything');
  const ambiguous = failure.write && failure.sent && row.ambiguous === true;
  const options = { remoteCode, ambiguous, requestId, skewMs, cause, remoteMessage };
  const call = `${service} ${action}`;
  const said = saidOf(row.remote, remoteMessage);
  if (row.kind === 'redirected')
    return new RotatorError('ERR_REDIRECTED', { call, status: Number(remoteCode.replace(/\D/g, '')) }, options);
  if (failure.detail?.trouble === 'certificate')
    return new RotatorError('ERR_CERTIFICATE', { call, code: failure.detail.code }, options);
  const params: Remote & { problem: 'remote' } = {
    problem: 'remote',
    remote: row.remote === 'parameter' && isField(call, said) ? 'field' : row.remote,
    call,
    // Credentials serve many secrets: their errors name none.
    about: row.kind === 'rejected' ? null : (failure.about ?? null),
    code: remoteCode,
    detail: failure.detail ?? null,
    said,
    statement: row.remote === 'denied' ? leastPolicy(failure) : null,
    skewMs: skewMs ?? null,
  };
  // Every code of the table takes these parameters, which the compiler cannot follow through the union.
  return RotatorError.of({ code: CODES[row.kind][service], params } as ErrorFact, options);
}

/** The call that writes a provider, as errors name it. */
export const WRITE_CALL = 'tcb ModifyProvider';

/** True for the name of something that a write sends only because a reading showed it. */
function isField(call: string, parameter: string): boolean {
  const own = ['', 'EnvId', 'Id', 'Config', 'ClientSecret', 'Config.ClientSecret'];
  return call === WRITE_CALL && !own.includes(parameter);
}

/**
 * The least that CAM must allow for `service`, as a policy. A denial names the account, as part of a resource; which secret
 * or role it is about, and whose it is, only that resource says.
 */
function leastPolicy({ service, action, region, envId = '<envId>', remoteMessage = '' }: RemoteFailure): string {
  const operation = `${service}:${action}`;
  const least = LEAST_PRIVILEGE[service].action;
  // What only a person's command does is not among what the daemon needs.
  const allowed = least.includes(operation) ? least : [...least, operation];
  const [, account] = /\buin\/(\d{5,20})\b/.exec(remoteMessage) ?? [];
  const named = resourcesIn(remoteMessage)
    .split(', ')
    .filter((name) => service !== 'tcb' && name.startsWith('qcs::'));
  return policyOf(allowed, named.length > 0 ? named : resourcesOf(service, [{ region, envId }], account));
}

/** The policy with which a target of this environment can be kept fresh; `account`: the number of the main account. */
export function rotationPolicy(place: Place, account: string | undefined): string {
  return policyOf(LEAST_PRIVILEGE.tcb.action, resourcesOf('tcb', [place], account));
}

/** What `provision` calls. */
export const PROVISION_ACTIONS = ['tcb:GetProviders', 'tcb:AddProvider', 'tcb:ModifyProvider'] as const;

/** What `probe` calls. */
export const PROBE_ACTIONS = [...PROVISION_ACTIONS, 'tcb:DeleteProvider'] as const;

interface Place {
  readonly region: string;
  readonly envId: string;
}

/** A policy, in JSON: these actions on these environments. */
export function cloudPolicy(action: readonly string[], places: readonly Place[]): string {
  return policyOf(action, resourcesOf('tcb', places));
}

function resourcesOf(service: Service, places: readonly Place[], account = '<main account uin>'): string[] {
  const { resource } = LEAST_PRIVILEGE[service];
  return places.map(({ region, envId }) =>
    resource
      .replace('<region>', () => region)
      .replace('<envId>', () => envId)
      .replace('<main account uin>', () => account),
  );
}

const LEAST_PRIVILEGE: Readonly<Record<Service, { readonly action: readonly string[]; readonly resource: string }>> = {
  tcb: {
    action: ['tcb:GetProviders', 'tcb:ModifyProvider'],
    resource: 'qcs::tcb:<region>:uin/<main account uin>:env/<envId>',
  },
  ssm: {
    action: ['ssm:GetSecretValue'],
    resource: 'qcs::ssm:<region>:uin/<main account uin>:secret/creatorUin/<creator uin>/<secretName>',
  },
  sts: { action: ['sts:AssumeRole'], resource: 'qcs::cam::uin/<main account uin>:roleName/<roleName>' },
};

function matches(pattern: string, code: string): boolean {
  return pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : code === pattern;
}

/** What is shown of the API's message: the resources of a denial, and the name of a parameter. */
function saidOf(remote: RemoteTrouble, message: string): string {
  if (remote === 'denied') return resourcesIn(message);
  return remote === 'parameter' ? parameterIn(message) : '';
}
