// What a failed call to Tencent Cloud means, to tcb, ssm and sts alike: the first row that fits. The rows follow the
// public documentation (common error codes of API 3.0; of ssm also the page of GetSecretValue), read for a caller that
// must not write twice. Codes are the API's own, or `HTTP_nnn`, `TIMEOUT`, `NETWORK` as in the metrics; `*` ends a
// prefix.
import { type ErrorCode, RotatorError } from '../../core/errors.ts';
import { shown } from '../../core/shown.ts';

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
  /** The API's message. Shown for a denial alone: elsewhere it may repeat what was sent. */
  readonly remoteMessage?: string;
  /** In our own words: `had no answer within 15 s`. */
  readonly detail?: string;
  readonly requestId?: string;
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
  /** The row counts for this service alone, and speaks of the secret that was asked for, not of the call. */
  readonly of?: 'ssm';
  /** A write that fails like this may have been applied. */
  readonly ambiguous?: true;
  /** What happened, after `tcb GetProviders` or the name of the secret. */
  readonly says: (failure: RemoteFailure) => string;
  readonly hint: string | ((failure: RemoteFailure) => string);
}

const WAIT = 'Wait: it is tried again.';

const ROWS: readonly Row[] = [
  {
    codes: ['RequestLimitExceeded*', 'LimitExceeded.Concurrent', 'LimitExceeded.Request', 'HTTP_429'],
    kind: 'throttled',
    says: ({ remoteCode }) => `was throttled (${remoteCode})`,
    hint: `${WAIT} If this continues, lower cloudbase.requestsPerSecond: other programs share the account's limit.`,
  },
  {
    codes: ['ResourceInUse*'],
    kind: 'unavailable',
    says: ({ remoteCode }) => `met a resource in use (${remoteCode})`,
    hint: WAIT,
  },
  {
    codes: ['InternalError*', 'ServiceUnavailable*', 'FailedOperation.NetworkError', 'FailedOperation.Timeout'],
    kind: 'unavailable',
    ambiguous: true,
    says: ({ remoteCode }) => `failed on the server's side (${remoteCode})`,
    hint: `${WAIT} If this continues, ask Tencent Cloud's support with the request id.`,
  },
  {
    codes: ['HTTP_408', 'HTTP_5*'],
    kind: 'unavailable',
    ambiguous: true,
    says: ({ remoteCode }) => `was answered with ${statusWords(remoteCode)}`,
    hint: `${WAIT} If this continues, look at Tencent Cloud's status page, and at the proxy if there is one.`,
  },
  {
    codes: ['TIMEOUT'],
    kind: 'timeout',
    ambiguous: true,
    says: ({ detail }) => detail ?? 'had no answer in time',
    hint: `${WAIT} If this continues, check the network and the proxy, or raise cloudbase.timeout.`,
  },
  {
    codes: ['NETWORK'],
    kind: 'network',
    ambiguous: true,
    says: ({ detail }) => detail ?? 'could not connect, or the connection was lost',
    hint: `${WAIT} If this continues, check the endpoint, DNS, firewall, HTTPS_PROXY and certificates.`,
  },
  {
    codes: ['HTTP_200'],
    kind: 'bad-answer',
    ambiguous: true,
    says: ({ detail }) => detail ?? 'has an answer that is not the API envelope',
    hint: `${WAIT} If this continues, check whether the endpoint is right: something else answers in its place.`,
  },
  {
    codes: ['HTTP_3*'],
    kind: 'redirected',
    says: ({ remoteCode }) => `was answered with a redirect (${statusWords(remoteCode)}), which is never followed`,
    hint: 'Correct the endpoint, or the proxy that redirects: secrets are only sent to the configured host.',
  },
  {
    codes: ['HTTP_*'],
    kind: 'refused',
    says: ({ remoteCode }) => `was refused with ${statusWords(remoteCode)}`,
    hint: 'Check the endpoint, and the proxy or firewall in between: the API itself answers with HTTP 200.',
  },
  {
    codes: ['AuthFailure.SignatureExpire'],
    kind: 'clock',
    says: ({ skewMs }) => `was refused for the time of its signature${skewWords(skewMs)}`,
    hint: 'Set the clock of this machine (Tencent Cloud allows 5 minutes), for example by NTP.',
  },
  {
    codes: ['AuthFailure.TokenFailure'],
    kind: 'rejected',
    says: ({ remoteCode }) => `was refused: the temporary credentials are not valid (${remoteCode})`,
    hint: 'Renew the session token, or let the program fetch its own (cvm-role, tke-oidc, assumeRole).',
  },
  {
    codes: ['UnauthorizedOperation*', 'AuthFailure.UnauthorizedOperation'],
    kind: 'denied',
    says: ({ remoteCode, remoteMessage }) => `is not permitted (${remoteCode})${quoted(remoteMessage)}`,
    hint: (failure) =>
      `Allow it in CAM: ${policyStatement(failure)}; if the message names another resource, allow that one.`,
  },
  {
    codes: ['AuthFailure*'],
    kind: 'rejected',
    says: ({ remoteCode }) => `was refused for its credentials (${remoteCode})`,
    hint: 'Check the secret id and key: whether they belong together, are enabled and have not been deleted.',
  },
  {
    codes: ['ResourceNotFound*'],
    of: 'ssm',
    kind: 'not-found',
    says: () => 'does not exist',
    hint: 'Check name, version id and region: names are per region, and the first version is SSM_Current unless you named it.',
  },
  {
    codes: ['ResourceUnavailable.ResourceDisabled'],
    of: 'ssm',
    kind: 'not-found',
    says: () => 'is disabled',
    hint: 'Enable the secret in the SSM console.',
  },
  {
    codes: ['ResourceUnavailable.ResourcePendingDeleted'],
    of: 'ssm',
    kind: 'not-found',
    says: () => 'is about to be deleted',
    hint: 'Cancel its deletion in the SSM console, or store the key again.',
  },
  {
    codes: ['ResourceUnavailable*'],
    of: 'ssm',
    kind: 'refused',
    says: () => 'is not available',
    hint: 'Check in the SSM console whether the service is purchased and not overdue in this region.',
  },
  {
    codes: ['FailedOperation.AccessKmsError'],
    of: 'ssm',
    kind: 'denied',
    says: () => 'cannot be decrypted: KMS refuses its key',
    hint: 'Check in the KMS console that the key of this secret is enabled, and that SSM may use it.',
  },
  {
    codes: ['InvalidParameter*', 'MissingParameter*'],
    of: 'ssm',
    kind: 'not-found',
    says: () => 'has no valid name or version id',
    hint: 'Correct secretName and versionId.',
  },
  {
    codes: ['ResourceNotFound*'],
    kind: 'not-found',
    says: ({ remoteCode }) => `found no such resource (${remoteCode})`,
    hint: 'Check envId, region and account: the environment is looked for in the region of the request.',
  },
  {
    codes: ['FailedOperation*'],
    kind: 'refused',
    ambiguous: true,
    says: ({ remoteCode }) => `failed (${remoteCode})`,
    hint: "Look the code up in the API's documentation, or ask Tencent Cloud's support with the request id.",
  },
  {
    codes: ['*'],
    kind: 'refused',
    says: ({ remoteCode }) => `was refused (${remoteCode})`,
    hint: "Look the code up in the API's documentation, and compare the configuration with the console.",
  },
];

/** What may pass with fresh credentials, or when signed again: the one case in which a call is made twice. */
const FRESH = ['AuthFailure.TokenFailure', 'AuthFailure.SignatureExpire'];

/** True if a second try with fresh credentials may help. */
export function wantsFreshCredentials(remoteCode: string | undefined): boolean {
  return remoteCode !== undefined && FRESH.includes(remoteCode);
}

/**
 * The error for a failed call, with the code that is meant for the service's caller. Never holds anything of the answer
 * but its code and, for a denial, CAM's message.
 */
export function remoteError(failure: RemoteFailure): RotatorError {
  const known: RemoteFailure = { ...failure, remoteCode: plainCode(failure.remoteCode) };
  const { service, action, about, remoteCode } = known;
  const row = ROWS.find(({ codes, of = service }) => of === service && codes.some((code) => matches(code, remoteCode)));
  if (row === undefined) throw new TypeError('the last row of the table matches everything');
  // Credentials and endpoints serve many secrets: their errors name none.
  const shared = about === undefined || row.kind === 'rejected' || row.kind === 'redirected';
  const message =
    row.of === undefined
      ? `${shared ? '' : `${about}: `}${service} ${action} ${row.says(known)}`
      : `${about} ${row.says(known)} (${remoteCode})`;
  return new RotatorError(CODES[row.kind][service], message, {
    hint: typeof row.hint === 'string' ? row.hint : row.hint(known),
    remoteCode,
    ambiguous: known.write && known.sent && row.ambiguous === true,
    ...(known.requestId === undefined ? {} : { requestId: known.requestId }),
    ...(known.skewMs === undefined ? {} : { skewMs: known.skewMs }),
    ...(known.cause === undefined ? {} : { cause: known.cause }),
  });
}

/** The least that CAM must allow for `service`, as one statement of a policy. */
function policyStatement({ service, region, envId = '<envId>' }: RemoteFailure): string {
  const { action, resource } = LEAST_PRIVILEGE[service];
  const filled = resource.replace('<region>', () => region).replace('<envId>', () => envId);
  return JSON.stringify({ effect: 'allow', action, resource: [filled] });
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

/** A code is a name; anything else in its place becomes no metric label and is not printed. */
function plainCode(code: string): string {
  return /^[A-Za-z][\w.]{0,99}$/.test(code) ? code : 'UnknownCode';
}

function statusWords(remoteCode: string): string {
  return remoteCode.replace('_', ' ');
}

function skewWords(skewMs: number | undefined): string {
  if (skewMs === undefined) return '';
  if (Math.abs(skewMs) < 60_000) return "; yet this machine's clock agrees with the server's";
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return `; this machine's clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} the server's`;
}

function quoted(message: string | undefined): string {
  return message === undefined || message === '' ? '' : `: ${shown(message.replace(/\s+/g, ' ').trim(), 500)}`;
}
