// What a failed call to Tencent Cloud means: one row a class, first match wins. The rows are the table "can a retry
// help?" of the API's public documentation (common error codes of API 3.0), read for a caller that must not write twice.
// Codes are the API's own, or `HTTP_nnn`, `TIMEOUT`, `NETWORK` as in the metrics; `*` ends a prefix.
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

interface Row {
  readonly codes: readonly string[];
  readonly code: ErrorCode;
  /** Whether a write that fails like this may have been applied. */
  readonly ambiguous: boolean;
  /** What happened, after `tcb GetProviders`. */
  readonly says: (failure: RemoteFailure) => string;
  readonly hint: (failure: RemoteFailure) => string;
}

const WAIT = 'Wait: it is tried again.';

const ROWS: readonly Row[] = [
  {
    codes: ['RequestLimitExceeded*', 'LimitExceeded.Concurrent', 'LimitExceeded.Request', 'HTTP_429'],
    code: 'ERR_CLOUDBASE_THROTTLED',
    ambiguous: false,
    says: ({ remoteCode }) => `was throttled (${remoteCode})`,
    hint: () => `${WAIT} If it lasts, lower cloudbase.requestsPerSecond: the account's limit is shared.`,
  },
  {
    codes: ['ResourceInUse*'],
    code: 'ERR_CLOUDBASE_UNAVAILABLE',
    ambiguous: false,
    says: ({ remoteCode }) => `met a resource in use (${remoteCode})`,
    hint: () => WAIT,
  },
  {
    codes: ['InternalError*', 'ServiceUnavailable*', 'FailedOperation.NetworkError', 'FailedOperation.Timeout'],
    code: 'ERR_CLOUDBASE_UNAVAILABLE',
    ambiguous: true,
    says: ({ remoteCode }) => `failed on the server's side (${remoteCode})`,
    hint: () => `${WAIT} If it lasts, ask Tencent Cloud's support with the request id.`,
  },
  {
    codes: ['HTTP_408', 'HTTP_5*'],
    code: 'ERR_CLOUDBASE_UNAVAILABLE',
    ambiguous: true,
    says: ({ remoteCode }) => `was answered with ${statusWords(remoteCode)}`,
    hint: () => `${WAIT} If it lasts, look at Tencent Cloud's status, and at the proxy if there is one.`,
  },
  {
    codes: ['TIMEOUT'],
    code: 'ERR_CLOUDBASE_TIMEOUT',
    ambiguous: true,
    says: ({ detail }) => detail ?? 'had no answer in time',
    hint: () => `${WAIT} If it lasts, look at the network and the proxy, or raise cloudbase.timeout.`,
  },
  {
    codes: ['NETWORK'],
    code: 'ERR_CLOUDBASE_NETWORK',
    ambiguous: true,
    says: ({ detail }) => detail ?? 'found no connection, or lost it',
    hint: () => `${WAIT} If it lasts, look at the endpoint, DNS, firewall, HTTPS_PROXY and certificates.`,
  },
  {
    codes: ['HTTP_200'],
    code: 'ERR_CLOUDBASE_BAD_ANSWER',
    ambiguous: true,
    says: ({ detail }) => detail ?? 'has an answer that is not the API envelope',
    hint: () => `${WAIT} If it lasts, see whether the endpoint or a proxy in between answers in place of the API.`,
  },
  {
    codes: ['HTTP_3*'],
    code: 'ERR_REDIRECTED',
    ambiguous: false,
    says: ({ remoteCode }) => `was answered with a redirect (${statusWords(remoteCode)}), which is never followed`,
    hint: () => 'Correct the endpoint, or the proxy that redirects: secrets are sent to the configured host alone.',
  },
  {
    codes: ['HTTP_*'],
    code: 'ERR_CLOUDBASE_REFUSED',
    ambiguous: false,
    says: ({ remoteCode }) => `was refused with ${statusWords(remoteCode)}`,
    hint: () => 'Check the endpoint, and the proxy or firewall in between: the API itself answers with HTTP 200.',
  },
  {
    codes: ['AuthFailure.SignatureExpire'],
    code: 'ERR_CLOUDBASE_CLOCK',
    ambiguous: false,
    says: ({ skewMs }) => `was refused for the time of its signature${skewWords(skewMs)}`,
    hint: () => 'Set the clock of this machine (Tencent Cloud allows 5 minutes), for example by NTP.',
  },
  {
    codes: ['AuthFailure.TokenFailure'],
    code: 'ERR_CREDENTIALS_REJECTED',
    ambiguous: false,
    says: ({ remoteCode }) => `was refused: the temporary credentials are not valid (${remoteCode})`,
    hint: () => 'Renew the session token, or let the program fetch its own (cvm-role, tke-oidc, assumeRole).',
  },
  {
    codes: ['UnauthorizedOperation*', 'AuthFailure.UnauthorizedOperation'],
    code: 'ERR_CLOUDBASE_DENIED',
    ambiguous: false,
    says: ({ remoteCode, remoteMessage }) => `is not permitted (${remoteCode})${quoted(remoteMessage)}`,
    hint: (failure) => `Allow it in CAM: ${policyStatement(failure)}; if the message names another resource, that one.`,
  },
  {
    codes: ['AuthFailure*'],
    code: 'ERR_CREDENTIALS_REJECTED',
    ambiguous: false,
    says: ({ remoteCode }) => `was refused for its credentials (${remoteCode})`,
    hint: () => 'Check the secret id and key: whether they belong together, are enabled and have not been deleted.',
  },
  {
    codes: ['ResourceNotFound*'],
    code: 'ERR_CLOUDBASE_REFUSED',
    ambiguous: false,
    says: ({ remoteCode }) => `found no such resource (${remoteCode})`,
    hint: () => 'Check envId, region and account: the environment is looked for in the region of the request.',
  },
  {
    codes: ['FailedOperation*'],
    code: 'ERR_CLOUDBASE_REFUSED',
    ambiguous: true,
    says: ({ remoteCode }) => `failed (${remoteCode})`,
    hint: () => "Look the code up in the API's documentation, or ask Tencent Cloud's support with the request id.",
  },
  {
    codes: ['*'],
    code: 'ERR_CLOUDBASE_REFUSED',
    ambiguous: false,
    says: ({ remoteCode }) => `was refused (${remoteCode})`,
    hint: () => "Look the code up in the API's documentation, and compare the configuration with the console.",
  },
];

/** What may pass with fresh credentials, or by signing anew: the one case in which a call is made twice. */
const FRESH = ['AuthFailure.TokenFailure', 'AuthFailure.SignatureExpire'];

/** True where a second try with fresh credentials is called for. */
export function wantsFreshCredentials(remoteCode: string | undefined): boolean {
  return remoteCode !== undefined && FRESH.includes(remoteCode);
}

/** The error for a failed call. Never holds anything of the answer but its code and, for a denial, CAM's message. */
export function remoteError(failure: RemoteFailure): RotatorError {
  const known: RemoteFailure = { ...failure, remoteCode: plainCode(failure.remoteCode) };
  const row = ROWS.find(({ codes }) => codes.some((code) => matches(code, known.remoteCode)));
  if (row === undefined) throw new TypeError('the last row of the table matches everything');
  return new RotatorError(row.code, `${known.service} ${known.action} ${row.says(known)}`, {
    hint: row.hint(known),
    remoteCode: known.remoteCode,
    ambiguous: known.write && known.sent && row.ambiguous,
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

/** A code is a name; whatever else stands in its place is no metric label and not for print. */
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
